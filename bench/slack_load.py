"""People in Slack and its Web API, as one process: events out, replies in.

Given `secret` and `token`. It tells the port of the Web API, then measures for each line
`PORT PID CLIENTS WARM SECONDS` a server that posts to it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import os
import sys
import time
from typing import Any

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from bench.processes import LOAD_CORE, Failed, cpu_seconds, given, many_files, pin, say

PATIENCE = 20.0
clock = time.perf_counter
encode, decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(dict[str, Any]).decode


class Api:
    """Answers what both servers call, and tells who waits for a reply."""

    def __init__(self) -> None:
        self.waiting: dict[str, asyncio.Future[str]] = {}
        self._stamps = itertools.count(1)

    def site(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/api/chat.postMessage", self.post)
        app.router.add_post("/api/{method}", self.other)
        return app

    async def post(self, request: web.Request) -> web.Response:
        said = decode(await request.read())
        ts = f"1700000000.{next(self._stamps):06}"
        person = said["channel"][1:]
        if (waiter := self.waiting.pop(person, None)) is not None and not waiter.done():
            waiter.set_result(said["text"])
        answer = {"ok": True, "channel": f"D{person}", "ts": ts, "message": {"text": said["text"], "ts": ts}}
        return web.Response(body=encode(answer), content_type="application/json")

    async def other(self, request: web.Request) -> web.Response:
        match request.match_info["method"]:
            case "auth.test":
                answer: dict[str, Any] = {
                    "ok": True, "team_id": "T1", "team": "t", "user_id": "UBOT", "bot_id": "BBOT", "user": "bot",
                    "url": "https://t.slack.com/",
                }  # fmt: skip
            case "users.info":
                answer = {"ok": True, "user": {"id": "U", "team_id": "T1", "name": "ann", "profile": {}}}
            case _:
                answer = {"ok": True}
        return web.Response(body=encode(answer), content_type="application/json")


class Person:
    """Writes to the bot, one message after the other."""

    def __init__(self, number: int, run: Run) -> None:
        self.id, self.run, self.count = f"{number:04}", run, 0  # known from the first measurement on

    async def live(self) -> None:
        await self.say("hi", "")
        while not self.run.stopping:
            self.count += 1
            began = clock()
            acked = await self.say(f"{self.count}", f"pong {self.count}")
            if self.run.counting:
                self.run.seconds.append(clock() - began)
                self.run.acks.append(acked)

    async def say(self, text: str, wanted: str) -> float:
        reply = asyncio.get_running_loop().create_future()
        self.run.api.waiting[self.id] = reply
        began = clock()
        await self.run.deliver(self.id, text)
        acked = clock() - began
        async with asyncio.timeout(PATIENCE):
            said = await reply
        if wanted and said.strip() != wanted:
            raise Failed(f"{said!r} instead of {wanted!r}")
        return acked


class Run:
    """One measurement of one server."""

    numbers = itertools.count(1)

    def __init__(self, api: Api, http: aiohttp.ClientSession, secret: str, port: int) -> None:
        self.api, self.http, self.number = api, http, next(self.numbers)
        self.url, self._secret = f"http://127.0.0.1:{port}/slack/events", secret.encode()
        self.counting = self.stopping = False
        self.seconds: list[float] = []
        self.acks: list[float] = []
        self._events = itertools.count(1)

    async def deliver(self, person: str, text: str) -> None:
        event = next(self._events)
        ts = f"1700000000.{self.number:02}{event:06}"
        body = encode({
            "token": "t", "team_id": "T1", "api_app_id": "A1", "type": "event_callback",
            "event_id": f"Ev{self.number}{event}", "event_time": 1700000000,
            "authorizations": [{"enterprise_id": None, "team_id": "T1", "user_id": "UBOT", "is_bot": True,
                                "is_enterprise_install": False}],
            "is_ext_shared_channel": False,
            "event": {"type": "message", "channel": f"D{person}", "channel_type": "im", "user": f"U{person}",
                      "text": text, "ts": ts, "event_ts": ts, "team": "T1", "client_msg_id": f"c{event}",
                      "blocks": [{"type": "rich_text", "block_id": "b", "elements": [
                          {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]}]},
        })  # fmt: skip
        stamp = str(int(time.time()))
        seal = hmac.new(self._secret, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={seal}",
        }
        async with self.http.post(self.url, data=body, headers=headers) as answer:
            if answer.status != 200:
                raise Failed(f"an event was answered with {answer.status}")


async def measured(run: Run, pid: int, clients: int, warm: float, seconds: float) -> dict[str, float]:
    """Rates and times of one server."""
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(Person(number, run).live())
        await asyncio.sleep(warm)
        spent, own, began = cpu_seconds(pid), cpu_seconds(os.getpid()), clock()
        run.counting = True
        await asyncio.sleep(seconds)
        run.counting = False
        took = clock() - began
        spent, own = cpu_seconds(pid) - spent, cpu_seconds(os.getpid()) - own
        run.stopping = True
    times, acks = sorted(run.seconds), sorted(run.acks)
    if not times:
        raise Failed("no reply at all")
    return {
        "rate": len(times) / took,
        "p50": times[len(times) // 2] * 1e3,
        "p99": times[int(len(times) * 0.99)] * 1e3,
        "ack": acks[int(len(acks) * 0.99)] * 1e3,
        "cpu": spent / len(times) * 1e6,
        "load": own / took,
        "count": float(len(times)),
    }


async def serve(secret: str) -> None:
    """Until stdin ends."""
    api = Api()
    runner = web.AppRunner(api.site(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    say(port=runner.addresses[0][1])
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        while line := (await asyncio.to_thread(sys.stdin.readline)).split():
            port, pid, clients = (int(part) for part in line[:3])
            run = Run(api, http, secret, port)
            say(**await measured(run, pid, clients, float(line[3]), float(line[4])))
    await runner.cleanup()


def main() -> None:
    """Given by the parent on the command line."""
    wanted = given()
    pin(LOAD_CORE)
    many_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(wanted["secret"]))


if __name__ == "__main__":
    main()
