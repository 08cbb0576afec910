"""Buckets and places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.web.rates import Held, Rate


class At:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_one_at_a_time() -> None:
    at = At()
    rate = Rate(5.0, 20, at)
    assert [rate.take("a") for _ in range(20)] == [0.0] * 20
    assert abs(rate.take("a") - 0.2) < 1e-6
    at.now += 0.2
    assert rate.take("a") == 0.0
    assert rate.take("a") > 0.0
    assert rate.take("b") == 0.0


def test_refusals_cost_nothing() -> None:
    at = At()
    rate = Rate(1.0, 1, at)
    rate.take("a")
    waits = [rate.take("a") for _ in range(100)]
    assert max(waits) <= 1.0 + 1e-6


def test_who_has_been_quiet_is_forgotten_and_nobody_else() -> None:
    at = At()
    rate = Rate(1.0, 5, at)
    rate.take("a")
    at.now += 0.9
    rate.take("b")
    at.now += 0.2
    rate.forget()
    assert list(rate._spent) == ["b"]


@given(st.lists(st.floats(0, 3), max_size=60))
def test_never_more_than_the_burst_and_what_time_gives(gaps: list[float]) -> None:
    at = At()
    rate = Rate(2.0, 4, at)
    taken, begun = 0, at.now
    for gap in gaps:
        at.now += gap
        taken += rate.take("a") == 0.0
        assert taken <= 4 + 2.0 * (at.now - begun) + 1e-6


def test_places_are_given_back() -> None:
    held = Held(2)
    assert [held.take("a") for _ in range(3)] == [True, True, False]
    held.release("a")
    assert held.take("a")
    held.release("a")
    held.release("a")
    assert held._held == {}
