"""Ids: sorted by time, unguessable."""

from __future__ import annotations

import secrets


def new_id(now: int) -> str:
    """28 hex digits: 44 bits of milliseconds `now`, then 68 random bits."""
    return f"{now & 0xFFFFFFFFFFF:011x}{secrets.randbits(68):017x}"
