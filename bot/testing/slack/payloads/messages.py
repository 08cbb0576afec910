"""Every kind of message that is an event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.testing.slack.payloads.ids import LATER, PARENT, TS, Ids, Payload, rich
from bot.testing.slack.things import Json


def talk(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """People (and bots) who say something."""
    mention = f"<@{ids.bot}> help"
    said = {"user": ids.user, "client_msg_id": "b6b0d4a2-0000-4000-8000-000000000001", "ts": TS}
    shared = _shared(ids)
    other_bot = {"bot_id": "B0OTHER", "app_id": "A0OTHER", "user": "U0OTHERBOT", "ts": TS}

    def mentioned(**more: Any) -> Json:
        return {"type": "app_mention", "text": mention, "team": ids.team, "channel": ids.channel, **more}

    def message(text: str, **more: Any) -> Json:
        event = {"type": "message", "text": text, "team": ids.team, "channel": ids.channel}
        return {**event, "channel_type": "channel", "blocks": rich(text), **said, **more}

    direct = {"channel": ids.direct, "channel_type": "im"}
    stranger = {"user": "U0STRANGER", "user_team": "T0STRANGER", "source_team": "T0STRANGER"}
    for name, event, around in (
        ("app_mention", mentioned(**said, blocks=rich(mention)), {}),
        ("app_mention shared", mentioned(**{**said, **stranger}), shared),
        ("app_mention by bot", mentioned(**other_bot, bot_profile=_profile(ids)), {}),
        ("message", message("hello"), {}),
        (
            "message in assistant thread",
            message("unlock me", **direct, thread_ts=PARENT, parent_user_id=ids.bot),
            {},
        ),
        (
            "message with action token",
            message("what now?", **direct, assistant_thread={"action_token": "1.2.abc"}),
            {},
        ),
        ("message reply", message("and this?", thread_ts=PARENT, parent_user_id=ids.user), {}),
        ("message by bot", message("beep", **other_bot, bot_profile=_profile(ids)), {}),
        ("message shared", message("hello from afar", **stranger), shared),
        ("message direct", message("hi", **direct), {}),
    ):
        yield name, ids.event(name, event, **around)


def changes(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Messages that became others, or are gone."""
    hidden = {**_place(ids), "hidden": True, "ts": LATER, "event_ts": LATER}
    before = _message(ids, "Pritner")
    after = {**_message(ids, "Printer"), "edited": {"user": ids.user, "ts": LATER}}
    own = {**_message(ids, "Working"), "user": ids.bot, "bot_id": ids.bot_id, "app_id": ids.app}
    done = {**own, "text": "Done"}
    for name, event in (
        ("message_changed", {"message": after, "previous_message": before}),
        ("message_changed own", {"message": done, "previous_message": own}),
        ("message_deleted", {"deleted_ts": TS, "previous_message": before}),
    ):
        yield name, ids.event(name, {**hidden, "subtype": name.split()[0], **event})


def subtypes(ids: Ids) -> Iterator[tuple[str, Payload]]:
    """Messages that are something else than words alone."""
    root = {"thread_ts": PARENT, "root": _message(ids, "Printer!")}
    alarm = [{"id": 1, "fallback": "Disk full", "color": "danger", "text": "Disk full"}]
    monitor = {"bot_id": "B0OTHER", "username": "Monitoring", "icons": {"emoji": ":bell:"}}
    renamed = {"user": "", "old_name": "desk", "name": "help", "text": "", "ts": TS}
    for name, event in (
        ("file_share", {**_message(ids, "see"), "upload": False, "files": [_file(ids)]}),
        ("thread_broadcast", {**_message(ids, "for all"), **root}),
        ("bot_message own", {"bot_id": ids.bot_id, "text": "x", "ts": TS}),
        ("bot_message other", {**monitor, "text": "", "attachments": alarm, "ts": TS}),
        ("channel_name", renamed),
        ("me_message", _message(ids, "waves")),
    ):
        yield name, ids.event(name, {**_place(ids), **event, "subtype": name.split()[0]})
    silent = {**_place(ids), "user": ids.user, "ts": TS, "text": None, "blocks": []}
    yield "message without text", ids.event("message without text", silent)


def _place(ids: Ids) -> Json:
    return {"type": "message", "channel": ids.channel, "channel_type": "channel"}


def _message(ids: Ids, text: str) -> Json:
    return {
        "type": "message",
        "user": ids.user,
        "text": text,
        "ts": TS,
        "team": ids.team,
        "blocks": rich(text),
    }


def _profile(ids: Ids) -> Json:
    return {"id": "B0OTHER", "name": "other", "app_id": "A0OTHER", "team_id": ids.team, "deleted": False}


def _file(ids: Ids) -> Json:
    address = f"{ids.base}/files-pri/F0PAYLOAD/log.txt"
    return {
        "id": "F0PAYLOAD",
        "name": "log.txt",
        "title": "log.txt",
        "mimetype": "text/plain",
        "filetype": "text",
        "user": ids.user,
        "size": 1200,
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "url_private_download": address,
    }


def _shared(ids: Ids) -> Json:
    other = {**ids.authorization(), "team_id": "T0STRANGER", "user_id": "U0THEIRBOT"}
    return {"is_ext_shared_channel": True, "authorizations": [ids.authorization(), other]}
