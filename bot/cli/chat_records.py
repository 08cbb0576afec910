"""Chats of the past, as a table and word for word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

from bot.cli.records import SHORT, by_id, catalogue, moment, records, table
from bot.cli.shared import stderr, stdout
from bot.rows import Chat, Message
from bot.runtime.wire import load, load_choices, load_person
from flows.problems import visible

PAGE: Final = 1_000


async def listed_chats(database_url: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
    """`wanted`: what `Catalogue.chats` takes."""
    async with records(database_url) as store:
        return await catalogue(store).chats(**wanted)


async def one_chat(database_url: str, id: str) -> tuple[Chat, list[Message]]:
    """The chat and its transcript. Raises NotFound."""
    async with records(database_url) as store:
        chat = await by_id(store, Chat, id)
        lines: list[Message] = []
        while page := await store.find(
            Message, chat=chat.id, order="seq", above={"seq": lines[-1].seq if lines else 0}, limit=PAGE
        ):
            lines += page
        return chat, lines


def show_chats(found: list[dict[str, Any]]) -> None:
    """As a table."""
    rows = [
        [chat["id"], chat["profile"], chat["platform"], chat["status"], str(chat["messages"]),
         moment(chat["updated_at"]), chat["step"] or ""]
        for chat in found
    ]  # fmt: skip
    table(["chat", "profile", "platform", "status", "messages", "last change", "step"], rows)
    if not found:
        stderr().print("There are no such chats.")


def show_chat(chat: Chat, lines: list[Message]) -> None:
    """Word for word."""
    for line in _transcript(chat, lines):
        stdout().print(line)


def record_of(chat: Chat, lines: list[Message]) -> dict[str, Any]:
    """A chat for programs."""
    person = load_person(chat.person)
    return {
        "id": chat.id, "profile": chat.profile, "platform": chat.platform, "status": chat.status,
        "person": {"kind": person.kind, "id": person.id, "name": person.name, "email": person.email},
        "created_at": chat.created_at, "updated_at": chat.updated_at,
        "messages": [
            {"seq": line.seq, "from": line.sender, "kind": line.kind, "text": line.text,
             "choices": load(line.choices), "run": line.run, "at": line.created_at}
            for line in lines
        ],
    }  # fmt: skip


def _transcript(chat: Chat, lines: list[Message]) -> Iterator[Text]:
    person = load_person(chat.person)
    yield Text(f"{chat.profile}  {chat.id}", "bold")
    who = " ".join(part for part in (person.kind, visible(person.name or person.email)) if part)
    yield Text(f"{chat.status}, {who}, {chat.platform}", "dim")
    for line in lines:
        shown = Text(f"{moment(line.created_at)[11:]:<8} ", "dim")
        shown.append(f"{line.sender:<6}", {"user": "cyan", "agent": "magenta"}.get(line.sender, "not dim"))
        if line.kind == "note":
            shown.append(f"(run {line.run[-SHORT:]}) ", "dim")
        first, *others = (visible(part) for part in line.text.splitlines() or [""])
        shown.append("".join((first, *(f"\n{' ' * 15}{other}" for other in others))), "not dim")
        for choice in load_choices(line.choices):
            shown.append(f"\n{' ' * 15}[{visible(choice.label)}]", "not dim")
        yield shown
