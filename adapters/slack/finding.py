"""Looks for a message of ours in Slack by the metadata that it carries.

For the one case in which nobody knows whether a post went through: the connection broke, or
the process died between Slack's answer and our note of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from adapters.slack.address import Address
from adapters.slack.outgoing import Arguments, Outgoing

PAGE: Final = 200
"""Messages looked through."""
SKEW: Final = 60_000
"""ms by which Slack's clock and ours may differ."""


class Finder:
    """`room(place)` is Slack's own id of a place's room: reading takes no person's id."""

    def __init__(self, outgoing: Outgoing, room: Callable[[Address], Awaitable[str]]) -> None:
        self._outgoing, self._room = outgoing, room

    async def find(self, place: Address, since: int, payload: dict[str, str]) -> str:
        """`CHANNEL:TS` of a message whose metadata holds `payload`, posted since (ms); empty if
        there is none. Raises DeliveryErrors; Declined where we may not look."""
        channel = await self._room(place)
        arguments: Arguments = {
            "channel": channel,
            "oldest": f"{max(0, since - SKEW) / 1000:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        method = "conversations.history"
        if place.thread:
            method, arguments["ts"] = "conversations.replies", place.thread
        answer = await self._outgoing.call(place.workspace, method, lambda: arguments)
        for message in (answer or {}).get("messages", ()):
            carried = _payload(message)
            if all(carried.get(name) == value for name, value in payload.items()):
                return f"{channel}:{message.get('ts', '')}"
        return ""


def _payload(message: Any) -> dict[str, Any]:
    metadata = message.get("metadata") if isinstance(message, dict) else None
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    return payload if isinstance(payload, dict) else {}
