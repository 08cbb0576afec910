"""Where the CPU of a turn goes: `python -m bench.profile [--kind echo|group] [--clients 50]`.

First by thread, when nobody looks; then by samples of the loop's thread, which distort little;
then by cProfile in all threads, which makes small functions look dearer than they are.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from bench.plan import WHOLE
from bench.processes import ROOT
from bench.report import figure, note, table
from bench.turns import one_measurement, server
from bench.watch import Row

GROUPS = (
    ("flows", f"{ROOT}/flows/"),
    ("runtime", f"{ROOT}/bot/runtime/"),
    ("storage", f"{ROOT}/bot/storage/"),
    ("web chat", f"{ROOT}/adapters/"),
    ("web chat", f"{ROOT}/bot/web/"),
    ("runtime", f"{ROOT}/bot/"),
    ("bare server", f"{ROOT}/bench/"),
    ("aiohttp", "/aiohttp/"),
    ("metrics", "/prometheus_client/"),
    ("log", "/structlog/"),
    ("uvloop and the kernel", "/asyncio/runners.py"),
    ("asyncio", "/asyncio/"),
    ("rows and values", "<string>"),
)


def group_of(file: str, function: str) -> str:
    """The part of the product; C belongs to whoever called it, but SQLite stands alone."""
    if "sqlite3" in function:
        return "SQLite"
    return next((name for name, place in GROUPS if place in file), "other")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="bench.profile")
    parser.add_argument("--kind", default="cuebook", choices=("cuebook", "echo", "group"))
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--top", type=int, default=40)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cuebook-bench-") as made:
        folder = Path(made)
        by_thread(chosen.kind, chosen.clients, folder / "plain")
        for how in ("samples", "calls"):
            spent = watched(chosen.kind, chosen.clients, folder / how, how)
            show(spent, f"{chosen.kind}, {chosen.clients} clients, by {how}", chosen.top)


def by_thread(kind: str, clients: int, folder: Path) -> None:
    """What each thread of the server takes, when nobody looks."""
    with server(kind, folder) as child:
        result = one_measurement(kind, child, child.answer()["port"], clients, WHOLE)
    count = result["count"]
    rows = [
        [name, figure(seconds / count * 1e6)]
        for name, seconds in sorted(result["threads"].items(), key=lambda item: -item[1])
        if seconds > 0.001
    ]
    table(f"CPU by thread, {kind}, {clients} clients", ["thread", "µs a message"], rows)
    note(
        f"{figure(result['rate'])} messages/s, {figure(result['cpu'])} µs a message. The loop's thread is first."
    )


def watched(kind: str, clients: int, folder: Path, how: str) -> list[Row]:
    """What the server saw of itself under load."""
    with server(kind, folder, watch=how) as child:
        port = child.answer()["port"]
        child.ask("start")
        one_measurement(kind, child, port, clients, WHOLE)
        return [(*row,) for row in child.ask("stop")["spent"]]


def show(spent: list[Row], title: str, top: int) -> None:
    """The shares of parts and of functions, of each thread's own time."""
    groups: defaultdict[tuple[str, str], float] = defaultdict(float)
    functions: defaultdict[tuple[str, str, str], float] = defaultdict(float)
    times: Counter[tuple[str, str, str]] = Counter()
    whole: defaultdict[str, float] = defaultdict(float)
    for thread, file, function, often, seconds in spent:
        key = (thread, short(file), function)
        groups[thread, group_of(file, function)] += seconds
        functions[key] += seconds
        times[key] += often
        whole[thread] += seconds
    rows = [
        [thread, group, f"{seconds / whole[thread]:.1%}"]
        for (thread, group), seconds in sorted(groups.items(), key=lambda item: (item[0][0], -item[1]))
        if seconds > whole[thread] / 1000
    ]
    table(f"CPU by part, {title}", ["thread", "part", "share of its thread"], rows)
    rows = [
        [key[0], key[1], f"`{key[2]}`", f"{times[key]:,}", f"{seconds / whole[key[0]]:.1%}"]
        for key, seconds in sorted(functions.items(), key=lambda item: -item[1])[:top]
    ]
    table(f"By function, {title}", ["thread", "file", "function", "times", "share of its thread"], rows)


def short(file: str) -> str:
    """A path that fits into a table."""
    return file.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2].rpartition("python3.11/")[2]


if __name__ == "__main__":
    main()
