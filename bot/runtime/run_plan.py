"""One step forward of a run, decided: from a machine's turn to the unit that journals it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

import msgspec
import structlog

from bot.ids import new_id
from bot.limits import Limits
from bot.ports import Append, Change, Delete, Insert, Op
from bot.rows import Callback, Inbox, Message, Run, Trace
from bot.rows import Timer as TimerRow
from bot.runtime.active import OPEN, Active
from bot.runtime.addresses import kept
from bot.runtime.secrecy import closed
from bot.runtime.starts import Accepted, Asker, Starts
from bot.runtime.wire import dump, writable
from flows.effects import Call, Finish, Log, Note, StartRun, Timer
from flows.errors import FlowStuck
from flows.events import CallAnswered, Called, Event, RunEnded, TimeCame
from flows.machine import MAX_HOPS, advance
from flows.state import State, Turn
from flows.steps.call import CallStep
from flows.variables import URLS

log = structlog.get_logger()

OWN = ("run", URLS)
"""The parts of a run's context that its own runs do not see."""

CALLBACK = "callback"
"""The inbox's source of calls to waiting steps."""

Final = Literal["succeeded", "failed", "interrupted", "cancelled"]


class Step(msgspec.Struct, kw_only=True):
    """What the next unit of a run holds."""

    state: State
    path: list[str] = []
    told: list[str] = []
    """What the trace tells about each step of `path`: why, or what was said."""
    notes: list[Message] = []
    starts: list[Accepted] = []
    timers: list[TimerRow] = []
    call: Call | None = None
    finish: Finish | None = None


def walk(active: Active, turn: Turn, starts: Starts, now: int) -> Step:
    """Perform a turn's effects on paper; starts of other runs are answered at once."""
    step = Step(state=turn.state)
    turns = deque((turn,))
    answers = 0
    while turns:
        if answers > MAX_HOPS:  # refusals and background starts are answered within the step
            raise FlowStuck(active.flow.id, step.state.step or "", answers)
        current = turns.popleft()
        step.state = current.state
        step.path.extend(current.path)
        step.told.extend(active.mask.text(text) for text in _told(active.row, current))
        for effect in current.effects:
            match effect:
                case Note(text=text):
                    step.notes.append(_note(active.row, active.mask.text(text), now))
                case Call():
                    step.call = effect
                case Timer(id=id, after=after):
                    due = now + round(after * 1000)
                    step.timers.append(
                        TimerRow(id=new_id(now), kind="run", target=active.row.id, effect=id, due_at=due)
                    )
                case StartRun():
                    answer = _start(active, effect, starts, step)
                    turns.append(advance(active.flow, step.state, answer))
                    answers += 1
                case Finish():
                    step.finish = effect
                case Log(id=id, message=message):
                    log.warning(
                        "author", run=active.row.id, runbook=active.flow.id, effect=id, problem=message
                    )
                case _:
                    raise AssertionError(f"a run cannot {type(effect).__name__}")
    return step


def _told(run: Run, turn: Turn) -> Iterator[str]:
    """A line for each step entered. The n-th from the end was the n-th last visit."""
    said = {effect.id: effect.text for effect in turn.effects if isinstance(effect, Note)}
    first = turn.state.visits - len(turn.path) + 1
    for visit, id in enumerate(turn.path, first):
        key = f"{id}.{visit}"
        text = said.get(key, turn.reasons.get(key, ""))
        yield f"no chat: {text}" if key in said and not run.chat else text


def _start(active: Active, start: StartRun, starts: Starts, step: Step) -> Event:
    verdict = starts.weigh(
        start,
        Asker(
            person=active.person,
            origin="run",
            chat=active.row.chat,
            parent=active.row.id,
            depth=active.depth + 1,
            context={key: value for key, value in active.state.context.items() if key not in OWN},
            secrets=active.mask.values,
        ),
    )
    if not isinstance(verdict, Accepted):
        return verdict
    step.starts.append(verdict)
    return verdict.event


def _note(run: Run, text: str, now: int) -> Message:
    return Message(
        chat=run.chat, seq=0, id=new_id(now), sender="bot", kind="note", text=writable(text),
        prompt="", choices="[]", run=run.id, created_at=now,
    )  # fmt: skip


def unit_of(active: Active, step: Step, expect: Run, now: int, limits: Limits) -> tuple[list[Op], Run]:
    """The journal unit, and the run row as it will be. `expect` fences: a run that somebody
    else has ended or taken over lets nothing more be written."""
    waiting = step.call is None
    entered = list(_traces(active, step, now, limits))
    after = msgspec.structs.replace(
        active.row,
        state="waiting" if waiting else "running",
        flow=dump(kept(step.state)) if waiting else "",  # a running run is never taken up again
        step=step.state.step or "",
        awaiting=step.state.awaiting.id if step.state.awaiting else "",
        steps=active.row.steps + len(entered),
    )
    ops: list[Op] = [Change(Run, _fence(expect), changed(expect, after))]
    if expect.state == "waiting":
        ops.append(Delete(TimerRow, {"target": expect.id}))
    ops += _brought(active, step, entered, now)
    if waiting:
        due = max(active.row.deadline_at, now)
        step.timers.append(TimerRow(id=new_id(now), kind="deadline", target=after.id, effect="", due_at=due))
    ops += [op for child in step.starts for op in child.unit]
    ops += [Insert(timer) for timer in step.timers]
    return ops, after


def last_unit(
    active: Active, step: Step, expect: Run, finish: Finish, limits: Limits, now: int
) -> tuple[list[Op], Run, Inbox | None]:
    """The unit of a run that has reached an End step."""
    entered = list(_traces(active, step, now, limits))
    after = msgspec.structs.replace(
        active.row,
        state="succeeded" if finish.outcome == "success" else "failed",
        flow=dump(kept(step.state)),
        step=step.state.step or "",
        awaiting="",
        steps=active.row.steps + len(entered),
        outcome=finish.outcome,
        message=writable(finish.message),
        code=finish.code,
        data=dump(finish.data) if finish.data is not None else "",
        finished_at=now,
    )
    after = closed(after, active.flow, active.mask)
    ops: list[Op] = [Change(Run, _fence(expect), changed(expect, after))]
    ops += _brought(active, step, entered, now)
    news = _news(active, after, now)
    return [*ops, *_over(active, after, news)], after, news


def end_unit(active: Active, after: Run, now: int, *, as_read: bool) -> tuple[list[Op], Inbox | None]:
    """The unit of a run that ends for any other reason. `as_read`: only if its row is as it
    was read, so that one that has gone on meanwhile is not ended behind the walker's back."""
    news = _news(active, after, now)
    cells = changed(active.row, after) | {"started_at": after.started_at, "owner": after.owner}
    change = Change(Run, _fence(active.row) if as_read else {"id": after.id, "state": OPEN}, cells)
    return [change, *_broken_off(active, after, now), *_over(active, after, news)], news


def _broken_off(active: Active, after: Run, now: int) -> Iterator[Op]:
    """Close the trace of the step at which a run was ended from outside."""
    row = active.row
    if row.steps == 0 or (row.state == "waiting" and _is_call(active, row)):
        return
    note = "its outcome is unknown" if _is_call(active, row) else after.message
    cells: dict[str, str | int] = {"ok": 0, "note": writable(note), "finished_at": now}
    yield Change(Trace, {"owner": f"run:{row.id}", "no": row.steps}, cells)


def _is_call(active: Active, row: Run) -> bool:
    node = active.flow.nodes.get(row.step)
    return node is not None and node.step.KIND == CallStep.KIND


def _brought(active: Active, step: Step, entered: list[Trace], now: int) -> Iterator[Op]:
    yield from (Insert(trace) for trace in entered)
    if step.notes and active.row.chat:
        yield Append(active.row.chat, step.notes, now, active.outbox)


def _over(active: Active, after: Run, news: Inbox | None) -> Iterator[Op]:
    yield Delete(TimerRow, {"target": after.id})
    if URLS in active.state.context:  # a call that came early, for a step that is not reached any more
        yield Delete(Inbox, {"state": "new", "target": f"run:{after.id}", "source": CALLBACK})
    if news is not None:
        yield Insert(news)


def _news(active: Active, after: Run, now: int) -> Inbox | None:
    """What whoever asked for the run will hear; in the same commit as the end."""
    if not after.effect:
        return None
    event = RunEnded(
        id=after.effect,
        run=after.id,
        runbook=after.runbook,
        outcome="success" if after.outcome == "success" else "failure",
        message=after.message,
        code=after.code,
        data=msgspec.json.decode(after.data) if after.data else None,
        announce=active.runbook.announcement(
            after.outcome, after.message, to_agent=active.person.kind == "agent"
        ),
    )
    target = f"run:{after.parent}" if after.parent else f"chat:{after.chat}"
    return Inbox(
        id=new_id(now), source="run", external_id=after.id, target=target, event=dump(event),
        seq=0, state="new", tries=0, received_at=now,
    )  # fmt: skip


def _fence(row: Run) -> dict[str, str | int | tuple[str | int, ...]]:
    return {"id": row.id, "state": row.state, "owner": row.owner, "awaiting": row.awaiting}


def changed(before: Run, after: Run) -> dict[str, str | int]:
    """The cells that differ."""
    return {
        name: getattr(after, name)
        for name in Run.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    } or {"state": after.state}


def _traces(active: Active, step: Step, now: int, limits: Limits) -> Iterator[Trace]:
    row, entered = active.row, list(zip(step.path, step.told, strict=True))
    if step.call is not None and (not entered or entered[-1][0] != step.state.step):
        entered.append((step.state.step or "", ""))  # a call that is asked again
    last = len(entered) - 1
    for index, (id, told) in enumerate(entered):
        kind = active.flow.nodes[id].step
        rests = index == last and step.finish is None
        request = dump(active.mask.value(step.call.args)) if rests and step.call is not None else ""
        yield Trace(
            owner=f"run:{row.id}", no=row.steps + index + 1, step=id, kind=kind.KIND, title=kind.title,
            request=request[: limits.traced], answer="", ok=-1 if rests else 1, note=writable(told[: limits.traced]),
            started_at=now, finished_at=0 if rests else now,
        )  # fmt: skip


def answered(active: Active, row: Run, event: Event, now: int, limits: Limits) -> Iterator[Op]:
    """Complete the trace of the step that rested. (A call that waits to be asked again has
    had its answer.)"""
    if row.steps == 0 or (isinstance(event, TimeCame) and _is_call(active, row)):
        return
    awaiting = active.state.awaiting
    cells: dict[str, str | int] = {"ok": 1, "finished_at": now}
    if isinstance(event, CallAnswered):
        answer, note = dump(active.mask.value(event.answer)), active.mask.text(event.error)
        cells |= {
            "ok": int(event.ok),
            "answer": answer[: limits.traced],
            "note": writable(note[: limits.traced]),
        }
    elif isinstance(event, RunEnded):
        note = writable(active.mask.text(event.message)[: limits.traced])
        cells |= {"ok": int(event.outcome == "success"), "note": note}
    elif isinstance(event, Called):
        cells["answer"] = dump(active.mask.value({"body": event.body}))[: limits.traced]
    elif awaiting is not None and awaiting.kind == "callback":
        cells |= {"ok": 0, "note": "nobody called back"}
        # Its address is closed in the same unit: of a call and the end of the wait, one is first.
        unused: dict[str, str | int | tuple[str | int, ...]] = {
            "run": row.id,
            "step": row.step,
            "state": ("open", "closed"),
        }
        yield Change(Callback, unused, {"state": "closed"})
    yield Change(Trace, {"owner": f"run:{row.id}", "no": row.steps}, cells)
