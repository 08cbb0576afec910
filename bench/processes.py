"""Child processes of a measurement: started with a deadline, watched by pid, always ended."""

from __future__ import annotations

import json
import os
import resource
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
"""The same core on a machine that has one only; then the figures say less."""


class Failed(Exception):
    """A measurement that cannot be trusted; the text says why."""


def pin(core: int) -> None:
    """Keep the calling process, and the threads it will start, on one core."""
    os.sched_setaffinity(0, {core})


def many_files() -> None:
    """Allow as many sockets as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def thread_seconds(pid: int) -> dict[str, float]:
    """The same by thread: `{name-of-thread/id: seconds}`, from the scheduler's own clock."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        found[f"{name}/{task.name}"] = int((task / "schedstat").read_text().split()[0]) / 1e9
    return found


def resident_kb(pid: int) -> int:
    """What a process has in memory now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise Failed(f"process {pid} tells no VmRSS")


class Child:
    """`python -m MODULE JSON`; it prints one JSON line when it is ready, one more for each line it is sent."""

    def __init__(self, module: str, **given: Any) -> None:
        self.module = module
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, json.dumps(given)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pid = self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def answer(self, within: float = 60.0) -> dict[str, Any]:
        """Its next line. Raises Failed."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        line = self.process.stdout.readline() if ready else b""
        if not line:
            self.end()
            raise Failed(f"{self.module} said nothing within {within:.0f} s, exit {self.process.returncode}")
        said: dict[str, Any] = json.loads(line)
        return said

    def ask(self, question: str = "?", within: float = 60.0) -> dict[str, Any]:
        """Send a line, wait for the answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()
        return self.answer(within)

    def end(self) -> None:
        """End what it reads, which it takes as the word to stop; then make it. A second time is fine."""
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        for go_on in (self.process.terminate, self.process.kill, lambda: None):
            try:
                self.process.wait(10.0)
                return
            except subprocess.TimeoutExpired:
                go_on()


def given() -> dict[str, Any]:
    """The child's side: what it was started with."""
    values: dict[str, Any] = json.loads(sys.argv[1])
    return values


def say(**values: Any) -> None:
    """The child's side: answer the parent."""
    print(json.dumps(values), flush=True)
