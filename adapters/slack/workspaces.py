"""Whose token a call is made with: one workspace from the environment, or many from the store."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol

import msgspec
import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext

from adapters.slack.api import Api, Declined
from adapters.slack.tokens import Grant, Hidden, scopes
from bot.errors import DeliveryError, RetryLater
from bot.ports import Clock

log = structlog.get_logger()

AGAIN: Final = 30_000
"""ms until a token that Slack refused is tried again."""


class Workspaces(Protocol):
    """The workspaces that we may act in. The only place from which a token comes: what is
    kept elsewhere goes stale."""

    async def current(self, enterprise: str, team: str, *, enterprise_install: bool = False) -> Grant | None:
        """The right to act there now; None where the app is not installed (any more), so that
        nothing can ever be delivered. Raises RetryLater if that cannot be said now."""
        ...

    async def forget(
        self, enterprise: str, team: str, *, enterprise_install: bool = False, at: int = 0
    ) -> None:
        """The app was removed, or its token revoked, at this time (ms; 0: now)."""
        ...

    async def admit(self, enterprise: str, team: str) -> None:
        """An organisation lets its app act in this workspace (`team_access_granted`)."""
        ...

    async def bar(self, enterprise: str, team: str) -> None:
        """It no longer does (`team_access_revoked`)."""
        ...

    def distrust(self, grant: Grant) -> None:
        """Slack did not take this token: look again before it is used once more."""
        ...

    async def start(self) -> None:
        """Begin to renew tokens ahead of time."""
        ...

    async def stop(self) -> None:
        """Renew nothing any more."""
        ...


class OneWorkspace:
    """The workspace of `SLACK_BOT_TOKEN` (`Workspaces`). Slack is asked once who we are there."""

    def __init__(self, token: str, api: Api, clock: Clock) -> None:
        self._token, self._api, self._clock = Hidden(token), api, clock
        self._grant: Grant | None = None
        self._refused_until = 0
        self._asking = asyncio.Lock()

    async def current(self, enterprise: str, team: str, *, enterprise_install: bool = False) -> Grant | None:
        """See `Workspaces`."""
        grant = await self.whoever()
        if grant is None:
            return None
        if team == grant.team:
            return grant
        if enterprise != grant.enterprise or not enterprise:
            return None
        # An organisation's own token speaks for all its workspaces; a workspace's only where
        # Slack does not say which of them is meant.
        return msgspec.structs.replace(grant, team=team) if grant.org else grant if not team else None

    async def whoever(self) -> Grant | None:
        """Whose token it is, whatever workspace that is. Raises RetryLater."""
        async with self._asking:
            if self._grant is None and self._clock.now() >= self._refused_until:
                self._grant = await self._ask()
            return self._grant

    async def _ask(self) -> Grant | None:
        try:
            answer = await self._api.call(self._token, "auth.test", {})
        except RetryLater:
            raise
        except Declined as error:
            log.error("slack.token_refused", variable="SLACK_BOT_TOKEN", reason=error.code)
            self._refused_until = self._clock.now() + AGAIN
            return None
        except DeliveryError as error:
            raise RetryLater(2.0, f"Slack does not say who we are: {error}") from error
        return read_identity(answer, self._token)

    async def forget(
        self, enterprise: str, team: str, *, enterprise_install: bool = False, at: int = 0
    ) -> None:
        """See `Workspaces`. Slack is asked again: a token that was given anew is in the
        environment of the next process."""
        if self._grant is not None and team in (self._grant.team, ""):
            log.warning("slack.removed", team=team or enterprise)
            self._grant = None

    async def admit(self, enterprise: str, team: str) -> None:
        """See `Workspaces`: Slack itself knows."""

    async def bar(self, enterprise: str, team: str) -> None:
        """See `Workspaces`: Slack itself knows."""

    def distrust(self, grant: Grant) -> None:
        """See `Workspaces`."""
        self._grant = None

    async def start(self) -> None:
        """See `Workspaces`: this token does not expire."""

    async def stop(self) -> None:
        """See `Workspaces`."""


def read_identity(answer: dict[str, Any], token: Hidden) -> Grant:
    """The answer of `auth.test`."""

    def text(name: str) -> str:
        found = answer.get(name)
        return found if isinstance(found, str) else ""

    enterprise, team = text("enterprise_id"), text("team_id")
    org = answer.get("is_enterprise_install") is True
    return Grant(
        enterprise=enterprise,
        team="" if org and team == enterprise else team,
        token=token,
        bot_id=text("bot_id"),
        bot_user=text("user_id"),
        scopes=scopes(answer.get("scopes", "")),
        app=text("app_id"),
        org=org,
    )


class SlackAuthorize(AsyncAuthorize):
    """Tells Bolt who we are in a workspace, without asking Slack for each event.

    Where that is not known, Bolt answers for us; nothing is lost by it, since whatever came in
    is durable before Bolt asks.
    """

    def __init__(self, workspaces: Workspaces) -> None:
        self._workspaces = workspaces

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_: str | None,
    ) -> AuthorizeResult | None:
        """None: the app is not installed there, or Slack does not say."""
        try:
            grant = await self._workspaces.current(
                enterprise_id or "", team_id or "", enterprise_install=context.is_enterprise_install or False
            )
        except DeliveryError as error:
            log.warning("slack.not_authorized", team=team_id, reason=str(error))
            return None
        if grant is None:
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_token=str(grant.token),
            bot_id=grant.bot_id,
            bot_user_id=grant.bot_user,
            bot_scopes=sorted(grant.scopes),
        )
