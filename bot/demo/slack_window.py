"""What the person looks at: one place of Slack at a time, drawn anew whenever it changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from rich.text import Text

from bot.demo.slack_board import Board, Wrap
from bot.demo.slack_rows import Entry, Numbers, Usable, aside, blocks_of, message, page, replies, used
from bot.demo.slack_town import Town
from bot.testing.slack.transcript import Shown

NEWS: Final = "There is something new in your conversation with Cuebook: /direct"
NO_HOME: Final = "The app shows no page yet."


class Surface(Protocol):
    """Where rows are shown."""

    def show(self, lines: Sequence[Text]) -> None:
        """Rows that stay."""
        ...

    def below(self, picture: Sequence[Text], typed: str | None) -> None:
        """What stands under them for now, and the line that is being typed (None: no such line)."""
        ...


class Pane(NamedTuple):
    """A surface with a size."""

    surface: Surface
    wrap: Wrap
    room: Callable[[], int]
    """Rows that can be drawn anew; 0 on paper."""


class Place(NamedTuple):
    """`direct`, `channel`, `home`; or the thread of a message of the channel."""

    name: str
    thread: str = ""


DIRECT: Final = Place("direct")


class Window:
    """Shows the town to the person who sits in it."""

    def __init__(self, town: Town, pane: Pane) -> None:
        self._town, self._pane = town, pane
        self.place = DIRECT
        self._boards: dict[Place, Board] = {}
        self._numbers: dict[Place, Numbers] = {}
        self._asides: dict[Place, list[Entry]] = {}
        self._read = 0
        self._told = False

    @property
    def numbers(self) -> Numbers:
        """Of the buttons that are here."""
        return self._numbers.setdefault(self.place, Numbers())

    def go(self, place: Place, title: str) -> None:
        """Look at another place."""
        self.draw(None, settle=True)
        self.place = place
        if self._pane.room():
            self._board.forget()
        self._pane.surface.show([Text(f"--- {title} ---", "bold")])

    def remark(self, text: str, mark: str = "! ", style: str = "yellow") -> None:
        """Say something that nobody in Slack says, after what is there by now."""
        entry = aside(self._town.fake.world.ts(), text, mark, style)
        self._asides.setdefault(self.place, []).append(entry)

    def did(self, text: str) -> None:
        """Say what the person did, where it leaves no message."""
        self.remark(text, "* ", "dim")

    def look(self) -> None:
        """Take in what is here now, and give the buttons their numbers."""
        self.numbers.see(self._usable())

    def draw(self, typed: str | None, *, settle: bool = False) -> None:
        """Show the place as it stands. `settle`: for good, all of it."""
        self._notice()
        self.look()
        turn = self._board.turn(self._entries(), 0 if settle else self._pane.room(), self._pane.wrap)
        self._pane.surface.show(turn.stays)
        self._pane.surface.below(turn.below, typed)

    def parent(self, number: int) -> Shown | None:
        """The message of the channel with this number."""
        found = self._town.seen(self._town.channel)
        return found[number - 1] if 0 < number <= len(found) else None

    # --- what is here --------------------------------------------------------------------

    @property
    def _board(self) -> Board:
        return self._boards.setdefault(self.place, Board(paper=not self._pane.room()))

    def messages(self) -> list[Shown]:
        """Those of this place; a page has none."""
        if self.place.name == "home":
            return []
        channel = self._town.direct if self.place.name == "direct" else self._town.channel
        return self._town.seen(channel, self.place.thread)

    @property
    def heard(self) -> int:
        """How much others have said here."""
        return sum(one.message.user != self._town.me.id for one in self.messages())

    def _usable(self) -> list[list[Usable]]:
        if self.place.name != "home":
            return [used(one.ts, blocks_of(one)) for one in self.messages()]
        view = self._town.fake.home(self._town.me)
        return [used(view.id, view.blocks)] if view is not None else []

    def _entries(self) -> list[Entry]:
        here = [self._home()] if self.place.name == "home" else [*self._said()]
        return sorted([*here, *self._asides.get(self.place, [])], key=lambda entry: entry.at)

    def _home(self) -> Entry:
        view = self._town.fake.home(self._town.me)
        if view is None:
            return aside("", NO_HOME)
        return page(view.id, view.blocks, self.numbers, self._town.fake.world.name_of)

    def _said(self) -> list[Entry]:
        name_of, top = self._town.fake.world.name_of, self.place.name == "channel"
        found: list[Entry] = []
        for number, one in enumerate(self.messages(), 1):
            own, label = one.message.user == self._town.me.id, f"#{number} " if top else ""
            found.append(message(one, self.numbers, name_of, own=own, label=label))
            if top and (count := self._town.answers(one)) > 0:
                found.append(replies(one, number, count))
        return found

    def _notice(self) -> None:
        """Somebody who looks elsewhere is told once that there is news in the conversation."""
        count = len(self._town.seen(self._town.direct))
        if self.place == DIRECT:
            self._read, self._told = count, False
        elif count > self._read and not self._told:
            self._told = True
            self.remark(NEWS)
