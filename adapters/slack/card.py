"""The card of a run: one message that is edited in place while the run works. Pure.

Slack: one `plan` block with `task_card`s takes about 50 tasks and 9,000 characters; an edit
needs new block_ids. Where a workspace refuses such blocks, `level` 1 says the same in text
blocks and `level` 2 in text alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from adapters.slack.blocks import (
    CANCEL,
    FALLBACK,
    Block,
    Post,
    actions,
    button,
    confirm,
    quoted,
    rich_of,
)
from adapters.slack.escape import cut, elements, fitted, shown
from bot.ports import Progress, ProgressStep

TASKS: Final = 45
NOTES: Final = 5
_TITLE: Final = 120
_NOTE: Final = 250
WORDS: Final = {
    "queued": "Waiting to start",
    "running": "Working…",
    "waiting": "Waiting",
    "succeeded": "Done",
    "failed": "Failed",
    "interrupted": "Interrupted",
    "cancelled": "Cancelled",
}
_STATUS: Final = {"working": "in_progress", "done": "complete", "failed": "error"}
_MARKS: Final = {"in_progress": "…", "complete": "✓", "error": "✗", "pending": "○"}
FINAL: Final = ("succeeded", "failed", "interrupted", "cancelled")


def card(progress: Progress, notes: Sequence[str] = (), *, level: int = 0, cancel: str = "") -> Post:
    """How a run stands. Only steps to which their author gave a title are shown; `notes`: what
    the run said, newest last; `cancel`: the pointer of its button while it may be stopped.
    Equal fingerprints mean that nothing to be seen has changed."""
    title = f"{_line(progress.title) or _line(progress.runbook)} — {word(progress.state)}"
    named = [(_line(step.title), _status(step, progress.state)) for step in progress.steps]
    tasks = [(name, status) for name, status in named if name][-TASKS:]
    said = [note for note in (cut(note, _NOTE).strip() for note in notes) if note][-NOTES:]
    stoppable = cancel if progress.cancellable and progress.state not in FINAL else ""
    return Post(
        text=_text(title, tasks, said),
        blocks=_with_rev(_blocks(title, tasks, said, stoppable, level), progress.rev),
        metadata={"event_type": "cuebook_run", "event_payload": {"run": progress.run, "rev": progress.rev}},
        fingerprint=_fingerprint(title, tasks, said, stoppable, level),
    )


def _line(title: str) -> str:
    return cut(" ".join(shown(title).split()), _TITLE)


def word(state: str) -> str:
    """How a run stands, for people."""
    return WORDS.get(state) or cut(state, _TITLE)


def _status(step: ProgressStep, state: str) -> str:
    """A step that was at work when its run ended went as the run did."""
    if step.status != "working" or state not in FINAL:
        return _STATUS[step.status]
    return "complete" if state == "succeeded" else "error"


def _text(title: str, tasks: Sequence[tuple[str, str]], notes: Sequence[str]) -> str:
    rows = [title, *(f"{_MARKS[status]} {name}" for name, status in tasks), *(f"▸ {note}" for note in notes)]
    return fitted("\n".join(rows), FALLBACK)


def _blocks(
    title: str, tasks: Sequence[tuple[str, str]], notes: Sequence[str], cancel: str, level: int
) -> list[Block]:
    if level >= 2:
        return []
    body = [_plan(title, tasks)] if tasks and level == 0 else [_listed(title, tasks)]
    below = [quoted("\n".join(notes))] if notes else []
    return [*body, *below, *([actions([_stop(cancel)])] if cancel else ())]


def _plan(title: str, tasks: Sequence[tuple[str, str]]) -> Block:
    cards = [
        {"type": "task_card", "task_id": f"t{number}", "title": fitted(name, 255), "status": status}
        for number, (name, status) in enumerate(tasks)
    ]
    return {"type": "plan", "title": fitted(title, 255), "tasks": cards}


def _listed(title: str, tasks: Sequence[tuple[str, str]]) -> Block:
    rows = "".join(f"\n{_MARKS[status]} {name}" for name, status in tasks)
    return rich_of([*elements(title, bold=True), *elements(rows)])


def _stop(pointer: str) -> Block:
    asked = confirm("Stop this run?", "What it has done already stays done.", "Stop it", "Let it work")
    return button("Cancel", CANCEL, pointer, style="danger", confirm=asked)


def _with_rev(blocks: Sequence[Block], rev: int) -> list[Block]:
    """The same blocks with ids of their own for this edit, as Slack asks for."""
    return [{**block, "block_id": f"cb:{rev}:{number}"} for number, block in enumerate(blocks)]


def _fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
