"""One payload of every kind that Slack sends, by its fields as documented. We are UBOT, BBOT, A1;
home is T1 in the organisation E1."""

from __future__ import annotations

from typing import Any

from adapters.slack.heard import Ours

OURS = Ours(bot_user="UBOT", bot_id="BBOT", app="A1")
Json = dict[str, Any]


def event(inner: Json, **more: Any) -> Json:
    """An event_callback as the Events API delivers it."""
    home = {"enterprise_id": "E1", "team_id": "T1", "user_id": "UBOT", "is_bot": True}
    return {
        "token": "x", "team_id": "T1", "enterprise_id": "E1", "api_app_id": "A1", "event": inner,
        "type": "event_callback", "event_id": "Ev1", "event_time": 1, "is_ext_shared_channel": False,
        "authorizations": [{**home, "is_enterprise_install": False}], "event_context": "4-x", **more,
    }  # fmt: skip


def message(text: str = "hello", **more: Any) -> Json:
    """A message of U1 in the room C1."""
    return {
        "client_msg_id": "m-1", "type": "message", "text": text, "user": "U1", "ts": "100.000200", "team": "T1",
        "blocks": [rich({"type": "text", "text": text})], "channel": "C1", "event_ts": "100.000200",
        "channel_type": "channel", **more,
    }  # fmt: skip


def rich(*elements: Json) -> Json:
    """A rich_text block."""
    return {
        "type": "rich_text",
        "block_id": "x",
        "elements": [{"type": "rich_text_section", "elements": [*elements]}],
    }


def direct(text: str = "hello", **more: Any) -> Json:
    """A message of U1 to us."""
    return message(text, channel="D1", channel_type="im", **more)


def use(kind: str, **more: Any) -> Json:
    """A payload of interactivity."""
    return {
        "type": kind, "api_app_id": "A1", "token": "x", "trigger_id": "1.2.abc", "action_ts": "7.7",
        "user": {"id": "U1", "username": "ada", "name": "ada", "team_id": "T1"},
        "team": {"id": "T1", "domain": "home", "enterprise_id": "E1", "enterprise_name": "Org"},
        "enterprise": {"id": "E1", "name": "Org"}, "is_enterprise_install": False, **more,
    }  # fmt: skip


def pressed(**more: Any) -> Json:
    """A button, as one of the `actions`."""
    return {
        "action_id": "cb:choose:1", "block_id": "b", "type": "button", "value": "POINTER", "action_ts": "9.9",
        "text": {"type": "plain_text", "text": "Yes &amp; no", "emoji": True}, **more,
    }  # fmt: skip


def press(*actions: Json, **more: Any) -> Json:
    """A press in a message of ours in C1."""
    posted = {
        "type": "message", "ts": "50.1", "text": "Which?", "bot_id": "BBOT", "user": "UBOT", "team": "T1",
        "blocks": [{"type": "actions", "block_id": "b", "elements": []}],
    }  # fmt: skip
    around = {
        "container": {"type": "message", "message_ts": "50.1", "channel_id": "C1", "is_ephemeral": False},
        "channel": {"id": "C1", "name": "ops"}, "message": posted, "actions": [*actions] or [pressed()],
        "response_url": "https://hooks.slack.com/actions/T1/1/x", "state": {"values": {}},
    }  # fmt: skip
    return use("block_actions", **{**around, **more})


def view(**more: Any) -> Json:
    """A modal of ours."""
    return {
        "id": "V1", "team_id": "T1", "type": "modal", "callback_id": "cb:form", "private_metadata": "POINTER",
        "hash": "1.h", "state": {"values": {}}, "app_installed_team_id": "T1", "app_id": "A1", "bot_id": "BBOT",
        "root_view_id": "V1", "previous_view_id": None, "external_id": "", **more,
    }  # fmt: skip


VALUES = {
    "name": {"x": {"type": "plain_text_input", "value": "Ada <b>"}},
    "kind": {"x": {"type": "static_select", "selected_option": {"text": {}, "value": "2"}}},
    "day": {"x": {"type": "datepicker", "selected_date": "2026-01-31"}},
    "sure": {"x": {"type": "radio_buttons", "selected_option": {"text": {}, "value": "true"}}},
    "count": {"x": {"type": "number_input", "value": "3"}},
    "some": {"x": {"type": "checkboxes", "selected_options": [{"value": "a"}, {"value": "b"}]}},
    "none": {"x": {"type": "plain_text_input", "value": None}},
    "nobody": {"x": {"type": "static_select", "selected_option": None}},
}
HOOKS = {"bot_id": "BOTHER", "app_id": "A9"}
ASSISTANT = {
    "user_id": "U1",
    "context": {"channel_id": "C2", "team_id": "T1"},
    "channel_id": "D1",
    "thread_ts": "3.3",
}
COMMAND = {
    "token": "x", "team_id": "T1", "team_domain": "home", "enterprise_id": "E1", "channel_id": "C1",
    "channel_name": "ops", "user_id": "U1", "user_name": "ada", "command": "/cuebook", "api_app_id": "A1",
    "text": "run reset user=<@U2|bob> note=a&amp;b", "is_enterprise_install": "false", "trigger_id": "1.2.cmd",
    "response_url": "https://hooks.slack.com/commands/T1/1/x",
}  # fmt: skip
FILE = {
    "id": "F1",
    "name": "log.txt",
    "mimetype": "text/plain",
    "permalink": "https://home.slack.com/files/F1",
}

SAMPLES: dict[str, tuple[Json, str]] = {
    "app_mention": (event({**message("<@UBOT> reset"), "type": "app_mention"}), "Wrote"),
    "app_mention shared": (event({**message("<@UBOT> hi", team="T9"), "type": "app_mention"}), "Wrote"),
    "app_mention by a bot": (event({**message("<@UBOT> hi", **HOOKS), "type": "app_mention"}), "Ignored"),
    "message room": (event(message()), "Ignored"),
    "message room mention": (event(message("hey <@UBOT>")), "Wrote"),
    "message thread": (event(message(thread_ts="90.1", parent_user_id="UBOT")), "Wrote"),
    "message im": (event(direct()), "Wrote"),
    "message im assistant thread": (event(direct(thread_ts="3.3", parent_user_id="UBOT")), "Wrote"),
    "message im action token": (event(direct(assistant_thread={"action_token": "1.2"})), "Wrote"),
    "message mpim": (event(message(channel_type="mpim", channel="G1")), "Ignored"),
    "message mpim mention": (event(message("<@UBOT> hi", channel_type="mpim", channel="G1")), "Wrote"),
    "message by a bot": (event(direct(**HOOKS)), "Ignored"),
    "message of ours": (event(direct(user="UBOT", bot_id="BBOT")), "Ignored"),
    "message of ours bare": (event(direct(user="UBOT")), "Ignored"),
    "message of slackbot": (event(direct(user="USLACKBOT")), "Ignored"),
    "message shared": (event(message(thread_ts="9.1", user_team="T9"), is_ext_shared_channel=True), "Wrote"),
    "file_share": (event(direct(subtype="file_share", files=[FILE])), "Wrote"),
    "thread_broadcast": (event(message(subtype="thread_broadcast", thread_ts="9.1", root={})), "Wrote"),
    "bot_message": (event(direct(subtype="bot_message", **HOOKS)), "Ignored"),
    "bot_message response_url": (event(message(subtype="bot_message", bot_id="BBOT")), "Ignored"),
    "channel_name": (event(message(subtype="channel_name", name="new", old_name="old")), "Ignored"),
    "channel_join": (event(message(subtype="channel_join")), "Ignored"),
    "me_message": (event(direct(subtype="me_message")), "Ignored"),
    "message_changed": (
        event(
            {
                "type": "message",
                "subtype": "message_changed",
                "hidden": True,
                "channel": "C1",
                "ts": "101.1",
                "channel_type": "channel",
                "message": message("new", edited={"user": "U1", "ts": "101.0"}),
                "previous_message": message("old"),
            }
        ),
        "Edited",
    ),
    "message_changed unfurl": (
        event(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "ts": "101.1",
                "message": message("<https://x.y>", attachments=[{}]),
                "previous_message": message("<https://x.y>"),
            }
        ),
        "Ignored",
    ),
    "message_changed ours": (
        event(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "ts": "101.1",
                "message": {"bot_id": "BBOT", "text": "b", "ts": "1.1"},
                "previous_message": {"bot_id": "BBOT", "text": "a", "ts": "1.1"},
            }
        ),
        "Ignored",
    ),
    "message_changed tombstone": (
        event(
            {
                "type": "message",
                "subtype": "message_changed",
                "channel": "C1",
                "ts": "101.1",
                "message": message("This message was deleted.", subtype="tombstone", user="USLACKBOT"),
                "previous_message": message("old"),
            }
        ),
        "Deleted",
    ),
    "message_deleted": (
        event(
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": "C1",
                "ts": "102.1",
                "deleted_ts": "100.000200",
                "previous_message": message("old"),
                "channel_type": "channel",
            }
        ),
        "Deleted",
    ),
    "message_deleted ours": (
        event(
            {
                "type": "message",
                "subtype": "message_deleted",
                "channel": "C1",
                "ts": "102.1",
                "deleted_ts": "1.1",
                "previous_message": message("old", bot_id="BBOT"),
            }
        ),
        "Ignored",
    ),
    "reaction_added": (
        event(
            {
                "type": "reaction_added",
                "user": "U1",
                "reaction": "white_check_mark",
                "item_user": "UBOT",
                "item": {"type": "message", "channel": "C1", "ts": "50.1"},
                "event_ts": "103.1",
            }
        ),
        "Reacted",
    ),
    "reaction_added own": (
        event(
            {
                "type": "reaction_added",
                "user": "UBOT",
                "reaction": "eyes",
                "item": {"type": "message", "channel": "C1", "ts": "50.1"},
            }
        ),
        "Ignored",
    ),
    "app_home_opened home": (
        event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "home", "event_ts": "1.1"}),
        "OpenedHome",
    ),
    "app_home_opened messages": (
        event({"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}),
        "OpenedHome",
    ),
    "member_joined_channel": (
        event({"type": "member_joined_channel", "user": "UBOT", "channel": "C1", "team": "T1"}),
        "Ignored",
    ),
    "member_left_channel": (event({"type": "member_left_channel", "user": "U1", "channel": "C1"}), "Ignored"),
    "app_uninstalled": (event({"type": "app_uninstalled"}), "Uninstalled"),
    "tokens_revoked": (
        event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": ["UBOT"]}}),
        "Revoked",
    ),
    "team_access_granted": (event({"type": "team_access_granted", "team_ids": ["T2"]}), "Access"),
    "team_access_revoked": (event({"type": "team_access_revoked", "team_ids": ["T2"]}), "Access"),
    "assistant_thread_started": (
        event({"type": "assistant_thread_started", "assistant_thread": ASSISTANT}),
        "OpenedHome",
    ),
    "assistant_thread_context_changed": (
        event({"type": "assistant_thread_context_changed", "assistant_thread": ASSISTANT}),
        "Ignored",
    ),
    "agent_session_stopped": (
        event(
            {
                "type": "agent_session_stopped",
                "channel": "D1",
                "thread_ts": "3.3",
                "user": "U1",
                "streaming_message_ts": ["4.4", "5.5"],
                "event_ts": "6.6",
            }
        ),
        "Stopped",
    ),
    "function_executed": (event({"type": "function_executed", "function": {}, "inputs": {}}), "Ignored"),
    "message_metadata_posted": (event({"type": "message_metadata_posted", "metadata": {}}), "Ignored"),
    "file_shared": (event({"type": "file_shared", "file_id": "F1", "user_id": "U1"}), "Ignored"),
    "url_verification": ({"type": "url_verification", "challenge": "x", "token": "x"}, "Ignored"),
    "app_rate_limited": (
        {"type": "app_rate_limited", "token": "x", "team_id": "T1", "minute_rate_limited": 1518467820},
        "Limited",
    ),
    "ssl_check": ({"ssl_check": "1", "token": "x"}, "Ignored"),
    "command": (COMMAND, "Commanded"),
    "command empty": ({**COMMAND, "text": ""}, "Commanded"),
    "block_actions": (press(), "Pressed"),
    "block_actions thread": (
        press(container={"type": "message", "message_ts": "50.1", "channel_id": "C1", "thread_ts": "40.1"}),
        "Pressed",
    ),
    "block_actions view": (
        use(
            "block_actions",
            container={"type": "view", "view_id": "V1"},
            view=view(type="home"),
            actions=[pressed()],
        ),
        "Pressed",
    ),
    "block_actions select": (
        press(
            pressed(
                type="static_select",
                value=None,
                text=None,
                selected_option={"value": "P2", "text": {"text": "B"}},
            )
        ),
        "Chose",
    ),
    "block_actions org-wide": (press(team=None, is_enterprise_install=True), "Pressed"),
    "block_actions function": (press(function_data={"execution_id": "Fx1"}, bot_access_token="x"), "Pressed"),
    "block_suggestion": (use("block_suggestion", value="a", action_id="x", block_id="b"), "Ignored"),
    "shortcut": (use("shortcut", callback_id="cuebook_start"), "Shortcut"),
    "message_action": (
        use(
            "message_action",
            callback_id="cuebook_on_message",
            channel={"id": "C1", "name": "ops"},
            message_ts="100.000200",
            message=message("see &lt;this&gt; <@U2>", user="U3"),
            response_url="https://x",
        ),
        "Shortcut",
    ),
    "view_submission": (use("view_submission", view=view(state={"values": VALUES})), "Submitted"),
    "view_submission response_urls": (
        use("view_submission", view=view(), response_urls=[{"response_url": "https://hooks.slack.com/x"}]),
        "Submitted",
    ),
    "view_submission connect": (
        use(
            "view_submission",
            team={"id": "T9", "domain": "other"},
            user={"id": "U9", "team_id": "T9"},
            view=view(team_id="T9"),
            enterprise={"id": "E9"},
        ),
        "Submitted",
    ),
    "view_closed": (use("view_closed", view=view(), is_cleared=False), "Closed"),
    "interactive_message": (use("interactive_message", actions=[{"name": "x"}], callback_id="y"), "Ignored"),
    "dialog_submission": (use("dialog_submission", submission={}, callback_id="y"), "Ignored"),
    "dialog_cancellation": (use("dialog_cancellation", callback_id="y"), "Ignored"),
    "another app": ({**event(direct()), "api_app_id": "A2"}, "Ignored"),
}
