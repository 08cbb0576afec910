"""After a start: what an earlier process left behind is taken up or ended, once.

`running` runs had an effect in flight when their process died, so they end as interrupted
and nothing is repeated (promise 2); `waiting` ones go on by their timers; `queued` ones
begin; events that were acknowledged and not handled are handled.
"""

from __future__ import annotations

import structlog

from bot.errors import Conflict, StoreUnavailable
from bot.rows import Chat, Inbox, Run
from bot.runtime.chats import Chats
from bot.runtime.engine import Conversations
from bot.runtime.ground import Ground
from bot.runtime.run_plan import CALLBACK
from bot.runtime.runs import Runs
from bot.runtime.turn import Work
from bot.runtime.wire import load_event, load_state
from flows.events import TimeCame

log = structlog.get_logger()

HOUR = 3_600_000
MANY = 100_000


class Recovery:
    """Called once at the start, before any door opens; then sweeps now and then."""

    def __init__(self, ground: Ground, house: Conversations, chats: Chats, runs: Runs) -> None:
        self._store, self._clock, self._tasks, self._limits = (
            ground.store,
            ground.clock,
            ground.tasks,
            ground.limits,
        )
        self._house, self._chats, self._runs = house, chats, runs

    async def run(self) -> None:
        """Bring everything into a state from which it goes on."""
        open_runs = await self._store.find(Run, state=("queued", "running", "waiting"), limit=MANY)
        for row in open_runs:
            if row.state != "queued":
                self._runs.count(row)
        for inbox in await self._store.find(Inbox, state="new", limit=MANY):  # as they came
            await self._take_up(inbox)
        for row in open_runs:
            if row.state == "running":
                await self._runs.interrupt(row.id)
        for row in open_runs:
            if row.parent and row.mode == "wait":
                await self._runs.orphaned(row)
        for row in open_runs:
            if row.state == "queued":
                self._runs.begin(row)
        self._again()

    async def _take_up(self, inbox: Inbox) -> None:
        kind, _, id = inbox.target.partition(":")
        if inbox.source == CALLBACK:
            self._runs.hear(inbox)
        elif inbox.source == "run":
            await self._house.news(inbox)
        elif kind == "chat":
            await self._hand(id, Work(event=load_event(inbox.event), inbox=inbox))

    async def _hand(self, chat: str, work: Work) -> None:
        """To a chat; one that cannot be read any more must not keep the others waiting."""
        try:
            await self._chats.post(chat, work)
        except Conflict:
            log.info("settled by somebody else", chat=chat)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("a chat was left as it is", chat=chat)

    def _again(self) -> None:
        self._clock.alarm("sweep", self._clock.now() + HOUR, self._sweep_soon)

    def _sweep_soon(self) -> None:
        self._tasks.spawn(self.sweep(), "sweep")

    async def sweep(self) -> None:
        """End questions that nobody has answered for a week (promise 3)."""
        try:
            before = self._clock.now() - round(self._limits.forgotten_after * 1000)
            rows = await self._store.find(Chat, status="open", upto={"updated_at": before}, limit=1_000)
            for row in rows:
                awaiting = load_state(row.state).awaiting
                if awaiting is not None and awaiting.kind == "answer":
                    await self._hand(row.id, Work(event=TimeCame(id=f"{awaiting.id}.timeout")))
        except StoreUnavailable as error:
            log.error("the sweep must wait", reason=str(error))
        finally:
            self._again()
