"""chat.postMessage and what changes a message."""

from __future__ import annotations

from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.blocks import checked_message
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.shapes import message as shape
from bot.testing.slack.things import Channel, Edit, Json, Message

LONGEST_TEXT: Final = 40_000  # characters; Slack cuts a longer one off, which is no better
LONGEST_UPDATE: Final = 4_000  # bytes of UTF-8, whatever the blocks hold
LONGEST_MARKDOWN: Final = 12_000


def post(asked: Asked) -> Json:
    """chat.postMessage."""
    channel = asked.place(people=True)
    made = _new(asked, channel)
    if asked.args.get("reply_broadcast") and made.thread_ts:
        made.broadcast, made.subtype = True, "thread_broadcast"
    asked.world.add(made)
    asked.world.own.append(("posted", made, {}))
    return {"channel": channel.id, "ts": made.ts, "message": shape(asked.world, made, metadata=True)}


def post_ephemeral(asked: Asked) -> Json:
    """chat.postEphemeral."""
    channel, person = asked.place(), asked.person()
    if person.id not in channel.members:
        raise Refusal("user_not_in_channel")
    made = _new(asked, channel)
    made.seen_by = person.id
    asked.world.add(made)
    return {"message_ts": made.ts}


def update(asked: Asked) -> Json:
    """chat.update."""
    channel = asked.channel()
    found = asked.world.message(channel, asked.text("ts"))
    if found.seen_by:
        raise Refusal("message_not_found")
    if found.bot_id != asked.workspace.bot_id:
        raise Refusal("cant_update_message")
    if found.stream and found.stream.open:
        raise Refusal("streaming_state_conflict")
    if len(asked.text("text").encode()) > LONGEST_UPDATE:
        raise Refusal("msg_too_long")
    content(asked)
    before = shape(asked.world, found)
    change(asked, found)
    asked.world.own.append(("changed", found, before))
    return {
        "channel": channel.id,
        "ts": found.ts,
        "text": found.text,
        "message": shape(asked.world, found, metadata=True),
    }


def change(asked: Asked, found: Message) -> None:
    """Put what was given in place of what is there; keeps how it was. A text alone takes the blocks
    away and marks the message as edited; blocks do not."""
    found.history.append(Edit(asked.now, found.text, found.blocks))
    text, blocks = content(asked)
    if blocks:
        found.text, found.blocks = text or found.text, blocks
    elif text:
        found.text, found.blocks, found.edited = text, [], asked.world.ts()
    found.attachments = asked.args.get("attachments", found.attachments)
    if "metadata" in asked.args:
        found.metadata = _metadata(asked.args["metadata"])


def delete(asked: Asked) -> Json:
    """chat.delete."""
    found = asked.world.message(asked.channel(), asked.text("ts"))
    if found.bot_id != asked.workspace.bot_id or found.seen_by:
        raise Refusal("cant_delete_message")
    before = shape(asked.world, found)
    found.deleted = True
    asked.world.own.append(("deleted", found, before))
    return {"channel": found.channel.id, "ts": found.ts}


def permalink(asked: Asked) -> Json:
    """chat.getPermalink."""
    found = asked.world.message(asked.channel(), asked.text("message_ts"))
    place = f"{found.channel.id}/p{found.ts.replace('.', '')}"
    return {"channel": found.channel.id, "permalink": f"{asked.world.base}/archives/{place}"}


def content(asked: Asked) -> tuple[str, list[Json]]:
    """Text and blocks of what is to be shown. Raises Refusal."""
    args = asked.args
    markdown = asked.text("markdown_text")
    if markdown and (asked.text("text") or args.get("blocks")):
        raise Refusal("markdown_text_conflict")
    if len(markdown) > LONGEST_MARKDOWN or len(asked.text("text")) > LONGEST_TEXT:
        raise Refusal("msg_too_long")
    blocks = checked_message(args["blocks"]) if args.get("blocks") else []
    if markdown:
        blocks = checked_message([{"type": "markdown", "text": markdown}])
    if not (asked.text("text").strip() or blocks or args.get("attachments")):
        raise Refusal("no_text")
    return asked.text("text") or markdown, blocks


def _new(asked: Asked, channel: Channel) -> Message:
    text, blocks = content(asked)
    thread = asked.world.thread(channel, asked.text("thread_ts")) if asked.text("thread_ts") else None
    custom = {"username", "icon_emoji", "icon_url"} & asked.args.keys()
    if custom and "chat:write.customize" not in asked.workspace.scopes:
        raise Refusal("missing_scope", needed="chat:write.customize", provided=_provided(asked))
    return Message(
        ts=asked.world.ts(),
        channel=channel,
        user=asked.workspace.bot,
        text=text,
        blocks=blocks,
        attachments=asked.args.get("attachments", []),
        thread_ts=thread,
        metadata=_metadata(asked.args["metadata"]) if "metadata" in asked.args else None,
        bot_id=asked.workspace.bot_id,
        username=asked.text("username"),
    )


def _provided(asked: Asked) -> str:
    return ",".join(sorted(asked.workspace.scopes))


def _metadata(given: Json) -> Json:
    if not isinstance(given.get("event_type"), str) or not isinstance(given.get("event_payload"), dict):
        raise Refusal("invalid_metadata_format")
    return given


_SHOWN: Final = "text blocks:list attachments:list markdown_text link_names:bool parse as_user:bool"
_LOOKS: Final = "icon_emoji icon_url username"

METHODS: Final = (
    Method(
        "chat.postMessage",
        post,
        f"channel! {_SHOWN} {_LOOKS} thread_ts reply_broadcast:bool unfurl_links:bool unfurl_media:bool "
        "mrkdwn:bool metadata:dict",
        "chat:write",
    ),
    Method("chat.postEphemeral", post_ephemeral, f"channel! user! {_SHOWN} {_LOOKS} thread_ts", "chat:write"),
    Method(
        "chat.update",
        update,
        f"channel! ts! {_SHOWN} file_ids:list reply_broadcast:bool metadata:dict unfurl_links:bool "
        "unfurl_media:bool",
        "chat:write",
    ),
    Method("chat.delete", delete, "channel! ts! as_user:bool", "chat:write"),
    Method("chat.getPermalink", permalink, "channel! message_ts!"),
)
