"""`python -m bench.slack_soak`: a minute of Slack at its own limit, with everything else hanging.

Slack delivers at most 30,000 events an hour to an app: 8.3 a second. So many come in here, one
processor is kept busy, and every call of a runbook hangs. Then everything is delivered again in
random order. Prints the times of the acknowledgements, and what was lost or doubled: nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from bench.processes import Child, Failed
from bot.testing.slack import Events, FakeSlack, Person

RATE = 8.0
TALKERS, STALLED = 40, 10
PATIENCE = 60.0
PROFILE = """\
kind: chat-profile
id: desk
still_working_after: 2h
variables: {word: {type: text}}
flow:
  - {id: menu, ask: "Heard ${word:-nothing}.", save: word}
  - if: {word: {is: stall}}
    then: stall
    else: menu
  - id: stall
    runbook: stall
    outcomes: {success: menu, failure: menu}
"""
RUNBOOK = """\
kind: runbook
id: stall
timeout: 30m
steps:
  - {call: desk.hang, title: Waiting for a system that hangs}
  - {end: success, result: It answered.}
"""
CONNECTOR = """\
kind: connector
id: desk
base_url: ${env.HANGING_URL}
methods: {hang: {post: /hang, timeout: 20m}}
"""


def write(folder: Path) -> None:
    """The project."""
    files = {
        "cuebook.toml": '[connectors]\nallow = ["127.0.0.1"]\n[slack]\nprofile = "desk"\n',
        "profiles/desk.yaml": PROFILE,
        "runbooks/stall.yaml": RUNBOOK,
        "connectors/desk.yaml": CONNECTOR,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


class Soak:
    """The people, what they said, and how long the acknowledgements took."""

    def __init__(self, fake: FakeSlack, http: aiohttp.ClientSession, url: str) -> None:
        self.fake, self._http = fake, http
        self.events = Events.over_http(fake, url, self._deliver)
        self.acks: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.said: dict[str, Person] = {}
        self.talkers = [fake.add_person(f"Talker {n}") for n in range(TALKERS)]
        self.stalled = [fake.add_person(f"Stalled {n}") for n in range(STALLED)]

    async def _deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        began = time.perf_counter()
        async with self._http.post(url, data=body, headers=dict(headers)) as answer:
            read = await answer.read()
        self.acks.append(time.perf_counter() - began)
        self.statuses[answer.status] += 1
        return answer.status, read

    async def say(self, person: Person, text: str) -> None:
        await self.events.says(person, self.fake.direct(person), text)

    async def begin(self) -> None:
        """Everybody opens a chat; some ask for what hangs."""
        for person in (*self.talkers, *self.stalled):
            await self.say(person, "hi")
            await asyncio.sleep(1 / RATE)
        for person in self.stalled:
            await self.say(person, "stall")

    async def talk(self, seconds: float) -> None:
        """At Slack's rate: mostly people who get answers, sometimes one who waits."""
        people = itertools.cycle(self.talkers)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
                person = self.stalled[number % STALLED] if number % 8 == 0 else next(people)
                word = f"w{number}"
                if person in self.talkers:
                    self.said[word] = person
                group.create_task(self.say(person, word))

    def heard(self) -> Counter[str]:
        """How often each word was answered."""
        texts = (
            shown.text
            for person in self.talkers
            for shown in self.fake.transcript(self.fake.direct(person))
            if shown.author != person.name
        )
        words = (text.removeprefix("Heard ").removesuffix(".") for text in texts)
        return Counter(word for word in words if word in self.said)

    async def settle(self) -> None:
        """Wait until every word was answered, and nothing more comes."""
        deadline = time.perf_counter() + PATIENCE
        while set(self.heard()) != set(self.said):
            if time.perf_counter() > deadline:
                raise Failed(f"not answered: {sorted(set(self.said) - set(self.heard()))[:5]}")
            await asyncio.sleep(0.2)
        posts = -1
        while posts != (posts := len(self.fake.called("chat.postMessage"))):
            await asyncio.sleep(2.0)


async def soak(folder: Path, seconds: float, seed: int) -> dict[str, Any]:
    """All of it; the figures. Raises Failed."""
    async with AsyncExitStack() as stack:
        hanging = await stack.enter_async_context(_Hanging())
        fake = await stack.enter_async_context(FakeSlack.running())
        http = await stack.enter_async_context(aiohttp.ClientSession())
        os.environ |= {
            "SLACK_BOT_TOKEN": fake.workspace.token,
            "SLACK_SIGNING_SECRET": fake.signing_secret,
            "SLACK_API_URL": fake.url,
            "HANGING_URL": hanging.url,
        }
        write(folder)
        server = stack.enter_context(Child("bench.serving", kind="slack", folder=str(folder), core=None))
        port = (await asyncio.to_thread(server.answer))["port"]
        test = Soak(fake, http, f"http://127.0.0.1:{port}/slack/events")
        await test.begin()
        await test.settle()
        test.acks.clear()
        stack.enter_context(_busy())
        await test.talk(seconds)
        acks = sorted(test.acks)
        await test.settle()
        return await _again(test, acks, seed, hanging.asked)


async def _again(test: Soak, acks: list[float], seed: int, asked: int) -> dict[str, Any]:
    """Deliver everything once more, shuffled; what changed."""
    before, posts = test.heard(), len(test.fake.called("chat.postMessage"))
    again = await test.events.redeliver(shuffled=random.Random(seed))
    await test.settle()
    return {
        "events": len(acks),
        "ack p50 ms": acks[len(acks) // 2] * 1e3,
        "ack p99 ms": acks[int(len(acks) * 0.99)] * 1e3,
        "ack max ms": acks[-1] * 1e3,
        "redelivered": len(again),
        "answers other than 200": sum(test.statuses.values()) - test.statuses[200],
        "calls that hang": asked,
        "lost": len(set(test.said) - set(before)),
        "doubled": sum(count > 1 for count in test.heard().values()),
        "posts after redelivery": len(test.fake.called("chat.postMessage")) - posts,
        "over Slack's limits": sum(test.fake.limits.violations.values()),
    }


class _Hanging:
    """The outside system: takes everything, answers nothing."""

    async def __aenter__(self) -> Self:
        self.asked, self._end = 0, asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._hang)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end.set()
        await self._runner.cleanup()

    async def _hang(self, request: web.Request) -> web.Response:
        self.asked += 1
        await self._end.wait()
        return web.Response()


class _busy:  # noqa: N801  (used as a block)
    """Keeps one processor busy."""

    def __enter__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", "while True: pass"])

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def main() -> int:
    """0, or 1 if something was lost, doubled or too late."""
    parser = argparse.ArgumentParser(prog="bench.slack_soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cuebook-soak-") as made:
        try:
            figures = asyncio.run(soak(Path(made), chosen.seconds, chosen.seed))
        except Failed as failure:
            print(f"failed: {failure} (seed {chosen.seed})", file=sys.stderr)
            return 1
    for name, value in figures.items():
        print(f"{name:>24}  {value:,.1f}" if isinstance(value, float) else f"{name:>24}  {value:,}")
    zero = ("answers other than 200", "lost", "doubled", "posts after redelivery", "over Slack's limits")
    return int(any(figures[name] for name in zero) or figures["ack p99 ms"] >= 500)


if __name__ == "__main__":
    sys.exit(main())
