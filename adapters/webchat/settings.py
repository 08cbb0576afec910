"""Everything about the web chat that an operator may set, with its defaults."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, bytes and counts. Each has a test at the limit and one past it."""

    hello: float = 10.0
    """From the upgrade to a `hello` that we understand."""
    frame: int = 64 * 1024
    text: int = 8_000
    """Characters of one message."""
    rate: float = 5.0
    """Frames and posts a second, counted per person over all their sockets."""
    burst: int = 20
    opens_rate: float = 5.0
    """New chats a second from one address."""
    opens_burst: int = 100
    reads_rate: float = 200 / 60
    """REST reads a second per person: Zulip allows 200 a minute."""
    reads_burst: int = 200
    heartbeat: float = 25.0
    replay: int = 500
    """A client that missed more messages than this starts anew with the last page."""
    page: int = 50
    """Lines read from the log at once, and shown after such a new start."""
    queue_frames: int = 256
    queue_bytes: int = 1024 * 1024
    kernel_bytes: int = 128 * 1024
    """Send buffer that the kernel keeps for a socket: by itself it grows to megabytes, which a
    reader that does not read would fill first, in memory that nobody here sees."""
    send: float = 4.0
    """How long a reader may keep us waiting before its connection is cut."""
    sweep: float = 0.5
    """How often stalled readers are looked for: a stalled one is gone within `send + sweep`."""
    close: float = 2.0
    """How long the other side may take to answer our closing frame."""
    spread: float = 3.0
    """At the end of the process, sockets are closed over so many seconds."""
    poll: float = 30.0
    """The longest a long poll waits."""
    per_address: int = 50
    per_person: int = 10
    per_process: int = 12_000


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`origins`: further sites whose pages may talk to us; our own always may."""

    origins: frozenset[str] = frozenset()
    token_days: int = 30
    limits: Limits = Limits()
