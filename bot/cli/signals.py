"""Ctrl-C and SIGTERM: the first asks to stop, the second does not ask."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from bot.cli.shared import FINE, INTERRUPTED


class Signals:
    """Installed on the running loop until it ends."""

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self._first = 0
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._hear, number)

    def _hear(self, number: signal.Signals) -> None:
        if self._first:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(128 + number)  # nothing may hold us now: no drain, no clean-up
        self._first = number
        self.came.set()

    @property
    def code(self) -> int:
        """The exit code once all is put away: told to stop is fine, Ctrl-C is an interruption."""
        return INTERRUPTED if self._first == signal.SIGINT else FINE
