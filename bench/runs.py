"""B: ten-step runs, every step journalled before its effect, beside one bare commit a step.

The child given `folder`, `kind`, `at_once`, `warm` and `measure` walks them and tells what it took.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from bench import small_project
from bench.bare import GroupCommit
from bench.plan import Plan
from bench.processes import Child, Failed, given, say
from bench.report import figure, middle, note, table
from bot.garbage import collect_seldom
from bot.limits import Limits
from bot.logs import set_up
from bot.ports import Connectors, Person
from bot.rows import Run
from bot.runtime.assemble import Choices, Runtime
from bot.runtime.clock import SchedulerClock
from bot.runtime.library import Library
from bot.storage.open import open_store
from flows.effects import Call
from flows.events import CallAnswered
from flows.loader import load_project

STEPS = 10
DBOS = 26
"""Ten-step runs a second at 100 at once that our reference measured for DBOS on SQLite; not measured here."""
KINDS = {"cuebook": "Cuebook", "bare": "bare group commit, one a step"}

OneRun = Callable[[int], Awaitable[None]]


class Stub:
    """Implements `bot.ports.Connectors`: an outside system that answers at once."""

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """Done."""
        return CallAnswered(id=call.id, ok=True, answer={"status": 200, "headers": {}, "body": {"ok": True}})


@asynccontextmanager
async def house(folder: Path, connectors: Connectors, **limits: int) -> AsyncIterator[Runtime]:
    """A runtime on its own SQLite file with synchronous=FULL."""
    project = await asyncio.to_thread(lambda: load_project(small_project.write(folder)))
    store, clock = await open_store(f"sqlite:///{folder / 'bench.db'}", synchronous="FULL"), SchedulerClock()
    runtime = Runtime(store, clock, Library(store, clock), connectors, {}, Choices(Limits(**limits)))
    clock.start()
    try:
        await runtime.adopt(project)
        await runtime.start()
        yield runtime
    finally:
        await runtime.stop()
        clock.stop()
        await store.close()


def of_cuebook(runtime: Runtime) -> OneRun:
    """A whole run: accepted, walked and ended."""
    person = Person(kind="authenticated", id="bench")

    async def one(_: int) -> None:
        row = await runtime.begin("ten", {}, person)
        ended: asyncio.Future[Run] = asyncio.get_running_loop().create_future()
        runtime.runs.watch[row.id] = ended.set_result
        after = await ended
        if after.state != "succeeded" or after.steps != STEPS + 1:
            raise Failed(f"a run ended as {after.state} after {after.steps} steps: {after.message}")

    return one


def of_bare(commits: GroupCommit) -> OneRun:
    """Ten saves, each durable before the next."""
    encode = msgspec.json.Encoder().encode

    async def one(number: int) -> None:
        state: dict[str, Any] = {"run": f"run-{number}", "step": 0, "answers": {}}
        for step in range(STEPS):
            state["step"] = step
            state["answers"][f"call-{step}"] = {"ok": True}
            await commits.save(state["run"], encode(state).decode())

    return one


async def walk(one: OneRun, at_once: int, warm: float, seconds: float) -> dict[str, float]:
    """Run after run by `at_once` tasks; counts those that ended within the measured time."""
    clock, took = time.perf_counter, list[float]()
    begin = clock() + warm
    end = begin + seconds
    number = 0

    async def worker() -> None:
        nonlocal number
        while (started := clock()) < end:
            number += 1
            await one(number)
            if begin <= (now := clock()) < end:
                took.append(now - started)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(worker())
        await asyncio.sleep(warm)
        cpu, since = time.process_time(), clock()
        await asyncio.sleep(max(0.0, end - clock()))
        used, lasted = time.process_time() - cpu, clock() - since
    if not took:
        raise Failed("no run ended in time")
    took.sort()
    return {
        "runs": len(took) / lasted,
        "cpu": used / len(took) / STEPS * 1e6,
        "p50": took[len(took) // 2] * 1000,
        "p99": took[len(took) * 99 // 100] * 1000,
    }


async def serve(kind: str, folder: Path) -> None:
    """Measure once for each line on stdin: `at_once warm measure`."""

    async def answer(one: OneRun) -> None:
        collect_seldom()  # as `cuebook serve` does
        say(ready=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            at_once, warm, measure = line.split()
            say(**await walk(one, int(at_once), float(warm), float(measure)))

    if kind == "cuebook":
        async with house(folder, Stub()) as runtime:
            await answer(of_cuebook(runtime))
    else:
        folder.mkdir(parents=True, exist_ok=True)
        commits = GroupCommit(folder / "bare.db")
        await answer(of_bare(commits))
        commits.close()


def run(folder: Path, plan: Plan) -> None:
    """Measure and print."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = {}
        for kind in KINDS:
            child = stack.enter_context(Child("bench.runs", kind=kind, folder=str(folder / f"b-{kind}")))
            child.answer()
            running[kind] = child
        for _ in range(plan.repetitions):
            for at_once in plan.runs_at_once:
                for kind, child in running.items():
                    result = child.ask(
                        f"{at_once} {plan.warm} {plan.measure}", plan.measure + plan.warm + 60.0
                    )
                    found.setdefault((kind, at_once), []).append(result)
    medians = {
        key: {name: middle(one[name] for one in results) for name in results[0]}
        for key, results in found.items()
    }
    show(medians, plan)


def show(results: dict[tuple[str, int], dict[str, float]], plan: Plan) -> None:
    """The table and its ratios."""
    head = ["what", "at once", "runs/s", "steps/s", "run p50 ms", "run p99 ms", "CPU µs a step", "ours : it"]
    rows = []
    for at_once in plan.runs_at_once:
        ours = results["cuebook", at_once]["cpu"]
        for kind, name in KINDS.items():
            row = results[kind, at_once]
            cells = (row["runs"], row["runs"] * STEPS, row["p50"], row["p99"], row["cpu"])
            rows.append([name, str(at_once), *map(figure, cells), f"{ours / row['cpu']:.1f}"])
    table("B. Ten-step runs", head, rows)
    most = max(plan.runs_at_once)
    note(
        f"In process, not pinned. A run of ours is 12 commits: accepted, ten calls, the end; each call is "
        f"committed before it is made. {results['cuebook', most]['runs'] / DBOS:.0f} times DBOS's published "
        f"{DBOS} ten-step runs/s at 100 at once, which were measured elsewhere."
    )


def main() -> None:
    """Given by the parent on the command line."""
    set_up("WARNING", "json")
    wanted = given()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(wanted["kind"], Path(wanted["folder"])))


if __name__ == "__main__":
    main()
