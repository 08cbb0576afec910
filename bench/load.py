"""The load generator, as a process of its own: many chats, each says the next word when it has the reply.

Given `port`, `pid` and `dialect` of the server, `clients`, `warm` and `measure` (seconds).
Every reply is compared with what was said; a wrong or missing one fails the measurement.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from typing import Any

import msgspec
import uvloop

from bench.processes import LOAD_CORE, Failed, cpu_seconds, given, many_files, pin, say, thread_seconds
from bench.sockets import Socket, frame

OPENING = 50
"""Connections opened at once; more would measure the backlog of the listening socket."""
PATIENCE = 30.0
clock = time.perf_counter


class Tally:
    """What all clients of one measurement have seen."""

    def __init__(self) -> None:
        self.counting = self.stopping = False
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self.said = 0


class Talker(Socket):
    """One chat. `ready` is done once it may talk."""

    def __init__(self, tally: Tally, protocol: str = "", address: str = "") -> None:
        super().__init__(protocol, address)
        self.tally = tally
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.idle = True
        self._said_at = 0.0
        self._count = 0

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.ready.done():
            self.ready.set_exception(Failed(self.lost or "lost"))

    def go(self) -> None:
        """Say the next thing."""
        if self.tally.stopping:
            self.idle = True
            return
        self.idle = False
        self._count += 1
        self.tally.said += 1
        text = f"ping {self._count}"
        self._said_at = clock()
        self.transport.write(frame(self.speak(text)))

    def replied(self) -> None:
        """The bot's answer is in."""
        if self.tally.counting:
            self.tally.seconds.append(clock() - self._said_at)

    def speak(self, text: str) -> bytes:
        """The text as this server wants it."""
        raise NotImplementedError


class Plain(Talker):
    """`ping 7` is answered by `pong 7`."""

    def upgraded(self) -> None:
        self.ready.set_result(None)

    def speak(self, text: str) -> bytes:
        return text.encode()

    def heard(self, payload: bytes) -> None:
        if payload != b"pong %d" % self._count:
            self.tally.wrong.append(f"reply {self._count}: {payload[:80]!r}")
        self.replied()
        self.go()


class Heard(msgspec.Struct):
    """Any frame of `cuebook.v1`, as far as it matters here."""

    type: str
    seq: int = 0
    text: str = ""
    sender: str = msgspec.field(default="", name="from")
    cmid: str = ""


class Cuebook(Talker):
    """`cuebook.v1`: after `hello`, each `message` brings its own line, the bot's line and an `ack`."""

    _decode = msgspec.json.Decoder(Heard).decode

    def __init__(self, tally: Tally, address: str, profile: str = "echo") -> None:
        super().__init__(tally, "cuebook.v1", address)
        self._profile = profile
        self._seq = self._own = 0
        self._half = False

    def upgraded(self) -> None:
        self.transport.write(frame(b'{"type":"hello","profile":"%s"}' % self._profile.encode()))

    def speak(self, text: str) -> bytes:
        return b'{"type":"message","cmid":"c%d","text":"%s"}' % (self._count, text.encode())

    def heard(self, payload: bytes) -> None:
        said = self._decode(payload)
        if said.type == "message":
            self._line(said)
        elif said.type == "ack":
            self._check(said.cmid == f"c{self._count}" and said.seq == self._own, payload)
            self._done()
        elif said.type != "welcome":
            self._check(False, payload)

    def _line(self, said: Heard) -> None:
        self._check(said.seq == self._seq + 1, said)  # no gap, nothing twice
        self._seq = said.seq
        if said.sender == "user":
            self._own = said.seq
            self._check(said.text == f"ping {self._count}", said)
        elif not self.ready.done():
            self.ready.set_result(None)
        else:
            self._check(said.text == f"pong ping {self._count}", said)
            self.replied()
            self._done()

    def _done(self) -> None:
        """The next word when both the reply and the acknowledgement are in, in whichever order."""
        self._half = not self._half
        if not self._half:
            self.go()

    def _check(self, fine: bool, what: object) -> None:
        if not fine:
            self.tally.wrong.append(f"reply {self._count}: {what!r:.200}")


def talker(dialect: str, tally: Tally, number: int) -> Talker:
    """A client; each Cuebook one comes from an address of its own, as behind a proxy."""
    if dialect == "plain":
        return Plain(tally)
    profile = dialect.partition(":")[2] or "echo"
    return Cuebook(tally, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", profile)


async def connect(port: int, dialect: str, clients: int, tally: Tally) -> list[Talker]:
    """All clients, ready to talk."""
    loop = asyncio.get_running_loop()
    talkers: list[Talker] = []
    offset = os.getpid() * 4096 + int(clock() * 1000)
    while len(talkers) < clients:
        some = [
            talker(dialect, tally, offset + len(talkers) + n)
            for n in range(min(OPENING, clients - len(talkers)))
        ]
        for one in some:
            await loop.create_connection(lambda one=one: one, "127.0.0.1", port)  # type: ignore[misc]
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*(one.ready for one in some))
        talkers += some
    return talkers


async def measure(wanted: dict[str, Any]) -> dict[str, Any]:
    """One row of the table."""
    tally, pid = Tally(), wanted["pid"]
    talkers = await connect(wanted["port"], wanted["dialect"], wanted["clients"], tally)
    for one in talkers:
        one.go()
    await asyncio.sleep(wanted["warm"])
    cpu, own, began, threads = cpu_seconds(pid), time.process_time(), clock(), thread_seconds(pid)
    tally.counting = True
    await asyncio.sleep(wanted["measure"])
    tally.counting = False
    took, used, mine = clock() - began, cpu_seconds(pid) - cpu, time.process_time() - own
    after = thread_seconds(pid)
    tally.stopping = True
    await _quiet(talkers)
    for one in talkers:
        one.transport.abort()
    await asyncio.sleep(0.05)
    return _result(tally, took, used, mine) | {
        "threads": {name: (seconds - threads.get(name, 0.0)) for name, seconds in after.items()}
    }


async def _quiet(talkers: list[Talker]) -> None:
    """Every last reply must come."""
    until = clock() + PATIENCE
    while not all(one.idle or one.lost for one in talkers):
        if clock() > until:
            raise Failed(f"{sum(not one.idle for one in talkers)} replies never came")
        await asyncio.sleep(0.01)
    lost = [one.lost for one in talkers if one.lost]
    if lost:
        raise Failed(f"{len(lost)} clients were cut off: {lost[0]}")


def _result(tally: Tally, took: float, used: float, mine: float) -> dict[str, Any]:
    seconds = sorted(tally.seconds)
    if tally.wrong or not seconds:
        raise Failed(f"{len(tally.wrong)} wrong replies of {tally.said}: {tally.wrong[:3]}")
    return {
        "rate": len(seconds) / took,
        "p50": seconds[len(seconds) // 2] * 1000,
        "p99": seconds[min(len(seconds) - 1, len(seconds) * 99 // 100)] * 1000,
        "cpu": used / len(seconds) * 1e6,
        "load": mine / took,
        "count": len(seconds),
    }


async def hold(wanted: dict[str, Any]) -> None:
    """Open sockets that say nothing, tell so, and keep them until a line comes or stdin ends."""
    tally = Tally()
    talkers = await connect(wanted["port"], wanted["dialect"], wanted["clients"], tally)
    say(open=len(talkers))
    if await asyncio.to_thread(sys.stdin.readline):
        say(lost=sum(one.lost is not None for one in talkers))
    for one in talkers:
        one.transport.abort()
    await asyncio.sleep(0.05)


async def once(wanted: dict[str, Any]) -> dict[str, Any]:
    """One message, one reply."""
    tally = Tally()
    (one,) = await connect(wanted["port"], wanted["dialect"], 1, tally)
    tally.counting = True
    one.go()
    until = clock() + PATIENCE
    while not tally.seconds and clock() < until:
        await asyncio.sleep(0.001)
    at = clock()
    tally.stopping = True
    await _quiet([one])
    one.transport.abort()
    return {"at": at}


def main() -> None:
    """Given by the parent on the command line."""
    wanted = given()
    pin(LOAD_CORE)
    many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if wanted.get("hold"):
            runner.run(hold(wanted))
        else:
            say(**runner.run(measure(wanted)))


if __name__ == "__main__":
    main()
