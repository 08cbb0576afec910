"""A Slack with an app in it, and Slack's own client to ask it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.clock import FakeClock
from bot.testing.slack import Channel, Events, FakeSlack, Person
from tests.testing.slack.app import App, listening


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(clock=clock) as fake:
        yield fake


@pytest.fixture
async def client(slack: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(
            token=slack.workspace.token, base_url=slack.url, session=session, retry_handlers=[]
        )


@pytest.fixture
def ann(slack: FakeSlack) -> Person:
    return slack.add_person("Ann", email="ann@desk.example")


@pytest.fixture
def bob(slack: FakeSlack) -> Person:
    return slack.add_person("Bob Ross", email="bob@desk.example")


@pytest.fixture
def desk(slack: FakeSlack, ann: Person, bob: Person) -> Channel:
    return slack.add_channel("desk", [ann, bob])


@pytest.fixture
async def _app(slack: FakeSlack) -> AsyncIterator[tuple[App, Events]]:
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(listening(slack))


@pytest.fixture
def app(_app: tuple[App, Events]) -> App:
    return _app[0]


@pytest.fixture
def events(_app: tuple[App, Events]) -> Events:
    return _app[1]
