"""How Slack comes in: over HTTP or Socket Mode, verified, durable, and only then acknowledged.

slack-bolt is a dispatcher here and nothing more: it knows the shapes of Slack's answers. What
matters happens before it dispatches, in `before_authorize`: Bolt acknowledges events before
their listeners run and answers 200 where no workspace is known, so that whatever came after it
could be lost.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol

import msgspec
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import quiet
from bot.errors import StoreUnavailable
from bot.ports import Clock
from bot.web.signatures import verify_slack

log = structlog.get_logger()

TYPES: Final = ("application/json", "application/x-www-form-urlencoded")
EVERYTHING: Final = re.compile("", re.DOTALL)
ANSWER: Final = "cuebook_answer"
DEPTH: Final = 64
"""Of JSON; Slack's own is about ten deep."""


class Reply(msgspec.Struct, frozen=True):
    """What the acknowledgement says: `text` to the one who wrote a command, `errors` beside the
    fields of a form, `close` ends a form's window whatever is above it."""

    text: str = ""
    errors: dict[str, str] = {}


NOTHING: Final = Reply()


class Taker(Protocol):
    """Whoever sees to what was heard."""

    async def take(self, payload: dict[str, Any]) -> Reply:
        """It is durable when this returns. Raises StoreUnavailable: hand it over again."""
        ...


class Door:
    """`/slack/events`. `secret` is looked up for each request; empty: nothing comes in here."""

    def __init__(
        self,
        taker: Taker,
        clock: Clock,
        *,
        secret: str,
        authorize: AsyncAuthorize,
        client: AsyncWebClient,
    ) -> None:
        self._taker, self._clock, self._secret = taker, clock, secret
        self.bolt = dispatcher(taker, authorize, client)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One delivery of Slack's."""
        body = await request.read()
        if not self._secret or not verify_slack(self._secret, request.headers, body, self._clock.now()):
            return web.Response(status=401, text="not signed by Slack")
        if request.content_type not in TYPES:
            return web.Response(status=415)
        text = _text(body)
        if text is None:
            return web.Response(status=400, text="not UTF-8")
        try:
            heard = AsyncBoltRequest(body=text, query=request.query_string, headers=dict(request.headers))
        except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
            # Bolt looks for teams and people in whatever shape there is.
            return web.Response(status=400, text="not what Slack sends")
        return await self._dispatched(heard)

    async def _dispatched(self, heard: AsyncBoltRequest) -> web.Response:
        body: object = heard.body  # Bolt says a mapping, and parses whatever is JSON
        if not isinstance(body, dict) or (_nested(heard.raw_body) and too_deep(body)):
            return web.Response(status=400, text="not what Slack sends")
        answer = await self.bolt.async_dispatch(heard)
        response = await to_aiohttp_response(answer)
        if answer.status == 503:
            response.headers["Retry-After"] = "1"
        return response


class _First(AsyncMiddleware):
    """Before Bolt asks for a token or acknowledges anything: make it durable."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002  (Bolt's own name)
    ) -> BoltResponse | None:
        try:
            req.context[ANSWER] = await self._taker.take(req.body)
        except StoreUnavailable as error:
            log.error("slack.handed_back", reason=str(error))
            return BoltResponse(status=503, body="")
        except Exception:  # the wall: one payload that we cannot take must not come again and again
            log.exception("slack.given_up", type=str(req.body.get("type"))[:40])
            req.context[ANSWER] = NOTHING
        if req.context[ANSWER] == NOTHING and req.body.get("type") != "url_verification":
            return BoltResponse(status=200, body="")  # all that there is to say to it
        return await next()


def dispatcher(taker: Taker, authorize: AsyncAuthorize, client: AsyncWebClient) -> AsyncApp:
    """Bolt, with everything said that it would else read from the environment."""
    bolt = AsyncApp(
        name="cuebook",
        logger=quiet("bolt"),
        signing_secret="verified before",  # noqa: S106  (no secret: the raw bytes were verified by us)
        client=client,
        authorize=authorize,  # type: ignore[arg-type]  # Bolt takes an instance, too
        before_authorize=_First(taker),
        request_verification_enabled=False,
        ignoring_self_events_enabled=False,
        ssl_check_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    for listen in (bolt.event, bolt.command, bolt.action, bolt.shortcut, bolt.view, bolt.options):
        listen(EVERYTHING)(_acknowledge)
    bolt.view_closed(EVERYTHING)(_acknowledge)
    return bolt


async def _acknowledge(ack: AsyncAck, context: dict[str, Any]) -> None:
    reply = context.get(ANSWER, NOTHING)
    if reply.errors:
        await ack(response_action="errors", errors=reply.errors)
    elif reply.text:
        await ack(text=reply.text, response_type="ephemeral")
    else:
        await ack()


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _nested(raw: str) -> bool:
    """Whether it can be too deep at all: nearly nothing can, and looking costs."""
    return sum(raw.count(mark) for mark in ("{", "[", "%7B", "%5B", "%7b", "%5b")) > DEPTH


def too_deep(value: object) -> bool:
    """Whether a payload is nested deeper than anything that Slack sends."""
    level, left = [value], DEPTH
    while level:
        if left == 0:
            return True
        left -= 1
        level = [
            inner
            for outer in level
            for inner in (
                outer.values() if isinstance(outer, dict) else outer if isinstance(outer, list) else ()
            )
        ]
    return False
