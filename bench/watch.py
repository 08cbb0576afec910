"""A server that watches where its own CPU goes: by samples, or call by call."""

from __future__ import annotations

import cProfile
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from types import FrameType
from typing import Protocol

Row = tuple[str, str, str, int, float]
"""(thread, file, function, how often, own seconds)."""
Spent = defaultdict[tuple[str, str, str], tuple[int, float]]


class Watch(Protocol):
    """Made before anything else happens, in the loop's thread."""

    def start(self) -> None:
        """From now on."""
        ...

    def stop(self) -> list[Row]:
        """What was spent since the start."""
        ...


class Samples:
    """Looks at the loop's thread after each millisecond of CPU. Costs little and distorts little;
    C code, the kernel's included, counts for the Python function that called it."""

    def __init__(self) -> None:
        self._spent: Spent = defaultdict(lambda: (0, 0.0))
        self._last = 0.0
        signal.signal(signal.SIGPROF, self._look)

    def start(self) -> None:
        """From now on."""
        self._last = time.thread_time()
        signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)

    def stop(self) -> list[Row]:
        """What was spent since the start."""
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        return [(*key, times, seconds) for key, (times, seconds) in self._spent.items()]

    def _look(self, _number: int, frame: FrameType | None) -> None:
        """The timer counts the CPU of all threads; what this one took since is its own."""
        now = time.thread_time()
        if frame is not None:
            key = ("loop", frame.f_code.co_filename, frame.f_code.co_qualname)
            times, seconds = self._spent[key]
            self._spent[key] = (times + 1, seconds + now - self._last)
        self._last = now


class Calls:
    """cProfile in the loop's thread and in every thread that starts after it was made.

    By each thread's own CPU clock: with the wall's a thread would seem to work while it waits
    for the disk or for its turn to run Python. It makes small functions look dear.
    """

    def __init__(self) -> None:
        self._threads: list[cProfile.Profile] = []
        self._main = _profiler()
        self._before: Spent
        threading.setprofile(self._begin)  # called by a new thread, in it

    def _begin(self, *_: object) -> None:
        self._threads.append(_profiler())
        self._threads[-1].enable()

    def start(self) -> None:
        """From now on."""
        self._before = self._spent()
        self._main.enable()

    def stop(self) -> list[Row]:
        """What was spent since the start, by what ran at all."""
        self._main.disable()
        spent, before = self._spent(), self._before
        return [
            (*key, calls - before[key][0], seconds - before[key][1])
            for key, (calls, seconds) in spent.items()
            if calls > before[key][0]
        ]

    def _spent(self) -> Spent:
        spent: Spent = defaultdict(lambda: (0, 0.0))
        for thread, profile in [("loop", self._main), *(("threads", one) for one in self._threads)]:
            for file, function, calls, seconds in _functions(profile):
                known = spent[thread, file, function]
                spent[thread, file, function] = (known[0] + calls, known[1] + seconds)
        return spent


def _profiler() -> cProfile.Profile:
    return cProfile.Profile(time.thread_time_ns, 1e-9)


def _functions(profile: cProfile.Profile) -> Iterator[tuple[str, str, int, float]]:
    """C functions are counted with the file of their caller."""
    for entry in profile.getstats():
        if isinstance(entry.code, str):
            continue
        file = entry.code.co_filename
        yield file, entry.code.co_qualname, entry.callcount, entry.inlinetime
        for call in entry.calls or ():
            if isinstance(call.code, str):
                yield file, call.code, call.callcount, call.inlinetime


WATCHES: dict[str, type[Samples | Calls]] = {"samples": Samples, "calls": Calls}
