"""What only the store in a file can get wrong: locks, full disks, threads."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.ports import Append, Change, Committed, Insert, Op
from bot.rows import Chat, Message, Timer
from bot.storage import lane as lane_module
from bot.storage import sqlite as sqlite_module
from bot.storage.sqlite import SqliteStore
from bot.storage.statements import plan
from bot.storage.writing import Writer
from tests.storage.samples import CHAT, TIMER, fresh, line, with_

LIMIT = 5.0


@pytest.fixture
async def path(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    await fresh(tmp_path, tmp_path_factory)
    return tmp_path / "cuebook.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    made = SqliteStore(path)
    await made.start()
    yield made
    await made.close()


@contextlib.contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody else is writing."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.rollback()


def pragma(path: Path, name: str) -> Any:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


async def test_the_file_has_a_write_ahead_log(store: SqliteStore, path: Path) -> None:
    assert pragma(path, "journal_mode") == "wal"


@pytest.mark.parametrize(("synchronous", "level"), [("FULL", 2), ("NORMAL", 1)])
def test_the_writer_is_as_synchronous_as_asked(path: Path, synchronous: str, level: int) -> None:
    with contextlib.closing(sqlite_module._connect(path, "rw", synchronous)) as connection:
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"synchronous": level, "foreign_keys": 1, "busy_timeout": 5_000}


async def test_closing_empties_the_log_into_the_database(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.commit([Insert(CHAT)])
    await store.close()
    assert [file.name for file in sorted(path.parent.iterdir())] == ["cuebook.db"]
    assert pragma(path, "integrity_check") == "ok"


async def test_what_was_accepted_before_closing_is_in_the_file(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.commit([Insert(CHAT)])
    waiting = [asyncio.ensure_future(store.commit([Append("c1", [line("c1", "x")])])) for _ in range(300)]
    await asyncio.sleep(0)
    for one in waiting[::2]:
        one.cancel()
    await store.close()
    await asyncio.gather(*waiting, return_exceptions=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), max(seq) FROM message").fetchone() == (300, 300)


async def test_a_write_waits_for_another_process_and_the_loop_does_not(
    store: SqliteStore, path: Path
) -> None:
    with held(path):
        waiting = asyncio.ensure_future(store.commit([Insert(CHAT)]))
        for _ in range(50):
            await asyncio.sleep(0)
            assert await store.get(Chat, id="c1") is None
        assert not waiting.done()
    async with asyncio.timeout(LIMIT):
        assert await waiting == Committed()


async def test_a_lock_held_too_long_makes_the_store_unavailable_and_it_recovers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY", 0.02)
    store = SqliteStore(path)
    await store.start()
    with held(path):
        answers = await asyncio.gather(
            *(store.commit([Insert(with_(CHAT, id=f"c{n}"))]) for n in range(5)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 5
        assert len({id(answer) for answer in answers}) == 5
    assert await store.commit([Insert(CHAT)]) == Committed()
    assert await store.find(Chat) == [CHAT]
    await store.close()


async def test_a_full_disk_makes_the_store_unavailable_until_there_is_space(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, opened = sqlite_module._connect, []

    def small(*args: Any) -> sqlite3.Connection:
        connection = connect(*args)
        connection.execute("PRAGMA max_page_count = 100")
        opened.append(connection)
        return connection

    monkeypatch.setattr(sqlite_module, "_connect", small)
    store = SqliteStore(path)
    await store.start()
    await store.commit([Insert(CHAT)])
    big = "x" * 100_000
    answers: list[Any] = []
    while not any(isinstance(answer, StoreUnavailable) for answer in answers):
        units: list[list[Op]] = [
            [Change(Chat, {"id": "c1"}, {"version": len(answers)}), Append("c1", [line("c1", big)])],
            [Insert(with_(TIMER, id=f"t{len(answers)}"))],
        ]
        answers += await asyncio.gather(*map(store.commit, units), return_exceptions=True)
    assert "full" in str(answers[-2])
    written = sum(isinstance(answer, Committed) for answer in answers[0::2])
    assert [row.seq for row in await store.find(Message)] == list(range(1, written + 1))
    await store.commit([Change(Chat, {"id": "c1", "seq": written}, {"version": 999})])
    await store.close()
    assert pragma(path, "integrity_check") == "ok"


async def test_one_unit_more_than_may_wait_is_refused(path: Path) -> None:
    store = SqliteStore(path, length=3)
    await store.start()
    with held(path):
        first = asyncio.ensure_future(store.commit([Insert(with_(TIMER, id="first"))]))
        await asyncio.sleep(0)
        await _until(store._writes._queue.empty)  # the thread has it, and waits for the lock
        waiting = [asyncio.ensure_future(store.commit([Insert(with_(TIMER, id=f"t{n}"))])) for n in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="too much work"):
            await store.commit([Insert(with_(TIMER, id="one too many"))])
    await asyncio.gather(first, *waiting)
    assert [timer.id for timer in await store.find(Timer)] == ["first", "t0", "t1", "t2"]
    await store.close()


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not true():
            await asyncio.sleep(0)


async def test_what_waits_is_committed_in_few_groups_of_limited_size(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups: list[int] = []
    work = Writer.work

    def counting(self: Writer, units: Any) -> Any:
        groups.append(len(units))
        return work(self, units)

    monkeypatch.setattr(Writer, "work", counting)
    with held(path):
        waiting = [
            asyncio.ensure_future(store.commit([Insert(with_(TIMER, id=f"t{n}"))])) for n in range(1_000)
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert sum(groups) == 1_000
    assert max(groups) == lane_module.BATCH
    assert len(groups) <= 5


async def test_a_mistake_of_ours_in_the_thread_fails_its_units_and_no_later_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Writer, "_apply", lambda self, unit: 1 / 0)
        with pytest.raises(StoreUnavailable):
            await store.commit([Insert(CHAT)])
    assert await store.commit([Insert(CHAT)]) == Committed()


async def test_the_database_taken_away_is_unavailable(store: SqliteStore, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE timer")
    with pytest.raises(StoreUnavailable, match="cannot be read now: no such table"):
        await store.find(Timer)
    with pytest.raises(StoreUnavailable, match="cannot be written now: no such table"):
        await store.commit([Insert(TIMER)])
    assert await store.commit([Insert(CHAT)]) == Committed()


def written(path: Path, *units: list[Op]) -> list[str]:
    """The first two words of every statement that a group of units leads to."""
    statements: list[str] = []
    writer = Writer(sqlite_module._connect(path, "rw"))
    writer._connection.set_trace_callback(statements.append)
    writer.work([plan(unit) for unit in units])
    writer.close()
    return [" ".join(statement.split()[:2]) for statement in statements]


def test_a_group_is_one_transaction_that_takes_the_lock_first(path: Path) -> None:
    units: list[list[Op]] = [[Insert(with_(TIMER, id=f"t{n}"))] for n in range(3)]
    assert written(path, *units) == ["BEGIN IMMEDIATE", *["INSERT INTO"] * 3, "COMMIT"]


def test_a_group_with_a_refused_unit_is_applied_again_with_savepoints(path: Path) -> None:
    assert written(path, [Insert(TIMER)], [Insert(TIMER)], [Insert(CHAT)]) == [
        *["BEGIN IMMEDIATE", "INSERT INTO", "INSERT INTO", "ROLLBACK"],
        "BEGIN IMMEDIATE",
        *["SAVEPOINT unit", "INSERT INTO", "RELEASE unit"],
        *["SAVEPOINT unit", "INSERT INTO", "ROLLBACK TO", "RELEASE unit"],
        *["SAVEPOINT unit", "INSERT INTO", "RELEASE unit"],
        "COMMIT",
    ]


def test_a_refused_unit_alone_is_not_applied_twice(path: Path) -> None:
    assert written(path, [Insert(TIMER), Insert(TIMER)]) == [
        *["BEGIN IMMEDIATE", "INSERT INTO", "INSERT INTO", "ROLLBACK"]
    ]


async def test_statements_are_prepared_once_for_each_shape(store: SqliteStore) -> None:
    from bot.storage import statements

    await store.commit([Insert(CHAT)])
    before = statements._change_sql.cache_info()
    for version in range(1, 51):
        await store.commit([Change(Chat, {"id": "c1", "version": version}, {"version": version + 1})])
    after = statements._change_sql.cache_info()
    assert (after.hits + after.misses) - (before.hits + before.misses) == 50
    assert after.misses - before.misses <= 1
