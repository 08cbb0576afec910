"""Workspaces install the app themselves: `/slack/install`, and where Slack sends them back to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation

from adapters.slack import pages
from adapters.slack.api import Declined
from adapters.slack.exchange import TokenExchange
from adapters.slack.installations import InstallationStore, quiet, read_installation
from adapters.slack.installed import InstalledWorkspaces
from adapters.slack.scopes import names
from adapters.slack.settings import SlackSettings
from adapters.slack.states import LIFE, StateStore
from bot.errors import DeliveryError, TooMuch
from bot.ports import Clock, Store

log = structlog.get_logger()

INSTALL: Final = "/slack/install"
REDIRECT: Final = "/slack/oauth_redirect"
_HTML: Final = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}


class Away(Exception):
    """Slack did not answer: the code may be used up."""


class InstallFlow(AsyncOAuthFlow):
    """The library's way through an installation, with our pages, our clock and our client."""

    def __init__(self, settings: AsyncOAuthSettings, exchange: TokenExchange, clock: Clock) -> None:
        super().__init__(settings=settings, logger=quiet())
        self._exchange, self._clock = exchange, clock

    async def build_authorize_url(self, state: str, request: AsyncBoltRequest) -> str:
        """Slack's page of consent."""
        asked = {
            "client_id": self.client_id,
            "scope": ",".join(self.settings.scopes or ()),
            "redirect_uri": self.redirect_uri or "",
            "state": state,
        }
        team = request.query.get("team", [""])[0]
        return f"{self.settings.authorization_url}?{urlencode(asked | ({'team': team} if team else {}))}"

    async def build_install_page_html(self, url: str, request: AsyncBoltRequest) -> str:
        """Ours."""
        return pages.install(url)

    async def run_installation(self, code: str) -> Installation | None:
        """What Slack grants for the code; None if it does not. Raises Away."""
        try:
            granted, ourselves = await self._exchange.installed(code, self.redirect_uri or "")
        except Declined as error:
            log.warning("slack.not_installed", reason=error.code)
            return None
        except DeliveryError as error:
            raise Away(str(error)) from error
        return read_installation(granted, ourselves, self._clock.now())


def install_flow(
    settings: SlackSettings,
    store: Store,
    clock: Clock,
    workspaces: InstalledWorkspaces,
    exchange: TokenExchange,
) -> InstallFlow:
    """The flow, with everything said that the library would else read from the environment."""
    again = f"{settings.public_url}{INSTALL}"

    async def success(args: AsyncSuccessArgs) -> BoltResponse:
        installation = args.installation
        url = f"slack://app?team={installation.team_id or ''}&id={installation.app_id or ''}"
        name = installation.team_name or installation.enterprise_name or ""
        return BoltResponse(status=200, headers={**_HTML, **_cookie(args)}, body=pages.done(name, url))

    async def failure(args: AsyncFailureArgs) -> BoltResponse:
        log.warning("slack.not_installed", reason=str(args.reason)[:40])
        body = pages.failed(args.reason, again)
        return BoltResponse(status=args.suggested_status_code, headers={**_HTML, **_cookie(args)}, body=body)

    options = AsyncOAuthSettings(
        client_id=str(settings.client_id),
        client_secret=str(settings.client_secret),
        scopes=names(),
        user_scopes=[],
        redirect_uri=f"{settings.public_url}{REDIRECT}",
        install_path=INSTALL,
        redirect_uri_path=REDIRECT,
        callback_options=AsyncCallbackOptions(success=success, failure=failure),
        authorization_url=consent_at(settings.api_url),
        installation_store=InstallationStore(workspaces, clock),
        installation_store_bot_only=True,
        state_store=StateStore(store, clock),
        state_expiration_seconds=LIFE,
        logger=quiet(),
    )
    return InstallFlow(options, exchange, clock)


def _cookie(args: AsyncSuccessArgs | AsyncFailureArgs) -> dict[str, str]:
    return {"Set-Cookie": args.settings.state_utils.build_set_cookie_for_deletion()}


def consent_at(api_url: str) -> str:
    """Slack's page of consent, beside its Web API."""
    return f"{api_url.removesuffix('/').removesuffix('/api')}/oauth/v2/authorize"


def routes(flow: InstallFlow) -> list[web.RouteDef]:
    """The two addresses of an installation."""
    return [web.get(INSTALL, _page(flow.handle_installation)), web.get(REDIRECT, _page(flow.handle_callback))]


def _page(
    handle: Callable[[AsyncBoltRequest], Awaitable[BoltResponse]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def page(request: web.Request) -> web.Response:
        asked = AsyncBoltRequest(body="", query=request.query_string, headers=dict(request.headers))
        try:
            answer = await handle(asked)
        except TooMuch:
            return _failed("crowded", HTTPStatus.TOO_MANY_REQUESTS)
        except (Away, DeliveryError) as error:
            log.warning("slack.not_installed", reason=str(error))
            return _failed("away", HTTPStatus.SERVICE_UNAVAILABLE)
        return await to_aiohttp_response(answer)

    return page


def _failed(reason: str, status: HTTPStatus) -> web.Response:
    return web.Response(status=status, text=pages.failed(reason, INSTALL), content_type="text/html")
