"""A database gets its tables once, whole, and is copied before it is altered."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from bot.errors import OperatorError, ProjectLocked
from bot.ports import Insert
from bot.rows import Chat
from bot.storage import migrate as migrating
from bot.storage.lock import ProjectLock
from bot.storage.migrate import migrate, migration_names
from bot.storage.open import open_readonly, open_store
from tests.storage.samples import CHAT, fresh

ALL = migration_names()


def asked(path: Path, sql: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


async def test_migrating_twice_does_it_once(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/cuebook.db"
    assert await migrate(url) == ALL
    assert await migrate(url) == []
    assert asked(tmp_path / "cuebook.db", "SELECT app, name FROM tortoise_migrations") == [
        ("cuebook", name) for name in ALL
    ]
    assert {file.name for file in tmp_path.iterdir()} == {"cuebook.db", "cuebook.db.lock"}


async def test_of_three_who_migrate_at_once_one_does_it(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/cuebook.db"
    done = await asyncio.gather(*(migrate(url) for _ in range(3)))
    assert sorted(done) == [[], [], ALL]


async def test_where_nothing_is_missing_a_server_may_hold_the_database(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    store = await open_store(url)
    assert await migrate(url) == []
    await store.close()


async def test_a_database_in_use_is_not_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "PATIENCE", 0.0)
    lock = ProjectLock.take(tmp_path / "cuebook.db")
    with pytest.raises(ProjectLocked):
        await migrate(f"sqlite://{tmp_path}/cuebook.db")
    lock.release()
    assert not (tmp_path / "cuebook.db").exists()


async def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    for left in ("cuebook.db.new", "cuebook.db.new-wal", "cuebook.db.new-shm"):
        (tmp_path / left).write_text("the power went out here")
    assert await migrate(f"sqlite://{tmp_path}/cuebook.db") == ALL
    assert asked(tmp_path / "cuebook.db", "PRAGMA integrity_check") == [("ok",)]


async def test_a_failed_creation_leaves_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(path: Path) -> None:
        path.touch()
        raise OSError("no space left on device")

    url = f"sqlite://{tmp_path}/cuebook.db"
    with monkeypatch.context() as broken:
        broken.setattr(migrating, "_on_its_own_loop", dies)
        with pytest.raises(OperatorError, match="no space left"):
            await migrate(url)
    assert not (tmp_path / "cuebook.db").exists()
    assert await migrate(url) == ALL


def test_migrations_that_hang_are_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tortoise never releases its lock when a transaction cannot begin."""
    (tmp_path / "cuebook.db").write_text("no transaction can begin here")
    monkeypatch.setattr(migrating, "LIMIT", 0.05)
    with pytest.raises(TimeoutError):
        asyncio.run(migrating._on_its_own_loop(tmp_path / "cuebook.db"))


async def test_a_database_of_a_newer_version_is_left_alone(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    with contextlib.closing(sqlite3.connect(tmp_path / "cuebook.db")) as connection:
        connection.execute(
            "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('cuebook', '9999_wings', 0)"
        )
        connection.commit()
    for act in (migrate, open_store, open_readonly):
        with pytest.raises(OperatorError, match="newer version of Cuebook"):
            await act(url)


@pytest.mark.parametrize("content", [b"not a database at all" * 50, b"SQLite format 3\x00" + b"\xff" * 4096])
async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cuebook.db").write_bytes(content)
    for act in (migrate, open_store, open_readonly):
        with pytest.raises(OperatorError, match="cannot be read as a database"):
            await act(f"sqlite://{tmp_path}/cuebook.db")
    assert (tmp_path / "cuebook.db").read_bytes() == content


async def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "cuebook.db")) as connection:
        connection.execute("CREATE TABLE invoices (id INTEGER)")
    with pytest.raises(OperatorError, match="another program"):
        await open_store(f"sqlite://{tmp_path}/cuebook.db")
    assert asked(tmp_path / "cuebook.db", "SELECT name FROM sqlite_master") == [("invoices",)]


# --- the next version ------------------------------------------------------------------

LATER = f"""
from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("cuebook", "{ALL[-1]}")]
    operations = [
        ops.AddField(model_name="Chat", name="mood", field=fields.TextField(db_default="calm")),
        %s
    ]
"""


@pytest.fixture
async def later(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A database of this version with a chat in it, and a version that has one more migration."""
    store = await open_store(await fresh(tmp_path, tmp_path_factory))
    await store.commit([Insert(CHAT)])
    await store.close()
    package = tmp_path / "later_migrations"
    shutil.copytree(migrating.FOLDER, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(migrating, "FOLDER", package)
    monkeypatch.setattr(migrating, "PACKAGE", package.name)
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        monkeypatch.delitem(sys.modules, name)
    return package


async def test_an_older_database_is_copied_and_brought_up_to_date(later: Path, tmp_path: Path) -> None:
    (later / "9999_mood.py").write_text(LATER % "")
    url = f"sqlite://{tmp_path}/cuebook.db"
    with pytest.raises(OperatorError, match="older version"):
        await open_readonly(url)
    assert await migrate(url) == ["9999_mood"]
    assert asked(tmp_path / "cuebook.db", "SELECT id, mood FROM chat") == [("c1", "calm")]
    copy = tmp_path / "cuebook.db.before-9999_mood"
    assert asked(copy, "SELECT id FROM chat") == [("c1",)]
    assert asked(copy, "SELECT name FROM tortoise_migrations") == [(name,) for name in ALL]
    store = await open_store(url)
    assert await store.get(Chat, id="c1") == CHAT
    await store.close()


async def test_a_failed_migration_leaves_the_database_as_it_was(later: Path, tmp_path: Path) -> None:
    (later / "9999_mood.py").write_text(LATER % 'ops.RunSQL("DROP TABLE no_such_table"),')
    with pytest.raises(OperatorError, match="before-9999_mood"):
        await open_store(f"sqlite://{tmp_path}/cuebook.db")
    assert asked(tmp_path / "cuebook.db", "SELECT name FROM tortoise_migrations") == [(name,) for name in ALL]
    columns = [name for _, name, *_ in asked(tmp_path / "cuebook.db", "PRAGMA table_info(chat)")]
    assert columns == [*Chat.__struct_fields__]
