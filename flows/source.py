"""One YAML file → plain values, and where each of them stands. Pure; hostile files welcome.

YAML 1.2 by ruamel's event parser, which knows the place of everything. Whatever a file holds,
reading it takes bounded time and ends in values or in findings: no exception leaves.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from flows.problems import Problem, Severity
from flows.reading.complaints import Refusal, explained
from flows.reading.composing import Composer
from flows.reading.decoding import LINE_BREAK, decoded, measure
from flows.reading.nodes import Entries, Loc, Node, Scalar, child, key_offset, plain
from flows.values import Json

MAX_PROBLEMS: Final = 100  # a file; more help nobody


class Source:
    """A file's text, its values, and what was wrong with it.

    `root` is None if nothing could be read; then `problems` says why.
    """

    root: Entries | None

    def __init__(self, path: str, raw: bytes | str) -> None:
        self.path, self.text, self.root = path, "", None
        self.problems: list[Problem] = []
        self._starts: list[int] = [0]
        try:
            self.text = decoded(raw)
            self._starts = [0, *(found.end() for found in LINE_BREAK.finditer(self.text))]
            measure(self.text, self._starts)
            self.root = self._compose()
        except Refusal as refusal:
            self._refuse(refusal)

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line of the text, from 1."""
        if not 1 <= number <= len(self._starts):
            return ""
        end = self._starts[number] if number < len(self._starts) else len(self.text)
        return self.text[self._starts[number - 1] : end]

    def problem(
        self, code: str, offset: int, message: str, hint: str = "", severity: Severity = "error"
    ) -> Problem:
        """A finding at an offset of this file."""
        line, col = self.place(offset)
        return Problem(code, severity, self.path, line, col, message, hint, self.line(line))

    def value(self) -> Json:
        """The document as plain values; an empty mapping if it could not be read."""
        return plain(self.root) if self.root is not None else {}

    def find(self, loc: Loc) -> Node | None:
        """The value at a place, if there is one."""
        node: Node | None = self.root
        for part in loc:
            node = child(node, part)
        return node

    def offset(self, loc: Loc, *, key: bool = False) -> int:
        """Where the value at `loc` begins, or its key, which also stands for an empty
        value; where `loc` leads nowhere, the deepest place on the way to it."""
        node: Node | None = self.root
        found = node.begin if node is not None else 0
        for index, part in enumerate(loc):
            at_key, node = key_offset(node, part), child(node, part)
            if node is None:
                return found
            wanted = (key and index == len(loc) - 1) or (isinstance(node, Scalar) and node.begin == node.end)
            found = at_key if wanted and at_key is not None else node.begin
        return found

    def offset_in(self, loc: Loc, token: str, nth: int = 0) -> int:
        """Where `token` stands for the nth time (from 0) inside the text at `loc`, as the
        author spelled it; the beginning of that text if escapes hide it."""
        node = self.find(loc)
        if not isinstance(node, Scalar):
            return self.offset(loc)
        position = node.begin - 1
        for _ in range(nth + 1):
            position = self.text.find(token, position + 1, node.end)
            if position < 0:
                return node.begin
        return position

    def _refuse(self, refusal: Refusal) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            return
        if refusal.place is None:
            found = self.problem(refusal.code, refusal.offset, refusal.message, refusal.hint)
        else:  # the text could not be decoded, so it has no offsets
            line, col = refusal.place
            found = Problem(refusal.code, "error", self.path, line, col, refusal.message, refusal.hint)
        self.problems.append(found)

    def _compose(self) -> Entries:
        composer = Composer(self.text, self._refuse)
        try:
            for event in YAML(typ="safe", pure=True).parse(self.text):
                composer.take(event)
        except MarkedYAMLError as error:
            raise explained(error, self.text) from error
        except _LEAKS as error:
            raise Refusal("E002", f"this is not YAML ({type(error).__name__})") from error
        return composer.result()


_LEAKS: Final = (
    YAMLError, ValueError, IndexError, KeyError, AttributeError, RecursionError, OverflowError, AssertionError,
)  # fmt: skip
"""What the parser lets out on hostile text (safety, fact 12)."""
