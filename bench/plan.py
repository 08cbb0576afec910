"""How long, how often, how many."""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """The whole measurement takes a few minutes, the quick one less than a minute."""

    repetitions: int
    warm: float
    measure: float
    clients: tuple[int, ...]
    runs_at_once: tuple[int, ...]
    sockets: int
    chats: int
    starts: int


WHOLE = Plan(3, 1.0, 3.0, (1, 50, 500), (1, 100), 2_000, 5_000, 5)
QUICK = Plan(1, 0.4, 0.8, (1, 50, 500), (1, 100), 500, 1_000, 1)
