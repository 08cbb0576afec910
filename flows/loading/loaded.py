"""A definition in the form that is kept and used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic

from typing_extensions import TypeVar

from flows.flow import Flow
from flows.source import Source

D = TypeVar("D", default=Any)


@dataclass(frozen=True, slots=True, eq=False)
class Loaded(Generic[D]):
    """A profile, runbook or connector, read from its source text.

    `hash` names this very content; equal sources give equal hashes. `flow` is None for
    connectors. `origin` knows where in the file each value stands.
    """

    document: D
    flow: Flow | None
    source: str
    hash: str
    path: str
    origin: Source = field(repr=False)
