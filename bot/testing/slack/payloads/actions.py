"""Commands, buttons, lists and shortcuts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.testing.slack.envelope import VERIFICATION
from bot.testing.slack.payloads.ids import LATER, PARENT, TS, Ids, Payload, plain
from bot.testing.slack.things import Json


def commands(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """A command in a workspace, and one where the app is installed in a whole organisation."""
    command = {
        "token": VERIFICATION,
        "team_id": ids.team,
        "team_domain": "the-company",
        "channel_id": ids.channel,
        "channel_name": "desk",
        "user_id": ids.user,
        "user_name": "ann",
        "command": "/cuebook",
        "text": "list",
        "api_app_id": ids.app,
        "is_enterprise_install": "false",
        "response_url": ids.response_url("command"),
        "trigger_id": "111.222.command",
    }
    yield "command", Payload("slash_commands", command)
    wide = {
        **command,
        "enterprise_id": ids.enterprise,
        "enterprise_name": "The whole company",
        "is_enterprise_install": "true",
        "channel_id": ids.direct,
        "channel_name": "directmessage",
        "text": "",
        "trigger_id": "111.222.wide",
    }
    yield "command org-wide", Payload("slash_commands", wide)


def block_actions(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Buttons and lists, wherever they may stand."""
    yield "block_actions", _pressed(ids, "plain")
    thread = {**_container(ids), "thread_ts": PARENT}
    message = {**_message(ids), "thread_ts": PARENT, "parent_user_id": ids.user}
    yield "block_actions in thread", _pressed(ids, "thread", container=thread, message=message)
    yield "block_actions in view", _in_view(ids)
    values = {
        "choices": {
            "rb:pick": {"type": "static_select", "selected_option": _option("Red", "r")},
            "rb:several": {"type": "checkboxes", "selected_options": [_option("A", "a"), _option("B", "b")]},
        },
        "dates": {"day": {"type": "datepicker", "selected_date": "2026-01-02"}},
    }
    yield "block_actions with state", _pressed(ids, "state", state={"values": values})
    yield (
        "block_actions org-wide",
        _pressed(
            ids,
            "wide",
            team=None,
            enterprise={"id": ids.enterprise, "name": "The whole company"},
            is_enterprise_install=True,
        ),
    )
    function = {
        "function_data": {
            "execution_id": "Fx0PAYLOAD",
            "function": {"callback_id": "start_runbook"},
            "inputs": {"user": ids.user},
        },
        "bot_access_token": "a token for this function alone",
        "interactivity": {
            "interactor": {"id": ids.user, "secret": "who pressed"},
            "interactivity_pointer": "111.222.pointer",
        },
    }
    yield "block_actions from function", _pressed(ids, "function", **function)
    several = [_action("rb:unlock", "v-1"), _action("rb:other", "v-2")]
    yield "block_actions several", _pressed(ids, "several", actions=several)
    ephemeral = {**_container(ids), "is_ephemeral": True}
    pressed = _pressed(ids, "ephemeral", container=ephemeral)
    del pressed.body["message"]
    yield "block_actions ephemeral", pressed


def others(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Lists that the app fills, and shortcuts."""
    yield (
        "block_suggestion",
        ids.interaction(
            "block_suggestion",
            container=_container(ids),
            channel={"id": ids.channel, "name": "desk"},
            message=_message(ids),
            action_id="rb:who",
            block_id="who",
            value="an",
        ),
    )
    yield (
        "shortcut",
        ids.interaction(
            "shortcut", action_ts=LATER, callback_id="runbook_start", trigger_id="111.222.shortcut"
        ),
    )
    yield (
        "message_action",
        ids.interaction(
            "message_action",
            action_ts=LATER,
            callback_id="runbook_on_message",
            trigger_id="111.222.message",
            response_url=ids.response_url("message"),
            message_ts=TS,
            channel={"id": ids.channel, "name": "desk"},
            message={"type": "message", "user": ids.user, "ts": TS, "text": "Printer!", "team": ids.team},
        ),
    )


def _pressed(ids: Ids, name: str, **more: Any) -> Payload:
    parts: Json = {
        "container": _container(ids),
        "trigger_id": f"111.222.{name}",
        "channel": {"id": ids.channel, "name": "desk"},
        "message": _message(ids),
        "state": {"values": {}},
        "response_url": ids.response_url(name),
        "actions": [_action("rb:unlock", "v-1")],
    }
    return ids.interaction("block_actions", **{**parts, **more})


def _in_view(ids: Ids) -> Payload:
    view: Json = {
        "id": "V0PAYLOAD",
        "team_id": ids.team,
        "type": "modal",
        "title": plain("Start"),
        "blocks": [],
        "callback_id": "start",
        "private_metadata": "",
        "hash": "1.a",
        "state": {"values": {}},
        "root_view_id": "V0PAYLOAD",
        "previous_view_id": None,
        "app_id": ids.app,
        "bot_id": ids.bot_id,
    }
    return ids.interaction(
        "block_actions",
        container={"type": "view", "view_id": "V0PAYLOAD"},
        trigger_id="111.222.view",
        view=view,
        actions=[_action("rb:more", "v-3")],
    )


def _container(ids: Ids) -> Json:
    return {
        "type": "message",
        "message_ts": TS,
        "channel_id": ids.channel,
        "is_ephemeral": False,
    }


def _message(ids: Ids) -> Json:
    buttons = {"type": "actions", "block_id": "menu", "elements": [_button("rb:unlock", "v-1")]}
    return {
        "type": "message",
        "user": ids.bot,
        "bot_id": ids.bot_id,
        "app_id": ids.app,
        "team": ids.team,
        "ts": TS,
        "text": "What can I do for you?",
        "blocks": [buttons],
    }


def _button(action: str, value: str) -> Json:
    return {"type": "button", "action_id": action, "value": value, "text": plain("Unlock")}


def _action(action: str, value: str) -> Json:
    return {**_button(action, value), "block_id": "menu", "action_ts": LATER}


def _option(text: str, value: str) -> Json:
    return {"text": plain(text), "value": value}
