"""`cuebook slack …`: what Slack is to be told, and the workspaces that installed the app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.shared import USAGE, JsonOption, ProjectOption, find_project, run_async, stderr, write

if TYPE_CHECKING:
    from bot.rows import Workspace


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    group.command()(manifest)
    group.command()(workspaces)
    group.command()(forget)
    app.add_typer(group, name="slack", help="Connect a workspace: the app manifest, and who installed it.")


def manifest(
    url: Annotated[
        str, typer.Option("--url", metavar="https://…", help="Where Slack reaches this server (HTTP mode).")
    ] = "",
    socket_mode: Annotated[
        bool, typer.Option("--socket-mode", help="Slack needs not reach this server.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="The app's name in Slack.")] = "Cuebook",
    agent: Annotated[bool, typer.Option("--agent", help="With Slack's agent view.")] = False,
    many: Annotated[
        bool, typer.Option("--many", help="Workspaces install it themselves: tokens expire, needs --url.")
    ] = False,
    format: Annotated[Literal["yaml", "json"], typer.Option("--format", help="Slack takes both.")] = "yaml",
) -> None:
    """Write the app manifest: paste it at api.slack.com/apps, Create New App, From a manifest.

    Without --url it is for Socket Mode. `serve` tells the same address by CUEBOOK_PUBLIC_URL.
    """
    from adapters.slack.manifest import LONGEST_NAME, as_json, as_yaml
    from adapters.slack.manifest import manifest as made

    if socket_mode and url:
        raise typer.BadParameter("--socket-mode and --url exclude each other")
    if many and not url:
        raise typer.BadParameter("--many needs --url: Slack sends people back there")
    if url and not url.startswith("https://"):
        raise typer.BadParameter("Slack calls https:// addresses only", param_hint="--url")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise typer.BadParameter(f"1 to {LONGEST_NAME} characters", param_hint="--name")
    found = made(name=name, url=url, agent=agent, many=many)
    write(as_json(found) if format == "json" else as_yaml(found))


def workspaces(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List the workspaces that installed the app themselves."""
    from bot.cli.opening import settings_of
    from bot.cli.records import moment, table

    rows = run_async(_rows(settings_of(find_project(project)).database_url))
    entries = [
        {
            "team": row.id.partition(":")[2],
            "name": row.name,
            "state": row.state,
            "installed_at": moment(row.installed_at),
            "by": row.installed_by,
        }
        for row in rows
    ]
    if as_json:
        write(json.dumps(entries, ensure_ascii=False, indent=2))
    else:
        table(["team", "state", "installed", "by", "name"], [_columns(entry) for entry in entries])


def _columns(entry: dict[str, str]) -> list[str]:
    return [entry[name] for name in ("team", "state", "installed_at", "by", "name")]


async def _rows(database_url: str) -> list[Workspace]:
    from bot.cli.records import records
    from bot.rows import Workspace

    async with records(database_url) as store:
        return await store.find(Workspace, platform="slack", order="-installed_at")


def forget(
    team: Annotated[str, typer.Argument(metavar="TEAM", help="Its id, as `workspaces` shows it.")],
    project: ProjectOption = None,
) -> None:
    """Forget the token of a workspace, which may install the app again. The server must not run."""
    from bot.cli.opening import settings_of

    if run_async(_removed(settings_of(find_project(project)).database_url, team)) != "removed":
        stderr().print(f"{team} is no workspace in which the app is installed", markup=False)
        raise typer.Exit(USAGE)
    stderr().print(f"the token of {team} is forgotten", markup=False)


async def _removed(database_url: str, team: str) -> str:
    from adapters.slack.installed import remove, row_id
    from bot.storage.open import open_store

    store = await open_store(database_url)
    try:
        return await remove(store, row_id(*team.split(":")))
    finally:
        await store.close()
