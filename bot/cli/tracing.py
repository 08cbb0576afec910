"""Which steps a chat and its runs took, and why: for `cuebook chat --trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rich.text import Text

from bot.cli.steps import step_line, texts
from bot.masks import Mask
from bot.ports import Committed, Progress
from bot.ports import Live as Heard
from bot.rows import Trace
from bot.runtime.assemble import Runtime
from bot.runtime.turn import Hooks, Live, Plan
from flows.fields import MASK
from flows.flow import Flow
from flows.problems import visible
from flows.state import State, Turn
from flows.values import as_text

_OPEN: Final = frozenset(("queued", "running", "waiting"))
_WIDTH: Final = 18
_LONGEST: Final = 60
_AWAITED: Final = {
    "answer": "waits for an answer",
    "run": "waits for the run",
    "time": "waits for its time",
    "call": "waits for an outside system",
    "start": "waits for a run to start",
}


class Tracing(Hooks):
    """Put in front of the runtime's own hooks: sees each turn once it is committed."""

    def __init__(self, runtime: Runtime, show: Callable[[Sequence[Text]], None]) -> None:
        self._inner, self._show = runtime.chats.hooks, show
        self._runtime, self._store = runtime, runtime.ground.store
        self._flows: dict[str, tuple[Flow, dict[str, str]]] = {}
        self._told: dict[str, int] = {}
        self._listening: set[str] = set()
        runtime.chats.hooks = self

    def after(self, live: Live, plan: Plan, done: Committed) -> None:
        """See `Hooks`."""
        chat = live.row.id
        if chat not in self._listening:
            self._listening.add(chat)
            self._runtime.bus.subscribe(chat, self._hear)
        said = self._texts(live.flow)
        entered = [(step, plan.mask.text(why)) for turn in plan.walked for step, why in _entered(turn)]
        lines = [_step(step, said.get(step, ""), why) for step, why in entered]
        self._show([*lines, _state(plan.state, live.flow, plan.mask)])
        self._inner.after(live, plan, done)

    def _texts(self, flow: Flow) -> dict[str, str]:
        known = self._flows.get(flow.id)
        if known is None or known[0] is not flow:
            known = self._flows[flow.id] = (flow, texts(flow))
        return known[1]

    def _hear(self, item: Heard) -> None:
        if isinstance(item, Progress) and item.state not in _OPEN:
            self._runtime.tasks.spawn(self._run(item), "trace")

    async def _run(self, run: Progress) -> None:
        """A run has ended: the whole way it went, each step once."""
        if run.run in self._told:
            return
        self._told[run.run] = 1
        rows = await self._store.find(Trace, owner=f"run:{run.run}", order="no")
        loaded = self._runtime.library.project.runbooks.get(run.runbook)
        said = self._texts(loaded.flow) if loaded is not None and loaded.flow is not None else {}
        head = Text(f"  {visible(run.title)}: {run.state}", "bold")
        self._show([head, *(step_line(row, said.get(row.step, ""), 1) for row in rows)])


def _entered(turn: Turn) -> Iterator[tuple[str, str]]:
    """The steps of a turn, each with the reason for the way it took."""
    first = turn.state.visits - len(turn.path) + 1
    for visit, step in enumerate(turn.path, first):
        yield step, turn.reasons.get(f"{step}.{visit}", "")


def _step(step: str, text: str, why: str) -> Text:
    return Text.assemble(("  → ", "green"), f"{step:<{_WIDTH}} ", (visible(why or text), "dim"))


def _state(state: State, flow: Flow, mask: Mask) -> Text:
    """Where the chat stands now, and what it knows."""
    if state.ended is not None:
        where = "the chat has ended"
    elif state.awaiting is not None:
        where = f"{state.step} {_AWAITED[state.awaiting.kind]}"
    else:
        where = state.step or "nothing has begun"
    shown = mask.value(state.variables | dict.fromkeys(flow.secret & state.variables.keys(), MASK))
    known = ", ".join(f"{name}={_brief(as_text(value))}" for name, value in shown.items())
    return Text(f"  = {where}{f'; {known}' if known else ''}", "dim")


def _brief(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
