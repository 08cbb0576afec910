"""Workspaces that installed the app themselves: their rows, and what follows from them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal, NamedTuple

import structlog

from adapters.slack.renewing import SOON, Renewals
from adapters.slack.sealing import SealBroken, Tokens, Vault
from adapters.slack.tokens import Grant, Hidden, scopes
from bot.errors import Conflict, Duplicate, StoreUnavailable
from bot.ports import Cell, Change, Clock, Insert, Op, Store
from bot.rows import Workspace

log = structlog.get_logger()

FRESH: Final = 30_000
"""ms for which what another process did may not be seen here."""
KNOWN: Final = 2_000
TRIES: Final = 5


class _Kept(NamedTuple):
    grant: Grant
    until: int


class InstalledWorkspaces:
    """The workspaces in the store (`Workspaces`).

    A team's own installation comes before its organisation's. Team ids are Slack's own and
    unique among all organisations, so a payload that does not name the organisation finds the
    same row as one that does.
    """

    def __init__(self, store: Store, clock: Clock, vault: Vault, renewals: Renewals) -> None:
        self._store, self._clock, self._vault, self._renewals = store, clock, vault, renewals
        self._kept: OrderedDict[tuple[str, str, bool], _Kept] = OrderedDict()
        self._changes = 0

    # --- whose token ---------------------------------------------------------------------

    async def current(self, enterprise: str, team: str, *, enterprise_install: bool = False) -> Grant | None:
        """See `Workspaces`."""
        key = (enterprise, team, enterprise_install)
        kept = self._kept.get(key)
        if kept is not None and self._clock.now() < kept.until:
            return kept.grant
        changes = self._changes
        row = await self._row(enterprise, team, organisation=enterprise_install)
        row = row and await self._renewals.fresh(row)
        if row is None or row.state != "installed":
            return None
        grant = self._grant(row, team)
        if changes == self._changes:  # else what was read may be what has just been replaced
            self._keep(key, grant)
        return grant

    async def _row(self, enterprise: str, team: str, *, organisation: bool) -> Workspace | None:
        if team and not organisation:
            row = await self._store.get(Workspace, id=row_id(team))
            if row is not None and row.state == "installed":
                return row
        if team:
            said = await self._said(enterprise, team)
            if said is not None and said.state == "removed":
                return None
            enterprise = said.enterprise if said is not None else enterprise
        row = await self._store.get(Workspace, id=row_id(enterprise)) if enterprise else None
        return row if row is not None and row.state == "installed" else None

    async def _said(self, enterprise: str, team: str) -> Workspace | None:
        """What the organisation said of this workspace, if it did."""
        if enterprise:
            return await self._store.get(Workspace, id=row_id(enterprise, team))
        found = await self._store.find(Workspace, platform="slack", team=team, state="installed", limit=1)
        return found[0] if found else None

    def _grant(self, row: Workspace, team: str) -> Grant:
        return Grant(
            enterprise=row.enterprise,
            team=team or row.team,
            token=Hidden(self._vault.opened(row.tokens, row.id).token),
            bot_id=row.bot,
            bot_user=row.bot_user,
            scopes=scopes(row.scopes),
            app=row.app,
            org=not row.team,
            expires_at=row.expires_at,
        )

    def _keep(self, key: tuple[str, str, bool], grant: Grant) -> None:
        until = self._clock.now() + FRESH
        if grant.expires_at:
            until = min(until, grant.expires_at - SOON)
        self._kept[key] = _Kept(grant, until)
        if len(self._kept) > KNOWN:
            self._kept.popitem(last=False)

    def distrust(self, grant: Grant) -> None:
        """See `Workspaces`."""
        self._changed()

    def _changed(self) -> None:
        self._changes += 1
        self._kept.clear()

    # --- what changes it -----------------------------------------------------------------

    async def save(self, row: Workspace, tokens: Tokens) -> None:
        """The app was installed, for the first time or again. Raises StoreUnavailable."""
        for _ in range(TRIES):
            before = await self._store.get(Workspace, id=row.id)
            cells: dict[str, Cell] = {
                name: getattr(row, name) for name in Workspace.__struct_fields__ if name not in Workspace.KEY
            }
            cells |= {
                "state": "installed",
                "tokens": self._vault.sealed(tokens, row.id),
                "version": before.version + 1 if before else 1,
            }
            if await self._done(_write(before, row.id, cells)):
                log.info("slack.installed", workspace=row.id, by=row.installed_by)
                return
        raise StoreUnavailable(f"{row.id} changes too often to be saved")

    async def forget(
        self, enterprise: str, team: str, *, enterprise_install: bool = False, at: int = 0
    ) -> None:
        """See `Workspaces`. An installation that is newer than `at` stays."""
        id = row_id(enterprise if enterprise_install or not team else team)
        try:
            done = await remove(self._store, id, at)
        finally:
            self._changed()
        log.warning("slack.removed", workspace=id, done=done)
        if done == "absent" and team and enterprise and not enterprise_install:
            await self.bar(enterprise, team)

    async def admit(self, enterprise: str, team: str) -> None:
        """See `Workspaces`."""
        await self._say(enterprise, team, "installed")

    async def bar(self, enterprise: str, team: str) -> None:
        """See `Workspaces`."""
        await self._say(enterprise, team, "removed")

    async def _say(self, enterprise: str, team: str, state: str) -> None:
        if not (enterprise and team):
            return
        id = row_id(enterprise, team)
        for _ in range(TRIES):
            before = await self._store.get(Workspace, id=id)
            cells = empty(enterprise, team) | {
                "state": state,
                "version": before.version + 1 if before else 1,
                "installed_at": self._clock.now(),
            }
            if await self._done(_write(before, id, cells)):
                return
        raise StoreUnavailable(f"{id} changes too often to be saved")

    async def _done(self, op: Op) -> bool:
        """Whether nobody else was faster."""
        try:
            await self._store.commit([op])
        except (Conflict, Duplicate):
            return False
        finally:
            self._changed()
        return True

    # --- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """See `Workspaces`. Raises SealBroken if what is stored was sealed under another key."""
        rows = await self._store.find(Workspace, platform="slack", state="installed")
        foreign = [row.id for row in rows if row.tokens and not self._vault.seal.fits(row.tokens)]
        if foreign:
            raise SealBroken(
                f"the tokens of {len(foreign)} workspaces ({', '.join(foreign[:3])}) were sealed under "
                "another key: set CUEBOOK_SECRET_KEY to what it was (or put back .cuebook/secret-key), "
                "or give them up with `cuebook slack forget TEAM`"
            )
        self._renewals.start()

    async def stop(self) -> None:
        """See `Workspaces`."""
        await self._renewals.stop()


async def remove(store: Store, id: str, at: int = 0) -> Literal["removed", "newer", "absent"]:
    """Forget a token, unless the app was installed after `at`. Raises StoreUnavailable."""
    for _ in range(TRIES):
        before = await store.get(Workspace, id=id)
        if before is None or before.state != "installed":
            return "absent"
        if at and before.installed_at > at:
            return "newer"
        gone: dict[str, Cell] = {"state": "removed", "tokens": "", "expires_at": 0}
        try:
            await store.commit([_write(before, id, gone | {"version": before.version + 1})])
        except Conflict:
            continue
        return "removed"
    raise StoreUnavailable(f"{id} changes too often to be removed")


def row_id(*parts: str) -> str:
    """The id of a team's row, of an organisation's, or of what one says of the other."""
    return ":".join(("slack", *parts))


def empty(enterprise: str, team: str) -> dict[str, Cell]:
    """The cells of a row without an installation."""
    words = dict.fromkeys(("name", "app", "bot", "bot_user", "scopes", "tokens", "installed_by"), "")
    return {"platform": "slack", "enterprise": enterprise, "team": team, **words, "expires_at": 0}


def _write(before: Workspace | None, id: str, cells: dict[str, Cell]) -> Op:
    if before is None:
        return Insert(Workspace(id=id, **cells))  # type: ignore[arg-type]  # cells of that row
    return Change(Workspace, {"id": id, "version": before.version}, cells)
