"""Calls from outside to a waiting step of a run: taken once, and kept if they come early."""

from __future__ import annotations

from bot.errors import Conflict, NotFound, Refused
from bot.ids import new_id
from bot.ports import Change, Insert, Op
from bot.rows import Callback, Inbox, Run
from bot.runtime.active import OPEN
from bot.runtime.addresses import hashed
from bot.runtime.ground import Ground
from bot.runtime.run_plan import CALLBACK
from bot.runtime.runs import Runs
from bot.runtime.wire import dump
from flows.events import Called
from flows.values import Json


class Gone(Refused):
    """The run has ended, or has left the step."""


class Used(Refused):
    """It was called before: an address works once."""


class Callbacks:
    """One call an address, whenever it comes between the run's beginning and its end."""

    def __init__(self, ground: Ground, runs: Runs) -> None:
        self._store, self._clock, self._tasks = ground.store, ground.clock, ground.tasks
        self._runs = runs

    async def call(self, token: str, body: Json) -> None:
        """Durable when this returns; the run goes on, at once or when it comes to the step.
        Raises NotFound, Gone, Used, StoreUnavailable. Whoever gives up waiting undoes nothing."""
        await self._tasks.see_through(self._call(token, body), "callback")

    async def _call(self, token: str, body: Json) -> None:
        row, began = await self.find(token)
        now = self._clock.now()
        inbox = Inbox(
            id=new_id(now), source=CALLBACK, external_id=row.id, target=f"run:{row.run}",
            event=dump(Called(step=row.step, body=body)), seq=0, state="new", tries=0, received_at=now,
        )  # fmt: skip
        unit: list[Op] = [
            Change(Callback, {"id": row.id, "state": "open"}, {"state": "called"}),
            # Changes nothing, and is refused once the run has ended: then nobody would hear it.
            Change(Run, {"id": row.run, "state": OPEN}, {"created_at": began}),
            Insert(inbox),
        ]
        try:
            await self._store.commit(unit)
        except Conflict:
            await self.find(token)  # somebody was first: say what came of that
            raise
        self._runs.hear(inbox)

    async def find(self, token: str) -> tuple[Callback, int]:
        """The row of an address that may be called now, and when its run began. Raises NotFound,
        Gone, Used."""
        row = await self._store.get(Callback, id=hashed(token))
        if row is None:
            raise NotFound("There is nothing here.")
        run = await self._store.get(Run, id=row.run)
        if run is None or run.finished_at or row.state == "closed":
            raise Gone("Nobody waits for this any more.")
        if row.state == "called":
            raise Used("This was called before; an address works once.")
        return row, run.created_at
