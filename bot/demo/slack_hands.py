"""What the person does, done in Slack: said, pressed, commanded, filled in."""

from __future__ import annotations

import asyncio
from typing import Final, assert_never

from bot.demo.slack_acts import (
    COMMAND,
    HELP,
    PLAYING,
    Act,
    Command,
    Delete,
    Edit,
    Go,
    Help,
    Press,
    Quit,
    Say,
    Shortcut,
    Unclear,
    meaning,
    mentioned,
)
from bot.demo.slack_form import Field, Filling, Secret
from bot.demo.slack_rows import Usable
from bot.demo.slack_town import CHANNEL, Town
from bot.demo.slack_window import DIRECT, Place, Window
from bot.testing.slack.refusal import Impossible
from bot.testing.slack.render import text
from bot.testing.slack.things import Channel, Message, View

START: Final = "cuebook_start"
"""The callback of the shortcut, as an app of Slack's is set up."""
NOT_HERE: Final = "Nothing can be said on this page: /direct is the conversation with Cuebook."
NOTHING_SAID: Final = "You have said nothing here."
UNHEARD: Final = "The app did not take it: {reason}"


class Hands:
    """Does what a line says; what comes of it stands in Slack, or is remarked in the window."""

    def __init__(self, town: Town, window: Window, secret: Secret) -> None:
        self._town, self._window, self._secret = town, window, secret
        self._asked: tuple[Usable, int] | None = None
        self._filling: Filling | None = None
        self.left = False

    @property
    def secret(self) -> bool:
        """Whether what is typed now should be seen by nobody."""
        field = self._field
        return field is not None and field.secret

    @property
    def _field(self) -> Field | None:
        return self._filling.wants if self._filling else None

    async def take(self, line: str) -> None:
        """Do what the line says."""
        before = len(self._town.events.deliveries)
        try:
            await self._take(line)
        except Impossible as error:
            self._window.remark(f"{str(error)[:1].upper()}{str(error)[1:]}.")
        for delivery in self._town.events.deliveries[before:]:
            if not delivery.answer.ok:
                self._window.remark(UNHEARD.format(reason=delivery.answer.reason or delivery.answer.status))

    async def _take(self, line: str) -> None:
        if self._filling is not None:
            await self._fill(self._filling, line)
        elif self._asked is not None:
            await self._confirm(self._asked, line)
        else:
            self._window.look()
            act = meaning(line, self._window.numbers.usable)
            if act is not None:
                await self._do(act)

    async def _do(self, act: Act) -> None:
        match act:
            case Say() | Edit() | Delete():
                await self._talk(act)
            case Press():
                await self._press(act)
            case Command(text=words):
                self._window.did(f"{self._town.me.name} types {COMMAND} {words}".rstrip())
                self._window.numbers.acted()
                await self._town.events.command(
                    self._town.me, self._here or self._town.direct, COMMAND, words
                )
            case Shortcut():
                self._window.did(f"{self._town.me.name} uses the app's shortcut")
                await self._town.events.shortcut(self._town.me, START)
            case Go():
                await self._go(act)
            case Help():
                self._window.remark("\n".join([*HELP, PLAYING]), "  ", "dim")
            case Quit():
                self.left = True
            case Unclear(reason=reason):
                self._window.remark(reason)
            case _:
                assert_never(act)

    # --- words ---------------------------------------------------------------------------

    @property
    def _here(self) -> Channel | None:
        """Where words go; nowhere on a page."""
        if self._window.place.name == "home":
            return None
        return self._town.direct if self._window.place.name == "direct" else self._town.channel

    async def _talk(self, act: Say | Edit | Delete) -> None:
        events, me, here = self._town.events, self._town.me, self._here
        if here is None:
            self._window.remark(NOT_HERE)
            return
        if isinstance(act, Say):
            self._window.numbers.acted()
            await events.says(me, here, self._written(act.text), thread=self._window.place.thread or None)
            return
        found: Message | None = self._town.last_said(here, self._window.place.thread)
        if found is None:
            self._window.remark(NOTHING_SAID)
        elif isinstance(act, Edit):
            await events.edits_own(me, found, self._written(act.text))
        else:
            await events.deletes(me, found)

    def _written(self, text: str) -> str:
        home = self._town.fake.workspace
        return mentioned(text, home.app_name, home.bot)

    # --- buttons -------------------------------------------------------------------------

    async def _press(self, act: Press) -> None:
        number = act.number or self._window.numbers.labelled(act.label)
        found = self._window.numbers.usable.get(number)
        if found is None:
            self._window.remark(f"There is no button {act.label or act.number} here.")
        elif found.confirm is not None:
            self._asked = found, act.times
            self._window.remark("\n".join(_asking(found.confirm)), "? ")
        else:
            await self._use(found, act.times)

    async def _confirm(self, asked: tuple[Usable, int], line: str) -> None:
        found, times = asked
        confirm = found.confirm or {}
        self._asked = None
        if line.strip().casefold() in ("1", "y", "yes", _words(confirm, "confirm").casefold()):
            await self._use(found, times)
        else:
            self._window.did(f"{self._town.me.name} chooses “{_words(confirm, 'deny')}”")

    async def _use(self, found: Usable, times: int) -> None:
        often = " twice" if times > 1 else ""
        self._window.did(f"{self._town.me.name} presses “{found.label}”{often}")
        self._window.numbers.acted()
        where, events = self._holder(found), self._town.events
        if found.value:
            await events.chooses(self._town.me, where, found.value, action=found.action)
        else:  # twice means at once: nobody has answered the first when the second goes out
            await asyncio.gather(*(events.presses(self._town.me, where, found.action) for _ in range(times)))

    def _holder(self, found: Usable) -> Message | View:
        home = self._town.fake.home(self._town.me)
        if home is not None and home.id == found.where:
            return home
        held = next((one for one in self._window.messages() if one.ts == found.where), None)
        if held is None:
            raise Impossible("the message is gone")
        return held.message

    # --- places --------------------------------------------------------------------------

    async def _go(self, act: Go) -> None:
        window, name = self._window, self._town.fake.workspace.app_name
        match act.place:
            case "home":
                await self._town.events.opens_home(self._town.me)
                window.go(Place("home"), f"the page of {name}")
            case "channel":
                window.go(Place("channel"), f"#{CHANNEL}")
            case "thread":
                parent = window.parent(act.thread)
                if parent is None:
                    window.remark(f"There is no message {act.thread} in #{CHANNEL}.")
                else:
                    window.go(Place("thread", parent.ts), f"thread {act.thread} in #{CHANNEL}")
            case _:
                window.go(DIRECT, f"your conversation with {name}")

    # --- forms ---------------------------------------------------------------------------

    def notice(self) -> None:
        """A form may have opened or changed, or have been taken away."""
        view = self._town.fake.modal(self._town.me)
        if view is None:
            self._filling = None
        elif self._filling is None or not self._filling.shows(view):
            self._filling = Filling(view, self._secret)
            name_of = self._town.fake.world.name_of
            said = [*self._filling.opening(name_of), *self._filling.question()]
            self._window.remark("\n".join(said), "  ", "magenta")

    async def _fill(self, filling: Filling, line: str) -> None:
        field = filling.wants
        if line.strip() in ("/cancel", "/quit"):
            self.left = line.strip() == "/quit"
            await self._put_away()
            return
        if field is not None:
            complaint = filling.take(line)
            self._window.did(f"{field.label}: {'•' * 8 if field.secret else line.strip()}")
            if complaint:
                self._window.remark(complaint)
        if filling.wants is not None:
            self._window.remark("\n".join(filling.question()), "  ", "magenta")
        else:
            await self._send(filling)

    async def _send(self, filling: Filling) -> None:
        self._window.did(f"{self._town.me.name} sends the form")
        try:
            await self._town.events.submits(self._town.me, filling.values)
        except Impossible as error:
            filling.again({})
            self._window.remark(f"{error}\n" + "\n".join(filling.question()), "  ", "magenta")
            return
        wrong = filling.view.errors
        if wrong:
            filling.again(wrong)
            said = [*filling.said(wrong), *filling.question()]
            self._window.remark("\n".join(said), "  ", "magenta")
        self.notice()

    async def _put_away(self) -> None:
        self._filling = None
        await self._town.events.closes(self._town.me)
        self._window.did(f"{self._town.me.name} closes the form")


def _asking(confirm: dict[str, object]) -> list[str]:
    answers = f"[1] {_words(confirm, 'confirm')}  [2] {_words(confirm, 'deny')}"
    return [f"{_words(confirm, 'title')} {_words(confirm, 'text')}", answers]


def _words(confirm: dict[str, object], part: str) -> str:
    found = confirm.get(part)
    return text(found, str) if isinstance(found, dict) else ""
