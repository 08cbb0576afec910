"""Slack as one part of the site: put together here, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

import msgspec
import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge

from adapters.slack.address import Address
from adapters.slack.api import Api, Declined, Session
from adapters.slack.cards import Cards
from adapters.slack.desk import Desk
from adapters.slack.door import Door
from adapters.slack.finding import Finder
from adapters.slack.front import PLATFORM, Front, Rooms, Told
from adapters.slack.outgoing import Answer, Arguments, Key, Outgoing
from adapters.slack.people import People
from adapters.slack.pointers import Pointers
from adapters.slack.posting import Posting
from adapters.slack.settings import SlackSettings
from adapters.slack.socket_mode import SocketMode
from adapters.slack.workspaces import SlackAuthorize, Workspaces
from bot.errors import Undeliverable
from bot.ports import Clock, Delivery, Progress, Store
from bot.reception import Reception

log = structlog.get_logger()

DEAD: Final = frozenset(("account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"))
"""What Slack says of a token that opens nothing any more."""


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What the adapter needs of the house. `session`: the one outgoing client's. `hide` masks a
    value from now on."""

    reception: Reception
    store: Store
    clock: Clock
    spawn: Callable[[Coroutine[Any, Any, Any], str], None]
    session: Session
    registry: CollectorRegistry
    hide: Callable[[str], None] = lambda value: None


class Slack:
    """A `bot.ports.Adapter` that must be handed every line, and a `bot.web.ports.Mount`."""

    platform = PLATFORM
    reads_log = False

    def __init__(
        self,
        house: House,
        settings: SlackSettings,
        workspaces: Workspaces,
        api: Api,
        *,
        key: bytes,
        installing: Iterable[web.AbstractRouteDef] = (),
    ) -> None:
        """`key` signs what our buttons carry; `installing`: where workspaces install the app."""
        self._installing = tuple(installing)
        self._house, self._settings, self._workspaces, self.api = house, settings, workspaces, api
        self.outgoing = Outgoing(
            self._send,
            house.clock,
            house.spawn,
            spacing=settings.post_spacing,
            posts_per_minute=settings.posts_per_minute,
        )
        self._rooms = Rooms()
        finder = Finder(self.outgoing, self._room)
        pointers = Pointers(key)
        self._posting = Posting(self.outgoing, pointers, finder, self._upload)
        self.cards = Cards(
            house.store, self.outgoing, house.clock, pointers, finder, house.spawn,
            agents=bool(settings.agents),
        )  # fmt: skip
        people = People(self._who, house.clock, settings.agents)
        self._front = Front(
            house.reception, people, self.outgoing, self._posting, pointers, settings, house.clock,
            house.spawn, self._rooms, Told(),
        )  # fmt: skip
        self.desk = Desk(self._front, workspaces, self._forget)
        self._door: Door | None = None
        self._socket: SocketMode | None = None
        self._measure(house.registry)

    def _measure(self, registry: CollectorRegistry) -> None:
        waiting = Gauge("cuebook_slack_calls_waiting", "Calls that wait for their time", registry=registry)
        waiting.set_function(lambda: self.outgoing.waiting)
        oldest = Gauge("cuebook_slack_oldest_seconds", "The longest wait among them", registry=registry)
        oldest.set_function(lambda: self.outgoing.oldest)
        limited = Gauge("cuebook_slack_limited", "Times that Slack asked for patience", registry=registry)
        limited.set_function(lambda: self.outgoing.counts.limited)

    # --- a mount of the site -------------------------------------------------------------

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """`/slack/events`, where Slack delivers over HTTP, and where workspaces install the app."""
        events = [web.post("/slack/events", self._events)] if self._settings.signing_secret else []
        return [*events, *self._installing]

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await self.door.handle(request)

    @property
    def door(self) -> Door:
        """Made with the first delivery: the vendor's parts want a running loop."""
        if self._door is None:
            self._door = Door(
                self.desk,
                self._house.clock,
                secret=self._settings.signing_secret,
                authorize=SlackAuthorize(self._workspaces),
                client=self.api.client,
            )
        return self._door

    async def start(self) -> None:
        """Take up open cards; connect where Socket Mode was chosen."""
        await self._workspaces.start()
        await self.cards.start(self._house.reception)
        if self._settings.app_token:
            self._socket = SocketMode(self.door.bolt, self._settings.app_token, self.api)
            await self._socket.start(self._house.spawn)

    async def stop(self) -> None:
        """Take nothing more; may come twice."""
        if self._socket is not None:
            await self._socket.stop()
        await self._workspaces.stop()

    # --- an adapter of the house ---------------------------------------------------------

    async def send(self, delivery: Delivery) -> str:
        """Post one line. Raises DeliveryErrors."""
        return await self._posting.send(delivery)

    def show(self, address: str, chat: str, picture: Progress) -> None:
        """A run looks like this now."""
        self.cards.show(address, chat, picture)
        place = Address.of(address)
        if place is None:
            return
        self.desk.hints.show(place, picture)
        if place.person:
            self.desk.visits.changed(f"slack:{place.team}:{place.person}")

    # --- the Web API ---------------------------------------------------------------------

    async def _send(self, workspace: Key, method: str, arguments: Arguments) -> Answer:
        grant = await self._workspaces.current(*workspace)
        if grant is None:
            raise Undeliverable("Cuebook is not installed in this workspace any more")
        try:
            return await self.api.call(grant.token, method, arguments)
        except Declined as error:
            if error.code in DEAD:
                log.error("slack.token_dead", team=workspace[1], code=error.code)
                self._workspaces.distrust(grant)
            raise

    async def _who(self, workspace: Key, user: str) -> Answer:
        return await self.outgoing.call(workspace, "users.info", lambda: {"user": user}) or {}

    async def _room(self, place: Address) -> str:
        """Slack's id of a room: reading takes no person's id."""
        if not place.person:
            return place.room
        known = self._rooms.at(place)
        if known:
            return known
        wanted = {"users": place.person}
        answer = await self.outgoing.call(place.workspace, "conversations.open", lambda: wanted) or {}
        channel = answer.get("channel")
        found = channel.get("id") if isinstance(channel, dict) else None
        return found if isinstance(found, str) else place.person

    async def _upload(self, place: Address, title: str, name: str, content: bytes) -> None:
        """Attach a file (Slack: three calls)."""
        size = {"filename": name, "length": len(content)}
        ticket = await self.outgoing.call(place.workspace, "files.getUploadURLExternal", lambda: size) or {}
        await self.api.upload(str(ticket.get("upload_url", "")), content)
        finish: Arguments = {
            "files": [{"id": ticket.get("file_id", ""), "title": title}],
            "channel_id": await self._room(place),
        }
        if place.thread:
            finish["thread_ts"] = place.thread
        await self.outgoing.call(place.workspace, "files.completeUploadExternal", lambda: finish)

    async def _forget(self, enterprise: str, team: str, at: int) -> None:
        """The app was removed there; if it has been installed again since, nothing follows."""
        await self._workspaces.forget(enterprise, team, at=at)
        if await self._workspaces.current(enterprise, team) is None:
            self.outgoing.forget((enterprise, team))
