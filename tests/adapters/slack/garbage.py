"""Posts that a stranger can send to the door, and some that only Slack could."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from bot.testing.slack import signed

MARK = "a-secret-that-somebody-wrote"
BODY = json.dumps({"type": "event_callback", "event": {"type": "message", "text": MARK}}).encode()
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
STAMP, SIGNATURE = "X-Slack-Request-Timestamp", "X-Slack-Signature"


class Post(NamedTuple):
    """`most`: the highest status that is right for it."""

    body: bytes
    headers: list[tuple[str, str]]
    kind: str = JSON


def unsigned(secret: str, now: int) -> Iterator[tuple[str, Post]]:
    """What nobody who knows the secret has signed: 401."""
    good = signed(secret, BODY, now)
    stamp, signature = good[STAMP], good[SIGNATURE]
    theirs = signed("another secret", BODY, now)
    for name, headers in (
        ("nothing", {}),
        ("no signature", {STAMP: stamp}),
        ("no time", {SIGNATURE: signature}),
        ("empty signature", {STAMP: stamp, SIGNATURE: ""}),
        ("another secret", theirs),
        ("half a signature", {STAMP: stamp, SIGNATURE: signature[:40]}),
        ("no version", {STAMP: stamp, SIGNATURE: signature[3:]}),
        ("another version", {STAMP: stamp, SIGNATURE: f"v1{signature[2:]}"}),
        ("no hex", {STAMP: stamp, SIGNATURE: f"v0={'z' * 64}"}),
        ("not ASCII", {STAMP: stamp, SIGNATURE: "v0=é"}),
        ("time of words", {STAMP: "yesterday", SIGNATURE: signature}),
        ("time with a point", {STAMP: f"{stamp}.0", SIGNATURE: signature}),
        ("time below zero", {STAMP: f"-{stamp}", SIGNATURE: signature}),
        ("time with a sign", {STAMP: f"+{stamp}", SIGNATURE: signature}),
        ("time in other digits", {STAMP: "١٢٣٤٥", SIGNATURE: signature}),
        ("endless time", {STAMP: "9" * 400, SIGNATURE: signature}),
        ("empty time", {STAMP: "", SIGNATURE: signature}),
        ("another time", {STAMP: str(now + 1), SIGNATURE: signature}),
        ("too old", signed(secret, BODY, now - 301)),
        ("from the future", signed(secret, BODY, now + 301)),
        ("of another body", signed(secret, b"{}", now)),
        ("of no body", signed(secret, b"", now)),
    ):
        yield name, Post(BODY, [*headers.items()])
    twice = [(STAMP, stamp), (SIGNATURE, signature), (SIGNATURE, theirs[SIGNATURE])]
    yield "two signatures", Post(BODY, twice)
    yield "two times", Post(BODY, [*good.items(), (STAMP, str(now))])
    yield "another body", Post(BODY + b" ", [*good.items()])


def malformed(secret: str, now: int) -> Iterator[tuple[str, Post]]:
    """Signed, and nothing that Slack sends: refused, or acknowledged and ignored."""
    mark = json.dumps(MARK)
    deep = '{"type": "event_callback", "event": ' + '{"a": ' * 80 + mark + "}" * 81
    deeper = b"[" * 100_000 + b"]" * 100_000
    for name, body, kind in (
        ("half JSON", BODY[:-9], JSON),
        ("a brace", b"{", JSON),
        ("no UTF-8", BODY + b"\xff\xfe", JSON),
        ("a list", b"[" + mark.encode() + b"]", JSON),
        ("a word", mark.encode(), JSON),
        ("a number", b"17", JSON),
        ("null", b"null", JSON),
        ("nothing", b"", JSON),
        ("too deep", deep.encode(), JSON),
        ("far too deep", deeper, JSON),
        ("no number", b'{"type": NaN}', JSON),
        ("half an emoji", b'{"type": "event_callback", "event": {"text": "\\ud83c"}}', JSON),
        ("an event of null", b'{"type": "event_callback", "event": null}', JSON),
        ("an event of a list", b'{"type": "event_callback", "event": [1, 2]}', JSON),
        ("a type of a list", b'{"type": ["event_callback"]}', JSON),
        ("teams of numbers", b'{"type": "event_callback", "team_id": 1, "authorizations": 5}', JSON),
        ("plain text", BODY, "text/plain"),
        ("a page", BODY, "text/html"),
        ("parts", BODY, "multipart/form-data; boundary=x"),
        ("no kind", BODY, ""),
        ("a form without a payload", f"text={MARK}".encode(), FORM),
        ("a payload that is no JSON", f"payload={MARK}".encode(), FORM),
        ("a payload of a list", b"payload=" + quote("[1]").encode(), FORM),
        ("a payload of null", b"payload=null", FORM),
        ("a payload too deep", b"payload=" + quote(deep).encode(), FORM),
        ("a command of nobody", f"command=/cuebook&text={MARK}".encode(), FORM),
        ("two megabytes", b'{"a": "' + MARK.encode() * 75_000 + b'"}', JSON),
    ):
        yield name, Post(body, [*signed(secret, body, now).items()], kind)
