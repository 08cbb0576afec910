"""What typed words mean, and how a transcript looks on a terminal or on paper. Pure.

What others wrote can move no cursor and turn no writing round: each line of theirs goes
through `visible`. On paper every line is plain text; colours are added by whoever prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from rich.text import Text

from bot.ports import Progress, ProgressStep
from bot.rows import Message
from bot.runtime.wire import load_choices
from flows.effects import Choice
from flows.events import Said
from flows.problems import visible
from flows.steps.ask import fold

LONGEST: Final = 8_000
"""Characters of one message."""
TOO_LONG: Final = f"A message may have {LONGEST} characters at most; this one was not sent."
SHOWN: Final = 8
"""Steps of one run in its picture."""
AT_WORK: Final = frozenset(("queued", "running", "waiting"))
_MARKS: Final = {"working": ("…", "yellow"), "done": ("✓", "green"), "failed": ("✗", "red")}


class Question(msgspec.Struct, frozen=True):
    """The open question: its id, and what may be chosen."""

    prompt: str
    choices: tuple[Choice, ...] = ()


def question(asked: Message) -> Question:
    """The question that a line asks."""
    return Question(asked.prompt, load_choices(asked.choices))


def meaning(text: str, asked: Question | None) -> Said | None:
    """What a typed line says: a press where it is a choice's label, value or number, else
    words. None where it says nothing. Labels win over numbers, as in the language."""
    text = text.replace("\0", "").strip()
    if not text:
        return None
    choice = _chosen(text, asked.choices) if asked else None
    if choice is None or asked is None:
        return Said(text=text)
    return Said(text=choice.label, prompt=asked.prompt, value=choice.value)


def _chosen(text: str, choices: Sequence[Choice]) -> Choice | None:
    word = fold(text)
    spelled = next((one for one in choices if word in (fold(one.label), fold(one.value))), None)
    if spelled is not None:
        return spelled
    return next((one for number, one in enumerate(choices, 1) if word == str(number)), None)


def shown(message: Message) -> list[Text]:
    """A line of the transcript: the bot's as it is, a person's after `>`, a run's after `|`."""
    if message.sender == "user":
        return _marked(message.text, "> ", "cyan")
    if message.kind == "note":
        return _marked(message.text, "  | ", "magenta")
    said = _marked(message.text, "(agent) ", "green") if message.sender == "agent" else _bare(message.text)
    return [*said, *(_button(n, one) for n, one in enumerate(load_choices(message.choices), 1))]


def _lines(text: str) -> Iterator[str]:
    """Only a line feed begins a line; all else that is not seen is shown as a dot."""
    return (visible(line) for line in text.replace("\r\n", "\n").split("\n"))


def _bare(text: str) -> list[Text]:
    return [Text(line) for line in _lines(text)] if text else []


def _marked(text: str, mark: str, style: str) -> list[Text]:
    return [Text(mark + line, style) for line in _lines(text)]


def _button(number: int, choice: Choice) -> Text:
    return Text.assemble((f"  {number}. ", "bold"), visible(choice.label))


def remark(text: str) -> list[Text]:
    """Something that nobody in the chat said, e.g. a refusal."""
    return _marked(text, "! ", "yellow")


def picture(progress: Progress) -> list[Text]:
    """A run at work: its title and its last steps, each with how it went. A step without a
    title of the author's says nothing to people once it is done."""
    steps = [step for step in progress.steps if step.title or step.status != "done"]
    head = Text(f"  {visible(progress.title)}", "bold")
    if len(steps) > SHOWN:
        head.append(f"  ({len(steps) - SHOWN} steps before)", "dim")
    return [head, *(_step(step) for step in steps[-SHOWN:])]


def _step(step: ProgressStep) -> Text:
    mark, style = _MARKS[step.status]
    name = Text(visible(step.title)) if step.title else Text(step.id, "dim")
    return Text.assemble("    ", (mark, style), " ", name)
