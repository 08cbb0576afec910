"""How Slack writes its things as JSON."""

from __future__ import annotations

import base64
from typing import Any

from bot.testing.slack.markup import pieces
from bot.testing.slack.things import Channel, File, Json, Message, Person, View, Workspace
from bot.testing.slack.world import World


def message(world: World, found: Message, *, metadata: bool = False) -> Json:
    """A message, in answers, in histories and inside of events."""
    shape: Json = {
        "type": "message",
        "user": found.user,
        "ts": found.ts,
        "text": found.text,
        "team": found.channel.workspace.id,
        "blocks": found.blocks or _plain_blocks(found),
    }
    if found.client_msg_id:
        shape["client_msg_id"] = found.client_msg_id
    if found.bot_id:
        shape |= _bot_parts(found)
    for part in ("attachments", "subtype", "username"):
        if getattr(found, part):
            shape[part] = getattr(found, part)
    if found.files:
        shape["files"] = [file(world, one) for one in found.files]
    if found.edited:
        shape["edited"] = {"user": found.user, "ts": found.edited}
    if found.thread_ts:
        shape |= _thread_parts(world, found)
    if found.reactions:
        shape["reactions"] = [
            {"name": name, "users": users, "count": len(users)} for name, users in found.reactions.items()
        ]
    if metadata and found.metadata:
        shape["metadata"] = found.metadata
    return shape


def _plain_blocks(found: Message) -> list[Json]:
    """Slack makes a rich_text block of a text."""
    if not found.text:
        return []
    section = {"type": "rich_text_section", "elements": pieces(found.text)}
    return [{"type": "rich_text", "block_id": "r00x", "elements": [section]}]


def _bot_parts(found: Message) -> Json:
    workspace = found.channel.workspace
    profile = {
        "id": found.bot_id,
        "app_id": workspace.app_id,
        "name": workspace.app_name,
        "team_id": workspace.id,
        "deleted": False,
    }
    return {"bot_id": found.bot_id, "app_id": workspace.app_id, "bot_profile": profile}


def _thread_parts(world: World, found: Message) -> Json:
    if found.ts != found.thread_ts:
        root = world.at(found.channel, found.thread_ts or "")
        return {"thread_ts": found.thread_ts, **({"parent_user_id": root.user} if root else {})}
    replies = [one for one in world.standing(found.channel, found.ts) if one is not found]
    return {
        "thread_ts": found.ts,
        "reply_count": len(replies),
        "reply_users": sorted({one.user for one in replies}),
        "latest_reply": replies[-1].ts if replies else None,
    }


def person(found: Person, *, email: bool = True) -> Json:
    """A user as users.info and users.list give it."""
    profile: Json = {
        "real_name": found.name,
        "display_name": found.name,
        "team": found.team,
        **({"email": found.email} if email and found.email else {}),
        **({"bot_id": found.bot_id} if found.bot else {}),
    }
    return {
        "id": found.id,
        "team_id": found.team,
        "name": found.handle,
        "real_name": found.name,
        "deleted": found.deleted,
        "tz": "Europe/Berlin",
        "tz_offset": 3600,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_bot": found.bot,
        "is_app_user": False,
        "is_restricted": found.guest,
        "is_ultra_restricted": False,
        "is_email_confirmed": bool(found.email),
        **({"is_stranger": True} if found.external else {}),
    }


def channel(found: Channel, workspace: Workspace) -> Json:
    """A channel as conversations.info gives it."""
    direct = found.kind == "im"
    common = {
        "id": found.id,
        "created": 1_600_000_000,
        "is_im": direct,
        "is_channel": found.kind == "channel",
        "is_group": found.kind == "group",
        "is_mpim": False,
        "is_private": found.kind != "channel",
        "is_archived": found.archived,
        "is_ext_shared": found.shared,
        "is_org_shared": False,
        "context_team_id": found.workspace.id,
    }
    if direct:
        return {**common, "user": found.members[0]}
    return {**common, "name": found.name, "is_member": workspace.bot in found.members}


def file(world: World, found: File) -> Json:
    """A file object; its private addresses need the bot's token."""
    address = f"{world.base}/files-pri/{found.id}/{found.name}"
    return {
        "id": found.id,
        "name": found.name,
        "title": found.title or found.name,
        "mimetype": found.mimetype,
        "filetype": found.name.rsplit(".", 1)[-1],
        "user": found.owner,
        "size": len(found.content),
        "mode": "hosted",
        "is_external": False,
        "url_private": address,
        "url_private_download": f"{address}?download=1",
        "permalink": address,
        "channels": found.channels,
        "preview": found.content[:80].decode("utf-8", "replace"),
    }


def view(found: View, state: Json | None = None) -> Json:
    """A view as Slack gives it back: everything that was sent, and what Slack adds."""
    empty: dict[str, Any] = {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "close": None,
        "submit": None,
        "clear_on_close": False,
        "notify_on_close": False,
    }
    return {
        **empty,
        **found.body,
        "id": found.id,
        "team_id": found.workspace.id,
        "app_id": found.workspace.app_id,
        "bot_id": found.workspace.bot_id,
        "app_installed_team_id": found.workspace.id,
        "hash": found.hash,
        "root_view_id": found.root or found.id,
        "previous_view_id": found.previous,
        "state": {"values": state or {}},
    }


def cursor(after: int) -> str:
    """A place in a list, in words that only Slack understands."""
    return base64.b64encode(f"next:{after}".encode()).decode()


def after(cursor: str) -> int:
    """The opposite of `cursor`; ValueError for what is none."""
    return int(base64.b64decode(cursor).decode().removeprefix("next:"))
