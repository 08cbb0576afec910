"""Where the CPU of a turn goes: `python -m bench.profile [--kind echo|group] [--clients 50]`.

First without a profiler, by thread; then with cProfile, by part of the product. The profiler
makes small functions look dearer than they are: read the shares, not the microseconds.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from bench.plan import WHOLE
from bench.processes import ROOT
from bench.report import figure, note, table
from bench.turns import one_measurement, server

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
    ("asyncio", "/asyncio/"),
    ("asyncio", "/uvloop/"),
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
        by_thread(chosen.kind, chosen.clients, Path(made) / "plain")
        by_function(chosen.kind, chosen.clients, Path(made) / "watched", chosen.top)


def by_thread(kind: str, clients: int, folder: Path) -> None:
    """What each thread of the server takes."""
    with server(kind, folder) as child:
        result = one_measurement(kind, child, child.answer()["port"], clients, WHOLE)
    count = result["count"]
    rows = [
        [name, figure(seconds / count * 1e6)]
        for name, seconds in sorted(result["threads"].items(), key=lambda item: -item[1])
        if seconds > 0.001
    ]
    table(f"CPU by thread, {kind}, {clients} clients", ["thread", "µs a message"], rows)
    note(f"{figure(result['rate'])} messages/s, {figure(result['cpu'])} µs a message.")


def by_function(kind: str, clients: int, folder: Path, top: int) -> None:
    """What each part takes, under the profiler."""
    with server(kind, folder, watch=True) as child:
        port = child.answer()["port"]
        child.ask("start")
        result = one_measurement(kind, child, port, clients, WHOLE)
        spent = child.ask("stop")["spent"]
    groups: Counter[tuple[str, str]] = Counter()
    functions: Counter[tuple[str, str, str]] = Counter()
    calls: Counter[tuple[str, str, str]] = Counter()
    for thread, file, function, count, seconds in spent:
        groups[thread, group_of(file, function)] += seconds
        key = (thread, short(file), function)
        functions[key] += seconds
        calls[key] += count
    whole = sum(groups.values())
    told(groups, whole, kind, clients)
    rows = [
        [thread, place, f"`{function}`", f"{calls[thread, place, function]:,}", f"{seconds / whole:.1%}"]
        for (thread, place, function), seconds in functions.most_common(top)
    ]
    table("By function", ["thread", "file", "function", "calls", "share"], rows)
    note(f"{figure(result['rate'])} messages/s under the profiler.")


def told(groups: Counter[Any], whole: float, kind: str, clients: int) -> None:
    """The shares of the parts."""
    rows = [[thread, group, f"{seconds / whole:.1%}"] for (thread, group), seconds in groups.most_common()]
    table(f"CPU by part, {kind}, {clients} clients, under cProfile", ["thread", "part", "share"], rows)


def short(file: str) -> str:
    """A path that fits into a table."""
    return file.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2].rpartition("python3.11/")[2]


if __name__ == "__main__":
    main()
