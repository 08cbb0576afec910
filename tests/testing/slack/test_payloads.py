"""One of every payload: all that an adapter may meet is there, and Slack's own code can read it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.testing.slack import Channel, Events, FakeSlack, Person
from bot.testing.slack.payloads import Ids, payloads, socket_frames
from tests.testing.slack.app import App

ALL = payloads()


def test_every_documented_kind_is_there() -> None:
    events = {one.body["event"]["type"] for one in ALL.values() if "event" in one.body}
    assert events >= {
        "agent_session_stopped",
        "app_home_opened",
        "app_mention",
        "app_uninstalled",
        "assistant_thread_context_changed",
        "assistant_thread_started",
        "file_shared",
        "function_executed",
        "member_joined_channel",
        "member_left_channel",
        "message",
        "message_metadata_posted",
        "reaction_added",
        "team_access_granted",
        "team_access_revoked",
        "tokens_revoked",
    }
    subtypes = {one.body["event"].get("subtype") for one in ALL.values() if "event" in one.body}
    assert subtypes >= {
        "bot_message",
        "channel_name",
        "file_share",
        "message_changed",
        "message_deleted",
        "thread_broadcast",
    }
    kinds = [one.body.get("type") for one in ALL.values()]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert counts.pop("event_callback") >= 32
    assert counts == {
        None: 2,
        "app_rate_limited": 1,
        "block_actions": 8,
        "block_suggestion": 1,
        "dialog_cancellation": 1,
        "dialog_submission": 1,
        "interactive_message": 1,
        "message_action": 1,
        "shortcut": 1,
        "url_verification": 1,
        "view_closed": 1,
        "view_submission": 4,
    }


def test_each_can_be_told_from_the_others() -> None:
    ids = [one.body["event_id"] for one in ALL.values() if "event_id" in one.body]
    assert len(ids) == len(set(ids))
    triggers = [one.body["trigger_id"] for one in ALL.values() if "trigger_id" in one.body]
    assert len(triggers) == len(set(triggers)) == 17
    views = [one.body["view"]["id"] for one in ALL.values() if "view" in one.body]
    assert len(views) == len(set(views)) == 6
    stamps = [one.body["event"]["event_ts"] for one in ALL.values() if "event" in one.body]
    assert len(stamps) == len(set(stamps))
    assert payloads() == ALL
    assert payloads()["message"] is not ALL["message"]


async def test_all_of_them_arrive(
    slack: FakeSlack, app: App, events: Events, ann: Person, desk: Channel
) -> None:
    ids = Ids.of(slack.workspace, ann, desk, slack.direct(ann))
    for name, (kind, body) in payloads(ids).items():
        assert (await events.sends(body, kind=kind)).status == 200, name
        assert (await events.sends(body)).status == 200, f"{name}: kind_of"
    assert [one for one in app.heard[::2] if one not in app.heard[1::2]] == []
    assert json.loads(json.dumps(app.heard)) == app.heard


@pytest.mark.parametrize("name", [name for name in ALL if not name.endswith(("own", "member_left_channel"))])
async def test_bolt_finds_a_listener_for_it(name: str) -> None:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=None, bot_id="B1", bot_user_id="U1", bot_token="x")

    heard: list[Any] = []
    bolt = AsyncApp(authorize=authorize, signing_secret="x", process_before_response=True)

    async def hear(body: dict[str, Any], ack: Any) -> None:
        heard.append(body)
        await ack()

    anything = re.compile(".*", re.DOTALL)
    for listen in (
        bolt.event(anything),
        bolt.command(anything),
        bolt.action(anything),
        bolt.shortcut(anything),
        bolt.view(anything),
        bolt.view_closed(anything),
        bolt.options(anything),
    ):
        listen(hear)
    body = ALL[name].body
    answer: BoltResponse = await bolt.async_dispatch(AsyncBoltRequest(body=body, mode="socket_mode"))
    known = name != "app_rate_limited"
    assert answer.status == (200 if known else 404)
    assert len(heard) == (known and name != "url_verification")


def test_frames_can_be_read() -> None:
    made = socket_frames()
    assert made["hello"]["type"] == "hello"
    requests = [SocketModeRequest.from_dict(frame) for frame in made.values()]
    assert sum(one is not None for one in requests) == 6
    assert len(json.dumps(made["events_api large"])) > 60_000
    assert made["events_api"]["payload"] == made["events_api retry"]["payload"]
