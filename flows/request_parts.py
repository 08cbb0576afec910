"""The small pieces of a connector's request: paths, header names, statuses, names in texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, PlainSerializer, WithJsonSchema
from pydantic_core import core_schema

from flows.template import Template
from flows.variables import BY_ALIAS, BY_PATH

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_STRANGE = re.compile(r"[\s\x00-\x1f\x7f{}?#$\\]")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_SETTING = re.compile(r"(env|secret)\.([A-Za-z_][A-Za-z0-9_]*)")
_STATUS = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")
_SERVER = re.compile(r"(CUEBOOK|SLACK)_|DATABASE_URL$")
"""Settings of the server itself. An author's file must not carry them elsewhere."""

TOO_SPECIAL: Final = dict.fromkeys(
    (
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ),
    "it belongs to the connection",
) | {
    "accept-encoding": "Cuebook unpacks answers itself",
    "authorization": "credentials go under `auth` of the connector",
    "cookie": "credentials go under `auth` of the connector",
    "idempotency-key": "write `repeatable: true`",
    "proxy-authorization": "credentials go under `auth` of the connector",
}
"""Header names that a method may not set, and why."""


class Place(NamedTuple):
    """`{name}` in a path."""

    name: str


class Path:
    """A path with places, e.g. `/users/{login}/unlock`. Each place is filled by one part:
    whatever a value contains, it cannot leave its segment."""

    __slots__ = ("segments", "source")

    def __init__(self, source: str) -> None:
        if not source.startswith("/") or source.startswith("//"):
            raise ValueError(f"a path begins with one /, e.g. /{source.strip('/')}")
        self.source = source
        self.segments = tuple(tuple(_parts(segment)) for segment in source.split("/")[1:])

    def __repr__(self) -> str:
        return f"Path({self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Path) and other.source == self.source

    def __hash__(self) -> int:
        return hash(self.source)

    @property
    def names(self) -> frozenset[str]:
        """The places in it."""
        return frozenset(
            part.name for segment in self.segments for part in segment if isinstance(part, Place)
        )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(strict=True, max_length=1000),
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda path: path.source, return_schema=core_schema.str_schema()
            ),
        )


def _parts(segment: str) -> Iterator[str | Place]:
    if segment in (".", ".."):
        raise ValueError(f"`{segment}` in a path is not followed; write the path as it is meant")
    position = 0
    for place in _PLACE.finditer(segment):
        yield from _literal(segment[position : place.start()])
        yield Place(place[1])
        position = place.end()
    yield from _literal(segment[position:])


def _literal(text: str) -> Iterator[str]:
    if (strange := _STRANGE.search(text)) is not None:
        bad = strange[0]
        hint = {
            "$": "a value is written {name} in a path",
            "?": "use `query`",
            "{": "write {name}",
            "}": "write {name}",
        }
        raise ValueError(f"`{bad}` cannot stand in a path: {hint.get(bad, 'it would have to be encoded')}")
    if text:
        yield text


def settings(text: Template, *roots: str) -> list[tuple[str, str, str | None]]:
    """What a text takes from the operator: (root, name, default). ValueError for all else."""
    found = []
    for ref in text.refs:
        match = _SETTING.fullmatch(ref.path)
        if match is None or match[1] not in roots:
            allowed = " or ".join(f"${{{root}.NAME}}" for root in roots)
            raise ValueError(f"`{ref.path}` cannot be used here, only {allowed}")
        root, name = match.groups()
        if _SERVER.match(name):
            raise ValueError(
                f"{name} is a setting of the server itself; give the connector a variable of its own"
            )
        if root == "secret" and ref.default is not None:
            raise ValueError(f"a secret has no default: take `:-` out of ${{{ref.path}:-…}}")
        found.append((root, name, ref.default))
    return found


def input_names(text: Template) -> list[tuple[str, str | None]]:
    """What a method's text takes from the step: (name, default). ValueError for all else."""
    for ref in text.refs:
        if _SETTING.fullmatch(ref.path):
            raise ValueError(
                f"`${{{ref.path}}}` cannot be used in a method: secrets and settings go under `auth`"
            )
        if ref.path in BY_ALIAS or ("." in ref.path and ref.path in BY_PATH):
            raise ValueError(
                f"a connector does not see `{ref.path}`: name it e.g. `source` here, "
                f"and give it in the step, with: {{source: ${{{ref.path}}}}}"
            )
    return [(ref.path.split(".")[0], ref.default) for ref in text.refs]


def _header(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"`{name}` is not the name of a header")
    return name


HeaderName = Annotated[str, AfterValidator(_header)]


def _statuses(given: object) -> tuple[int, int]:
    match = _STATUS.fullmatch(str(given)) if isinstance(given, str | int) else None
    if match is None:
        raise ValueError(f"`{given}` is not a status: write 204 or 200-299")
    low, high = int(match[1]), int(match[2] or match[1])
    if low > high:
        raise ValueError(f"`{given}` goes backwards: write {high}-{low}")
    return low, high


Statuses = Annotated[
    tuple[int, int],
    BeforeValidator(_statuses),
    PlainSerializer(
        lambda pair: pair[0] if pair[0] == pair[1] else f"{pair[0]}-{pair[1]}", return_type=int | str
    ),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 100, "maximum": 599},
                {"type": "string", "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$"},
            ]
        }
    ),
]
"""One status, or from-to."""
