"""How much an outside system may take or give. One table, each row tested at its edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds, bytes, counts."""

    connect: float = 5.0
    """Name, connection and TLS together. The whole call: the method's and the step's limit."""
    answer: int = MIB
    """Bytes of a body, after unpacking."""
    request: int = MIB
    """Bytes of a body that we send."""
    url: int = 8 * KIB
    depth: int = 64
    """Levels of JSON in an answer."""
    nodes: int = 10_000
    """Values of JSON in an answer."""
    at_once: int = 100
    """Calls of the whole process; further ones wait, within their own time."""
    at_once_each: int = 20
    """Calls of one connector, so that a hung system holds up nobody else's."""
    on_the_loop: int = 64 * KIB
    """A larger body is read and masked in a thread."""


DEFAULT: Final = Limits()
