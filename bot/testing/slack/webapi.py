"""The Web API without its network: a question in, an answer out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.limits import Limits
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.things import Json, Token
from bot.testing.slack.world import World


@dataclass
class Call:
    """One call as it came, and what it was told. `answer` is empty until there is one."""

    method: str
    args: Json
    at: int
    token: str = ""
    team: str = ""
    status: int = 0
    answer: Json | str = ""

    @property
    def ok(self) -> bool:
        """It had its effect, and the app was told so."""
        return isinstance(self.answer, dict) and self.answer.get("ok") is True


class Answer(NamedTuple):
    """What goes back."""

    status: int
    body: Json
    headers: dict[str, str]


class WebApi:
    """Judges and performs calls."""

    def __init__(self, world: World, methods: Mapping[str, Method], limits: Limits) -> None:
        self.world, self.methods, self.limits = world, dict(methods), limits
        self.calls: list[Call] = []

    def known(self, method: str, given: Json, token: str) -> Call:
        """Write a call down."""
        found = self.world.tokens.get(token)
        team = found.workspace.id if found else ""
        call = Call(method, given, self.world.clock.now(), token, team)
        self.calls.append(call)
        return call

    def answer(self, call: Call) -> Answer:
        """Perform it; every refusal is an answer, too."""
        try:
            body, headers = self._perform(call)
            return Answer(200, body, headers)
        except Refusal as refusal:
            return Answer(refusal.status, refusal.answer, refusal.headers)

    def _perform(self, call: Call) -> tuple[Json, dict[str, str]]:
        method = self.methods.get(call.method)
        if method is None:
            raise Refusal("unknown_method", req_method=call.method)
        token = self._token(method, call.token)
        if token is not None:
            channel = str(call.args.get("channel", ""))
            self.limits.count(token.workspace.id, call.method, channel, call.at)
            _scoped(method, token)
        asked = Asked(self.world, token, method.read(call.args))
        body = {"ok": True, **method.handle(asked)}
        return body, _scope_headers(method, token)

    def _token(self, method: Method, value: str) -> Token | None:
        if method.by == "none":
            return None
        if not value:
            raise Refusal("not_authed")
        found = self.world.tokens.get(value)
        if found is None:
            raise Refusal("invalid_auth")
        if found.revoked:
            raise Refusal("token_revoked" if found.workspace.installed else "account_inactive")
        if found.expires is not None and self.world.clock.now() >= found.expires:
            raise Refusal("token_expired")
        if method.by not in ("any", found.kind) or (method.by == "any" and found.kind == "app"):
            raise Refusal("not_allowed_token_type")
        return found


def _scoped(method: Method, token: Token) -> None:
    needed = method.scope.split()
    if token.kind == "bot" and needed and not token.workspace.scopes & set(needed):
        provided = ",".join(sorted(token.workspace.scopes))
        raise Refusal("missing_scope", needed=",".join(needed), provided=provided)


def _scope_headers(method: Method, token: Token | None) -> dict[str, str]:
    if token is None or token.kind == "app":
        return {}
    given: dict[str, Any] = {
        "X-OAuth-Scopes": ",".join(sorted(token.workspace.scopes)),
        "X-Accepted-OAuth-Scopes": ",".join(method.scope.split()),
    }
    return {name: value for name, value in given.items() if value}
