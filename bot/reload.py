"""Changed project files: put in force as a whole, or not at all (S8, promise 6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from watchfiles import Change, awatch

from bot.errors import StoreError
from bot.runtime.assemble import Runtime
from flows.errors import ProjectInvalid
from flows.loader import load_project
from flows.project import Project

log = structlog.get_logger()

QUIET = 200  # ms without a change before the files are read: editors write in several steps
LOOK = 500  # ms after which the watch gives a sign of life though nothing changed
FOLDERS = ("profiles", "runbooks", "connectors", "webhooks")


class Reload:
    """Watches a project's folders and brings good changes into force."""

    def __init__(self, root: Path, runtime: Runtime, tell: Callable[[str], None]) -> None:
        """`tell` shows a person what was taken, or why it was not."""
        self._root, self._runtime, self._tell = root, runtime, tell
        self._stop = asyncio.Event()
        self._refused = False

    async def watch(self) -> None:
        """Until `stop`. Not recursive: the database changes below the same root all the time."""
        while not self._stop.is_set():
            watched, fresh = await asyncio.to_thread(self._folders), True
            async for changes in awatch(
                *watched, watch_filter=_ours, step=QUIET, stop_event=self._stop, recursive=False,
                rust_timeout=LOOK, yield_on_timeout=True,
            ):  # fmt: skip
                if (
                    changes or fresh
                ):  # what changed before the watch was set is seen at its first sign of life
                    await self.take()
                fresh = False
                if await asyncio.to_thread(self._folders) != watched:
                    break

    def _folders(self) -> list[Path]:
        return [self._root, *(path for name in FOLDERS if (path := self._root / name).is_dir())]

    async def take(self) -> bool:
        """Read the files now; False: they are not good and the old set stays."""
        before = self._runtime.library.project
        try:
            project = await asyncio.to_thread(load_project, self._root, before)
            changed = _differences(before, project)
            if changed:
                await self._runtime.adopt(project)
        except ProjectInvalid as invalid:
            self._refused = True
            log.warning("reload refused", problems=len(invalid.problems), root=str(self._root))
            self._tell(f"{invalid}\nThe files were not taken; what was in force before still is.")
            return False
        except (StoreError, OSError) as error:
            self._refused = True
            log.error("reload failed", reason=str(error), root=str(self._root))
            self._tell(f"The changed files could not be taken: {error}")
            return False
        self._good(changed, settings=project.settings != before.settings)
        return True

    def _good(self, changed: list[str], *, settings: bool) -> None:
        if changed:
            log.info("reloaded", changed=changed)
            self._tell(f"Taken: {', '.join(changed)}. New chats and runs use it.")
        elif settings:
            self._tell("cuebook.toml is read at the start only: stop and start again to take it.")
        elif self._refused:
            self._tell("The files are good again and as they were.")
        self._refused = False

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()


def _differences(before: Project, after: Project) -> list[str]:
    """The paths of what is new, changed or gone."""
    old = {loaded.path: loaded.hash for _, loaded in before.everything()}
    new = {loaded.path: loaded.hash for _, loaded in after.everything()}
    return sorted(path for path in old | new if old.get(path) != new.get(path))


def _ours(_: Change, path: str) -> bool:
    name = Path(path).name
    return name in (*FOLDERS, "cuebook.toml") or (name.endswith((".yaml", ".yml")) and name[0] != ".")
