"""Stages for the runtime's tests: on the store in memory, and on SQLite where it matters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.ports import Store
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store
from bot.testing import Stage, project_of
from flows.project import Project
from tests.storage.samples import fresh


def unchecked(*texts: str) -> Awaitable[Project]:
    """A project that the rules between steps and files would refuse. Read in a thread."""
    return asyncio.to_thread(project_of, *texts, checked=False)


Open = Callable[..., Awaitable[Stage]]


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Store:
    """Both stores, one after the other."""
    if request.param == "memory":
        return MemoryStore()
    return await open_store(await fresh(tmp_path, tmp_path_factory))


@pytest.fixture
async def stage() -> AsyncIterator[Open]:
    """Opens stages (`Stage.open`) that end with the test. A task of the runtime that crashed
    fails the test, whatever else went well."""
    opened: list[Stage] = []

    async def opens(project: Any, **more: Any) -> Stage:
        opened.append(await Stage.open(project, **more))
        return opened[-1]

    yield opens
    for one in opened:
        alive, crashed = not one.store.dead, one.runtime.tasks.crashed
        await one.close()
        assert not (alive and crashed), "a task of the runtime crashed; see the log"
