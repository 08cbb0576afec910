"""Parser events → values with places. One stack, no recursion; every bound is checked here,
before anything large is built (safety, section 8).

Values are read as JSON would read them: a plain scalar is a number, `true`, `false` or nothing
only if it is spelled so, and a text otherwise. So `NO`, `0777`, `1.10`, `12:30` and dates stay
what the author wrote (safety, fact 12).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from flows.reading.complaints import Refusal
from flows.reading.nodes import Entries, Items, Node, Scalar
from flows.values import Json

MAX_NODES: Final = 20_000
MAX_DEPTH: Final = 50
MAX_ALIASES: Final = 100

_UNSTORABLE: Final = re.compile(r"[\x00\ud800-\udfff]")
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})", re.ASCII)
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}", re.ASCII)
_CONSTANTS: Final[dict[str, Json]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def resolved(text: str) -> Json:
    """A plain scalar as JSON would read it; a text if JSON would not (1.10 is not 1.1)."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text) and text != "-0":
        return int(text)
    if _DECIMAL.fullmatch(text) and repr(float(text)) == text:
        return float(text)
    return text


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come."""

    node: Entries | Items
    anchor: str | None
    counted: int
    key: tuple[str | None, int] | None = None


class Composer:
    """Takes the events of one file. `tell` hears every finding that does not stop it;
    Refusal is raised for those that do."""

    def __init__(self, text: str, tell: Callable[[Refusal], None]) -> None:
        self.text, self.tell = text, tell
        self.documents = self.nodes = self.aliases = 0
        self.root: Node | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}

    def result(self) -> Entries:
        """The file's mapping. Refusal if it is something else, or nothing."""
        if self.root is None or (isinstance(self.root, Scalar) and self.root.value is None):
            raise Refusal("E002", "the file is empty", "write at least `kind:` and `id:`")
        if not isinstance(self.root, Entries):
            raise Refusal(
                "E002", "a file is a mapping of keys to values", "begin with `kind:`", self.root.begin
            )
        return self.root

    def take(self, event: Event) -> None:
        """The next event."""
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, AliasEvent):
            self._alias(event)
        elif isinstance(event, ScalarEvent):
            self._untagged(event)
            self._count(event, 1)
            self._attach(self._scalar(event), event.anchor, 1, plain=_is_plain(event))
        elif isinstance(event, CollectionStartEvent):
            self._untagged(event)
            self._open(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            done = self.stack.pop()
            self._attach(done.node, done.anchor, self.nodes - done.counted + 1)

    def _document(self, event: DocumentStartEvent) -> None:
        self.documents += 1
        if self.documents > 1:
            raise Refusal("E002", "a second document begins here", "one file is one document", _begin(event))
        if event.tags or event.version not in (None, (1, 2)):
            raise Refusal("E002", "a `%` directive has no meaning here", "take the line out")

    def _untagged(self, event: ScalarEvent | CollectionStartEvent) -> None:
        tag = None if event.tag is None else str(event.tag)
        if tag is None or (tag == "!" and isinstance(event, ScalarEvent)):
            return
        written = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "take it out; a text that begins with ! needs quotes"
        self.tell(Refusal("E002", f"the tag `{short(written)}` is not read", hint, _begin(event)))

    def _scalar(self, event: ScalarEvent) -> Scalar:
        text = str(event.value)
        bad = _UNSTORABLE.search(text)
        if bad is not None:
            message = f"the character U+{ord(bad[0]):04X} cannot be kept"
            self.tell(Refusal("E002", message, "take it out", _begin(event)))
            text = _UNSTORABLE.sub("", text)
        return Scalar(_begin(event), event.end_mark.index, resolved(text) if _is_plain(event) else text)

    def _alias(self, event: AliasEvent) -> None:
        self.aliases += 1
        name, at = str(event.anchor), _begin(event)
        if self.aliases > MAX_ALIASES:
            raise Refusal("E003", f"more than {MAX_ALIASES} aliases", "write the values out", at)
        if name not in self.anchors:
            hint = "a text that begins with * needs quotes"
            raise Refusal("E002", f"`*{short(name)}` refers to nothing", hint, at)
        found = self.anchors[name]
        if found is None:
            raise Refusal("E002", f"`*{short(name)}` contains itself", "write the value out", at)
        self._count(event, found[1])
        self._attach(found[0], None, found[1])

    def _open(self, event: CollectionStartEvent) -> None:
        at = _begin(event)
        if len(self.stack) >= MAX_DEPTH:
            raise Refusal("E003", f"nested deeper than {MAX_DEPTH} levels", "make it flatter", at)
        self._count(event, 1)
        node = Entries(at) if isinstance(event, MappingStartEvent) else Items(at)
        if event.anchor is not None:
            self.anchors[event.anchor] = None  # not to be used before it is complete
        self.stack.append(_Open(node, event.anchor, self.nodes))

    def _count(self, event: Event, size: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            message = f"more than {MAX_NODES} values (aliases unfolded)"
            raise Refusal("E003", message, "make several files of it", _begin(event))

    def _attach(self, node: Node, anchor: str | None, size: int, *, plain: bool = False) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.root = node
            return
        parent = self.stack[-1]
        if isinstance(parent.node, Items):
            parent.node.items.append(node)
        elif parent.key is None:
            parent.key = self._key(parent.node, node, plain=plain)
        else:
            name, at = parent.key
            parent.key = None
            if name is not None:
                parent.node.entries[name] = (at, node)

    def _key(self, mapping: Entries, node: Node, *, plain: bool) -> tuple[str | None, int]:
        """The key, or None with a finding if it cannot be one."""
        if not isinstance(node, Scalar):
            return self._no_key(node, "a key is a text", "this one is a list or a mapping")
        if not isinstance(node.value, str):
            written = short(self.text[node.begin : node.end])
            return self._no_key(node, f"the key `{written}` is not a text", f'write "{written}" in quotes')
        if node.value == "<<" and plain:
            return self._no_key(node, "merge keys (`<<`) are not read", "write the keys out")
        if node.value in mapping.entries:
            first = self.text.count("\n", 0, mapping.entries[node.value][0]) + 1
            refusal = Refusal(
                "E004", f"the key `{short(node.value)}` is here twice", f"first in line {first}", node.begin
            )
            self.tell(refusal)
            return None, node.begin
        return node.value, node.begin

    def _no_key(self, node: Node, message: str, hint: str) -> tuple[None, int]:
        self.tell(Refusal("E002", message, hint, node.begin))
        return None, node.begin


def short(text: str) -> str:
    """At most 40 characters of it."""
    return text if len(text) <= 40 else text[:39] + "…"


def _begin(event: Event) -> int:
    return int(event.start_mark.index)


def _is_plain(event: ScalarEvent) -> bool:
    return event.style in (None, "")
