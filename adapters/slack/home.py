"""Our own page in Slack (App Home): what you may start, what you started. Pure.

Names, descriptions and results stand in plain_text and rich_text: nothing in them is parsed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from adapters.slack.blocks import (
    CANCEL,
    START,
    Block,
    actions,
    button,
    confirm,
    context,
    header,
    rich_of,
    section,
)
from adapters.slack.card import FINAL, word
from adapters.slack.escape import cut, elements
from bot.reception import Offer, RunView

OFFERS: Final = 40  # with twice RUNS, a button each, below the 100 blocks of a view
RUNS: Final = 15
"""Of each kind, open and over."""
_NAME: Final = 200
_SAID: Final = 500
_WHEN: Final = "{date_short_pretty} {time}"
_LATEST: Final = 4_102_444_800_000  # the year 2100; a stamp beyond is none of ours


def home(
    offers: Sequence[Offer],
    runs: Sequence[RunView],
    *,
    start: Callable[[Offer], str],
    cancel: Callable[[RunView], str],
    notice: str = "",
) -> dict[str, Any]:
    """The page of one person. `start`, `cancel`: the pointers that the buttons carry; `notice`:
    a line at the top, e.g. why there is nothing."""
    at_work = [run for run in runs if run.state not in FINAL][:RUNS]
    over = [run for run in runs if run.state in FINAL][:RUNS]
    blocks = [
        *([context(notice)] if notice.strip() else ()),
        header("What you can start"),
        *_offers(offers, start),
        header("At work for you"),
        *([block for run in at_work for block in _open(run, cancel)] or [context("Nothing is running.")]),
        header("What came of the last ones"),
        *([_line(run) for run in over] or [context("You have started nothing yet.")]),
    ]
    return {"type": "home", "blocks": blocks}


def _offers(offers: Sequence[Offer], start: Callable[[Offer], str]) -> list[Block]:
    if not offers:
        return [context("There is nothing here that you may start.")]
    rows = [
        section(_described(one), button("Start", f"{START}:{number}", start(one)))
        for number, one in enumerate(offers[:OFFERS], 1)
    ]
    left = len(offers) - OFFERS
    return [*rows, *([context(f"{left} more: write `list` to me.")] if left > 0 else ())]


def _described(offer: Offer) -> str:
    name = cut(offer.name or offer.id, _NAME)
    return f"{name}\n{cut(offer.description, _SAID)}" if offer.description else name


def _open(run: RunView, cancel: Callable[[RunView], str]) -> list[Block]:
    found = [_line(run)]
    if run.cancellable:
        asked = confirm("Stop this run?", "What it has done already stays done.", "Stop it", "Let it work")
        stop = button("Cancel", f"{CANCEL}:{run.id}"[:255], cancel(run), style="danger", confirm=asked)
        found.append(actions([stop]))
    return found


def _line(run: RunView) -> Block:
    said = f"\n{cut(run.message, _SAID)}" if run.message.strip() else ""
    name = cut(run.name or run.runbook, _NAME)
    return rich_of(
        [
            *elements(name, bold=True),
            *elements(f" — {word(run.state)}"),
            *_when(run.finished_at or run.created_at),
            *elements(said),
        ]
    )


def _when(at: int) -> list[dict[str, Any]]:
    """A time, which Slack shows in the zone of whoever looks."""
    if not 0 < at < _LATEST:
        return []
    stamp = {"type": "date", "timestamp": at // 1000, "format": _WHEN, "fallback": "some time ago"}
    return [*elements(", "), stamp]
