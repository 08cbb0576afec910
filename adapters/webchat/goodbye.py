"""How a socket ends: the close codes of `cuebook.v1`, and which of our errors means which.

A client gives up on 4400 and 4403, gets a new token on 4401, and else comes back after a while.
"""

from __future__ import annotations

from typing import Final

import structlog

from adapters.webchat.desk import Unfit
from adapters.webchat.translate import Error
from bot.errors import NotAllowed, NotFound, StoreError, TooMuch
from bot.web.errors import status_of, words_of
from flows.errors import CuebookError, UnknownDefinition

log = structlog.get_logger()

DONE: Final = 1000
BINARY: Final = 1003
INTERNAL: Final = 1011
RESTART: Final = 1012
LATER: Final = 1013
BAD_FRAME: Final = 4400
UNAUTHENTICATED: Final = 4401
FORBIDDEN: Final = 4403
"""Not allowed, not there or not yours."""
NO_HELLO: Final = 4408
TOO_MANY: Final = 4429


class Goodbye(Exception):
    """The connection ends with `code`; `error` is told before, if there is one."""

    def __init__(self, code: int, error: Error | None = None) -> None:
        super().__init__(code)
        self.code, self.error = code, error


def not_yours() -> Goodbye:
    """The same answer for what is somebody else's and for what does not exist."""
    return Goodbye(FORBIDDEN, Error(code="not_found", message="There is no such chat."))


def told(exc: CuebookError, cmid: str = "") -> Error:
    """One of our errors as a frame."""
    code = exc.code if isinstance(exc, Unfit) else status_of(exc)[1]
    retry = exc.retry_after if isinstance(exc, TooMuch) else 1.0 if isinstance(exc, StoreError) else None
    return Error(code=code, message=words_of(exc), cmid=cmid, retry_after=retry)


def goodbye(exc: CuebookError) -> Goodbye:
    """What one of our errors means for the whole connection."""
    if isinstance(exc, NotFound):
        return not_yours()
    if isinstance(exc, NotAllowed | UnknownDefinition):
        return Goodbye(FORBIDDEN, told(exc))
    if isinstance(exc, TooMuch):
        return Goodbye(TOO_MANY, told(exc))
    if isinstance(exc, StoreError):
        return Goodbye(LATER, told(exc))
    log.error("webchat.unforeseen", error=type(exc).__name__, exc_info=exc)
    return Goodbye(INTERNAL)
