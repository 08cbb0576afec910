"""How finished runs are remembered: `$RUNBOOKRESULT`, `${results.RUNBOOK.…}`, `${STEP.…}`."""

from __future__ import annotations

from flows.events import RunEnded
from flows.values import Vars


def outcome_of(event: RunEnded) -> Vars:
    """A run that ended by itself, in whatever way."""
    return {
        "runbook": event.runbook,
        "outcome": event.outcome,
        "message": event.message,
        "code": event.code,
        "data": event.data,
    }


def refusal_of(runbook: str, reason: str) -> Vars:
    """A run that could not be started: as if it had failed at once (D7)."""
    return {"runbook": runbook, "outcome": "failure", "message": reason, "code": "refused", "data": None}


def remember(results: Vars, outcome: Vars) -> Vars:
    """`results` with one more finished run.

    `last` is the newest *finished* run of all (D3, S40), `runs` has the newest of each
    runbook. An empty message replaces the one before it (S34).
    """
    last = {"outcome": outcome["outcome"], "message": outcome["message"], "code": outcome["code"]}
    return results | {"last": last, "runs": results.get("runs", {}) | {outcome["runbook"]: outcome}}
