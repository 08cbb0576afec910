"""Counting what people do: how often, and how much at once."""

from __future__ import annotations

from collections.abc import Callable


class Rate:
    """A token bucket per key, kept as one number each (GCRA: the time until which the key
    has already spent). Idle keys cost nothing after `forget`."""

    def __init__(self, rate: float, burst: int, now: Callable[[], float]) -> None:
        """`rate` a second, `burst` at once; `now` in seconds, monotonic."""
        self._each, self._room, self._now = 1 / rate, burst / rate, now
        self._spent: dict[str, float] = {}

    def take(self, key: str) -> float:
        """Spend one: 0.0 if there was one to spend, else the seconds until there is."""
        now = self._now()
        spent = max(self._spent.get(key, now), now) + self._each
        if spent - now > self._room + 1e-9:
            return spent - now - self._room
        self._spent[key] = spent
        return 0.0

    def __len__(self) -> int:
        """Keys that are remembered."""
        return len(self._spent)

    def forget(self) -> None:
        """Drop the keys whose buckets are full again."""
        now = self._now()
        self._spent = {key: spent for key, spent in self._spent.items() if spent > now}


class Held:
    """How many connections each key holds now, with a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: dict[str, int] = {}

    def take(self, key: str) -> bool:
        """Hold one more; False if that is too many."""
        held = self._held.get(key, 0)
        if held >= self._limit:
            return False
        self._held[key] = held + 1
        return True

    def release(self, key: str) -> None:
        """Let one go. Only after a `take` that said True."""
        left = self._held[key] - 1
        if left:
            self._held[key] = left
        else:
            del self._held[key]
