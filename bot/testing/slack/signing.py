"""How Slack proves that a request is from it."""

from __future__ import annotations

import hashlib
import hmac


def signed(secret: str, body: bytes, at: int) -> dict[str, str]:
    """The two headers. `at`: seconds since 1970; an app refuses what is five minutes old."""
    base = b"v0:%d:%b" % (at, body)
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={digest}"}
