"""`cuebook chats`: who talked to which profile, and what was said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bot.cli.common import JsonOption, ProjectOption, find_project, run_async, stderr, stdout, write
from bot.cli.runs import LimitOption, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.text import Text

    from bot.rows import Chat, Message

PAGE = 1_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
    group.callback()(chats)
    group.command()(show)
    app.add_typer(group, name="chats")


def chats(
    context: typer.Context,
    status: Annotated[Literal["open", "ended"] | None, typer.Option(help="Only these.")] = None,
    profile: Annotated[str, typer.Option(help="Only with this profile.")] = "",
    limit: LimitOption = 30,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """List chats, the newest first. With `show ID`: one chat, word for word."""
    if context.invoked_subcommand is None:
        wanted = {"status": status or "", "profile": profile, "limit": limit}
        run_async(_list(find_project(project), wanted, as_json=as_json))


def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the chat; its last letters are enough.")],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one chat: what was said by whom, and which run said it."""
    run_async(_show(find_project(project), id, as_json=as_json))


async def _list(root: Path, wanted: dict[str, Any], *, as_json: bool) -> None:
    from bot.cli.records import moment, records, table

    async with records(root) as store:
        found = await catalogue(store).chats(**wanted)
    if as_json:
        write(json.dumps(found, ensure_ascii=False, indent=2))
        return
    rows = [
        [chat["id"], chat["profile"], chat["platform"], chat["status"], str(chat["messages"]),
         moment(chat["updated_at"]), chat["step"] or ""]
        for chat in found
    ]  # fmt: skip
    table(["chat", "profile", "platform", "status", "messages", "last change", "step"], rows)
    if not found:
        stderr().print("There are no such chats.")


async def _show(root: Path, id: str, *, as_json: bool) -> None:
    from bot.cli.records import by_id, records
    from bot.rows import Chat, Message

    async with records(root) as store:
        chat = await by_id(store, Chat, id)
        lines: list[Message] = []
        while page := await store.find(
            Message, chat=chat.id, order="seq", above={"seq": lines[-1].seq if lines else 0}, limit=PAGE
        ):
            lines += page
    if as_json:
        write(json.dumps(_plain(chat, lines), ensure_ascii=False, indent=2))
        return
    for line in _transcript(chat, lines):
        stdout().print(line)


def _plain(chat: Chat, lines: list[Message]) -> dict[str, Any]:
    from bot.runtime.wire import load, load_person

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
    from rich.text import Text

    from bot.cli.records import SHORT, moment
    from bot.runtime.wire import load_choices, load_person
    from flows.problems import visible

    person = load_person(chat.person)
    yield Text(f"{chat.profile}  {chat.id}", "bold")
    who = " ".join(part for part in (person.kind, visible(person.name or person.email)) if part)
    yield Text(f"{chat.status}, {who}, {chat.platform}", "dim")
    for line in lines:
        shown = Text(f"{moment(line.created_at)[11:]} ", "dim")
        shown.append(f"{line.sender:<6}", {"user": "cyan", "agent": "magenta"}.get(line.sender, "not dim"))
        if line.kind == "note":
            shown.append(f"(run {line.run[-SHORT:]}) ", "dim")
        first, *others = (visible(part) for part in line.text.splitlines() or [""])
        shown.append("".join((first, *(f"\n{' ' * 15}{other}" for other in others))), "not dim")
        for choice in load_choices(line.choices):
            shown.append(f"\n{' ' * 15}[{visible(choice.label)}]", "not dim")
        yield shown
