"""A: durable turns over the WebSocket, beside a bare echo and a bare group commit in the same run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import small_project
from bench.plan import Plan
from bench.processes import LOAD_CORE, SERVER_CORE, Child
from bench.report import figure, middle, note, table

KINDS = {"cuebook": "Cuebook", "echo": "bare aiohttp + uvloop, echo", "group": "the same + group commit"}

SETTINGS: dict[str, Any] = {
    "messages_per_second": 1e6,
    "messages_burst": 1_000_000,
    "sockets_per_address": 20_000,
    "trusted_proxies": ["127.0.0.1"],  # each client comes from an address of its own
}
"""Named limits that one load generator would otherwise run into."""


@contextmanager
def server(kind: str, folder: Path, core: int | None = SERVER_CORE, **more: object) -> Iterator[Child]:
    """A running server; `folder` is its own."""
    if kind == "cuebook":
        small_project.write(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with Child("bench.serving", kind=kind, folder=str(folder), core=core, settings=SETTINGS, **more) as child:
        yield child


def dialect(kind: str) -> str:
    """What its clients speak."""
    return "cuebook" if kind == "cuebook" else "plain"


def one_measurement(kind: str, child: Child, port: int, clients: int, plan: Plan) -> dict[str, Any]:
    """One cell group of the table."""
    with Child(
        "bench.load", port=port, pid=child.pid, dialect=dialect(kind),
        clients=clients, warm=plan.warm, measure=plan.measure,
    ) as load:  # fmt: skip
        return load.answer(plan.measure + plan.warm + 90.0)


def measure(folder: Path, plan: Plan) -> dict[tuple[str, int], dict[str, float]]:
    """Medians by (kind, clients)."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        running = {}
        for kind in KINDS:
            child = stack.enter_context(server(kind, folder / f"a-{kind}"))
            running[kind] = (child, child.answer()["port"])
        for _ in range(plan.repetitions):
            for clients in plan.clients:
                for kind, (child, port) in running.items():
                    result = one_measurement(kind, child, port, clients, plan)
                    found.setdefault((kind, clients), []).append(result)
    columns = ("rate", "p50", "p99", "cpu", "load", "count")
    return {
        key: {name: middle(result[name] for result in results) for name in columns}
        for key, results in found.items()
    }


def show(results: dict[tuple[str, int], dict[str, float]], plan: Plan) -> None:
    """The table and its ratios."""
    head = ["server", "clients", "messages/s", "p50 ms", "p99 ms", "server CPU µs a message", "ours : it"]
    rows = []
    for clients in plan.clients:
        ours = results["cuebook", clients]["cpu"]
        for kind, name in KINDS.items():
            row = results[kind, clients]
            cells = [figure(row[column]) for column in ("rate", "p50", "p99", "cpu")]
            rows.append([name, str(clients), *cells, f"{ours / row['cpu']:.1f}"])
    table("A. Durable turns over the WebSocket", head, rows)
    note(
        f"Medians of {plan.repetitions} interleaved repetitions of {plan.measure:g} s after {plan.warm:g} s of "
        f"warm-up; every reply compared, {sum(round(row['count']) for row in results.values()):,} in a median "
        f"repetition. Server on core {SERVER_CORE}, load generator on core {LOAD_CORE} "
        f"(it used at most {max(row['load'] for row in results.values()):.0%} of it). "
        "A Cuebook message is three frames back: the own line, the bot's line, the acknowledgement."
    )


def run(folder: Path, plan: Plan) -> None:
    """Measure and print."""
    show(measure(folder, plan), plan)
