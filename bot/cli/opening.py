"""What a command needs before it can serve or run a project: files, settings, secrets."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bot.cli.services import Started
from bot.connectors.secrets import Secrets
from bot.errors import SettingsError
from bot.settings import Settings, read_settings
from flows.loader import load_project, load_settings
from flows.names import nearest
from flows.project import Project

TABLES = ("server", "connectors", "slack", "dev")


class Opened(NamedTuple):
    """A good project with the settings and secrets that go with it. `environ` is where the
    secrets look."""

    project: Project
    settings: Settings
    secrets: Secrets
    environ: dict[str, str]

    def beside(self, started: Started) -> Opened:
        """The same with services running beside it: their variables, and the way to them."""
        self.environ.update(started.env)
        settings = self.settings.model_copy(update={"allow": [*self.settings.allow, *started.allow]})
        return self._replace(settings=settings)


def open_project(root: Path, **chosen: Any) -> Opened:
    """Read everything. `chosen`: the command's own options, None where not given.

    Raises ProjectInvalid, SettingsError.
    """
    project = load_project(root)
    settings = read_settings(root, server_table(project.settings), **chosen)
    environ = dict(os.environ)
    secrets = Secrets(environ)
    named = [loaded.document.secret_names() for loaded in project.connectors.values()]
    named += [loaded.document.secret_names() for loaded in project.webhooks.values()]
    for name in frozenset().union(*named):
        secrets.hide(secrets.look(name))  # masked from the first line of the log on
    return Opened(project, settings, secrets, environ)


def settings_of(root: Path, **chosen: Any) -> Settings:
    """The settings alone, however bad the project's other files are. Raises as `open_project`."""
    return read_settings(root, server_table(load_settings(root)), **chosen)


def server_table(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The part of cuebook.toml that the settings read. Raises SettingsError for a part that
    nobody reads, and so was meant to be another."""
    for name in settings:
        if name not in TABLES:
            near = nearest(name, TABLES)
            hint = (
                f", did you mean [{near}]?"
                if near
                else f"; there are {', '.join(f'[{one}]' for one in TABLES)}"
            )
            raise SettingsError(f"cuebook.toml: nothing reads [{name}]{hint}")
    table = settings.get("server", {})
    if not isinstance(table, dict):
        raise SettingsError("cuebook.toml: `server` is a table, written [server]")
    return table


class Lack(NamedTuple):
    """A variable of the environment that a connector needs and that is not set."""

    connector: str
    variable: str
    secret: bool


def lacking(project: Project, secrets: Secrets) -> list[Lack]:
    """What `validate` cannot know and every call would stumble over (DECISIONS 30)."""
    return [
        Lack(loaded.document.id, name, secret)
        for loaded in project.connectors.values()
        for names, secret in ((loaded.document.env_names(), False), (loaded.document.secret_names(), True))
        for name in sorted(names)
        if not secrets.look(name)
    ]


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    try:
        with socket.create_server((host, port)):
            return True
    except OSError:
        return False
