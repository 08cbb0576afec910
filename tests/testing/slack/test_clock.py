"""A Slack without a test's clock keeps the machine's time."""

from __future__ import annotations

import asyncio
import time

from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.slack import FakeSlack, WallClock, slow


async def test_it_rings_once_and_can_be_told_not_to() -> None:
    clock = WallClock()
    assert abs(clock.now() - time.time() * 1000) < 1000
    rang: list[str] = []
    came = asyncio.Event()
    clock.alarm("a", clock.now(), lambda: rang.append("never"))
    clock.alarm("a", clock.now(), lambda: rang.append("a"))
    clock.alarm("b", clock.now(), lambda: rang.append("never"))
    clock.cancel("b")
    clock.cancel("unknown")
    clock.alarm("c", clock.now() + 2, came.set)
    async with asyncio.timeout(5):
        await came.wait()
    assert rang == ["a"]


async def test_slack_is_slow_by_it() -> None:
    async with FakeSlack.running() as slack:
        slack.fail("auth.test", slow(0.01))
        client = AsyncWebClient(token=slack.workspace.token, base_url=slack.url)
        assert (await client.auth_test())["ok"]
