"""What may stand in a frame or in a body: texts and numbers with their bounds. Pure."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec

Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")]
Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=256)]
Values: TypeAlias = Annotated[
    dict[
        Annotated[str, msgspec.Meta(max_length=64)],
        Annotated[str, msgspec.Meta(max_length=8000)] | bool | int | float | None,
    ],
    msgspec.Meta(max_length=20),
]
"""A form that was filled in: by the names of its fields."""
Seq: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_CHOICES: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"label": {"type": "string"}, "value": {"type": "string"}},
        "required": ["label", "value"],
    },
}
Choices: TypeAlias = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_CHOICES)]
"""Stored as JSON and sent as it is: parsing it only to write it again would cost the most."""
_FIELDS: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "label": {"type": "string"},
            "type": {"enum": ["text", "integer", "number", "boolean", "date"], "default": "text"},
            "options": _CHOICES,
            "secret": {"type": "boolean", "default": False},
            "hint": {"type": "string", "default": ""},
        },
        "required": ["name", "label"],
    },
}
Form: TypeAlias = Annotated[msgspec.Raw, msgspec.Meta(extra_json_schema=_FIELDS)]
"""The fields that are asked for together; as `Choices`, stored as JSON."""
