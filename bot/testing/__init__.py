"""The testing kit that ships: for authors of flows and for Cuebook's own tests.

    from bot.testing import Chat, Gate, note, question

It needs no test framework: failures are AssertionErrors.
"""

from __future__ import annotations

from bot.testing.adapter import TestAdapter
from bot.testing.chat import AGENT, CUSTOMER, STRANGER, Chat, PlayedRun
from bot.testing.clock import FakeClock
from bot.testing.documents import project_of
from bot.testing.lines import Line, note, question, user
from bot.testing.settling import settle
from bot.testing.stage import Stage
from bot.testing.store import Killed, WatchedStore
from bot.testing.stubs import Gate, Stubs

__all__ = [
    "AGENT",
    "CUSTOMER",
    "STRANGER",
    "Chat",
    "FakeClock",
    "Gate",
    "Killed",
    "Line",
    "PlayedRun",
    "Stage",
    "Stubs",
    "TestAdapter",
    "WatchedStore",
    "note",
    "project_of",
    "question",
    "settle",
    "user",
]
