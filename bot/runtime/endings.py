"""How runs end that reach no End step."""

from __future__ import annotations

from typing import NamedTuple

from bot.runtime.run_plan import Final
from flows.documents import Runbook
from flows.durations import spoken


class Over(NamedTuple):
    """A run ends for a reason that is not an End step. All texts begin alike, so that the
    guide's condition on "failed" catches them (DECISIONS 5)."""

    state: Final
    message: str


def interrupted(step: str) -> Over:
    """The process that walked it died or was stopped (promise 2)."""
    return Over("interrupted", f"Runbook failed: interrupted at step {step or 'start'}")


def cancelled(by: str) -> Over:
    """Somebody who may has stopped it."""
    return Over("cancelled", f"Runbook failed: cancelled by {by}")


def too_long(runbook: Runbook) -> Over:
    """Its own time limit (D6)."""
    return Over("failed", f"Runbook failed: it took longer than {spoken(runbook.limit)}")


def broken(step: str | None) -> Over:
    """A fault of ours."""
    return Over("failed", f"Runbook failed: an error on our side at step {step}; the operators have the log")
