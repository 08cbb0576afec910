"""What is on the terminal's screen after everything was written: played by a small emulator."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console
from rich.text import Text

from adapters.terminal.screen import Paper, Screen

WIDTH = 40


class Glass:
    """Rows of a terminal that knows what `Screen` uses: CR, LF, up, erase down, colours."""

    def __init__(self) -> None:
        self.written = StringIO()
        self.console = Console(
            file=self.written, width=WIDTH, height=10, force_terminal=True, color_system="standard"
        )

    @property
    def rows(self) -> list[str]:
        rows, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[\d;]*[A-Za-z]|.", self.written.getvalue(), re.DOTALL):
            if part == "\n":
                row, column = row + 1, 0
                rows += [""] if row == len(rows) else []
            elif part == "\r":
                column = 0
            elif part.endswith("A") and len(part) > 1:
                row -= int(part[2:-1])
            elif part == "\x1b[J":
                rows[row:] = [rows[row][:column]]
            elif part[0] != "\x1b":
                rows[row] = rows[row][:column].ljust(column) + part + rows[row][column + 1 :]
                column += 1
        return rows


def test_lines_go_above_what_is_being_typed() -> None:
    glass = Glass()
    screen = Screen(glass.console)
    screen.show([Text("Hello")])
    screen.below([], "are y")
    screen.show([Text("News")])
    screen.below([], "are you")
    assert glass.rows == ["Hello", "News", "> are you"]


def test_the_picture_of_a_run_is_replaced_and_goes() -> None:
    glass = Glass()
    screen = Screen(glass.console)
    screen.below([Text("Unlock"), Text("… one")], "")
    screen.below([Text("Unlock"), Text("✓ one"), Text("… two")], "")
    screen.show([Text("note")])
    assert glass.rows == ["note", "Unlock", "✓ one", "… two", "> "]
    screen.below([], "")
    assert glass.rows == ["note", "> "]
    screen.below([], None)
    assert glass.rows == ["note", ""]


def test_what_is_below_never_wraps_and_never_fills_the_screen() -> None:
    glass = Glass()
    screen = Screen(glass.console)
    screen.below([Text("x" * 100)] * 20, "y" * 99 + "end")
    assert len(glass.rows) == 9
    assert all(len(row) < WIDTH for row in glass.rows)
    assert glass.rows[-1].startswith("> …y")
    assert glass.rows[-1].endswith("yend")


def test_wide_letters_are_counted_twice() -> None:
    glass = Glass()
    Screen(glass.console).below([], "語" * 50)
    assert len(glass.rows[-1]) <= WIDTH // 2 + 2


def test_paper_has_no_colours_and_no_pictures() -> None:
    written = StringIO()
    paper = Paper(Console(file=written, force_terminal=True, width=10))
    paper.show([Text("a line that is longer than the paper", "red")])
    paper.below([Text("Unlock")], "typed")
    assert written.getvalue() == "a line that is longer than the paper\n"
