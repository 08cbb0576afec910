"""Tokens that expire: renewed ahead of time, once, whoever and however many ask.

A refresh token works once. So one process renews at a time (a lease), and within it one task
(a lock); what came of it is written only if the row is as it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

import msgspec
import structlog

from adapters.slack.api import Declined
from adapters.slack.sealing import SealBroken, Tokens, Vault
from bot.errors import Conflict, DeliveryError, Duplicate, RetryLater, StoreError
from bot.ports import Cell, Change, Clock, Delete, Insert, Store
from bot.rows import OneTime, Workspace
from bot.runtime.tasks import Tasks

log = structlog.get_logger()

SOON: Final = 300_000
"""ms before its end from which on a token is renewed by whoever wants it."""
AHEAD: Final = 3 * 3_600_000
"""ms before its end from which on it is renewed by us."""
EVERY: Final = 1_800_000
LEASE: Final = 30_000
AGAIN: Final = 30_000
"""ms after a failure until the next try."""
WHOLE_ROUND: Final = 900.0
"""Seconds that one round ahead of time may take."""
WIND_DOWN: Final = 15.0
"""Seconds that a renewal has left when the server stops: more than one call takes."""
LOST: Final = frozenset(("account_inactive", "invalid_refresh_token", "token_expired", "token_revoked"))
"""Slack's words for a workspace that has to install the app again."""
_ALARM: Final = "slack.renewals"
_LEASE: Final = "slack.renewal"


class Renewed(msgspec.Struct, frozen=True):
    """`expires_in`: seconds; 0: it does not expire."""

    tokens: Tokens
    expires_in: int


Exchange: TypeAlias = Callable[[str], Awaitable[Renewed]]
"""A refresh token for new tokens. Raises DeliveryErrors: Declined if Slack says no."""


class Renewals:
    """Keeps tokens fresh."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        vault: Vault,
        exchange: Exchange,
    ) -> None:
        self._store, self._clock, self._vault = store, clock, vault
        self._exchange, self.tasks = exchange, Tasks()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._failed: dict[str, tuple[int, int]] = {}
        """Row → the version that could not be renewed, and when it may be tried again."""

    async def fresh(self, row: Workspace, margin: int = SOON) -> Workspace | None:
        """The row with a token that is good for a while; None if it never will be again.

        Raises RetryLater where the token has expired and no other is to be had now.
        """
        if not due(row, self._clock.now(), margin):
            return row
        # Whoever gives up waiting must not take the new token with them: the old one is used up.
        return await self.tasks.see_through(self._in_turn(row.id, margin), f"{_LEASE}:{row.id}")

    async def _in_turn(self, id: str, margin: int) -> Workspace | None:
        lock = self._locks.setdefault(id, asyncio.Lock())
        async with lock:
            found = await self._store.get(Workspace, id=id)
            if found is None or found.state != "installed" or not due(found, self._clock.now(), margin):
                return found
            return await self._renewed(found)

    async def _renewed(self, row: Workspace) -> Workspace | None:
        version, not_before = self._failed.get(row.id, (0, 0))
        if version == row.version and self._clock.now() < not_before:
            return self._as_it_is(row, "it could not be renewed just now")
        if not await self._leased(row):
            return self._as_it_is(row, "another process renews it")
        try:
            got = await self._exchange(self._vault.opened(row.tokens, row.id).refresh)
        except DeliveryError as error:
            return await self._not_renewed(row, error)
        return await self._written(row, got)

    async def _written(self, row: Workspace, got: Renewed) -> Workspace | None:
        expires_at = self._clock.now() + got.expires_in * 1000 if got.expires_in else 0
        cells: dict[str, Cell] = {
            "tokens": self._vault.sealed(got.tokens, row.id),
            "expires_at": expires_at,
            "version": row.version + 1,
        }
        unchanged: dict[str, Cell] = {"id": row.id, "version": row.version, "state": "installed"}
        try:
            await self._store.commit(
                [Change(Workspace, unchanged, cells), Delete(OneTime, {"id": _lease_of(row)})]
            )
        except Conflict:  # installed anew or removed meanwhile: that is newer than what we have
            return await self._store.get(Workspace, id=row.id)
        self._failed.pop(row.id, None)
        log.info("slack.token_renewed", workspace=row.id, expires_in=got.expires_in)
        return msgspec.structs.replace(row, **cells)

    async def _not_renewed(self, row: Workspace, error: DeliveryError) -> Workspace | None:
        lost = isinstance(error, Declined) and error.code in LOST
        log.log(40 if lost else 30, "slack.token_not_renewed", workspace=row.id, reason=str(error))
        now = self._clock.now()
        patience = round(error.after * 1000) if isinstance(error, RetryLater) else AGAIN
        self._failed[row.id] = (row.version, now + patience)
        await self._store.commit([Delete(OneTime, {"id": _lease_of(row)})])
        if lost and now >= row.expires_at:
            return None
        return self._as_it_is(row, "Slack does not renew it now")

    def _as_it_is(self, row: Workspace, reason: str) -> Workspace:
        """The old token works until its end."""
        if self._clock.now() < row.expires_at:
            return row
        raise RetryLater(1.0, f"the token of {row.id} has expired, and {reason}")

    async def _leased(self, row: Workspace) -> bool:
        """Whether it is on us to renew this version of the row."""
        id, now = _lease_of(row), self._clock.now()
        lease = OneTime(id=id, kind=_LEASE, state="open", expires_at=now + LEASE)
        try:
            await self._store.commit([Insert(lease)])
        except Duplicate:
            held = await self._store.get(OneTime, id=id)
            if held is None or held.expires_at > now:
                return False
            return await self._taken_over(held, now)
        return True

    async def _taken_over(self, held: OneTime, now: int) -> bool:
        """The process that held the lease has died with it."""
        as_it_was: dict[str, Cell] = {"id": held.id, "expires_at": held.expires_at}
        try:
            await self._store.commit([Change(OneTime, as_it_was, {"expires_at": now + LEASE})])
        except Conflict:
            return False
        return True

    # --- ahead of time -------------------------------------------------------------------

    def start(self) -> None:
        """Renew now and then what would expire before long."""
        self._clock.alarm(_ALARM, self._clock.now() + EVERY, self.start)
        self.tasks.spawn(self.ahead(), _ALARM)

    async def stop(self) -> None:
        """Renew nothing any more, unless somebody asks; what is under way comes to its end."""
        self._clock.cancel(_ALARM)
        await self.tasks.settle(WIND_DOWN)

    async def ahead(self) -> None:
        """One round; whatever fails is logged and tried in the next."""
        try:
            async with asyncio.timeout(WHOLE_ROUND):
                for row in await self._store.find(
                    Workspace,
                    platform="slack",
                    state="installed",
                    above={"expires_at": 0},
                    upto={"expires_at": self._clock.now() + AHEAD},
                    order="expires_at",
                ):
                    await self._one_ahead(row)
        except (StoreError, TimeoutError) as error:
            log.warning("slack.renewals_broke_off", reason=str(error) or "it took too long")

    async def _one_ahead(self, row: Workspace) -> None:
        try:
            await self.fresh(row, AHEAD)
        except (DeliveryError, SealBroken) as error:
            log.warning("slack.token_not_renewed", workspace=row.id, reason=str(error))


def due(row: Workspace, now: int, margin: int) -> bool:
    """Whether its token has to be renewed."""
    return row.expires_at != 0 and now >= row.expires_at - margin


def _lease_of(row: Workspace) -> str:
    return f"{_LEASE}:{row.id}:{row.version}"
