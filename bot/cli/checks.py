"""What `cuebook doctor` looks at: each check is one line, and says what to do."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bot.cli.opening import Opened, is_free, open_project
from bot.cli.reach import Check
from bot.errors import OperatorError, ProjectLocked, SettingsError
from bot.runtime.clock import SchedulerClock
from bot.settings import Settings, public_base, variables
from bot.storage.address import database_path
from bot.storage.lock import ProjectLock, lock_path
from bot.storage.migrate import missing
from bot.web.signatures import usable
from flows.documents import Runbook
from flows.errors import ProjectInvalid
from flows.names import nearest
from flows.project import Loaded
from flows.steps.wait_for import WaitForStep
from flows.webhook import Webhook

FEW_MIB: Final = 200
AHEAD: Final = 60  # seconds that a file may be in the clock's future


def checks(root: Path) -> tuple[list[Check], Opened | None]:
    """All that needs no network, and the project if it could be opened; what depends on
    something broken is left out."""
    found = [Check("version", "ok", f"Cuebook {version('cuebook')} on Python {platform.python_version()}")]
    found += _environment()
    try:
        opened = open_project(root)
    except ProjectInvalid as invalid:
        text = f"{root} has {len(invalid.problems)} findings, the first at {invalid.problems[0].place}"
        return [*found, Check("project", "problem", text, "cuebook validate")], None
    except SettingsError as error:
        return [*found, Check("settings", "problem", " ".join(str(error).split()), "correct them")], None
    found += [_project(opened), *_hooks(opened), _state(root), *_database(opened.settings), _clock(opened)]
    return [*found, *_port(opened.settings)], opened


def _environment() -> Iterator[Check]:
    known = {variable for name in Settings.model_fields for variable in variables(name)} | {"CUEBOOK_DEBUG"}
    for name in sorted(os.environ):
        if name.startswith(("CUEBOOK_", "SLACK_")) and name not in known:
            near = nearest(name, known)
            yield Check(
                "settings",
                "warning",
                f"nothing reads {name}",
                f"did you mean {near}?" if near else "unset it",
            )


def _project(opened: Opened) -> Check:
    project = opened.project
    counts = (("profile", project.profiles), ("runbook", project.runbooks), ("connector", project.connectors))
    what = ", ".join(f"{len(found)} {name}{'' if len(found) == 1 else 's'}" for name, found in counts)
    if project.warnings:
        return Check(
            "project",
            "warning",
            f"{project.root}: {what}; {len(project.warnings)} warnings",
            "cuebook validate",
        )
    return Check("project", "ok", f"{project.root}: {what}")


def _hooks(opened: Opened) -> Iterator[Check]:
    """What other systems need to reach us: the secrets of webhooks, and our address."""
    project, settings, secrets, _ = opened
    for loaded in project.webhooks.values():
        hook: Webhook = loaded.document
        for name in sorted(hook.secret_names()):
            value = secrets.look(name)
            if not usable(hook.scheme, value):
                text = (
                    f"the secret {name} {'does not fit its scheme' if value else 'is not set'}: it is closed"
                )
                fix = "whsec_ and base64 of 24 bytes or more" if hook.scheme == "standard" else "set it"
                yield Check(f"webhook {hook.id}", "problem", text, fix)
    waits = [id for id, loaded in project.runbooks.items() if _is_called(loaded)]
    if not waits:
        return
    try:
        text = f"{waits[0]} waits to be called back at {public_base(settings)}"
    except SettingsError as error:
        yield Check("address", "problem", str(error), "correct it")
        return
    if settings.public_url:
        yield Check("address", "ok", text)
    else:
        yield Check("address", "warning", text, "set CUEBOOK_PUBLIC_URL to where others reach this server")


def _is_called(loaded: Loaded[Runbook]) -> bool:
    return loaded.flow is not None and any(
        isinstance(node.step, WaitForStep) for node in loaded.flow.nodes.values()
    )


def _state(root: Path) -> Check:
    folder = root / ".cuebook"
    there = folder if folder.exists() else root
    if not os.access(there, os.W_OK | os.X_OK):
        return Check("state", "problem", f"{there} cannot be written to", "let this user write there")
    free = shutil.disk_usage(there).free // 2**20
    if free < FEW_MIB:
        return Check("state", "warning", f"{folder}: only {free} MiB are free on its disk", "make room")
    for key in ("secret-key", "operator-token"):
        if (folder / key).exists() and (folder / key).stat().st_mode & 0o077:
            return Check("state", "problem", f"others can read {folder / key}", f"chmod 600 {folder / key}")
    return Check("state", "ok", f"keys and, unless DATABASE_URL says otherwise, the database are in {folder}")


def _database(settings: Settings) -> Iterator[Check]:
    try:
        path = database_path(settings.database_url)
        lacks = missing(path)
    except OperatorError as error:
        yield Check("database", "problem", str(error), "set DATABASE_URL to another, or restore this one")
        return
    if not path.exists():
        yield Check("database", "ok", f"{path} is not there yet; `cuebook serve` makes it")
        return
    if lacks:
        yield Check(
            "database",
            "warning",
            f"{path} lacks {len(lacks)} migrations",
            "cuebook migrate, or cuebook serve",
        )
    else:
        yield Check("database", "ok", f"{path} is up to date; {_holder(path)}")


def _holder(path: Path) -> str:
    try:
        if lock_path(path).exists():
            ProjectLock.take(path).release()
    except ProjectLocked as locked:
        return str(locked).partition(":")[0]
    return "nobody serves it now"


def _clock(opened: Opened) -> Check:
    now = SchedulerClock().now() // 1000
    files = [opened.project.root / loaded.path for _, loaded in opened.project.everything()]
    newest = max((path.stat().st_mtime for path in files if path.exists()), default=0)
    if newest > now + AHEAD:
        text = f"the newest file of the project is {newest - now:.0f} s in the future"
        return Check("clock", "problem", text, "set this machine's clock: tokens and schedules go by it")
    return Check("clock", "ok", f"no file is from the future; `at:` means the zone {opened.settings.zone}")


def _port(settings: Settings) -> Iterator[Check]:
    if settings.port == 0:
        yield Check("port", "ok", "a free port will be taken")
    elif is_free(settings.host, settings.port):
        yield Check("port", "ok", f"{settings.host}:{settings.port} is free")
    elif _holder(database_path(settings.database_url)).startswith("another"):
        yield Check(
            "port", "ok", f"{settings.host}:{settings.port} is in use, most likely by the process that serves"
        )
    else:
        yield Check(
            "port", "problem", f"{settings.host}:{settings.port} is in use", "stop the program, or set PORT"
        )
