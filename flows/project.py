"""A project as it is in force: every definition by its id. A value; reload makes another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from flows.connector import Connector
from flows.documents import Profile, Runbook
from flows.errors import ProjectInvalid, UnknownDefinition
from flows.loading.compiling import Kind, compiled
from flows.loading.loaded import Loaded
from flows.names import nearest
from flows.problems import Problem
from flows.source import Source
from flows.webhook import Webhook

D = TypeVar("D")

__all__ = ["Kind", "Loaded", "Project", "compile_source"]


@dataclass(frozen=True, slots=True)
class Project:
    """The author's folder, read and found good. `warnings` is advice that stops nothing."""

    root: Path = Path()
    profiles: dict[str, Loaded[Profile]] = field(default_factory=dict)
    runbooks: dict[str, Loaded[Runbook]] = field(default_factory=dict)
    connectors: dict[str, Loaded[Connector]] = field(default_factory=dict)
    webhooks: dict[str, Loaded[Webhook]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    """`cuebook.toml`, as it is written."""
    warnings: tuple[Problem, ...] = ()

    def everything(self) -> Iterator[tuple[Kind, Loaded]]:
        """Every definition with its kind."""
        for profile in self.profiles.values():
            yield "chat-profile", profile
        for runbook in self.runbooks.values():
            yield "runbook", runbook
        for connector in self.connectors.values():
            yield "connector", connector
        for webhook in self.webhooks.values():
            yield "webhook", webhook

    def find_profile(self, id: str) -> Loaded[Profile]:
        """The chat profile, or UnknownDefinition with the nearest name."""
        return _found("chat profile", id, self.profiles)

    def find_runbook(self, id: str) -> Loaded[Runbook]:
        """The runbook, or UnknownDefinition with the nearest name."""
        return _found("runbook", id, self.runbooks)

    def find_connector(self, id: str) -> Loaded[Connector]:
        """The connector, or UnknownDefinition with the nearest name."""
        return _found("connector", id, self.connectors)


def compile_source(kind: str, id: str, source: str, path: str = "") -> Loaded:
    """A definition from its stored text (promise 6). Pure; references to other files are
    not looked at. Raises ProjectInvalid."""
    wanted: Kind | None = next((known for known in _KINDS if known == kind), None)
    if wanted is None:
        raise UnknownDefinition("kind of definition", kind, nearest(kind, _KINDS))
    loaded, problems = compiled(wanted, id, Source(path or f"{id}.yaml", source))
    if loaded is None or problems:
        raise ProjectInvalid(problems)
    return loaded


_KINDS: tuple[Kind, ...] = ("chat-profile", "runbook", "connector", "webhook")


def _found(kind: str, id: str, known: Mapping[str, Loaded[D]]) -> Loaded[D]:
    try:
        return known[id]
    except KeyError:
        raise UnknownDefinition(kind, id, nearest(id, known)) from None
