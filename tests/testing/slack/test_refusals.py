"""What the Web API refuses, what it limits, and how it fails when it is told to."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.clock import FakeClock
from bot.testing.slack import (
    Channel,
    FakeSlack,
    Person,
    bad_gateway,
    broken,
    cut,
    limited,
    refused,
    silent,
    slow,
    took_it_then_cut,
)
from tests.guide.house import until
from tests.testing.slack.test_messages import refusal, seen


async def raw(slack: FakeSlack, method: str, token: str | None = None, **how: Any) -> dict[str, Any]:
    """A call without Slack's client."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.url + method, headers=headers, **how) as answer,
    ):
        found: dict[str, Any] = await answer.json()
        return found


async def test_a_method_that_does_not_exist(slack: FakeSlack, client: AsyncWebClient) -> None:
    assert await refusal(client.api_call("chat.shout", json={})) == "unknown_method"
    slack.without("chat.startStream")
    assert await refusal(client.api_call("chat.startStream", json={})) == "unknown_method"


async def test_fields_that_are_missing_or_unknown_or_wrong(slack: FakeSlack, desk: Channel) -> None:
    token = slack.workspace.token
    answer = await raw(
        slack, "chat.postMessage", token, json={"text": "x", "colour": "red", "mrkdwn": "maybe"}
    )
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] unknown field: colour",
        "[ERROR] missing required field: channel",
        "[ERROR] must be a valid bool [json-pointer:/mrkdwn]",
    ]
    broken_json = aiohttp.BytesPayload(b"{", content_type="application/json")
    assert (await raw(slack, "chat.postMessage", token, data=broken_json))["error"] == "invalid_json"


async def test_a_body_may_be_a_form_or_json(slack: FakeSlack, desk: Channel) -> None:
    token = slack.workspace.token
    blocks = '[{"type": "divider"}]'
    assert (await raw(slack, "chat.postMessage", token, data={"channel": desk.id, "blocks": blocks}))["ok"]
    assert (await raw(slack, "chat.postMessage", data={"channel": desk.id, "text": "x", "token": token}))[
        "ok"
    ]
    assert (await raw(slack, "chat.postMessage", token, json={"channel": desk.id, "text": "x"}))["ok"]
    in_json = {"channel": desk.id, "text": "x", "token": token}
    assert (await raw(slack, "chat.postMessage", json=in_json))["error"] == "not_authed"


async def test_a_token_is_needed_and_must_be_good(slack: FakeSlack, client: AsyncWebClient) -> None:
    assert (await raw(slack, "auth.test"))["error"] == "not_authed"
    assert (await raw(slack, "auth.test", "xoxb-nobody"))["error"] == "invalid_auth"
    assert (await raw(slack, "auth.test", slack.app_token))["error"] == "not_allowed_token_type"
    assert (await client.auth_test())["user_id"] == slack.workspace.bot
    slack.expire(slack.workspace.token)
    assert await refusal(client.auth_test()) == "token_expired"
    slack.revoke(slack.workspace.token)
    assert await refusal(client.auth_test()) == "token_revoked"


async def test_the_app_can_give_its_token_back(client: AsyncWebClient) -> None:
    assert (await client.auth_revoke(test=True))["revoked"] is False
    assert (await client.auth_revoke())["revoked"] is True
    assert await refusal(client.auth_test()) == "token_revoked"


async def test_a_scope_that_was_taken_is_missed(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    slack.take_scope("chat:write", "channels:history")
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=desk.id, text="x")
    answer = raised.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "im:history" in answer["provided"].split(",")
    assert "chat:write" not in answer["provided"].split(",")
    assert await refusal(client.conversations_history(channel=desk.id)) == "missing_scope"


async def test_faults_come_in_their_order_and_then_all_is_well(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    slack.fail("chat.postMessage", limited(30), broken(), refused("fatal_error"), bad_gateway())
    post = client.chat_postMessage
    with pytest.raises(SlackApiError) as raised:
        await post(channel=desk.id, text="1")
    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["Retry-After"] == "30"
    with pytest.raises(SlackApiError):
        await post(channel=desk.id, text="2")
    assert await refusal(post(channel=desk.id, text="3")) == "fatal_error"
    with pytest.raises(SlackApiError) as raised:
        await post(channel=desk.id, text="4")
    assert raised.value.response.status_code == 502
    assert seen(slack, desk) == []
    await post(channel=desk.id, text="5")
    assert seen(slack, desk) == ["Cuebook: 5"]
    assert [call.status for call in slack.called("chat.postMessage")] == [429, 500, 200, 502, 200]
    assert slack.limits.violations["during_retry_after"] == 4


async def test_a_connection_drops_before_or_after_the_work(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    slack.fail("chat.postMessage", cut(), took_it_then_cut())
    for text in ("lost", "taken"):
        with pytest.raises(aiohttp.ClientError):
            await client.chat_postMessage(channel=desk.id, text=text)
    assert seen(slack, desk) == ["Cuebook: taken"]


async def test_an_answer_that_never_comes(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    slack.fail("*", silent(taken=True))
    waiting = asyncio.ensure_future(client.chat_postMessage(channel=desk.id, text="x"))
    await until(lambda: slack.faults.held == 1)
    assert seen(slack, desk) == ["Cuebook: x"]
    slack.faults.let_go()
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_an_answer_that_takes_its_time(
    slack: FakeSlack, client: AsyncWebClient, clock: FakeClock, desk: Channel
) -> None:
    slack.fail("chat.postMessage", slow(20))
    waiting = asyncio.ensure_future(client.chat_postMessage(channel=desk.id, text="x"))
    await until(lambda: slack.faults.held == 1)
    await clock.advance(19)
    assert not waiting.done()
    await clock.advance(1)
    assert (await waiting)["ok"]


async def test_limits_count_and_do_not_refuse_unless_told_to(
    slack: FakeSlack, client: AsyncWebClient, clock: FakeClock, desk: Channel
) -> None:
    for _ in range(3):
        await client.chat_postMessage(channel=desk.id, text="x")
    assert slack.limits.violations["post_spacing"] == 2
    await clock.advance(1)
    slack.limits.on = True
    await client.chat_postMessage(channel=desk.id, text="x")
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=desk.id, text="x")
    assert raised.value.response["error"] == "ratelimited"
    assert raised.value.response.headers["Retry-After"] == "1"
    assert await refusal(client.chat_postMessage(channel=desk.id, text="x")) == "ratelimited"
    assert slack.limits.violations == {"post_spacing": 3, "during_retry_after": 1}
    await clock.advance(1)
    await client.chat_postMessage(channel=desk.id, text="x")


async def test_a_workspace_may_change_fifty_messages_a_minute(
    slack: FakeSlack, client: AsyncWebClient, clock: FakeClock, desk: Channel
) -> None:
    slack.limits.on = True
    said = await client.chat_postMessage(channel=desk.id, text="0")
    for number in range(50):
        await client.chat_update(channel=desk.id, ts=said["ts"], text=str(number))
    with pytest.raises(SlackApiError) as raised:
        await client.chat_update(channel=desk.id, ts=said["ts"], text="51")
    assert raised.value.response.headers["Retry-After"] == "60"
    assert slack.limits.violations["chat.update"] == 1
    await clock.advance(60)
    await client.chat_update(channel=desk.id, ts=said["ts"], text="51")


async def test_only_the_apps_own_messages_can_be_changed(
    slack: FakeSlack, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    other = slack.add_workspace()
    foreign = AsyncWebClient(token=other.token, base_url=slack.url, session=client.session)
    said = await client.chat_postMessage(channel=desk.id, text="x")
    assert await refusal(foreign.chat_postMessage(channel=desk.id, text="x")) == "channel_not_found"
    assert await refusal(foreign.users_info(user=ann.id)) == "user_not_found"
    slack.world.message(desk, said["ts"]).bot_id = other.bot_id
    assert (
        await refusal(client.chat_update(channel=desk.id, ts=said["ts"], text="y")) == "cant_update_message"
    )
    assert await refusal(client.chat_delete(channel=desk.id, ts=said["ts"])) == "cant_delete_message"


async def test_calls_are_written_down(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    await client.chat_postMessage(channel=desk.id, text="x")
    await refusal(client.chat_postMessage(channel="C0", text="y"))
    good, bad = slack.called("chat.postMessage")
    assert (good.ok, good.args["text"], good.at) == (True, "x", slack.world.clock.now())
    assert (bad.ok, bad.status, bad.answer) == (False, 200, {"ok": False, "error": "channel_not_found"})
