"""Socket Mode, with Slack's own client and Bolt on the other end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.slack import Channel, Events, FakeSlack, Person
from tests.guide.house import until
from tests.testing.slack.test_messages import seen


class Listener:
    """An app behind a socket: keeps requests, acknowledges as told."""

    def __init__(self) -> None:
        self.heard: list[SocketModeRequest] = []
        self.answers: list[Any] = []
        """One each: False for no ack, None for an empty one, else its payload."""

    async def __call__(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.heard.append(request)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not False:
            await client.send_socket_mode_response(
                SocketModeResponse(envelope_id=request.envelope_id, payload=answer)
            )


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
async def socket(slack: FakeSlack, listener: Listener) -> AsyncIterator[SocketModeClient]:
    client = SocketModeClient(
        app_token=slack.app_token, web_client=AsyncWebClient(base_url=slack.url), ping_interval=60
    )
    client.socket_mode_request_listeners.append(listener)
    await client.connect()  # type: ignore[no-untyped-call]
    yield client
    await client.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def pushing(slack: FakeSlack) -> Events:
    return Events.over_sockets(slack, patience=0.1)


async def test_events_come_in_envelopes_and_are_acknowledged(
    slack: FakeSlack,
    socket: SocketModeClient,
    listener: Listener,
    pushing: Events,
    ann: Person,
    desk: Channel,
) -> None:
    pushing.way.patience = 5  # type: ignore[attr-defined]
    await pushing.says(ann, desk, "hello")
    (heard,) = listener.heard
    assert (heard.type, heard.payload["event"]["text"]) == ("events_api", "hello")
    assert (heard.retry_attempt, heard.retry_reason) == (0, "")
    assert slack.sockets.frames[0].ack == {"envelope_id": heard.envelope_id}
    assert pushing.deliveries[0].answer.ok


async def test_an_answer_rides_on_the_ack(
    slack: FakeSlack,
    socket: SocketModeClient,
    listener: Listener,
    pushing: Events,
    ann: Person,
    desk: Channel,
) -> None:
    pushing.way.patience = 5  # type: ignore[attr-defined]
    listener.answers = [{"text": "Three runbooks"}]
    await pushing.command(ann, desk, "/cuebook", "list")
    assert (listener.heard[0].type, listener.heard[0].accepts_response_payload) == ("slash_commands", True)
    assert seen(slack, desk, viewer=ann) == ["Cuebook: Three runbooks"]


async def test_what_is_not_acknowledged_comes_again(
    socket: SocketModeClient, listener: Listener, pushing: Events, ann: Person, desk: Channel
) -> None:
    listener.answers = [False]
    await pushing.says(ann, desk, "hello")
    pushing.way.patience = 5  # type: ignore[attr-defined]
    assert await pushing.retries() == 1
    first, second = listener.heard
    assert first.payload["event_id"] == second.payload["event_id"]
    assert first.envelope_id != second.envelope_id
    assert (second.retry_attempt, second.retry_reason) == (1, "timeout")
    assert await pushing.retries(wait=False) == 0


async def opened(slack: FakeSlack, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    client = AsyncWebClient(base_url=slack.url, session=session)
    url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
    socket = await session.ws_connect(url)
    assert (await socket.receive_json(timeout=5))["type"] == "hello"
    return socket


async def test_a_lost_socket_hands_its_envelope_to_another(
    slack: FakeSlack, ann: Person, desk: Channel
) -> None:
    async with aiohttp.ClientSession() as session:
        first, second = await opened(slack, session), await opened(slack, session)
        await slack.sockets.connected(2)
        pushing = Events.over_sockets(slack)
        saying = asyncio.ensure_future(pushing.says(ann, desk, "hello"))
        envelope = await first.receive_json(timeout=5)
        await first.close()
        again = await second.receive_json(timeout=5)
        assert again["payload"] == envelope["payload"]
        assert (envelope["retry_attempt"], again["retry_attempt"]) == (0, 1)
        await second.send_str("nonsense")
        await second.send_str(json.dumps({"envelope_id": again["envelope_id"]}))
        await saying
        assert [frame.ack is not None for frame in slack.sockets.frames] == [False, True]
        await second.close()


async def test_a_place_is_for_one_socket_and_ten_are_the_most(slack: FakeSlack) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=slack.url, session=session)
        with pytest.raises(SlackApiError) as raised:
            await client.apps_connections_open(app_token=slack.workspace.token)
        assert raised.value.response["error"] == "not_allowed_token_type"
        url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        sockets = [await session.ws_connect(url)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        sockets += [await opened(slack, session) for _ in range(9)]
        url = (await client.apps_connections_open(app_token=slack.app_token))["url"]
        eleventh = await session.ws_connect(url)
        assert (await eleventh.receive_json(timeout=5))["reason"] == "too_many_websockets"
        for socket in [*sockets, eleventh]:
            await socket.close()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", "too_many_websockets"])
async def test_slacks_client_opens_another_socket_when_told_to_go(
    slack: FakeSlack, socket: SocketModeClient, reason: Any
) -> None:
    await slack.sockets.disconnect(reason)
    await until(lambda: slack.sockets.opened >= 2)


async def test_bolt_works_against_it(slack: FakeSlack, ann: Person, desk: Channel) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack.workspace.token, base_url=slack.url, session=session)
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)

        @app.event("app_mention")
        async def greet(event: dict[str, Any], say: Any) -> None:
            button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"}
            await say(
                text="Ready",
                blocks=[{"type": "actions", "elements": [button]}],
                thread_ts=event["ts"],
            )

        @app.event("message")
        async def ignore() -> None: ...

        @app.action("go")
        async def go(ack: Any, respond: Any) -> None:
            await ack()
            await respond(text="Gone", replace_original=True)

        @app.command("/cuebook")
        async def listing(ack: Any) -> None:
            await ack("Three runbooks")

        handler = AsyncSocketModeHandler(app, slack.app_token)
        await handler.connect_async()
        try:
            pushing = Events.over_sockets(slack)
            said = await pushing.says(ann, desk, f"<@{slack.workspace.bot}> help")
            await until(lambda: len(slack.transcript(desk, said)) == 2)
            await pushing.presses(ann, slack.transcript(desk, said)[-1], "Go")
            await until(lambda: seen(slack, desk, said.ts)[-1] == "Cuebook: Gone")
            await pushing.command(ann, desk, "/cuebook")
            assert seen(slack, desk, viewer=ann)[-1] == "Cuebook: Three runbooks"
        finally:
            await handler.close_async()
