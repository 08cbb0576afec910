"""The way to a store: from the address in the settings to something that commits."""

from __future__ import annotations

import asyncio
import sqlite3

from bot.errors import OperatorError, SettingsError
from bot.ports import Store
from bot.storage.address import database_path
from bot.storage.lock import ProjectLock
from bot.storage.migrate import migrate, missing
from bot.storage.sqlite import SYNCHRONOUS, SqliteReader, SqliteStore


async def open_store(database_url: str, *, synchronous: str = "FULL") -> Store:
    """The project's store for this process alone, created and migrated where needed.

    Raises SettingsError for an address or `synchronous` that cannot be, ProjectLocked if
    another process holds the database, OperatorError if it cannot be opened or is newer.
    """
    path = database_path(database_url)
    if synchronous not in SYNCHRONOUS:
        raise SettingsError(f"synchronous is {' or '.join(SYNCHRONOUS)}, not {synchronous}")
    await migrate(database_url)
    lock = ProjectLock.take(path)
    try:
        store = SqliteStore(path, synchronous=synchronous, lock=lock)
        await store.start()
    except BaseException as error:
        lock.release()
        if isinstance(error, sqlite3.Error):
            raise OperatorError(f"{path} cannot be opened: {error}") from error
        raise
    return store


async def open_readonly(database_url: str) -> Store:
    """The project's store for looking, also while a server runs: no lock, no migration.

    Raises SettingsError as `open_store`; OperatorError if there is no database yet, if it
    cannot be opened, or if it lacks migrations.
    """
    path = database_path(database_url)
    if not await asyncio.to_thread(path.exists):
        raise OperatorError(f"there is no database yet at {path}: nothing was served from here")
    if await asyncio.to_thread(missing, path):
        raise OperatorError(f"{path} is from an older version of Cuebook: run `cuebook migrate`")
    store = SqliteReader(path)
    try:
        await store.start()
    except sqlite3.Error as error:
        raise OperatorError(f"{path} cannot be opened: {error}") from error
    return store
