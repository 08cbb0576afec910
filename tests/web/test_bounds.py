"""JSON from strangers is judged before it is read, in time that grows with its size alone."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.web.bounds import MAX_DEPTH, MAX_ITEMS, MAX_KEYS, bounded_json
from bot.web.errors import BadRequest

MIB = 1024 * 1024
BOMBS = {
    "brackets": b"[" * MIB,
    "pairs of brackets": b"[" + b"[]," * (MIB // 3) + b"[]]",
    "braces": b'{"a":' * (MIB // 5),
    "keys": b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}",
    "numbers": b"[" + b"1," * (MIB // 2 - 2) + b"1]",
    "quotes without an end": b'"' + b'\\"' * (MIB // 2),
    "backslashes": b'"' + b"\\" * (MIB - 1),
    "a lone backslash at the end": (b'"' + b'\\"' * (MIB // 2))[:-1],
    "quotes": b'"' * MIB,
    "closing": b"]" * MIB,
    "nothing": b"\0" * MIB,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_quickly_and_takes_little_memory(bomb: bytes) -> None:
    began = time.process_time()  # of this process: others do not count
    with pytest.raises(BadRequest):
        bounded_json(bomb)
    assert time.process_time() - began < 1.0
    tracemalloc.start()
    with pytest.raises(BadRequest):
        bounded_json(bomb[: MIB // 4])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2 * MIB


@pytest.mark.parametrize("bomb", ["closing", "quotes"])
def test_what_is_no_json_for_long_is_given_up_on_the_way(bomb: str) -> None:
    with pytest.raises(BadRequest, match=r"^The body is not JSON\.$"):
        bounded_json(BOMBS[bomb])


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("[" * MAX_DEPTH + "]" * MAX_DEPTH, True), ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), False),
        (json.dumps({str(n): 0 for n in range(MAX_KEYS)}), True), (json.dumps({str(n): 0 for n in range(MAX_KEYS + 1)}), False),
        (json.dumps([0] * MAX_ITEMS), True), (json.dumps([0] * (MAX_ITEMS + 1)), False),
        (json.dumps({"text": "[{:,\\\"" * 20_000}), True),
    ],
    ids=["depth", "too deep", "keys", "too many keys", "items", "too many items", "a text of brackets"],
)  # fmt: skip
def test_at_each_bound_and_past_it(text: str, good: bool) -> None:
    if good:
        assert bounded_json(text.encode()) == json.loads(text)
    else:
        with pytest.raises(BadRequest):
            bounded_json(text.encode())


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"))
)
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0")), inner)
    ),
    max_leaves=20,
)


@given(value=values)
def test_what_is_within_the_bounds_comes_through(value: object) -> None:
    assert bounded_json(json.dumps(value).encode()) == value
