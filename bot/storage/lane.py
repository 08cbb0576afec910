"""A thread that owns a database connection and takes the jobs of one event loop in batches.

One thread for a connection, so nothing else can touch it; one wake-up of the loop for a whole
batch, so many small jobs cost little. What was accepted is finished, whatever becomes of those
who wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import structlog

from bot.errors import StoreError, StoreUnavailable

Job = TypeVar("Job")
JobIn = TypeVar("JobIn", contravariant=True)
Answer = TypeVar("Answer")
AnswerOut = TypeVar("AnswerOut", covariant=True)

BATCH = 256
"""Jobs taken together: bounds how long the first of them waits for the last."""
LENGTH = 10_000
"""Jobs waiting; one more is refused, so that a stuck disk cannot fill the memory."""

log = structlog.get_logger()


class Worker(Protocol[JobIn, AnswerOut]):
    """What a lane does in its thread."""

    def work(self, jobs: Sequence[JobIn]) -> Sequence[AnswerOut | StoreError]:
        """An answer for each job, in order."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Lane(Generic[Job, Answer]):
    """Made on the loop that uses it; `connect` runs in the thread."""

    def __init__(
        self, name: str, connect: Callable[[], Worker[Job, Answer]], *, length: int = LENGTH
    ) -> None:
        self._connect = connect
        self._length = length
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[Job, asyncio.Future[Answer]] | None] = queue.SimpleQueue()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._closing = False
        # A daemon: a program that forgets to close still ends, and loses nothing acknowledged.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    async def start(self) -> None:
        """Begin. Raises what `connect` raises; then there is nothing to close."""
        self._thread.start()
        try:
            await self._opened
        except BaseException:
            self._finish()
            raise

    def submit(self, job: Job) -> asyncio.Future[Answer]:
        """Accept a job: it will be done, and cancelling the future changes nothing.

        Raises StoreUnavailable, and does nothing, if the lane is full or closed.
        """
        if self._closing:
            raise StoreUnavailable("the store is closed")
        if self._queue.qsize() >= self._length:
            raise StoreUnavailable("too much work is waiting for the database")
        future: asyncio.Future[Answer] = self._loop.create_future()
        self._queue.put((job, future))
        return future

    async def close(self) -> None:
        """Finish what was accepted, then end the thread. A second time is fine."""
        self._finish()
        await asyncio.shield(self._ended)

    def _finish(self) -> None:
        if not self._closing:
            self._closing = True
            self._queue.put(None)

    # --- in the thread -----------------------------------------------------------------

    def _run(self) -> None:
        try:
            worker = self._connect()
        except Exception as error:  # noqa: BLE001 `start` raises it
            self._tell([(self._opened, error), (self._ended, None)])
            return
        self._tell([(self._opened, None)])
        try:
            self._serve(worker)
            worker.close()
        finally:
            self._closing = True
            self._tell([(self._ended, None)])

    def _serve(self, worker: Worker[Job, Answer]) -> None:
        last = False
        while not last:
            batch, last = self._take()
            if batch:
                answers = self._work(worker, [job for job, _ in batch])
                self._tell([(future, answer) for (_, future), answer in zip(batch, answers, strict=True)])

    def _take(self) -> tuple[list[tuple[Job, asyncio.Future[Answer]]], bool]:
        """What is waiting, at least one job; True if nothing comes after it."""
        batch: list[tuple[Job, asyncio.Future[Answer]]] = []
        while (waiting := self._queue.get()) is not None:
            batch.append(waiting)
            if len(batch) == BATCH or self._queue.empty():
                return batch, False
        return batch, True

    def _work(self, worker: Worker[Job, Answer], jobs: list[Job]) -> Sequence[Answer | StoreError]:
        try:
            return worker.work(jobs)
        except Exception:
            # A mistake of ours must not end the thread: every later job would wait for ever.
            log.exception("store_failed", lane=self._thread.name, jobs=len(jobs))
            return [StoreUnavailable("the store failed; see the log") for _ in jobs]

    def _tell(self, answers: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Iterable[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, answer in answers:
        if future.done():
            continue  # whoever waited was cancelled
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
