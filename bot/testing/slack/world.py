"""The state of one Slack: who is there, what was said, which tokens are good."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any, Final

from bot.ports import Clock
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.things import (
    ALL_SCOPES,
    Channel,
    File,
    Hook,
    Message,
    Person,
    Token,
    Trigger,
    View,
    Workspace,
)

TOKEN_LIFE: Final = 12 * 3600  # seconds that a token lives where tokens rotate
STREAM_LIFE: Final = 300_000  # ms
TRIGGER_LIFE: Final = 3_000  # ms
SLACKBOT: Final = "USLACKBOT"


class World:
    """Everything, by id. Knows no network."""

    def __init__(self, clock: Clock, app_id: str, app_name: str) -> None:
        self.clock, self.app_id, self.app_name = clock, app_id, app_name
        self.base = ""
        """http://127.0.0.1:PORT, once it listens."""
        self.workspaces: list[Workspace] = []
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: list[Message] = []
        self._by_ts: dict[tuple[str, str], Message] = {}
        self._by_channel: dict[str, list[Message]] = {}
        self.files: dict[str, File] = {}
        self.tokens: dict[str, Token] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.modals: dict[str, list[View]] = {}
        """Open forms by person, the topmost last."""
        self.homes: dict[str, View] = {}
        self.groups: dict[str, list[str]] = {}
        """User groups, S… → user ids."""
        self.statuses: dict[tuple[str, str], tuple[str, int]] = {}
        """(channel, thread) → what `assistant.threads.setStatus` shows there, and since when."""
        self.titles: dict[tuple[str, str], str] = {}
        self.prompts: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.sessions: dict[tuple[str, str], str] = {}
        """(channel, thread) → processing, active, suspended or closed."""
        self.rotation = False
        self.stream_life = STREAM_LIFE
        """ms until Slack ends a stream; in the field it is often less."""
        self.own: list[tuple[str, Message, dict[str, Any]]] = []
        """What the app itself did and has not yet been told of: (kind, message, before)."""
        self._last = 0
        self._count = 0

    # --- names ---------------------------------------------------------------------------

    def new(self, prefix: str) -> str:
        """An id that nobody else has."""
        self._count += 1
        return f"{prefix}0CB{self._count:06}"

    def ts(self) -> str:
        """A time stamp later than every one before."""
        self._last = max(self._last + 1, self.clock.now() * 1000)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def name_of(self, id: str) -> str:
        """The name of a user or channel; the id itself if it is nobody's."""
        if id in self.people:
            return self.people[id].name
        if id in self.channels:
            return self.channels[id].name
        bots = {ws.bot: ws.app_name for ws in self.workspaces}
        return "Slackbot" if id == SLACKBOT else bots.get(id, id)

    # --- making --------------------------------------------------------------------------

    def workspace(
        self, name: str, *, enterprise: str | None = None, org_wide: bool = False, installed: bool = True
    ) -> Workspace:
        """A new team; with the app in it, unless told otherwise."""
        made = Workspace(
            id=self.new("T"),
            name=name,
            domain=name.lower().replace(" ", "-"),
            app_id=self.app_id,
            bot=self.new("U"),
            bot_id=self.new("B"),
            app_name=self.app_name,
            enterprise=enterprise,
            org_wide=org_wide,
            installed=False,
        )
        self.workspaces.append(made)
        if installed:
            self.install(made)
        return made

    def install(self, workspace: Workspace, scopes: set[str] | None = None) -> Token:
        """A fresh bot token."""
        workspace.installed = True
        workspace.scopes = set(ALL_SCOPES) if scopes is None else scopes
        return self.token(workspace, "bot")

    def add(self, message: Message) -> None:
        """Something is said. With its first reply, a message becomes the parent of a thread."""
        place = message.channel.id
        self.messages.append(message)
        self._by_ts[place, message.ts] = message
        self._by_channel.setdefault(place, []).append(message)
        if message.thread_ts is not None and not message.seen_by:
            if (parent := self.at(message.channel, message.thread_ts)) is not None:
                parent.thread_ts = parent.ts
            if message.bot_id:
                self.statuses.pop((place, message.thread_ts), None)

    def token(self, workspace: Workspace, kind: Any, user: str = "") -> Token:
        """A fresh token; a bot's may expire and be refreshed where tokens rotate."""
        prefix = {"bot": "xoxb", "app": "xapp", "user": "xoxp"}[kind]
        made = Token(f"{prefix}-fake-{secrets.token_hex(8)}", workspace, kind, user=user)
        if self.rotation and kind != "app":
            made.value = f"xoxe.{made.value}"
            made.expires = self.clock.now() + TOKEN_LIFE * 1000
            made.refresh = f"xoxe-1-fake-{secrets.token_hex(8)}"
        self.tokens[made.value] = made
        if kind == "bot":
            workspace.token = made.value
        return made

    def trigger(self, person: Person, workspace: Workspace, view: View | None = None) -> str:
        """The right to open a form."""
        made = Trigger(f"{self._count}.{secrets.token_hex(8)}", person, workspace, self.clock.now(), view)
        self.triggers[made.id] = made
        return made.id

    def exchange(self, id: str) -> Trigger:
        """Use up a trigger. Raises Refusal."""
        found = self.triggers.get(id)
        if found is None:
            raise Refusal("invalid_trigger_id")
        if found.used:
            raise Refusal("exchanged_trigger_id")
        if self.clock.now() - found.issued > TRIGGER_LIFE:
            raise Refusal("expired_trigger_id")
        found.used = True
        return found

    # --- finding -------------------------------------------------------------------------

    def direct(self, person: Person, workspace: Workspace) -> Channel:
        """The conversation of a person with the bot."""
        for channel in self.channels.values():
            if channel.kind == "im" and channel.members == [person.id, workspace.bot]:
                return channel
        made = Channel(self.new("D"), "directmessage", workspace, [person.id, workspace.bot], "im")
        self.channels[made.id] = made
        return made

    def user(self, id: str) -> Person:
        """Raises Refusal."""
        if id not in self.people:
            raise Refusal("user_not_found")
        return self.people[id]

    def at(self, channel: Channel, ts: str) -> Message | None:
        """The message with this time stamp, deleted or not."""
        return self._by_ts.get((channel.id, ts))

    def message(self, channel: Channel, ts: str) -> Message:
        """Raises Refusal."""
        found = self.at(channel, ts)
        if found is None or found.deleted:
            raise Refusal("message_not_found")
        return found

    def thread(self, channel: Channel, ts: str) -> str:
        """Check that a thread can be answered: `ts` is its parent's, who may be gone while replies
        are left. Raises Refusal; also for the ts of a reply, which Slack takes and then shows in
        the wrong place."""
        found = self.at(channel, ts)
        parent = found is not None and found.thread_ts in (None, ts) and not found.seen_by
        if found is None or not parent or (found.deleted and not any(self.standing(channel, ts))):
            raise Refusal("thread_not_found")
        return ts

    def standing(self, channel: Channel, thread: str | None = None) -> Iterator[Message]:
        """The messages of a channel or thread that are not deleted, oldest first."""
        for message in self._by_channel.get(channel.id, ()):
            inside = thread is None or thread in (message.ts, message.thread_ts)
            if not message.deleted and inside:
                yield message

    def view(self, id: str) -> View:
        """An open form or a home tab. Raises Refusal."""
        for view in [*self.homes.values(), *(one for stack in self.modals.values() for one in stack)]:
            if id in (view.id, view.body.get("external_id")):
                return view
        raise Refusal("not_found")
