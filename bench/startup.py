"""D: from the start of the process to the first reply over the WebSocket."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import uvloop

from bench.load import once
from bench.plan import Plan
from bench.processes import ROOT, cpu_seconds
from bench.report import figure, middle, note, table
from bench.turns import dialect, server

HELP = Path(sys.executable).with_name("cuebook")


def run(folder: Path, plan: Plan) -> None:
    """Measure and print."""
    starts: dict[str, list[tuple[float, float]]] = {}
    for number in range(plan.starts):
        for kind in ("cuebook", "echo", "group"):
            place = folder / f"d-{kind}-{number}"
            starts.setdefault(f"{kind}, fresh", []).append(start(kind, place))
            if kind == "cuebook":
                starts.setdefault("cuebook, existing", []).append(start(kind, place))
        helped = command()
        if helped is not None:
            starts.setdefault("help", []).append(helped)
    names = {
        "cuebook, fresh": "Cuebook, no database yet (makes and migrates it)",
        "cuebook, existing": "Cuebook, existing database",
        "echo, fresh": "bare aiohttp + uvloop, echo",
        "group, fresh": "the same + group commit",
        "help": "`cuebook --help`, whole process",
    }
    rows = [
        [name, figure(middle(took for took, _ in starts[key])), figure(middle(cpu for _, cpu in starts[key]))]
        for key, name in names.items()
        if key in starts
    ]
    table("D. Start-up", ["what", "spawn to first reply s", "CPU s"], rows)
    left_out = "" if "help" in starts else " `cuebook --help` is not there yet."
    note(f"Medians of {plan.starts}, caches warm, not pinned.{left_out}")


def start(kind: str, folder: Path) -> tuple[float, float]:
    """Seconds until the reply, and CPU seconds by then."""
    with server(kind, folder, core=None) as child:
        wanted = {"port": child.answer()["port"], "dialect": dialect(kind)}
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            answered = runner.run(once(wanted))["at"]
        return answered - child.began, cpu_seconds(child.pid)


def command() -> tuple[float, float] | None:
    """`cuebook --help`, if there is such a command."""
    import resource

    if not HELP.exists():
        return None
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run([HELP, "--help"], cwd=ROOT, capture_output=True, timeout=30.0, check=False)
    took, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (took, used) if done.returncode == 0 and b"Usage" in done.stdout else None
