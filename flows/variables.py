"""The built-in variables, and how a name finds its value.

One table says everything about a built-in name; the checker, the docs, the conditions and
the console read it. Upper-case names are built in, lower-case ones are the author's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from flows.state import State
from flows.values import MISSING, Json, Missing


@dataclass(frozen=True, slots=True)
class Builtin:
    """A built-in variable: `path` works in `${…}`, `alias` as `$ALIAS`, `title` in traces."""

    path: str
    alias: str
    title: str
    type: Literal["text", "boolean"] = "text"
    scope: Literal["chat", "run", "both"] = "both"


BUILTINS: Final = (
    Builtin("chat.id", "CHAT_ID", "Chat id"),
    Builtin("chat.profile", "CHAT_PROFILE", "Chat profile"),
    Builtin("chat.platform", "CHAT_PLATFORM", "Platform"),
    Builtin("chat.authenticated", "CHAT_AUTHENTICATED", "Is authenticated", "boolean"),
    Builtin("chat.audience", "CHAT_AUDIENCE", "Audience of the person"),
    Builtin("chat.user.id", "CHAT_USER_ID", "User id"),
    Builtin("chat.user.name", "CHAT_USER_NAME", "User name"),
    Builtin("chat.user.email", "CHAT_USER_EMAIL", "User e-mail"),
    Builtin("last.message", "RUNBOOKRESULT", "Runbook Result message"),
    Builtin("last.outcome", "RUNBOOKOUTCOME", "Runbook outcome"),
    Builtin("last.code", "RUNBOOKCODE", "Runbook result code"),
    Builtin("error", "ERROR", "Error of the last failed step"),
    Builtin("run.id", "RUN_ID", "Run id", scope="run"),
    Builtin("run.runbook", "RUN_RUNBOOK", "Runbook", scope="run"),
)
BY_ALIAS: Final = {builtin.alias: builtin for builtin in BUILTINS}
BY_PATH: Final = {builtin.path: builtin for builtin in BUILTINS}
ALWAYS_TEXT: Final = frozenset({"last.message", "last.outcome", "last.code", "error"})
"""Empty, not missing, before anything has run (S40)."""
RESERVED: Final = frozenset({"chat", "run", "last", "error", "results"})
"""First parts of paths that are Cuebook's own. A variable of this name cannot be read, so
that no answer and no input can pass for who the person is or how a run ended."""

URLS: Final = "urls:"
"""The part of a run's context that holds the addresses of its steps. No name of an author's
has a colon, and the runtime never writes it down (`flows.steps.wait_for`)."""


def canonical(name: str) -> str:
    """The path behind an alias; any other name is its own path."""
    builtin = BY_ALIAS.get(name)
    return builtin.path if builtin else name


def title(name: str) -> str:
    """How traces and the console call a field (DECISIONS 1)."""
    builtin = BY_PATH.get(canonical(name))
    return builtin.title if builtin else name


class Scope:
    """What a flow can see: its variables, what its steps brought, its fixed context."""

    __slots__ = ("context", "results", "variables")

    def __init__(
        self, variables: dict[str, Json], results: dict[str, Json], context: dict[str, Json]
    ) -> None:
        self.variables, self.results, self.context = variables, results, context

    @classmethod
    def of(cls, state: State) -> Scope:
        """The scope of a resting flow."""
        return cls(state.variables, state.results, state.context)

    def lookup(self, path: str) -> Json | Missing:
        """The value at a path or alias, or `MISSING`. Never raises."""
        if path in self.variables and path not in RESERVED and path not in self.context:
            return self.variables[path]
        builtin = BY_ALIAS.get(path)
        parts = (builtin.path if builtin else path).split(".")
        found = self._owned(parts) if parts[0] in RESERVED else self._found(parts)
        if found is MISSING and canonical(path) in ALWAYS_TEXT:
            return ""
        return found

    def _owned(self, parts: list[str]) -> Json | Missing:
        head = parts[0]
        if head == "results":
            return dig(self.results.get("runs", MISSING), parts[1:])
        if head in ("last", "error"):
            return dig(self.results, parts)
        return dig(self.context, parts)

    def _found(self, parts: list[str]) -> Json | Missing:
        """What else the context holds, then the author's variables, then the addresses of
        steps, then what steps brought."""
        if parts[0] in self.context:
            return dig(self.context, parts)
        if parts[0] in self.variables:
            return dig(self.variables, parts)
        if parts[1:] == ["url"] and parts[0] in (urls := self.context.get(URLS, {})):
            return urls[parts[0]]
        return dig(self.results.get("steps", MISSING), parts)


def pick(value: Json, path: str) -> Json:
    """What stands at a dotted path; None where nothing does."""
    found = dig(value, path.split("."))
    return None if found is MISSING else found


_INDEX = re.compile(r"[0-9]{1,9}")


def dig(value: Json | Missing, parts: list[str]) -> Json | Missing:
    """Follow names into mappings and numbers into lists."""
    for part in parts:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value
