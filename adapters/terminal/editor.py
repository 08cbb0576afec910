"""Bytes of a terminal or a pipe to lines. Pure.

With `echo` the program shows what is typed itself, so that lines which come meanwhile do not
tear it apart; then the few keys that people use to mend a line mean what they always do.
"""

from __future__ import annotations

import codecs
from typing import Final
from unicodedata import combining

KEPT: Final = 64_000
"""Characters of one line that are kept: enough to see that it is too long."""
_ENTER, _BACK, _END = "\r\n", "\x08\x7f", "\x04"
_CLEAR, _WORD, _ESCAPE = "\x15", "\x17", "\x1b"


class Editor:
    """Takes what was read, gives the lines that are whole; `typed` is the one that is not."""

    def __init__(self, *, keys: bool) -> None:
        """`keys`: a terminal's keys edit the line; else every character but a line's end is
        text."""
        self._keys = keys
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._escape = ""
        self._after_return = False
        self.typed = ""
        self.ended = False
        """Nothing more comes: Ctrl-D on an empty line, or the end of the input."""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes; no data is the end of the input."""
        lines: list[str] = []
        for char in self._decode(data, final=not data):
            self._take(char, lines)
            if self.ended:
                return lines
        if not data:
            self.ended = True
            lines += [self._finished()] if self.typed else []
        return lines

    def _take(self, char: str, lines: list[str]) -> None:
        pair, self._after_return = self._after_return and char == "\n", char == "\r"
        if pair:
            return
        if self._escape:
            self._sequence(char)
        elif char in _ENTER:
            lines.append(self._finished())
        elif not self._keys:
            self._add(char)
        else:
            self._key(char)

    def _key(self, char: str) -> None:
        if char in _BACK:
            self.typed = _without_last(self.typed)
        elif char == _CLEAR:
            self.typed = ""
        elif char == _WORD:
            self.typed = self.typed.rstrip().rpartition(" ")[0]
            self.typed += " " if self.typed else ""
        elif char == _END:
            self.ended = not self.typed
        elif char == _ESCAPE:
            self._escape = char
        elif char == "\t" or char >= " ":
            self._add(" " if char == "\t" else char)

    def _sequence(self, char: str) -> None:
        """Arrows and their like are taken and do nothing: `ESC [ … letter`, `ESC O letter`."""
        opening = len(self._escape) == 1 and char in "[O"
        over = not opening and (len(self._escape) == 1 or self._escape[1] == "O" or "@" <= char <= "~")
        self._escape = "" if over else self._escape + char

    def _add(self, char: str) -> None:
        if len(self.typed) < KEPT:
            self.typed += char

    def _finished(self) -> str:
        line, self.typed = self.typed, ""
        return line


def _without_last(text: str) -> str:
    """Without the last letter and the marks that stand on it."""
    while text and (combining(text[-1]) or text[-1] in "\u200d\ufe0f"):
        text = text[:-1]
    return text[:-1]
