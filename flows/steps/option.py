"""The answers to choose from, and what happens when none of them is given."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flows.names import Name
from flows.template import Template


class Option(BaseModel):
    """One answer to choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(min_length=1, max_length=75, description="What the button shows")
    value: str = Field("", max_length=200, description="What is saved; the label if left out")
    next: Name | None = Field(None, description="Where this answer leads; the next step if left out")

    @property
    def sent(self) -> str:
        """What a press sends and `save` keeps."""
        return self.value or self.label


def either_spelling(schema: dict[str, Any]) -> None:
    """The editor's schema of `options`: a mapping, or a list of labels and options."""
    target = {"anyOf": [{"type": "string", "description": "A step's id"}, {"type": "null"}]}
    listed = {"type": "array", "maxItems": 50, "items": {"anyOf": [{"type": "string"}, schema.pop("items")]}}
    mapped = {"type": "object", "maxProperties": 50, "additionalProperties": target}
    for word in ("type", "maxItems"):
        schema.pop(word, None)
    schema["anyOf"] = [mapped, listed]


class Retry(BaseModel):
    """What happens when an answer does not fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: int = Field(3, ge=0, le=100, description="Further tries; then the exit `exhausted`")
    say: Template | None = Field(None, description="Said before the question is asked again")
