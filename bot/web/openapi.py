"""OpenAPI 3.1 from the operations that are served."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from bot.web.errors import ErrorAnswer
from bot.web.operation import Operation

PATH: Final = "/api/v1/openapi.json"
_REFUSALS: Final = {
    400: "The request says something it must not, or does not say what it must.",
    401: "No token, or a signature that does not fit.",
    403: "A rule forbids it.",
    404: "There is no such thing, or it is not yours.",
    409: "Somebody else was faster.",
    410: "It was there, and is over.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "It was understood and refused; the same again has the same answer.",
    429: "A limit is reached; `Retry-After` says when it may work.",
    503: "The server cannot do it now.",
}
_EVERYWHERE: Final = (400, 429, 503)
_KEYS: Final = {
    "chat": "The token that came with the chat.",
    "operator": "The operator's token, from the server's settings.",
}


def document(operations: Iterable[Operation], version: str) -> dict[str, Any]:
    """The whole description. Every type named in an operation becomes a schema."""
    operations = list(operations)
    types = [ErrorAnswer, *(t for o in operations for t in (o.body, o.answer) if t is not None)]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in operations:
        described = _describe(operation, by_type)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cuebook", "version": version},
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _security_schemes()},
    }


def _describe(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": _operation_id(operation),
        "parameters": [*_path_parameters(operation.path), *_query_parameters(operation.query)],
        "responses": {
            str(operation.status): _json("Done.", schemas[repr(operation.answer)]),
            **{
                str(status): _json(_REFUSALS[status], schemas[repr(ErrorAnswer)])
                for status in sorted({*_EVERYWHERE, *operation.refusals})
            },
        },
    }
    if operation.body is not None:
        said["requestBody"] = {"required": True, **_json("", schemas[repr(operation.body)])}
        del said["requestBody"]["description"]
    if operation.key:
        said["security"] = [{operation.key: []}]
    return said


def _operation_id(operation: Operation) -> str:
    words = [w.strip("{}") for w in operation.path.removeprefix("/api/v1").split("/") if w]
    return "_".join([operation.method.lower(), *(w.replace(".", "_") for w in words)])


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(query: Any) -> Iterator[dict[str, Any]]:
    if query is None:
        return
    _, components = msgspec.json.schema_components([query])
    for name, schema in components[query.__name__]["properties"].items():
        yield {"name": name, "in": "query", "required": False, "schema": schema}


def _json(description: str, schema: Any) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _security_schemes() -> dict[str, Any]:
    return {name: {"type": "http", "scheme": "bearer", "description": about} for name, about in _KEYS.items()}
