"""Other systems at the door: `POST /hooks/{id}` starts a runbook, `POST /callbacks/{token}` lets
a waiting run go on.

What is acknowledged with 202 is committed. A stranger learns nothing: an endpoint that is not
there and a signature that is wrong have the same answer, and cost no look at the database.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import msgspec
from aiohttp import web

from adapters.webhook.translate import (
    Heard,
    Ignored,
    Started,
    answer_of,
    is_json,
    keys_of,
    request_of,
    token_of,
)
from bot.errors import NotFound, StoreUnavailable, TooMuch
from bot.ports import Clock
from bot.runtime.callbacks import Callbacks, Gone, Used
from bot.runtime.hooks import Hooks
from bot.web.bodies import json_answer
from bot.web.bounds import bounded_json
from bot.web.errors import answer
from bot.web.operation import Operation
from bot.web.proxies import Proxies, household
from bot.web.rates import Rate
from bot.web.signatures import Unsigned, judge
from flows.values import Json
from flows.webhook import Webhook

T = TypeVar("T")

WITHIN: Final = 8.0
"""Seconds in which a sender has its answer; it gives up after 10 or 15."""
FORGET_AT: Final = 10_000
"""Counters at which those that count nothing any more are dropped; then all of them."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much may come. Each bound has a test at it and past it."""

    rate: float = 50.0
    """Signed deliveries a second of one endpoint."""
    burst: int = 200
    bad_rate: float = 5.0
    """Refused requests a second of one address; beyond, nothing of it is looked at."""
    bad_burst: int = 50


class WebHooks:
    """A `Mount` of the site: both doors for other systems."""

    def __init__(
        self,
        hooks: Hooks,
        callbacks: Callbacks,
        clock: Clock,
        look: Callable[[str], str],
        proxies: Proxies,
        limits: Limits = Limits(),  # noqa: B008  (an immutable value)
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`look`: a secret by its name, empty if it is not set; asked anew each time."""
        self._hooks, self._callbacks, self._clock = hooks, callbacks, clock
        self._look, self._proxies = look, proxies
        self._signed = Rate(limits.rate, limits.burst, monotonic)
        self._refused = _Flood(limits, monotonic)

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """`/hooks/{id}` and `/callbacks/{token}`, POST alone."""
        return [
            Operation(
                method="POST", path="/hooks/{id}", handler=self._hook,
                summary="A signed event of another system", answer=Started, status=202,
                refusals=(400, 401, 413, 415, 422, 429, 503),
            ),
            Operation(
                method="POST", path="/callbacks/{token}", handler=self._callback,
                summary="The answer that a waiting run was promised", answer=Heard, status=202,
                refusals=(400, 404, 409, 410, 413, 415, 429, 503),
            ),
        ]  # fmt: skip

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Nothing is held open."""

    # --- webhooks ------------------------------------------------------------------------

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        self._refused.check(self._household(request))
        body = await request.read()
        hook = self._hooks.find(request.match_info["id"])
        delivery = self._signed_by(hook, request, body)
        if hook is None or delivery is None:
            self._refused.count(self._household(request))
            return answer(401, "unauthenticated", "The signature does not fit.")
        wait = self._signed.take(hook.id)
        if wait:
            raise TooMuch("This endpoint hears too many events.", retry_after=wait)
        seen = request_of(_json(request, body), request.headers.items())
        if not hook.wants(seen):
            return json_answer(Ignored(), 202)
        status, told = answer_of(await _soon(self._hooks.deliver(hook, delivery, hook.given(seen))))
        if isinstance(told, str):
            return answer(status, "refused", told)
        return json_answer(told, status)

    def _signed_by(self, hook: Webhook | None, request: web.Request, body: bytes) -> str | None:
        """The delivery's id, if somebody signed it who may. One that is not there is tried as any."""
        keys = keys_of(hook, self._look) if hook is not None else []
        scheme = hook.scheme if hook is not None else "standard"
        verdict = judge(scheme, keys, request.headers, body, self._clock.now())
        return None if isinstance(verdict, Unsigned) else verdict.id

    # --- callbacks -----------------------------------------------------------------------

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        who = self._household(request)
        self._refused.check(who)
        try:
            await self._call(token_of(request.raw_path), request)
        except Gone as gone:
            return answer(410, "gone", str(gone))
        except Used as used:
            return answer(409, "conflict", str(used))
        except NotFound:
            self._refused.count(who)
            raise
        return json_answer(Heard(), 202)

    async def _call(self, token: str | None, request: web.Request) -> None:
        """Nothing of a body is read for who has no address."""
        if token is None:
            raise NotFound("There is nothing here.")
        await self._callbacks.find(token)
        await _soon(self._callbacks.call(token, _json(request, await request.read())))

    def _household(self, request: web.Request) -> str:
        return household(self._proxies.address(request))


class _Flood:
    """Counts what was refused, by address; costs a number for each that is at it now."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._limits, self._now = limits, now
        self._spent = Rate(limits.bad_rate, limits.bad_burst, now)
        self._until: dict[str, float] = {}

    def check(self, address: str) -> None:
        """Raises TooMuch for an address that has been refused too often."""
        left = self._until.get(address, 0.0) - self._now()
        if left > 0:
            raise TooMuch("Too many requests from here were refused.", retry_after=left)

    def count(self, address: str) -> None:
        """One more was refused."""
        wait = self._spent.take(address)
        if wait:
            self._until[address] = self._now() + wait
        if len(self._until) + len(self._spent) >= FORGET_AT:
            self._forget()

    def _forget(self) -> None:
        now = self._now()
        self._spent.forget()
        self._until = {address: until for address, until in self._until.items() if until > now}
        if len(self._until) + len(self._spent) >= FORGET_AT:
            self._spent = Rate(self._limits.bad_rate, self._limits.bad_burst, self._now)
            self._until = {}


async def _soon(work: Awaitable[T]) -> T:
    """What was begun goes on; the sender is told to come back, and is then told what came of it."""
    try:
        async with asyncio.timeout(WITHIN):
            return await work
    except TimeoutError:
        raise StoreUnavailable("the database takes too long") from None


def _json(request: web.Request, body: bytes) -> Json:
    if not is_json(request.headers):
        raise web.HTTPUnsupportedMediaType(reason="Send JSON, as Content-Type: application/json.")
    return bounded_json(body)
