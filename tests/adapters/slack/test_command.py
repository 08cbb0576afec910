"""What people write after the command, as wishes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack.command import (
    CancelRun,
    Help,
    List,
    RunRunbook,
    StartProfile,
    Status,
    Unclear,
    Wish,
    understood,
)
from adapters.slack.mrkdwn import readable


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("", Help()),
        ("  ", Help()),
        ("help", Help()),
        ("HELP me please", Help()),
        ("?", Help()),
        ("list", List()),
        ("List", List()),
        ("status", Status()),
        ("runs", Status()),
        ("status 0a1b", Status("0a1b")),
        ("cancel 0a1b", CancelRun("0a1b")),
        ("stop 0a1b", CancelRun("0a1b")),
        ("start helpdesk", StartProfile("helpdesk")),
        ("chat helpdesk", StartProfile("helpdesk")),
        ("run reset-password", RunRunbook("reset-password")),
        ("run reset user=bob", RunRunbook("reset", {"user": "bob"})),
        ('run r why="two words" n=1', RunRunbook("r", {"why": "two words", "n": "1"})),
        ("run r why=“two words”", RunRunbook("r", {"why": "two words"})),
        ("run r why=„two words“", RunRunbook("r", {"why": "two words"})),
        ("run r why=«two words»", RunRunbook("r", {"why": "two words"})),
        ("run r why=\u2018two words’", RunRunbook("r", {"why": "two words"})),
        ("run r why='two words'", RunRunbook("r", {"why": "two words"})),
        ("run r why=“don’t go”", RunRunbook("r", {"why": "don’t go"})),
        ("run r why='don't go'", RunRunbook("r", {"why": "don't go"})),
        ("run r why=don't", RunRunbook("r", {"why": "don't"})),
        ('run r size=5" n=1', RunRunbook("r", {"size": '5"', "n": "1"})),
        ('run r a="" b=', RunRunbook("r", {"a": "", "b": ""})),
        ("run r q=a=b=c", RunRunbook("r", {"q": "a=b=c"})),
        ('run r q=x="y', RunRunbook("r", {"q": 'x="y'})),
        ("run r größe=3", RunRunbook("r", {"größe": "3"})),
        ("run r a=1\n b=2", RunRunbook("r", {"a": "1", "b": "2"})),
    ],
)
def test_a_wish_is_understood(text: str, wish: Wish) -> None:
    assert understood(text) == wish


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("dance", "`dance`"),
        ("run", "which runbook"),
        ("run <x>", "which runbook"),
        ("run r user", "name=value"),
        ("run r =x", "name=value"),
        ("run r 1a=x", "name=value"),
        ("run r a=1 a=2", "twice"),
        ('run r a="b', "not closed"),
        ("list all", "stands alone"),
        ("cancel", "which run"),
        ("cancel a b", "which run"),
        ("start", "with whom"),
        ("status a b", "status RUN"),
        ("x" * 8_001, "too long"),
        ("run r " + "a " * 70, "too many"),
    ],
)
def test_what_is_unclear_is_said(text: str, says: str) -> None:
    found = understood(text)
    assert isinstance(found, Unclear)
    assert says in found.reason


def test_values_are_what_people_see() -> None:
    """Slack escapes what is typed after a command; links and mentions come as tokens."""
    sent = "run r who=<@U2|bob> url=<https://x.y/?a=1&amp;b=2> q=a&lt;b&gt;"
    assert understood(readable(sent)) == RunRunbook(
        "r", {"who": "@bob", "url": "https://x.y/?a=1&b=2", "q": "a<b>"}
    )


@settings(max_examples=200)
@given(st.text() | st.text("run r a= \"'“”\u2018’=x\n", max_size=40).map(lambda text: f"run r {text}"))
def test_nothing_typed_makes_it_raise(text: str) -> None:
    assert understood(text) is not None
