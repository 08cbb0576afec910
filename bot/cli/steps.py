"""The steps of runs as lines for people: live while they are made, or from the trace."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from rich.text import Text

from bot.ports import Cell, Change, Committed, Insert, Op, R, Store
from bot.rows import Run, Trace
from flows.durations import spoken
from flows.graph import graph_of
from flows.problems import visible

if TYPE_CHECKING:
    from rich.console import Console

    from flows.flow import Flow

_MARKS: Final = {-1: ("…", "yellow"), 0: ("✗", "red"), 1: ("✓", "green")}
_WIDTH: Final = 18
_NOTICED: Final = 50  # ms: shorter times are nobody's concern


def texts(flow: Flow) -> dict[str, str]:
    """What each step says or does, as its author wrote it, by id."""
    return {node.id: node.text for node in graph_of(flow).nodes}


def step_line(trace: Trace, text: str, depth: int = 0) -> Text:
    """One step: how it went, its id, what it does and why it went on as it did."""
    mark, colour = _MARKS[trace.ok]
    if trace.kind == "end":
        mark, colour = "■", "red" if text.startswith("failure") else "green"
    line = Text("  " * (depth + 1))
    line.append(mark, colour)
    line.append(f" {trace.step:<{_WIDTH}}", "bold" if trace.ok < 0 else "")
    what = trace.note if trace.kind == "if" and trace.note else text or trace.kind
    line.append(f" {visible(what)}")
    if trace.note and trace.kind != "if":
        line.append(f": {visible(trace.note)}", colour if trace.ok < 1 else "")
    took = trace.finished_at - trace.started_at
    if took >= _NOTICED:
        line.append(f"  {in_words(took)}", "dim")
    return line


def in_words(took: int) -> str:
    """Milliseconds as `0.8 s` or `1m30s`."""
    return f"{took / 1000:.1f} s" if took < 60_000 else spoken(round(took / 1000))


class StepsHeard:
    """A store (`bot.ports.Store`) that tells of every step and run written through it."""

    def __init__(self, inner: Store, hear: Callable[[Trace, int], None]) -> None:
        """`hear` gets a step when it is entered and again when it has been answered, with how
        many runs are around its own."""
        self._inner, self._hear = inner, hear
        self._resting: dict[tuple[str, int], Trace] = {}
        self._depths: dict[str, int] = {}
        self.runbooks: dict[str, str] = {}
        """The runbook of every run, by `run:ID`."""
        self._open: set[str] = set()
        self._none_open = asyncio.Event()

    async def commit(self, unit: Sequence[Op]) -> Committed:
        """See `bot.ports.Store`."""
        done = await self._inner.commit(unit)
        for op in unit:
            match op:
                case Insert(row=Run() as run):
                    self._begun(run)
                case Insert(row=Trace() as trace):
                    self._stepped(trace)
                case Change(table=table, where=where, set=cells) if table is Trace:
                    self._answered(where, cells)
                case Change(table=table, where=where, set=cells) if table is Run and cells.get("finished_at"):
                    self._ended(str(where["id"]))
        return done

    def _begun(self, run: Run) -> None:
        self._open.add(run.id)
        self._none_open.clear()
        self.runbooks[f"run:{run.id}"] = run.runbook
        self._depths[f"run:{run.id}"] = self._depths.get(f"run:{run.parent}", -1) + 1

    def _ended(self, run: str) -> None:
        self._open.discard(run)
        if not self._open:
            self._none_open.set()

    def still_open(self) -> list[str]:
        """Ids of the runs that have not ended, the oldest first."""
        return sorted(self._open)

    async def all_ended(self) -> None:
        """Until no run is open any more."""
        await self._none_open.wait()

    def _stepped(self, trace: Trace) -> None:
        if trace.ok < 0:
            self._resting[trace.owner, trace.no] = trace
        self._hear(trace, self._depths.get(trace.owner, 0))

    def _answered(self, where: Mapping[str, object], cells: Mapping[str, Cell]) -> None:
        resting = self._resting.pop((str(where["owner"]), int(str(where["no"]))), None)
        if resting is not None:
            self._hear(msgspec.structs.replace(resting, **cells), self._depths.get(resting.owner, 0))

    async def get(self, table: type[R], **key: Cell) -> R | None:
        """See `bot.ports.Store`."""
        return await self._inner.get(table, **key)

    async def find(
        self,
        table: type[R],
        *,
        order: str = "",
        limit: int = 1000,
        above: Mapping[str, Cell] | None = None,
        upto: Mapping[str, Cell] | None = None,
        **equal: Cell | tuple[Cell, ...],
    ) -> list[R]:
        """See `bot.ports.Store`."""
        return await self._inner.find(table, order=order, limit=limit, above=above, upto=upto, **equal)

    async def close(self) -> None:
        """See `bot.ports.Store`."""
        await self._inner.close()


class StepPrinter:
    """Prints steps as they come. A step at work is shown on a terminal only, and replaced by
    how it went."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._working: tuple[str, int] | None = None

    def show(self, trace: Trace, text: str, depth: int) -> None:
        """A step was entered, or has been answered."""
        line = step_line(trace, text, depth)
        key = (trace.owner, trace.no)
        if not self._console.is_terminal:
            if trace.ok >= 0:
                self._console.print(line)
            return
        line.truncate(self._console.width - 1, overflow="ellipsis")
        if self._working is not None:
            self._console.file.write("\r\x1b[2K" if self._working == key else "\n")
        self._console.print(line, end="\n" if trace.ok >= 0 else "")
        self._console.file.flush()
        self._working = key if trace.ok < 0 else None

    def close(self) -> None:
        """No more steps: what is printed next begins on a line of its own."""
        if self._working is not None:
            self._console.file.write("\n")
            self._working = None
