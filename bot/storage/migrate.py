"""Bringing a database to the tables of this version: Tortoise's migrations, made safe.

Tortoise has no lock between migrators, records a migration after its transaction, and on
SQLite would delete child rows when it rebuilds a table with foreign keys on. So one process
migrates at a time, a new database appears whole or not at all, an old one is copied first,
and foreign keys are off. Tortoise is imported only when there is something to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import structlog

from bot.errors import OperatorError, ProjectLocked
from bot.storage.address import database_path
from bot.storage.lock import ProjectLock

APP = "cuebook"
PACKAGE = "bot.storage.migrations"
FOLDER = Path(__file__).parent / "migrations"
PATIENCE = 30.0
"""Seconds to wait for another process that is migrating the same database."""
POLL = 0.05
LIMIT = 600.0
"""Seconds that migrations may take."""

log = structlog.get_logger()


async def migrate(database_url: str) -> list[str]:
    """Apply what is missing; the names of what was applied. Several at once are safe.

    Raises ProjectLocked if another process keeps the database (it serves, and something is
    missing), OperatorError if the database is not ours, newer, or a migration fails.
    """
    path = database_path(database_url)
    if not await asyncio.to_thread(missing, path):
        return []
    await asyncio.to_thread(_make_folder, path.parent)
    lock = await _lock(path)
    try:
        return await asyncio.to_thread(_apply_missing, path)
    finally:
        lock.release()


def missing(path: Path) -> list[str]:
    """Names of the migrations that a database lacks, in order; all, if there is no file.

    Raises OperatorError if it is no database of ours or was written by a newer version.
    """
    known = migration_names()
    applied = _applied(path)
    if unknown := sorted(applied - set(known)):
        raise OperatorError(
            f"{path} was written by a newer version of Cuebook (it has {unknown[-1]}): update Cuebook"
        )
    return [name for name in known if name not in applied]


def migration_names() -> list[str]:
    """The migrations of this version, in order."""
    return sorted(file.stem for file in FOLDER.glob("*.py") if re.match(r"\d{4}_", file.name))


def tortoise_config(path: str) -> dict[str, Any]:
    """What Tortoise must know to migrate the database in this file."""
    credentials = {"file_path": path, "foreign_keys": "OFF", "synchronous": "FULL"}
    return {
        "connections": {"default": {"engine": "tortoise.backends.sqlite", "credentials": credentials}},
        "apps": {
            APP: {
                "models": ["bot.storage.models"],
                "migrations": PACKAGE,
                "default_connection": "default",
            }
        },
    }


TORTOISE = tortoise_config(":memory:")
"""For `tortoise -c bot.storage.migrate.TORTOISE makemigrations`."""


async def _lock(path: Path) -> ProjectLock:
    """Wait a while: the holder may be migrating the very same database."""
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return ProjectLock.take(path)
        except ProjectLocked:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(POLL)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # transcripts are nobody else's
    except OSError as error:
        raise OperatorError(f"the folder of the database cannot be made: {error}") from error


def _applied(path: Path) -> set[str]:
    try:
        with contextlib.closing(
            sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        ) as connection:
            tables = {
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
            if not tables:
                return set()
            if "tortoise_migrations" not in tables:
                raise OperatorError(f"{path} is a database of another program")
            return {
                name
                for (name,) in connection.execute(
                    "SELECT name FROM tortoise_migrations WHERE app = ?", (APP,)
                )
            }
    except sqlite3.Error as error:
        if not path.exists():
            return set()
        raise OperatorError(f"{path} cannot be read as a database: {error}") from error


def _apply_missing(path: Path) -> list[str]:
    """In a thread, under the lock."""
    names = missing(path)
    if not names:
        return []
    try:
        if len(names) == len(migration_names()):
            _create(path)
        else:
            _upgrade(path, names[0])
    except Exception as error:
        raise OperatorError(f"{path} could not be brought to {names[-1]}: {error}") from error
    log.info("database_migrated", migrations=len(names), last=names[-1])
    return names


def _create(path: Path) -> None:
    """Beside its place, then moved there: a death half-way leaves no half database."""
    new = path.with_name(f"{path.name}.new")
    for leftover in (new, Path(f"{new}-wal"), Path(f"{new}-shm")):
        leftover.unlink(missing_ok=True)
    _run(new)
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _upgrade(path: Path, name: str) -> None:
    copy = path.with_name(f"{path.name}.before-{name}")
    with contextlib.closing(sqlite3.connect(path)) as old, contextlib.closing(sqlite3.connect(copy)) as kept:
        old.backup(kept)
    try:
        _run(path)
    except Exception as error:
        raise OperatorError(f"{error} (as it was before: {copy})") from error


def _run(path: Path) -> None:
    """Tortoise waits for ever where a transaction cannot begin, so that is found out first."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    asyncio.run(_on_its_own_loop(path))


async def _on_its_own_loop(path: Path) -> None:
    """And in a context of its own: that is where Tortoise keeps its state."""
    from tortoise import Tortoise
    from tortoise.migrations import api

    try:
        async with asyncio.timeout(LIMIT):
            await api.migrate(config=tortoise_config(str(path)), app_labels=[APP], direction="forward")
    finally:
        await Tortoise.close_connections()
