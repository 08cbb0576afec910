"""Workspaces on a store, a clock that stands still, and a fake Slack: what the tests of
installation share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from adapters.slack.api import web_client
from adapters.slack.exchange import TokenExchange
from adapters.slack.installed import InstalledWorkspaces, empty, row_id
from adapters.slack.renewing import Renewals
from adapters.slack.sealing import Seal, Tokens, Vault
from bot.connectors.addresses import Allowance
from bot.connectors.client import Client
from bot.connectors.secrets import Secrets
from bot.ports import Store
from bot.rows import Workspace
from bot.storage.memory import MemoryStore
from bot.testing.clock import FakeClock
from bot.testing.slack import FakeSlack
from bot.testing.slack import Workspace as Place

CLIENT = ("1.2", "a secret of the app")
KEY = b"forty-two bytes of what nobody else knows."


class Process:
    """One process of ours with its hold on the store."""

    def __init__(self, slack: FakeSlack, store: Store, client: Client, key: bytes = KEY) -> None:
        clock = slack.world.clock
        assert isinstance(clock, FakeClock)
        self.slack, self.store, self.clock = slack, store, clock
        self.secrets = Secrets({})
        self.vault = Vault(Seal(key), self.secrets.hide)
        self.exchange = TokenExchange(lambda: web_client(slack.url, client.session()), *CLIENT)
        self.renewals = Renewals(store, self.clock, self.vault, self.exchange.renew)
        self.tasks = self.renewals.tasks
        self.workspaces = InstalledWorkspaces(store, self.clock, self.vault, self.renewals)

    async def install(self, place: Place | None = None, **more: Any) -> Workspace:
        """The app is in there, with a token that expires if Slack says so."""
        home = place or self.slack.workspace
        made = self.slack.rotate(home)
        row = Workspace(
            **{
                **empty(home.enterprise or "", home.id),
                "id": row_id(home.id),
                "bot": home.bot_id,
                "bot_user": home.bot,
                "scopes": "chat:write,commands",
                "expires_at": made["expires"],
                "installed_at": self.clock.now(),
                "state": "installed",
                "version": 0,
                **more,
            }
        )
        await self.workspaces.save(row, Tokens(made["token"], made["refresh_token"]))
        return row

    async def row(self, *parts: str) -> Workspace:
        found = await self.store.get(Workspace, id=row_id(*parts))
        assert found is not None
        return found

    async def set(self, id: str, **cells: Any) -> None:
        """Change a row behind everybody's back."""
        found = await self.store.get(Workspace, id=id)
        assert found is not None
        from bot.ports import Change

        await self.store.commit([Change(Workspace, {"id": id}, cells)])


@asynccontextmanager
async def house(clock: FakeClock, processes: int = 1) -> AsyncIterator[list[Process]]:
    """So many processes on one store, and their Slack."""
    store, client = MemoryStore(), Client(Allowance(["127.0.0.1"]))
    async with FakeSlack.running(clock=clock, client=CLIENT) as slack:
        made = [Process(slack, store, client) for _ in range(processes)]
        yield made
        for process in made:
            await process.workspaces.stop()
            assert process.tasks.crashed == 0
        await client.close()
        await store.close()


def another(row: Workspace, **cells: Any) -> Workspace:
    return msgspec.structs.replace(row, **cells)
