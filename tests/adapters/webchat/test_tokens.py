"""Chat tokens: fifteen that are no good, and one that is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from adapters.webchat.tokens import BadToken, Owner, Tokens
from bot.errors import SettingsError

KEY = b"k" * 32
NOW = 1_800_000_000
GOOD: dict[str, Any] = {
    "aud": "cuebook.chat", "chat": "c1", "sub": "anon-1", "iat": NOW, "exp": NOW + 30 * 86_400,
}  # fmt: skip


def tokens(ms: int = NOW * 1000) -> Tokens:
    return Tokens(KEY, lambda: ms)


def signed(key: bytes = KEY, alg: str = "HS256", **more: Any) -> str:
    claims = {name: value for name, value in {**GOOD, **more}.items() if value is not ...}
    return jwt.encode(claims, key, algorithm=alg)


def unsigned(alg: str) -> str:
    parts = ({"alg": alg, "typ": "JWT"}, GOOD)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts) + "."
    )


def swapped() -> str:
    """Another chat's claims under this chat's signature."""
    head, _, seal = signed().split(".")
    return f"{head}.{signed(chat='c2').split('.')[1]}.{seal}"


BROKEN: dict[str, Callable[[], str]] = {
    "not a token": lambda: "not.a.token",
    "empty": lambda: "",
    "algorithm none": lambda: unsigned("none"),
    "algorithm None, signature empty": lambda: unsigned("HS256"),
    "another algorithm of the family": lambda: signed(key=b"k" * 64, alg="HS512"),
    "another key": lambda: signed(key=b"x" * 32),
    "another chat's claims": swapped,
    "another audience": lambda: signed(aud="cuebook.operator"),
    "no audience": lambda: signed(aud=...),
    "no chat": lambda: signed(chat=...),
    "no subject": lambda: signed(sub=...),
    "no expiry": lambda: signed(exp=...),
    "expired": lambda: signed(iat=NOW - 100, exp=NOW),
    "from the future": lambda: signed(iat=NOW + 61),
    "living longer than ours do": lambda: signed(exp=NOW + 31 * 86_400),
    "expiry not a number": lambda: signed(exp="2030-01-01"),
    "expiry a truth": lambda: signed(iat=0, exp=True),
    "issued not a number": lambda: signed(iat="today"),
    "chat not a text": lambda: signed(chat={"$ne": ""}),
    "chat empty": lambda: signed(chat=""),
    "deep": lambda: base64.urlsafe_b64encode(b"[" * 9000).decode() + ".x.y",
}


@pytest.mark.parametrize("make", BROKEN.values(), ids=BROKEN)
def test_a_broken_token_opens_nothing(make: Callable[[], str]) -> None:
    """Threat: a forged token names another person's chat."""
    with pytest.raises(BadToken):
        tokens().verify(make())


def test_a_good_token_says_whose_chat_it_is() -> None:
    owner = Owner(chat="c1", person="anon-1", until=(NOW + 30 * 86_400) * 1000)
    assert tokens().verify(signed()) == owner
    assert tokens().verify(tokens().issue("c1", "anon-1")) == owner


def test_a_token_is_good_until_its_last_second() -> None:
    token = tokens().issue("c1", "anon-1")
    tokens((NOW + 30 * 86_400) * 1000 - 1).verify(token)
    with pytest.raises(BadToken):
        tokens((NOW + 30 * 86_400) * 1000).verify(token)


def test_a_key_of_31_bytes_is_refused() -> None:
    with pytest.raises(SettingsError, match="32 bytes"):
        Tokens(b"k" * 31, lambda: 0)
