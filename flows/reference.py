"""The language reference, made of the models: `python -m flows.reference > docs/language.md`.

Every kind of file and step, every key with its type, default and description, every built-in
name, and every code of a finding.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flows.checker import RULES
from flows.conditions import OPERATORS
from flows.durations import spoken
from flows.schema import Schema, schemas
from flows.steps import CHAT_KINDS, RUNBOOK_KINDS
from flows.steps.base import Step
from flows.variables import BUILTINS

_EVERYWHERE: Final = ("id", "title", "note")
_PLAIN: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_LIMITS: Final = {"maxLength": "characters", "maxItems": "entries"}
_INTRODUCTION: Final = """\
# The language

*This page is generated: `python -m flows.reference > docs/language.md`. A test keeps it current.*

A project is a folder of YAML files, one document each:

| folder | `kind` | holds |
|---|---|---|
| `profiles/` | `chat-profile` | a chat: what the bot says, asks and starts |
| `runbooks/` | `runbook` | an automation: it calls, reports, and ends in `end` steps |
| `connectors/` | `connector` | an outside system that runbooks may call |
| `webhooks/` | `webhook` | an address at which an outside system starts a runbook |
| `tests/` | `test` | conversations that the flows must play |

`id` is the file's name. Beside them stands `cuebook.toml` with the project's settings.

A flow is a list of steps. The key is the kind of step: each step has exactly one. The next step
in the list comes next, unless the step says otherwise. Only what something points at needs an
`id`. Unknown keys are errors, always.

Texts are filled when their step runs: `$NAME` and `${path.to.value}`; `${x:-else}` gives a
default; `$$` is a dollar sign. A value is data: what it contains is never read as a text with
variables, and whatever goes to another system is encoded for the place that it goes to. A value
that is one variable and nothing else keeps its type. In messages a variable without a value is
empty; in a call it takes the exit `failure`.

Plain values are read as JSON would read them: `NO`, `0777`, `1.10`, `12:30` and dates stay
texts. Durations are written `500ms`, `30s`, `10m`, `2h`, `1d` or `1m30s`.
"""
_CONDITIONS: Final = """
## Conditions

Rows `{field: {operator: value}}`; all rows must hold. `any:` and `all:` take a list of conditions,
`not:` takes one; they nest up to 8 levels. Text tests ignore upper and lower case unless the row
says `exact: true`. A field without a value is not equal, contains nothing, and is empty; it is
never an error. Patterns are RE2: linear time, no look-around.

```yaml
if: {RUNBOOKRESULT: {contains: failed}}
if: {chat.authenticated: {is: true}, login: {starts_with: adm-}}
if: {any: [{RUNBOOKOUTCOME: {is: failure}}, {percent: {below: 100}}]}
```

| operator | meaning |
|---|---|
"""
_VARIABLES: Final = """
## Built-in variables

Upper-case names are built in, lower-case ones are yours. Each name is the same in texts and in
conditions.

| name | path | what | where |
|---|---|---|---|
"""
_RESULTS: Final = """
`${results.RUNBOOK.message}` (also `.outcome`, `.code`, `.data`) is of the last finished run of one
runbook; `$RUNBOOKRESULT` of the last finished run of the chat, whichever it was. A step's id leads
to what the step brought:

| step | brings |
|---|---|
"""
_FINDINGS: Final = """
## Findings

`cuebook validate` prints `file:line:col: CODE message`, the line, and a caret. E is an error: the
project is not served. W is advice.
"""


def reference() -> str:
    """The whole page."""
    made = schemas()
    chat, runbook = made["chat-profile"], made["runbook"]
    parts = [_INTRODUCTION, *_every_step(chat)]
    parts += ["\n## Chat profile\n", *_page(chat), *_steps(chat, CHAT_KINDS, {})]
    parts += ["\n## Runbook\n", *_page(runbook), *_steps(runbook, RUNBOOK_KINDS, CHAT_KINDS)]
    parts += ["\n## Connector\n", *_page(made["connector"])]
    parts += ["\n## Webhook\n", *_page(made["webhook"])]
    parts += ["\n## Conversation test\n", *_page(made["test"])]
    parts += [_CONDITIONS, *(f"| `{name}` | {words} |\n" for name, (words, _) in OPERATORS.items())]
    parts += [_VARIABLES, *_builtins(), _RESULTS, *_brought(), _FINDINGS, *_rules()]
    return "".join(parts)


def _every_step(schema: Schema) -> Iterator[str]:
    """The keys that all kinds have."""
    keys = next(iter(CHAT_KINDS.values())).__name__
    properties = schema["$defs"][keys]["properties"]
    yield "\nEvery step may have\n\n| key | value | default | |\n|---|---|---|---|\n"
    yield from (_row(key, properties[key], ()) for key in _EVERYWHERE)


def _page(schema: Schema) -> Iterator[str]:
    """A document's own keys, then those of the values inside, steps aside."""
    definitions = schema.get("$defs", {})
    steps = {step.__name__ for step in (*CHAT_KINDS.values(), *RUNBOOK_KINDS.values())}
    yield f"\n{schema['description']}\n\n" if "description" in schema else "\n"
    yield from _keys(schema)
    for name in _used(schema, definitions, steps):
        yield from _section(definitions[name], f"### {_spaced(name)}\n")


def _steps(schema: Schema, kinds: dict[str, type[Step]], told: dict[str, type[Step]]) -> Iterator[str]:
    """Each kind of step, but for those that were told before."""
    same = [f"`{kind}`" for kind, step in kinds.items() if told.get(kind) is step]
    if same:
        yield f"\n### {' and '.join(same)}\n\nAs in a chat.\n"
    names = {step.__name__ for step in kinds.values()}
    for kind, step in kinds.items():
        if told.get(kind) is step:
            continue
        definition = schema["$defs"][step.__name__]
        yield from _section(definition, f"### `{kind}`: {step.TITLE}\n", _EVERYWHERE)
        for name in _used(definition, schema["$defs"], names):
            yield from _section(schema["$defs"][name], f"#### {_spaced(name)}\n")


def _section(definition: Schema, heading: str, without: Iterable[str] = ()) -> Iterator[str]:
    yield f"\n{heading}\n{definition.get('description', '')}\n\n"
    yield from _keys(definition, without)


def _keys(schema: Schema, without: Iterable[str] = ()) -> Iterator[str]:
    yield "| key | value | default | |\n|---|---|---|---|\n"
    required = schema.get("required", ())
    yield from (
        _row(key, value, required) for key, value in schema["properties"].items() if key not in without
    )


def _row(key: str, value: Schema, required: Iterable[str]) -> str:
    default = "*required*" if key in required else _default(value)
    return f"| `{key}` | {_cell(_type(value))} | {default} | {_cell(_words(value))} |\n"


def _used(schema: Schema, definitions: dict[str, Schema], without: Iterable[str]) -> list[str]:
    """The definitions that a schema's keys lead to, in reading order, steps aside."""
    found: list[str] = []
    waiting = list(_refs(schema.get("properties", {})))
    while waiting:
        name = waiting.pop(0)
        if name not in found and name not in without:
            found.append(name)
            waiting += _refs(definitions[name].get("properties", {}))
    return found


def _refs(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield _name(schema)
        for value in schema.values():
            yield from _refs(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _refs(value)


def _type(schema: Schema) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        return _spaced(_name(schema))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"`{_spelled(value)}`" for value in values)
    if "oneOf" in schema:
        return "steps" if any("$ref" in one for one in schema["oneOf"]) else "one of several"
    if "anyOf" in schema:
        kinds = [_type(one) for one in schema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    return _plain_type(schema)


def _plain_type(schema: Schema) -> str:
    kind = schema.get("type", "")
    if kind == "array":
        return _list_of(schema.get("items", {}))
    if kind == "object":
        return _mapping_of(schema)
    if kind == "string" and "pattern" in schema:
        return (
            "duration"
            if "examples" in schema
            else "name"
            if schema["pattern"].startswith("^[a-z]")
            else "text"
        )
    return _PLAIN.get(kind, "anything")


def _list_of(items: Schema) -> str:
    inner = _type(items)
    return "list of steps" if inner == "steps" else f"list of {inner}"


def _mapping_of(schema: Schema) -> str:
    names = schema.get("propertyNames", {}).get("enum")
    inner = next(iter(schema.get("patternProperties", {}).values()), schema.get("additionalProperties"))
    said = _type(inner) if isinstance(inner, dict) and inner else "anything"
    if names:
        return f"mapping: {', '.join(f'`{name}`' for name in names)} to {said}"
    return "mapping of rows" if "not" in schema.get("properties", {}) else f"mapping of names to {said}"


def _default(schema: Schema) -> str:
    default = schema.get("default")
    if isinstance(default, dict) and "words" in default:
        default = default["words"]
    if default in ("", {}, [], None) or isinstance(default, dict):
        return ""
    if isinstance(default, list | tuple):
        return ", ".join(f"`{_spelled(value)}`" for value in default)
    return f"`{spoken(default)}`" if _type(schema) == "duration" else f"`{_spelled(default)}`"


def _words(schema: Schema) -> str:
    words = [schema.get("description", "")]
    if "minimum" in schema or "maximum" in schema:
        words.append(f"({schema.get('minimum', '')} to {schema.get('maximum', '')})")
    words += [f"(at most {schema[key]} {unit})" for key, unit in _LIMITS.items() if key in schema]
    return " ".join(word for word in words if word)


def _builtins() -> Iterator[str]:
    where = {"both": "chat and runbook", "chat": "chat", "run": "runbook"}
    for builtin in BUILTINS:
        yield f"| `${builtin.alias}` | `${{{builtin.path}}}` | {builtin.title} | {where[builtin.scope]} |\n"


def _brought() -> Iterator[str]:
    for step in {**CHAT_KINDS, **RUNBOOK_KINDS}.values():
        if step.BRINGS:
            names = ", ".join(f"`${{STEP.{name}}}`" for name in sorted(step.BRINGS))
            yield f"| `{step.KIND}` | {names} |\n"


def _rules() -> Iterator[str]:
    for rule in RULES.values():
        yield f"\n### {rule.code}: {rule.title}\n\n{rule.why}\n"
        if rule.example:
            yield f"\n```yaml\n{rule.example}\n```\n"


def _name(schema: Schema) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def _spaced(name: str) -> str:
    """`ExpectedRun` → `expected run`."""
    return "".join(f" {c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(reference())
