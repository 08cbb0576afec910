"""`set`: keep values under names."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flows.names import VariableName
from flows.steps.base import At, Move, Straight
from flows.steps.say import unresolved
from flows.template import Tree


class SetStep(Straight):
    """Keep values. One variable and nothing else keeps its type."""

    KIND: ClassVar[str] = "set"
    TITLE: ClassVar[str] = "Set variables"

    values: dict[VariableName, Tree] = Field(alias="set", min_length=1, description="name: value")

    def keeps(self, exit: str) -> tuple[str, ...]:
        return tuple(self.values)

    def enter(self, at: At) -> Move:
        missing: list[str] = []
        values = {name: tree.fill(at.scope, missing) for name, tree in self.values.items()}
        return Move(exit="next", variables=values, effects=unresolved(at, missing))
