"""Channels and what was said in them; reactions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.refusal import Refusal
from bot.testing.slack.shapes import after, channel, cursor, message
from bot.testing.slack.things import Channel, Json, Message

_HISTORY: Final = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}


def open_direct(asked: Asked) -> Json:
    """conversations.open: with one person, or a direct conversation again."""
    if asked.text("channel"):
        found = asked.channel()
    elif not asked.text("users"):
        raise Refusal("users_list_not_supplied")
    else:
        ids = asked.text("users").split(",")
        if len(ids) > 1:
            raise Refusal("not_enough_users")  # several at once is more than this fake does
        asked.args["user"] = ids[0]
        person = asked.person()
        known = any(one.kind == "im" and person.id in one.members for one in asked.world.channels.values())
        found = asked.world.direct(person, asked.workspace)
        if known:
            asked.args["no_op"] = True
    shape = channel(found, asked.workspace) if asked.args.get("return_im") else {"id": found.id}
    again = {"no_op": True, "already_open": True} if asked.args.get("no_op") else {}
    return {**again, "channel": shape}


def info(asked: Asked) -> Json:
    """conversations.info."""
    found = asked.channel()
    shape = channel(found, asked.workspace)
    if asked.args.get("include_num_members"):
        shape["num_members"] = len(found.members)
    return {"channel": shape}


def members(asked: Asked) -> Json:
    """conversations.members, by pages."""
    found = asked.channel()
    start, most = _start(asked), asked.number("limit", 100, 1000)
    page = found.members[start : start + most]
    return {"members": page, "response_metadata": _next(start + most, len(found.members))}


def listing(asked: Asked) -> Json:
    """conversations.list, by pages."""
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im"}
    wanted = {kinds.get(one.strip()) for one in (asked.text("types") or "public_channel").split(",")}
    found = [
        one
        for one in asked.world.channels.values()
        if one.workspace is asked.workspace
        and one.kind in wanted
        and (one.kind == "channel" or asked.workspace.bot in one.members)
        and not (one.archived and asked.args.get("exclude_archived"))
    ]
    start, most = _start(asked), asked.number("limit", 100, 1000)
    page = [channel(one, asked.workspace) for one in found[start : start + most]]
    return {"channels": page, "response_metadata": _next(start + most, len(found))}


def join(asked: Asked) -> Json:
    """conversations.join."""
    found = asked.channel()
    if found.kind != "channel":
        raise Refusal("method_not_supported_for_channel_type")
    if asked.workspace.bot not in found.members:
        found.members.append(asked.workspace.bot)
    return {"channel": channel(found, asked.workspace)}


def history(asked: Asked) -> Json:
    """conversations.history: newest first, without replies."""
    found = _readable(asked)
    all_of_it = [
        one for one in asked.world.standing(found) if one.thread_ts in (None, one.ts) or one.broadcast
    ]
    return _page(asked, [*reversed(list(_within(asked, all_of_it)))])


def replies(asked: Asked) -> Json:
    """conversations.replies: oldest first, the parent before its replies."""
    found = _readable(asked)
    thread = asked.text("ts")
    all_of_it = [one for one in asked.world.standing(found, thread) if not one.seen_by]
    if not all_of_it:
        raise Refusal("thread_not_found")
    parent, rest = all_of_it[:1], all_of_it[1:]
    return _page(asked, [*parent, *_within(asked, rest)])


def add_reaction(asked: Asked) -> Json:
    """reactions.add."""
    found, name, bot = *_reacted(asked), asked.workspace.bot
    users = found.reactions.setdefault(name, [])
    if bot in users:
        raise Refusal("already_reacted")
    users.append(bot)
    return {}


def remove_reaction(asked: Asked) -> Json:
    """reactions.remove."""
    found, name, bot = *_reacted(asked), asked.workspace.bot
    users = found.reactions.get(name, [])
    if bot not in users:
        raise Refusal("no_reaction")
    users.remove(bot)
    if not users:
        del found.reactions[name]
    return {}


def _reacted(asked: Asked) -> tuple[Message, str]:
    found = asked.place()
    name = asked.text("name").strip(":")
    if not name.replace("_", "").replace("-", "").replace("+", "").isalnum():
        raise Refusal("invalid_name")
    return asked.world.message(found, asked.text("timestamp")), name


def _readable(asked: Asked) -> Channel:
    found = asked.channel()
    scope = _HISTORY[found.kind]
    if scope not in asked.workspace.scopes:
        raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(asked.workspace.scopes)))
    if asked.workspace.bot not in found.members:
        raise Refusal("not_in_channel")
    return found


def _within(asked: Asked, found: list[Message]) -> Iterator[Message]:
    oldest, latest = float(asked.text("oldest") or 0), float(asked.text("latest") or "inf")
    edges = bool(asked.args.get("inclusive"))
    for one in found:
        ts = float(one.ts)
        if not one.seen_by and (oldest < ts < latest or (edges and ts in (oldest, latest))):
            yield one


def _page(asked: Asked, found: list[Message]) -> Json:
    start, most = _start(asked), asked.number("limit", 100, 1000)
    metadata = bool(asked.args.get("include_all_metadata"))
    more = start + most < len(found)
    return {
        "messages": [message(asked.world, one, metadata=metadata) for one in found[start : start + most]],
        "has_more": more,
        **({"response_metadata": _next(start + most, len(found))} if more else {}),
    }


def _start(asked: Asked) -> int:
    try:
        return after(asked.text("cursor")) if asked.text("cursor") else 0
    except ValueError:
        raise Refusal("invalid_cursor") from None


def _next(at: int, count: int) -> Json:
    return {"next_cursor": cursor(at) if at < count else ""}


_PAGES: Final = "cursor limit:int"
_SPAN: Final = f"{_PAGES} inclusive:bool include_all_metadata:bool latest oldest"

METHODS: Final = (
    Method("conversations.open", open_direct, "channel users return_im:bool", "im:write"),
    Method(
        "conversations.info",
        info,
        "channel! include_locale:bool include_num_members:bool",
        "channels:read groups:read im:read",
    ),
    Method("conversations.members", members, f"channel! {_PAGES}", "channels:read groups:read im:read"),
    Method(
        "conversations.list",
        listing,
        f"exclude_archived:bool types {_PAGES}",
        "channels:read groups:read im:read",
    ),
    Method("conversations.join", join, "channel!", "channels:join"),
    Method("conversations.history", history, f"channel! {_SPAN}"),
    Method("conversations.replies", replies, f"channel! ts! {_SPAN}"),
    Method("reactions.add", add_reaction, "channel! name! timestamp!", "reactions:write"),
    Method(
        "reactions.remove",
        remove_reaction,
        "channel! name! timestamp! file file_comment",
        "reactions:write",
    ),
)
