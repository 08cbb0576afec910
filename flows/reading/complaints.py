"""The parser's complaints in an author's words."""

from __future__ import annotations

from typing import Final

from ruamel.yaml.error import MarkedYAMLError


class Refusal(Exception):
    """Why a file, or a part of it, cannot be taken."""

    def __init__(
        self, code: str, message: str, hint: str = "", offset: int = 0, place: tuple[int, int] | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.offset, self.place = code, message, hint, offset, place


_WORDS: Final = (
    ("'\\t' that cannot start", "a tab stands here", "YAML indents with spaces"),
    ("that cannot start any token", "a text cannot begin with this character", "put the text in quotes"),
    ("mapping values are not allowed", "a `: ` stands where no key can be", "a text with `: ` in it needs quotes"),
    ("could not find expected ':'", "this is neither a key nor a part of what is above", "is a `:` missing?"),
    ("expected <block end>", "this does not continue what is above", "check the indentation and the quotes"),
    ("sequence entries are not allowed", "a `- ` stands where no list can be", "begin it on a line of its own"),
    ("did not find expected alphabetic", "`&` or `*` needs a name", "a text that begins with it needs quotes"),
    ("expected alphabetic or numeric", "`&` or `*` needs a name", "a text that begins with it needs quotes"),
    ("unknown escape character", "there is no such escape", "in double quotes a backslash is written twice"),
    ("expected escape sequence", "there is no such escape", "in double quotes a backslash is written twice"),
    ("undefined tag handle", "this tag is not read", "a text that begins with ! needs quotes"),
    ("expected '<document start>'", "nothing can follow here", "one file is one mapping of keys to values"),
    ("block sequence entries are not allowed", "a `- ` stands where no list can be", "check the indentation"),
    ("expected ',' or", "a `,` or the closing bracket is missing", "a text with brackets in it needs quotes"),
    ("expected the node content", "a value is missing here", "is a bracket not closed?"),
    ("directive", "a `%` directive has no meaning here", "take the line out"),
)  # fmt: skip
_OPENED: Final = {
    "quoted scalar": ("a quote opens here and is never closed", "close it, or write it twice inside '…'"),
    "flow sequence": ("a `[` opens here and is never closed", "a text that begins with [ needs quotes"),
    "flow mapping": ("a `{` opens here and is never closed", "a text that begins with { needs quotes"),
}


def explained(error: MarkedYAMLError, text: str) -> Refusal:
    """A syntax error as a finding at the place where the author must act."""
    problem, context = str(error.problem or ""), str(error.context or "")
    at_end = error.problem_mark is None or error.problem_mark.index >= len(text.rstrip("\x00 \n\r"))
    if at_end and error.context_mark is not None:
        for what, (message, hint) in _OPENED.items():
            if what in context:
                return Refusal("E002", message, hint, error.context_mark.index)
    mark = error.problem_mark or error.context_mark
    offset = min(mark.index, len(text)) if mark is not None else 0
    for phrase, message, hint in _WORDS:
        if phrase in problem:
            return Refusal("E002", message, hint, offset)
    return Refusal("E002", f"this is not YAML: {problem or context or 'unreadable'}", "", offset)
