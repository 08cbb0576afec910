"""The store among real processes: kills, second servers, migrators."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import ProjectLocked
from bot.rows import Chat, Message, Timer
from bot.storage.migrate import migration_names
from bot.storage.open import open_readonly, open_store

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
LIMIT = 30.0

ALL = migration_names()


@contextlib.asynccontextmanager
async def python(*arguments: str) -> AsyncIterator[Process]:
    """A process of ours, dead at the end whatever happens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=PIPE, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        async with asyncio.timeout(LIMIT):
            yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def killed_while_writing(url: str, first: int, lines: int) -> list[str]:
    """What a writer was promised before kill -9."""
    async with python("-m", "tests.storage.keep_writing", url, str(first)) as writer:
        assert writer.stdout is not None
        promised = [await writer.stdout.readline() for _ in range(lines)]
        with pytest.raises(ProjectLocked, match=str(writer.pid)):
            await open_store(url)
        looking = await open_readonly(url)
        assert await looking.find(Timer, id=promised[0].decode().strip())
        await looking.close()
        writer.kill()
        promised += (await writer.stdout.read()).splitlines(keepends=True)
    return [line.decode().strip() for line in promised if line.endswith(b"\n")]


async def test_no_promise_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "cuebook.db"
    promised: set[str] = set()
    for kill, lines in enumerate((30, 700, 2_000)):
        promised.update(await killed_while_writing(f"sqlite://{path}", kill * 1_000_000, lines))
        store = await open_store(f"sqlite://{path}")
        timers = {timer.id for timer in await store.find(Timer, limit=100_000)}
        assert promised <= timers
        for chat in await store.find(Chat):
            rows = await store.find(Message, chat=chat.id, order="seq", limit=100_000)
            assert [row.seq for row in rows] == list(range(1, chat.seq + 1))
            timers -= {row.text for row in rows}
        assert timers == set()  # both halves of each unit, or neither
        await store.close()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(promised) > 2_700


MIGRATE = """
import asyncio, sys
from bot.storage.migrate import migrate
print(asyncio.run(migrate(sys.argv[1])))
"""


async def test_three_processes_that_migrate_at_once_all_succeed(tmp_path: Path) -> None:
    async def run() -> str:
        async with python("-c", MIGRATE, f"sqlite://{tmp_path}/new/cuebook.db") as process:
            out, _ = await process.communicate()
            assert process.returncode == 0
            return out.decode().splitlines()[-1]

    done = await asyncio.gather(*(run() for _ in range(3)))
    assert sorted(done) == sorted([str(ALL), "[]", "[]"])


OPEN = """
import asyncio, sys
from bot.storage.open import open_store
async def main():
    await (await open_store(sys.argv[1])).close()
asyncio.run(main())
print("tortoise" in sys.modules)
"""


async def test_a_start_with_nothing_to_migrate_does_without_tortoise(tmp_path: Path) -> None:
    for imported in ("True", "False"):
        async with python("-c", OPEN, f"sqlite://{tmp_path}/cuebook.db") as process:
            out, _ = await process.communicate()
            assert out.decode().splitlines()[-1] == imported
