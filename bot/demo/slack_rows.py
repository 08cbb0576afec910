"""What stands in Slack as rows of a terminal: messages, buttons with numbers, pages. Pure.

What others wrote can move no cursor and turn no writing round: every line goes through
`visible`. On paper the rows are plain text; colours are added by whoever prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.text import Text

from bot.testing.slack.render import elements, label, lines, options, rich
from bot.testing.slack.things import Blocks, Json
from bot.testing.slack.transcript import Shown
from flows.problems import visible

NameOf = Callable[[str], str]


class Usable(NamedTuple):
    """A button, or one entry of a list. `where`: the message's ts, or the page's id."""

    where: str
    action: str
    value: str
    """Of an entry; empty for a button."""
    label: str
    confirm: Json | None = None
    """What is asked before it counts."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by, whatever is written on it."""
        return self.where, self.action, self.value


class Entry(NamedTuple):
    """Something that stands in a place. Equal marks: there is nothing new to see in it."""

    at: str
    """A time stamp, by which it is sorted."""
    key: str
    mark: str
    rows: tuple[Text, ...]
    again: tuple[Text, ...]
    """The rows where it was shown before and has changed."""
    own: bool = False
    """It is what the person did."""
    whisper: bool = False
    """Nobody else sees it: it answers what the person did."""


class Numbers:
    """Which number a button has in one place. It keeps it while it is there, but for the numbers
    of what was there before a person acted: a new question begins with 1 all the same, and
    whatever older button had that number gets another one."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str, str], int] = {}
        self._old: set[tuple[str, str, str]] = set()
        self.usable: dict[int, Usable] = {}

    def acted(self) -> None:
        """The person did something."""
        self._old = set(self._held)

    def see(self, groups: Iterable[Sequence[Usable]]) -> None:
        """What is there now, a message or page each, oldest first."""
        found = {one.key: one for group in groups for one in group}
        self._held = {key: number for key, number in self._held.items() if key in found}
        fresh = [key for key in found if key not in self._held]
        self._give([key for key in fresh if key not in self._old], avoid=set(self._held) - self._old)
        taken = {self._held[key] for key in fresh}
        robbed = [key for key, number in self._held.items() if key not in fresh and number in taken]
        self._give(robbed, avoid=set(self._held) - set(robbed))
        self.usable = {number: found[key] for key, number in self._held.items()}

    def _give(self, keys: Sequence[tuple[str, str, str]], avoid: set[tuple[str, str, str]]) -> None:
        number = max((self._held[key] for key in avoid), default=0)
        for key in keys:
            number += 1
            self._held[key] = number

    def of(self, one: Usable) -> int:
        """Its number."""
        return self._held.get(one.key, 0)

    def labelled(self, label: str) -> int:
        """The number of the newest button that says so; 0: there is none."""
        wanted = label.strip().strip("[]").casefold()
        found = [number for key, number in self._held.items() if self._says(number, key, wanted)]
        return found[-1] if found else 0

    def _says(self, number: int, key: tuple[str, str, str], wanted: str) -> bool:
        one = self.usable.get(number)
        return one is not None and one.key == key and one.label.casefold() == wanted


def used(where: str, blocks: Blocks) -> list[Usable]:
    """Everything in blocks that can be pressed or chosen."""
    return [one for block in blocks if block["type"] != "input" for one in _used(where, block)]


def _used(where: str, block: Json) -> Iterator[Usable]:
    for _, element in elements([block]):
        action, confirm = str(element["action_id"]), element.get("confirm")
        if element["type"] == "button":
            yield Usable(where, action, "", label(element), confirm)
        else:
            for one in options(element):
                yield Usable(where, action, str(one["value"]), label(one), confirm)


def blocks_of(shown: Shown) -> Blocks:
    """All blocks of a message."""
    found = shown.message
    return [*found.blocks, *(block for one in found.attachments for block in one.get("blocks", []))]


def message(shown: Shown, numbers: Numbers, name_of: NameOf, *, own: bool, label: str = "") -> Entry:
    """One message. `own`: the person's who sits here; `label`: before it, to call it by."""
    blocks, files = blocks_of(shown), [f"({name})" for name in shown.files]
    body = list(_body(shown.ts, blocks, numbers, name_of)) if blocks else _plain(shown.text)
    body += [*_plain("\n".join(files)), *_plain(" ".join(f":{name}:" for name in shown.reactions))]
    mark = "\n".join([shown.text, *shown.buttons, *shown.choices, *files, *shown.reactions])
    style = "bold cyan" if own else "bold green"

    def rows(*, edited: bool) -> tuple[Text, ...]:
        said = ", ".join(["only you see this"] * shown.ephemeral + ["edited"] * edited)
        head = Text.assemble(
            (label, "dim"), (visible(shown.author), style), (f" ({said})" if said else "", "dim"), ":"
        )
        first = body[0] if body and not body[0].plain.startswith("  [") else None
        head = Text.assemble(head, " ", first) if first is not None else head
        rest = body[1:] if first is not None else body
        return head, *(Text.assemble("" if row.plain.startswith("  [") else "  ", row) for row in rest)

    return Entry(shown.ts, shown.ts, mark, rows(edited=shown.edited), rows(edited=True), own, shown.ephemeral)


def page(where: str, blocks: Blocks, numbers: Numbers, name_of: NameOf) -> Entry:
    """A home tab."""
    body = tuple(_body(where, blocks, numbers, name_of))
    mark = "\n".join([*lines(blocks, name_of), *(one.label for one in used(where, blocks))])
    return Entry("", where, mark, body, body)


def aside(at: str, text: str, mark: str = "* ", style: str = "dim") -> Entry:
    """Something that stands in no conversation: what the person did, or what Slack says."""
    rows = tuple(Text(mark + visible(line), style) for line in text.split("\n"))
    return Entry(at, f"aside {at}", text, rows, rows, own=True)


def replies(parent: Shown, number: int, count: int) -> Entry:
    """That there is a thread below a message."""
    text = f"  └ {count} {'reply' if count == 1 else 'replies'}: /thread {number}"
    rows = (Text(text, "dim"),)
    return Entry(f"{parent.ts}+", f"thread {parent.ts}", text, rows, rows)


def _body(where: str, blocks: Blocks, numbers: Numbers, name_of: NameOf) -> Iterator[Text]:
    for block in blocks:
        yield from (Text(visible(line)) for line in _lines(block, name_of))
        for one in used(where, [block]):
            yield Text.assemble((f"  [{numbers.of(one)}] ", "bold yellow"), (visible(one.label), "yellow"))


def _lines(block: Json, name_of: NameOf) -> list[str]:
    """With a bar before what a run says, as Slack shows a quote."""
    parts: list[Mapping[str, object]] = block.get("elements", []) if block["type"] == "rich_text" else []
    if not any(part["type"] == "rich_text_quote" for part in parts):
        return [line for line in lines([block], name_of) if line]
    said = [(part["type"] == "rich_text_quote", rich({"elements": [part]}, name_of)) for part in parts]
    return [f"| {line}" if quoted else line for quoted, text in said for line in text.split("\n")]


def _plain(text: str) -> list[Text]:
    return [Text(visible(line)) for line in text.split("\n")] if text else []
