"""One person's chat on a terminal, or on paper when it is piped."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import msgspec
from rich.text import Text

from adapters.terminal.editor import Editor
from adapters.terminal.keyboard import Reader
from adapters.terminal.screen import Surface
from adapters.terminal.translate import (
    AT_WORK,
    LONGEST,
    TOO_LONG,
    Question,
    meaning,
    picture,
    question,
    remark,
    shown,
)
from bot.errors import Refused, StoreUnavailable
from bot.ids import new_id
from bot.ports import Bus, Clock, Delivery, Engine, Inbound, Live, Person, Progress
from bot.rows import Message
from flows.events import Said

PLATFORM: Final = "terminal"
PAGE: Final = 500
ANSWERED: Final = 5.0
"""Seconds that an open question gives the bot to say a word before it is answered again."""


class House(msgspec.Struct, frozen=True):
    """What the adapter needs of the house."""

    engine: Engine
    bus: Bus
    clock: Clock


class Place(msgspec.Struct, frozen=True):
    """Where one person sits. `keys`: somebody types at a terminal that shows nothing by
    itself; else the input speaks only when the bot waits for an answer, like a patient person."""

    reader: Reader
    surface: Surface
    keys: bool = False
    asides: Surface | None = None
    """Where what nobody in the chat said is shown; None: on `surface`, too."""
    hush: Callable[[bool], None] = lambda quiet: None
    """Where the terminal itself shows what is typed: stop it for a secret, and go on after."""


class Terminal:
    """An `Adapter` that reads the log, for one chat."""

    platform = PLATFORM
    reads_log = True

    def __init__(self, house: House, place: Place, *, linger: float = 30.0) -> None:
        """`linger`: seconds that a run which the chat waits for has after the end of the input."""
        self._engine, self._bus, self._clock = house.engine, house.bus, house.clock
        self._place = place
        self._reader, self._surface, self._keys = place.reader, place.surface, place.keys
        self._asides = place.asides or place.surface
        self._editor, self._linger = Editor(keys=place.keys), linger
        self._news, self._asks = asyncio.Event(), asyncio.Event()
        self._remarks: deque[Sequence[Text]] = deque()
        self._runs: dict[str, Progress] = {}
        self._question: Question | None = None
        self._asked_last: Message | None = None
        self._seq = self._said = self._answered = 0
        self._saying = self._secret = False
        self.chat = ""

    async def send(self, delivery: Delivery) -> str:
        """Never called: `reads_log`."""
        raise AssertionError("a terminal reads the transcript itself")

    async def talk(self, profile: str, person: Person) -> list[Progress]:
        """A chat from its first line to its end, or to the end of the input: then a run that
        it waits for may still end, for as long as `linger`. The runs that are at work after it.

        Raises UnknownDefinition, NotAllowed, TooMuch, StoreUnavailable.
        """
        opened = await self._engine.open(profile, person, platform=PLATFORM)
        self.chat = opened.chat
        stop = self._bus.subscribe(self.chat, self._hear)
        listening = asyncio.get_running_loop().create_task(self._listen(), name="terminal:words")
        listening.add_done_callback(lambda _: self._news.set())
        try:
            await self._follow(listening)
        finally:
            stop()
            self._place.hush(False)
            listening.cancel()
            await asyncio.wait([listening])
            self._surface.below((), None)
        return await self._engine.progress(self.chat)

    def remark(self, lines: Sequence[Text]) -> None:
        """Show something that nobody said, after what the transcript has by now."""
        self._remarks.append(lines)
        self._news.set()

    # --- what is said to us ----------------------------------------------------------------

    def _hear(self, item: Live) -> None:
        if isinstance(item, Progress):
            self._runs[item.run] = item
        self._news.set()

    async def _follow(self, listening: asyncio.Task[None]) -> None:
        """Show what comes until the chat is over, or nobody is there to answer."""
        until: float | None = None
        with suppress(TimeoutError):
            while not await self._catch_up():
                if listening.done():
                    listening.result()
                    if self._asks.is_set():
                        return
                    until = until or asyncio.get_running_loop().time() + self._linger
                async with asyncio.timeout_at(until):
                    await self._news.wait()

    async def _catch_up(self) -> bool:
        """Show what is new; whether the chat has ended."""
        self._news.clear()
        view = await self._engine.look(self.chat)  # before the lines, so that none of its own is missing
        if self._secret is not view.secret:
            self._secret = view.secret  # before its question can be seen
            self._place.hush(self._secret)
        while lines := await self._engine.messages(self.chat, self._seq, PAGE):
            for line in lines:
                self._take(line)
        asked = self._asked_last
        self._question = question(asked) if asked is not None and asked.prompt == view.prompt else None
        while self._remarks:
            self._asides.show(self._remarks.popleft())
        self._ask(asked=bool(view.prompt))
        self._draw()
        return view.ended and self._seq >= view.seq

    def _ask(self, *, asked: bool) -> None:
        """Note whether the bot waits for an answer and has answered what was said before."""
        if asked and self._answered > self._said and not self._saying:
            self._asks.set()
        else:
            self._asks.clear()

    def _take(self, line: Message) -> None:
        self._surface.show(shown(line))
        self._seq = line.seq
        if line.sender != "user":
            self._answered = line.seq
            self._asked_last = line if line.prompt else self._asked_last

    def _draw(self) -> None:
        pictures = [picture(run) for run in self._runs.values() if run.state in AT_WORK]
        typed = self._editor.typed if self._keys and not self._editor.ended else None
        typed = "" if typed and self._secret else typed  # not even how long it is
        self._surface.below([line for lines in pictures for line in lines], typed)

    # --- what we say -------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Read and say, until there is nothing more to read."""
        while not self._editor.ended:
            for line in self._editor.feed(await self._reader.read()):
                await self._say(line)
            self._draw()

    async def _say(self, line: str) -> None:
        if not self._keys:
            await self._patience()
        said = meaning(line, self._question)
        if said is None:
            return
        if len(said.text) > LONGEST:
            self.remark(remark(TOO_LONG))
            return
        self._saying = True
        self._asks.clear()
        try:
            self._said = await self._hand_over(said)
        except (Refused, StoreUnavailable) as refusal:
            self.remark(remark(str(refusal)))
        self._saying = False
        self._news.set()

    async def _hand_over(self, said: Said) -> int:
        source, id = f"{PLATFORM}:{self.chat}", new_id(self._clock.now())
        receipt = await self._engine.receive(Inbound(chat=self.chat, id=id, said=said, source=source))
        return receipt.seq

    async def _patience(self) -> None:
        """Until the bot waits for an answer. A question that stays without a word is not waited
        for: the next line may be what it needs."""
        while not self._asks.is_set():
            try:
                async with asyncio.timeout(ANSWERED):
                    await self._asks.wait()
            except TimeoutError:
                if self._question is not None:
                    return
