"""Our own page in Slack: what a person may start, what is at work for them and what came of it."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from adapters.slack.front import Front, own, tried, workspace_of
from adapters.slack.heard import Deed, OpenedHome
from adapters.slack.home import home
from adapters.slack.outgoing import Arguments, Urgency
from bot.errors import StoreError

SPACED: Final = 3_000
"""ms between two pictures of one person's page."""
SHOWN: Final = 30
VISITORS: Final = 1_000


class Visits:
    """Publishes the page when it is opened, and when a run of the person changes."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._visitors: OrderedDict[str, Deed] = OrderedDict()
        """Who has looked at the page, by person; the last ones only."""
        self._planned: set[str] = set()

    async def opened(self, deed: OpenedHome) -> None:
        """Show the page."""
        if deed.tab != "home":
            return
        self._visitors[own(deed)] = deed
        while len(self._visitors) > VISITORS:
            self._visitors.popitem(last=False)
        self._front.spawn(self._publish(own(deed)), "slack:home")

    def changed(self, person: str) -> None:
        """Something changed for this person: show it soon, if they look at the page at all."""
        if person not in self._visitors or person in self._planned:
            return
        self._planned.add(person)
        at = self._front.clock.now() + SPACED
        self._front.clock.alarm(
            f"home:{person}", at, lambda: self._front.spawn(self._publish(person), "slack:home")
        )

    async def _publish(self, person: str) -> None:
        self._planned.discard(person)
        deed = self._visitors.get(person)
        if deed is None:
            return
        try:
            page = await self._page(deed)
        except StoreError:
            return
        call = self._front.outgoing.call(
            workspace_of(deed),
            "views.publish",
            lambda: page,
            room=f"home:{person}",
            urgency=Urgency.LAST_STATE,
        )
        await tried(call)

    async def _page(self, deed: Deed) -> Arguments:
        front = self._front
        whose = await front.person(deed)
        view = home(
            await front.reception.offers(whose),
            await front.reception.runs_of(whose, SHOWN),
            start=lambda offer: front.pointers.start(offer.kind, offer.id),
            cancel=lambda run: front.pointers.cancel(run.chat, run.id),
        )
        return {"user_id": deed.user, "view": view}
