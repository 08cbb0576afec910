"""Frames of Socket Mode, as they stand on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.testing.slack.payloads.ids import Ids, Payload
from bot.testing.slack.things import Json

LARGE: Final = 60_000  # characters of the largest


def frames(ids: Ids, payloads: Mapping[str, Payload]) -> dict[str, Json]:
    """hello, the farewells, and envelopes of every type; one retried, one large."""
    first = payloads["message"]
    large = ids.event("message large", {**first.body["event"], "text": "x" * LARGE})
    debug = {"host": "applink-payload", "build_number": 1, "approximate_connection_time": 18060}
    hello = {
        "type": "hello",
        "num_connections": 1,
        "debug_info": debug,
        "connection_info": {"app_id": ids.app},
    }
    farewells = {
        f"disconnect {reason}": {"type": "disconnect", "reason": reason, "debug_info": debug}
        for reason in ("warning", "refresh_requested", "too_many_websockets", "link_disabled")
    }
    return {
        "hello": hello,
        **farewells,
        "events_api": {**enveloped(first, "1"), "retry_attempt": 0, "retry_reason": ""},
        "events_api retry": {**enveloped(first, "2"), "retry_attempt": 1, "retry_reason": "timeout"},
        "slash_commands": enveloped(payloads["command"], "3"),
        "interactive shortcut": enveloped(payloads["shortcut"], "4"),
        "interactive block_actions": enveloped(payloads["block_actions"], "5"),
        "events_api large": {**enveloped(large, "6"), "retry_attempt": 0, "retry_reason": ""},
    }


def enveloped(payload: Payload, number: str) -> Json:
    """A payload in an envelope."""
    return {
        "envelope_id": f"00000000-0000-4000-8000-00000000000{number}",
        "type": payload.kind,
        "payload": payload.body,
        "accepts_response_payload": payload.kind != "events_api",
    }
