"""JSON Schemas for editors, one a kind of file.

What pydantic makes of the models is used as it is: a YAML language server then completes the
keys of the very kind of step, shows the descriptions, and points at mistakes. Added are
titles, snippets for whole steps, and the project's own ids, so that `runbook:` completes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from pydantic import BaseModel

from flows.connector import Connector
from flows.documents import Profile, Runbook
from flows.project import Project
from flows.steps import CHAT_KINDS, RUNBOOK_KINDS
from flows.steps.call import INTERNAL
from flows.testfile import TestFile
from flows.variables import BUILTINS
from flows.webhook import Webhook

Schema: TypeAlias = dict[str, Any]

FILES: Final[dict[str, type[BaseModel]]] = {
    "chat-profile": Profile,
    "runbook": Runbook,
    "connector": Connector,
    "webhook": Webhook,
    "test": TestFile,
}
"""`kind` and name of the schema's file: the model."""

_SOURCES: Final = re.compile(r" \((?:DECISIONS |promise |safety |[SHDN])\d+[^)]*\)|\b[SHDN]\d+: ")
"""Where a sentence comes from is for those who build this, not for authors."""

_SNIPPETS: Final[dict[str, list[Schema]]] = {
    "SayStep": [{"label": "Message", "body": {"say": "$1"}}],
    "AskStep": [
        {"label": "Question with options", "body": {"ask": "$1", "options": {"$2": "$3"}}},
        {"label": "Question, free answer", "body": {"id": "$1", "ask": "$2", "save": "$3"}},
        {"label": "Question, several values", "body": {"id": "$1", "ask": "$2", "fields": ["$3"]}},
    ],
    "ChatRunbookStep": [
        {
            "label": "Execute a Runbook, and wait for it",
            "body": {"id": "$1", "runbook": "$2", "outcomes": {"success": "$3", "failure": "$4"}},
        },
        {
            "label": "Execute a Runbook in the background",
            "body": {
                "id": "$1",
                "runbook": "$2",
                "mode": "async",
                "outcomes": {"started": "$3", "success": "$3", "failure": "$4"},
            },
        },
    ],
    "IfStep": [
        {
            "label": "Condition on the Runbook Result message",
            "body": {"if": {"RUNBOOKRESULT": {"contains": "failed"}}, "then": "$1", "else": "$2"},
        }
    ],
    "CallStep": [
        {
            "label": "Call a connector",
            "body": {"id": "$1", "call": "$2", "with": {"$3": "$4"}, "outcomes": {"failure": "$5"}},
        },
        {
            "label": "Add Live Chat Message (long form)",
            "body": {"call": "chat.add_message", "with": {"chat_id": "\\${chat.id}", "text": "$1"}},
        },
    ],
    "ChatMessageStep": [{"label": "Add Live Chat Message", "body": {"chat_message": "$1"}}],
    "WaitForStep": [
        {
            "label": "Wait for a callback",
            "body": {"id": "$1", "wait_for": "callback", "timeout": "30m", "outcomes": {"timeout": "$2"}},
        }
    ],
    "RunbookEndStep": [
        {"label": "End, success", "body": {"end": "success", "result": "$1"}},
        {"label": "End, failure", "body": {"end": "failure", "result": "$1"}},
    ],
}


def schemas(project: Project | None = None) -> dict[str, Schema]:
    """The schema of each kind of file, by its name; with the ids of `project` if given."""
    made = {name: _schema(name, model) for name, model in FILES.items()}
    if project is not None:
        for schema in made.values():
            _with_ids(schema, project)
    return made


def _schema(name: str, model: type[BaseModel]) -> Schema:
    schema = model.model_json_schema(by_alias=True)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Cuebook {name}",
        **{key: value for key, value in schema.items() if key != "title"},
    }
    titles = {step.__name__: step.TITLE for step in (*CHAT_KINDS.values(), *RUNBOOK_KINDS.values())}
    for key, definition in schema.get("$defs", {}).items():
        if key in titles:
            definition["title"] = titles[key]
        if key in _SNIPPETS:
            definition["defaultSnippets"] = _SNIPPETS[key]
    for inner in _each(schema):
        _tidy(inner)
    return schema


def _tidy(schema: Schema) -> None:
    """What the editor shows: the first paragraph of a description, for authors, and no `null`
    that nobody writes."""
    if isinstance(schema.get("description"), str):
        paragraph = schema["description"].partition("\n\n")[0]
        schema["description"] = _SOURCES.sub("", " ".join(paragraph.split()))
    if schema.get("default", ...) is None:
        del schema["default"]
    if "patternProperties" in schema and "additionalProperties" not in schema:
        schema["additionalProperties"] = False


def _with_ids(schema: Schema, project: Project) -> None:
    runbooks = sorted(project.runbooks)
    methods = sorted(
        [
            *INTERNAL,
            *(
                f"{id}.{name}"
                for id, loaded in project.connectors.items()
                for name in loaded.document.methods
            ),
        ]
    )
    for name, definition in schema.get("$defs", {}).items():
        fields = definition.get("properties", {})
        if name in ("ChatRunbookStep", "RunbookStep", "ExpectedRun") and runbooks:
            _choose(fields["runbook"], runbooks)
        if name == "CallStep":
            _choose(fields["call"], methods)
        if name == "Case" and project.profiles:
            _choose(fields["profile"], sorted(project.profiles))
        if name == "IfStep":
            fields["if"]["properties"] |= _fields(fields["if"]["additionalProperties"])
    if "scheme" in schema["properties"] and runbooks:
        _choose(schema["properties"]["runbook"], runbooks)
    if "cases" in schema["properties"] and project.profiles:
        _choose(schema["properties"]["profile"], sorted(project.profiles))


def _fields(row: Schema) -> dict[str, Schema]:
    """The built-in names that a condition may ask for, with their titles."""
    return {
        name: row | {"title": builtin.title}
        for builtin in BUILTINS
        for name in dict.fromkeys((builtin.alias, builtin.path))
    }


def _choose(schema: Schema, ids: list[str]) -> None:
    """Offer these ids. A name that is not there is the checker's business, which knows more
    than the last `cuebook schema` did: so other names are not wrong for the editor."""
    pattern = {key: schema.pop(key) for key in ("type", "pattern", "anyOf") if key in schema}
    schema["anyOf"] = [{"enum": ids}, *pattern.pop("anyOf", [pattern])]


def _each(schema: Any) -> Iterator[Schema]:
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from _each(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _each(inner)
