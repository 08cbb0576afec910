"""The way to a store, and who is turned away."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest

from bot.errors import OperatorError, ProjectLocked, SettingsError, StoreUnavailable
from bot.ports import Insert
from bot.rows import Chat
from bot.storage.address import database_path
from bot.storage.open import open_readonly, open_store
from tests.storage.samples import CHAT, fresh


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("sqlite:///var/lib/cuebook.db", "/var/lib/cuebook.db"),
        ("sqlite://.cuebook/cuebook.db", ".cuebook/cuebook.db"),
        ("sqlite://my project/100%.db", "my project/100%.db"),
    ],
)
def test_an_address_names_a_file(address: str, path: str) -> None:
    assert database_path(address) == Path(path)


@pytest.mark.parametrize(
    "address",
    [
        "postgres://me:hunter2@db/x",
        "postgresql://me:hunter2@db/x",
        "mysql://me:hunter2@db/x",
        "sqlite://",
        "sqlite:///",
        "sqlite://:memory:",
        "sqlite:///x.db?mode=hunter2",
        "sqlite:x.db",
        "x.db",
        "",
    ],
)
async def test_another_address_is_a_wrong_setting_and_is_not_repeated(address: str) -> None:
    for opening in (open_store, open_readonly):
        with pytest.raises(SettingsError, match="DATABASE_URL") as refused:
            await opening(address)
        assert "hunter2" not in str(refused.value)
        assert ("PostgreSQL is not supported yet" in str(refused.value)) == address.startswith("postgres")


@pytest.mark.parametrize("place", ["new/project/.cuebook/cuebook.db", "Grüße %41 #1/a&b='c'.db"])
async def test_opening_makes_the_folder_and_the_tables(tmp_path: Path, place: str) -> None:
    store = await open_store(f"sqlite://{tmp_path}/{place}")
    await store.commit([Insert(CHAT)])
    await store.close()
    assert (tmp_path / place).exists()
    again = await open_store(f"sqlite://{tmp_path}/{place}")
    assert await again.find(Chat) == [CHAT]
    await again.close()


async def test_a_relative_address_is_relative_to_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await open_store("sqlite://.cuebook/cuebook.db")
    await store.close()
    assert (tmp_path / ".cuebook" / "cuebook.db").exists()


async def test_a_second_store_on_the_database_is_locked_out(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    first = await open_store(url)
    with pytest.raises(ProjectLocked) as refused:
        await open_store(url)
    assert str(os.getpid()) in str(refused.value)
    assert str(tmp_path / "cuebook.db.lock") in str(refused.value)
    await first.commit([Insert(CHAT)])
    await first.close()
    second = await open_store(url)
    assert await second.find(Chat) == [CHAT]
    await second.close()


async def test_a_wrong_synchronous_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FULL or NORMAL"):
        await open_store(f"sqlite://{tmp_path}/x.db", synchronous="OFF; DROP TABLE chat")


async def test_a_failed_opening_lets_go_of_the_lock(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.storage import sqlite as sqlite_module

    url = await fresh(tmp_path, tmp_path_factory)
    connect = sqlite_module._connect

    def no_reader(path: Path, mode: str, synchronous: str = "FULL") -> sqlite3.Connection:
        if mode == "ro":
            raise sqlite3.OperationalError("unable to open database file")
        return connect(path, mode, synchronous)

    with monkeypatch.context() as broken:
        broken.setattr(sqlite_module, "_connect", no_reader)
        with pytest.raises(OperatorError, match="cannot be opened"):
            await open_store(url)
    await (await open_store(url)).close()


async def test_a_cancelled_opening_lets_go_of_the_lock(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    for turns in range(40):
        opening = asyncio.ensure_future(open_store(url))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        if not opening.cancelled():
            await opening.result().close()
    await (await open_store(url)).close()


async def test_a_place_that_cannot_be_made_is_for_the_operator(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for place in ("file/cuebook.db", "file/sub/cuebook.db"):
        with pytest.raises(OperatorError):
            await open_store(f"sqlite://{tmp_path}/{place}")


# --- for looking only ------------------------------------------------------------------


async def test_one_may_look_while_a_server_works(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    serving, looking = await open_store(url), await open_readonly(url)
    await serving.commit([Insert(CHAT)])
    assert await looking.find(Chat) == [CHAT]
    with pytest.raises(StoreUnavailable, match="reading only"):
        await looking.commit([Insert(CHAT)])
    await looking.close()
    await serving.close()


async def test_one_may_look_where_nobody_works(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    looking = await open_readonly(await fresh(tmp_path, tmp_path_factory))
    assert await looking.get(Chat, id="c1") is None
    await looking.close()


async def test_looking_leaves_no_trace(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    url = await fresh(tmp_path, tmp_path_factory)
    await (await open_readonly(url)).close()
    assert not (tmp_path / "cuebook.db.lock").exists()


async def test_there_is_nothing_to_look_at_yet(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no database yet"):
        await open_readonly(f"sqlite://{tmp_path}/cuebook.db")
    assert [*tmp_path.iterdir()] == []


async def test_looking_does_not_migrate(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "cuebook.db").close()
    (tmp_path / "cuebook.db").touch()
    with pytest.raises(OperatorError, match="cuebook migrate"):
        await open_readonly(f"sqlite://{tmp_path}/cuebook.db")
