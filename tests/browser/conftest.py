"""The demo as a person starts it, and a browser as a person sees it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = shutil.which("chromium")
PROGRAM = Path(sys.executable).with_name("cuebook")
PATIENCE = 30.0


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[str]:
    """`cuebook demo` in an empty folder; gives the address that it printed."""
    process = await asyncio.create_subprocess_exec(
        str(PROGRAM), "demo", cwd=tmp_path, env={"PATH": os.environ["PATH"], "PORT": "0", "HOME": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    async with asyncio.timeout(PATIENCE):
        while not (found := re.search(r"http://[\d.]+:\d+/chat/[a-z-]+", told)):
            line = await process.stdout.readline()
            assert line, f"the demo ended: {told}"
            told += line.decode()
    drain = asyncio.get_running_loop().create_task(process.stdout.read())
    yield found[0]
    with suppress(ProcessLookupError):
        process.terminate()
    await process.wait()
    await drain


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A page in headless Chromium. Without one: a failure in CI, a loud skip elsewhere."""
    if CHROMIUM is None:
        if "CI" in os.environ:
            pytest.fail("there is no chromium; the browser tests must run in CI")
        pytest.skip("THERE IS NO CHROMIUM, the browser tests did not run (Debian: apt-get install chromium)")
    async with async_playwright() as playwright:
        browser: Browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = await browser.new_page(viewport={"width": 900, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        await browser.close()
