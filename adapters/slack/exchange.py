"""`oauth.v2.access` with a refresh token. Slack's own rotator goes by its own clock; ours is a
parameter."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import LIMIT, Declined, Session
from adapters.slack.renewing import Renewed
from adapters.slack.sealing import Tokens
from adapters.slack.tokens import Hidden
from bot.errors import RetryLater, Unheard

METHOD: Final = "oauth.v2.access"
BUSY: Final = 30.0
"""Seconds to wait when Slack asks for patience."""


def quiet_client(base_url: str, session: Session) -> Callable[[], AsyncWebClient]:
    """The vendor's client for tokens: it repeats nothing, and at no level writes what it sends or
    receives to a log, since nothing could mask a token that we see for the first time."""
    logger = logging.getLogger("slack_sdk.cuebook")
    logger.setLevel(logging.ERROR)
    return lambda: AsyncWebClient(
        base_url=base_url, session=session(), retry_handlers=[], timeout=round(LIMIT), logger=logger
    )


class TokenExchange:
    """Implements `renewing.Exchange`."""

    def __init__(self, client: Callable[[], AsyncWebClient], client_id: str, client_secret: str) -> None:
        self._client, self._client_id, self._client_secret = client, client_id, Hidden(client_secret)

    async def __call__(self, refresh: str) -> Renewed:
        """New tokens. Raises RetryLater, Unheard, Declined."""
        try:
            async with asyncio.timeout(LIMIT):
                answer = await self._client().oauth_v2_access(
                    client_id=self._client_id,
                    client_secret=self._client_secret,
                    grant_type="refresh_token",
                    refresh_token=refresh,
                )
        except SlackApiError as error:
            raise _in_words(error) from None  # its text may hold the whole answer
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
            raise Unheard(f"{METHOD}: {type(error).__name__}") from None
        return read_renewed(answer.data)


def read_renewed(answer: Any) -> Renewed:
    """Slack's answer. Raises Unheard if there is no token in it."""
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise Unheard(f"{METHOD}: an answer without a token")
    refresh, seconds = answer.get("refresh_token"), answer.get("expires_in")
    return Renewed(
        Tokens(token, refresh if isinstance(refresh, str) else ""),
        seconds if isinstance(seconds, int) and seconds > 0 else 0,
    )


def _in_words(error: SlackApiError) -> RetryLater | Unheard | Declined:
    status, body = error.response.status_code if hasattr(error.response, "status_code") else 0, {}
    if isinstance(getattr(error.response, "data", None), dict):
        body = error.response.data
    code = body.get("error")
    if status == 429 or code == "ratelimited":
        return RetryLater(BUSY, "Slack asks for patience")
    if not isinstance(code, str) or status >= 500:
        return Unheard(f"{METHOD}: Slack answered with {status}")
    return Declined(METHOD, code)
