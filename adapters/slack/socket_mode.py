"""Socket Mode: the same deliveries over a connection that we open.

The vendor's client tries for ever with a token that Slack does not take, so the token is tried
once by itself first. Deliveries that were not acknowledged come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from adapters.slack.api import Api, Declined, quiet
from bot.errors import DeliveryError, RetryLater, SettingsError

log = structlog.get_logger()

CONNECT: Final = 20.0
"""Seconds that one attempt to connect may take."""
AGAIN: Final = 10.0
"""Seconds between two attempts while Slack cannot be reached."""


class SocketMode:
    """One connection; Slack spreads its deliveries over all that an app has open."""

    def __init__(self, bolt: AsyncApp, token: str, api: Api) -> None:
        self._bolt, self._token, self._api = bolt, token, api
        self._handler: AsyncSocketModeHandler | None = None
        self._stopped = asyncio.Event()

    async def start(self, spawn: Callable[[Coroutine[Any, Any, Any], str], None]) -> None:
        """Connect. Raises SettingsError for a token that Slack refuses; while Slack cannot be
        reached it is tried again and again, and the rest of the house is open meanwhile."""
        try:
            await self._try()
        except (DeliveryError, TimeoutError) as error:
            log.error("slack.socket_waits", reason=str(error))
            spawn(self._later(), "slack:socket")
        else:
            await self._connect()

    async def _try(self) -> None:
        """Slack's own word on the token."""
        try:
            async with asyncio.timeout(CONNECT):
                await self._api.call(self._token, "apps.connections.open", {})
        except Declined as error:
            raise SettingsError(
                f"Slack does not take SLACK_APP_TOKEN ({error.code}): it begins with xapp- and "
                "has the scope connections:write"
            ) from error

    async def _later(self) -> None:
        while not self._stopped.is_set():
            try:
                async with asyncio.timeout(AGAIN):
                    await self._stopped.wait()
                return
            except TimeoutError:
                pass
            try:
                await self._try()
                await self._connect()
            except SettingsError as error:
                log.error("slack.socket_refused", reason=str(error))
                return
            except (DeliveryError, RetryLater, TimeoutError) as error:
                log.error("slack.socket_waits", reason=str(error))
            else:
                return

    async def _connect(self) -> None:
        handler = AsyncSocketModeHandler(
            self._bolt, self._token, logger=quiet("socket"), web_client=self._api.client
        )
        self._handler = handler
        async with asyncio.timeout(CONNECT):
            await handler.connect_async()
        log.info("slack.socket_open")

    async def connected(self) -> bool:
        """Whether deliveries can come in."""
        handler = self._handler
        return handler is not None and await handler.client.is_connected()

    async def stop(self) -> None:
        """Close. What was not acknowledged is delivered again, to whoever is connected then."""
        self._stopped.set()
        handler, self._handler = self._handler, None
        if handler is not None:
            await handler.close_async()
