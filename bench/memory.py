"""C: what an idle socket and a parked chat keep in memory, and what the server needs at rest.

The child given `folder`, `profile` and `chats` parks chats and tells what each of them took.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from pathlib import Path

import uvloop

from bench.plan import Plan
from bench.processes import Child, Failed, given, resident_kb, say
from bench.report import figure, note, table
from bench.runs import house
from bench.turns import dialect, server
from bot.logs import set_up
from bot.ports import Inbound, Person
from bot.rows import Run
from bot.runtime.assemble import Runtime
from flows.effects import Call
from flows.events import CallAnswered, Said

WARM = 1_000
"""Chats parked before the first look, so that caches of a fixed size are full."""
AT_ONCE = 100
PARKED = {
    "parking": "chat parked on a run whose call is being made",
    "resting": "chat parked on a run that pauses (it rests in the database)",
}


def run(folder: Path, plan: Plan) -> None:
    """Measure and print."""
    rows = []
    for kind, name in (("cuebook", "Cuebook"), ("echo", "bare aiohttp + uvloop, echo")):
        rest, each = sockets(kind, folder / f"c-{kind}", plan.sockets)
        rows.append([f"{name}: idle socket", f"{plan.sockets:,}", figure(each), figure(rest / 1024)])
    for profile, name in PARKED.items():
        with Child(
            "bench.memory", folder=str(folder / f"c-{profile}"), profile=profile, chats=plan.chats
        ) as child:
            found = child.answer(180.0)
        rows.append(
            [f"Cuebook: {name}", f"{plan.chats:,}", figure(found["each"]), figure(found["rest"] / 1024)]
        )
    table("C. Memory", ["what", "how many", "KB each", "RSS MB at rest"], rows)
    note(
        "A socket is open, greeted, has its chat and its first question. Parked chats are counted in "
        f"process, without a socket, after the first {WARM:,}; all of them are among the 10,000 that stay at hand. "
        "RSS after a garbage collection."
    )


def sockets(kind: str, folder: Path, count: int) -> tuple[float, float]:
    """KB at rest, and KB a socket."""
    with server(kind, folder) as child:
        port = child.answer()["port"]
        with hold(kind, port, 50) as few:
            few.answer()
        rest = child.ask()["rss_kb"]
        with hold(kind, port, count) as many:
            many.answer(120.0)
            full = child.ask()["rss_kb"]
            if many.ask()["lost"]:
                raise Failed("idle sockets were closed")
    return rest, (full - rest) / count


def hold(kind: str, port: int, count: int) -> Child:
    """A client that opens sockets and says nothing."""
    return Child("bench.load", port=port, dialect=dialect(kind), clients=count, hold=True)


class Gate:
    """Implements `bot.ports.Connectors`: nobody gets an answer."""

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """Wait until cancelled."""
        never: asyncio.Future[CallAnswered] = asyncio.get_running_loop().create_future()
        return await never


async def park(folder: Path, profile: str, chats: int) -> None:
    """Park, look, park many more, look again."""
    many = WARM + chats
    async with house(
        folder, Gate(), runs_at_work=many, runs_queued=many, chats_in_memory=many, drain=1
    ) as runtime:
        await fill(runtime, profile, WARM)
        before = settled()
        await fill(runtime, profile, chats)
        say(rest=before, each=(settled() - before) / chats)


async def fill(runtime: Runtime, profile: str, chats: int) -> None:
    """That many more chats, each waiting for its run."""

    async def some(count: int) -> None:
        for _ in range(count):
            person = Person(kind="anonymous", id=f"anon-{os.urandom(8).hex()}")
            opened = await runtime.engine.open(profile, person, platform="web")
            said = Inbound(chat=opened.chat, id="c1", said=Said(text="go"), source=f"web:{opened.chat}")
            await runtime.engine.receive(said)
            if not (await runtime.engine.look(opened.chat)).waiting:
                raise Failed("a chat does not wait for its run")

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(some(chats // AT_ONCE))
    until = time.monotonic() + 30.0
    while runtime.starts.queued:
        if time.monotonic() > until:
            raise Failed("the runs do not begin")
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)


def settled() -> int:
    """KB in memory, without what nobody holds any more."""
    gc.collect()
    return resident_kb(os.getpid())


def main() -> None:
    """Given by the parent on the command line."""
    set_up("WARNING", "json")
    wanted = given()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(park(Path(wanted["folder"]), wanted["profile"], wanted["chats"]))


if __name__ == "__main__":
    main()
