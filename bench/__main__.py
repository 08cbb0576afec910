"""`make bench`: measures everything in one run and prints Markdown. `--quick` takes under a minute."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from bench import memory, runs, slack, startup, turns
from bench.plan import QUICK, WHOLE
from bench.processes import Failed
from bench.report import load, machine, note

PARTS = {"a": turns.run, "b": runs.run, "c": memory.run, "d": startup.run, "e": slack.run}


def main() -> int:
    """0, or 1 if a measurement cannot be trusted."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter, one repetition: a look, no result")
    parser.add_argument("--only", default="abcde", help="which tables, e.g. ab")
    parser.add_argument("--folder", type=Path, help="where databases are made; its disk is measured too")
    chosen = parser.parse_args()
    plan, began = QUICK if chosen.quick else WHOLE, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cuebook-bench-", dir=chosen.folder) as made:
        folder = Path(made)
        print(f"## Measurements\n\n{machine(folder)}; load average at the start {load()}.")
        try:
            for part in chosen.only:
                PARTS[part](folder, plan)
        except Failed as failure:
            print(f"\nThis run is void: {failure}", file=sys.stderr)
            return 1
    note(f"Taken in {time.monotonic() - began:.0f} s; load average at the end {load()}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
