"""The slash command and the shortcuts: what one asks for outside of a chat."""

from __future__ import annotations

from typing import Final

from adapters.slack import forms
from adapters.slack.card import FINAL, WORDS
from adapters.slack.command import (
    CancelRun,
    Help,
    List,
    RunRunbook,
    StartProfile,
    Status,
    Unclear,
    understood,
)
from adapters.slack.door import Reply
from adapters.slack.escape import escape
from adapters.slack.front import Front, chat_id
from adapters.slack.heard import Commanded, Shortcut
from adapters.slack.openings import Openings, sentence
from adapters.slack.render import help_text
from bot.errors import NotAllowed, NotFound
from bot.ports import Person
from bot.reception import RunView

BEGUN: Final = "Begun. You will find it in our direct conversation."
NOTHING: Final = "You have started nothing yet."
UNKNOWN: Final = "You have no run {run}. `status` shows them."
ON_MESSAGE: Final = "cuebook_on_message"
RUNS: Final = 10
SHORT: Final = 8
"""Characters at the end of a run's id that name it to a person."""


class Errands:
    """`/cuebook` and the shortcuts."""

    def __init__(self, front: Front, openings: Openings) -> None:
        self._front, self._openings = front, openings

    async def commanded(self, deed: Commanded) -> Reply:
        """Durable when it returns; the reply is seen by the person alone."""
        match understood(deed.text):
            case StartProfile(id=id):
                return await self._start(deed, "profile", id, {})
            case RunRunbook(id=id, inputs=inputs):
                return await self._start(deed, "runbook", id, inputs)
            case Help() | List():
                person = await self._front.person(deed)
                return Reply(text=help_text(await self._front.reception.offers(person), deed.command).text)
            case Status(id=id):
                return Reply(text=escape(await self._status(deed, id)))
            case CancelRun(id=id):
                return Reply(text=escape(await self._cancel(deed, id)))
            case Unclear(reason=reason):
                return Reply(text=escape(reason))

    async def _start(self, deed: Commanded, kind: str, id: str, inputs: dict[str, str]) -> Reply:
        at, chat = self._openings.direct(deed), chat_id(deed.key)
        words = await self._openings.start(deed, kind, id, at, chat, inputs)
        return Reply(text=escape(words or BEGUN))

    async def _status(self, deed: Commanded, id: str) -> str:
        runs = await self._runs(await self._front.person(deed), id)
        if not runs:
            return UNKNOWN.format(run=id) if id else NOTHING
        return "\n".join(_line(run) for run in runs)

    async def _runs(self, person: Person, id: str) -> list[RunView]:
        runs = await self._front.reception.runs_of(person, RUNS)
        return [run for run in runs if not id or run.id.endswith(id)]

    async def _cancel(self, deed: Commanded, id: str) -> str:
        person = await self._front.person(deed)
        runs = await self._runs(person, id)
        if len(runs) != 1:
            return UNKNOWN.format(run=id)
        self._front.spawn(self._stop(deed, person, runs[0]), f"cancel:{runs[0].id}")
        return f"Asking {runs[0].name} to stop …" if runs[0].state not in FINAL else _line(runs[0])

    async def _stop(self, deed: Commanded, person: Person, run: RunView) -> None:
        try:
            await self._front.reception.cancel(run.chat, run.id, person)
        except (NotAllowed, NotFound) as refusal:
            self._front.whisper(deed, deed.place, sentence(str(refusal)))

    async def shortcut(self, deed: Shortcut) -> None:
        """A list of what may be begun; with a message, of the runbooks."""
        offers = await self._front.reception.offers(await self._front.person(deed))
        private = ""
        if deed.callback == ON_MESSAGE:
            offers = [offer for offer in offers if offer.kind == "runbook"]
            private = deed.text[:PRIVATE]
        view = forms.chooser(
            offers, lambda offer: self._front.pointers.start(offer.kind, offer.id), private, private
        )
        self._front.best_effort(deed, "views.open", {"trigger_id": deed.trigger, "view": view})


PRIVATE: Final = 2_900
"""Slack: characters of a view's private_metadata are 3,000."""


def _line(run: RunView) -> str:
    said = f": {run.message}" if run.message else ""
    return f"{run.name} ({run.id[-SHORT:]}) — {WORDS.get(run.state, run.state)}{said}"
