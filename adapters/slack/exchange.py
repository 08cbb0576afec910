"""Tokens for a code or a refresh token. (The library's rotator goes by a clock of its own; ours
is a parameter.)"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import LIMIT, Declined
from adapters.slack.outgoing import Answer
from adapters.slack.renewing import Renewed
from adapters.slack.sealing import Tokens
from adapters.slack.tokens import Hidden
from bot.errors import RetryLater, Unheard

BUSY: Final = 30.0
"""Seconds to wait when Slack asks for patience."""


class TokenExchange:
    """What `oauth.v2.access` gives. `renew` implements `renewing.Exchange`."""

    def __init__(self, client: Callable[[], AsyncWebClient], client_id: str, client_secret: str) -> None:
        self._client, self._client_id, self._client_secret = client, client_id, Hidden(client_secret)

    async def renew(self, refresh: str) -> Renewed:
        """New tokens for a refresh token. Raises RetryLater, Unheard, Declined."""
        return read_renewed(await self._access(grant_type="refresh_token", refresh_token=refresh))

    async def installed(self, code: str, redirect_uri: str) -> tuple[Answer, Answer]:
        """What was granted for the code of an installation, and whose token it is (`auth.test`,
        which alone says the bot's id). Raises as `renew`."""
        granted = await self._access(code=code, redirect_uri=redirect_uri)
        token = read_renewed(granted).tokens.token
        headers = {"Authorization": f"Bearer {token}"}
        return granted, await self._called("auth.test", {}, headers)

    async def _access(self, **fields: str) -> Answer:
        # The library's own way to name ourselves is deprecated by the client beneath it.
        ourselves = aiohttp.encode_basic_auth(self._client_id, self._client_secret)
        return await self._called("oauth.v2.access", fields, {"Authorization": ourselves})

    async def _called(self, method: str, fields: dict[str, str], headers: dict[str, str]) -> Answer:
        try:
            async with asyncio.timeout(LIMIT):
                answer = await self._client().api_call(method, data=fields, headers=headers)
        except SlackApiError as error:
            raise _in_words(method, error) from None  # its text may hold the whole answer
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
            raise Unheard(f"{method}: {type(error).__name__}") from None
        return answer.data if isinstance(answer.data, dict) else {}


def read_renewed(answer: Answer) -> Renewed:
    """The tokens in Slack's answer. Raises Unheard if there are none."""
    token, refresh, seconds = (answer.get(name) for name in ("access_token", "refresh_token", "expires_in"))
    if not isinstance(token, str) or not token:
        raise Unheard("Slack's answer holds no token")
    return Renewed(
        Tokens(token, refresh if isinstance(refresh, str) else ""),
        seconds if isinstance(seconds, int) and seconds > 0 else 0,
    )


def _in_words(method: str, error: SlackApiError) -> RetryLater | Unheard | Declined:
    status: int = getattr(error.response, "status_code", 0)
    body = getattr(error.response, "data", None)
    code = body.get("error") if isinstance(body, dict) else None
    if status == 429 or code == "ratelimited":
        return RetryLater(BUSY, "Slack asks for patience")
    if not isinstance(code, str) or status >= 500:
        return Unheard(f"{method}: Slack answered with {status}")
    return Declined(method, code)
