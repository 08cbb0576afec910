"""`cuebook demo`: a project with everything it needs, on this machine, at once."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bot.cli.serve import PortOption
from bot.cli.shared import NoProject, ProjectOption, find_project, run_async, stderr, stdout
from flows.errors import ProjectInvalid

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from rich.console import Console

    from bot.app import App
    from bot.cli.opening import Opened
    from bot.cli.services import Service
    from bot.settings import Settings

EXAMPLE: Final = "it-helpdesk"
FOLDER: Final = ".cuebook-demo"
LONGEST_NAME: Final = 40
TRY: Final = "click Unlock my account, type j.doe; then type nobody; then Rebuild my laptop, LAP-0042"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    project: ProjectOption = None,
    port: PortOption = None,
    slack: Annotated[
        bool, typer.Option("--slack", help="With a Slack of its own, and you in it, in this terminal.")
    ] = False,
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="With --slack: by Socket Mode instead of HTTP.")
    ] = False,
    name: Annotated[str, typer.Option("--as", metavar="NAME", help="With --slack: who you are.")] = "Jamie",
    play: Annotated[
        bool,
        typer.Option("--play", help="With --slack: lines of stdin are what you do, as if they were piped."),
    ] = False,
) -> None:
    """Serve this project, or an example, with the systems it calls.

    Needs no network and no keys. Without a project the example is copied to .cuebook-demo/
    and kept there, so that you can change it and see what happens.

    With --slack it shows the conversation in Slack without a workspace: the real adapter talks
    to a Slack on this machine, and you write and press buttons here. Nothing of it is kept.
    """
    from bot.cli.services import read_services
    from bot.logs import set_up

    _check(name, slack=slack, only_with_slack=socket_mode or play or name != "Jamie")
    if slack:
        from bot.cli.slack_demo import forget_real_slack

        forget_real_slack(os.environ)
    opened = _opened(_root(project), port)
    level = opened.settings.log_level if "CUEBOOK_LOG_LEVEL" in os.environ else "ERROR"
    set_up(level, opened.settings.log_format, opened.secrets.mask)
    services = read_services(opened.project.settings)
    raise typer.Exit(run_async(_work(opened, services, name, slack=slack, sockets=socket_mode, play=play)))


def _check(name: str, *, slack: bool, only_with_slack: bool) -> None:
    if only_with_slack and not slack:
        raise typer.BadParameter("add --slack: the other options are about it")
    if not 0 < len(name.strip()) <= LONGEST_NAME or not name.isprintable():
        raise typer.BadParameter(f"a name of 1 to {LONGEST_NAME} letters", param_hint="--as")


def _work(
    opened: Opened, services: Sequence[Service], name: str, *, slack: bool, sockets: bool, play: bool
) -> Coroutine[Any, Any, int]:
    if not slack:
        from bot.cli.serving import serve_until_told

        return serve_until_told(opened, services, _show)
    from bot.cli.slack_demo import Wish, sit_in_slack

    if sys.stdin is None:  # closed by the caller; the loop would take its number for its own
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  (open to the end)
    playing = play or not sys.stdin.isatty()
    return sit_in_slack(opened, services, Wish(name.strip(), sockets, playing), _show_slack)


def _opened(root: Path, port: int | None) -> Opened:
    from bot.cli.opening import open_project
    from bot.cli.serving import tell

    try:
        opened = open_project(root, port=port)
    except ProjectInvalid:
        if root.name == FOLDER:
            tell(f"The example in {root} was changed. To begin with a fresh one, remove that folder.")
        raise
    settings = opened.settings.model_copy(update={"port": _port(opened.settings, port)})
    return opened._replace(settings=settings)


def _root(project: Path | None) -> Path:
    """The project given or found here; else the example, copied where it can be changed."""
    if project is not None:
        return find_project(project)
    try:
        return find_project(None)
    except NoProject:
        folder = _home() / FOLDER
    if not folder.exists():
        _copy_example(folder)
    return folder


def _home() -> Path:
    """Here, or where nobody else writes."""
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return here
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    state.mkdir(parents=True, exist_ok=True)
    return state


def _copy_example(folder: Path) -> None:
    """Whole or not at all, and nothing that a version control would notice."""
    from bot.cli.init import examples, lay_out

    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{FOLDER}.") as draft:
        copy = Path(draft) / EXAMPLE
        lay_out(examples() / EXAMPLE, copy)
        (copy / ".gitignore").write_text("*\n", "utf-8")
        try:
            copy.rename(folder)
        except OSError:
            if not folder.exists():  # else another demo was quicker, and its copy is as good
                raise


def _port(settings: Settings, given: int | None) -> int:
    """The port that was asked for; if none was, the usual one or a free one."""
    from bot.cli.opening import is_free

    if given is not None or "port" in settings.model_fields_set or is_free(settings.host, settings.port):
        return settings.port
    stderr().print(f"Port {settings.port} is in use, so a free one is taken; PORT=… chooses another.")
    return 0


def _short(path: Path) -> str:
    """As one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def _show(app: App) -> None:
    """What a person needs to know, on a terminal in a box."""
    rows = _ways_in(app)
    if EXAMPLE in app.project.profiles:
        rows.append(("Try", TRY))
    rows += [
        _to_change(app),
        ("Operator", f"token in {_short(app.state_folder / 'operator-token')}, for /metrics and lists"),
        ("Stop", "Ctrl-C"),
    ]  # fmt: skip
    _tell(rows, stdout(), drawn=sys.stdout.isatty())


def _show_slack(app: App) -> None:
    """The same for who sits in Slack. Where stdout is no terminal it is the conversation's."""
    rows = [
        ("Slack", "you are in a direct conversation with Cuebook: say hi"),
        ("Keys", "a number presses that button; /help says what else there is"),
        *((f"{name} too", text) for name, text in _ways_in(app)),
        _to_change(app),
        ("Stop", "/quit or Ctrl-C"),
    ]
    drawn = sys.stdout.isatty()
    _tell(rows, stdout() if drawn else stderr(), drawn=drawn)


def _ways_in(app: App) -> list[tuple[str, str]]:
    assert app.server is not None
    url = app.server.url
    chats = [f"{url}/chat/{id}" for id, loaded in app.project.profiles.items()
             if "anonymous" in loaded.document.audience]  # fmt: skip
    return [("Open", chat) for chat in chats] or [("Served at", url)]


def _to_change(app: App) -> tuple[str, str]:
    return "Change", f"the files in {_short(app.project.root)}; saved ones are taken at once"


def _tell(rows: list[tuple[str, str]], console: Console, *, drawn: bool) -> None:
    if not drawn:
        for name, text in rows:
            console.file.write(f"{name}: {text}\n")
        console.file.flush()
        return
    from rich import box
    from rich.panel import Panel
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, text in rows:
        table.add_row(name, text, style="bold" if name == "Open" else "")
    console.print(Panel.fit(table, box=box.ROUNDED, title="Cuebook", border_style="cyan"))
