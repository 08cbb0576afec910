"""The card of a run."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.blocks import Post
from adapters.slack.card import card
from bot.ports import Progress, ProgressStep
from tests.adapters.slack.hostile import HOSTILE, SHORT
from tests.adapters.slack.strict import check_post, seen, texts

STEPS = (
    ProgressStep(id="a", kind="say", title="", status="done"),
    ProgressStep(id="b", kind="call", title="Find <the> account", status="done"),
    ProgressStep(id="c", kind="call", title="Reset it", status="failed"),
    ProgressStep(id="d", kind="call", title="Tell them", status="working"),
)
PROGRESS = Progress(
    run="r1", runbook="reset", title="Reset password", rev=7, state="running", steps=STEPS, cancellable=True
)


def shown(level: int = 0, cancel: str = "POINTER", notes: tuple[str, ...] = (), **more: Any) -> Post:
    post = card(msgspec.structs.replace(PROGRESS, **more), notes, level=level, cancel=cancel)
    check_post(post)
    return post


def test_a_card_is_a_plan_of_the_steps_that_have_a_title() -> None:
    plan, stop = shown().blocks
    assert (plan["type"], plan["title"]) == ("plan", "Reset password — Working…")
    assert [(task["title"], task["status"]) for task in plan["tasks"]] == [
        ("Find &lt;the&gt; account", "complete"),
        ("Reset it", "error"),
        ("Tell them", "in_progress"),
    ]
    (button,) = stop["elements"]
    assert (button["action_id"], button["value"], button["style"]) == ("cb:cancel", "POINTER", "danger")
    assert button["confirm"]["title"]["text"] == "Stop this run?"


def test_the_text_says_the_same() -> None:
    post = shown(notes=("half way",))
    assert post.text == (
        "Reset password — Working…\n✓ Find &lt;the&gt; account\n✗ Reset it\n… Tell them\n▸ half way"
    )
    assert "half way" in seen(post.blocks)


@pytest.mark.parametrize(
    ("state", "word", "last"),
    [
        ("queued", "Waiting to start", "in_progress"), ("running", "Working…", "in_progress"),
        ("waiting", "Waiting", "in_progress"), ("succeeded", "Done", "complete"), ("failed", "Failed", "error"),
        ("interrupted", "Interrupted", "error"), ("cancelled", "Cancelled", "error"), ("odd", "odd", "in_progress"),
    ],
)  # fmt: skip
def test_the_state_is_said_in_words(state: str, word: str, last: str) -> None:
    post = shown(state=state)
    assert post.text.startswith(f"Reset password — {word}\n")
    assert post.blocks[0]["tasks"][-1]["status"] == last


@pytest.mark.parametrize("state", ["succeeded", "failed", "interrupted", "cancelled"])
def test_what_is_over_cannot_be_stopped(state: str) -> None:
    assert [block["type"] for block in shown(state=state).blocks] == ["plan"]


def test_only_who_may_stop_it_has_a_button() -> None:
    assert len(shown(cancellable=False).blocks) == 1
    assert len(shown(cancel="").blocks) == 1


def test_where_a_plan_is_refused_there_are_other_ways() -> None:
    text = shown(level=1)
    assert [block["type"] for block in text.blocks] == ["rich_text", "actions"]
    assert (
        seen(text.blocks[0]) == "Reset password — Working…\n\n✓ Find <the> account\n✗ Reset it\n… Tell them"
    )
    assert shown(level=2).blocks == []
    assert shown(level=2).text == shown().text


def test_a_run_without_titled_steps_has_no_plan() -> None:
    assert [block["type"] for block in shown(steps=()).blocks] == ["rich_text", "actions"]


def test_a_title_that_shows_nothing_is_none() -> None:
    """Slack refuses a task without a title."""
    steps = tuple(ProgressStep(id="x", kind="x", title=title, status="done") for title in ("\0", " ", "a\nb"))
    post = shown(steps=steps, title="\x08")
    assert [task["title"] for task in post.blocks[0]["tasks"]] == ["a b"]
    assert post.blocks[0]["title"] == "reset — Working…"


def test_equal_pictures_have_equal_fingerprints() -> None:
    assert shown(rev=8).fingerprint == shown().fingerprint
    others = [
        shown(state="waiting"), shown(title="x"), shown(steps=STEPS[:3]), shown(notes=("n",)),
        shown(cancellable=False), shown(level=1), shown(steps=(*STEPS[:3], ProgressStep(id="d", kind="x", title="Tell them", status="done"))),
    ]  # fmt: skip
    assert len({post.fingerprint for post in [shown(), *others]}) == 8
    assert shown(steps=STEPS[1:]).fingerprint == shown().fingerprint


def test_each_edit_has_block_ids_of_its_own() -> None:
    """Slack: "if a message is updated, use a new block_id"."""
    first, second = ({block["block_id"] for block in shown(rev=rev).blocks} for rev in (7, 8))
    assert len(first) == 2
    assert not first & second


def test_our_ids_are_in_the_metadata_and_nothing_else() -> None:
    assert shown().metadata == {"event_type": "cuebook_run", "event_payload": {"run": "r1", "rev": 7}}


def test_a_card_is_within_what_a_plan_takes() -> None:
    """Slack: about 50 tasks and 9,000 characters."""
    steps = tuple(
        ProgressStep(id=f"s{n}", kind="x", title=f"{n} " + "t" * 300, status="done") for n in range(200)
    )
    post = shown(steps=steps, title="T" * 500, notes=tuple("n" * 999 for _ in range(9)))
    plan = post.blocks[0]
    assert len(plan["tasks"]) == 45
    assert plan["tasks"][-1]["title"].startswith("199 ")
    assert sum(map(len, texts(post.blocks))) < 9_000
    assert max(len(task["title"]) for task in plan["tasks"]) < 256


def test_only_the_last_notes_are_kept() -> None:
    words = seen(shown(notes=(*tuple(f"note {n}" for n in range(7)), " ")).blocks)
    assert "note 1" not in words
    assert all(f"note {n}" in words for n in range(2, 7))


steps = st.builds(
    ProgressStep,
    id=SHORT,
    kind=st.just("say"),
    title=SHORT,
    status=st.sampled_from(["working", "done", "failed"]),
)


@given(
    st.lists(steps, max_size=6),
    SHORT,
    st.lists(SHORT, max_size=7),
    st.sampled_from([0, 1, 2]),
    st.integers(0, 2**53),
)
def test_any_card_is_within_slacks_limits(
    steps: list[ProgressStep], title: str, notes: list[str], level: int, rev: int
) -> None:
    post = shown(level, notes=tuple(notes), steps=tuple(steps), title=title, rev=rev)
    assert len(shown(1 - min(level, 1), steps=tuple(steps)).text) > 0
    assert sum(map(len, texts(post.blocks))) < 9_500


@pytest.mark.parametrize("text", HOSTILE)
def test_no_card_is_markup(text: str) -> None:
    step = ProgressStep(id="s", kind="x", title=text, status="working")
    for level in (0, 1, 2):
        shown(level, notes=(text,), title=text, state=text, steps=(step,))
