"""Buttons, lists and forms: each pointer counts once, and only for whom it is.

Who may press, whether the question is still open and what the press means is asked of the
house at that moment (safety, row 21). What comes late, twice or from somebody else gets one
polite line and changes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import structlog

from adapters.slack import forms
from adapters.slack.blocks import Post
from adapters.slack.door import Reply
from adapters.slack.front import (
    NOT_OPEN,
    NOT_YOURS,
    PLATFORM,
    Front,
    address_of,
    chat_id,
    own,
    tried,
    workspace_of,
)
from adapters.slack.heard import Chose, Pressed, Submitted
from adapters.slack.openings import Openings, sentence
from adapters.slack.pointers import digest
from adapters.slack.posting import Asked
from bot.errors import NotAllowed, NotFound, StoreUnavailable, TooMuch
from bot.ports import ChatView, Inbound
from bot.runtime.wire import load_choices
from flows.effects import Choice
from flows.events import Said

log = structlog.get_logger()

OURS: Final = "cb:"
OVER: Final = "That has ended already."
STOPPING: Final = "It is being stopped."
SEEN: Final = 10_000
MESSAGE: Final = "message"
"""The input of a runbook that takes the message on which it was started."""


class Presses:
    """Everything that is pressed, chosen or sent as a form."""

    def __init__(self, front: Front, openings: Openings) -> None:
        self._front, self._openings = front, openings
        self._seen: OrderedDict[str, None] = OrderedDict()
        """Keys of presses that were taken: the same delivered again needs no answer."""

    async def pressed(self, deed: Pressed | Chose) -> None:
        """Durable when it returns, where it is about a question or a beginning."""
        if not deed.action.startswith(OURS):
            return
        match self._front.pointers.read(deed.pointer):
            case ("choice", chat, prompt, value):
                await self._choice(deed, chat, prompt, value)
            case ("form", chat, prompt):
                await self._form(deed, chat, prompt)
            case ("cancel", chat, run):
                self._front.spawn(self._cancel(deed, chat, run), f"cancel:{run}")
            case ("start", kind, id):
                await self._start(deed, kind, id)
            case _:
                self._late(deed)

    def _late(self, deed: Pressed | Chose, words: str = NOT_OPEN) -> None:
        if deed.key not in self._seen:
            self._front.whisper(deed, deed.place, words)

    def _note(self, key: str) -> None:
        self._seen[key] = None
        while len(self._seen) > SEEN:
            self._seen.popitem(last=False)

    # --- questions -----------------------------------------------------------------------

    async def _view(self, deed: Pressed | Chose | Submitted, chat: str, prompt: str) -> ChatView | str:
        """The chat whose question is open for this person; else why not."""
        try:
            view = await self._front.reception.look(chat)
        except NotFound:
            return NOT_OPEN
        if view.person.id != own(deed):
            return NOT_YOURS
        return view if view.prompt and digest(view.prompt) == prompt else NOT_OPEN

    async def _choice(self, deed: Pressed | Chose, chat: str, prompt: str, value: str) -> None:
        view = await self._view(deed, chat, prompt)
        if isinstance(view, ChatView) and view.address != address_of(deed, deed.place).text:
            view = NOT_OPEN  # the question was asked elsewhere: this message is no question of ours
        choice = await self._meant(chat, value) if isinstance(view, ChatView) else None
        if isinstance(view, str) or choice is None:
            self._late(deed, view if isinstance(view, str) else NOT_OPEN)
            return
        said = Said(text=choice.label, prompt=view.prompt, value=choice.value)
        if not await self._hand(deed, chat, view.prompt, said):
            return
        asked = Asked(view.prompt, _channel(deed), deed.ts, Post(text=deed.text, blocks=list(deed.blocks)))
        close = self._front.posting.close(workspace_of(deed), chat, asked, choice.label, view.person.name)
        self._front.spawn(tried(close), "slack:close")

    async def _meant(self, chat: str, value: str) -> Choice | None:
        question = await self._front.reception.question(chat)
        choices = load_choices(question.choices) if question is not None else ()
        return next((choice for choice in choices if digest(choice.value) == value), None)

    async def _hand(self, deed: Pressed | Chose, chat: str, prompt: str, said: Said) -> bool:
        """Hand the press over. One press a question: its id is the question's, so that of two
        at once the second is a repeat whatever else is different about it."""
        inbound = Inbound(chat=chat, id=f"press:{chat}:{digest(prompt)}", said=said, source=PLATFORM)
        try:
            receipt = await self._front.reception.receive(inbound)
        except (TooMuch, NotAllowed, NotFound) as refusal:
            self._late(deed, sentence(str(refusal)))
            return False
        if receipt.duplicate:
            self._late(deed)
        self._note(deed.key)
        return not receipt.duplicate

    # --- forms ---------------------------------------------------------------------------

    async def _form(self, deed: Pressed | Chose, chat: str, prompt: str) -> None:
        view = await self._view(deed, chat, prompt)
        question = await self._front.reception.question(chat) if isinstance(view, ChatView) else None
        if isinstance(view, str) or question is None:
            self._late(deed, view if isinstance(view, str) else NOT_OPEN)
            return
        fields = forms.load_form(question.form)
        modal = forms.modal(question.text, fields, self._front.pointers.form(chat, view.prompt))
        self._front.best_effort(deed, "views.open", {"trigger_id": deed.trigger, "view": modal})

    async def submitted(self, deed: Submitted) -> Reply:
        """A form was sent: what is wrong with it, or nothing, and then it is durable."""
        match self._front.pointers.read(deed.pointer):
            case ("form", chat, prompt):
                return await self._filled(deed, chat, prompt)
            case _:
                return await self._chosen(deed)

    async def _filled(self, deed: Submitted, chat: str, prompt: str) -> Reply:
        view = await self._view(deed, chat, prompt)
        question = await self._front.reception.question(chat) if isinstance(view, ChatView) else None
        if isinstance(view, str) or question is None:
            return _refused(deed, view if isinstance(view, str) else NOT_OPEN)
        fields = forms.load_form(question.form)
        values = forms.read_values(deed.values, fields)
        wrong = await self._front.reception.check_form(chat, view.prompt, values)
        if wrong:
            return Reply(errors=forms.errors(wrong, fields))
        said = Said(text="", prompt=view.prompt, values=values)
        inbound = Inbound(chat=chat, id=f"press:{chat}:{digest(view.prompt)}", said=said, source=PLATFORM)
        try:
            receipt = await self._front.reception.receive(inbound)
        except (TooMuch, NotAllowed, NotFound) as refusal:
            return _refused(deed, sentence(str(refusal)))
        if receipt.duplicate and deed.key not in self._seen:
            return _refused(deed, NOT_OPEN)
        self._note(deed.key)
        asked = self._front.posting.asked(chat)
        if asked is not None and asked.prompt == view.prompt:
            close = self._front.posting.close(workspace_of(deed), chat, asked, "Sent", view.person.name)
            self._front.spawn(tried(close), "slack:close")
        return Reply()

    async def _chosen(self, deed: Submitted) -> Reply:
        """Something was chosen to begin."""
        wanted = deed.values.get("offer")
        match self._front.pointers.read(wanted if isinstance(wanted, str) else ""):
            case ("start", kind, id):
                at, chat = self._openings.direct(deed), chat_id("view", deed.view, deed.view_hash)
                given = await self._given(deed, kind, id)
                words = await self._openings.start(deed, kind, id, at, chat, given)
                return _refused(deed, words) if words else Reply()
            case _:
                return _refused(deed, NOT_OPEN)

    async def _given(self, deed: Submitted, kind: str, id: str) -> dict[str, str]:
        """The message that a shortcut was used on, for a runbook that has an input for it."""
        if not deed.pointer or kind != "runbook":
            return {}
        offers = await self._front.reception.offers(await self._front.person(deed))
        takes = any(offer.id == id and MESSAGE in offer.inputs for offer in offers)
        return {MESSAGE: deed.pointer} if takes else {}

    # --- runs and beginnings -------------------------------------------------------------

    async def _cancel(self, deed: Pressed | Chose, chat: str, run: str) -> None:
        """Who may is decided by the house (DECISIONS 12). Nothing is lost when we die in the
        middle: a run that was at work then is ended all the same."""
        front = self._front
        try:
            stopped = await front.reception.cancel(chat, run, await front.person(deed))
        except NotAllowed as refusal:
            self._late(deed, sentence(str(refusal)))
        except NotFound:
            self._late(deed, OVER)
        except StoreUnavailable as error:
            log.error("slack.cancel_failed", run=run, reason=str(error))
            self._late(deed, "That did not work just now. Please try again.")
        else:
            self._late(deed, STOPPING if stopped else OVER)

    async def _start(self, deed: Pressed | Chose, kind: str, id: str) -> None:
        """A press begins one chat: the same button of the same page again is the same wish."""
        where = deed.ts or f"{deed.view}:{deed.view_hash}"
        at = address_of(deed, deed.place if deed.ts else None)
        chat = chat_id("start", own(deed), where, kind, id)
        words = await self._openings.start(deed, kind, id, at, chat, {})
        if words:
            self._late(deed, words)
        self._note(deed.key)


def _refused(deed: Submitted, words: str) -> Reply:
    """Slack shows what is wrong only below a field."""
    field = next(iter(deed.values), "")
    return Reply(errors={field: words}) if field else Reply()


def _channel(deed: Pressed | Chose) -> str:
    return deed.place.channel if deed.place is not None else ""
