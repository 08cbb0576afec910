"""Installations as the library hands them over, and as rows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from logging import Logger
from typing import Any, Final

import structlog
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from adapters.slack.exchange import read_renewed
from adapters.slack.installed import InstalledWorkspaces, empty, row_id
from adapters.slack.sealing import Tokens
from bot.errors import StoreError
from bot.ports import Clock
from bot.rows import Workspace

log = structlog.get_logger()


class InstallationStore(AsyncInstallationStore):
    """Installations as rows. Tokens of people are not kept: nothing is done in their name."""

    def __init__(self, workspaces: InstalledWorkspaces, clock: Clock) -> None:
        self._workspaces, self._clock = workspaces, clock

    @property
    def logger(self) -> Logger:
        """The library asks for one."""
        return quiet()

    async def async_save(self, installation: Installation) -> None:
        """Raises BoltError, by which the library knows that nothing was saved."""
        now = self._clock.now()
        enterprise = installation.enterprise_id or ""
        team = "" if installation.is_enterprise_install else installation.team_id or ""
        if not (team or enterprise) or not installation.bot_token:
            raise BoltError("an installation without a workspace or without a token of the bot")
        cells = empty(enterprise, team) | {
            "name": installation.team_name or installation.enterprise_name or "",
            "app": installation.app_id or "",
            "bot": installation.bot_id or "",
            "bot_user": installation.bot_user_id or "",
            "scopes": ",".join(sorted(installation.bot_scopes or ())),
            "expires_at": (installation.bot_token_expires_at or 0) * 1000,
            "installed_by": installation.user_id or "",
            "installed_at": now,
        }
        row: Any = {"id": row_id(team or enterprise), "state": "installed", "version": 0, **cells}
        tokens = Tokens(installation.bot_token, installation.bot_refresh_token or "")
        try:
            await self._workspaces.save(Workspace(**row), tokens)
        except StoreError as error:
            log.error("slack.not_saved", workspace=team or enterprise, reason=str(error))
            raise BoltError("the installation could not be saved") from error

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """The bot with a token that is good now. Raises RetryLater."""
        grant = await self._workspaces.current(
            enterprise_id or "", team_id or "", enterprise_install=is_enterprise_install or False
        )
        if grant is None:
            return None
        return Bot(
            app_id=grant.app,
            enterprise_id=grant.enterprise or None,
            team_id=grant.team or None,
            bot_token=str(grant.token),
            bot_id=grant.bot_id,
            bot_user_id=grant.bot_user,
            bot_scopes=sorted(grant.scopes),
            is_enterprise_install=grant.org,
            installed_at=self._clock.now() / 1000,
        )

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The bot's part of it, which is all that is kept."""
        bot = await self.async_find_bot(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        if bot is None:
            return None
        return Installation(user_id=user_id or "", **{name: getattr(bot, name) for name in _OF_THE_BOT})

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """The app was removed."""
        await self._workspaces.forget(enterprise_id or "", team_id or "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """One person's part of it: nothing is kept of that."""
        if user_id is None:
            await self.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)


_OF_THE_BOT: Final = (
    "app_id", "enterprise_id", "team_id", "bot_token", "bot_id", "bot_user_id", "bot_scopes",
    "is_enterprise_install", "installed_at",
)  # fmt: skip


def read_installation(granted: Mapping[str, Any], ourselves: Mapping[str, Any], now: int) -> Installation:
    """Slack's two answers as the library's record of them. Raises Unheard if there is no token."""
    renewed = read_renewed(dict(granted))
    team, enterprise, person = (_table(granted, name) for name in ("team", "enterprise", "authed_user"))
    return Installation(
        app_id=granted.get("app_id"),
        enterprise_id=enterprise.get("id"),
        enterprise_name=enterprise.get("name"),
        team_id=team.get("id"),
        team_name=team.get("name"),
        bot_token=renewed.tokens.token,
        bot_id=ourselves.get("bot_id"),
        bot_user_id=granted.get("bot_user_id") or ourselves.get("user_id"),
        bot_scopes=granted.get("scope") or "",
        bot_refresh_token=renewed.tokens.refresh,
        bot_token_expires_at=now // 1000 + renewed.expires_in if renewed.expires_in else 0,
        user_id=person.get("id") or "",
        is_enterprise_install=granted.get("is_enterprise_install") is True,
        token_type=granted.get("token_type"),
        installed_at=now / 1000,
    )


def _table(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}


def quiet() -> Logger:
    """The library writes codes and answers to its log; nothing of that may pass."""
    logger = logging.getLogger("slack_bolt.cuebook.install")
    logger.setLevel(logging.CRITICAL)
    return logger
