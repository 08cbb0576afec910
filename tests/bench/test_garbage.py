"""A server looks for cycles seldom, and still does."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import gc, weakref
from bot.garbage import collect_seldom

class Ring:
    def __init__(self):
        self.own = self

collect_seldom()
assert gc.get_freeze_count() > 1_000
seen = []
for number in range(11_000):
    ring = Ring()
    seen.append(weakref.ref(ring)) if number == 0 else None
assert seen[0]() is None, "a cycle of two hundred turns ago is still there"
"""


def test_what_was_there_at_the_start_stays_and_new_cycles_go() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=15, check=False
    )
    assert done.returncode == 0, done.stderr
