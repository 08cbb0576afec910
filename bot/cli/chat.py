"""`cuebook chat`: talk to a profile here, in the terminal."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.shared import ProjectOption, find_project, run_async

if TYPE_CHECKING:
    from bot.ports import Person


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(chat)


def chat(
    profile: Annotated[str, typer.Argument(help="Its id.")],
    who: Annotated[
        str, typer.Option("--as", metavar="EMAIL", help="As this known person. [default: a stranger]")
    ] = "",
    agent: Annotated[bool, typer.Option("--agent", help="As one of the staff.")] = False,
    trace: Annotated[
        bool, typer.Option("--trace", help="Show after each turn which steps it took, and why.")
    ] = False,
    linger: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="At the end of the input, wait so long for a run that the chat waits for."
        ),
    ] = "30s",
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Keep the chat there; not while a server uses it. [default: nowhere]"
        ),
    ] = None,
    project: ProjectOption = None,
) -> None:
    """Talk to a chat profile.

    The number of a choice presses it. Changed files count from the next chat or run on. Ctrl-D
    leaves. Piped lines are said one by one, whenever the bot waits for an answer.
    """
    from bot.cli.opening import open_project
    from bot.cli.services import read_services
    from bot.cli.talking import Wish, talk
    from bot.logs import set_up

    if sys.stdin is None:  # closed by the caller; the loop would take its number for its own
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  (open to the end)
    opened = open_project(find_project(project), database_url=database)
    opened.project.find_profile(profile)
    wish = Wish(
        profile,
        person_of(who, agent=agent),
        linger=seconds_of(linger),
        trace=trace,
        recorded=database is not None,
    )
    level = opened.settings.log_level if os.environ.get("CUEBOOK_LOG_LEVEL") else "ERROR"
    set_up(level, opened.settings.log_format, opened.secrets.mask)
    raise typer.Exit(run_async(talk(opened, read_services(opened.project.settings), wish)))


def person_of(who: str, *, agent: bool) -> Person:
    """Who talks: a stranger, as in a web chat, unless they say otherwise."""
    from bot.ports import Person

    if who and "@" not in who:
        raise typer.BadParameter(f"`{who}` is no address", param_hint="--as")
    name = who.partition("@")[0]
    if agent:
        return Person(kind="agent", id=who or "terminal", name=name or _login(), email=who)
    if who:
        return Person(kind="authenticated", id=who, name=name, email=who)
    return Person(kind="anonymous", id="terminal")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without users
        return "an agent"


def seconds_of(linger: str) -> float:
    """A duration as authors write it."""
    from flows.durations import seconds

    try:
        return seconds(linger)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--linger") from None
