"""One call of Slack's Web API: our errors instead of Slack's, nothing sent twice.

The library is given a session with a time limit of its own, and no retry handlers: its default
one sends a post again when a connection breaks, which posts it twice. Which calls are tried
again, and when, is for the outbox to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import aiohttp
import structlog
from aiohttp import ClientSession  # noqa: TID251  (its type; the one client opens it)
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.outgoing import Answer, Arguments
from bot.errors import RetryLater, Undeliverable, Unheard

log = structlog.get_logger()
Session: TypeAlias = Callable[[], ClientSession]

LIMIT: Final = 12.0
"""Seconds that one call may take."""
PATIENCE: Final = 30.0
"""Seconds to wait after a 429 that does not say how long."""
UNSURE: Final = frozenset(
    ("fatal_error", "internal_error", "request_timeout", "service_unavailable", "team_added_to_org")
)
"""Slack's words for "something went wrong here": it may have been done."""


class Declined(Undeliverable):
    """Slack will not do it; `code` is its word for why."""

    def __init__(self, method: str, code: str, detail: str = "") -> None:
        super().__init__(f"{method}: {code}{f' ({detail})' if detail else ''}")
        self.method, self.code = method, code


class Api:
    """Calls methods with a workspace's token. `session` is asked when it is first needed."""

    def __init__(self, base_url: str, session: Session) -> None:
        self._base_url, self._session = base_url, session
        self._client: AsyncWebClient | None = None

    @property
    def client(self) -> AsyncWebClient:
        """The vendor's client, without a token of its own."""
        if self._client is None:
            self._client = web_client(self._base_url, self._session())
        return self._client

    async def call(self, token: str, method: str, arguments: Arguments) -> Answer:
        """Slack's answer, which was ok. Raises RetryLater (Slack asks for patience), Unheard
        (nobody knows whether it was done), Declined."""
        headers = {"Authorization": f"Bearer {token}"}
        form = method in FORMS
        try:
            answer = await self.client.api_call(  # the session limits its time
                method,
                json=None if form else arguments,
                data=arguments if form else None,
                headers=headers,
            )
        except SlackApiError as error:
            raise _in_words(method, error) from error
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
            raise Unheard(f"{method}: {type(error).__name__}") from error
        return dict(answer.data) if isinstance(answer.data, dict) else {}

    async def upload(self, url: str, content: bytes) -> None:
        """The middle part of sending a file. Raises Unheard."""
        try:
            async with asyncio.timeout(LIMIT), self._session().post(url, data=content) as answer:
                if answer.status != 200:
                    raise Unheard(f"the upload was answered with {answer.status}")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unheard(f"the upload broke off: {type(error).__name__}") from error


def web_client(base_url: str, session: ClientSession) -> AsyncWebClient:
    """The vendor's client: it repeats nothing, goes through no proxy that the environment names
    past the address rules, and logs neither what it sends nor what it receives."""
    made = AsyncWebClient(
        base_url=base_url, session=session, retry_handlers=[], timeout=round(LIMIT), logger=quiet("web")
    )
    made.proxy = None
    return made


def quiet(part: str) -> logging.Logger:
    """A log for the vendor's libraries: what they tell below an error holds what people wrote."""
    logger = logging.getLogger(f"slack_bolt.cuebook.{part}")
    logger.setLevel(logging.ERROR)
    return logger


FORMS: Final = frozenset(
    (
        "conversations.history",
        "conversations.info",
        "conversations.replies",
        "files.getUploadURLExternal",
        "users.info",
    )
)
"""Methods that take no JSON (Slack: reading ones take forms)."""


def _in_words(method: str, error: SlackApiError) -> RetryLater | Unheard | Declined:
    response: Any = error.response
    status: int = getattr(response, "status_code", 0) or getattr(response, "status", 0)
    if status == 429:
        return RetryLater(_patience(response), "Slack asks for patience")
    body = getattr(response, "data", None)
    code = body.get("error") if isinstance(body, dict) else None
    if not isinstance(code, str) or code in UNSURE or status >= 500:
        return Unheard(f"{method}: Slack answered with {code or status}")
    if code == "ratelimited":
        return RetryLater(_patience(response), "Slack asks for patience")
    return Declined(method, code, _detail(body))


def _patience(response: Any) -> float:
    headers: dict[str, Any] = getattr(response, "headers", None) or {}
    given: Any = headers.get("Retry-After", headers.get("retry-after", ""))
    if isinstance(given, list):
        given = given[0] if given else ""
    try:
        return max(1.0, float(given))
    except (TypeError, ValueError):
        return PATIENCE


def _detail(body: object) -> str:
    """What Slack says about arguments that it does not take; never a value of ours."""
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("needed"), str):
        return f"the scope {body['needed']} is missing"
    metadata = body.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else None
    return "; ".join(str(message)[:200] for message in messages[:3]) if isinstance(messages, list) else ""
