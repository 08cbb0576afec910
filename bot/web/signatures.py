"""Whether a request was sent by somebody who knows the secret: bytes and a time in, a verdict out.

The signature is judged over the raw bytes, before anything is parsed, in constant time. What a
stranger may write in a header is never an exception here, only a refusal, and the reason is for
tests and logs: the answer on the wire is the same for all of them.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Scheme: TypeAlias = Literal["standard", "slack", "github"]

WINDOW: Final = 300
"""Seconds that a signed time may be off, either way."""
MAX_TRIES: Final = 10
"""Signatures of one header that are looked at."""
MAX_ID: Final = 256
MIN_KEY: Final = 24
"""Bytes that a secret of Standard Webhooks has at least."""
_PREFIX: Final = "whsec_"
_SECONDS: Final = re.compile(r"[0-9]{1,12}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_NOBODY: Final = b"nobody knows this"


@dataclass(frozen=True)
class Key:
    """A secret and, if it is an old one, the time (ms) from which it opens nothing any more."""

    secret: str
    until: int | None = None


@dataclass(frozen=True)
class Signed:
    """The sender knows a secret. `id` names the delivery: a repeat carries the same one."""

    id: str


@dataclass(frozen=True)
class Unsigned:
    """Refused; `reason` is not for the sender."""

    reason: str


Verdict: TypeAlias = Signed | Unsigned


def judge(scheme: Scheme, keys: Iterable[Key], headers: Mapping[str, str], body: bytes, now: int) -> Verdict:
    """Whether one of `keys` signed this. `now` in ms; the window is checked where the scheme
    signs a time."""
    valid = [key.secret for key in keys if key.until is None or now < key.until]
    match scheme:
        case "standard":
            return _standard(valid, headers, body, now)
        case "slack":
            return _slack(valid, headers, body, now)
        case "github":
            return _github(valid, headers, body)


def verify_slack(secret: str, headers: Mapping[str, str], body: bytes, now: int) -> bool:
    """Whether Slack sent this request within the last minutes. `now` in ms."""
    return isinstance(judge("slack", [Key(secret)], headers, body, now), Signed)


def usable(scheme: Scheme, secret: str) -> bool:
    """Whether `secret` can be one for `scheme`. One that cannot signs nothing, whoever asks."""
    return _key(scheme, secret) is not None


# --- the schemes -----------------------------------------------------------------------------


def _standard(secrets: list[str], headers: Mapping[str, str], body: bytes, now: int) -> Verdict:
    id, stamp = _only(headers, "webhook-id"), _only(headers, "webhook-timestamp")
    given = _only(headers, "webhook-signature")
    if not id or len(id) > MAX_ID or "." in id or not _printable(id):
        return _refused("webhook-id", body)
    if not _timely(stamp, now):
        return _refused("webhook-timestamp", body)
    tries = [
        raw
        for entry in (given or "").split(" ")[:MAX_TRIES]
        if entry.startswith("v1,") and (raw := _base64(entry[3:])) is not None
    ]
    signed = f"{id}.{stamp}.".encode() + body
    return Signed(id) if _matches("standard", secrets, signed, tries) else Unsigned("signature")


def _slack(secrets: list[str], headers: Mapping[str, str], body: bytes, now: int) -> Verdict:
    stamp = _only(headers, "x-slack-request-timestamp")
    if not _timely(stamp, now):
        return _refused("timestamp", body)
    tries = _hex(_only(headers, "x-slack-signature"), "v0=")
    signed = f"v0:{stamp}:".encode() + body
    if not _matches("slack", secrets, signed, tries):
        return Unsigned("signature")
    return Signed(hashlib.sha256(signed).hexdigest())  # Slack names no delivery: its bytes do


def _github(secrets: list[str], headers: Mapping[str, str], body: bytes) -> Verdict:
    id = _only(headers, "x-github-delivery")
    if not id or len(id) > MAX_ID or not _printable(id):
        return _refused("delivery", body)
    tries = _hex(_only(headers, "x-hub-signature-256"), "sha256=")
    return Signed(id) if _matches("github", secrets, body, tries) else Unsigned("signature")


def _refused(reason: str, body: bytes) -> Unsigned:
    """Refused before there was anything to compare; takes as long as if there had been."""
    _digest(_NOBODY, body)
    return Unsigned(reason)


# --- parts -----------------------------------------------------------------------------------


def _matches(scheme: Scheme, secrets: list[str], signed: bytes, tries: list[bytes]) -> bool:
    """Every secret is tried on every signature, and one that nobody has if there is none: how
    long it takes tells nothing."""
    keys = [key for secret in secrets if (key := _key(scheme, secret)) is not None]
    found = False
    for key in keys or [_NOBODY]:
        digest = _digest(key, signed)
        for one in tries or [b""]:
            found |= hmac.compare_digest(digest, one) and bool(keys)
    return found


def _digest(key: bytes, signed: bytes) -> bytes:
    # not hmac.digest: it lets go of the interpreter, and whoever takes it keeps it for a while
    return hmac.new(key, signed, hashlib.sha256).digest()


def _key(scheme: Scheme, secret: str) -> bytes | None:
    if scheme == "standard":
        key = _base64(secret.removeprefix(_PREFIX))
        return key if key is not None and len(key) >= MIN_KEY else None
    return secret.encode("utf-8", "surrogatepass") or None


def _only(headers: Mapping[str, str], name: str) -> str | None:
    """The header's one value. Twice is none: two readers might believe different ones."""
    values = [value for key, value in headers.items() if key.lower() == name]
    return values[0] if len(values) == 1 else None


def _timely(stamp: str | None, now: int) -> bool:
    if stamp is None or _SECONDS.fullmatch(stamp) is None:
        return False
    return abs(now / 1000 - int(stamp)) <= WINDOW


def _hex(header: str | None, version: str) -> list[bytes]:
    given = (header or "").removeprefix(version)
    signs = header is not None and header.startswith(version) and _HEX.fullmatch(given) is not None
    return [bytes.fromhex(given)] if signs else []


def _base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
