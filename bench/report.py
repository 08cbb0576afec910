"""Markdown, and what must be known of the machine to read it."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print one."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(head)} |")
    print(f"|{'|'.join('---' if not n else '---:' for n in range(len(head)))}|")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def note(text: str) -> None:
    """A line below a table."""
    print(f"\n{text}", flush=True)


def figure(value: float) -> str:
    """Three digits are as many as the machine gives."""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def middle(values: Iterable[float]) -> float:
    """The median of the repetitions."""
    return median(values)


def machine(folder: Path) -> str:
    """One line that says on what this was measured."""
    with Path("/proc/cpuinfo").open() as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "?")
    names = ("aiohttp", "uvloop", "msgspec", "tortoise-orm")
    libraries = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{os.cpu_count()} cores ({model}), Linux {platform.release()}, Python {platform.python_version()}, "
        f"{libraries}, SQLite {sqlite3.sqlite_version} on {filesystem(folder)}"
    )


def load() -> str:
    """How busy the machine is: others may be at work on it."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def filesystem(folder: Path) -> str:
    """Its type: on tmpfs a flush costs nothing and the figures mean little."""
    best = ("", "?")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind = line.split()[:3]
        if folder.resolve().is_relative_to(place) and len(place) >= len(best[0]):
            best = (place, kind)
    return best[1]
