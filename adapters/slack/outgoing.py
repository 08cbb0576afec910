"""What we may send to Slack, and when: one queue a workspace, within Slack's limits.

Slack limits each method by workspace, and posts by channel to about one a second; who goes
on after a 429 is cut off. So nothing is sent before its time: answers to people come first,
then last states, then progress. Nobody waits long here: who would is told when to come again,
and holds no place meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from enum import IntEnum
from typing import Any, Final, TypeAlias

import msgspec

from adapters.slack.rates import Bucket, limit_of, posting
from bot.errors import RetryLater
from bot.ports import Clock

Arguments: TypeAlias = dict[str, Any]
Answer: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]

PATIENCE: Final = 15_000  # ms that anybody waits here
AGAIN: Final = 2.0  # seconds until who has waited in vain may come again
QUEUED: Final = 500  # calls of one workspace
AT_ONCE: Final = 10  # calls of one workspace under way


class Urgency(IntEnum):
    """Who goes first."""

    ANSWER = 0
    LAST_STATE = 1
    PROGRESS = 2


class _Call:
    """One call. `make` is asked when its time has come: a picture of progress is then as new as
    can be."""

    __slots__ = ("_done", "make", "method", "over", "room", "since", "urgency")

    def __init__(
        self, method: str, room: str, make: Callable[[], Arguments | None], urgency: Urgency, since: int
    ) -> None:
        self.method, self.room, self.make, self.urgency, self.since = method, room, make, urgency, since
        self._done: asyncio.Future[Answer | None] | None = None
        self.over = False
        """It was answered, or nobody waits for it any more."""

    def waits(self) -> asyncio.Future[Answer | None]:
        """What comes of it, from now on."""
        self._done = asyncio.get_running_loop().create_future()
        return self._done

    def answer(self, answer: Answer | None) -> None:
        """It was sent, or (None) there was nothing to send any more."""
        if self._done is not None and not self._done.done():
            self._done.set_result(answer)

    def refuse(self, error: Exception) -> None:
        """It was not sent, or not well."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(error)


class Counts(msgspec.Struct):
    """For metrics."""

    limited: int = 0
    """Times that Slack said 429 in spite of all."""


class Means(msgspec.Struct, frozen=True):
    """What a queue works with: `send(workspace, method, arguments)` talks to Slack and raises
    DeliveryErrors; `spawn` owns tasks; `spacing`: ms between two posts to one room."""

    send: Callable[[Key, str, Arguments], Awaitable[Answer]]
    clock: Clock
    spawn: Callable[[Any, str], None]
    spacing: int
    posts_per_minute: float
    counts: Counts


class Outgoing:
    """The queues of all workspaces."""

    def __init__(
        self,
        send: Callable[[Key, str, Arguments], Awaitable[Answer]],
        clock: Clock,
        spawn: Callable[[Any, str], None],
        *,
        spacing: float = 1.0,
        posts_per_minute: float = 500.0,
    ) -> None:
        self._clock, self.counts = clock, Counts()
        self._means = Means(send, clock, spawn, round(spacing * 1000), posts_per_minute, self.counts)
        self._lanes: dict[Key, _Lane] = {}

    async def call(
        self,
        workspace: Key,
        method: str,
        make: Callable[[], Arguments | None],
        *,
        room: str = "",
        urgency: Urgency = Urgency.ANSWER,
    ) -> Answer | None:
        """Send when it may be sent. `make` returns the arguments, or None if there is nothing
        to send any more. Raises DeliveryErrors; RetryLater if its time is too far off."""
        lane = self._lanes.get(workspace)
        if lane is None:
            lane = self._lanes[workspace] = _Lane(self._means, workspace)
        return await lane.call(_Call(method, room, make, urgency, self._clock.now()))

    @property
    def waiting(self) -> int:
        """Calls that wait for their time."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def oldest(self) -> float:
        """Seconds that the call has waited that waits longest."""
        since = [lane.oldest for lane in self._lanes.values() if lane.waiting]
        return (self._clock.now() - min(since)) / 1000 if since else 0.0

    def forget(self, workspace: Key) -> None:
        """Nothing goes there any more."""
        lane = self._lanes.pop(workspace, None)
        if lane is not None:
            lane.give_up()


class _Lane:
    """The queue of one workspace."""

    def __init__(self, means: Means, workspace: Key) -> None:
        self._means, self._clock, self._workspace = means, means.clock, workspace
        self._queues: tuple[deque[_Call], ...] = tuple(deque() for _ in Urgency)
        self._buckets: dict[str, Bucket] = {}
        self._rooms: dict[str, int] = {}
        """Room → when the next post may go there."""
        self._busy: set[str] = set()
        """Rooms to which a post is on its way: the next one must not overtake it."""
        self._under_way = 0
        self._alarm = f"slack:{workspace[0]}:{workspace[1]}"

    @property
    def waiting(self) -> int:
        return sum(len(queue) for queue in self._queues)

    @property
    def oldest(self) -> int:
        return min(queue[0].since for queue in self._queues if queue)

    async def call(self, call: _Call) -> Answer | None:
        due, now = self._due(call), call.since
        if due - now > PATIENCE:
            raise RetryLater((due - now) / 1000, "Slack's limit for this method")
        if due <= now and self._under_way < AT_ONCE and not any(self._queues) and call.room not in self._busy:
            return await self._at_once(call)
        if self.waiting >= QUEUED:
            raise RetryLater(AGAIN, "too many messages wait for this workspace")
        queue, done = self._queues[call.urgency], call.waits()
        queue.append(call)
        self._pump()
        try:
            return await done
        finally:
            call.over = True
            if call in queue:  # whoever waited for it does not any more
                queue.remove(call)

    async def _at_once(self, call: _Call) -> Answer | None:
        """Nobody waits, so it need not wait either."""
        arguments = call.make()
        if arguments is None:
            return None
        self._begin(call, call.since)
        return await self._sent(call, arguments)

    def give_up(self) -> None:
        for queue in self._queues:
            for call in queue:
                call.refuse(RetryLater(AGAIN, "the workspace is gone"))
            queue.clear()

    # --- when ----------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what may be sent now, send away who has waited long enough, and wake up when
        the next of both is due. In one room nobody overtakes."""
        now = self._clock.now()
        self._forget_rooms(now)
        wake: list[int] = []
        held = set(self._busy)
        for queue in self._queues:
            for call in tuple(queue):
                free = call.room not in held and self._under_way < AT_ONCE
                due = self._due(call)
                if free and due <= now:
                    queue.remove(call)
                    self._start(call, now)
                elif now - call.since >= PATIENCE:
                    queue.remove(call)
                    call.refuse(RetryLater(max(AGAIN, (due - now) / 1000), "Slack's limits"))
                else:
                    wake.append(min(due, call.since + PATIENCE) if free else call.since + PATIENCE)
                if call.room:
                    held.add(call.room)
        if wake:
            self._clock.alarm(self._alarm, min(wake), self._pump)

    def _due(self, call: _Call) -> int:
        """When it may go, by all that is known."""
        due = self._bucket(call.method).due(self._clock.now())
        return max(due, self._rooms.get(call.room, 0)) if _posts(call.method) else due

    def _bucket(self, method: str) -> Bucket:
        bucket = self._buckets.get(method)
        if bucket is None:
            limit = posting(self._means.posts_per_minute) if _posts(method) else limit_of(method)
            bucket = self._buckets[method] = Bucket(limit)
        return bucket

    def _forget_rooms(self, now: int) -> None:
        if len(self._rooms) > 1_000:
            self._rooms = {room: due for room, due in self._rooms.items() if due > now}

    # --- sending -------------------------------------------------------------------------

    def _start(self, call: _Call, now: int) -> None:
        if call.over:
            return
        try:
            arguments = call.make()
        except Exception as error:  # noqa: BLE001  (it is the caller's, who is told)
            call.refuse(error)
        else:
            if arguments is not None:
                self._begin(call, now)
                self._means.spawn(self._carry(call, arguments), f"slack:{call.method}")
                return
            call.answer(None)
        asyncio.get_running_loop().call_soon(self._pump)  # its place is free for the next

    def _begin(self, call: _Call, now: int) -> None:
        self._bucket(call.method).take(now)
        if call.room:
            self._busy.add(call.room)
        self._under_way += 1

    async def _carry(self, call: _Call, arguments: Arguments) -> None:
        """Send for somebody who waits."""
        try:
            call.answer(await self._sent(call, arguments))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is the caller's)
            call.refuse(error)
        except BaseException:
            call.refuse(RetryLater(AGAIN))
            raise

    async def _sent(self, call: _Call, arguments: Arguments) -> Answer:
        try:
            return await self._means.send(self._workspace, call.method, arguments)
        except RetryLater as error:
            self._means.counts.limited += 1
            self._bucket(call.method).pause(self._clock.now() + round(error.after * 1000))
            raise
        finally:
            if _posts(call.method):  # from its end on: Slack counts from when it came
                self._rooms[call.room] = self._clock.now() + self._means.spacing
            self._busy.discard(call.room)
            self._under_way -= 1
            if any(self._queues):
                self._pump()


def _posts(method: str) -> bool:
    return method == "chat.postMessage"
