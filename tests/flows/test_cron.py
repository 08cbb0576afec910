"""Cron lines mean what cron means, on days when clocks change too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.cron import read_cron

BERLIN = ZoneInfo("Europe/Berlin")


def due(line: str, start: str, times: int) -> list[str]:
    """The next times in Berlin."""
    cron, moment, found = read_cron(line), datetime.fromisoformat(start).replace(tzinfo=BERLIN), []
    for _ in range(times):
        after = cron.after(moment)
        assert after is not None
        moment = after
        found.append(f"{moment:%a %m-%d %H:%M%z}")
    return found


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("0 7 * * 1-5", ["Fri 11-27 07:00+0100", "Mon 11-30 07:00+0100", "Tue 12-01 07:00+0100"]),
        ("0 7 * * mon-fri", ["Fri 11-27 07:00+0100", "Mon 11-30 07:00+0100", "Tue 12-01 07:00+0100"]),
        ("0 7 * * 0", ["Sun 11-29 07:00+0100", "Sun 12-06 07:00+0100", "Sun 12-13 07:00+0100"]),
        ("0 7 * * 7", ["Sun 11-29 07:00+0100", "Sun 12-06 07:00+0100", "Sun 12-13 07:00+0100"]),
        ("0 7 * * sat-sun", ["Sat 11-28 07:00+0100", "Sun 11-29 07:00+0100", "Sat 12-05 07:00+0100"]),
        ("*/20 22,23 * * *", ["Thu 11-26 22:20+0100", "Thu 11-26 22:40+0100", "Thu 11-26 23:00+0100"]),
        ("5/30 * * * *", ["Thu 11-26 22:05+0100", "Thu 11-26 22:35+0100", "Thu 11-26 23:05+0100"]),
        ("0 0 1 jan,jul *", ["Fri 01-01 00:00+0100", "Thu 07-01 00:00+0200", "Sat 01-01 00:00+0100"]),
        ("0 12 29 2 *", ["Tue 02-29 12:00+0100", "Sun 02-29 12:00+0100", "Fri 02-29 12:00+0100"]),
    ],
)
def test_a_line_is_due_when_cron_says(line: str, times: list[str]) -> None:
    assert due(line, "2026-11-26T22:01", 3) == times


def test_a_day_and_a_weekday_are_either_of_them() -> None:
    assert due("0 9 1 * fri", "2026-11-26T22:01", 4) == [
        "Fri 11-27 09:00+0100",
        "Tue 12-01 09:00+0100",
        "Fri 12-04 09:00+0100",
        "Fri 12-11 09:00+0100",
    ]


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ("30 2 * * *", ["Sat 10-24 02:30+0200", "Sun 10-25 02:30+0200", "Mon 10-26 02:30+0100"]),
        ("0 2 * * *", ["Sat 10-24 02:00+0200", "Sun 10-25 02:00+0200", "Mon 10-26 02:00+0100"]),
    ],
)
def test_a_time_that_comes_twice_is_due_once(line: str, times: list[str]) -> None:
    assert due(line, "2026-10-23T12:00", 3) == times


def test_a_time_that_is_left_out_is_due_after_the_gap() -> None:
    assert due("30 2 * * *", "2026-03-28T12:00", 2) == ["Sun 03-29 03:30+0200", "Mon 03-30 02:30+0200"]


def test_a_line_for_every_hour_goes_by_real_time() -> None:
    assert due("*/30 * * * *", "2026-10-25T01:40", 5) == [
        "Sun 10-25 02:00+0200",
        "Sun 10-25 02:30+0200",
        "Sun 10-25 02:00+0100",
        "Sun 10-25 02:30+0100",
        "Sun 10-25 03:00+0100",
    ]
    assert due("0 * * * *", "2026-03-29T00:30", 3) == [
        "Sun 03-29 01:00+0100",
        "Sun 03-29 03:00+0200",
        "Sun 03-29 04:00+0200",
    ]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("* * * *", "five fields"),
        ("99 7 * * *", "`99` is not a minute: it is between 0 and 59"),
        ("a 7 * * *", "`a` is not a minute"),
        ("5-1 * * * *", "goes backwards"),
        ("*/0 * * * *", "a step of 0"),
        ("0 0 30 2 *", "never comes"),
        ("1, * * * *", "is not a minute"),
        ("0 0 * * 8", "`8` is not a weekday"),
        ("0 0 * * \u0661", "is not a weekday"),
    ],
)
def test_a_wrong_line_is_said_in_an_authors_words(line: str, what: str) -> None:
    with pytest.raises(ValueError, match=what.replace("*", r"\*")):
        read_cron(line)


@given(
    st.sampled_from(["30 2 * * *", "0 * * * *", "*/7 1-3 * * *", "0 0 1 * mon", "59 23 31 12 *"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001  (local time, as a zone reads it)
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_time_is_later_and_nothing_lies_between(line: str, naive: datetime, zone: str) -> None:
    cron, moment = read_cron(line), naive.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    after = cron.after(moment)
    assert after is not None
    assert after.timestamp() > moment.timestamp()
    between = datetime.fromtimestamp((after.timestamp() + moment.timestamp()) / 2, ZoneInfo(zone))
    assert cron.after(between) == after
