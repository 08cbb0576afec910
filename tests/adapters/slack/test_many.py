"""Many workspaces, through the doors: installed, served, renewed, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from adapters.slack.adapter import House
from adapters.slack.connect import connect
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import Hidden
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.connectors.secrets import Secrets
from bot.rows import Workspace
from bot.testing import Stage
from bot.testing.slack import Channel, Events, FakeSlack
from bot.testing.slack import Workspace as Place
from bot.web.application import Parts, application
from tests.adapters.slack.house import CLIENT
from tests.adapters.slack.test_install import PUBLIC, Browser

PROFILE = """\
kind: chat-profile
id: desk
name: The desk
flow:
  - id: hello
    say: Hello ${chat.user.name}
  - id: more
    ask: What else?
    save: more
  - end: Bye
variables:
  more: {label: More}
"""
PATIENCE = 10.0


class There:
    """A house that serves many workspaces of one fake Slack."""

    stage: Stage
    fake: FakeSlack
    events: Events
    browser: Browser
    secrets: Secrets

    def said(self, channel: Channel) -> list[str]:
        """What the bot said."""
        name = self.fake.world.app_name
        return [one.text for one in self.fake.transcript(channel) if one.author == name]

    async def answered(self, rooms: list[Channel]) -> None:
        """Let time pass until the bot has said something in each."""
        async with asyncio.timeout(PATIENCE):
            while not all(self.said(room) for room in rooms):
                await self.stage.advance(0.1)
                await asyncio.sleep(0)

    async def install(self, place: Place) -> None:
        self.fake.consent.workspace = place
        self.browser.cookie = ""
        status, page = await self.browser.get(await self.browser.begin())
        assert status == 200, page

    async def tokens(self) -> dict[str, str]:
        return {row.team: row.tokens for row in await self.stage.store.find(Workspace)}


@pytest.fixture
async def there() -> AsyncIterator[There]:
    made, client = There(), Client(Allowance(["127.0.0.1"]))
    made.secrets = Secrets({})
    async with (
        await Stage.open(PROFILE) as stage,
        FakeSlack.running(clock=stage.clock, client=CLIENT) as fake,
        aiohttp.ClientSession() as http,
    ):
        made.stage, made.fake = stage, fake
        settings = SlackSettings(
            api_url=fake.url,
            public_url=PUBLIC,
            signing_secret=Hidden(fake.signing_secret),
            client_id=Hidden(CLIENT[0]),
            client_secret=Hidden(CLIENT[1]),
            profile="desk",
            post_spacing=0.0,
            posts_per_minute=6_000.0,
        )
        house = House(
            reception=stage.engine,
            store=stage.store,
            clock=stage.clock,
            spawn=stage.runtime.tasks.spawn,
            session=client.session,
            registry=CollectorRegistry(),
            hide=made.secrets.hide,
        )
        slack = connect(settings, house, key=b"k" * 32)
        stage.adapters["slack"] = slack

        async def deliver(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
            async with http.post(url, data=body, headers=dict(headers)) as answer:
                return answer.status, await answer.read()

        async with TestServer(application([slack], Parts(catalogue=stage.runtime.catalogue))) as server:
            made.browser = Browser(http, str(server.make_url("")).rstrip("/"))
            made.events = Events.over_http(
                fake, str(server.make_url("/slack/events")), deliver, clock=stage.clock
            )
            yield made
            await slack.stop()
    await client.close()


async def test_two_workspaces_install_it_and_each_is_answered_with_its_own_token(there: There) -> None:
    second = there.fake.add_workspace("Second", installed=False)
    await there.install(there.fake.workspace)
    await there.install(second)
    for place in (there.fake.workspace, second):
        person = there.fake.add_person("Ann", workspace=place)
        direct = there.fake.direct(person)
        await there.events.says(person, direct, "hi")
        await there.answered([direct])
        assert {call.team for call in there.fake.called("chat.postMessage")[-1:]} == {place.id}
    assert "xoxb" not in str(await there.tokens())
    assert there.secrets.shows(second.token)


async def test_an_uninstall_forgets_the_token_and_nothing_is_sent_there_any_more(there: There) -> None:
    second = there.fake.add_workspace("Second", installed=False)
    await there.install(there.fake.workspace)
    await there.install(second)
    await there.events.uninstalls(second)
    tokens = await there.tokens()
    assert (tokens[second.id], bool(tokens[there.fake.workspace.id])) == ("", True)
    before = len(there.fake.calls)
    second.installed = True  # as if a late event still came from there
    person = there.fake.add_person("Ann", workspace=second)
    await there.events.says(person, there.fake.direct(person), "hi")
    await there.stage.advance(60)
    assert [call.method for call in there.fake.calls[before:] if call.team == second.id] == []


async def test_fifty_events_at_the_end_of_a_token_s_life_one_renewal_fifty_answers(there: There) -> None:
    there.fake.world.rotation = True
    await there.install(there.fake.workspace)
    people = [there.fake.add_person(f"Guest {no}") for no in range(50)]
    rooms = [there.fake.direct(person) for person in people]
    there.stage.clock.move_to(there.stage.clock.now() + 12 * 3_600_000)
    before = len(there.fake.called("oauth.v2.access"))
    await asyncio.gather(
        *(there.events.says(person, room, "hi") for person, room in zip(people, rooms, strict=True))
    )
    await there.answered(rooms)
    assert len(there.fake.called("oauth.v2.access")) - before == 1
    assert [there.said(room)[0] for room in rooms] == [f"Hello {person.name}" for person in people]
