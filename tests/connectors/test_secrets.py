"""Secrets are handed out to their connector and shown to nobody."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.connectors.secrets import Secrets
from bot.errors import MissingSecret

WAYS: dict[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "in a path": lambda text: quote(text, safe=""),
    "in a query": quote_plus,
    "lower-case hex": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "Basic, one before": lambda text: b64encode(f"u:{text}".encode()).decode(),
    "Basic, two before": lambda text: b64encode(f"us:{text}!".encode()).decode(),
    "Basic, three before": lambda text: b64encode(f"use:{text}!!".encode()).decode(),
    "HTML": html.escape,
    "hexadecimal": lambda text: text.encode().hex(),
}


def left_of(secret: str, text: str) -> bool:
    """Whether any run of eight characters of the encoded secret can still be read."""
    return any(text[i : i + 8] in secret for i in range(len(text) - 7))


@pytest.mark.parametrize("way", WAYS)
def test_a_value_is_masked_in_every_encoding(way: str) -> None:
    value = 'p/a"ss&w+ö rd-0123456789'
    secrets = Secrets({"KEY": value})
    secrets.get("KEY")
    encoded = WAYS[way](value)
    masked = secrets.mask(f"before {encoded} after {encoded}")
    assert masked.startswith("before ")
    assert masked.count("•••") == 2
    assert not left_of(encoded, masked.replace("before", "").replace("after", ""))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=40), st.sampled_from([*WAYS]))
def test_whatever_the_value_no_form_of_it_stays(value: str, way: str) -> None:
    secrets = Secrets({})
    secrets.hide(value)
    encoded = WAYS[way](value)
    if way.startswith("Basic") and len(value.encode()) < 9:
        return  # so little of it is the same in every text that it would mask at random
    assert secrets.mask(f"<{encoded}>") != f"<{encoded}>"
    assert encoded not in secrets.mask(f"<{encoded}>")


def test_four_characters_are_masked_and_three_are_not() -> None:
    secrets = Secrets({"FOUR": "abcd", "THREE": "xyz"})
    assert (secrets.get("FOUR"), secrets.get("THREE")) == ("abcd", "xyz")
    assert secrets.mask("abcd xyz eHl6") == "••• xyz eHl6"


def test_the_longer_of_two_secrets_goes_first() -> None:
    secrets = Secrets({})
    for value in ("abcd", "abcdefgh"):
        secrets.hide(value)
    assert secrets.mask("abcdefgh abcd") == "••• •••"


def test_a_value_is_read_anew_and_the_old_one_stays_masked() -> None:
    environ = {"KEY": "first-value\n"}
    secrets = Secrets(environ)
    assert secrets.get("KEY") == "first-value"
    environ["KEY"] = "second-value"
    assert secrets.get("KEY") == "second-value"
    assert secrets.mask("first-value second-value") == "••• •••"


def test_a_setting_is_no_secret() -> None:
    secrets = Secrets({"ADDRESS": "https://directory.example"})
    assert secrets.setting("ADDRESS") == secrets.look("ADDRESS") == "https://directory.example"
    assert secrets.mask("https://directory.example") == "https://directory.example"


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}, {"KEY": " \n"}])
def test_what_is_not_set_is_named_with_its_connector(environ: dict[str, str]) -> None:
    with pytest.raises(MissingSecret, match="connector `directory` needs the environment variable KEY"):
        Secrets(environ).get("KEY", "directory")
