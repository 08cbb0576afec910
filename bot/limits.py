"""Every bound of the runtime in one table; benchmarks and operators raise named ones."""

from __future__ import annotations

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Defaults argued for a small installation; each bound has a test at it and past it."""

    steps_a_run: int = 1_000
    run_depth: int = 5
    """Runs that start runs."""
    runs_a_person: int = 3
    """Open at once."""
    runs_at_work: int = 100
    """Executing at once in this process; waiting runs do not count."""
    runs_queued: int = 1_000
    """Due and not begun; beyond, a start is refused."""
    runs_planned: int = 10_000
    """Accepted for another time."""
    chats_in_memory: int = 10_000
    pending_a_chat: int = 50
    """A person's messages that a busy chat has taken and not handled."""
    delivery_tries: int = 8
    """Failed ones; to be asked for patience is no failure."""
    delivered_within: float = 86_400.0
    """Seconds for which a platform may put us off before a message is parked."""
    forgotten_after: float = 7 * 86_400.0
    """Seconds without a word after which an open question is over (promise 3)."""
    drain: float = 10.0
    """Seconds that a stopping server gives to what is in flight."""
    text: int = 8_000
    """Characters of one message."""
    traced: int = 4_096
    """Characters of a request or answer that a trace keeps."""
