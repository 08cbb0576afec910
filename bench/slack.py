"""E: from a signed event of Slack's to the reply at its Web API, beside bare Bolt in the same run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench import small_project
from bench.plan import Plan
from bench.processes import LOAD_CORE, SERVER_CORE, Child
from bench.report import figure, middle, note, table

KINDS = {"slack": "Cuebook", "bolt": "bare async Bolt, shared session"}
CLIENTS = (1, 50)
SECRET, TOKEN = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-1-2-bench"
TABLE = '[slack]\nprofile = "echo"\npost_spacing = 0.0\nposts_per_minute = 1e9\n'
"""Named limits that one load generator would otherwise run into."""


@contextmanager
def server(kind: str, folder: Path, api: str) -> Iterator[tuple[Child, int]]:
    """A running server that posts to `api`."""
    small_project.write(folder)
    (folder / "cuebook.toml").write_text(TABLE)
    os.environ |= {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": api}
    with Child("bench.serving", kind=kind, folder=str(folder), core=SERVER_CORE, api=api) as child:
        yield child, child.answer()["port"]


def measure(folder: Path, plan: Plan) -> dict[tuple[str, int], dict[str, float]]:
    """Medians by (kind, clients)."""
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        load = stack.enter_context(Child("bench.slack_load", secret=SECRET, token=TOKEN))
        api = f"http://127.0.0.1:{load.answer()['port']}/api/"
        running = {kind: stack.enter_context(server(kind, folder / f"e-{kind}", api)) for kind in KINDS}
        for _ in range(plan.repetitions):
            for clients in CLIENTS:
                for kind, (child, port) in running.items():
                    asked = f"{port} {child.pid} {clients} {plan.warm} {plan.measure}"
                    result = load.ask(asked, plan.warm + plan.measure + 60.0)
                    found.setdefault((kind, clients), []).append(result)
    columns = ("rate", "p50", "p99", "ack", "cpu", "load", "count")
    return {
        key: {name: middle(result[name] for result in results) for name in columns}
        for key, results in found.items()
    }


def show(results: dict[tuple[str, int], dict[str, float]], plan: Plan) -> None:
    """The table and its ratios."""
    head = [
        "server", "people", "events/s", "reply p50 ms", "reply p99 ms", "ack p99 ms",
        "server CPU µs an event", "ours : it",
    ]  # fmt: skip
    rows = []
    for clients in CLIENTS:
        ours = results["slack", clients]["cpu"]
        for kind, name in KINDS.items():
            row = results[kind, clients]
            cells = [figure(row[column]) for column in ("rate", "p50", "p99", "ack", "cpu")]
            rows.append([name, str(clients), *cells, f"{ours / row['cpu']:.2f}"])
    table("E. Slack: signed event to reply", head, rows)
    note(
        f"Medians of {plan.repetitions} interleaved repetitions of {plan.measure:g} s after {plan.warm:g} s of "
        f"warm-up; every reply compared, {sum(round(row['count']) for row in results.values()):,} in a median "
        f"repetition. Each person writes again once both the acknowledgement and the reply are there. Ours "
        "commits what came in, the turn and the line to send before it acknowledges, and notes the delivery; "
        f"Bolt keeps nothing. Server on core {SERVER_CORE}, load generator and Web API on core {LOAD_CORE} "
        f"(at most {max(row['load'] for row in results.values()):.0%} of it)."
    )


def run(folder: Path, plan: Plan) -> None:
    """Measure and print."""
    show(measure(folder, plan), plan)


__all__: list[Any] = ["run"]
