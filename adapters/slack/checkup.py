"""What `cuebook doctor` asks Slack: do the tokens work, what is not allowed, is the clock right?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, NamedTuple

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.scopes import missing
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import scopes

LIMIT: Final = 8.0
"""Seconds for one question."""
SKEW: Final = 300
"""Seconds by which a clock may differ before every signature of Slack's is refused."""
UNEASY: Final = 60

_APPS: Final = "https://api.slack.com/apps"
_TOKEN: Final = f"{_APPS}, OAuth & Permissions, Bot User OAuth Token"
_APP_TOKEN: Final = f"{_APPS}, Basic Information, App-Level Tokens"
_WORDS: Final = {
    "account_inactive": "it was revoked, or the app removed",
    "invalid_auth": "Slack does not know it",
    "missing_scope": "it lacks the scope connections:write",
    "not_allowed_token_type": "it is of the wrong kind",
    "not_authed": "it is empty",
    "token_expired": "it has expired",
    "token_revoked": "it was revoked",
}


class Finding(msgspec.Struct, frozen=True):
    """One line. `fix` says what to do; empty where all is well."""

    name: str
    state: Literal["ok", "warning", "problem"]
    text: str
    fix: str = ""


class Answered(NamedTuple):
    """What a method answered: `error` is Slack's word or, in ours, why there is no answer."""

    error: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    reached: bool


async def checkup(
    settings: SlackSettings, client: Callable[[], AsyncWebClient], now: Callable[[], int]
) -> list[Finding]:
    """Every question once. `client` has no token of its own; `now` is in ms since 1970."""
    return [finding async for finding in _findings(settings, client, now)]


async def _findings(
    settings: SlackSettings, client: Callable[[], AsyncWebClient], now: Callable[[], int]
) -> AsyncIterator[Finding]:
    method = "auth.test" if settings.bot_token else "api.test"
    answer = await _ask(client(), method, settings.bot_token)
    if not answer.reached:
        yield Finding(
            "slack",
            "problem",
            f"{settings.api_url}: {answer.error}",
            "is there a way out to Slack from here?",
        )
        return
    if settings.bot_token:
        for finding in _of_the_bot(answer):
            yield finding
    for finding in _of_the_clock(answer, now() // 1000):
        yield finding
    if settings.socket:
        yield _of_the_app(await _ask(client(), "apps.connections.open", settings.app_token))
    if settings.http:
        yield await _of_the_address(client(), settings.public_url)


def _of_the_bot(answer: Answered) -> Iterator[Finding]:
    if answer.error:
        text = f"SLACK_BOT_TOKEN does not work: {_WORDS.get(answer.error, answer.error)}"
        yield Finding("slack bot", "problem", text, f"take it from {_TOKEN}")
        return
    who, where, team = (str(answer.body.get(name, "")) for name in ("user", "team", "team_id"))
    yield Finding("slack bot", "ok", f"we are {who or 'the bot'} in {where} ({team})")
    given = answer.headers.get("x-oauth-scopes", "")
    for scope in missing(scopes(given)) if given else ():
        yield Finding(
            "slack scope",
            "problem" if scope.needed else "warning",
            f"{scope.name} is missing: {scope.without}",
            f"add it at {_APPS}, OAuth & Permissions, and install the app again",
        )


def _of_the_clock(answer: Answered, now: int) -> Iterator[Finding]:
    there = _moment(answer.headers.get("date", ""))
    if there is None:
        return
    off = now - there
    if abs(off) > UNEASY:
        text = f"this machine's clock is {abs(off)} s {'ahead of' if off > 0 else 'behind'} Slack's"
        state: Literal["warning", "problem"] = "problem" if abs(off) > SKEW else "warning"
        if state == "problem":
            text += ", so every request of Slack's is refused as too old"
        yield Finding("slack clock", state, text, "set this machine's clock")
    else:
        yield Finding("slack clock", "ok", "this machine and Slack agree on the time")


def _of_the_app(answer: Answered) -> Finding:
    if not answer.error:
        return Finding("slack socket", "ok", "Socket Mode can connect")
    if not answer.reached:
        return Finding("slack socket", "problem", answer.error, "try again")
    text = f"SLACK_APP_TOKEN does not work: {_WORDS.get(answer.error, answer.error)}"
    return Finding("slack socket", "problem", text, f"make one with connections:write at {_APP_TOKEN}")


async def _of_the_address(client: AsyncWebClient, public_url: str) -> Finding:
    name = "slack address"
    if not public_url:
        return Finding(
            name,
            "warning",
            "nobody can say whether Slack reaches this server",
            "set CUEBOOK_PUBLIC_URL to its https:// address, or use Socket Mode",
        )
    session = client.session
    assert session is not None
    try:
        async with asyncio.timeout(LIMIT), session.get(f"{public_url}/livez") as answer:
            status = answer.status
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        text = f"{public_url} does not answer from here ({type(error).__name__})"
        return Finding(name, "warning", text, "is `cuebook serve` running, and does the proxy lead to it?")
    if status != 200:
        text = f"{public_url}/livez answers with {status}: that is not Cuebook"
        return Finding(name, "problem", text, "let the proxy lead to `cuebook serve`")
    return Finding(name, "ok", f"Slack can post to {public_url}/slack/events")


async def _ask(client: AsyncWebClient, method: str, token: str) -> Answered:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        async with asyncio.timeout(LIMIT):
            answer = await client.api_call(method, headers=headers)
    except SlackApiError as error:
        found = error.response
        body = found.data if isinstance(getattr(found, "data", None), dict) else {}
        if not isinstance(body.get("error"), str):
            status = getattr(found, "status_code", 0) or getattr(found, "status", 0)
            return Answered(f"it answers with {status}, which is not how Slack does", {}, {}, reached=False)
        return Answered(body["error"], body, _lower(found.headers), reached=True)
    except TimeoutError:
        return Answered(f"no answer within {LIMIT:g} s", {}, {}, reached=False)
    except (aiohttp.ClientError, OSError, SlackClientError, ValueError) as error:
        return Answered(f"cannot be reached ({type(error).__name__})", {}, {}, reached=False)
    body = answer.data if isinstance(answer.data, dict) else {}
    return Answered("", body, _lower(answer.headers), reached=True)


def _lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in dict(headers or {}).items()}


def _moment(date: str) -> int | None:
    try:
        return round(parsedate_to_datetime(date).timestamp())
    except ValueError:
        return None
