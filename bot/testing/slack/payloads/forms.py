"""Forms that were sent or closed, and their ancestors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.testing.slack.payloads.ids import LATER, TS, Ids, Payload, plain
from bot.testing.slack.things import Json


def views(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """view_submission and view_closed."""
    sent: Json = {"trigger_id": "111.222.form", "response_urls": []}
    yield "view_submission", ids.interaction("view_submission", view=_view(ids), **sent)
    hook = {
        "block_id": "where",
        "action_id": "channel",
        "channel_id": ids.channel,
        "response_url": ids.response_url("form"),
    }
    yield (
        "view_submission response_urls",
        ids.interaction("view_submission", view=_view(ids), **{**sent, "response_urls": [hook]}),
    )
    strange = ids.interaction("view_submission", view=_view(ids, app_installed_team_id="T0HOST"), **sent)
    strange.body["user"]["team_id"] = "T0STRANGER"
    yield "view_submission connect", strange
    values = {
        "login": {"text": {"type": "plain_text_input", "value": None}},
        "who": {"pick": {"type": "users_select", "selected_user": ids.user}},
        "when": {"at": {"type": "datetimepicker", "selected_date_time": 1_767_225_600}},
        "kind": {"one": {"type": "radio_buttons", "selected_option": None}},
    }
    yield (
        "view_submission many fields",
        ids.interaction(
            "view_submission",
            view=_view(ids, state={"values": values}, private_metadata='{"chat": "1"}'),
            **sent,
        ),
    )
    yield "view_closed", ids.interaction("view_closed", view=_view(ids), is_cleared=False)


def legacy(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Attachments with buttons, and dialogs: old, and still sent for old messages."""
    place = {"channel": {"id": ids.channel, "name": "desk"}, "action_ts": LATER}
    attachment = {
        "id": 1,
        "callback_id": "old",
        "fallback": "Old buttons",
        "actions": [{"id": "1", "name": "go", "text": "Go", "type": "button", "value": "go"}],
    }
    yield (
        "interactive_message",
        ids.interaction(
            "interactive_message",
            **place,
            actions=[{"name": "go", "type": "button", "value": "go"}],
            callback_id="old",
            message_ts=TS,
            attachment_id="1",
            is_app_unfurl=False,
            original_message={"type": "message", "text": "", "ts": TS, "attachments": [attachment]},
            response_url=ids.response_url("old"),
            trigger_id="111.222.old",
        ),
    )
    dialog = {**place, "callback_id": "old", "state": "kept", "response_url": ids.response_url("dialog")}
    yield (
        "dialog_submission",
        ids.interaction("dialog_submission", **dialog, submission={"login": "ann", "note": None}),
    )
    yield "dialog_cancellation", ids.interaction("dialog_cancellation", **dialog)


def _view(ids: Ids, **more: Any) -> Json:
    field = {
        "type": "input",
        "block_id": "login",
        "label": plain("Login"),
        "optional": False,
        "dispatch_action": False,
        "element": {"type": "plain_text_input", "action_id": "text"},
    }
    values = {"login": {"text": {"type": "plain_text_input", "value": "ann"}}}
    return {
        "id": "V0PAYLOAD",
        "team_id": ids.team,
        "type": "modal",
        "blocks": [field],
        "private_metadata": "",
        "callback_id": "start",
        "state": {"values": values},
        "hash": "1.a",
        "title": plain("Start"),
        "clear_on_close": False,
        "notify_on_close": True,
        "close": None,
        "submit": plain("Go"),
        "previous_view_id": None,
        "root_view_id": "V0PAYLOAD",
        "app_id": ids.app,
        "external_id": "",
        "app_installed_team_id": ids.team,
        "bot_id": ids.bot_id,
        **more,
    }
