"""Bytes → text, within bounds."""

from __future__ import annotations

import re
from typing import Final

from flows.reading.complaints import Refusal

MAX_BYTES: Final = 1 << 20
MAX_LINES: Final = 20_000
MAX_WORDS: Final = 100_000
LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")

_WORD: Final = re.compile(r"\S+")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_OTHER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_SMALLER: Final = "make several files of it"


def decoded(raw: bytes | str) -> str:
    """The text, without a byte order mark. Refusal if it is not UTF-8 or too large."""
    if len(raw) > MAX_BYTES:
        raise Refusal("E003", f"the file is larger than {MAX_BYTES >> 20} MiB", _SMALLER, place=(1, 1))
    if isinstance(raw, str):
        return raw.removeprefix("\ufeff")
    if raw.startswith(_OTHER_MARKS):
        raise Refusal("E001", "the file is UTF-16 or UTF-32", "save it as UTF-8", place=(1, 1))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(raw) from error


def measure(text: str, starts: list[int]) -> None:
    """Refuse what would take long to read. `starts`: where each line begins."""
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        hint = "save the file as UTF-8" if bad[0] == "\x00" else "take it out"
        raise Refusal("E001", f"the character U+{ord(bad[0]):04X} cannot be in the file", hint, bad.start())
    if len(starts) > MAX_LINES + 1:
        raise Refusal("E003", f"more than {MAX_LINES} lines", _SMALLER, starts[MAX_LINES])
    if sum(1 for _ in _WORD.finditer(text)) > MAX_WORDS:
        raise Refusal("E003", f"more than {MAX_WORDS} words", _SMALLER)


def _not_utf8(raw: bytes) -> Refusal:
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        raw.decode("utf-8")
        at = 0
    except UnicodeDecodeError as error:
        at = error.start
    lines = LINE_BREAK.split(raw[:at].decode("utf-8"))
    message = f"the byte 0x{raw[at]:02x} is not UTF-8"
    return Refusal("E001", message, "save the file as UTF-8", place=(len(lines), len(lines[-1]) + 1))
