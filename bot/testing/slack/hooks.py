"""response_url: how an app answers an interaction, five times within half an hour."""

from __future__ import annotations

import secrets
from typing import Any, Final

from bot.testing.slack.blocks import checked_message
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.things import Channel, Edit, Hook, Json, Message, Person
from bot.testing.slack.world import World

LIFE: Final = 1_800_000  # ms
USES: Final = 5
_KNOWN: Final = frozenset(
    [
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "metadata",
        "mrkdwn",
        "link_names",
    ]
)


def hook(
    world: World, person: Person, channel: Channel, message: Message | None = None, thread: str | None = None
) -> str:
    """The address of a new response_url."""
    made = Hook(secrets.token_hex(12), person, channel, world.clock.now(), message, thread_ts=thread)
    world.hooks[made.id] = made
    return f"{world.base}/respond/{channel.workspace.id}/{made.id}"


def respond(world: World, id: str, given: Any) -> Message | None:
    """Use a response_url; the message that it made or changed. Raises Refusal (404, 400)."""
    found = world.hooks.get(id)
    if found is None:
        raise Refusal("no_service", status=404)
    if world.clock.now() - found.issued > LIFE:
        raise Refusal("expired_url", status=404)
    if found.uses >= USES:
        raise Refusal("used_url", status=404)
    if not isinstance(given, dict) or given.keys() - _KNOWN:
        raise Refusal("invalid_payload", status=400)
    found.uses += 1
    return _act(world, found, given)


def _act(world: World, hook: Hook, given: Json) -> Message | None:
    if given.get("delete_original"):
        if hook.message is not None:
            hook.message.deleted = True
        return None
    if given.get("replace_original") and hook.message is not None:
        replace(world, hook.message, given)
        return hook.message
    person = None if given.get("response_type") == "in_channel" else hook.person
    thread = given.get("thread_ts") or hook.thread_ts
    return show(world, hook.channel, given, person=person, thread=thread)


def replace(world: World, message: Message, given: Json) -> None:
    """Put other content in place of a message's."""
    text, blocks = _content(given)
    message.history.append(Edit(world.clock.now(), message.text, message.blocks))
    message.text, message.blocks = text, blocks
    message.attachments = given.get("attachments", [])


def show(
    world: World, channel: Channel, given: Json, *, person: Person | None, thread: str | None = None
) -> Message:
    """A message of the bot; for `person` alone, or for all. Slack lets this happen where the bot
    is no member, too."""
    text, blocks = _content(given)
    made = Message(
        ts=world.ts(),
        channel=channel,
        user=channel.workspace.bot,
        bot_id=channel.workspace.bot_id,
        text=text,
        blocks=blocks,
        attachments=given.get("attachments", []),
        thread_ts=thread,
        seen_by=person.id if person else "",
    )
    world.add(made)
    return made


def _content(given: Json) -> tuple[str, list[Json]]:
    blocks = checked_message(given["blocks"]) if given.get("blocks") else []
    text = given.get("text") or ""
    if not text and not blocks and not given.get("attachments"):
        raise Refusal("no_text", status=400)
    return text, blocks
