"""Durations as authors write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.durations import LONGEST, seconds, spoken


@pytest.mark.parametrize(
    ("text", "value", "back"),
    [
        ("30s", 30.0, "30s"),
        ("1m30s", 90.0, "1m30s"),
        ("90s", 90.0, "1m30s"),
        ("500ms", 0.5, "500ms"),
        ("1.5s", 1.5, "1s500ms"),
        ("2h", 7200.0, "2h"),
        ("1d", 86400.0, "1d"),
        ("366d", LONGEST, "366d"),
        ("0s", 0.0, "0s"),
    ],
)
def test_a_duration_is_read_and_spelt_back(text: str, value: float, back: str) -> None:
    assert (seconds(text), spoken(value)) == (value, back)


@pytest.mark.parametrize(
    "text", ["", "30", 30, 1.5, None, True, "s", "-1s", "1 m", "1w", "1e3s", "٣s", "1s\n", ["1s"], "1,5s"]
)
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="is not a duration: write 30s"):
        seconds(text)


@pytest.mark.parametrize("text", ["367d", "366d1ms", "999999h"])
def test_a_duration_is_at_most_a_year(text: str) -> None:
    with pytest.raises(ValueError, match="longer than a year"):
        seconds(text)


@given(st.integers(0, round(LONGEST * 1000)))
def test_spelling_loses_no_millisecond(ms: int) -> None:
    assert round(seconds(spoken(ms / 1000)) * 1000) == ms
