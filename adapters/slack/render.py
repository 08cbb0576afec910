"""A line of the transcript → a message of Slack's. Pure.

Every message says the same twice: in blocks, and in `text` with its choices numbered, since a
number is an answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from adapters.slack import payloads
from adapters.slack.blocks import (
    BUTTONS,
    CHOOSE,
    FALLBACK,
    FORM,
    LABEL,
    OPTIONS,
    PIECE,
    START,
    WHOLE,
    Block,
    Post,
    Snippet,
    actions,
    button,
    context,
    option,
    pieces,
    quoted,
    rich,
    select,
    weight,
)
from adapters.slack.escape import cut, escape, fitted, shown
from adapters.slack.forms import load_form
from bot.reception import Offer
from bot.rows import Message
from bot.runtime.wire import load_choices
from flows.effects import Choice, FormField

_FEW: Final = 5
_SHORT: Final = 24
_NOTE: Final = "▸ "
OVER: Final = "This chat has ended."


def lines(message: Message, *, point: Callable[[Choice], str], form: str = "") -> list[Post]:
    """What the platform is to show for a line; nothing for a person's own, or one that says
    nothing. `point`: the pointer that a choice carries, `form`: that of the question's form.
    """
    text = shown(message.text).strip("\n")
    choices, fields = _choices(message), load_form(message.form)
    below = [*_usable(choices, fields, point, form), *([context(OVER)] if message.kind == "end" else ())]
    if message.sender == "user" or not (text.strip() or below):
        return []
    room = WHOLE - weight(below) - len(_TOO_LONG) - PIECE // 10
    fits = len(text) <= room
    body = text if fits else next(pieces(text))
    blocks = [*_body(message, body), *([] if fits else [context(_TOO_LONG)]), *below]
    snippet = None if fits else Snippet("message.txt", text)
    return [Post(text=_twin(message, text, choices, fields), blocks=blocks, snippet=snippet)]


_TOO_LONG: Final = "… goes on in the attached file."


def _body(message: Message, text: str) -> list[Block]:
    """The words in blocks: a run's with a bar, an agent's with a line that says so."""
    if message.kind == "note":
        return [quoted(piece) for piece in pieces(text)]
    head = [context("Written by an agent")] if message.sender == "agent" else []
    return [*head, *(rich(piece) for piece in pieces(text))]


def _choices(message: Message) -> tuple[Choice, ...]:
    """The choices, each value once: a list with two equal values is refused by Slack."""
    once = {one.value: one for one in reversed(load_choices(message.choices or "[]"))}
    return tuple(reversed(once.values()))


def _usable(
    choices: Sequence[Choice], fields: Sequence[FormField], point: Callable[[Choice], str], form: str
) -> list[Block]:
    """What can be pressed. Several fields are asked for in a form; a choice alone is pressed."""
    found: list[Block] = []
    if choices and len(fields) < 2:
        found += _full(choices)
        found.append(_menu([(_label(one), point(one)) for one in choices], CHOOSE, "Choose…"))
    if fields and form and (len(fields) > 1 or not choices):
        label = f"Fill in {len(fields)} fields…" if len(fields) > 1 else f"Answer: {fields[0].label}…"
        found.append(actions([button(label, FORM, form, style="primary")]))
    return found


def _label(choice: Choice) -> str:
    return shown(choice.label).strip() or choice.value


def _full(choices: Sequence[Choice]) -> list[Block]:
    """Labels that a button cuts, whole and with their numbers."""
    if all(len(escape(_label(one))) <= LABEL for one in choices):
        return []
    return [rich(piece) for piece in pieces(_numbered(choices)[: PIECE * 2])]


def _numbered(choices: Sequence[Choice]) -> str:
    return "\n".join(f"{number}. {_label(one)}" for number, one in enumerate(choices, 1))


def _menu(entries: Sequence[tuple[str, str]], action: str, placeholder: str) -> Block:
    """Buttons for few or short labels, else a list. Each has an action_id of its own."""
    short = all(len(label) <= _SHORT for label, _ in entries)
    if len(entries) <= _FEW or (short and len(entries) <= BUTTONS):
        return actions([button(label, f"{action}:{n}", value) for n, (label, value) in enumerate(entries, 1)])
    return actions([select(action, placeholder, [option(*one) for one in entries])])


def _twin(message: Message, text: str, choices: Sequence[Choice], fields: Sequence[FormField]) -> str:
    """Everything as one text: for who sees no blocks, a number is as good as a button."""
    parts = [_NOTE + text if message.kind == "note" else text]
    if len(fields) > 1:
        parts.append("\n".join(f"• {_field(one)}" for one in fields))
    elif choices:
        parts.append(_numbered(choices))
    if message.kind == "end":
        parts.append(OVER)
    return fitted("\n".join(part for part in parts if part.strip()), FALLBACK)


def _field(field: FormField) -> str:
    options = ", ".join(_label(one) for one in field.options)
    return f"{field.label or field.name} ({options})" if options else field.label or field.name


def answered(blocks: Sequence[Block], text: str, label: str, by: str = "") -> Post:
    """The same message after it was answered: what could be pressed is a line that says what
    was, and by whom. `blocks` and `text` as Slack keeps them, escaped already."""
    kept = [block for block in blocks if not usable(block)][:49]
    if not label:
        return Post(text=text or "✓", blocks=kept)
    said = f"✓ {cut(label, PIECE // 10)}" + (f" — @{cut(by, LABEL)}" if by else "")
    return Post(text=f"{text}\n{fitted(said, PIECE)}".strip(), blocks=[*kept, context(said)])


def usable(block: Any) -> bool:
    """Whether a block holds what can be pressed to answer."""
    inside = payloads.items(block, "elements")
    return payloads.text(block, "type") == "actions" and any(
        payloads.text(one, "action_id").startswith("cb:") for one in inside
    )


def menu(offers: Sequence[Offer], point: Callable[[Offer], str], text: str = "What would you like?") -> Post:
    """What a person may begin, as a message."""
    if not offers:
        return Post(text=escape(_NOTHING), blocks=[rich(_NOTHING)])
    shown_offers = offers[:OPTIONS]
    entries = [(offer.name or offer.id, point(offer)) for offer in shown_offers]
    listed = "\n".join(f"• {label}" for label, _ in entries)
    return Post(
        text=fitted(f"{text}\n{listed}", FALLBACK), blocks=[rich(text), _menu(entries, START, "Choose…")]
    )


_NOTHING: Final = "There is nothing here that you may start."


def help_text(offers: Sequence[Offer], command: str = "/cuebook") -> Post:
    """How to use it, with what this person may begin and nothing else."""
    profiles = [f"• {one.name} — {command} start {one.id}" for one in offers if one.kind == "profile"]
    runbooks = [f"• {one.name} — {command} run {one.id}" for one in offers if one.kind == "runbook"]
    parts = [
        f"Write to me here or mention me in a room.\n{command} list · {command} status · {command} cancel RUN",
        *(["Chats:\n" + "\n".join(profiles)] if profiles else ()),
        *(["Runbooks:\n" + "\n".join(runbooks)] if runbooks else ()),
        *([] if offers else [_NOTHING]),
    ]
    text = "\n\n".join(parts)
    body = [rich(piece) for piece in pieces(text[: WHOLE - PIECE])]
    return Post(text=fitted(text, FALLBACK), blocks=body)
