"""What people say and do with messages, and what becomes of the app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from bot.testing.slack import envelope
from bot.testing.slack.courier import Courier
from bot.testing.slack.markup import mentions, typed
from bot.testing.slack.methods.apps import remove
from bot.testing.slack.refusal import Impossible
from bot.testing.slack.shapes import message as shape
from bot.testing.slack.shapes import view as view_shape
from bot.testing.slack.things import Channel, Edit, File, Json, Message, Person, Workspace
from bot.testing.slack.transcript import Shown


class Talking(Courier):
    """People at their keyboards. What they do happens first; the app is told of it then, if it
    would be."""

    mention_first = False
    """Let `app_mention` come before the `message` with the same words: Slack promises no order."""

    async def says(
        self,
        person: Person,
        channel: Channel,
        text: str,
        *,
        thread: Message | Shown | str | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> Message:
        """Type something; `<@U…>` mentions. Returns it once the app has been told: one event, or
        two (`message`, `app_mention`) where it names the bot in a channel."""
        if person.id not in channel.members:
            raise Impossible(f"{person.name} is not in #{channel.name}")
        made = Message(
            ts=self.world.ts(),
            channel=channel,
            user=person.id,
            text=typed(text),
            thread_ts=_thread(thread),
            client_msg_id=self.world.new("cmid-"),
            files=[self._file(person, name, content) for name, content in (files or {}).items()],
            subtype="file_share" if files else None,
        )
        self.world.add(made)
        event = envelope.said(self.world, made)
        told = [event]
        bot = channel.workspace.bot
        if channel.kind != "im" and bot in mentions(made.text):
            told.append(envelope.mentioned(event))
        for one in reversed(told) if self.mention_first else told:
            await self._event(channel, one)
        return made

    async def edits_own(self, person: Person, message: Message | Shown, text: str) -> None:
        """Change what one has said."""
        found = self._own(person, message)
        before = shape(self.world, found)
        found.history.append(Edit(self.world.clock.now(), found.text, found.blocks))
        found.text = typed(text)
        found.edited = self.world.ts()
        event = envelope.changed(self.world, found, before, found.edited)
        await self._event(found.channel, event)

    async def deletes(self, person: Person, message: Message | Shown) -> None:
        """Take back what one has said."""
        found = self._own(person, message)
        before = shape(self.world, found)
        found.deleted = True
        await self._event(found.channel, envelope.deleted(found, before, self.world.ts()))

    async def reacts(
        self,
        person: Person,
        message: Message | Shown,
        name: str = "white_check_mark",
        *,
        remove: bool = False,
    ) -> None:
        """Put an emoji on a message, or take it away."""
        found = message_of(message)
        users = found.reactions.setdefault(name, [])
        (users.remove if remove else users.append)(person.id)
        event = {
            "type": "reaction_removed" if remove else "reaction_added",
            "user": person.id,
            "reaction": name,
            "item_user": found.user,
            "item": {"type": "message", "channel": found.channel.id, "ts": found.ts},
            "event_ts": self.world.ts(),
        }
        if not users:
            del found.reactions[name]
        await self._event(found.channel, event)

    async def opens_home(self, person: Person, tab: Literal["home", "messages"] = "home") -> None:
        """Open the app's own page."""
        direct = self.world.direct(person, person.workspace)
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": direct.id,
            "tab": tab,
            "event_ts": self.world.ts(),
        }
        if tab == "home" and person.id in self.world.homes:
            event["view"] = view_shape(self.world.homes[person.id])
        await self._event(direct, event)

    async def stops(self, person: Person, channel: Channel, thread: Message | Shown | str) -> None:
        """Press the stop button that a thread has while its session is `processing`."""
        ts = _thread(thread) or ""
        if self.world.sessions.get((channel.id, ts)) != "processing":
            raise Impossible("there is no stop button in this thread")
        ended: list[str] = []
        for one in self.world.standing(channel, ts):
            if one.stream is not None and one.stream.open:
                one.stream.open = False
                ended.append(one.ts)
        event = {
            "type": "agent_session_stopped",
            "channel": channel.id,
            "thread_ts": ts,
            "user": person.id,
            "streaming_message_ts": ended,
            "event_ts": self.world.ts(),
        }
        await self._event(channel, event)

    async def uninstalls(self, workspace: Workspace | None = None) -> None:
        """An administrator takes the app out; Slack tells it last of all."""
        gone = workspace or self.world.workspaces[0]
        remove(self.world, gone)
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [gone.bot]}}
        for event in (revoked, {"type": "app_uninstalled"}):
            payload = envelope.callback(self.world, gone, {**event, "event_ts": self.world.ts()})
            await self._attempt("events_api", payload)

    async def echoes(self) -> int:
        """Tell the app of what it did itself (its posts, edits, deletions), as Slack does to an
        app that subscribes to messages. Nothing is told before this is called."""
        own, self.world.own = self.world.own, []
        for kind, message, before in own:
            if kind == "posted":
                event = envelope.said(self.world, message)
            elif kind == "changed":
                event = envelope.changed(self.world, message, before, self.world.ts())
            else:
                event = envelope.deleted(message, before, self.world.ts())
            await self._event(message.channel, event)
        return len(own)

    async def _event(self, channel: Channel, event: Json) -> None:
        """Deliver, if the app is there to hear it."""
        workspace = channel.workspace
        if workspace.installed and workspace.bot in channel.members:
            payload = envelope.callback(self.world, workspace, event, shared=channel.shared)
            await self._attempt("events_api", payload)

    def _own(self, person: Person, message: Message | Shown) -> Message:
        found = message_of(message)
        if found.user != person.id or found.deleted:
            raise Impossible(f"this is not {person.name}'s message")
        return found

    def _file(self, person: Person, name: str, content: bytes) -> File:
        made = File(
            self.world.new("F"),
            name,
            content,
            person.id,
            person.workspace,
            length=len(content),
            complete=True,
        )
        self.world.files[made.id] = made
        return made


def message_of(found: Message | Shown) -> Message:
    """The message itself."""
    return found.message if isinstance(found, Shown) else found


def _thread(found: Message | Shown | str | None) -> str | None:
    if found is None or isinstance(found, str):
        return found
    message = message_of(found)
    return message.thread_ts or message.ts
