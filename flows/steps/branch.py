"""`if`: go one way or the other."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from flows.conditions import Condition
from flows.names import Name
from flows.steps.base import At, Exit, Move, Step


class IfStep(Step):
    """A condition step (S44–S46). Backward targets are allowed."""

    KIND: ClassVar[str] = "if"
    TITLE: ClassVar[str] = "Condition"
    BRINGS: ClassVar[frozenset[str]] = frozenset({"because"})

    condition: Condition = Field(alias="if", description="Rows {field: {operator: value}}; all must hold")
    then: Name | None = Field(None, description="Where to go when it holds")
    otherwise: Name | None = Field(None, alias="else", description="Where to go when it does not")

    @model_validator(mode="after")
    def _decides(self) -> Self:
        if self.then is None and self.otherwise is None:
            raise ValueError("an `if` needs `then:`, `else:` or both; what is left out goes to the next step")
        return self

    def exits(self) -> tuple[Exit, ...]:
        return (Exit("then", self.then), Exit("else", self.otherwise))

    def enter(self, at: At) -> Move:
        verdict = self.condition.test(at.scope)
        return Move(exit="then" if verdict.met else "else", result={"because": verdict.because})
