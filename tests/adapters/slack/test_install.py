"""Workspaces install the app: from the first page to the first call, and every way it can fail."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Installation
from structlog.testing import capture_logs

from adapters.slack.installations import InstallationStore
from adapters.slack.installing import consent_at, install_flow, routes
from adapters.slack.scopes import names
from adapters.slack.settings import SlackSettings
from adapters.slack.states import OPEN, StateStore
from adapters.slack.tokens import Hidden
from bot.errors import StoreUnavailable, TooMuch
from bot.ports import Insert
from bot.rows import OneTime, Workspace
from bot.testing.clock import FakeClock
from bot.testing.slack import broken, cut, limited, refused
from tests.adapters.slack.house import CLIENT, Process, house

PUBLIC = "https://bot.example.com"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def us(clock: FakeClock) -> AsyncIterator[Process]:
    async with house(clock) as (process,):
        yield process


class Browser:
    """Somebody's browser. It keeps the cookie as if our pages were served over https."""

    def __init__(self, session: aiohttp.ClientSession, site: str) -> None:
        self._session, self._site = session, site
        self.cookie = ""

    async def get(self, address: str) -> tuple[int, str]:
        """A page of ours, wherever our public address is said to be."""
        address = address.replace(PUBLIC, self._site) if "://" in address else self._site + address
        headers = {"Cookie": self.cookie} if self.cookie else {}
        async with self._session.get(address, headers=headers, allow_redirects=False) as answer:
            for cookie in answer.cookies.values():
                self.cookie = f"{cookie.key}={cookie.value}"
            return answer.status, await answer.text()

    async def consent(self, page: str) -> str:
        """Follow the link to Slack; where Slack sends the browser then."""
        link = unescape(re.findall(r'href="([^"]+)"', page)[0])
        async with self._session.get(link, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def begin(self) -> str:
        """As far as Slack's answer."""
        status, page = await self.get("/slack/install")
        assert status == 200
        return await self.consent(page)


@pytest.fixture
async def browser(us: Process) -> AsyncIterator[Browser]:
    async with browsing(us) as made:
        yield made


@asynccontextmanager
async def browsing(us: Process) -> AsyncIterator[Browser]:
    settings = SlackSettings(
        api_url=us.slack.url, public_url=PUBLIC, client_id=Hidden(CLIENT[0]), client_secret=Hidden(CLIENT[1])
    )
    app = web.Application()
    app.add_routes(routes(install_flow(settings, us.store, us.clock, us.workspaces, us.exchange)))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Browser(session, str(server.make_url("")).rstrip("/"))


async def test_from_the_first_page_to_the_first_call(us: Process, browser: Browser) -> None:
    place = us.slack.add_workspace("Desk & Sons", installed=False)
    us.slack.consent.workspace = place
    us.slack.consent.person = us.slack.add_person("Ann", workspace=place)
    status, page = await browser.get("/slack/install")
    assert status == 200
    assert "Add Cuebook to Slack" in page
    link = urlsplit(unescape(re.findall(r'href="([^"]+)"', page)[0]))
    assert parse_qs(link.query)["scope"] == [",".join(names())]
    assert parse_qs(link.query)["redirect_uri"] == [f"{PUBLIC}/slack/oauth_redirect"]
    status, page = await browser.get(await browser.consent(page))
    assert status == 200
    assert "Cuebook is in Desk &amp; Sons now" in page
    row = await us.row(place.id)
    assert (row.name, row.bot, row.bot_user, row.app) == (
        "Desk & Sons", place.bot_id, place.bot, place.app_id
    )  # fmt: skip
    assert row.installed_by == us.slack.consent.person.id
    grant = await us.workspaces.current("", place.id)
    assert grant is not None
    assert grant.token == place.token
    assert grant.scopes == set(names())
    assert us.secrets.shows(place.token)


async def test_a_token_that_expires_is_saved_as_one(us: Process, browser: Browser, clock: FakeClock) -> None:
    us.slack.world.rotation = True
    assert (await browser.get(await browser.begin()))[0] == 200
    row = await us.row(us.slack.workspace.id)
    assert row.expires_at == clock.now() + 12 * 3_600_000
    clock.move_to(row.expires_at)
    grant = await us.workspaces.current("", us.slack.workspace.id)
    assert grant is not None
    assert len(us.slack.called("oauth.v2.access")) == 2


async def test_a_callback_works_once(us: Process, browser: Browser) -> None:
    back = await browser.begin()
    cookie = browser.cookie
    assert (await browser.get(back))[0] == 200
    browser.cookie = cookie
    status, page = await browser.get(back)
    assert status == 401
    assert "This link was used already" in page
    assert len(us.slack.called("oauth.v2.access")) == 1


async def test_another_browser_cannot_end_it(us: Process, browser: Browser) -> None:
    back = await browser.begin()
    for cookie in ("", "slack-app-oauth-state=another"):
        browser.cookie = cookie
        status, page = await browser.get(back)
        assert status == 400
        assert "This did not begin here" in page
    assert us.slack.called("oauth.v2.access") == []


async def test_a_state_lives_ten_minutes(browser: Browser, clock: FakeClock) -> None:
    back = await browser.begin()
    clock.move_to(clock.now() + 600_000)
    assert (await browser.get(back))[0] == 401


async def test_who_says_no_installs_nothing(us: Process, browser: Browser) -> None:
    us.slack.consent.given = False
    status, page = await browser.get(await browser.begin())
    assert status == 200
    assert "Nothing was installed" in page
    assert await us.store.find(Workspace) == []


@pytest.mark.parametrize("fault", [broken(), cut(), limited(5)])
@pytest.mark.parametrize("method", ["oauth.v2.access", "auth.test"])
async def test_while_slack_is_away_nothing_is_installed(
    us: Process, browser: Browser, fault: Any, method: str
) -> None:
    us.slack.fail(method, fault)
    status, page = await browser.get(await browser.begin())
    assert status == 503
    assert "Slack does not answer" in page
    assert await us.store.find(Workspace) == []


async def test_a_code_that_slack_does_not_know_installs_nothing(us: Process, browser: Browser) -> None:
    us.slack.fail("oauth.v2.access", refused("invalid_code"))
    with capture_logs() as logs:
        status, page = await browser.get(await browser.begin())
    assert status == 401
    assert "Slack did not confirm it" in page
    assert {line["event"] for line in logs} == {"slack.not_installed"}


async def test_a_store_that_does_not_save_is_said(
    us: Process, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: Any) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(us.workspaces, "save", full)
    status, page = await browser.get(await browser.begin())
    assert status == 500
    assert "It could not be saved" in page
    assert "disk" not in page


@pytest.mark.parametrize(
    "query", ["error=%3Cscript%3E", "state=%3Cscript%3E&code=1", "code=1", "", "error=access_denied&error=2"]
)
async def test_nothing_that_a_stranger_sends_is_shown_or_kept(
    us: Process, browser: Browser, query: str
) -> None:
    status, page = await browser.get(f"/slack/oauth_redirect?{query}")
    assert status in (200, 400)
    assert "<script" not in page
    assert await us.store.find(Workspace) == []
    assert await us.store.find(OneTime) == []


async def test_a_team_that_is_asked_for_is_no_more_than_a_parameter(browser: Browser) -> None:
    _, page = await browser.get("/slack/install?team=T1%26redirect_uri%3Dhttps%3A%2F%2Fevil.example%22%3E")
    link = urlsplit(unescape(re.findall(r'href="([^"]+)"', page)[0]))
    assert parse_qs(link.query)["team"] == ['T1&redirect_uri=https://evil.example">']
    assert parse_qs(link.query)["redirect_uri"] == [f"{PUBLIC}/slack/oauth_redirect"]


async def test_an_organisation_installs_it_without_a_team(us: Process, clock: FakeClock) -> None:
    store = InstallationStore(us.workspaces, clock)
    await store.async_save(
        Installation(
            user_id="U1",
            enterprise_id="E0ORG",
            enterprise_name="The Org",
            team_id=None,
            bot_token="xoxb-1",
            bot_id="B1",
            bot_user_id="U9",
            bot_scopes="chat:write",
            is_enterprise_install=True,
        )
    )
    grant = await us.workspaces.current("E0ORG", "T0ANY")
    assert grant is not None
    assert (grant.token, grant.org, grant.team) == ("xoxb-1", True, "T0ANY")
    found = await store.async_find_bot(enterprise_id="E0ORG", team_id=None, is_enterprise_install=True)
    assert found is not None
    assert (found.bot_token, found.team_id, found.is_enterprise_install) == ("xoxb-1", None, True)


async def test_the_library_s_own_questions_are_answered(us: Process, clock: FakeClock) -> None:
    store, team = InstallationStore(us.workspaces, clock), us.slack.workspace.id
    assert await store.async_find_bot(enterprise_id=None, team_id=team) is None
    assert await store.async_find_installation(enterprise_id=None, team_id=team) is None
    await us.install()
    found = await store.async_find_installation(enterprise_id=None, team_id=team, user_id="U1")
    assert found is not None
    assert (found.bot_token, found.user_id, found.user_token) == (us.slack.workspace.token, "U1", None)
    await store.async_delete_installation(enterprise_id=None, team_id=team, user_id="U1")
    assert await store.async_find_bot(enterprise_id=None, team_id=team) is not None
    await store.async_delete_all(enterprise_id=None, team_id=team)
    assert await store.async_find_bot(enterprise_id=None, team_id=team) is None


@pytest.mark.parametrize("given", [{"team_id": "T1"}, {"bot_token": "xoxb-1"}])
async def test_half_an_installation_is_none(us: Process, clock: FakeClock, given: dict[str, Any]) -> None:
    with pytest.raises(BoltError):
        await InstallationStore(us.workspaces, clock).async_save(Installation(user_id="U1", **given))


async def test_states_are_kept_as_hashes_and_cleared_away(us: Process, clock: FakeClock) -> None:
    states = StateStore(us.store, clock)
    state = await states.async_issue()
    assert state not in repr(await us.store.find(OneTime))
    clock.move_to(clock.now() + 600_000)
    await states.async_issue()
    assert len(await us.store.find(OneTime)) == 1


async def test_installations_that_nobody_ends_are_bounded(
    us: Process, clock: FakeClock, browser: Browser
) -> None:
    rows = [
        OneTime(id=f"{no}", kind="slack.state", state="open", expires_at=clock.now() + 600_000)
        for no in range(OPEN)
    ]
    await us.store.commit([Insert(row) for row in rows])
    with pytest.raises(TooMuch):
        await StateStore(us.store, clock).async_issue()
    assert (await browser.get("/slack/install"))[0] == 429
    clock.move_to(clock.now() + 600_000)
    assert (await browser.get("/slack/install"))[0] == 200


async def test_the_environment_decides_nothing(us: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SCOPES", "USER_SCOPES", "REDIRECT_URI", "INSTALL_PATH"):
        monkeypatch.setenv(f"SLACK_{name}", "/from/the/environment")
    monkeypatch.setenv("SLACK_REDIRECT_URI_PATH", "/from/the/environment")
    async with browsing(us) as browser:
        _, page = await browser.get("/slack/install")
        assert "environment" not in page
        assert (await browser.get(await browser.consent(page)))[0] == 200


def test_the_page_of_consent_is_slack_s() -> None:
    assert consent_at("https://slack.com/api/") == "https://slack.com/oauth/v2/authorize"
    assert consent_at("http://127.0.0.1:1/api/") == "http://127.0.0.1:1/oauth/v2/authorize"
