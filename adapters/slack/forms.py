"""Forms: the fields of a question or runbook as a modal of Slack's, and back.

A field is one `input` block whose block_id is the field's name, so that what is wrong with it
can be shown below it. Entries of a list carry their number: a value may be longer than Slack
lets an entry be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from adapters.slack.blocks import (
    ENTERED,
    FORM,
    OPTIONS,
    RUN,
    START,
    TITLE,
    VIEW_BLOCKS,
    Block,
    context,
    option,
    pieces,
    plain,
    rich,
)
from adapters.slack.heard import Entered
from bot.reception import Offer
from flows.effects import FormField
from flows.values import Json

_MOST: Final = VIEW_BLOCKS - 5
_SECRET: Final = "Shown to you while you type, but neither in the conversation nor kept in its transcript."  # noqa: S105  (words)
_TYPED: Final = 3_000  # Slack: characters of a plain_text_input

_fields: Final = msgspec.json.Decoder(tuple[FormField, ...])


def load_form(text: str) -> tuple[FormField, ...]:
    """The fields of a message back; none where it asks for none."""
    return _fields.decode(text) if text else ()


def modal(
    text: str,
    fields: Sequence[FormField],
    pointer: str,
    *,
    title: str = "",
    callback: str = FORM,
    given: Mapping[str, Json] | None = None,
) -> dict[str, Any]:
    """A form. `text`: the question, `given`: what is in the fields already."""
    asked = [rich(piece) for piece in pieces(text)][:2]
    inputs = [_input(field, (given or {}).get(field.name)) for field in fields[:_MOST]]
    more = len(fields) - len(inputs)
    rest = [context(f"{more} more fields are asked for afterwards.")] if more else []
    return _modal([*asked, *inputs, *rest], title or "Please fill in", callback, pointer)


def run_form(
    offer: Offer, fields: Sequence[FormField], pointer: str, given: Mapping[str, Json] | None = None
) -> dict[str, Any]:
    """What a runbook wants to know before it starts."""
    text = offer.description or f"Start {offer.name or offer.id}?"
    return modal(text, fields, pointer, title=offer.name or offer.id, callback=RUN, given=given)


def chooser(
    offers: Sequence[Offer], point: Callable[[Offer], str], private: str = "", text: str = ""
) -> dict[str, Any]:
    """A list of what may be begun. `private`: what comes back with the choice."""
    if not offers:
        nothing = [rich("There is nothing here that you may start.")]
        return _modal(nothing, "Start", START, private, submit="")
    element = {
        "type": "static_select",
        "action_id": ENTERED,
        "placeholder": plain("Choose…", 150),
        "option_groups": _groups(offers, point),
    }
    asked = [rich(piece) for piece in pieces(text)][:2]
    left = len(offers) - OPTIONS
    rest = [context(f"{left} more are not listed here.")] if left > 0 else []
    wanted = {
        "type": "input",
        "block_id": "offer",
        "label": plain("What to start", 2_000),
        "element": element,
    }
    return _modal([*asked, wanted, *rest], "Start", START, private)


def _groups(offers: Sequence[Offer], point: Callable[[Offer], str]) -> list[dict[str, Any]]:
    kinds = (("profile", "Chats"), ("runbook", "Runbooks"))
    found = []
    for kind, label in kinds:
        entries = [option(one.name or one.id, point(one)) for one in offers[:OPTIONS] if one.kind == kind]
        if entries:
            found.append({"label": plain(label, 75), "options": entries})
    return found


def _modal(
    blocks: list[Block], title: str, callback: str, pointer: str, submit: str = "Send"
) -> dict[str, Any]:
    made = {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": pointer,
        "title": plain(title, TITLE),
        "close": plain("Cancel", TITLE),
        "blocks": blocks or [rich("Nothing has to be filled in.")],
    }
    return {**made, "submit": plain(submit, TITLE)} if submit else made


def _input(field: FormField, given: Json) -> Block:
    hint = " ".join(part for part in (field.hint, _SECRET if field.secret else "") if part)
    made: Block = {
        "type": "input",
        "block_id": field.name,
        "label": plain(field.label or field.name, 2_000),
        "element": {"action_id": ENTERED, **_element(field, given)},
    }
    return {**made, "hint": plain(hint, 2_000)} if hint else made


def _element(field: FormField, given: Json) -> Block:
    if field.options:
        return _list(field, given)
    match field.type:
        case "boolean":
            options = [option("Yes", "true"), option("No", "false")]
            chosen = {True: options[0], False: options[1]}.get(given) if isinstance(given, bool) else None
            return {"type": "radio_buttons", "options": options, **_initial("initial_option", chosen)}
        case "date":
            day = given if isinstance(given, str) and _is_date(given) else None
            return {"type": "datepicker", **_initial("initial_date", day)}
        case "integer" | "number":
            return {
                "type": "number_input",
                "is_decimal_allowed": field.type == "number",
                **_initial("initial_value", _number(given)),
            }
        case "text":
            typed = given[:_TYPED] if isinstance(given, str) and given and not field.secret else None
            return {"type": "plain_text_input", "max_length": _TYPED, **_initial("initial_value", typed)}


def _list(field: FormField, given: Json) -> Block:
    listed = field.options[:OPTIONS]
    options = [option(one.label or one.value, str(number)) for number, one in enumerate(listed)]
    chosen = next((made for made, one in zip(options, listed, strict=True) if one.value == given), None)
    return {
        "type": "static_select",
        "placeholder": plain("Choose…", 150),
        "options": options,
        **_initial("initial_option", chosen),
    }


def _initial(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}


def _number(given: Json) -> str | None:
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else None


def _is_date(text: str) -> bool:
    from datetime import date

    try:
        return len(text) == len("2000-01-31") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def read_values(entered: Mapping[str, Entered], fields: Sequence[FormField]) -> dict[str, Json]:
    """What was entered, by field, in the words of the form: `entered` is `Submitted.values`.
    What is no field of it, or no entry of its list, is left out."""
    found: dict[str, Json] = {}
    for field in fields:
        value = entered.get(field.name)
        if value is not None and (read := _read(value, field)) is not None:
            found[field.name] = read
    return found


def _read(value: Entered, field: FormField) -> Json:
    if field.options:
        known = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 4
        number = int(str(value)) if known else len(field.options)
        return field.options[number].value if number < len(field.options) else None
    if field.type == "boolean":
        return {"true": True, "false": False}.get(value) if isinstance(value, str) else value
    return list(value) if isinstance(value, list) else value


def errors(wrong: Mapping[str, str], fields: Sequence[FormField]) -> dict[str, str]:
    """What is wrong with a form, where Slack shows it: below a field that it has. What belongs
    to no field of the form is said below the first."""
    names = [field.name for field in fields[:_MOST]]
    found: dict[str, str] = {}
    for name, words in wrong.items():
        place = name if name in names else next(iter(names), "")
        if place:
            said = words if place == name else f"{name}: {words}"
            found[place] = f"{found[place]} {said}" if place in found else said
    return {place: plain(said, 2_000)["text"] for place, said in found.items()}
