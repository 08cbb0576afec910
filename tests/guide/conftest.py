"""One served project a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.guide.house import House, Outside


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    service = Outside()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture
async def house(tmp_path: Path, outside: Outside) -> AsyncIterator[House]:
    served = House(tmp_path, outside)
    yield served
    await served.stop()
