"""One served project a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.guide.house import House, Outside
from tests.guide.slack_guest import Workspace


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    service = Outside()
    await service.start()
    yield service
    await service.stop()


@pytest.fixture(params=["web", "slack"])
async def house(request: pytest.FixtureRequest, tmp_path: Path, outside: Outside) -> AsyncIterator[House]:
    """The same project and the same words, once at its web chat and once in Slack."""
    served = House(tmp_path, outside, Workspace() if request.param == "slack" else None)
    yield served
    await served.stop()
