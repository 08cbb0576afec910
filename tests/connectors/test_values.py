"""Properties: whatever a value is, the request keeps its shape (S25)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from hypothesis import assume, example, given
from hypothesis import strategies as st
from yarl import URL

from bot.connectors.building import prepare
from bot.connectors.limits import Limits
from bot.errors import CallFailed
from flows.connector import Method

LIMITS = Limits(url=1 << 20)
AT = URL("https://directory.example/api")
HOSTILE = [
    '"}',
    '", "admin": true, "x": "',
    "\\",
    "\r\n",
    "${login}",
    "$HOME",
    "{{7*7}}",
    "\0",
    "\u2028",
    "</script>",
]
text = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"])))
value = st.recursive(
    st.one_of(text, st.integers(-(2**63), 2**63), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=8,
)


def method(**fields: Any) -> Method:
    return Method.model_validate(fields)


@given(value)
@example("x\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
def test_s25_a_value_in_json_stays_that_value(given_value: Any) -> None:
    body = {"whole": "$v", "list": [1, "$v"], "fixed": {"deep": "yes"}}
    request = prepare(method(post="/x", json=body), AT, {"v": given_value}, LIMITS)
    assert json.loads(request.body or b"") == {
        "whole": given_value,
        "list": [1, given_value],
        "fixed": {"deep": "yes"},
    }


@given(text)
def test_a_text_inside_a_text_stays_a_text(given_value: str) -> None:
    request = prepare(method(post="/x", json={"note": "from $v, end"}), AT, {"v": given_value}, LIMITS)
    assert json.loads(request.body or b"") == {"note": f"from {given_value}, end"}


@given(text, text)
def test_a_value_fills_one_part_of_the_path_and_one_field_of_the_query(part: str, field: str) -> None:
    assume(part)
    act = method(get="/users/{part}/{part}.json", query={"a": "$field", "b": "fixed"})
    try:
        request = prepare(act, AT, {"part": part, "field": field}, LIMITS)
    except CallFailed:
        if part in (".", ".."):
            return
        raise
    path, _, query = str(request.url).removeprefix("https://directory.example").partition("?")
    assert path.split("/")[1:3] == ["api", "users"]
    assert [unquote(one) for one in path.split("/")[3:]] == [part, f"{part}.json"]
    assert parse_qsl(query, keep_blank_values=True) == [("a", field), ("b", "fixed")]
    assert request.url.origin() == AT.origin()


@given(text)
def test_a_header_holds_one_line_or_is_refused(given_value: str) -> None:
    try:
        request = prepare(method(get="/x", headers={"X-A": "$v"}), AT, {"v": given_value}, LIMITS)
    except CallFailed:
        assert any(ord(char) < 32 or ord(char) == 127 for char in given_value)
        return
    assert request.headers == {"x-a": given_value.strip(), "accept": "application/json"}
    assert not set(request.headers["x-a"]) & set("\r\n\0")
