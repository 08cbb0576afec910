"""When is everything at rest? Asked of the loop itself, so no test ever sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

ROUNDS = 200_000
QUIET_ROUNDS = 50

Outside = Callable[[], "asyncio.Future[None] | None"]


def nothing_outside() -> None:
    """The default of `settle`: no work happens anywhere but on the loop."""


async def settle(outside: Outside = nothing_outside) -> None:
    """Return when nothing on the loop can go on by itself: all tasks wait for time, for a
    gate or for somebody's words.

    `outside`: a future that is done when work outside the loop (a database's thread) has come
    further, or None while there is none. RuntimeError if it never rests.
    """
    ready = getattr(asyncio.get_running_loop(), "_ready", None)
    quiet = 0
    for _ in range(ROUNDS):
        await asyncio.sleep(0)
        # What is ready to run is asyncio's own list; a loop that hides it is given some rounds.
        quiet = quiet + 1 if not ready else 0
        if quiet == 0 or (ready is None and quiet < QUIET_ROUNDS):
            continue
        working = outside()
        if working is None:
            return
        await working
        quiet = 0
    raise RuntimeError("this never comes to rest: something wakes itself again and again")
