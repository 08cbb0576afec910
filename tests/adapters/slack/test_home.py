"""Our own page in Slack."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.home import home
from adapters.slack.pointers import Pointers
from bot.reception import Offer, RunView
from tests.adapters.slack.hostile import HOSTILE, SHORT
from tests.adapters.slack.strict import check_view, seen, walk

POINTERS = Pointers(b"k" * 32)


def run(id: str, **more: Any) -> RunView:
    basic: dict[str, Any] = {
        "id": id, "runbook": "reset", "name": "Reset password", "state": "running", "message": "", "chat": "c",
        "created_at": 1_700_000_000_000, "finished_at": 0,
    }  # fmt: skip
    return RunView(**{**basic, **more})


def page(offers: list[Offer], runs: list[RunView], notice: str = "") -> dict[str, Any]:
    made = home(
        offers, runs, notice=notice,
        start=lambda offer: POINTERS.start(offer.kind, offer.id[:40]),
        cancel=lambda one: POINTERS.cancel("c", one.id[:40]),
    )  # fmt: skip
    check_view(made)
    return made


def buttons(made: dict[str, Any]) -> dict[str, str]:
    return {one["action_id"]: one["value"] for one in walk(made) if one.get("type") == "button"}


def test_a_page_shows_what_there_is() -> None:
    made = page(
        [Offer(kind="profile", id="helpdesk", name="IT <helpdesk>", description="Ask *us*")],
        [
            run("r1", cancellable=True),
            run("r2", state="waiting", name="Backup"),
            run("r3", state="succeeded", message="All <!here> good", finished_at=1_700_000_500_000),
            run("r4", state="failed", message="Runbook failed: no"),
        ],
    )
    words = seen(made)
    for text in (
        "IT <helpdesk>\nAsk *us*",
        "Working…",
        "Waiting",
        "Done",
        "All <!here> good",
        "Runbook failed: no",
    ):
        assert text in words
    found = {action: POINTERS.read(value) for action, value in buttons(made).items()}
    assert found == {"cb:start:1": ("start", "profile", "helpdesk"), "cb:cancel:r1": ("cancel", "c", "r1")}
    stamps = [one["timestamp"] for one in walk(made) if one.get("type") == "date"]
    assert stamps == [1_700_000_000, 1_700_000_000, 1_700_000_500, 1_700_000_000]


def test_an_empty_page_says_so() -> None:
    words = seen(page([], [], "Write to me."))
    for text in (
        "Write to me.",
        "nothing here that you may start",
        "Nothing is running",
        "started nothing yet",
    ):
        assert text in words


def test_a_page_of_much_is_bounded() -> None:
    offers = [Offer(kind="runbook", id=f"r{n}", name="n" * 400, description="d" * 2_000) for n in range(90)]
    runs = [run(f"r{n}", cancellable=True, message="m" * 9_000) for n in range(50)]
    over = [run(f"o{n}", state="succeeded", message="m" * 9_000) for n in range(50)]
    made = page(offers, [*runs, *over], "notice")
    assert len(made["blocks"]) <= 100
    assert "50 more" in seen(made)
    assert made["blocks"][-1]["type"] == "rich_text"


@pytest.mark.parametrize("at", [0, -1, 2**60])
def test_a_time_that_is_none_is_not_shown(at: int) -> None:
    assert not [one for one in walk(page([], [run("r", created_at=at)])) if one.get("type") == "date"]


@given(SHORT, SHORT, st.sampled_from(["running", "failed", "odd"]), st.integers())
def test_any_page_is_within_slacks_limits(name: str, message: str, state: str, at: int) -> None:
    offer = Offer(kind="profile", id="p", name=name, description=message)
    page(
        [offer], [run("r", name=name, message=message, state=state, created_at=at, cancellable=True)], message
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_page_is_markup(text: str) -> None:
    offer = Offer(kind="profile", id="p", name=text, description=text)
    page(
        [offer], [run("r", name=text, message=text, state=text), run("s", message=text, state="failed")], text
    )
