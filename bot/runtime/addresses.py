"""The addresses at which waiting steps of runs are called back.

A token is derived from the server's key, the run and the step, so that it is in no row: the
database holds its hash, and who reads that cannot call. The run sees its addresses for as long
as it is loaded, and no longer.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from bot.rows import Callback
from flows.flow import Flow
from flows.state import State
from flows.steps.wait_for import WaitForStep
from flows.variables import URLS

PATH: Final = "/callbacks/"


class Addresses:
    """`base`: where people and systems outside reach this server."""

    def __init__(self, key: bytes = b"", base: str = "http://127.0.0.1") -> None:
        """`key`: the same in every process and after a restart, else a run that goes on after one
        sends addresses that nobody knows. Without one they are good for this process."""
        self._key = hmac.digest(key or os.urandom(32), b"callbacks", "sha256")
        self.base = base

    def token(self, run: str, step: str) -> str:
        """256 bits as lower-case hex."""
        return hmac.new(self._key, f"{run}\0{step}".encode(), "sha256").hexdigest()

    def of(self, run: str, flow: Flow) -> dict[str, str]:
        """Step id → address, of every step of a run that waits for a callback."""
        base = self.base.rstrip("/")
        return {step: f"{base}{PATH}{self.token(run, step)}" for step in _waiting(flow)}

    def rows(self, run: str, flow: Flow, now: int) -> tuple[Callback, ...]:
        """What is to be inserted with the run."""
        return tuple(
            Callback(id=hashed(self.token(run, step)), run=run, step=step, state="open", created_at=now)
            for step in _waiting(flow)
        )


def hashed(token: str) -> str:
    """What the database knows of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def kept(state: State) -> State:
    """A run's state as it is stored: without the addresses."""
    if URLS not in state.context:
        return state
    context = {name: value for name, value in state.context.items() if name != URLS}
    return msgspec.structs.replace(state, context=context)


def tokens(urls: Mapping[str, str]) -> list[str]:
    """What must be shown nowhere of a run's addresses."""
    return [url.rpartition("/")[2] for url in urls.values()]


def _waiting(flow: Flow) -> Iterator[str]:
    return (node.id for node in flow.nodes.values() if isinstance(node.step, WaitForStep))
