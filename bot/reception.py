"""What a platform asks of the house on top of `bot.ports.Engine`, where people already are.

On a web page a chat begins with the page. In a place like Slack there are rooms, commands and
people with a past: an adapter finds the chat of a room, begins runbooks by command and shows
a person what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from bot.ports import ChatView, Engine, Opened, Person, Progress
from bot.rows import Message
from flows.values import Json, Vars


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person may begin."""

    kind: Literal["profile", "runbook"]
    id: str
    name: str
    description: str = ""
    inputs: tuple[str, ...] = ()
    """Of a runbook."""


class RunView(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the person who asked for it sees it: its result, no data of its steps."""

    id: str
    runbook: str
    name: str
    state: str
    message: str
    chat: str
    created_at: int
    finished_at: int
    """0 while it is open."""
    cancellable: bool = False


class Reception(Engine, Protocol):
    """The same house as `Engine`, through its wider door."""

    async def open_run(
        self, runbook: str, given: Vars, person: Person, *, platform: str, address: str, id: str
    ) -> Opened:
        """Start a chat that executes one runbook: it asks for the inputs that are missing in
        `given`, shows the result and ends. The same `id` again is the same chat. Raises
        UnknownDefinition, NotAllowed, TooMuch."""
        ...

    async def at(self, platform: str, address: str) -> ChatView | None:
        """The newest open chat at an address; its `seq` is not looked up (0)."""
        ...

    async def question(self, chat: str) -> Message | None:
        """The newest line that asks what the chat waits to be answered; None: it asks nothing."""
        ...

    async def check_form(self, chat: str, prompt: str, values: Mapping[str, Json]) -> dict[str, str]:
        """What is wrong with a form that somebody wants to send, by field; empty: nothing, or
        the question is no longer open."""
        ...

    async def offers(self, person: Person) -> list[Offer]:
        """The profiles and runbooks that this person may begin now, by name."""
        ...

    async def runs_of(self, person: Person, limit: int = 10) -> list[RunView]:
        """What this person asked for, newest first."""
        ...

    async def run(self, run: str) -> Progress:
        """The picture of a run, final ones too. Raises NotFound."""
        ...
