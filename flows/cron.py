"""Cron lines: five fields, read as cron reads them, and the next time that one is due.

Weekdays count from Sunday (0 or 7), names are English, and where both the day of the month
and the weekday are given, either is enough (crontab(5), POSIX crontab). APScheduler's own
reading differs in both, which is why it only rings here.

Clocks that change: a line that names its hours is due once for each local date and time, at
the first of two, and after the gap if the time is left out that day. A line for every hour
goes by real time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PART: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", re.ASCII)
_YEARS: Final = 9  # between two 29ths of February there can be eight years
_MINUTE: Final = timedelta(minutes=1)


class _Field(NamedTuple):
    what: str
    low: int
    high: int
    names: dict[str, int]


_FIELDS: Final = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day", 1, 31, {}),
    _Field("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    _Field("weekday", 0, 7, {name: number for number, name in enumerate(_WEEKDAYS)}),
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron line that was read. `weekdays` count from Sunday = 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Both the day and the weekday were given: one of them is enough."""

    def after(self, moment: datetime) -> datetime | None:
        """The first due time after `moment` (aware, in the zone that the line is meant for), in
        the same zone; None if there is none within nine years."""
        return self._by_clock(moment) if len(self.hours) < 24 else self._by_time(moment)

    def _by_clock(self, moment: datetime) -> datetime | None:
        """Once for each date and time that a clock on the wall shows."""
        now = moment.astimezone(UTC)
        for day in self._dates(moment.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    shown = datetime.combine(day, time(hour, minute), moment.tzinfo)
                    due = shown.astimezone(UTC)
                    if due > now:
                        return due.astimezone(moment.tzinfo)
        return None

    def _by_time(self, moment: datetime) -> datetime | None:
        """Every hour that passes, whatever clocks show."""
        due = moment.astimezone(UTC).replace(second=0, microsecond=0) + _MINUTE
        last = due + timedelta(days=366 * _YEARS)
        while due < last:
            here = due.astimezone(moment.tzinfo)
            if not self._on(here.date()):
                morning = datetime.combine(here.date() + timedelta(days=1), time(), moment.tzinfo)
                due = max(morning.astimezone(UTC), due + _MINUTE)
            elif here.minute not in self.minutes:
                due += _MINUTE
            else:
                return here
        return None

    def _dates(self, first: date) -> Iterator[date]:
        for number in range(366 * _YEARS):
            day = first + timedelta(days=number)
            if self._on(day):
                yield day

    def _on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


def read_cron(text: str) -> Cron:
    """A cron line. ValueError says what is wrong with it, in an author's words."""
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError("`cron` has five fields: minute hour day month weekday")
    minutes, hours, days, months, weekdays = (
        _read(field, part.lower()) for field, part in zip(_FIELDS, parts, strict=True)
    )
    cron = Cron(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        days=frozenset(days),
        months=frozenset(months),
        weekdays=frozenset(number % 7 for number in weekdays),
        either=not parts[2].startswith("*") and not parts[4].startswith("*"),
    )
    if cron.after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
        raise ValueError(f"`{text}` never comes: there is no such day")
    return cron


def _read(field: _Field, text: str) -> set[int]:
    """The numbers that one field names."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            raise ValueError(f"`{part}` is not a {field.what}: write *, 5, 1-5, */15 or several with commas")
        every, low, high, step = match.groups()
        if every:
            first, last = field.low, field.high
        else:
            first = _number(field, low)
            last = _number(field, high, ends=True) if high else (field.high if step else first)
        if first > last:
            raise ValueError(f"`{part}` goes backwards")
        if step == "0":
            raise ValueError(f"`{part}` has a step of 0")
        found |= set(range(first, last + 1, int(step or 1)))
    return found


def _number(field: _Field, word: str, *, ends: bool = False) -> int:
    number = field.names.get(word, -1)
    if number < 0 and word.isdecimal():
        number = int(word)
    if ends and number == 0 and field.names.get("sun") == 0:
        number = 7  # sat-sun
    if not field.low <= number <= field.high:
        raise ValueError(f"`{word}` is not a {field.what}: it is between {field.low} and {field.high}")
    return number
