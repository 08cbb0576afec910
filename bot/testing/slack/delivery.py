"""The two ways from Slack to an app: signed HTTP requests, and sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, Protocol, TypeAlias
from urllib.parse import urlencode

from aiohttp import ClientError

from bot.ports import Clock
from bot.testing.slack.signing import signed
from bot.testing.slack.sockets import Sockets
from bot.testing.slack.things import Json
from bot.testing.slack.world import World

Deliver: TypeAlias = Callable[[str, bytes, dict[str, str]], Awaitable[tuple[int, bytes]]]
"""(address, body, headers) → (status, body). May raise OSError, TimeoutError, ClientError."""

Kind: TypeAlias = Literal["events_api", "interactive", "slash_commands"]
PATIENCE: Final = 3.0  # s; then Slack stops listening
MOST_SOCKETS_TRIED: Final = 5


class Retry(NamedTuple):
    """That this comes again: how often it has come before, and why it comes again."""

    number: int
    reason: str


class Answer(NamedTuple):
    """What the app said. `status` 0: nothing; then `reason` says why, in Slack's word."""

    status: int
    body: bytes = b""
    reason: str = ""

    @property
    def ok(self) -> bool:
        """Slack counts it as delivered."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Json | None:
        """The body, if it is a JSON object."""
        try:
            found = json.loads(self.body or b"null")
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


class Way(Protocol):
    """How an app is reached."""

    async def send(
        self, kind: Kind, payload: Json, retry: Retry | None = None, at: int | None = None
    ) -> Answer:
        """Hand it over once. `at`: seconds since 1970 for the signature. Never raises for what
        the app does."""
        ...


@dataclass
class OverHttp:
    """Requests to the app's address, signed. `deliver` makes them."""

    url: str
    deliver: Deliver
    secret: str
    clock: Clock
    patience: float = PATIENCE

    async def send(
        self, kind: Kind, payload: Json, retry: Retry | None = None, at: int | None = None
    ) -> Answer:
        """See `Way`."""
        body, content_type = written(kind, payload)
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            **signed(self.secret, body, self.clock.now() // 1000 if at is None else at),
        }
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry.number), "X-Slack-Retry-Reason": retry.reason}
        try:
            async with asyncio.timeout(self.patience):
                status, answer = await self.deliver(self.url, body, headers)
        except TimeoutError:
            return Answer(0, reason="http_timeout")
        except (OSError, ClientError):
            return Answer(0, reason="connection_failed")
        return Answer(status, answer, "" if 200 <= status < 300 else "http_error")


def written(kind: Kind, payload: Json) -> tuple[bytes, str]:
    """(body, content type) as Slack writes them."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urlencode(fields).encode(), "application/x-www-form-urlencoded"


@dataclass
class OverSockets:
    """Envelopes to the app's sockets. What is not acknowledged because its socket went away comes
    again on another."""

    world: World
    sockets: Sockets
    patience: float = PATIENCE

    async def send(
        self, kind: Kind, payload: Json, retry: Retry | None = None, at: int | None = None
    ) -> Answer:
        """See `Way`."""
        number, reason = retry or (0, "")
        for tries in range(MOST_SOCKETS_TRIED):
            if not self.sockets.open:
                break
            ack = await self._push(kind, payload, number + tries, reason or ("timeout" if tries else ""))
            if ack is not None:
                inside: Any = ack.get("payload")
                body = inside if isinstance(inside, str) else json.dumps(inside) if inside else ""
                return Answer(200, body.encode())
            if self.sockets.frames[-1].connection in [one.number for one in self.sockets.open]:
                break  # it heard, and said nothing
        return Answer(0, reason="timeout")

    async def _push(self, kind: Kind, payload: Json, number: int, reason: str) -> Json | None:
        envelope: Json = {
            "envelope_id": self.world.new("env-"),
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": number, "retry_reason": reason}
        return await self.sockets.push(envelope, self.patience)
