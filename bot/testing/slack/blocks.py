"""What Slack takes as blocks: their kinds, their parts and their limits.

Every finding is one line with the place of what is wrong, as in Slack's own answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final

from bot.testing.slack.elements import element, length, plain, text_object
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.things import Blocks, Json

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
ALL_TEXT: Final = 13_000  # characters of all blocks of a message together; not documented, but so
TASKS: Final = 50
TASK_STATES: Final = ("pending", "in_progress", "complete", "error")

Finding = Iterator[str]


def checked_message(blocks: Any) -> Blocks:
    """The blocks with the ids that Slack gives those without. Raises Refusal."""
    found = _listed(blocks)
    if len(found) > MESSAGE_BLOCKS:
        raise wrong("invalid_blocks", f"no more than {MESSAGE_BLOCKS} items allowed [json-pointer:/blocks]")
    _refuse(findings(found, "/blocks"))
    if sum(_weight(block) for block in found) > ALL_TEXT:
        raise Refusal("msg_blocks_too_long")
    return with_ids(found)


def checked_view(view: Any, *, kinds: tuple[str, ...]) -> Json:
    """The view with ids for its blocks. Raises Refusal."""
    if not isinstance(view, dict) or view.get("type") not in kinds:
        raise wrong("invalid_arguments", f"must be one of: {', '.join(kinds)} [json-pointer:/view/type]")
    blocks = _listed(view.get("blocks", []))
    if not 1 <= len(blocks) <= VIEW_BLOCKS:
        raise wrong("invalid_arguments", f"1 to {VIEW_BLOCKS} items needed [json-pointer:/view/blocks]")
    found = [*_view_parts(view), *findings(blocks, "/view/blocks")]
    if found:
        raise wrong("invalid_arguments", *found)
    if len(json.dumps(view)) > 250_000:
        raise Refusal("view_too_large")
    return {**deepcopy(view), "blocks": with_ids(blocks)}


def findings(blocks: Blocks, where: str) -> Finding:
    """All that is wrong."""
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(ids) != len(set(ids)):
        yield f"block_id already exists [json-pointer:{where}]"
    for index, block in enumerate(blocks):
        yield from _block(block, f"{where}/{index}")


def with_ids(blocks: Blocks) -> Blocks:
    """A copy with the block and action ids that Slack makes up."""
    made = deepcopy(blocks)
    for number, block in enumerate(made):
        block.setdefault("block_id", f"b{number:02}x")
        inside = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for place, one in enumerate(inside):
            if isinstance(one, dict) and one.get("type") in _ACTING:
                one.setdefault("action_id", f"a{number:02}{place}x")
    return made


_ACTING: Final = frozenset(
    [
        "button",
        "overflow",
        "static_select",
        "multi_static_select",
        "external_select",
        "multi_external_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "multi_conversations_select",
        "channels_select",
        "radio_buttons",
        "multi_channels_select",
        "checkboxes",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
    ]
)


def _listed(blocks: Any) -> Blocks:
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise wrong("invalid_blocks_format", "must be a list of blocks [json-pointer:/blocks]")
    return blocks


def _refuse(found: Finding) -> None:
    if lines := list(found):
        raise wrong("invalid_blocks", *lines)


def _weight(value: Any) -> int:
    """How much text is in a block."""
    if isinstance(value, list):
        return sum(map(_weight, value))
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key in _TEXTUAL or isinstance(one, dict | list)}
        return sum(_weight(one) for one in kept.values())
    return len(value) if isinstance(value, str) else 0


_TEXTUAL: Final = ("text", "title", "details", "output", "alt_text", "description")


def _block(block: Json, where: str) -> Finding:
    check = _KINDS.get(block.get("type", ""))
    if check is None:
        yield f"unsupported type: {block.get('type')} [json-pointer:{where}/type]"
        return
    if "block_id" in block:
        yield from length(block["block_id"], 255, f"{where}/block_id")
    yield from check(block, where)


def _section(block: Json, where: str) -> Finding:
    if "text" not in block and not block.get("fields"):
        yield f"missing required field: text [json-pointer:{where}]"
    if "text" in block:
        yield from text_object(block["text"], 3000, f"{where}/text")
    if len(block.get("fields", ())) > 10:
        yield f"no more than 10 items allowed [json-pointer:{where}/fields]"
    for index, one in enumerate(block.get("fields", ())):
        yield from text_object(one, 2000, f"{where}/fields/{index}")
    if "accessory" in block:
        yield from element(block["accessory"], f"{where}/accessory")


def _header(block: Json, where: str) -> Finding:
    yield from plain(block.get("text"), 150, f"{where}/text")


def _markdown(block: Json, where: str) -> Finding:
    yield from length(block.get("text"), 12_000, f"{where}/text")


def _actions(block: Json, where: str) -> Finding:
    inside = block.get("elements") or []
    if not 1 <= len(inside) <= 25:
        yield f"1 to 25 items needed [json-pointer:{where}/elements]"
    for index, one in enumerate(inside):
        yield from element(one, f"{where}/elements/{index}")
    ids = [one["action_id"] for one in inside if isinstance(one, dict) and "action_id" in one]
    if len(ids) != len(set(ids)):
        yield f"action_id already exists [json-pointer:{where}/elements]"


def _context(block: Json, where: str) -> Finding:
    inside = block.get("elements") or []
    if not 1 <= len(inside) <= 10:
        yield f"1 to 10 items needed [json-pointer:{where}/elements]"
    for index, one in enumerate(inside):
        if one.get("type") == "image":
            yield from element(one, f"{where}/elements/{index}")
        else:
            yield from text_object(one, 3000, f"{where}/elements/{index}")


def _input(block: Json, where: str) -> Finding:
    yield from plain(block.get("label"), 2000, f"{where}/label")
    if "hint" in block:
        yield from plain(block["hint"], 2000, f"{where}/hint")
    yield from element(block.get("element"), f"{where}/element")


def _image(block: Json, where: str) -> Finding:
    yield from element({**block, "type": "image"}, where)


def _plan(block: Json, where: str) -> Finding:
    yield from length(block.get("title"), 256, f"{where}/title")
    tasks = block.get("tasks", [])
    if len(tasks) > TASKS:
        yield f"no more than {TASKS} items allowed [json-pointer:{where}/tasks]"
    ids = [task.get("task_id") for task in tasks]
    if len(ids) != len(set(ids)):
        yield f"task_id already exists [json-pointer:{where}/tasks]"
    for index, task in enumerate(tasks):
        yield from _task(task, f"{where}/tasks/{index}")


def _task(block: Json, where: str) -> Finding:
    yield from length(block.get("task_id"), 255, f"{where}/task_id")
    yield from length(block.get("title"), 256, f"{where}/title")
    if block.get("status") not in TASK_STATES:
        yield f"must be one of: {', '.join(TASK_STATES)} [json-pointer:{where}/status]"
    for part in ("details", "output"):
        if part in block and (not isinstance(block[part], dict) or block[part].get("type") != "rich_text"):
            yield f"must be a rich_text block [json-pointer:{where}/{part}]"


def _rich(block: Json, where: str) -> Finding:
    if not isinstance(block.get("elements"), list):
        yield f"missing required field: elements [json-pointer:{where}]"


def _any(block: Json, where: str) -> Finding:  # noqa: ARG001  (it has the shape of the others)
    """Nothing is known of its limits."""
    yield from ()


_KINDS: Final[dict[str, Callable[[Json, str], Finding]]] = {
    "actions": _actions,
    "alert": _any,
    "card": _any,
    "carousel": _any,
    "container": _any,
    "context": _context,
    "context_actions": _any,
    "divider": _any,
    "file": _any,
    "header": _header,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
    "plan": _plan,
    "rich_text": _rich,
    "section": _section,
    "table": _any,
    "task_card": _task,
    "video": _any,
}


def _view_parts(view: Json) -> Finding:
    if view["type"] == "modal" or "title" in view:
        yield from plain(view.get("title"), 24, "/view/title")
    for part in ("submit", "close"):
        if part in view:
            yield from plain(view[part], 24, f"/view/{part}")
    if len(view.get("private_metadata", "")) > 3000:
        yield "must be less than 3001 characters [json-pointer:/view/private_metadata]"
    for part in ("callback_id", "external_id"):
        if len(view.get(part, "")) > 255:
            yield f"must be less than 256 characters [json-pointer:/view/{part}]"
    inputs = any(block.get("type") == "input" for block in view.get("blocks", ()) if isinstance(block, dict))
    if view["type"] == "modal" and inputs and "submit" not in view:
        yield "`submit` is required when an `input` block is used [json-pointer:/view]"
