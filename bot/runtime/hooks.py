"""Deliveries of webhooks: each starts at most one run, however often it comes.

The delivery's id and what came of it are one inbox row, written in the unit that brings the
run; a repeat is answered from there, be it at once, twenty times or after a restart.
"""

from __future__ import annotations

from typing import TypeAlias

import structlog

from bot.errors import Duplicate, TooMuch
from bot.ids import new_id
from bot.ports import Insert, Op, Person
from bot.rows import Inbox
from bot.runtime.ground import Ground
from bot.runtime.runs import Runs
from bot.runtime.starts import Accepted, Asker, Starts
from bot.runtime.wire import dump, load_event
from flows.effects import StartRun
from flows.events import RunAccepted, RunRefused
from flows.values import Vars
from flows.webhook import Webhook

log = structlog.get_logger()

CROWDED = 5.0  # seconds until a sender may try again where too many runs wait
Answer: TypeAlias = RunAccepted | RunRefused


class Hooks:
    """What an endpoint may ask of the house."""

    def __init__(self, ground: Ground, starts: Starts, runs: Runs) -> None:
        self._store, self._clock, self._library = ground.store, ground.clock, ground.library
        self._starts, self._runs, self._tasks = starts, runs, ground.tasks

    def find(self, id: str) -> Webhook | None:
        """The webhook of this id, as it is in force."""
        loaded = self._library.project.webhooks.get(id)
        return None if loaded is None else loaded.document

    async def deliver(self, hook: Webhook, delivery: str, inputs: Vars) -> Answer:
        """Start the runbook of `hook`, once a delivery; durable when this returns. Raises
        TooMuch and StoreUnavailable: then nothing is remembered and the sender may try again.
        Whoever gives up waiting undoes nothing: an accepted run begins."""
        return await self._tasks.see_through(self._deliver(hook, delivery, inputs), f"hook:{hook.id}")

    async def _deliver(self, hook: Webhook, delivery: str, inputs: Vars) -> Answer:
        source = f"hook:{hook.id}"
        known = await self._known(source, delivery)
        if known is not None:
            return known
        if self._starts.crowded:
            raise TooMuch("Too many runs are waiting to begin.", retry_after=CROWDED)
        verdict = self._weigh(hook, source, inputs)
        try:
            await self._store.commit(self._unit(source, delivery, verdict))
        except Duplicate:
            known = await self._known(source, delivery)
            if known is None:
                raise
            return known
        if isinstance(verdict, RunRefused):
            log.warning("a webhook was refused", hook=hook.id, reason=verdict.reason)
            return verdict
        self._runs.begin(verdict.row)
        return verdict.event

    async def _known(self, source: str, delivery: str) -> Answer | None:
        """What came of it, if it came before."""
        rows = await self._store.find(Inbox, source=source, external_id=delivery, limit=1)
        event = load_event(rows[0].event) if rows else None
        return event if isinstance(event, RunAccepted | RunRefused) else None

    def _weigh(self, hook: Webhook, source: str, inputs: Vars) -> Accepted | RunRefused:
        start = StartRun(id="hook", runbook=hook.runbook, inputs=inputs, mode="async")
        person = Person(kind="agent", id=source, name=hook.called)
        try:
            return self._starts.weigh(start, Asker(person=person, origin="webhook"))
        except Exception:  # the wall: what fails today fails at every repeat, so it is put aside
            log.exception("a delivery was put aside", hook=hook.id)
            reason = "Runbook failed: something went wrong on our side"
            return RunRefused(id=start.id, runbook=hook.runbook, reason=reason)

    def _unit(self, source: str, delivery: str, verdict: Accepted | RunRefused) -> list[Op]:
        now = self._clock.now()
        accepted = isinstance(verdict, Accepted)
        row = Inbox(
            id=new_id(now), source=source, external_id=delivery,
            target=f"run:{verdict.row.id}" if isinstance(verdict, Accepted) else source,
            event=dump(verdict.event if isinstance(verdict, Accepted) else verdict),
            seq=0, state="done" if accepted else "parked", tries=0, received_at=now,
        )  # fmt: skip
        return [Insert(row), *(verdict.unit if isinstance(verdict, Accepted) else ())]
