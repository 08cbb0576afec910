"""Python's collector of cycles, for a process that serves.

Its defaults suit scripts: after every 700 new objects it looks at the youngest, and now and then at
everything the process ever made. A server makes that many objects in a few turns, and what it keeps
(code, definitions, chats, sockets) it keeps for long: measured at 500 clients, looking through it
was a quarter of the CPU and half of the slowest replies.
"""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 10_000
"""New objects before the youngest are looked at; they are some megabytes."""
OLDER: Final = (20, 20)
"""Looks at the youngest before one at the middle ones, and of those before one at everything."""


def collect_seldom() -> None:
    """Let everything made so far live for ever, and look for cycles less often. Call once, when
    the doors are open; it is for the whole process, so a command decides it and no part does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *OLDER)
