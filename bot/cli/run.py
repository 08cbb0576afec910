"""`cuebook run`: one runbook, from the command line."""

from __future__ import annotations

import asyncio
import getpass
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.common import (
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
    from bot.cli.errand import Ended, Errand, Order
    from bot.cli.opening import Opened
    from bot.cli.services import Service
    from bot.cli.signals import Signals
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
    from bot.cli.errand import Order
    from bot.cli.opening import open_project
    from bot.cli.services import read_services

    opened = open_project(find_project(project), database_url=database)
    document = opened.project.find_runbook(runbook).document
    order = Order(opened, document, read_given(document, inputs or []), person_of(who))
    if dry_run:
        from bot.cli.rehearsal import rehearse

        raise typer.Exit(run_async(rehearse(order, as_json=as_json)))
    services = read_services(opened.project.settings) if dev else []
    ended, code = run_async(_run(order, services, recorded=database is not None))
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


async def _run(order: Order, services: list[Service], *, recorded: bool) -> tuple[Ended, int]:
    """How it ended, and the exit code if a signal ended it."""
    from bot.cli.services import running
    from bot.cli.signals import Signals

    signals = Signals()
    async with AsyncExitStack() as stack:
        root = order.opened.project.root
        started = await stack.enter_async_context(running(services, root, _tell))
        errand = await _prepare(stack, order.opened.beside(started), recorded=recorded)
        ended = await _through(errand, await errand.begin(order), signals)
    return ended, signals.code


async def _prepare(stack: AsyncExitStack, opened: Opened, *, recorded: bool) -> Errand:
    """A runtime on the database that was named, or on none that stays."""
    from bot.app import allowed
    from bot.cli.errand import Errand
    from bot.connectors.http import HttpConnectors
    from bot.runtime.clock import SchedulerClock
    from bot.storage.memory import MemoryStore
    from bot.storage.open import open_store

    project, settings, secrets, _ = opened
    store = await open_store(settings.database_url) if recorded else MemoryStore()
    stack.push_async_callback(store.close)
    allow = [*settings.allow, *allowed(project.settings)]
    clock = SchedulerClock()
    errand = Errand(store, clock)
    connectors = HttpConnectors(errand.definition, secrets, allow)
    stack.push_async_callback(connectors.close)
    errand.equip(connectors)
    clock.start()
    stack.callback(clock.stop)
    stack.push_async_callback(errand.runtime.stop)
    await errand.adopt(project)
    if recorded:
        await errand.runtime.start()
    return errand


async def _through(errand: Errand, over: asyncio.Future[Ended], signals: Signals) -> Ended:
    """Wait for its end. The first signal cancels it."""
    loop = asyncio.get_running_loop()
    interrupted: asyncio.Future[bool] = loop.create_task(signals.came.wait(), name="signals")
    waiting: set[asyncio.Future[Any]] = {over, interrupted}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not over.done():
            _tell("\nCancelling …")
            await errand.cancel()
        return await over
    finally:
        interrupted.cancel()


def _tell(text: str) -> None:
    stderr().print(text, markup=False)


def _advise(opened: Opened) -> None:
    from bot.cli.opening import lacking

    lacks = lacking(opened.project, opened.secrets)
    if lacks and opened.project.settings.get("dev"):
        names = ", ".join(lack.variable for lack in lacks)
        _tell(f"{names}: not set. With --dev the services of cuebook.toml are started and set it.")
