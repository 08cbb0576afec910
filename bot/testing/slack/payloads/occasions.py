"""Events that are no messages."""

from __future__ import annotations

from collections.abc import Iterator

from bot.testing.slack.envelope import VERIFICATION
from bot.testing.slack.payloads.ids import PARENT, SECONDS, TS, Ids, Payload
from bot.testing.slack.things import Json


def life(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """The app's own life: pages, memberships, installations."""
    member = {"channel": ids.channel, "channel_type": "C", "team": ids.team}
    home = {"type": "home", "id": "V0PAYLOAD", "team_id": ids.team, "blocks": [], "hash": "1.a"}
    opened = {"type": "app_home_opened", "user": ids.user, "channel": ids.direct}
    for name, event in (
        ("app_home_opened", {**opened, "tab": "home", "view": home}),
        ("app_home_opened messages", {**opened, "tab": "messages"}),
        ("member_joined_channel", {"type": "member_joined_channel", "user": ids.bot, **member}),
        ("member_left_channel", {"type": "member_left_channel", "user": ids.bot, **member}),
        ("app_uninstalled", {"type": "app_uninstalled"}),
        ("tokens_revoked", {"type": "tokens_revoked", "tokens": {"oauth": ["U0PERSON1"], "bot": [ids.bot]}}),
    ):
        yield name, ids.event(name, event)
    for name in ("team_access_granted", "team_access_revoked"):
        yield name, ids.event(name, {"type": name, "team_ids": [ids.team]}, **_org_wide(ids))


def others(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Reactions, agents, functions, files, metadata."""
    item = {"type": "message", "channel": ids.channel, "ts": TS}
    reaction = {"type": "reaction_added", "user": ids.user, "reaction": "white_check_mark", "item": item}
    thread = _assistant_thread(ids)
    for name, event in (
        ("reaction_added", {**reaction, "item_user": ids.bot}),
        ("reaction_added own", {**reaction, "user": ids.bot, "item_user": ids.user}),
        ("assistant_thread_started", {"type": "assistant_thread_started", "assistant_thread": thread}),
        (
            "assistant_thread_context_changed",
            {"type": "assistant_thread_context_changed", "assistant_thread": thread},
        ),
        (
            "agent_session_stopped",
            {
                "type": "agent_session_stopped",
                "channel": ids.channel,
                "thread_ts": PARENT,
                "user": ids.user,
                "streaming_message_ts": [TS],
            },
        ),
        ("function_executed", _function(ids)),
        ("message_metadata_posted", _metadata(ids)),
        (
            "file_shared",
            {
                "type": "file_shared",
                "channel_id": ids.channel,
                "file_id": "F0PAYLOAD",
                "user_id": ids.user,
                "file": {"id": "F0PAYLOAD"},
            },
        ),
        ("unknown_event", {"type": "something_new", "user": ids.user}),
    ):
        yield name, ids.event(name, event)


def without_event(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """What comes to the same address and is no event."""
    verification = {"token": VERIFICATION, "challenge": "3eZbrw1aB10", "type": "url_verification"}
    yield "url_verification", Payload("events_api", verification)
    limited = {
        "token": VERIFICATION,
        "type": "app_rate_limited",
        "team_id": ids.team,
        "minute_rate_limited": SECONDS,
        "api_app_id": ids.app,
    }
    yield "app_rate_limited", Payload("events_api", limited)


def _org_wide(ids: Ids) -> Json:
    authorization = {
        **ids.authorization(),
        "enterprise_id": ids.enterprise,
        "team_id": None,
        "is_enterprise_install": True,
    }
    return {"team_id": None, "enterprise_id": ids.enterprise, "authorizations": [authorization]}


def _assistant_thread(ids: Ids) -> Json:
    return {
        "user_id": ids.user,
        "context": {"channel_id": ids.channel, "team_id": ids.team, "enterprise_id": None},
        "channel_id": ids.direct,
        "thread_ts": PARENT,
    }


def _function(ids: Ids) -> Json:
    return {
        "type": "function_executed",
        "function": {
            "id": "Fn0PAYLOAD",
            "callback_id": "start_runbook",
            "title": "Start a runbook",
            "description": "",
            "type": "app",
            "input_parameters": [{"type": "slack#/types/user_id", "name": "user", "is_required": True}],
            "output_parameters": [],
            "app_id": ids.app,
            "date_updated": SECONDS,
        },
        "inputs": {"user": ids.user},
        "function_execution_id": "Fx0PAYLOAD",
        "workflow_execution_id": "Wx0PAYLOAD",
        "bot_access_token": "a token for this function alone",
    }


def _metadata(ids: Ids) -> Json:
    return {
        "type": "message_metadata_posted",
        "app_id": "A0OTHER",
        "bot_id": "B0OTHER",
        "user_id": "U0OTHERBOT",
        "team_id": ids.team,
        "channel_id": ids.channel,
        "metadata": {"event_type": "alarm", "event_payload": {"severity": "high", "count": 3}},
        "message_ts": TS,
    }
