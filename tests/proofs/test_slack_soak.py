"""Slack at its own rate, with everything else hanging: the short form of `python -m bench.slack_soak`."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

pytestmark = pytest.mark.proof


async def test_nothing_is_lost_doubled_or_late_when_all_systems_hang() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.slack_soak", "--seconds", "6",
        cwd=Path(__file__).parents[2], stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    said, wrong = await process.communicate()
    assert process.returncode == 0, said.decode() + wrong.decode()
