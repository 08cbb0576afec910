"""The seams of the `bot` room: what the runtime needs from the world, promised in words.

Every port has a contract suite in `tests/contract/` that each implementation runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

import msgspec

from bot.rows import Message, Row, Run
from flows.effects import Call
from flows.events import CallAnswered, Said

R = TypeVar("R", bound=Row)
Cell: TypeAlias = str | int


# --- the store -------------------------------------------------------------------------


class Insert(msgspec.Struct, frozen=True):
    """A new row. `Duplicate` if its key or a unique index exists."""

    row: Row


class Change(msgspec.Struct, frozen=True):
    """Set cells of the one row of `table` that equals `where` in every named cell.

    `Conflict` unless exactly one row matched. A tuple in `where` means "one of".
    """

    table: type[Row]
    where: Mapping[str, Cell | tuple[Cell, ...]]
    set: Mapping[str, Cell]


class Append(msgspec.Struct, frozen=True):
    """Lines for one chat's transcript, numbered by the store in the order given.

    The chat's `seq` grows by as many and `heard_at` becomes `heard_at` if that is not 0.
    With `outbox` an Outbox row per line goes in too, its `seq` filled. `Conflict` if the
    chat does not exist.
    """

    chat: str
    lines: Sequence[Message]
    heard_at: int = 0
    outbox: tuple[str, str] | None = None
    """(platform, address)."""
    stamp: str | None = None
    """Id of an Inbox row inserted earlier in the unit whose `seq` becomes the first line's."""


class Delete(msgspec.Struct, frozen=True):
    """Remove all rows of `table` that equal `where`. None is fine."""

    table: type[Row]
    where: Mapping[str, Cell | tuple[Cell, ...]]


Op: TypeAlias = Insert | Change | Append | Delete


class Committed(msgspec.Struct, frozen=True):
    """`lines`: every message appended by the unit, with its seq, in order."""

    lines: tuple[Message, ...] = ()


class Store(Protocol):
    """The one truth. A unit is all or nothing and durable when `commit` returns."""

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """Apply `unit` in order, atomically. Raises Conflict, Duplicate, StoreUnavailable;
        then nothing of it was written and other units are unharmed. Cancelling the caller
        does not undo it and harms nobody."""
        ...

    async def get(self, table: type[R], **key: Cell) -> R | None:
        """The row with this primary key. Sees every commit that returned before."""
        ...

    async def find(
        self,
        table: type[R],
        *,
        order: str = "",
        limit: int = 1000,
        above: Mapping[str, Cell] | None = None,
        upto: Mapping[str, Cell] | None = None,
        **equal: Cell | tuple[Cell, ...],
    ) -> list[R]:
        """Rows equal in every named cell (a tuple: one of), with cells > `above` and
        <= `upto`, by `order` (a column, `-column` for descending; default: insertion)."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then let go of the database."""
        ...


# --- time ------------------------------------------------------------------------------


class Clock(Protocol):
    """Time as a parameter. Wall time for what is stored, an alarm for what is due."""

    def now(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        """Call `ring` once, at or soon after `at`, on the loop. A new alarm replaces the
        one with the same key. Alarms are not durable: rows hold what is due."""
        ...

    def cancel(self, key: str) -> None:
        """Forget an alarm; unknown keys are fine."""
        ...


# --- outside systems -------------------------------------------------------------------


class Connectors(Protocol):
    """Performs calls. One implementation talks HTTP; another answers from a test's stubs."""

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """Do it and say how it went: `ok=False` with `error` for every failure, whatever
        its kind. Never raises but for cancellation. `definition`: hash of the connector."""
        ...


# --- people and platforms --------------------------------------------------------------


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who is in the chat. Comes from the platform or a signed token, never from input."""

    kind: Literal["anonymous", "authenticated", "agent"]
    id: str
    name: str = ""
    email: str = ""


class Inbound(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a person did, as an adapter understood it.

    `id` is the platform's own (cmid, event id): the same id again changes nothing.
    """

    chat: str
    id: str
    said: Said
    source: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """It is durable. `seq`: of the person's own line, the same for a repeat."""

    seq: int
    duplicate: bool = False


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A chat was opened (or found again, by platform and address)."""

    chat: str
    seq: int
    new: bool


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """A replaceable picture of a run at work: no seq, sent whole again on resume."""

    run: str
    runbook: str
    title: str
    rev: int
    state: str
    steps: tuple[ProgressStep, ...]
    cancellable: bool = False
    """By whoever asked for it."""
    by_agents: bool = False
    """Agents may stop it, too."""
    parent: str = ""
    """The run that started it, if one did."""


class ProgressStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step that the run has entered; `title` is the author's, else empty."""

    id: str
    kind: str
    title: str
    status: Literal["working", "done", "failed"]


Live: TypeAlias = Message | Progress


class Bus(Protocol):
    """Wakes readers of a chat. A hint only: the data is the chat's gap-free seq."""

    def publish(self, chat: str, item: Live) -> None:
        """Tell all subscribers now; never blocks, never raises."""
        ...

    def subscribe(self, chat: str, hear: Callable[[Live], None]) -> Callable[[], None]:
        """Call `hear` for every item from now on, in order; returns the way to stop."""
        ...


class Engine(Protocol):
    """What an adapter may ask of the house. The only door for people."""

    async def open(
        self, profile: str, person: Person, *, platform: str, address: str = "", id: str = ""
    ) -> Opened:
        """Start a chat, run its first turn. With an `address` that has an open chat with
        this profile, that one. Raises UnknownDefinition, NotAllowed, TooMuch."""
        ...

    async def receive(self, inbound: Inbound) -> Receipt:
        """Take what a person did; returns once it is durable: acknowledge after that.
        Raises NotFound, TooMuch, StoreUnavailable."""
        ...

    async def cancel(self, chat: str, run: str, person: Person) -> bool:
        """Stop a run of this chat. False: it is final already. Raises NotAllowed, NotFound."""
        ...

    async def messages(self, chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        """The transcript after a seq, in order."""
        ...

    async def progress(self, chat: str) -> list[Progress]:
        """The runs of this chat that are at work now."""
        ...

    async def look(self, chat: str) -> ChatView:
        """Raises NotFound."""
        ...


class ChatView(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter may know of a chat."""

    id: str
    profile: str
    profile_name: str
    person: Person
    seq: int
    ended: bool
    waiting: bool
    prompt: str
    """The id of the open question, or empty."""
    secret: bool = False
    """Words that answer it are a secret: nobody should see them being typed."""
    platform: str = ""
    address: str = ""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One transcript line for a platform that must be handed it."""

    address: str
    message: Message
    ref: str = ""
    """The platform's reference if it was sent before and may be edited."""
    id: str = ""
    """The same for every try."""
    doubtful: bool = False
    """An earlier try may have gone through unheard: look before sending it again."""


class Adapter(Protocol):
    """One chat platform."""

    platform: str
    reads_log: bool
    """True: its clients read the transcript themselves; it gets no outbox rows."""

    async def send(self, delivery: Delivery) -> str:
        """Hand over one line; returns the platform's reference. Raises RetryLater or
        Undeliverable, never a platform's own error. Never called where `reads_log`."""
        ...

    def show(self, address: str, chat: str, picture: Progress) -> None:
        """A run of a chat looks like this now. Each picture replaces the one before; the one
        of its end comes last. Never blocks, never raises. Never called where `reads_log`."""
        ...


Spawn: TypeAlias = Callable[[Awaitable[Any], str], None]
