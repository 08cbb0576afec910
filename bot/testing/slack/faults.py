"""What a hostile Slack does instead of answering.

    fake.fail("chat.postMessage", limited(30), broken(), took_it_then_cut())

fails the next three posts, each in its way; the fourth goes through.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from bot.ports import Clock


@dataclass(frozen=True)
class Fault:
    """One bad answer. `taken`: the call has its effect all the same."""

    kind: Literal["answer", "cut", "silent", "slow"]
    taken: bool = False
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    retry_after: int = 0
    code: str = ""
    seconds: float = 0


def limited(retry_after: int) -> Fault:
    """429; the app must wait for so many seconds."""
    return Fault("answer", status=429, code="ratelimited", retry_after=retry_after)


def refused(code: str) -> Fault:
    """200 with `ok: false`."""
    return Fault("answer", code=code)


def broken(status: int = 500) -> Fault:
    """A server error with an empty body."""
    return Fault("answer", status=status, body="", content_type="text/plain")


def bad_gateway() -> Fault:
    """502 with a page for people, where an app expects JSON."""
    page = "<!DOCTYPE html><html><body><h1>Something went wrong</h1></body></html>"
    return Fault("answer", status=502, body=page, content_type="text/html")


def cut() -> Fault:
    """The connection drops, and nothing was done."""
    return Fault("cut")


def took_it_then_cut() -> Fault:
    """The connection drops after the work was done: the app cannot know."""
    return Fault("cut", taken=True)


def silent(*, taken: bool = False) -> Fault:
    """No answer comes, ever."""
    return Fault("silent", taken=taken)


def slow(seconds: float) -> Fault:
    """The right answer comes so much later, by the fake's clock."""
    return Fault("slow", taken=True, seconds=seconds)


class Faults:
    """What is still to go wrong, by method; `*` for any."""

    def __init__(self) -> None:
        self._queues: dict[str, deque[Fault]] = {}
        self._held: set[asyncio.Event] = set()

    def add(self, method: str, *faults: Fault) -> None:
        """Fail the next calls of a method, in this order."""
        self._queues.setdefault(method, deque()).extend(faults)

    def next(self, method: str) -> Fault | None:
        """What this call gets instead of its answer."""
        for name in (method, "*"):
            if queue := self._queues.get(name):
                return queue.popleft()
        return None

    def left(self, method: str) -> int:
        """How many of its calls are still to fail."""
        return len(self._queues.get(method, ()))

    async def wait(self, clock: Clock, seconds: float) -> None:
        """So long by the clock, or until the fake stops."""
        with self._holding() as over:
            key = f"slack-is-slow-{id(over)}"
            clock.alarm(key, clock.now() + round(seconds * 1000), over.set)
            await over.wait()
            clock.cancel(key)

    async def wait_for_ever(self) -> None:
        """Until the fake stops, or is told to let go."""
        with self._holding() as over:
            await over.wait()

    @contextmanager
    def _holding(self) -> Iterator[asyncio.Event]:
        over = asyncio.Event()
        self._held.add(over)
        try:
            yield over
        finally:
            self._held.discard(over)

    @property
    def held(self) -> int:
        """How many calls wait for their answer now."""
        return len(self._held)

    def let_go(self) -> None:
        """Everything silent or slow comes to its end."""
        for over in self._held:
            over.set()

    def clear(self) -> None:
        """Be friendly again."""
        self._queues.clear()
