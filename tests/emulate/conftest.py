"""A Slack that others wrote (the npm package `emulate`), and our installation beside it.

A second opinion on what our own fake says: how a code becomes a token, and what calls look
like. It knows no events, no sockets, no tokens that expire.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "build" / "emulate" / "node_modules" / "emulate" / "dist" / "index.js"
NODE = shutil.which("node")
PATIENCE = 30.0
CLIENT = ("12345.67890", "what the emulator and we share")
PUBLIC = "https://bot.example.com"
SCOPES = [
    "app_mentions:read", "channels:history", "chat:write", "commands", "files:write", "groups:history",
    "im:history", "im:read", "im:write", "mpim:history", "users:read", "users:read.email",
]  # fmt: skip


def seed() -> str:
    """Who is there, and the app's registration; YAML reads JSON."""
    app = {
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "app_id": "A000000001",
        "name": "Cuebook",
        "redirect_uris": [f"{PUBLIC}/slack/oauth_redirect"],
        "scopes": SCOPES,
        "bot_name": "cuebook",
    }
    people = [{"name": "ann", "real_name": "Ann Lee", "email": "ann@desk.example"}]
    slack = {
        "team": {"name": "The Desk", "domain": "the-desk"},
        "users": people,
        "channels": [{"name": "help"}],
        "oauth_apps": [app],
        "strict_scopes": True,
    }
    return json.dumps({"slack": slack})


@pytest.fixture
async def emulator(tmp_path: Path) -> AsyncIterator[str]:
    """Its address. Where it is not installed: a failure in CI, a loud skip elsewhere."""
    if NODE is None or not PROGRAM.exists():
        if "CI" in os.environ:
            pytest.fail("the emulator is not there: `make emulate` installs it, with Node and npm")
        pytest.skip("THERE IS NO EMULATOR of Slack: `make emulate` installs it where there are Node and npm")
    config = tmp_path / "seed.yaml"
    config.write_text(seed(), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        NODE, str(PROGRAM), "start", "--service", "slack", "--port", str(port), "--seed", str(config),
        cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    await _listening(port, process)
    drain = asyncio.get_running_loop().create_task(process.stdout.read())
    yield f"http://127.0.0.1:{port}"
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
    await drain


async def _listening(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
    assert process.stdout is not None
    pytest.fail(f"the emulator ended: {(await process.stdout.read()).decode()}")
