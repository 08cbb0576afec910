"""Reading a terminal, a pipe or a file without holding up the loop."""

from __future__ import annotations

import asyncio
import os
import select
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Final, Protocol, TypeAlias

_PIECE: Final = 4_096
_Asked: TypeAlias = "tuple[asyncio.AbstractEventLoop, asyncio.Future[bytes]]"


class Reader(Protocol):
    """Where words come from."""

    async def read(self) -> bytes:
        """What is there next; nothing at the end."""
        ...


class Input:
    """A file descriptor, read in a thread of its own, a piece at a time and only when asked.

    A thread, because the loop cannot watch files and a terminal must not be made
    non-blocking: it is shared with the shell. A daemon, because nothing ends a read. Not
    Python's own reader: it holds a lock while it waits, and a program that ends meanwhile
    dies of it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def read(self) -> bytes:
        """See `Reader`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="keyboard", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        self._asked.put((loop, answer))
        return await answer

    def _serve(self) -> None:
        while True:
            loop, answer = self._asked.get()
            data = self._piece()
            try:
                loop.call_soon_threadsafe(_give, answer, data)
            except RuntimeError:  # the loop is over
                return

    def _piece(self) -> bytes:
        try:
            select.select([self._descriptor], [], [])  # somebody may have made it non-blocking
            return os.read(self._descriptor, _PIECE)
        except (OSError, ValueError):  # the terminal is gone: the end of all input
            return b""


def _give(answer: asyncio.Future[bytes], data: bytes) -> None:
    if not answer.done():
        answer.set_result(data)


@contextmanager
def by_key(descriptor: int) -> Iterator[None]:
    """The terminal hands over each key and shows none; Ctrl-C stays a signal. As it was at
    the exit."""
    before = termios.tcgetattr(descriptor)
    try:
        set_by_key(descriptor)
        yield
    finally:
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def hush(descriptor: int, *, quiet: bool) -> None:
    """Let a terminal that shows what is typed by itself show nothing, or show it again."""
    with suppress(termios.error):  # it is gone
        mode = termios.tcgetattr(descriptor)
        mode[3] = mode[3] & ~termios.ECHO if quiet else mode[3] | termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)


def set_by_key(descriptor: int) -> None:
    """The mode of `by_key`, once more: a shell sets its own while we are stopped."""
    mode = termios.tcgetattr(descriptor)
    mode[3] &= ~(termios.ICANON | termios.ECHO)
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
