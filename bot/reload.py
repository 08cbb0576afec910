"""Changed project files: put in force as a whole, or not at all (S8, promise 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from watchfiles import Change, awatch

from bot.runtime.assemble import Runtime
from flows.errors import ProjectInvalid
from flows.loader import load_project

log = structlog.get_logger()

QUIET = 200  # ms without a change before the files are read: editors write in several steps


class Reload:
    """Watches a project's folder and brings good changes into force."""

    def __init__(self, root: Path, runtime: Runtime, tell: Callable[[str], None]) -> None:
        """`tell` shows a person why a change was not taken."""
        self._root, self._runtime, self._tell = root, runtime, tell
        self._stop = asyncio.Event()

    async def watch(self) -> None:
        """Until `stop`."""
        async for _ in awatch(self._root, watch_filter=_ours, step=QUIET, stop_event=self._stop):
            await self.take()

    async def take(self) -> bool:
        """Read the files now; False: they are not good and the old set stays."""
        before = self._runtime.library.project
        try:
            project = await asyncio.to_thread(load_project, self._root, before)
        except ProjectInvalid as invalid:
            log.error("reload refused", problems=len(invalid.problems), root=str(self._root))
            self._tell(f"{invalid}\nThe files were not taken; what was in force before still is.")
            return False
        await self._runtime.adopt(project)
        log.info("reloaded", profiles=len(project.profiles), runbooks=len(project.runbooks))
        return True

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()


def _ours(_: Change, path: str) -> bool:
    parts = Path(path).parts
    return path.endswith((".yaml", ".yml", "cuebook.toml")) and not any(
        part in (".cuebook", ".schema") for part in parts
    )
