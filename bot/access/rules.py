"""Who may do what: one function a question, each answer names its rule. Deny by default."""

from __future__ import annotations

from typing import Final

from bot.errors import NotAllowed
from bot.ports import Person
from flows.documents import Group, Profile, Runbook

GROUP: Final[dict[str, Group]] = {
    "anonymous": "anonymous",
    "authenticated": "authenticated",
    "agent": "agents",
}


def check_open(person: Person, profile: Profile) -> None:
    """NotAllowed unless the profile's audience holds this person."""
    if GROUP[person.kind] not in profile.audience:
        raise NotAllowed(f"{profile.called} is not open to you.", rule="profile.audience")


def check_start(person: Person, runbook: Runbook) -> None:
    """NotAllowed unless this person may start this runbook now (S3, S10, DECISIONS 14)."""
    if runbook.disabled:
        raise NotAllowed(f"{runbook.called} is switched off.", rule="runbook.disabled")
    if GROUP[person.kind] not in runbook.audience:
        raise NotAllowed(f"you may not start {runbook.called}.", rule="runbook.audience")


def check_cancel(person: Person, requester: Person, runbook: Runbook) -> None:
    """NotAllowed unless this person may stop this run (DECISIONS 12)."""
    allowed = runbook.cancellable_by
    agent = person.kind == "agent"
    mine = person.id == requester.id
    if allowed == "none" or (allowed == "agents" and not agent) or not (agent or mine):
        raise NotAllowed(f"{runbook.called} cannot be cancelled by you.", rule="runbook.cancel")
