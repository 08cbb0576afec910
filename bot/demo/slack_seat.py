"""A person's seat in Slack: lines come in, what stands in Slack is shown, until they leave.

Two ways to sit: live, where what happens is shown as it happens; and playing, where piped lines
are the acts of a patient person, who waits until the bot has done what it can before each of
them, and looks only then. So what a play prints does not depend on how fast the machine is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final, NamedTuple, Protocol

from bot.demo.slack_acts import at_once
from bot.demo.slack_hands import Hands
from bot.demo.slack_town import Town
from bot.demo.slack_window import Window

TICK: Final = 0.1
"""Seconds between two looks."""
PATIENCE: Final = 30.0
"""Seconds that a line of a play waits for the bot; then it is done all the same."""
HURRY: Final = 5.0
"""Seconds that a hurried line (`/now`) waits for a word of the bot."""
LINGER: Final = 150.0
"""Seconds that work in the background has after the last line of a play."""


class Rest(Enum):
    """How things stand in the app."""

    BUSY = "something is about to happen"
    BACKGROUND = "the person is waited for, while something takes its time"
    STILL = "nothing happens by itself"


class Reader(Protocol):
    """Where lines come from."""

    async def read(self) -> bytes:
        """What is there next; nothing at the end."""
        ...


class Editor(Protocol):
    """Bytes to lines."""

    typed: str
    ended: bool

    def feed(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        ...


class Keys(NamedTuple):
    """What the person types with. `shown`: we must show it ourselves."""

    reader: Reader
    editor: Editor
    shown: bool


class Seat:
    """One person at one terminal, or a play."""

    def __init__(
        self,
        town: Town,
        window: Window,
        hands: Hands,
        keys: Keys,
        rest: Callable[[], Awaitable[Rest]],
        *,
        playing: bool,
    ) -> None:
        self._town, self._window, self._hands, self._keys = town, window, hands, keys
        self._rest, self._playing = rest, playing
        self._news = asyncio.Event()
        self._heard = 0
        """What others had said in this place when the person last did something."""

    async def sit(self) -> bool:
        """Until the person leaves or the input ends, and then until all is done. False: something
        was still at work."""
        try:
            async with asyncio.TaskGroup() as group:
                watching = group.create_task(self._watch())
                await self._listen()
                still = await self._wait_for_the_end()
                watching.cancel()
            return still
        finally:
            self._hands.notice()
            self._window.draw(None, settle=True)

    async def _wait_for_the_end(self) -> bool:
        if not self._playing or self._hands.left:
            return True
        return await self._until(Rest.STILL, LINGER)

    def remark(self, text: str) -> None:
        """Show something that nobody in Slack has said."""
        self._window.remark(text)
        self._news.set()

    async def _listen(self) -> None:
        editor = self._keys.editor
        while not (editor.ended or self._hands.left):
            for line in editor.feed(await self._keys.reader.read()):
                if not await self._act(line):
                    return
            self._news.set()

    async def _act(self, line: str) -> bool:
        """Do it; whether the person stays."""
        said, hurried = at_once(line)
        if self._playing and hurried:
            await self._answered()
        elif self._playing:
            await self._until(Rest.BACKGROUND, PATIENCE)
            self._hands.notice()
            self._window.draw(None)
        self._hands.notice()
        self._heard = self._window.heard
        await self._hands.take(said)
        self._news.set()
        return not self._hands.left

    async def _watch(self) -> None:
        """Look again and again; draw what is new; be Slack, who tells an app of its own doings."""
        seen = -1
        while True:
            if seen != self._town.changes:
                seen = self._town.changes
                await self._town.events.echoes()
            if not self._playing:
                self._hands.notice()
                self._window.draw(self._typed())
            await self._tick()

    async def _tick(self) -> None:
        try:
            async with asyncio.timeout(TICK):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def _typed(self) -> str | None:
        if not self._keys.shown or self._keys.editor.ended:
            return None
        typed = self._keys.editor.typed
        return "•" * len(typed) if self._hands.secret else typed

    async def _answered(self) -> None:
        """Wait for the next word of the bot, whatever it does after it."""
        try:
            async with asyncio.timeout(HURRY):
                while self._window.heard <= self._heard:
                    await self._tick()
        except TimeoutError:
            pass

    async def _until(self, wanted: Rest, seconds: float) -> bool:
        """Wait until things are so still, twice in a row: an answer may be on its way."""
        good = (wanted, Rest.STILL)
        try:
            async with asyncio.timeout(seconds):
                quiet = 0
                while quiet < 2:
                    quiet = quiet + 1 if await self._rest() in good else 0
                    await asyncio.sleep(TICK)
        except TimeoutError:
            return False
        return True
