from typing import Any

import msgspec
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    team: str
    enterprise: str = ""
    token: str
    bot_id: str
    bot_user: str
    app: str = ""


class Workspaces:
    def __init__(self, grant: Grant) -> None:
        self.grant: Grant | None = grant

    async def current(self, enterprise: str, team: str) -> Grant | None:
        return self.grant if self.grant and self.grant.team == team else None

    async def forget(self, enterprise: str, team: str) -> None:
        self.grant = None

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class SlackAuthorize(AsyncAuthorize):
    def __init__(self, workspaces: Workspaces) -> None:
        self.w = workspaces

    async def __call__(
        self, *, context: Any, enterprise_id: str | None, team_id: str | None, user_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        g = await self.w.current(enterprise_id or "", team_id or "")
        return (
            None
            if g is None
            else AuthorizeResult(
                enterprise_id=g.enterprise,
                team_id=g.team,
                bot_token=g.token,
                bot_id=g.bot_id,
                bot_user_id=g.bot_user,
            )
        )
