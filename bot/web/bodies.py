"""Bodies and queries as typed values; what does not fit is refused with its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from bot.web.clean import cleaned_json
from bot.web.errors import BadRequest, Handler

T = TypeVar("T")

MAX_BODY: Final = 1024 * 1024
"""Bytes that any request may carry."""
BODY_TIME: Final = 30.0
"""Seconds in which a body must be here."""


def json_answer(value: object, status: int = 200) -> web.Response:
    """A value as a JSON answer that nobody keeps."""
    headers = {"Cache-Control": "no-store"}
    body = msgspec.json.encode(value)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


async def body_as(request: web.Request, kind: type[T]) -> T:
    """The JSON body as `kind`. Raises BadRequest with the place, 415 for another type: a
    form from a foreign page cannot send `application/json` without asking first."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="Send JSON, as Content-Type: application/json.")
    try:
        return msgspec.convert(cleaned_json(await request.read()), kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as exc:
        raise BadRequest(f"The body is not what is expected here: {exc}") from None


def query_as(request: web.Request, kind: type[T]) -> T:
    """The query as `kind`, numbers read from text. Raises BadRequest, for unknown names too."""
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as exc:
        raise BadRequest(f"The query is not what is expected here: {exc}") from None


@web.middleware
def bodies(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Have every body here, whole and in time, before a handler runs.

    aiohttp limits the size of a body but not its time; one place for both means that no
    handler can forget it. `request.read()` then answers from memory.
    """
    return _with_body(request, handler) if request.body_exists else handler(request)


async def _with_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        async with asyncio.timeout(BODY_TIME):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    return await handler(request)
