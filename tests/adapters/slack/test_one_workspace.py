"""The workspace whose token is in the environment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.slack.api import Api
from adapters.slack.workspaces import OneWorkspace
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.errors import RetryLater
from bot.testing.clock import FakeClock
from bot.testing.slack import FakeSlack, broken, cut, limited, refused


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[FakeSlack]:
    async with FakeSlack.running(clock=clock) as fake:
        yield fake


@pytest.fixture
async def api(slack: FakeSlack) -> AsyncIterator[Api]:
    client = Client(Allowance(["127.0.0.1"]))
    yield Api(slack.url, client.session)
    await client.close()


@pytest.fixture
def one(slack: FakeSlack, api: Api, clock: FakeClock) -> OneWorkspace:
    return OneWorkspace(slack.workspace.token, api, clock)


async def test_slack_is_asked_once_who_we_are(slack: FakeSlack, one: OneWorkspace) -> None:
    team = slack.workspace.id
    found = await asyncio.gather(*(one.current("", team) for _ in range(50)))
    assert len(slack.called("auth.test")) == 1
    grant = found[0]
    assert grant is not None
    assert (grant.team, grant.bot_id, grant.bot_user) == (team, slack.workspace.bot_id, slack.workspace.bot)
    assert grant.token == slack.workspace.token
    assert slack.workspace.token not in repr(grant)


async def test_another_workspace_is_not_ours(slack: FakeSlack, one: OneWorkspace) -> None:
    other = slack.add_workspace()
    assert await one.current("", other.id) is None
    assert await one.current("", "") is None


@pytest.mark.parametrize("fault", [broken(), cut(), limited(7)])
async def test_while_slack_is_away_it_is_asked_again(slack: FakeSlack, one: OneWorkspace, fault) -> None:
    slack.fail("auth.test", fault)
    with pytest.raises(RetryLater):
        await one.current("", slack.workspace.id)
    assert await one.current("", slack.workspace.id) is not None


async def test_a_token_that_slack_refuses_is_tried_again_later(
    slack: FakeSlack, one: OneWorkspace, clock: FakeClock
) -> None:
    slack.fail("auth.test", refused("invalid_auth"))
    assert await one.current("", slack.workspace.id) is None
    assert await one.current("", slack.workspace.id) is None
    assert len(slack.called("auth.test")) == 1
    await clock.advance(30)
    assert await one.current("", slack.workspace.id) is not None


async def test_after_an_uninstall_there_is_no_token(slack: FakeSlack, one: OneWorkspace) -> None:
    team = slack.workspace.id
    assert await one.current("", team) is not None
    slack.revoke(slack.workspace.token)
    await one.forget("", team)
    assert await one.current("", team) is None
