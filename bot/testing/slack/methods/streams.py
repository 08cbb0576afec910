"""Messages that are written while one looks: chat.startStream, appendStream, stopStream."""

from __future__ import annotations

from typing import Any, Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.blocks import TASK_STATES, TASKS, checked_message
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.things import Json, Message, Stream

LONGEST: Final = 12_000  # characters of one markdown_text
ALL_TEXT: Final = 10_000  # what one message takes of chunks, about


def start(asked: Asked) -> Json:
    """chat.startStream: an answer to what a person wrote."""
    channel = asked.place()
    thread = asked.world.thread(channel, asked.text("thread_ts"))
    if channel.kind != "im":
        if not asked.text("recipient_user_id"):
            raise Refusal("missing_recipient_user_id")
        if not asked.text("recipient_team_id"):
            raise Refusal("missing_recipient_team_id")
    made = Message(
        ts=asked.world.ts(),
        channel=channel,
        user=asked.workspace.bot,
        bot_id=asked.workspace.bot_id,
        thread_ts=thread,
        stream=Stream(asked.now),
    )
    _write(asked, made)
    asked.world.add(made)
    return {"channel": channel.id, "ts": made.ts}


def append(asked: Asked) -> Json:
    """chat.appendStream."""
    found = _open(asked)
    if not asked.text("markdown_text") and not asked.args.get("chunks"):
        raise Refusal("no_text")
    _write(asked, found)
    return {"channel": found.channel.id, "ts": found.ts}


def stop(asked: Asked) -> Json:
    """chat.stopStream."""
    found = _open(asked)
    _write(asked, found)
    if asked.args.get("blocks"):
        found.blocks = checked_message([*found.blocks, *asked.args["blocks"]])
    if status := asked.text("session_status"):
        asked.world.sessions[found.channel.id, found.thread_ts or found.ts] = status
    found.metadata = asked.args.get("metadata")
    assert found.stream is not None
    found.stream.open = False
    asked.world.own.append(("posted", found, {}))
    return {"channel": found.channel.id, "ts": found.ts, "message": {"ts": found.ts, "text": found.text}}


def _open(asked: Asked) -> Message:
    found = asked.world.message(asked.channel(), asked.text("ts"))
    if found.bot_id != asked.workspace.bot_id:
        raise Refusal("message_not_owned_by_app")
    stream = found.stream
    if stream is not None and asked.now - stream.started > asked.world.stream_life:
        stream.open = False
    if stream is None or not stream.open:
        raise Refusal("message_not_in_streaming_state")
    return found


def _write(asked: Asked, found: Message) -> None:
    text, chunks = asked.text("markdown_text"), asked.args.get("chunks") or []
    assert found.stream is not None
    if text and chunks:
        raise Refusal("cannot_provide_both_markdown_text_and_chunks")
    if len(text) > LONGEST:
        raise Refusal("msg_too_long")
    mode: Any = "markdown_text" if text else "chunks" if chunks else ""
    if mode and found.stream.mode not in ("", mode):
        raise Refusal("streaming_mode_mismatch")
    found.stream.mode = found.stream.mode or mode
    for chunk in [{"type": "markdown_text", "text": text}] if text else chunks:
        _chunk(found, chunk)
    if len(found.text) > ALL_TEXT:
        raise Refusal("msg_too_long")


def _chunk(found: Message, chunk: Any) -> None:
    match chunk:
        case {"type": "markdown_text", "text": str(text)}:
            found.text += text
            last = found.blocks[-1] if found.blocks else {}
            if last.get("type") == "markdown":
                last["text"] += text
            else:
                found.blocks.append({"type": "markdown", "text": text})
        case {"type": "plan_update", "title": str(title)}:
            _plan(found)["title"] = title
        case {"type": "task_update", "id": str(), "title": str(), "status": status} if status in TASK_STATES:
            _task(_plan(found)["tasks"], chunk)
        case {"type": "blocks", "blocks": list(blocks)}:
            found.blocks += checked_message(blocks)
        case _:
            raise wrong("invalid_chunks", "unsupported chunk [json-pointer:/chunks]")


def _plan(found: Message) -> Json:
    for block in found.blocks:
        if block["type"] == "plan":
            return block
    made: Json = {"type": "plan", "title": "", "tasks": []}
    found.blocks.append(made)
    return made


def _task(tasks: list[Json], chunk: Json) -> None:
    """Title and status replace what was there; details and output are added to it."""
    known = next((task for task in tasks if task["task_id"] == chunk["id"]), None)
    if known is None:
        if len(tasks) >= TASKS:
            raise Refusal("msg_too_long")
        known = {"type": "task_card", "task_id": chunk["id"]}
        tasks.append(known)
    known |= {"title": chunk["title"], "status": chunk["status"]}
    for part in ("details", "output"):
        if chunk.get(part):
            known[part] = known.get(part, "") + chunk[part]


_CONTENT: Final = "markdown_text chunks:list"

METHODS: Final = (
    Method(
        "chat.startStream",
        start,
        f"channel! thread_ts! {_CONTENT} recipient_team_id recipient_user_id task_display_mode icon_emoji "
        "icon_url username",
        "chat:write",
    ),
    Method("chat.appendStream", append, f"channel! ts! {_CONTENT}", "chat:write"),
    Method(
        "chat.stopStream",
        stop,
        f"channel! ts! {_CONTENT} blocks:list metadata:dict session_status",
        "chat:write",
    ),
)
