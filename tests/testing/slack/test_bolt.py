"""Bolt, as an app would run it, talks with the Slack of one's own by HTTP."""

from __future__ import annotations

from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from aiohttp.web import Application, Request, Response
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.slack import Channel, Events, FakeSlack, Person, WallClock
from tests.guide.house import until
from tests.testing.slack.test_messages import seen

FORM = {
    "type": "modal",
    "callback_id": "start",
    "title": {"type": "plain_text", "text": "Start"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "login",
            "label": {"type": "plain_text", "text": "Login"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


def desk_app(bolt: AsyncApp) -> None:
    """Greets, opens a form, complains once, then says what was entered."""

    @bolt.event("app_mention")
    async def greet(event: dict[str, Any], say: Any) -> None:
        await say(text=f"Hello <@{event['user']}>", thread_ts=event["ts"])

    @bolt.event("message")
    async def ignore() -> None: ...

    @bolt.shortcut("runbook_start")
    async def opening(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @bolt.view("start")
    async def sent(ack: Any, view: dict[str, Any], body: dict[str, Any], client: AsyncWebClient) -> None:
        login = view["state"]["values"]["login"]["text"]["value"]
        if login == "nobody":
            await ack(response_action="errors", errors={"login": "Nobody is called that"})
            return
        await ack()
        await client.chat_postMessage(channel=body["user"]["id"], text=f"Unlocking {login}")


async def test_a_conversation(slack: FakeSlack, ann: Person, desk: Channel) -> None:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=slack.workspace.token, base_url=slack.url, session=session)
        bolt = AsyncApp(client=client, signing_secret=slack.signing_secret)
        desk_app(bolt)

        async def take(request: Request) -> Response:
            return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

        async def deliver(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
            async with session.post(url, data=body, headers=headers) as answer:
                return answer.status, await answer.read()

        site = Application()
        site.router.add_post("/slack/events", take)
        async with TestServer(site) as server:
            url = str(server.make_url("/slack/events"))
            events = Events.over_http(slack, url, deliver, clock=WallClock())
            said = await events.says(ann, desk, f"<@{slack.workspace.bot}> help")
            await until(lambda: len(slack.transcript(desk, said)) == 2)
            assert seen(slack, desk, said.ts)[-1] == "Cuebook: Hello @Ann"

            await events.shortcut(ann, "runbook_start")
            await until(lambda: slack.modal(ann) is not None)
            await events.submits(ann, {"Login": "nobody"})
            view = slack.modal(ann)
            assert view is not None
            assert slack.form(view) == ["Start", "Login:", "! Nobody is called that", "[Go]"]
            await events.submits(ann, {"Login": "ann"})
            assert slack.modal(ann) is None
            await until(lambda: seen(slack, slack.direct(ann)) == ["Cuebook: Unlocking ann"])
