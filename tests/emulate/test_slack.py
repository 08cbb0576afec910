"""From the first page of an installation to a call with the token that was saved."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.slack.api import Api, Declined
from adapters.slack.many import Many
from adapters.slack.people import read_profile
from adapters.slack.scopes import names
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import Grant, Hidden
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.connectors.secrets import Secrets
from bot.rows import Workspace
from bot.storage.memory import MemoryStore
from bot.testing.clock import FakeClock
from tests.emulate.conftest import CLIENT, PUBLIC, SCOPES

pytestmark = pytest.mark.emulate


class Ours:
    """Our side of an installation, and a browser before it."""

    def __init__(self, emulator: str, client: Client, session: aiohttp.ClientSession) -> None:
        self.emulator, self.session = emulator, session
        self.store, self.secrets, self.clock = MemoryStore(), Secrets({}), FakeClock()
        settings = SlackSettings(
            api_url=f"{emulator}/api/",
            public_url=PUBLIC,
            client_id=Hidden(CLIENT[0]),
            client_secret=Hidden(CLIENT[1]),
        )
        self.many = Many(
            settings,
            self.store,
            self.clock,
            client.session,
            key=b"a key of forty bytes",
            hide=self.secrets.hide,
        )
        self.api = Api(settings.api_url, client.session)
        self.site = self.cookie = ""

    async def get(self, address: str) -> tuple[int, str]:
        headers = {"Cookie": self.cookie} if self.cookie else {}
        async with self.session.get(
            address.replace(PUBLIC, self.site), headers=headers, allow_redirects=False
        ) as answer:
            for cookie in answer.cookies.values():
                self.cookie = f"{cookie.key}={cookie.value}"
            return answer.status, await answer.text()

    async def consent(self) -> str:
        """Begin, and let Ann agree on the emulator's page; where it sends the browser then."""
        _, page = await self.get(f"{self.site}/slack/install")
        link = unescape(re.findall(r'href="([^"]+)"', page)[0])
        assert link.startswith(self.emulator)
        async with self.session.get(link) as answer:
            assert answer.status == 200
            page = await answer.text()
        form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if "Ann Lee" in one)
        fields = {
            unescape(name): unescape(value)
            for name, value in re.findall(r'name="([^"]*)"\s+value="([^"]*)"', form)
        }
        async with self.session.post(
            f"{self.emulator}/oauth/v2/authorize/callback", data=fields, allow_redirects=False
        ) as answer:
            assert answer.status == 302
            return answer.headers["Location"]

    async def installed(self) -> Grant:
        """The whole way."""
        status, page = await self.get(await self.consent())
        assert status == 200, page
        (row,) = await self.store.find(Workspace)
        grant = await self.many.workspaces.current("", row.team)
        assert grant is not None
        return grant

    async def call(self, grant: Grant, method: str, **arguments: Any) -> dict[str, Any]:
        return await self.api.call(grant.token, method, arguments)


@pytest.fixture
async def ours(emulator: str) -> AsyncIterator[Ours]:
    client = Client(Allowance(["127.0.0.1"]))
    async with aiohttp.ClientSession() as session:
        made = Ours(emulator, client, session)
        app = web.Application()
        app.add_routes(made.many.routes())
        async with TestServer(app) as server:
            made.site = str(server.make_url("")).rstrip("/")
            yield made
    await client.close()


async def test_the_scopes_are_those_that_we_ask_for() -> None:
    assert names() == SCOPES


async def test_an_installation_ends_with_a_token_that_works_and_is_used_once(ours: Ours) -> None:
    back = await ours.consent()
    cookie = ours.cookie
    status, page = await ours.get(back)
    assert status == 200
    assert "Cuebook is in The Desk now" in page
    (row,) = await ours.store.find(Workspace)
    assert (row.name, row.app, row.state, row.expires_at) == ("The Desk", "A000000001", "installed", 0)
    assert row.scopes == ",".join(names())
    assert "xoxb-" not in row.tokens
    grant = await ours.many.workspaces.current("", row.team)
    assert grant is not None
    who = await ours.call(grant, "auth.test")
    assert (who["user_id"], who["bot_id"], who["team_id"]) == (grant.bot_user, grant.bot_id, grant.team)
    assert ours.secrets.shows(grant.token)

    ours.cookie = cookie
    status, page = await ours.get(back)
    assert status == 401
    assert "This link was used already" in page
    assert len(await ours.store.find(Workspace)) == 1


async def test_after_an_uninstall_there_is_no_token(ours: Ours) -> None:
    grant = await ours.installed()
    await ours.many.workspaces.forget(grant.enterprise, grant.team)
    assert await ours.many.workspaces.current("", grant.team) is None
    assert [row.tokens for row in await ours.store.find(Workspace)] == [""]


async def test_messages_are_posted_changed_and_shown_to_one(ours: Ours) -> None:
    grant = await ours.installed()
    channel, ann = await place(ours, grant)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Hello*"}}]
    metadata = {"event_type": "cuebook_message", "event_payload": {"id": "o1#0"}}
    posted = await ours.call(
        grant, "chat.postMessage", channel=channel, text="Hello", blocks=blocks, metadata=metadata
    )
    assert posted["message"]["user"] == grant.bot_user
    reply = await ours.call(grant, "chat.postMessage", channel=channel, text="More", thread_ts=posted["ts"])
    changed = await ours.call(
        grant, "chat.update", channel=channel, ts=posted["ts"], text="Hello again", blocks=blocks
    )
    assert (changed["ts"], changed["text"]) == (posted["ts"], "Hello again")
    found = await ours.call(grant, "conversations.replies", channel=channel, ts=posted["ts"])
    assert [(one["ts"], one["text"]) for one in found["messages"]] == [
        (posted["ts"], "Hello again"), (reply["ts"], "More"),
    ]  # fmt: skip
    seen = await ours.call(grant, "chat.postEphemeral", channel=channel, user=ann, text="For you")
    assert seen["message_ts"]
    with pytest.raises(Declined, match="channel_not_found"):
        await ours.call(grant, "chat.postMessage", channel="C0NOWHERE", text="Hello")


async def test_people_are_known_with_name_and_address(ours: Ours) -> None:
    grant = await ours.installed()
    _, ann = await place(ours, grant)
    profile = read_profile(await ours.call(grant, "users.info", user=ann), grant.team)
    assert (profile.name, profile.email, profile.guest, profile.stranger) == (
        "ann", "ann@desk.example", False, False
    )  # fmt: skip


async def test_a_form_opens_once_for_a_trigger(ours: Ours) -> None:
    grant = await ours.installed()
    _, ann = await place(ours, grant)
    trigger = (await ours.call(grant, "views.generateTriggerId", user_id=ann))["trigger_id"]
    field = {"type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "Name"}}
    element = {"type": "plain_text_input", "action_id": "a"}
    view = {
        "type": "modal",
        "callback_id": "cuebook_form",
        "title": {"type": "plain_text", "text": "Please fill in"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [{**field, "element": element}],
        "private_metadata": "p",
    }
    opened = await ours.call(grant, "views.open", trigger_id=trigger, view=view)
    assert opened["view"]["callback_id"] == "cuebook_form"
    with pytest.raises(Declined, match="trigger"):
        await ours.call(grant, "views.open", trigger_id=trigger, view=view)


async def place(ours: Ours, grant: Grant) -> tuple[str, str]:
    """Ann, who installed the app, and the conversation of the bot with her."""
    (row,) = await ours.store.find(Workspace)
    opened = await ours.call(grant, "conversations.open", users=row.installed_by)
    return opened["channel"]["id"], row.installed_by
