"""Is the process there, is it ready, how is it doing.

`/livez` asks nobody: a database that is away must not get every process restarted.
`/readyz` asks the parts, each within a limit, and says no from the first moment of leaving.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from bot.web.operator import Operator
from bot.web.ports import Probe

log = structlog.get_logger()

State: TypeAlias = Literal["ok", "failing", "slow", "leaving"]


class Health:
    """The state that the probes, the adapters and the signal handler share."""

    def __init__(self, probes: Mapping[str, Probe] | None = None, *, limit: float = 2.0) -> None:
        """`limit`: seconds that one probe may take."""
        self._probes = dict(probes or {})
        self._limit = limit
        self.draining = False

    def drain(self) -> None:
        """We are leaving: not ready from now on, and nothing long is begun."""
        self.draining = True

    async def look(self) -> dict[str, State]:
        """The state of every part; what went wrong is in the log, not in the answer."""
        if self.draining:
            return {"server": "leaving"}
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(self._ask(name, probe)) for name, probe in self._probes.items()}
        return {"server": "ok", **{name: task.result() for name, task in asked.items()}}

    async def _ask(self, name: str, probe: Probe) -> State:
        try:
            async with asyncio.timeout(self._limit):
                await probe()
        except TimeoutError:
            log.warning("health.slow", part=name, limit=self._limit)
            return "slow"
        except Exception as exc:  # noqa: BLE001 - whatever it is, the part is not ready
            log.warning("health.failing", part=name, error=type(exc).__name__)
            return "failing"
        return "ok"


class HealthPages:
    """`/livez`, `/readyz`, `/healthz` and, for the operator, `/metrics`."""

    def __init__(self, health: Health, registry: CollectorRegistry, operator: Operator) -> None:
        self._health, self._registry, self._operator = health, registry, operator

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        return [
            web.get("/livez", self._livez),
            web.get("/readyz", self._readyz),
            web.get("/healthz", self._healthz),
            web.get("/metrics", self._metrics),
        ]

    async def _livez(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        parts = await self._health.look()
        if ready(parts):
            return web.Response(text="ok\n")
        return web.Response(status=503, text="leaving\n" if self._health.draining else "not ready\n")

    async def _healthz(self, request: web.Request) -> web.Response:
        parts = await self._health.look()
        body = msgspec.json.encode({"ready": ready(parts), "parts": parts})
        status = 200 if ready(parts) else 503
        return web.Response(status=status, body=body, content_type="application/json")

    async def _metrics(self, request: web.Request) -> web.Response:
        self._operator.require(request)
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )


def ready(parts: Mapping[str, State]) -> bool:
    """All parts are fine."""
    return all(state == "ok" for state in parts.values())
