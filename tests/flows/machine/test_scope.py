"""What a name means: aliases, paths, variables, and whose word counts."""

from __future__ import annotations

from typing import Any

import pytest

from flows.values import MISSING
from flows.variables import BUILTINS, RESERVED, Scope, canonical, title

CONTEXT: dict[str, Any] = {
    "chat": {"id": "c1", "user": {"name": "Ann", "tags": ["a", {"b": 1}]}},
    "run": {"id": "r1"},
}
RESULTS: dict[str, Any] = {
    "last": {"message": "It failed", "outcome": "failure", "code": "x"},
    "runs": {"unlock-account": {"message": "It failed", "data": {"n": [1, 2]}}},
    "steps": {"find": {"result": {"locked": True}, "status": 200}, "login": {"result": "step"}},
    "error": "404",
}
VARIABLES: dict[str, Any] = {"login": "j.doe", "deep": {"a-b": [{"c": None}]}, "empty": ""}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("RUNBOOKRESULT", "It failed"),
        ("last.message", "It failed"),
        ("RUNBOOKOUTCOME", "failure"),
        ("ERROR", "404"),
        ("error", "404"),
        ("CHAT_ID", "c1"),
        ("chat.user.name", "Ann"),
        ("chat.user.tags.1.b", 1),
        ("chat.user.tags.2", MISSING),
        ("chat.user.tags.01", {"b": 1}),
        ("chat.user.tags.-1", MISSING),
        ("chat.user.tags.\u0661", MISSING),
        ("chat.user.tags.99999999999999999999", MISSING),
        ("chat.user.name.x", MISSING),
        ("results.unlock-account.data.n.0", 1),
        ("results.other.message", MISSING),
        ("find.result.locked", True),
        ("find.status", 200),
        ("login", "j.doe"),
        ("login.result", MISSING),
        ("deep.a-b.0.c", None),
        ("empty", ""),
        ("nobody", MISSING),
        ("steps.find", MISSING),
        ("", MISSING),
        ("CHAT_PLATFORM", MISSING),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: object) -> None:
    assert Scope(VARIABLES, RESULTS, CONTEXT).lookup(path) == value


@pytest.mark.parametrize("builtin", BUILTINS)
def test_a_name_without_a_value_never_raises(builtin: Any) -> None:
    empty = Scope({}, {}, {})
    wanted = "" if builtin.path in ("last.message", "last.outcome", "last.code", "error") else MISSING
    assert empty.lookup(builtin.path) == empty.lookup(builtin.alias) == wanted


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_variable_can_pass_for_what_is_cuebooks_own(name: str) -> None:
    """Promise 7: identity never comes from input."""
    forged = {"id": "c2", "message": "forged", "authenticated": True, "user": {"name": "Root"}}
    scope = Scope({name: forged}, {}, {})
    real = Scope({name: forged}, RESULTS, CONTEXT)
    for builtin in BUILTINS:
        assert scope.lookup(builtin.alias) in (MISSING, "")
        assert real.lookup(builtin.path) == Scope({}, RESULTS, CONTEXT).lookup(builtin.path)


def test_titles_are_what_people_read() -> None:
    assert title("RUNBOOKRESULT") == title("last.message") == "Runbook Result message"
    assert (title("login"), canonical("CHAT_ID"), canonical("login")) == ("login", "chat.id", "login")
