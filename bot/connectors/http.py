"""The `Connectors` port over HTTP: what a `call` step does in the world."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from aiohttp.abc import AbstractResolver
from structlog import get_logger

from bot.connectors.addresses import Allowance
from bot.connectors.answers import plain, understood
from bot.connectors.building import Outgoing, base, credentials, filled, prepare
from bot.connectors.client import Client, Received
from bot.connectors.limits import DEFAULT, Limits
from bot.connectors.secrets import MASK, Secrets
from bot.connectors.slots import Slots
from bot.errors import CallFailed, OperatorError
from bot.rows import Run
from flows.connector import Connector, Method
from flows.durations import spoken
from flows.effects import Call
from flows.errors import UnknownDefinition
from flows.events import CallAnswered
from flows.request_parts import settings
from flows.template import Template, Unresolved
from flows.values import Vars

log = get_logger()


class HttpConnectors:
    """Performs calls on YAML connectors.

    `definitions(hash)` is the connector as it was when the run began; `allow`: addresses
    beside the open internet, as `Allowance` reads them. Raises SettingsError for those.
    """

    def __init__(
        self,
        definitions: Callable[[str], Connector],
        secrets: Secrets,
        allow: Sequence[str] = (),
        *,
        limits: Limits = DEFAULT,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._definitions, self._secrets, self._limits = definitions, secrets, limits
        self._client = Client(Allowance(allow), limits, resolver)
        self._slots = Slots(limits.at_once, limits.at_once_each)

    async def perform(self, call: Call, *, definition: str, run: Run) -> CallAnswered:
        """Do it and say how it went; never raises but for cancellation. The answer is
        `{status, headers, body}`, masked; `error` is a short sentence for people."""
        began = asyncio.get_running_loop().time()
        try:
            answered = await self._performed(call, definition, run)
        except (CallFailed, Unresolved, OperatorError, UnknownDefinition) as error:
            answered = CallAnswered(id=call.id, ok=False, error=self._secrets.mask(str(error)))
        except Exception:
            log.exception("call_crashed", connector=call.connector, method=call.method)
            answered = CallAnswered(id=call.id, ok=False, error="the call could not be made")
        took = asyncio.get_running_loop().time() - began
        log.info(
            "call_answered", connector=call.connector, method=call.method, ok=answered.ok,
            status=answered.answer.get("status"), error=answered.error, ms=round(took * 1000),
        )  # fmt: skip
        return answered

    def describe(self, call: Call, *, definition: str) -> dict[str, Any]:
        """What `perform` would send, with every credential hidden: for traces and dry runs.
        Nothing is sent, and no secret needs to be there. Raises CallFailed, Unresolved,
        MissingSecret (of the address), UnknownDefinition."""
        connector, method = self._found(call, definition)
        at = base(connector, self._filled(connector, connector.base_url))
        request = prepare(method, at, call.args, self._limits)
        hidden = {
            name: " ".join((*value.split(" ")[:-1], MASK))
            for name, value in credentials(connector.auth, lambda _: "-").items()
        }
        return {
            "method": request.verb,
            "url": self._secrets.mask(str(request.url)),
            "headers": {name: self._secrets.mask(value) for name, value in request.headers.items()} | hidden,
            "body": self._secrets.mask((request.body or b"").decode()),
        }

    async def close(self) -> None:
        """No more calls; those under way are cut off."""
        await self._client.close()

    async def _performed(self, call: Call, definition: str, run: Run) -> CallAnswered:
        connector, method = self._found(call, definition)
        request = self._built(connector, method, call, run)
        patience = allowed(call, method.timeout)
        try:
            async with asyncio.timeout(patience), self._slots.one(connector.id):
                received = await self._client.send(request)
        except TimeoutError:
            raise CallFailed(f"no answer within {spoken(patience)}") from None
        return await self._read(call, method, received)

    def _found(self, call: Call, definition: str) -> tuple[Connector, Method]:
        connector = self._definitions(definition)
        if call.method not in connector.methods:
            raise UnknownDefinition("method", f"{call.connector}.{call.method}")
        return connector, connector.methods[call.method]

    def _built(self, connector: Connector, method: Method, call: Call, run: Run) -> Outgoing:
        at = base(connector, self._filled(connector, connector.base_url))
        request = prepare(method, at, call.args, self._limits)
        proof = credentials(connector.auth, lambda text: self._filled(connector, text))
        for value in proof.values():
            self._secrets.hide(value.rpartition(" ")[2])  # also what no `secret.` was written for
        headers = request.headers | proof
        if method.repeatable or call.repeatable:
            headers["idempotency-key"] = f"{run.id}:{call.id}"
        return Outgoing(request.verb, request.url, headers, request.body)

    def _filled(self, connector: Connector, text: Template) -> str:
        values: Vars = {}
        for root, name, default in settings(text, "env", "secret"):
            if root == "secret":
                value = self._secrets.get(name, connector.id)
            elif default is None:
                value = self._secrets.setting(name, connector.id)
            else:
                value = self._secrets.look(name)
            values[f"{root}.{name}"] = value
        return filled(text, values)

    async def _read(self, call: Call, method: Method, received: Received) -> CallAnswered:
        ok = method.succeeds(received.status)
        error = "" if ok else status_in_words(received.status)
        answer: Vars = {"status": received.status, "headers": self._masked(received.headers), "body": None}
        try:
            content_type = received.headers.get("content-type", "")
            given = (received.body, content_type, self._secrets, self._limits)
            large = len(received.body) > self._limits.on_the_loop
            answer["body"] = await asyncio.to_thread(understood, *given) if large else understood(*given)
        except CallFailed as unreadable:
            ok, error = False, error or str(unreadable)
        return CallAnswered(id=call.id, ok=ok, answer=answer, error=error)

    def _masked(self, headers: dict[str, str]) -> dict[str, str]:
        return {plain(name): self._secrets.mask(plain(value)) for name, value in headers.items()}


def status_in_words(status: int) -> str:
    """`404 Not Found`, in our words: the other side's could be anything."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def allowed(call: Call, usual: float) -> float:
    """The seconds that a call may take: as its step says, else `usual`; never more than the
    run has left."""
    patience = usual if call.timeout is None else call.timeout
    return patience if call.within is None else min(patience, call.within)
