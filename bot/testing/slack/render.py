"""Blocks as a person sees them: lines of text, buttons, lists to choose from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from bot.testing.slack.markup import markdown_seen, seen, unescaped
from bot.testing.slack.things import Blocks, Json

NameOf = Callable[[str], str]
TASK_MARKS: Final = {"pending": "○", "in_progress": "…", "complete": "✓", "error": "✗"}


def lines(blocks: Blocks, name_of: NameOf) -> list[str]:
    """The text of blocks, without their buttons."""
    return [line for block in blocks for line in _block(block, name_of)]


def elements(blocks: Blocks) -> Iterator[tuple[Json, Json]]:
    """(block, element) for everything that can be used: buttons, lists, inputs."""
    for block in blocks:
        inside = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
        for element in inside:
            if isinstance(element, dict) and "action_id" in element:
                yield block, element
        yield from elements([card for card in block.get("child_blocks", ()) if isinstance(card, dict)])


def label(element: Json) -> str:
    """What is written on a button, or in a list while nothing is chosen."""
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text", "") if isinstance(text, dict) else text)


def buttons(blocks: Blocks) -> list[str]:
    """What is written on the buttons, in order."""
    return [label(element) for _, element in elements(blocks) if element["type"] == "button"]


def options(element: Json) -> list[Json]:
    """What a list offers, groups and all."""
    groups = element.get("option_groups") or []
    return [*element.get("options", []), *(one for group in groups for one in group["options"])]


def _block(block: Json, name_of: NameOf) -> Iterator[str]:
    if (show := _KINDS.get(block["type"])) is not None:
        yield from show(block, name_of)


def _section(block: Json, name_of: NameOf) -> Iterator[str]:
    yield from _texts([block.get("text"), *block.get("fields", ())], name_of)


def _context(block: Json, name_of: NameOf) -> Iterator[str]:
    inside = [one if "text" in one else {"text": one.get("alt_text", "")} for one in block["elements"]]
    yield "  ".join(_texts(inside, name_of))


def _plan(block: Json, name_of: NameOf) -> Iterator[str]:
    yield text(block["title"], name_of)
    for task in block.get("tasks", ()):
        yield from _task(task, name_of)


def _card(block: Json, name_of: NameOf) -> Iterator[str]:
    yield from _texts([block.get(part) for part in ("title", "subtitle", "text", "body")], name_of)


def _table(block: Json, name_of: NameOf) -> Iterator[str]:
    for row in block["rows"]:
        yield " | ".join(_cell(cell, name_of) for cell in row)


def _task(task: Json, name_of: NameOf) -> Iterator[str]:
    yield f"{TASK_MARKS[task['status']]} {unescaped(task['title'])}"
    for part in ("details", "output"):
        if task.get(part):
            inside = rich(task[part], name_of) if isinstance(task[part], dict) else str(task[part])
            yield from (f"  {line}" for line in inside.split("\n"))


def _texts(found: list[Any], name_of: NameOf) -> Iterator[str]:
    for one in found:
        if one:
            yield from text(one, name_of).split("\n")


def text(found: Json | str, name_of: NameOf) -> str:
    """A text object as it is seen; plain ones are not markup."""
    if isinstance(found, str):
        return unescaped(found)
    if found.get("type") == "mrkdwn":
        return seen(found["text"], name_of)
    return unescaped(found["text"])


def _cell(cell: Json, name_of: NameOf) -> str:
    return rich(cell, name_of) if cell.get("type") == "rich_text" else text(cell, name_of)


def rich(block: Json, name_of: NameOf) -> str:
    """A rich_text block as it is seen."""
    return "\n".join(_rich(one, name_of) for one in block.get("elements", ())).rstrip("\n")


def _rich(one: Json, name_of: NameOf) -> str:
    match one["type"]:
        case "rich_text_list":
            return "\n".join(f"• {_rich(item, name_of)}" for item in one["elements"])
        case "rich_text_section" | "rich_text_preformatted" | "rich_text_quote":
            return "".join(_rich(inside, name_of) for inside in one["elements"])
        case "user":
            return f"@{name_of(one['user_id'])}"
        case "channel":
            return f"#{name_of(one['channel_id'])}"
        case "broadcast":
            return f"@{one['range']}"
        case "emoji":
            return f":{one['name']}:"
        case "link":
            return str(one.get("text") or one["url"])
        case _:
            return str(one.get("text") or one.get("fallback", ""))  # a date has no text of its own


_KINDS: Final[dict[str, Callable[[Json, NameOf], Iterable[str]]]] = {
    "alert": _card,
    "card": _card,
    "context": _context,
    "divider": lambda block, name_of: ["---"],
    "header": lambda block, name_of: [text(block["text"], name_of)],
    "image": lambda block, name_of: [f"[{block['alt_text']}]"],
    "input": lambda block, name_of: [f"{text(block['label'], name_of)}:"],
    "markdown": lambda block, name_of: markdown_seen(block["text"]).split("\n"),
    "plan": _plan,
    "rich_text": lambda block, name_of: rich(block, name_of).split("\n"),
    "section": _section,
    "table": _table,
    "task_card": _task,
    "video": lambda block, name_of: [f"[{block['alt_text']}]"],
}
