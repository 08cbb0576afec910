"""Whether the app has something to do for somebody in Slack, looked at from inside."""

from __future__ import annotations

import asyncio
from typing import Final

from bot.app import App
from bot.demo.slack_seat import Rest
from bot.demo.slack_town import Town
from bot.ports import Store
from bot.rows import Inbox, Outbox, Run

STANDING: Final = ("reload",)
"""Tasks that never end by themselves."""
CALM: Final = 2.5
"""Seconds without a change after which a run's card shows what there is: it is edited at most
once in two."""


class Resting:
    """Looks, each time it is called."""

    def __init__(self, app: App, town: Town) -> None:
        self._app, self._town = app, town
        self._seen = -1
        self._since = 0.0

    async def __call__(self) -> Rest:
        """How things stand."""
        calm = self._calm()
        if self._at_work() or await self._owed():
            return Rest.BUSY
        slack = self._app.slack
        open_cards = slack is not None and slack.cards.open > 0
        if await self._store.find(Run, state="waiting", limit=1):
            return Rest.BACKGROUND if calm or not open_cards else Rest.BUSY
        return Rest.BUSY if open_cards else Rest.STILL

    @property
    def _store(self) -> Store:
        return self._app.runtime.ground.store

    def _calm(self) -> bool:
        now = asyncio.get_running_loop().time()
        if self._seen != self._town.changes:
            self._seen, self._since = self._town.changes, now
        return now - self._since > CALM

    def _at_work(self) -> bool:
        """Whether a task runs, or a call to Slack waits for its time."""
        slack, tasks = self._app.slack, self._app.runtime.tasks
        return any(task.get_name() not in STANDING for task in tasks.running()) or (
            slack is not None and slack.outgoing.waiting > 0
        )

    async def _owed(self) -> bool:
        """Whether something was taken and not yet answered, or is at work for somebody who waits."""
        find = self._store.find
        return bool(
            await find(Inbox, state="new", limit=1)
            or await find(Outbox, state=("queued", "sending"), limit=1)
            or await find(Run, state=("queued", "running"), limit=1)
            or await find(Run, state="waiting", mode="wait", limit=1)
        )
