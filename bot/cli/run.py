"""`cuebook run`: one runbook, from the command line."""

from __future__ import annotations

import getpass
import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.shared import (
    FAILED,
    FINE,
    USAGE,
    JsonOption,
    ProjectOption,
    find_project,
    run_async,
    stderr,
    write,
)

if TYPE_CHECKING:
    from bot.cli.opening import Opened
    from bot.ports import Person
    from flows.documents import Runbook


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(  # noqa: PLR0917  (typer reads them by name)
    runbook: Annotated[str, typer.Argument(help="Its id.")],
    inputs: Annotated[
        list[str] | None,
        typer.Option("--input", "-i", metavar="NAME=VALUE", help="Of the runbook; repeat for each."),
    ] = None,
    who: Annotated[
        str,
        typer.Option("--as", metavar="EMAIL|anonymous", help="On whose behalf. [default: you, as an agent]"),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the calls it would make; touch nothing.")
    ] = False,
    dev: Annotated[bool, typer.Option("--dev", help="Start the services of cuebook.toml for it.")] = False,
    database: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Record it there, as a server would; not while one serves. [default: nowhere]"
        ),
    ] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Execute a runbook.

    Its steps go to stderr, its result message to stdout. Ends with 0 for success and 1 for failure.
    """
    from bot.cli.errand import Order, carry_out
    from bot.cli.opening import open_project
    from bot.cli.services import read_services

    opened = open_project(find_project(project), database_url=database)
    document = opened.project.find_runbook(runbook).document
    order = Order(opened, document, read_given(document, inputs or []), person_of(who))
    if dry_run:
        from bot.cli.rehearsal import rehearse

        raise typer.Exit(run_async(rehearse(order, as_json=as_json)))
    services = read_services(opened.project.settings) if dev else []
    ended, code = run_async(carry_out(order, services, recorded=database is not None))
    if as_json:
        write(json.dumps(ended.record, ensure_ascii=False, indent=2))
    elif ended.message:
        write(ended.message)
    if ended.outcome != "success" and not dev:
        _advise(opened)
    raise typer.Exit(code or (FINE if ended.outcome == "success" else FAILED))


def read_given(runbook: Runbook, given: list[str]) -> dict[str, Any]:
    """NAME=VALUE pairs as inputs, checked. Ends the command where they do not fit."""
    from flows.fields import BadValue, read_inputs

    values: dict[str, Any] = {}
    try:
        for pair in given:
            name, value = _pair(runbook, pair)
            values[name] = value
        read_inputs(runbook.inputs, values)
    except BadValue as error:
        stderr().print(f"error: {error}", markup=False)
        _show_inputs(runbook)
        raise typer.Exit(USAGE) from None
    return values


def _pair(runbook: Runbook, pair: str) -> tuple[str, Any]:
    from flows.fields import BadValue

    name, equals, text = pair.partition("=")
    if not equals:
        raise BadValue(f"write an input as NAME=VALUE, not `{pair}`")
    declared = runbook.inputs.get(name)
    if declared is None or declared.type not in ("list", "object"):
        return name, text
    try:
        return name, json.loads(text)
    except ValueError:
        raise BadValue(f"`{name}` is written as JSON") from None


def _show_inputs(runbook: Runbook) -> None:
    if not runbook.inputs:
        stderr().print(f"{runbook.id} has no inputs.", markup=False)
        return
    stderr().print(f"The inputs of {runbook.id}:", markup=False)
    for name, field in runbook.inputs.items():
        wanted = [field.type, "required" if field.required else "optional"]
        wanted += [f"like {field.matches}"] if field.matches else []
        wanted += [f"one of {', '.join(field.one_of)}"] if field.one_of else []
        stderr().print(f"  -i {name}=…  {field.label or name} ({', '.join(wanted)})", markup=False)


def person_of(who: str) -> Person:
    """On whose behalf: whoever sits here is staff, unless they say otherwise."""
    from bot.ports import Person

    if who == "anonymous":
        return Person(kind="anonymous", id="command-line")
    if "@" in who:
        return Person(kind="authenticated", id=who, email=who)
    if who:
        raise typer.BadParameter(f"`{who}` is neither an address nor `anonymous`", param_hint="--as")
    return Person(kind="agent", id="command-line", name=_login())


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without users
        return "an operator"


def _advise(opened: Opened) -> None:
    from bot.cli.opening import lacking

    lacks = lacking(opened.project, opened.secrets)
    if lacks and opened.project.settings.get("dev"):
        names = ", ".join(lack.variable for lack in lacks)
        stderr().print(
            f"{names}: not set. With --dev the services of cuebook.toml are started and set it.", markup=False
        )
