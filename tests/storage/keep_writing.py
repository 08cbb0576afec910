"""A process that commits until it is killed, and says what it was promised.

    python -m tests.storage.keep_writing DATABASE_URL FIRST

Each line of its output is the key of a unit whose commit returned.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys

import structlog

from bot.errors import Duplicate
from bot.ports import Append, Insert
from bot.storage.open import open_store
from tests.storage.samples import CHAT, TIMER, line, with_

WRITERS = 20


async def main(url: str, first: int) -> None:
    store = await open_store(url)
    for chat in range(WRITERS):
        try:
            await store.commit([Insert(with_(CHAT, id=f"c{chat}"))])
        except Duplicate:
            continue

    async def write(chat: str) -> None:
        for n in itertools.count(first):
            key = f"{chat}-{n}"
            await store.commit([Insert(with_(TIMER, id=key)), Append(chat, [line(chat, key)])])
            os.write(1, f"{key}\n".encode())

    async with asyncio.TaskGroup() as group:
        for chat in range(WRITERS):
            group.create_task(write(f"c{chat}"))


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
