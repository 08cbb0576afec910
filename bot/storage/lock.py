"""One process per database: an advisory lock that the kernel frees when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from bot.errors import OperatorError, ProjectLocked


class ProjectLock:
    """Held from `take` to `release`. The file stays: removing it would let two hold it."""

    def __init__(self, file: int) -> None:
        self._file: int | None = file

    @classmethod
    def take(cls, database: Path) -> ProjectLock:
        """Raises ProjectLocked, at once, if another process (or store) holds it; OperatorError
        if the lock's file cannot be made."""
        path = lock_path(database)
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise OperatorError(f"the lock of the database cannot be made: {error}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise ProjectLocked(
                f"another process (pid {holder}) serves this project: it holds {path}. Stop it first"
            ) from None
        os.truncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        return cls(file)

    def release(self) -> None:
        """A second time is fine."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lock_path(database: Path) -> Path:
    """Where the lock of a database is."""
    return database.with_name(database.name + ".lock")
