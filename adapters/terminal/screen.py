"""Where lines are shown: on a terminal, with a part below that is drawn anew; or on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from flows.problems import visible

_PROMPT: Final = "> "


class Surface(Protocol):
    """What the chat is shown on."""

    def show(self, lines: Sequence[Text]) -> None:
        """Lines that stay."""
        ...

    def below(self, picture: Sequence[Text], typed: str | None) -> None:
        """What stands under them until it changes: runs at work, and the line being typed
        (None: nobody types here)."""
        ...


class Paper:
    """Lines and nothing else: a pipe, a file, a terminal that can do no more."""

    def __init__(self, console: Console) -> None:
        self._file = console.file

    def show(self, lines: Sequence[Text]) -> None:
        """See `Surface`."""
        for line in lines:
            self._file.write(f"{line.plain}\n")
        self._file.flush()

    def below(self, picture: Sequence[Text], typed: str | None) -> None:
        """Paper cannot be wiped."""


class Screen:
    """A terminal. The part below is kept within its height, so that it can be wiped whole."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows = 0
        self._picture: Sequence[Text] = ()
        self._typed: str | None = None

    def show(self, lines: Sequence[Text]) -> None:
        """See `Surface`."""
        if lines:
            self._wipe()
            for line in lines:
                self._console.print(line, soft_wrap=True)
            self._draw()

    def below(self, picture: Sequence[Text], typed: str | None) -> None:
        """See `Surface`."""
        if (picture, typed) != (self._picture, self._typed):
            self._wipe()
            self._picture, self._typed = picture, typed
            self._draw()

    def again(self) -> None:
        """Somebody else has written: begin on a fresh line."""
        self._rows = 0
        self._console.file.write("\n")
        self._draw()

    def _wipe(self) -> None:
        up = f"\x1b[{self._rows - 1}A" if self._rows > 1 else ""
        if self._rows:
            self._console.file.write(f"\r{up}\x1b[J")
        self._rows = 0

    def _draw(self) -> None:
        width, room = self._console.width - 1, max(1, self._console.height - 2)
        rows = [line.copy() for line in self._picture[-room:]]
        if self._typed is not None:
            rows.append(Text(_PROMPT, "bold cyan") + Text(_tail(visible(self._typed), width - len(_PROMPT))))
        for row in rows:
            row.truncate(width, overflow="ellipsis")
        if rows:
            self._console.print(Text("\n").join(rows), end="", soft_wrap=True)
        self._console.file.flush()
        self._rows = len(rows)


def _tail(text: str, width: int) -> str:
    """The end of a line that is too wide: whoever types sees what they type."""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) >= width:
        text = text[max(1, (cell_len(text) - width) // 2) :]
    return f"…{text}"
