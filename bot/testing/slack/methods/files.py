"""Files, in the three steps of an upload: ask for a place, send, complete."""

from __future__ import annotations

from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.shapes import file as shape
from bot.testing.slack.things import File, Json, Message

LARGEST: Final = 1_000_000_000


def place(asked: Asked) -> Json:
    """files.getUploadURLExternal."""
    length = int(asked.args["length"])
    if not 1 <= length <= LARGEST:
        raise wrong("invalid_arguments", "must be a size [json-pointer:/length]")
    id = asked.world.new("F")
    made = File(id, asked.text("filename"), b"", asked.workspace.bot, asked.workspace, length=length)
    asked.world.files[id] = made
    return {"upload_url": f"{asked.world.base}/upload/v1/{id}", "file_id": id}


def complete(asked: Asked) -> Json:
    """files.completeUploadExternal: only now can anybody see them."""
    found = [_uploaded(asked, one) for one in asked.args["files"]]
    if asked.text("channels"):
        asked.args["channel_id"] = asked.text("channels").split(",")[0]
    if asked.text("channel_id"):
        _share(asked, found)
    for one in found:
        one.complete = True
    return {"files": [shape(asked.world, one) for one in found]}


def info(asked: Asked) -> Json:
    """files.info."""
    found = asked.world.files.get(asked.text("file"))
    if found is None or found.workspace is not asked.workspace:
        raise Refusal("file_not_found")
    return {"file": shape(asked.world, found), "comments": [], "response_metadata": {"next_cursor": ""}}


def _uploaded(asked: Asked, given: Json) -> File:
    found = asked.world.files.get(given.get("id", ""))
    if found is None or found.workspace is not asked.workspace or found.complete:
        raise Refusal("file_not_found")
    if len(found.content) != found.length:
        raise Refusal("file_upload_size_mismatch")
    found.title = given.get("title") or found.name
    return found


def _share(asked: Asked, files: list[File]) -> None:
    channel = asked.place("channel_id")
    thread = asked.world.thread(channel, asked.text("thread_ts")) if asked.text("thread_ts") else None
    made = Message(
        ts=asked.world.ts(),
        channel=channel,
        user=asked.workspace.bot,
        text=asked.text("initial_comment"),
        bot_id=asked.workspace.bot_id,
        thread_ts=thread,
        files=files,
        subtype="file_share",
    )
    asked.world.add(made)
    asked.world.own.append(("posted", made, {}))
    for one in files:
        one.channels.append(channel.id)


METHODS: Final = (
    Method(
        "files.getUploadURLExternal",
        place,
        "filename! length!:int alt_txt snippet_type",
        "files:write",
    ),
    Method(
        "files.completeUploadExternal",
        complete,
        "files!:list channel_id channels initial_comment thread_ts",
        "files:write",
    ),
    Method("files.info", info, "file! count:int cursor limit:int page:int", "files:read"),
)
