"""Group commit: the units of many turns and steps become durable by one flush.

A unit that is refused (Conflict, Duplicate) harms no other. First all units are applied
together, which is the common case and the cheap one; only if one is refused is the group
taken back and applied again with a savepoint for each.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Sequence

import msgspec
import structlog

from bot.errors import Conflict, Duplicate, StoreError, StoreUnavailable
from bot.ports import Committed
from bot.rows import Message, Outbox, outbox_row
from bot.storage.statements import STAMP, Numbering, Planned, insert_sql

_NOTHING = Committed()

log = structlog.get_logger()


class Writer:
    """Commits groups of units on its connection. Lives in one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._execute = self._cursor.execute

    def work(self, units: Sequence[Planned]) -> list[Committed | StoreError]:
        """Durable when it returns: every unit that was answered with Committed."""
        try:
            return self._together(units)
        except sqlite3.Error as error:
            reason = f"the database cannot be written now: {error}"
            log.warning("store_unavailable", reason=_name(error), units=len(units))
            return [StoreUnavailable(reason) for _ in units]
        finally:
            self._undo()

    def close(self) -> None:
        """The last connection to close also empties the write-ahead log."""
        self._connection.close()

    def _together(self, units: Sequence[Planned]) -> list[Committed | StoreError]:
        try:
            return self._group(units, self._apply)
        except (StoreError, sqlite3.IntegrityError) as error:
            if len(units) == 1:
                return [_refusal(error)]
        self._undo()
        return self._group(units, self._apply_apart)

    def _group(
        self, units: Sequence[Planned], apply: Callable[[Planned], Committed | StoreError]
    ) -> list[Committed | StoreError]:
        # IMMEDIATE: a deferred transaction that reads first cannot wait for another process.
        self._execute("BEGIN IMMEDIATE")
        answers = [apply(unit) for unit in units]
        self._execute("COMMIT")
        return answers

    def _apply_apart(self, unit: Planned) -> Committed | StoreError:
        self._execute("SAVEPOINT unit")
        try:
            return self._apply(unit)
        except (StoreError, sqlite3.IntegrityError) as error:
            self._execute("ROLLBACK TO unit")
            return _refusal(error)
        finally:
            if self._connection.in_transaction:
                self._execute("RELEASE unit")

    def _apply(self, unit: Planned) -> Committed:
        lines: tuple[Message, ...] = ()
        for step in unit:
            if isinstance(step, Numbering):
                lines += self._append(step)
                continue
            self._execute(step.sql, step.params)
            if step.exact and self._cursor.rowcount != 1:
                raise Conflict(f"the expected row of {step.table} was not there")
        return Committed(lines) if lines else _NOTHING

    def _append(self, step: Numbering) -> tuple[Message, ...]:
        counted = self._execute(step.sql, step.params).fetchone()
        if counted is None:
            raise Conflict("there is no such chat to append to")
        first = counted[0] - len(step.lines) + 1
        lines = tuple(msgspec.structs.replace(line, seq=first + n) for n, line in enumerate(step.lines))
        for line in lines:
            self._execute(insert_sql(Message), msgspec.structs.astuple(line))
        if step.outbox is not None:
            for line in lines:
                self._execute(insert_sql(Outbox), msgspec.structs.astuple(outbox_row(line, step.outbox)))
        if step.stamp is not None:
            self._execute(STAMP, (first, step.stamp))
            if self._cursor.rowcount != 1:
                raise Conflict("there is no such inbox row to stamp")
        return lines

    def _undo(self) -> None:
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.rollback()


def _refusal(error: StoreError | sqlite3.IntegrityError) -> StoreError:
    return error if isinstance(error, StoreError) else Duplicate(str(error))


def _name(error: sqlite3.Error) -> str:
    """SQLite's own name of the error; Python's binding raises some without one."""
    return getattr(error, "sqlite_errorname", type(error).__name__)
