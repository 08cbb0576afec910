"""`cuebook demo --slack`: the example in Slack, with a Slack of our own and somebody in it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import SecretStr
from rich.console import Console
from rich.text import Text

from adapters.slack.forms import modal
from adapters.terminal.editor import Editor
from adapters.terminal.keyboard import Input, by_key
from adapters.terminal.screen import Paper, Screen
from bot.app import App
from bot.cli.opening import Opened
from bot.cli.services import Service, running
from bot.cli.serving import tell
from bot.cli.shared import stdout
from bot.cli.signals import Signals
from bot.cli.slack_rest import Resting
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.demo.slack_hands import Hands
from bot.demo.slack_seat import Keys, Seat
from bot.demo.slack_town import Town
from bot.demo.slack_window import Pane, Window
from bot.settings import Settings
from bot.testing.slack.delivery import Deliver
from bot.testing.slack.events import Events
from bot.testing.slack.fake import FakeSlack
from flows.effects import FormField

CONNECT: Final = 15.0
"""Seconds until the app's socket must be open."""
DRAIN: Final = 0.5
"""Seconds that the end gives to what is in flight: nobody will see it."""


class Wish(NamedTuple):
    """What was asked for. `playing`: lines are the acts of a play, whoever writes them."""

    name: str
    sockets: bool
    playing: bool


def forget_real_slack(environ: MutableMapping[str, str]) -> None:
    """Take every variable of a real Slack out of the environment of this process.

    A demo must not touch anybody's real workspace, and these may be set in a shell where one
    has just served it. To set our own values would not do: Slack's library looks for some by
    itself, a connector of the project may name one as its secret, and what is started beside us
    would inherit them.
    """
    for name in [name for name in environ if name.removeprefix("CUEBOOK_").startswith("SLACK_")]:
        del environ[name]


def beside(settings: Settings, fake: FakeSlack, folder: Path, *, sockets: bool) -> Settings:
    """Settings that know the fake Slack and no other.

    The database goes with it: a fake Slack gives the same ids each time, so that its next
    visitor would find the last one's chats.
    """
    return settings.model_copy(
        update={
            "slack_bot_token": SecretStr(fake.workspace.token),
            "slack_signing_secret": None if sockets else SecretStr(fake.signing_secret),
            "slack_app_token": SecretStr(fake.app_token) if sockets else None,
            "slack_client_id": None,
            "slack_client_secret": None,
            "slack_api_url": fake.url,
            "public_url": "",
            "database_url": f"sqlite://{folder / 'cuebook.db'}",
            "drain": min(DRAIN, settings.drain),
        }
    )


async def sit_in_slack(
    opened: Opened, services: Sequence[Service], wish: Wish, show: Callable[[App], None]
) -> int:
    """Serve the project beside a fake Slack until the person leaves it, or a signal comes. The
    exit code. `show` is called once the doors are open. Raises OperatorError."""
    signals = Signals()
    # A terminal that is closed is left, too: what was started here must end with it.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, signals.came.set)
    async with AsyncExitStack() as stack:
        voice = _Voice()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuebook-demo-")))
        town = await stack.enter_async_context(Town.open(wish.name))
        started = await stack.enter_async_context(running(services, opened.project.root, voice.tell))
        found = opened.beside(started)
        settings = beside(found.settings, town.fake, folder, sockets=wish.sockets)
        app = await stack.enter_async_context(App.running(settings, found.project, found.secrets, voice.tell))
        town.events = await stack.enter_async_context(_events(app, town.fake, sockets=wish.sockets))
        show(app)
        seat = _seat(stack, town, app, playing=wish.playing)
        voice.seat = seat
        await _until(seat, signals)
    return signals.code


@asynccontextmanager
async def _events(app: App, fake: FakeSlack, *, sockets: bool) -> AsyncIterator[Events]:
    """The way from Slack to the app."""
    if sockets:
        async with asyncio.timeout(CONNECT):
            await fake.sockets.connected()
        yield Events.over_sockets(fake)
        return
    assert app.server is not None
    client = Client(Allowance([_netloc(app.server.url)]))
    try:
        yield Events.over_http(fake, f"{app.server.url}/slack/events", _deliver(client))
    finally:
        await client.close()


def _netloc(url: str) -> str:
    return url.partition("//")[2]


def _deliver(client: Client) -> Deliver:
    async def deliver(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        async with client.session().post(url, data=body, headers=headers) as answer:
            return answer.status, await answer.read()

    return deliver


def _seat(stack: AsyncExitStack, town: Town, app: App, *, playing: bool) -> Seat:
    pane, keys = stack.enter_context(_terminal(playing=playing))
    window = Window(town, pane)
    return Seat(town, window, Hands(town, window, secret()), keys, Resting(app, town), playing=playing)


async def _until(seat: Seat, signals: Signals) -> None:
    """Sit until the first signal."""
    loop = asyncio.get_running_loop()
    sitting = loop.create_task(seat.sit(), name="seat")
    interrupted: asyncio.Task[Any] = loop.create_task(signals.came.wait(), name="signals")
    try:
        await asyncio.wait({sitting, interrupted}, return_when=asyncio.FIRST_COMPLETED)
        if sitting.done() and not sitting.result():
            tell("Something was still at work; it ended with this Slack.")
    finally:
        interrupted.cancel()
        sitting.cancel()
        await asyncio.wait({sitting, interrupted})


def secret() -> Callable[[dict[str, Any]], bool]:
    """Whether a field of a form is for a secret: Slack has no such fields, so the adapter says it
    in the field's hint."""
    field = FormField(name="secret", label="Secret", secret=True)
    words: str = modal("", [field], "")["blocks"][0]["hint"]["text"]
    return lambda block: words in block.get("hint", {}).get("text", "")


# --- the terminal ------------------------------------------------------------------------


@contextmanager
def _terminal(*, playing: bool) -> Iterator[tuple[Pane, Keys]]:
    """A screen that is drawn anew; or paper, where there is none and where a play is printed."""
    descriptor, console = sys.stdin.fileno(), stdout()
    drawn = console.is_terminal and not console.is_dumb_terminal and not playing
    typed = drawn and os.isatty(descriptor)
    keys = Keys(Input(descriptor), Editor(keys=typed), typed)
    if not drawn:
        yield Pane(Paper(console), lambda row: [row], lambda: 0), keys
        return
    pane = Pane(Screen(console), lambda row: _wrapped(row, console), lambda: max(1, console.height - 3))
    if not typed:
        yield pane, keys
        return
    with by_key(descriptor):
        yield pane, keys


def _wrapped(row: Text, console: Console) -> list[Text]:
    return list(row.wrap(console, max(20, console.width - 1)))


class _Voice:
    """What an author should know, said where it tears nothing apart."""

    def __init__(self) -> None:
        self.seat: Seat | None = None

    def tell(self, text: str) -> None:
        """Once somebody sits in Slack, between its lines."""
        if self.seat is None:
            tell(text)
        else:
            self.seat.remark(text)
