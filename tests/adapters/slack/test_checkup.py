"""What doctor says of Slack, line by line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import web_client
from adapters.slack.checkup import Finding, checkup
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import Hidden
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.testing.slack import FakeSlack, Fault, WallClock, bad_gateway, broken, cut, refused

CLOCK = WallClock()


@pytest.fixture
async def slack() -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running() as fake:
        yield fake


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    made = Client(Allowance(["127.0.0.1"]))
    yield made
    await made.close()


class Doctor:
    def __init__(self, slack: FakeSlack, client: Client) -> None:
        self.client, self.off = client, 0
        self.settings = SlackSettings(
            api_url=slack.url,
            bot_token=Hidden(slack.workspace.token),
            app_token=Hidden(slack.app_token),
        )

    def set(self, **cells: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **cells)

    async def says(self) -> list[Finding]:
        def client() -> AsyncWebClient:
            return web_client(self.settings.api_url, self.client.session())

        return await checkup(self.settings, client, lambda: CLOCK.now() + self.off * 1000)

    async def problems(self) -> list[tuple[str, str, str]]:
        return [(one.name, one.state, one.text) for one in await self.says() if one.state != "ok"]


@pytest.fixture
def doctor(slack: FakeSlack, client: Client) -> Doctor:
    return Doctor(slack, client)


async def test_all_is_well(slack: FakeSlack, doctor: Doctor) -> None:
    lines = await doctor.says()
    assert [(one.name, one.state, one.fix) for one in lines] == [
        ("slack bot", "ok", ""), ("slack clock", "ok", ""), ("slack socket", "ok", ""),
    ]  # fmt: skip
    assert f"in The Company ({slack.workspace.id})" in lines[0].text
    assert slack.workspace.token not in str(lines)


async def test_for_each_missing_scope_it_says_what_is_lost(slack: FakeSlack, doctor: Doctor) -> None:
    slack.take_scope("users:read.email", "chat:write")
    assert await doctor.problems() == [
        ("slack scope", "problem", "chat:write is missing: nothing can be said"),
        ("slack scope", "warning", "users:read.email is missing: `$CHAT_USER_EMAIL` stays empty"),
    ]
    assert all("install the app again" in one.fix for one in await doctor.says() if one.state != "ok")


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (refused("invalid_auth"), "SLACK_BOT_TOKEN does not work: Slack does not know it"),
        (refused("token_revoked"), "SLACK_BOT_TOKEN does not work: it was revoked"),
        (refused("something_new"), "SLACK_BOT_TOKEN does not work: something_new"),
    ],
)
async def test_a_token_that_does_not_work(slack: FakeSlack, doctor: Doctor, fault: Fault, text: str) -> None:
    slack.fail("auth.test", fault)
    assert await doctor.problems() == [("slack bot", "problem", text)]


async def test_an_app_token_that_does_not_work(slack: FakeSlack, doctor: Doctor) -> None:
    slack.fail("apps.connections.open", refused("missing_scope"))
    found = [one for one in await doctor.says() if one.state != "ok"]
    assert [one.text for one in found] == [
        "SLACK_APP_TOKEN does not work: it lacks the scope connections:write"
    ]
    assert "connections:write" in found[0].fix


@pytest.mark.parametrize("fault", [cut(), broken(), bad_gateway()])
async def test_a_slack_that_does_not_answer_is_one_line(
    slack: FakeSlack, doctor: Doctor, fault: Fault
) -> None:
    slack.fail("auth.test", fault)
    ((name, state, text),) = await doctor.problems()
    assert (name, state) == ("slack", "problem")
    assert text.startswith(slack.url)


async def test_an_address_at_which_nobody_is(doctor: Doctor) -> None:
    doctor.set(api_url="http://127.0.0.1:1/api/")
    ((_, _, text),) = await doctor.problems()
    assert text == "http://127.0.0.1:1/api/: cannot be reached (ClientConnectorError)"


@pytest.mark.parametrize(
    ("off", "state", "text"),
    [
        (400, "problem", "s ahead of Slack's, so every request of Slack's is refused as too old"),
        (-400, "problem", "s behind Slack's, so every request of Slack's is refused as too old"),
        (90, "warning", "s ahead of Slack's"),
    ],
)
async def test_a_clock_that_is_off(doctor: Doctor, off: int, state: str, text: str) -> None:
    doctor.off = off
    ((name, found, said),) = await doctor.problems()
    assert (name, found) == ("slack clock", state)
    assert said.endswith(text)


async def test_many_workspaces_need_no_token_to_be_checked(slack: FakeSlack, doctor: Doctor) -> None:
    from bot.testing.slack.asked import Method

    slack.add_method(Method("api.test", lambda asked: {}, "", by="none"))
    doctor.set(bot_token=Hidden(), client_id=Hidden("1.2"), client_secret=Hidden("x"))
    assert [(one.name, one.state) for one in await doctor.says()] == [
        ("slack clock", "ok"), ("slack socket", "ok"),
    ]  # fmt: skip


async def test_the_public_address_of_http_mode(doctor: Doctor) -> None:
    doctor.set(app_token=Hidden(), signing_secret=Hidden("8f7"))
    assert await doctor.problems() == [
        ("slack address", "warning", "nobody can say whether Slack reaches this server")
    ]

    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="alive")

    ours, other = web.Application(), web.Application()
    ours.router.add_get("/livez", alive)
    async with TestServer(ours) as server, TestServer(other) as stranger:
        doctor.set(public_url=str(server.make_url("")).rstrip("/"))
        assert await doctor.problems() == []
        doctor.set(public_url=str(stranger.make_url("")).rstrip("/"))
        ((_, state, text),) = await doctor.problems()
        assert (state, text.endswith("answers with 404: that is not Cuebook")) == ("problem", True)
    doctor.set(public_url="http://127.0.0.1:1")
    ((_, state, text),) = await doctor.problems()
    assert (state, text.startswith("http://127.0.0.1:1 does not answer from here")) == ("warning", True)
