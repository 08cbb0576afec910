"""What Slack wraps around everything that it tells an app."""

from __future__ import annotations

from typing import Any, Final

from bot.testing.slack.shapes import message as shape
from bot.testing.slack.things import Channel, Json, Message, Person, Workspace
from bot.testing.slack.world import World

VERIFICATION: Final = "an old token that nobody checks"
_KINDS: Final = {"channel": "channel", "group": "group", "im": "im"}


def callback(
    world: World, workspace: Workspace, event: Json, *, shared: bool = False, at: int | None = None
) -> Json:
    """An event in its envelope, with an id of its own."""
    ms = world.clock.now() if at is None else at
    return {
        "token": VERIFICATION,
        "team_id": workspace.id,
        **({"enterprise_id": workspace.enterprise} if workspace.enterprise else {}),
        "context_team_id": workspace.id,
        "context_enterprise_id": workspace.enterprise,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": world.new("Ev"),
        "event_time": ms // 1000,
        "authorizations": [
            {
                "enterprise_id": workspace.enterprise,
                "team_id": None if workspace.org_wide else workspace.id,
                "user_id": workspace.bot,
                "is_bot": True,
                "is_enterprise_install": workspace.org_wide,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{world.new('ctx')}",
    }


def said(world: World, message: Message) -> Json:
    """The `message` event of a new message."""
    channel = message.channel
    person = world.people.get(message.user)
    event = {
        **shape(world, message),
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": _KINDS[channel.kind],
    }
    if person is not None and person.external:
        event |= {"user_team": person.team, "source_team": person.team, "team": person.team}
    if person is not None and person.bot:
        event |= {"bot_id": person.bot_id, "app_id": "A0CBOTHER"}
    return event


def mentioned(event: Json) -> Json:
    """The second event for the same words, if they name the bot."""
    kept = {key: value for key, value in event.items() if key != "channel_type"}
    return {**kept, "type": "app_mention"}


def changed(world: World, message: Message, before: Json, ts: str) -> Json:
    """The `message_changed` event."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": shape(world, message),
        "previous_message": before,
        "channel": message.channel.id,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _KINDS[message.channel.kind],
    }


def deleted(message: Message, before: Json, ts: str) -> Json:
    """The `message_deleted` event."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "channel": message.channel.id,
        "hidden": True,
        "deleted_ts": message.ts,
        "ts": ts,
        "event_ts": ts,
        "channel_type": _KINDS[message.channel.kind],
    }


def user(person: Person) -> Json:
    """A person inside of an interaction."""
    return {
        "id": person.id,
        "username": person.handle,
        "name": person.handle,
        "team_id": person.team,
    }


def place(channel: Channel) -> Json:
    """A channel inside of an interaction."""
    names = {"im": "directmessage", "group": "privategroup", "channel": channel.name}
    return {"id": channel.id, "name": names[channel.kind]}


def interaction(kind: str, person: Person, workspace: Workspace, **parts: Any) -> Json:
    """What every interaction has."""
    enterprise = {"id": workspace.enterprise, "name": "The whole company"} if workspace.enterprise else None
    return {
        "type": kind,
        "team": None if workspace.org_wide else {"id": workspace.id, "domain": workspace.domain},
        "user": user(person),
        "api_app_id": workspace.app_id,
        "token": VERIFICATION,
        "enterprise": enterprise,
        "is_enterprise_install": workspace.org_wide,
        **parts,
    }
