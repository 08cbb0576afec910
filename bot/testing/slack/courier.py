"""Delivering to the app, again if need be, and keeping a record of it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

from bot.testing.slack.delivery import Answer, Kind, Retry, Way
from bot.testing.slack.things import Json
from bot.testing.slack.world import World

PAUSES: Final = (0, 60_000, 300_000)  # ms before the first, second and third retry


@dataclass
class Delivery:
    """One attempt to tell the app something."""

    kind: Kind
    payload: Json
    answer: Answer
    retry: Retry | None = None

    @property
    def event_id(self) -> str:
        """The event's own id; empty for what is no event."""
        return str(self.payload.get("event_id", ""))


@dataclass
class _Owed:
    delivery: Delivery
    due: int


class Courier:
    """Tells the app what happens. `deliveries`: every attempt, in order. `lost`: events that the
    app did not take in four attempts."""

    def __init__(self, world: World, way: Way) -> None:
        self.world, self.way = world, way
        self.deliveries: list[Delivery] = []
        self.lost: list[Json] = []
        self._owed: list[_Owed] = []

    async def sends(
        self, payload: Json, *, kind: Kind | None = None, retry: int = 0, at: int | None = None
    ) -> Answer:
        """Hand over any payload once. `retry`: say that it comes again; `at`: when it was signed,
        in seconds since 1970."""
        again = Retry(retry, "http_error") if retry else None
        return await self._attempt(kind or kind_of(payload), payload, again, at)

    async def retries(self, *, wait: bool = True) -> int:
        """Deliver again what the app has not taken, as far as it is due by the clock: at once,
        after a minute, after five. `wait=False`: as if it were all due. How many went out."""
        now = self.world.clock.now()
        due = [one for one in self._owed if not wait or one.due <= now]
        for one in due:
            self._owed.remove(one)
            before = one.delivery
            number = (before.retry.number if before.retry else 0) + 1
            await self._attempt(before.kind, before.payload, Retry(number, before.answer.reason))
        return len(due)

    async def redeliver(self, *event_ids: str, shuffled: random.Random | None = None) -> list[Answer]:
        """Deliver events once more, whatever became of them, with the headers of a retry: those
        with these ids, or all that there have been."""
        found: dict[str, Json] = {}
        for one in self.deliveries:
            if one.kind == "events_api" and one.event_id and (not event_ids or one.event_id in event_ids):
                found[one.event_id] = one.payload
        order = list(found.values())
        if shuffled is not None:
            shuffled.shuffle(order)
        return [await self._attempt("events_api", one, Retry(1, "http_timeout")) for one in order]

    async def _attempt(
        self, kind: Kind, payload: Json, retry: Retry | None = None, at: int | None = None
    ) -> Answer:
        answer = await self.way.send(kind, payload, retry, at)
        done = Delivery(kind, payload, answer, retry)
        self.deliveries.append(done)
        if kind == "events_api" and not answer.ok and at is None:
            self._owe(done)
        return answer

    def _owe(self, done: Delivery) -> None:
        number = done.retry.number if done.retry else 0
        if number < len(PAUSES):
            self._owed.append(_Owed(done, self.world.clock.now() + PAUSES[number]))
        else:
            self.lost.append(done.payload)


def kind_of(payload: Json) -> Kind:
    """How Slack would send it."""
    if "command" in payload:
        return "slash_commands"
    events = ("event_callback", "url_verification", "app_rate_limited")
    return "events_api" if payload.get("type") in events else "interactive"
