"""Which keys and kinds a place in a file may have, read off the models' JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeAlias

from pydantic import BaseModel

Schema: TypeAlias = dict[str, Any]


def is_tag(part: str | int) -> bool:
    """Whether a part of pydantic's `loc` names the kind of step chosen, e.g. `<say>`."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


class Shape:
    """The JSON Schema of one kind of document, walked by pydantic's `loc`."""

    def __init__(self, model: type[BaseModel]) -> None:
        self.schema: Schema = model.model_json_schema(by_alias=True)

    def kinds(self, loc: tuple[str | int, ...]) -> list[str]:
        """The kinds that the step at `loc` may be of: what each alternative begins with."""
        found = [
            one["required"][0]
            for schema in self._at(loc)
            for one in self._concrete(schema)
            if "required" in one
        ]
        return list(dict.fromkeys(found))

    def keys(self, loc: tuple[str | int, ...]) -> list[str]:
        """The keys that the mapping at `loc` may have, in reading order."""
        concrete = (one for schema in self._at(loc) for one in self._concrete(schema))
        return list(dict.fromkeys(key for one in concrete for key in one.get("properties", ())))

    def _at(self, loc: tuple[str | int, ...]) -> list[Schema]:
        here = [self.schema]
        for part in loc:
            stepped = [inner for schema in here for inner in self._step(schema, part)]
            here = stepped or here  # a part that names no place, such as a union's branch
        return here

    def _step(self, schema: Schema, part: str | int) -> Iterator[Schema]:
        for one in self._concrete(schema):
            if is_tag(part):
                if str(part)[1:-1] in one.get("required", ()):
                    yield one
            elif isinstance(part, int):
                if isinstance(one.get("items"), dict):
                    yield one["items"]
            elif part in one.get("properties", {}):
                yield one["properties"][part]
            else:
                others = (one.get("additionalProperties"), *one.get("patternProperties", {}).values())
                yield from (other for other in others if isinstance(other, dict))

    def _concrete(self, schema: Schema) -> Iterator[Schema]:
        if "$ref" in schema:
            yield from self._concrete(self.schema["$defs"][schema["$ref"].rpartition("/")[2]])
            return
        for word in ("anyOf", "oneOf"):
            for one in schema.get(word, ()):
                yield from self._concrete(one)
        if "anyOf" not in schema and "oneOf" not in schema:
            yield schema


@cache
def shape_of(model: type[BaseModel]) -> Shape:
    """The shape of a document model, built once."""
    return Shape(model)
