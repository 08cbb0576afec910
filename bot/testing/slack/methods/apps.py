"""The life of an installation: OAuth, refresh, revocation; the door for sockets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.things import Json, Person, Workspace
from bot.testing.slack.world import TOKEN_LIFE, World

CODE_LIFE: Final = 600_000  # ms
MOST_SOCKETS: Final = 10


@dataclass(eq=False)
class Code:
    """What the consent page hands out, good for one exchange."""

    workspace: Workspace
    person: Person | None
    scopes: set[str]
    redirect: str
    issued: int
    used: bool = False


@dataclass(eq=False)
class Installing:
    """The app's registration: what the exchange of codes and of refresh tokens must name."""

    client_id: str
    client_secret: str
    codes: dict[str, Code] = field(default_factory=dict)
    tickets: set[str] = field(default_factory=set)
    """Places at the door for sockets, each good for one connection."""

    def code(self, world: World, made: Code) -> str:
        """A fresh code."""
        id = f"{len(self.codes)}.{secrets.token_hex(8)}"
        self.codes[id] = made
        return id

    def access(self, asked: Asked) -> Json:
        """oauth.v2.access: a code for a token, or a refresh token for a new one."""
        self._registered(asked)
        if asked.text("grant_type") == "refresh_token":
            return self._refreshed(asked)
        code = self.codes.get(asked.text("code"))
        if code is None or asked.now - code.issued > CODE_LIFE:
            raise Refusal("invalid_code")
        if code.used:
            raise Refusal("code_already_used")
        if asked.text("redirect_uri") not in ("", code.redirect):
            raise Refusal("bad_redirect_uri")
        code.used = True
        token = asked.world.install(code.workspace, set(code.scopes))
        user = {"id": code.person.id} if code.person else {"id": ""}
        return {**_granted(code.workspace, token.value), **_expiry(token.refresh), "authed_user": user}

    def _refreshed(self, asked: Asked) -> Json:
        given = asked.text("refresh_token")
        old = next((one for one in asked.world.tokens.values() if given and one.refresh == given), None)
        if old is None or old.revoked:
            raise Refusal("invalid_refresh_token")
        old.refresh = ""  # each is good once
        was, asked.world.rotation = asked.world.rotation, True
        token = asked.world.token(old.workspace, old.kind, old.user)
        asked.world.rotation = was
        return {**_granted(old.workspace, token.value), **_expiry(token.refresh)}

    def uninstall(self, asked: Asked) -> Json:
        """apps.uninstall."""
        self._registered(asked)
        remove(asked.world, asked.workspace)
        return {}

    def _registered(self, asked: Asked) -> None:
        if asked.text("client_id") != self.client_id:
            raise Refusal("invalid_client_id")
        if asked.text("client_secret") != self.client_secret:
            raise Refusal("bad_client_secret")

    def connections(self, asked: Asked) -> Json:
        """apps.connections.open: an address for one WebSocket."""
        ticket = secrets.token_hex(8)
        self.tickets.add(ticket)
        place = asked.world.base.replace("http://", "ws://")
        return {"url": f"{place}/link/?ticket={ticket}&app_id={asked.world.app_id}"}

    def methods(self) -> tuple[Method, ...]:
        """What needs the registration."""
        known = "client_id! client_secret! code redirect_uri grant_type refresh_token"
        return (
            Method("oauth.v2.access", self.access, known, by="none"),
            Method("apps.uninstall", self.uninstall, "client_id! client_secret!", by="any"),
            Method("apps.connections.open", self.connections, by="app"),
        )


def revoke(asked: Asked) -> Json:
    """auth.revoke; `test` only asks."""
    assert asked.token is not None
    if asked.args.get("test"):
        return {"revoked": False}
    asked.token.revoked = True
    return {"revoked": True}


def remove(world: World, workspace: Workspace) -> None:
    """The app is no longer in this workspace."""
    workspace.installed = False
    for token in world.tokens.values():
        if token.workspace is workspace and token.kind != "app":
            token.revoked = True


def _granted(workspace: Workspace, token: str) -> Json:
    enterprise = {"id": workspace.enterprise, "name": "The whole company"} if workspace.enterprise else None
    return {
        "app_id": workspace.app_id,
        "access_token": token,
        "token_type": "bot",
        "scope": ",".join(sorted(workspace.scopes)),
        "bot_user_id": workspace.bot,
        "team": {"id": workspace.id, "name": workspace.name},
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }


def _expiry(refresh: str) -> Json:
    return {"refresh_token": refresh, "expires_in": TOKEN_LIFE} if refresh else {}


METHODS: Final = (Method("auth.revoke", revoke, "test:bool", by="any"),)
