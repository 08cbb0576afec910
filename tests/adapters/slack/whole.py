"""What must hold of every conversation in Slack, whatever went wrong on the way."""

from __future__ import annotations

from collections import Counter

from adapters.slack.card import FINAL, WORDS
from bot.rows import Card, Inbox, Message, Outbox, Run
from bot.testing.slack import Message as Post
from tests.adapters.slack.office import Office, is_card


async def check_lines(there: Office) -> None:
    """Each line of each chat stands in Slack exactly once, and in order."""
    store = there.stage.store
    assert {row.state for row in await store.find(Inbox, limit=10_000)} <= {"done"}
    rows = await store.find(Outbox, limit=10_000)
    assert {row.state for row in rows} <= {"sent"}, "a line was lost"
    posted = [marker for one in there.fake.world.messages if (marker := _marker(one))]
    assert max(Counter(posted).values(), default=0) <= 1, "a line stands there twice"
    for chat in {row.chat for row in rows}:
        lines = await store.find(Message, chat=chat, order="seq", limit=10_000)
        wanted = [f"{chat}:{line.seq}#0" for line in lines if line.sender != "user" and line.text.strip()]
        assert [marker for marker in posted if marker.startswith(f"{chat}:")] == wanted


async def check_cards(there: Office, *, shown: bool = True) -> None:
    """Each run that is over has one card, which shows how it ended. `shown`: one is expected
    for every run that a person waits for."""
    runs = {run.id: run for run in await there.stage.store.find(Run, limit=10_000)}
    cards = Counter(_run(one) for one in there.fake.world.messages if is_card(one))
    assert max(cards.values(), default=0) <= 1, "a run has two cards"
    assert not shown or set(cards) == {id for id, run in runs.items() if not run.parent}
    for one in there.fake.world.messages:
        if is_card(one):
            run = runs[_run(one)]
            assert run.state in FINAL
            assert WORDS[run.state] in one.text, f"{run.state}: {one.text}"
            assert "cb:cancel" not in str(one.blocks), "what is over cannot be stopped"
    for row in await there.stage.store.find(Card, limit=10_000):
        assert row.state == "final"


def check_patience(there: Office, *seconds: int) -> None:
    """No call that Slack would have refused. `seconds`: for how long it asked for patience, each
    time; then no call of that method followed. Calls that were under way together with the one
    that was refused could not know."""
    found = Counter(there.fake.limits.violations)
    del found["during_retry_after"]
    assert not found, found
    refused = [call for call in there.fake.calls if call.status == 429]
    for method in {call.method for call in refused}:
        calls = [call.at for call in there.fake.calls if call.method == method]
        at = [call.at for call in refused if call.method == method]
        for since, asked in zip(at, seconds, strict=True):
            assert not [one for one in calls if since < one < since + asked * 1000], f"{method} at {since}"


def _marker(post: Post) -> str:
    metadata = post.metadata or {}
    return str(metadata["event_payload"]["id"]) if metadata.get("event_type") == "cuebook_message" else ""


def _run(post: Post) -> str:
    return str((post.metadata or {})["event_payload"]["run"])
