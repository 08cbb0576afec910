"""Requests to endpoints → what the house is told, and its answers → JSON. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from bot.web.signatures import Key
from flows.events import RunAccepted, RunRefused
from flows.values import Json, Vars
from flows.webhook import Webhook, secret_name

_TYPE: Final = re.compile(r'application/json(?:\s*;\s*charset="?utf-8"?)?\s*', re.IGNORECASE)
_TOKEN: Final = re.compile(r"/callbacks/([0-9a-f]{64})", re.ASCII)


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """The run that this delivery started, now or when it came first."""

    run: str


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook's `only` does not hold: nothing was started."""

    ignored: bool = True


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """The call was written down; the run goes on."""

    accepted: bool = True


def keys_of(hook: Webhook, look: Callable[[str], str]) -> list[Key]:
    """The secrets that open an endpoint. One that is not set opens nothing."""
    keys = [Key(look(secret_name(hook.secret)))]
    keys += [Key(look(secret_name(old.secret)), old.end) for old in hook.old_secrets]
    return [key for key in keys if key.secret]


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether a body says that it is JSON in UTF-8, as it is: one parser, and nothing to unpack."""
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        return False
    return _TYPE.fullmatch(headers.get("Content-Type", "")) is not None


def request_of(body: Json, headers: Iterable[tuple[str, str]]) -> Vars:
    """What `inputs` and `only` of a webhook see."""
    return {"body": body, "headers": {name.lower(): value for name, value in headers}}


def token_of(raw_path: str) -> str | None:
    """The token in an address as it was sent; None for any other spelling of it."""
    found = _TOKEN.fullmatch(raw_path)
    return found[1] if found is not None else None


def answer_of(answer: RunAccepted | RunRefused) -> tuple[int, Started | str]:
    """The status, and what goes with it: the run, or why there is none."""
    if isinstance(answer, RunAccepted):
        return 202, Started(run=answer.run)
    return 422, answer.reason
