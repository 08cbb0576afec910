"""One chat in the terminal: a Cuebook of its own, from the first line to the last."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any, Final, NamedTuple

from adapters.terminal.adapter import House, Place, Terminal
from adapters.terminal.keyboard import Input, by_key, hush, set_by_key
from adapters.terminal.screen import Paper, Screen
from adapters.terminal.translate import remark
from bot.app import App
from bot.cli.opening import Opened
from bot.cli.services import Service, running
from bot.cli.shared import stderr, stdout
from bot.cli.signals import Signals
from bot.cli.tracing import Tracing
from bot.ports import Person, Progress
from bot.storage.memory import MemoryStore

DRAIN: Final = 0.5
"""Seconds that the end of a chat which nobody keeps gives to what is in flight."""


class Wish(NamedTuple):
    """What was asked for."""

    profile: str
    person: Person
    linger: float
    trace: bool
    recorded: bool
    """In the database of the settings, instead of in memory."""


async def talk(opened: Opened, services: Sequence[Service], wish: Wish) -> int:
    """Talk until the chat or the input ends, or a signal comes. The exit code."""
    signals = Signals()
    async with AsyncExitStack() as stack:
        voice = _Voice()
        started = await stack.enter_async_context(running(services, opened.project.root, voice.tell))
        app = await _start(stack, opened.beside(started), wish, voice)
        place = stack.enter_context(_place())
        ground = app.runtime.ground
        terminal = Terminal(House(app.runtime.engine, ground.bus, ground.clock), place, linger=wish.linger)
        voice.terminal = terminal
        if wish.trace:
            Tracing(app.runtime, terminal.remark)
        left = await _through(terminal, wish, signals)
    _part(left)
    return signals.code


async def _start(stack: AsyncExitStack, opened: Opened, wish: Wish, voice: _Voice) -> App:
    settings = opened.settings
    if not wish.recorded:
        settings = settings.model_copy(update={"drain": min(DRAIN, settings.drain)})
    app = App(settings, opened.project, opened.secrets)
    app.tell = voice.tell  # before the start: the watch takes it with it
    stack.push_async_callback(app.stop)
    await app.start(web_too=False, store=None if wish.recorded else MemoryStore())
    return app


@contextmanager
def _place() -> Iterator[Place]:
    """A terminal shows what is typed by our hand; a pipe or a plain one gets lines."""
    descriptor = sys.stdin.fileno()
    console, source = stdout(), Input(descriptor)
    if not console.is_terminal or console.is_dumb_terminal:
        shows = os.isatty(descriptor)  # what is typed, by itself
        hushed = (lambda quiet: hush(descriptor, quiet=quiet)) if shows else _nothing_to_hush
        yield Place(source, Paper(console), asides=Paper(stderr()), hush=hushed)
        return
    screen = Screen(console)
    if not os.isatty(descriptor):
        yield Place(source, screen)
        return
    loop = asyncio.get_running_loop()

    def back() -> None:
        set_by_key(descriptor)
        screen.again()

    with by_key(descriptor):
        loop.add_signal_handler(signal.SIGCONT, back)
        yield Place(source, screen, keys=True)


def _nothing_to_hush(quiet: bool) -> None:
    """A pipe shows nothing by itself."""


async def _through(terminal: Terminal, wish: Wish, signals: Signals) -> list[Progress]:
    """The chat, until its end or the first signal. The runs that it leaves behind."""
    loop = asyncio.get_running_loop()
    talking = loop.create_task(terminal.talk(wish.profile, wish.person), name="talk")
    interrupted: asyncio.Task[Any] = loop.create_task(signals.came.wait(), name="signals")
    try:
        await asyncio.wait({talking, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        return await talking if talking.done() else []
    finally:
        interrupted.cancel()
        talking.cancel()
        await asyncio.wait({talking, interrupted})


def _part(left: list[Progress]) -> None:
    """Say what is over now and would have gone on."""
    for run in left:
        _tell(f"“{run.title}” was still at work; it ended with this chat.")


def _tell(text: str) -> None:
    stderr().print(text, markup=False)


class _Voice:
    """What an author should know, said where it tears nothing apart."""

    def __init__(self) -> None:
        self.terminal: Terminal | None = None

    def tell(self, text: str) -> None:
        """Once there is a chat, between its lines."""
        if self.terminal is None:
            _tell(text)
        else:
            self.terminal.remark(remark(text))
