"""Logs: one line an event, JSON unless a person is watching; secrets masked by value."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

import structlog


def set_up(level: str, style: str, mask: Callable[[str], str] | None = None) -> None:
    """Send everything to stderr, the standard library's loggers included.

    `style`: json, text, or auto (text on a terminal). Call once, first thing.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    last = [_renderer(style)] if mask is None else [_renderer(style), _masking(mask)]
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for chatty in ("apscheduler", "watchfiles", "asyncio"):
        logging.getLogger(chatty).setLevel(max(number, logging.WARNING))


def _renderer(style: str) -> structlog.typing.Processor:
    if style == "json" or (style == "auto" and not sys.stderr.isatty()):
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    # Plain: the library's own way shows the local variables of every frame, secrets included.
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def _masking(mask: Callable[[str], str]) -> structlog.typing.Processor:
    """The finished line goes through the mask: whatever a value was part of, it is seen."""

    def masked(_: Any, __: str, line: Any) -> Any:
        return mask(line) if isinstance(line, str) else line

    return masked
