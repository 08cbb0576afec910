"""What every part of the runtime stands on, in one value."""

from __future__ import annotations

from typing import NamedTuple

from bot.limits import Limits
from bot.ports import Bus, Clock, Store
from bot.runtime.library import Library
from bot.runtime.meters import Meters
from bot.runtime.tasks import Tasks


class Ground(NamedTuple):
    """Built once, by the composition root (or by a test)."""

    store: Store
    bus: Bus
    clock: Clock
    library: Library
    tasks: Tasks
    limits: Limits
    meters: Meters
    owner: str
    """Names this process in the rows that it holds."""
