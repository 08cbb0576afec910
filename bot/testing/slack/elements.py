"""What Slack takes as the parts of blocks: texts, buttons, lists, inputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bot.testing.slack.things import Json

Finding = Iterator[str]

_LISTS: Final = {"static_select": 100, "multi_static_select": 100, "overflow": 5}
_LISTS_OF_FEW: Final = {"radio_buttons": 10, "checkboxes": 10}
_OTHERS: Final = frozenset(
    [
        "external_select",
        "multi_external_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "multi_conversations_select",
        "channels_select",
        "multi_channels_select",
        "datepicker",
        "timepicker",
        "datetimepicker",
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
        "workflow_button",
        "feedback_buttons",
        "icon_button",
    ]
)


def length(value: Any, most: int, where: str, least: int = 1) -> Finding:
    """A string of a length that fits."""
    if not isinstance(value, str):
        yield f"missing required field: {where.rsplit('/', 1)[-1]} [json-pointer:{where}]"
    elif len(value) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{where}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{where}]"


def text_object(found: Any, most: int, where: str) -> Finding:
    """A plain or mrkdwn text object."""
    if not isinstance(found, dict) or found.get("type") not in ("plain_text", "mrkdwn"):
        yield f"must be a plain_text or mrkdwn object [json-pointer:{where}]"
        return
    if unknown := found.keys() - {"type", "text", "emoji", "verbatim"}:
        yield f"additional property: {min(unknown)} [json-pointer:{where}]"
    yield from length(found.get("text"), most, f"{where}/text")


def plain(found: Any, most: int, where: str) -> Finding:
    """A plain text object, where Slack takes no other."""
    if isinstance(found, dict) and found.get("type") == "mrkdwn":
        yield f"must be a plain_text object [json-pointer:{where}/type]"
    else:
        yield from text_object(found, most, where)


def element(found: Any, where: str) -> Finding:
    """Anything that stands in a block and can be used, or an image."""
    if not isinstance(found, dict):
        yield f"missing required field: element [json-pointer:{where}]"
        return
    kind = found.get("type", "")
    if "action_id" in found:
        yield from length(found["action_id"], 255, f"{where}/action_id")
    if "placeholder" in found:
        yield from plain(found["placeholder"], 150, f"{where}/placeholder")
    if "confirm" in found:
        yield from _confirm(found["confirm"], f"{where}/confirm")
    if kind == "button":
        yield from _button(found, where)
    elif kind == "image":
        yield from _image(found, where)
    elif kind in _LISTS:
        yield from _list(found, _LISTS[kind], where)
    elif kind in _LISTS_OF_FEW:
        yield from _list(found, _LISTS_OF_FEW[kind], where)
    elif kind not in _OTHERS:
        yield f"unsupported type: {kind} [json-pointer:{where}/type]"


def option(found: Any, where: str, *, described: bool = True) -> Finding:
    """One thing to choose."""
    if not isinstance(found, dict):
        yield f"must be an option [json-pointer:{where}]"
        return
    yield from text_object(found.get("text"), 75, f"{where}/text")
    yield from length(found.get("value"), 150, f"{where}/value")
    if described and "description" in found:
        yield from text_object(found["description"], 75, f"{where}/description")


def _button(found: Json, where: str) -> Finding:
    yield from plain(found.get("text"), 75, f"{where}/text")
    if "value" in found:
        yield from length(found["value"], 2000, f"{where}/value", least=0)
    if "url" in found:
        yield from length(found["url"], 3000, f"{where}/url")
    if found.get("style", "primary") not in ("primary", "danger"):
        yield f"must be one of: primary, danger [json-pointer:{where}/style]"
    known = {
        "type",
        "text",
        "value",
        "url",
        "style",
        "action_id",
        "confirm",
        "accessibility_label",
        "agent_prompt",
    }
    if unknown := found.keys() - known:
        yield f"additional property: {min(unknown)} [json-pointer:{where}]"


def _image(found: Json, where: str) -> Finding:
    yield from length(found.get("alt_text"), 2000, f"{where}/alt_text")
    if "slack_file" not in found:
        yield from length(found.get("image_url"), 3000, f"{where}/image_url")


def _list(found: Json, most: int, where: str) -> Finding:
    groups = found.get("option_groups") or []
    if "options" not in found and not groups:
        yield f"missing required field: options [json-pointer:{where}]"
    for place, offered in _offers(found, groups):
        if not 1 <= len(offered) <= most:
            yield f"1 to {most} items needed [json-pointer:{where}{place}]"
        for index, one in enumerate(offered):
            yield from option(one, f"{where}{place}/{index}")
        values = [one.get("value") for one in offered if isinstance(one, dict)]
        if len(values) != len(set(values)):
            yield f"option values must be unique [json-pointer:{where}{place}]"


def _offers(found: Json, groups: list[Json]) -> Iterator[tuple[str, list[Any]]]:
    if "options" in found:
        yield "/options", found["options"] or []
    for index, group in enumerate(groups):
        yield f"/option_groups/{index}/options", group.get("options") or []


def _confirm(found: Any, where: str) -> Finding:
    if not isinstance(found, dict):
        yield f"must be a confirmation dialog [json-pointer:{where}]"
        return
    yield from plain(found.get("title"), 100, f"{where}/title")
    yield from text_object(found.get("text"), 300, f"{where}/text")
    for part in ("confirm", "deny"):
        if part in found:
            yield from plain(found[part], 30, f"{where}/{part}")
