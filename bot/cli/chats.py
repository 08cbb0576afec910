"""`cuebook chats`: who talked to which profile, and what was said."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from bot.cli.runs import LimitOption
from bot.cli.shared import JsonOption, ProjectOption, find_project, run_async, write


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
    from bot.cli.chat_records import listed_chats, show_chats
    from bot.cli.opening import settings_of

    if context.invoked_subcommand is not None:
        return
    wanted = {"status": status or "", "profile": profile, "limit": limit}
    found = run_async(listed_chats(settings_of(find_project(project)).database_url, wanted))
    if as_json:
        write(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        show_chats(found)


def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="Of the chat; its last letters are enough.")],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one chat: what was said by whom, and which run said it."""
    from bot.cli.chat_records import one_chat, record_of, show_chat
    from bot.cli.opening import settings_of

    chat, lines = run_async(one_chat(settings_of(find_project(project)).database_url, id))
    if as_json:
        write(json.dumps(record_of(chat, lines), ensure_ascii=False, indent=2))
    else:
        show_chat(chat, lines)
