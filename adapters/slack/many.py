"""Many workspaces, put together: what holds their tokens, and where they install the app."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from adapters.slack.api import Session, web_client
from adapters.slack.exchange import TokenExchange
from adapters.slack.installed import InstalledWorkspaces
from adapters.slack.installing import install_flow, routes
from adapters.slack.renewing import Renewals
from adapters.slack.sealing import Seal, Vault
from adapters.slack.settings import SlackSettings
from bot.ports import Clock, Store


class Many:
    """`workspaces` and `routes` for who serves more than one workspace."""

    def __init__(
        self,
        settings: SlackSettings,
        store: Store,
        clock: Clock,
        session: Session,
        *,
        key: bytes,
        hide: Callable[[str], None],
    ) -> None:
        """`key`: the server's own secret, from which the key for tokens is derived. `hide`: masks
        a value from now on."""
        vault = Vault(Seal(key), hide)
        self._exchange = TokenExchange(
            lambda: web_client(settings.api_url, session()), settings.client_id, settings.client_secret
        )
        renewals = Renewals(store, clock, vault, self._exchange.renew)
        self.workspaces = InstalledWorkspaces(store, clock, vault, renewals)
        self._flow = install_flow(settings, store, clock, self.workspaces, self._exchange)

    def routes(self) -> list[web.RouteDef]:
        """`/slack/install` and `/slack/oauth_redirect`."""
        return routes(self._flow)
