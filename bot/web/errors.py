"""What a refusal looks like on the wire, and the middleware that makes it one.

A client gets a code to act on and a sentence to read; never a stack trace, a version or
another system's words (OWASP ASVS 16.5.1). What nobody foresaw gets an id that the log has too.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec
import structlog
from aiohttp import web

from bot.errors import (
    Conflict,
    Duplicate,
    NotAllowed,
    NotFound,
    Refused,
    StoreError,
    StoreUnavailable,
    TooMuch,
)
from flows.errors import CuebookError, UnknownDefinition

log = structlog.get_logger()

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadRequest(Refused):
    """The request does not make sense; the message says where."""


class Unauthenticated(Refused):
    """No token came with the request."""


class Error(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`code` is for programs, `message` for people; `id` finds the line in the log."""

    code: str
    message: str
    id: str = ""


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not what was asked for."""

    error: Error


_STATUS: Final[tuple[tuple[type[CuebookError], int, str], ...]] = (
    (BadRequest, 400, "bad_request"),
    (Unauthenticated, 401, "unauthenticated"),
    (NotAllowed, 403, "not_allowed"),
    (NotFound, 404, "not_found"),
    (UnknownDefinition, 404, "not_found"),
    (Conflict, 409, "conflict"),
    (Duplicate, 409, "conflict"),
    (TooMuch, 429, "too_many"),
    (StoreUnavailable, 503, "unavailable"),
    (StoreError, 503, "unavailable"),
)
_HTTP_CODES: Final = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    408: "too_slow", 413: "too_large", 415: "not_json", 429: "too_many", 503: "unavailable",
}  # fmt: skip
_WORDS: Final = {
    404: "There is nothing here.",
    405: "This address does not take that method.",
    413: "The body is too large.",
}
_LATER: Final = "The server cannot do this right now. Please try again in a moment."


def status_of(error: CuebookError) -> tuple[int, str]:
    """The HTTP status and the code for one of our errors; 500 for those nobody should see."""
    for kind, status, code in _STATUS:
        if isinstance(error, kind):
            return status, code
    return 500, "internal"


def words_of(error: CuebookError) -> str:
    """What a person may read about it: refusals speak for themselves, the database does not."""
    return _LATER if isinstance(error, StoreError) else str(error)


def answer(status: int, code: str, message: str, *, id: str = "") -> web.Response:
    """A refusal as an answer."""
    body = ErrorAnswer(error=Error(code=code, message=message, id=id))
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")


def refusal(error: CuebookError) -> web.Response:
    """One of our errors as an answer, with the headers that its status asks for."""
    status, code = status_of(error)
    if status == 500:
        return unforeseen(error)
    response = answer(status, code, words_of(error))
    if isinstance(error, TooMuch):
        response.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    elif status == 503:
        response.headers["Retry-After"] = "1"
    elif status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def unforeseen(error: BaseException) -> web.Response:
    """500 with an id; the story goes to the log under the same id."""
    id = secrets.token_hex(6)
    log.error("web.unforeseen", error_id=id, exc_info=error)
    return answer(500, "internal", "Something went wrong here. The log knows it by this id.", id=id)


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what was raised into an answer. A socket that was upgraded sees to itself."""
    try:
        return await handler(request)
    except web.HTTPException as refused:
        return _plain(refused)
    except CuebookError as refused:
        return refusal(refused)
    except ConnectionError:
        raise
    except Exception as exc:  # noqa: BLE001 - the one place that must not let anything through
        return unforeseen(exc)


def _plain(refused: web.HTTPException) -> web.StreamResponse:
    """aiohttp's own refusals in our form; redirects and the like stay as they are."""
    if refused.status < 400:
        raise refused
    code = _HTTP_CODES.get(refused.status, "refused")
    response = answer(refused.status, code, _WORDS.get(refused.status, refused.reason or code))
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in refused.headers:
            response.headers[name] = refused.headers[name]
    if refused.status == 408:
        response.force_close()
    return response
