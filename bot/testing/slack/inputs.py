"""What people put into lists and fields, as Slack writes it."""

from __future__ import annotations

from typing import Any, Final

from bot.testing.slack.refusal import Impossible
from bot.testing.slack.render import elements, label, options
from bot.testing.slack.things import Blocks, Json, View

_ONE: Final = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
}
_INITIAL: Final = {
    "value": "initial_value",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_user": "initial_user",
    "selected_conversation": "initial_conversation",
    "selected_channel": "initial_channel",
}
_SEVERAL: Final = {"multi_users_select": "selected_users", "multi_channels_select": "selected_channels"}
_OPTION: Final = ("static_select", "external_select", "radio_buttons", "overflow")
_OPTIONS: Final = ("multi_static_select", "multi_external_select", "checkboxes")


def chosen(element: Json, wanted: str) -> Json | None:
    """The option with this label or value."""
    for read in (label, lambda option: str(option["value"])):
        for option in options(element):
            if read(option) == wanted:
                return option
    return None


def acted(block: Json, element: Json, option: Json | None = None) -> Json:
    """One entry of `actions`."""
    parts = ("type", "action_id", "text", "value", "style", "url", "placeholder", "confirm")
    kept = {part: element[part] for part in parts if part in element}
    if option is not None:
        kept |= _selected(element, [option])
    return {**kept, "block_id": block["block_id"]}


def state(blocks: Blocks) -> Json:
    """The values of all inputs as they stand before anybody has touched them."""
    return {
        block["block_id"]: {element["action_id"]: {"type": element["type"], **_untouched(element)}}
        for block, element in elements(blocks)
        if element["type"] != "button"
    }


def entered(view: View, values: dict[str, Any]) -> Json:
    """The state of a form that was filled in. Raises Impossible for what Slack would not send."""
    left = dict(values)
    found = state(view.blocks)
    for block, element in elements(view.blocks):
        if block["type"] != "input":
            continue
        names = (str(block["label"]["text"]), block["block_id"], element["action_id"])
        given = next((left.pop(name) for name in names if name in left), None)
        if given is not None:
            found[block["block_id"]][element["action_id"]] = {
                "type": element["type"],
                **_filled(element, given),
            }
        _complete(block, element, found[block["block_id"]][element["action_id"]])
    if left:
        raise Impossible(f"the form has no {', '.join(left)}")
    return found


def _complete(block: Json, element: Json, value: Json) -> None:
    filled = any(value.get(part) for part in value if part != "type")
    if not filled and not block.get("optional"):
        raise Impossible(f"“{block['label']['text']}” must be filled in")
    text = value.get("value") or ""
    most, least = element.get("max_length", 3000), element.get("min_length", 0)
    if element["type"] == "plain_text_input" and filled and not least <= len(text) <= most:
        raise Impossible(f"“{block['label']['text']}” must have {least} to {most} characters")


def _filled(element: Json, given: Any) -> Json:
    kind = element["type"]
    if kind in _ONE:
        return {_ONE[kind]: given if kind == "datetimepicker" else str(given)}
    if kind in _SEVERAL:
        return {_SEVERAL[kind]: list(given)}
    wanted = [given] if isinstance(given, str) else list(given)
    picked = [chosen(element, str(one)) for one in wanted]
    missing = [one for one, option in zip(wanted, picked, strict=True) if option is None]
    if missing and "external" not in kind:
        raise Impossible(f"there is no “{missing[0]}” to choose")
    made = [
        option or {"text": {"type": "plain_text", "text": str(one)}, "value": str(one)}
        for one, option in zip(wanted, picked, strict=True)
    ]
    return _selected(element, made)


def _selected(element: Json, picked: list[Json]) -> Json:
    if element["type"] in _OPTIONS:
        return {"selected_options": picked}
    return {"selected_option": picked[0]}


def _untouched(element: Json) -> Json:
    kind = element["type"]
    if kind in _ONE:
        return {_ONE[kind]: element.get(_INITIAL[_ONE[kind]])}
    if kind in _SEVERAL:
        return {_SEVERAL[kind]: element.get(_SEVERAL[kind].replace("selected", "initial"), [])}
    if kind in _OPTIONS:
        return {"selected_options": element.get("initial_options", [])}
    return {"selected_option": element.get("initial_option")} if kind in _OPTION else {}
