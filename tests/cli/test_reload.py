"""Changed files come into force as a whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.reload import Reload
from bot.runtime.assemble import Runtime
from bot.runtime.library import Library
from bot.storage.memory import MemoryStore
from bot.testing.clock import FakeClock
from bot.testing.stubs import Stubs
from flows.loader import load_project


class Watched(NamedTuple):
    root: Path
    runtime: Runtime
    reload: Reload
    told: list[str]


@pytest.fixture
async def watched(project: Path) -> AsyncIterator[Watched]:
    clock, store, told = FakeClock(), MemoryStore(), list[str]()
    runtime = Runtime(store, clock, Library(store, clock), Stubs({}, clock), {})
    await runtime.adopt(await asyncio.to_thread(load_project, project))
    yield Watched(project, runtime, Reload(project, runtime, told.append), told)
    await runtime.stop()


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


async def _changed(path: Path, old: str, new: str) -> None:
    await asyncio.to_thread(_change, path, old, new)


async def test_a_good_change_is_taken_and_named(watched: Watched) -> None:
    before = watched.runtime.library.runbook("greet").hash
    await _changed(watched.root / "runbooks" / "greet.yaml", "Hello $name", "Welcome $name")
    assert await watched.reload.take()
    assert watched.runtime.library.runbook("greet").hash != before
    assert watched.told == ["Taken: runbooks/greet.yaml. New chats and runs use it."]


async def test_a_bad_change_keeps_the_old_set_and_says_why(watched: Watched) -> None:
    greet, order = watched.root / "runbooks" / "greet.yaml", watched.root / "runbooks" / "order.yaml"
    before = watched.runtime.library.project
    await _changed(greet, "steps:", "stepps:")
    await _changed(order, "Ordered", "Bought")
    assert not await watched.reload.take()
    assert watched.runtime.library.project is before
    assert "runbooks/greet.yaml:9:1:" in watched.told[0]
    assert watched.told[0].endswith("The files were not taken; what was in force before still is.")
    await _changed(greet, "stepps:", "steps:")
    await _changed(order, "Bought", "Ordered")
    assert await watched.reload.take()
    assert watched.told[1:] == ["The files are good again and as they were."]


async def test_files_that_say_the_same_are_no_change(watched: Watched) -> None:
    before = watched.runtime.library.project
    assert await watched.reload.take()
    assert (watched.told, watched.runtime.library.project) == ([], before)


async def test_a_folder_that_cannot_be_read_stops_no_watching(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr("bot.reload.load_project", gone)
    assert not await watched.reload.take()
    assert watched.told == ["The changed files could not be taken: the disk is gone"]


async def _until_told(watched: Watched, path: str) -> None:
    """Change a file again and again: nobody says from when on it is watched."""
    watched.told.clear()
    for number in range(200):
        await asyncio.to_thread(_note, watched.root / path, number)
        for _ in range(10):
            await asyncio.sleep(0.02)
            if any(path in text for text in watched.told):
                return
    raise AssertionError(watched.told)


def _note(path: Path, number: int) -> None:
    path.write_text(path.read_text("utf-8").partition("# ")[0] + f"# {number}\n", "utf-8")


@pytest.mark.proof
async def test_changes_are_noticed_in_folders_that_were_not_there_at_first(watched: Watched) -> None:
    aside, connectors = watched.root / "shop", watched.root / "connectors"
    await asyncio.to_thread((watched.root / "runbooks" / "order.yaml").unlink)  # it calls the shop
    await asyncio.to_thread((connectors / "shop.yaml").rename, aside)
    await asyncio.to_thread(connectors.rmdir)
    task = asyncio.create_task(watched.reload.watch())
    try:
        await _until_told(watched, "runbooks/greet.yaml")
        await asyncio.to_thread(connectors.mkdir)
        await asyncio.to_thread(aside.rename, connectors / "shop.yaml")
        await _until_told(watched, "connectors/shop.yaml")  # the folder's own coming was seen
        await _until_told(watched, "connectors/shop.yaml")  # and what changes inside is, too
    finally:
        watched.reload.stop()
        await asyncio.wait([task], timeout=5)
    assert task.done()
