"""A pointer says what we said, or nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.pointers import KINDS, LONGEST, Pointers, TooLong, digest
from bot.ids import new_id

POINTERS = Pointers(b"k" * 32)
CHAT = new_id(1)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_made_is_read(kind: str) -> None:
    assert POINTERS.read(POINTERS.make(kind, CHAT, "b")) == (kind, CHAT, "b")  # type: ignore[arg-type]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=4))
def test_any_parts_come_back(parts: list[str]) -> None:
    assert POINTERS.read(POINTERS.make("page", *parts)) == ("page", *parts)


def test_the_longest_names_fit_into_an_entry_of_a_list() -> None:
    prompt = f"{'s' * 64}.{'9' * 6}.{'n' * 64}"
    made = [
        POINTERS.choice(CHAT, prompt, "v" * 8_000),
        POINTERS.form(CHAT, prompt),
        POINTERS.cancel(CHAT, new_id(2)),
        POINTERS.start("runbook", "r" * 64),
    ]
    assert max(map(len, made)) <= LONGEST == 150
    assert POINTERS.read(made[0]) == ("choice", CHAT, digest(prompt), digest("v" * 8_000))


def test_what_does_not_fit_is_not_made() -> None:
    with pytest.raises(TooLong):
        POINTERS.make("page", "x" * 200)


def test_a_changed_pointer_is_none() -> None:
    """Threat 21: a forged value, one letter at a time."""
    made = POINTERS.choice(CHAT, "menu.1", "yes")
    for place, letter in enumerate(made):
        for other in "AQgw_-9":
            if other != letter:
                assert POINTERS.read(made[:place] + other + made[place + 1 :]) is None


def test_the_bits_that_mean_nothing_must_be_as_we_wrote_them() -> None:
    """base64 spells some bytes in several ways; one pointer has one spelling."""
    made = next(text for n in range(9) if len(text := POINTERS.make("page", "x" * n)) % 4)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    raw = base64.urlsafe_b64decode(made + "=" * (-len(made) % 4))
    twins = [made[:-1] + letter for letter in alphabet if letter != made[-1]]
    twins = [one for one in twins if base64.urlsafe_b64decode(one + "=" * (-len(one) % 4)) == raw]
    assert twins
    assert all(POINTERS.read(one) is None for one in [*twins, f"{made}=", f"{made}\n", f" {made}"])


def test_another_key_makes_other_pointers() -> None:
    assert Pointers(b"j" * 32).read(POINTERS.form(CHAT, "menu.1")) is None
    assert POINTERS.form(CHAT, "menu.1") == Pointers(b"k" * 32).form(CHAT, "menu.1")


def test_another_version_is_not_read() -> None:
    raw = bytearray(b"\x02\x00\x90")
    forged = bytes(raw) + POINTERS._seal(bytes(raw))
    assert POINTERS.read(base64.urlsafe_b64encode(forged).rstrip(b"=").decode()) is None
    for body in (b"\x01\xff\x90", b"\x01\x00\xc1", b"\x01\x00\x91\xa1\xff", b"\x01\x00\x91\x01", b"\x01\x00"):
        sealed = base64.urlsafe_b64encode(body + POINTERS._seal(body)).rstrip(b"=").decode()
        assert POINTERS.read(sealed) is None, body


@given(
    st.none() | st.integers() | st.text() | st.binary() | st.lists(st.text()) | st.from_regex(r"[\w-]{1,150}")
)
def test_garbage_is_none(found: object) -> None:
    assert POINTERS.read(found) is None


def test_a_key_has_a_length() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Pointers(b"short")


def test_digests_tell_long_names_apart() -> None:
    assert len(digest("x" * 999)) == 16
    assert digest("a.1") != digest("a.2")
    assert digest("\ud800")
