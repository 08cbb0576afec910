"""`cuebook test`: the conversation tests of a project, in virtual time and without a network."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.shared import (
    FAILED,
    FINE,
    USAGE,
    JsonOption,
    ProjectOption,
    find_project,
    stderr,
    stdout,
    write,
)

if TYPE_CHECKING:
    from datetime import tzinfo
    from pathlib import Path

    from bot.testing.coverage import Coverage, FlowCoverage
    from bot.testing.verdicts import Verdict
    from flows.project import Project
    from flows.testfile import LoadedTest


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("test")(play_tests)


def play_tests(
    only: Annotated[
        str, typer.Option("-k", metavar="NAME", help="Only cases or files with NAME in their name.")
    ] = "",
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Name the steps and exits that no case has walked.")
    ] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play the conversations of tests/*.yaml.

    Connectors are answered by the stubs of each case, time passes only by `wait:`. Ends with 0
    if all cases passed, 1 if one failed, 3 if the project has errors.
    """
    from bot.logs import set_up
    from bot.testing.coverage import Coverage

    set_up("ERROR", "text")
    began = time.perf_counter()
    found, tests, zone = _read(find_project(project))
    watched = Coverage(found)
    chosen = [
        (file, number)
        for file in tests
        for number, case in enumerate(file.document.cases)
        if only.casefold() in case.name.casefold() or only.casefold() in file.path.casefold()
    ]
    # On asyncio's own loop: the kit asks it what is ready to run, which uvloop does not tell.
    verdicts = asyncio.run(_play(chosen, watched.project, zone))
    seconds = time.perf_counter() - began
    if only and not verdicts:
        stderr().print(f"no case has `{only}` in its name", markup=False)
        raise typer.Exit(USAGE)
    if as_json:
        write(json.dumps(_record(verdicts, watched, seconds), ensure_ascii=False, indent=2))
    else:
        _show(verdicts)
        _summary(verdicts, watched.flows(), seconds, whole=coverage)
    raise typer.Exit(FINE if all(verdict.passed for verdict in verdicts) else FAILED)


async def _play(chosen: list[tuple[LoadedTest, int]], project: Project, zone: tzinfo) -> list[Verdict]:
    from bot.runtime.assemble import Choices
    from bot.runtime.meters import Meters
    from bot.testing.playing import play

    choices = Choices(zone=zone, meters=Meters())
    return [await play(file, number, project, choices) for file, number in chosen]


def _read(root: Path) -> tuple[Project, list[LoadedTest], tzinfo]:
    """Raises ProjectInvalid, SettingsError."""
    from bot.cli.opening import server_table
    from bot.settings import read_settings
    from flows.loader import load_project, load_tests

    project = load_project(root)
    zone = read_settings(root, server_table(project.settings)).zone
    return project, load_tests(root, project), zone


# --- for people ------------------------------------------------------------------------


def _show(verdicts: list[Verdict]) -> None:
    from flows.problems import visible

    path = ""
    for verdict in verdicts:
        if verdict.path != path:
            path = verdict.path
            stdout().print(path, markup=False, style="bold")
        style, word = ("green", "ok  ") if verdict.passed else ("red", "FAIL")
        stdout().print(f"  {word}", style=style, end=" ")
        stdout().print(visible(verdict.name), markup=False)
        for note in verdict.notes:
            stdout().print(f"       note: {note}", markup=False, style="yellow")
        if verdict.failure is not None:
            for line in explained(verdict):
                stdout().print(f"       {line}".rstrip(), markup=False)


def explained(verdict: Verdict) -> list[str]:
    """A failure, line by line: where, what was expected, what was heard."""
    from flows.problems import visible

    failure = verdict.failure
    assert failure is not None
    lines = [f"{verdict.path}:{failure.line}:{failure.col}: {visible(failure.message)}"]
    if failure.expected:
        lines.append(f"  expected  {visible(failure.expected)}")
    if failure.expected or failure.heard:
        heard = [visible(line) for line in failure.heard] or ["nothing"]
        lines.append(f"  heard     {heard[0]}")
        lines += [f"            {line}" for line in heard[1:]]
    if failure.hint:
        lines.append(f"  hint      {visible(failure.hint)}")
    return lines


def _summary(verdicts: list[Verdict], flows: list[FlowCoverage], seconds: float, *, whole: bool) -> None:
    if not verdicts:
        stderr().print("there are no tests here: write tests/NAME.yaml (`kind: test`)", markup=False)
    if whole:
        _coverage(flows)
    failed = sum(not verdict.passed for verdict in verdicts)
    count = f"{len(verdicts) - failed} passed" + (f", {failed} failed" if failed else "")
    steps = f"{sum(flow.entered for flow in flows)} of {sum(flow.steps for flow in flows)} steps"
    exits = f"{sum(flow.taken for flow in flows)} of {sum(flow.exits for flow in flows)} exits"
    stdout().print(count, style="bold red" if failed else "bold green", end=" ")
    stdout().print(f"in {seconds:.2f} s; {steps} and {exits} were walked", markup=False)


def _coverage(flows: list[FlowCoverage]) -> None:
    stdout().print("coverage", style="bold")
    width = max((len(flow.id) for flow in flows), default=0)
    for flow in flows:
        numbers = f"{flow.entered}/{flow.steps} steps  {flow.taken}/{flow.exits} exits"
        stdout().print(f"  {flow.id:<{width}}  {numbers}", markup=False)
        for step, exits in flow.missed.items():
            if step not in flow.unvisited:
                stdout().print(f"       never taken: {step} -> {', '.join(exits)}", markup=False)
        if flow.unvisited:
            stdout().print(f"       never entered: {', '.join(flow.unvisited)}", markup=False)


# --- for programs ----------------------------------------------------------------------


def _record(verdicts: list[Verdict], watched: Coverage, seconds: float) -> dict[str, Any]:
    import msgspec

    return {
        "passed": sum(verdict.passed for verdict in verdicts),
        "failed": sum(not verdict.passed for verdict in verdicts),
        "seconds": round(seconds, 3),
        "cases": [
            {**msgspec.to_builtins(verdict), "passed": verdict.passed, "seconds": round(verdict.seconds, 4)}
            for verdict in verdicts
        ],
        "coverage": [flow._asdict() for flow in watched.flows()],
    }
