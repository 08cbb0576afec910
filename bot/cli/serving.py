"""A server from its first moment to its last, for `cuebook serve` and `cuebook demo`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

from bot.app import App
from bot.cli.opening import Opened
from bot.cli.services import Service, running
from bot.cli.shared import stderr
from bot.cli.signals import Signals
from bot.garbage import collect_seldom


async def serve_until_told(opened: Opened, services: Sequence[Service], show: Callable[[App], None]) -> int:
    """Serve the project beside its services until a signal comes, then drain. The exit code.

    `show` is called once the doors are open. Raises OperatorError if they cannot be opened.
    """
    signals = Signals()
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(running(services, opened.project.root, tell))
        settings = opened.beside(started).settings
        app = await stack.enter_async_context(App.running(settings, opened.project, opened.secrets, tell))
        collect_seldom()
        show(app)
        await signals.came.wait()
        tell(f"Stopping. What is in flight has {settings.drain:g} s to finish; once more ends it at once.")
    return signals.code


def tell(text: str) -> None:
    """Show whoever watches the server what an author should know."""
    stderr().print(text, markup=False)
