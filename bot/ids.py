"""Ids: sorted by time, unguessable."""

from __future__ import annotations

import os
from collections.abc import Iterator


def _drawn() -> Iterator[str]:
    """Nine random bytes at a time as hex; asked from the system in bulk, since each request
    costs as much as a whole turn's decisions."""
    while True:
        pool = os.urandom(9 * 256).hex()
        for start in range(0, len(pool), 18):
            yield pool[start : start + 18]


_random = _drawn()


def new_id(now: int) -> str:
    """29 hex digits: 44 bits of milliseconds `now`, then 72 random bits."""
    return f"{now & 0xFFFFFFFFFFF:011x}{next(_random)}"
