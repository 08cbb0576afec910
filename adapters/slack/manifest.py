"""The app manifest: what Slack needs to know of Cuebook, to be pasted once. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from adapters.slack.scopes import AGENT, SCOPES, names

EVENTS: Final = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "message.channels",
    "message.groups",
    "message.im",
    "message.mpim",
    "tokens_revoked",
)
AGENT_EVENTS: Final = ("agent_session_stopped",)
MANY_EVENTS: Final = ("team_access_granted", "team_access_revoked")
"""An organisation that installed it says in which of its workspaces it may act."""
COMMAND: Final = "/cuebook"
LONGEST_NAME: Final = 35
"""Slack: characters of an app's name."""
_PROMPTS: Final = (
    {"title": "What can you do?", "message": "help"},
    {"title": "Start over", "message": "start over"},
)

Json = dict[str, Any]


def manifest(*, name: str = "Cuebook", url: str = "", agent: bool = False, many: bool = False) -> Json:
    """The manifest of an app that Slack reaches at `url`, or by Socket Mode where that is empty.

    `agent`: with Slack's agent view. `many`: workspaces install it themselves, so tokens expire
    and whole organisations may take it.
    """
    site = url.rstrip("/")
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": name,
            "description": "Chats that run runbooks and show their progress",
            "background_color": "#1d3557",
        },
        "features": _features(name, site, agent=agent),
        "oauth_config": _oauth(site, agent=agent),
        "settings": _settings(site, agent=agent, many=many),
    }


def _features(name: str, site: str, *, agent: bool) -> Json:
    command: Json = {
        "command": COMMAND,
        "description": "Start a chat or a runbook, and see what is going on",
        "usage_hint": "[list | start PROFILE | run RUNBOOK | status | cancel RUN | help]",
        "should_escape": True,
    }
    view = {
        "agent_view": {
            "agent_description": "Runs chat flows and runbooks, and reports their progress in the thread.",
            "suggested_prompts": list(_PROMPTS),
        }
    }
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": name, "always_online": True},
        "shortcuts": [
            {
                "name": "Start a chat",
                "type": "global",
                "callback_id": "cuebook_start",
                "description": "Choose a chat or a runbook and start it",
            },
            {
                "name": "Use this message",
                "type": "message",
                "callback_id": "cuebook_on_message",
                "description": "Start a runbook with this message",
            },
        ],
        "slash_commands": [command | ({"url": _events_at(site)} if site else {})],
        **(view if agent else {}),
    }


def _oauth(site: str, *, agent: bool) -> Json:
    bot = {"scopes": {"bot": names((*SCOPES, *AGENT) if agent else SCOPES)}}
    return bot | ({"redirect_urls": [f"{site}/slack/oauth_redirect"]} if site else {})


def _settings(site: str, *, agent: bool, many: bool) -> Json:
    at: Json = {"request_url": _events_at(site)} if site else {}
    events = sorted((*EVENTS, *(AGENT_EVENTS if agent else ()), *(MANY_EVENTS if many else ())))
    return {
        "event_subscriptions": {**at, "bot_events": events},
        "interactivity": {"is_enabled": True, **at},
        "org_deploy_enabled": many,
        "socket_mode_enabled": not site,
        "token_rotation_enabled": many,
    }


def _events_at(site: str) -> str:
    return f"{site}/slack/events"


def as_json(made: Json) -> str:
    """As JSON, which Slack takes too."""
    return json.dumps(made, indent=2, ensure_ascii=False)


def as_yaml(made: Json) -> str:
    """As YAML that every reader of it reads alike: names plain, texts quoted."""
    return "\n".join(_lines(made, 0))


def _lines(value: Json | list[Any], depth: int) -> list[str]:
    found: list[str] = []
    for name, inner in value.items() if isinstance(value, dict) else ((None, one) for one in value):
        begin = "  " * depth + ("-" if name is None else f"{name}:")
        if not isinstance(inner, dict | list):
            found.append(f"{begin} {json.dumps(inner, ensure_ascii=False)}")
            continue
        below = _lines(inner, depth + 1)
        if name is None and isinstance(inner, dict):
            below[0] = f"{begin} {below[0].lstrip()}"
            found.extend(below)
        else:
            found.extend([begin, *below])
    return found
