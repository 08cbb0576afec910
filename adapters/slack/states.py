"""The state of an installation that was begun: used once, and within ten minutes."""

from __future__ import annotations

import hashlib
import logging
import secrets
from logging import Logger
from typing import Any, Final

from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore

from bot.errors import Conflict, TooMuch
from bot.ports import Change, Clock, Delete, Insert, Store
from bot.rows import OneTime

LIFE: Final = 600  # seconds
OPEN: Final = 1_000
"""Installations begun and not ended. Anybody may begin one, so they are bounded."""
_KIND: Final = "slack.state"


class StateStore(AsyncOAuthStateStore):
    """States in the store. It keeps their hashes: who reads the database can end nothing."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    @property
    def logger(self) -> Logger:
        """The library asks for one."""
        return logging.getLogger("slack_sdk.cuebook")

    async def async_issue(self, *args: Any, **kwargs: Any) -> str:
        """A new state. Raises TooMuch."""
        now = self._clock.now()
        kept = await self._store.find(OneTime, kind=_KIND, limit=OPEN)
        old = tuple(row.id for row in kept if row.expires_at <= now)
        if len(kept) - len(old) >= OPEN:
            raise TooMuch("too many installations have begun and not ended", LIFE)
        state = secrets.token_urlsafe(32)
        row = OneTime(id=_hash(state), kind=_KIND, state="open", expires_at=now + LIFE * 1000)
        await self._store.commit([*([Delete(OneTime, {"id": old})] if old else []), Insert(row)])
        return state

    async def async_consume(self, state: str) -> bool:
        """Whether it is good: then it is used up."""
        row = await self._store.get(OneTime, id=_hash(state))
        if row is None or row.kind != _KIND or row.expires_at <= self._clock.now():
            return False
        try:
            await self._store.commit([Change(OneTime, {"id": row.id, "state": "open"}, {"state": "used"})])
        except Conflict:
            return False
        return True


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
