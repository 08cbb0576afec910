"""OAuth from the consent page on: codes, tokens, refreshing, the end."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.clock import FakeClock
from bot.testing.slack import FakeSlack, Person
from tests.testing.slack.test_messages import refusal

# What Slack's client writes for Basic authentication is on its way out of aiohttp.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

REDIRECT = "http://127.0.0.1/slack/oauth_redirect"


async def consent(slack: FakeSlack, **more: str) -> dict[str, str]:
    """Follow the consent page; what the app's redirect address then gets."""
    made = AuthorizeUrlGenerator(
        client_id=slack.door.client_id,
        redirect_uri=REDIRECT,
        scopes=["chat:write", "im:history"],
        authorization_url=f"{slack.world.base}/oauth/v2/authorize",
    )
    async with (
        aiohttp.ClientSession() as session,
        session.get(made.generate("a state"), allow_redirects=False, params=more) as answer,
    ):
        assert answer.status == 302
        target = answer.headers["Location"]
    assert target.startswith(REDIRECT)
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


def known(slack: FakeSlack) -> dict[str, str]:
    return {"client_id": slack.door.client_id, "client_secret": slack.door.client_secret}


async def test_an_installation_brings_a_token_with_the_scopes_asked_for(
    slack: FakeSlack, client: AsyncWebClient, ann: Person
) -> None:
    other = slack.add_workspace(installed=False)
    slack.consent.workspace, slack.consent.person = other, ann
    query = await consent(slack)
    assert query["state"] == "a state"
    granted = await client.oauth_v2_access(**known(slack), code=query["code"], redirect_uri=REDIRECT)
    assert granted["access_token"] == other.token != slack.workspace.token
    assert (granted["team"]["id"], granted["bot_user_id"]) == (other.id, other.bot)
    assert (granted["scope"], granted["authed_user"]["id"]) == ("chat:write,im:history", ann.id)
    assert "refresh_token" not in granted.data
    mine = AsyncWebClient(token=granted["access_token"], base_url=slack.url, session=client.session)
    assert (await mine.auth_test())["team_id"] == other.id
    again = client.oauth_v2_access(**known(slack), code=query["code"])
    assert await refusal(again) == "code_already_used"


async def test_a_code_is_not_good_for_everything(
    slack: FakeSlack, client: AsyncWebClient, clock: FakeClock
) -> None:
    code = (await consent(slack))["code"]
    access = client.oauth_v2_access
    id, secret = slack.door.client_id, slack.door.client_secret
    assert await refusal(access(client_id="9.9", client_secret=secret, code=code)) == "invalid_client_id"
    assert await refusal(access(client_id=id, client_secret="x", code=code)) == "bad_client_secret"
    elsewhere = access(**known(slack), code=code, redirect_uri="http://127.0.0.1/elsewhere")
    assert await refusal(elsewhere) == "bad_redirect_uri"
    assert await refusal(access(**known(slack), code="1.2")) == "invalid_code"
    await clock.advance(601)
    assert await refusal(access(**known(slack), code=code)) == "invalid_code"


async def test_consent_may_be_refused(slack: FakeSlack) -> None:
    slack.consent.given = False
    assert await consent(slack) == {"error": "access_denied", "state": "a state"}


async def test_tokens_that_rotate_are_refreshed_once(
    slack: FakeSlack, client: AsyncWebClient, clock: FakeClock
) -> None:
    first = slack.rotate()
    client.token = str(first["token"])
    await client.auth_test()
    await clock.advance(12 * 3600)
    assert await refusal(client.auth_test()) == "token_expired"
    refresh = {**known(slack), "grant_type": "refresh_token", "refresh_token": str(first["refresh_token"])}
    answers = await asyncio.gather(
        *(client.oauth_v2_access(**refresh) for _ in range(5)), return_exceptions=True
    )
    good = [one for one in answers if not isinstance(one, BaseException)]
    assert len(good) == 1
    bad = [one.response["error"] for one in answers if isinstance(one, SlackApiError)]
    assert bad == ["invalid_refresh_token"] * 4
    client.token = good[0]["access_token"]
    await client.auth_test()
    assert good[0]["expires_in"] == 43_200
    assert good[0]["refresh_token"] != first["refresh_token"]


async def test_the_app_can_take_itself_out(slack: FakeSlack, client: AsyncWebClient) -> None:
    await client.apps_uninstall(**known(slack))
    assert await refusal(client.auth_test()) == "account_inactive"
