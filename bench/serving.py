"""A server of a measurement, as a process of its own: `cuebook`, `echo` or `group`.

Given `core`, `folder`, `kind` and, for Cuebook, `settings`. It tells its port, then answers
each line on stdin with its resident memory after a garbage collection; the end of stdin, or an
empty line, ends it. Given `watch` it watches itself between the lines `start` and `stop`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvloop

from bench.processes import given, many_files, pin, resident_kb, say
from bench.watch import WATCHES, Watch


@contextlib.asynccontextmanager
async def cuebook(folder: Path, settings: dict[str, Any]) -> AsyncIterator[int]:
    """The whole product as it serves, on its own SQLite file with synchronous=FULL."""
    from bot.app import App
    from bot.connectors.secrets import Secrets
    from bot.garbage import collect_seldom
    from bot.logs import set_up
    from bot.settings import read_settings
    from flows.loader import load_project

    set_up("WARNING", "json")
    app = App(read_settings(folder, None, port=0, **settings), load_project(folder), Secrets(os.environ))
    try:
        await app.start()
        assert app.server is not None
        collect_seldom()  # as `cuebook serve` does
        yield app.server.port
    finally:
        await app.stop()


@contextlib.asynccontextmanager
async def bare(folder: Path, kind: str) -> AsyncIterator[int]:
    """aiohttp alone, or with a group commit."""
    from aiohttp import web

    from bench.bare import GroupCommit, echo, remembering, site

    commits = GroupCommit(folder / "bare.db") if kind == "group" else None
    runner = web.AppRunner(
        site(remembering(commits) if commits else echo), access_log=None, shutdown_timeout=1.0
    )
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await listener.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
        if commits is not None:
            commits.close()


def _served(kind: str, folder: Path, settings: dict[str, Any]) -> contextlib.AbstractAsyncContextManager[int]:
    """`slack` is Cuebook with Slack's variables set."""
    if kind in ("cuebook", "slack"):
        return cuebook(folder, settings)
    if kind == "bolt":
        from bench.bare_bolt import bolt

        found = os.environ
        return bolt(found["SLACK_API_URL"], found["SLACK_BOT_TOKEN"], found["SLACK_SIGNING_SECRET"])
    return bare(folder, kind)


async def serve(kind: str, folder: Path, settings: dict[str, Any], watch: Watch | None) -> None:
    """Until stdin ends."""
    async with _served(kind, folder, settings) as port:
        say(port=port, pid=os.getpid())
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if watch is not None and line == "start":
                watch.start()
            spent = watch.stop() if watch is not None and line == "stop" else []
            gc.collect()
            say(rss_kb=resident_kb(os.getpid()), spent=spent)


def main() -> None:
    """Given by the parent on the command line."""
    wanted = given()
    if wanted.get("core") is not None:
        pin(wanted["core"])
    many_files()
    watch = WATCHES[wanted["watch"]]() if "watch" in wanted else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(wanted["kind"], Path(wanted["folder"]), wanted.get("settings", {}), watch))


if __name__ == "__main__":
    main()
