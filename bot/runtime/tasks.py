"""The owner of background tasks: none is lost, each failure is heard."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
LAST = 5  # seconds that cancelled tasks have for their last words

log = structlog.get_logger()


class Tasks:
    """Holds every task it starts until that has ended."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.crashed = 0

    def __len__(self) -> int:
        return len(self._running)

    def running(self) -> list[asyncio.Task[Any]]:
        """The tasks that have not ended."""
        return list(self._running)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Start it now. An exception that leaves it is logged and counted."""
        _ = self.launch(work, name)

    def launch(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """As `spawn`, for who may want to cancel it."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def see_through(self, work: Coroutine[Any, Any, T], name: str) -> T:
        """The result of `work`, which goes on to its end even if whoever waits for it is
        cancelled: what was committed must not lack what follows from it."""
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        task = self.launch(_pass_on(work, waiter), name)
        task.add_done_callback(lambda _: waiter.cancel())  # cancelled before it began, it told nobody
        return await waiter

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.crashed += 1
            log.error("task crashed", task=task.get_name(), exc_info=error)

    async def settle(self, within: float) -> None:
        """Wait until nothing runs, at most `within` seconds; then cancel what is left."""
        deadline = asyncio.get_running_loop().time() + within
        while self._running and (left := deadline - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)
        for _ in range(LAST):
            if not self._running:
                return
            for task in self._running:
                task.cancel()
            await asyncio.wait(set(self._running), timeout=1.0)
        log.error("tasks did not end", tasks=sorted(task.get_name() for task in self._running))


async def _pass_on(work: Coroutine[Any, Any, T], waiter: asyncio.Future[T]) -> None:
    """Tell `waiter` how `work` ended, from inside: a task's own callbacks come one pass of the
    loop later, when the lines of a turn are already on their way without its acknowledgement."""
    try:
        result = await work
    except asyncio.CancelledError:
        waiter.cancel()
        raise
    except BaseException as error:
        if waiter.done():
            raise  # nobody waits any more: the owner logs it
        waiter.set_exception(error)
    else:
        if not waiter.done():
            waiter.set_result(result)
