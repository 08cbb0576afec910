"""Waking the readers of a chat, within one process."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.ports import Live

log = structlog.get_logger()


class LocalBus:
    """`bot.ports.Bus` for one process."""

    def __init__(self) -> None:
        self._readers: dict[str, list[Callable[[Live], None]]] = {}

    def publish(self, chat: str, item: Live) -> None:
        """Tell all subscribers now."""
        for hear in tuple(self._readers.get(chat, ())):
            try:
                hear(item)
            except Exception:  # a reader's fault must not reach the run that speaks
                log.exception("a reader failed", chat=chat)

    def heard(self, chat: str) -> bool:
        """Whether anybody listens to this chat now."""
        return chat in self._readers

    def subscribe(self, chat: str, hear: Callable[[Live], None]) -> Callable[[], None]:
        """Call `hear` for every item from now on."""
        self._readers.setdefault(chat, []).append(hear)

        def stop() -> None:
            readers = self._readers.get(chat, [])
            if hear in readers:
                readers.remove(hear)
            if not readers:
                self._readers.pop(chat, None)

        return stop
