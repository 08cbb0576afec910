"""The agent features: a status in a thread, a title, prompts, a stop button."""

from __future__ import annotations

from typing import Final

from bot.testing.slack.asked import Asked, Method
from bot.testing.slack.refusal import Refusal, wrong
from bot.testing.slack.things import Json

STATUSES: Final = ("processing", "active", "suspended", "closed")
MOST_PROMPTS: Final = 4
MOST_LOADING_MESSAGES: Final = 10


def set_status(asked: Asked) -> Json:
    """assistant.threads.setStatus; an empty status takes it away."""
    place = _thread(asked)
    if len(asked.args.get("loading_messages", ())) > MOST_LOADING_MESSAGES:
        raise wrong("invalid_arguments", "no more than 10 items allowed [json-pointer:/loading_messages]")
    asked.world.statuses[place] = (asked.text("status"), asked.now)
    return {}


def set_title(asked: Asked) -> Json:
    """assistant.threads.setTitle."""
    asked.world.titles[_thread(asked)] = asked.text("title")
    return {}


def set_prompts(asked: Asked) -> Json:
    """assistant.threads.setSuggestedPrompts."""
    prompts = asked.args["prompts"]
    if len(prompts) > MOST_PROMPTS:
        raise wrong("invalid_arguments", "no more than 4 items allowed [json-pointer:/prompts]")
    if not all(isinstance(one, dict) and one.get("title") and one.get("message") for one in prompts):
        raise wrong("invalid_arguments", "missing required field: title [json-pointer:/prompts]")
    channel = asked.channel("channel_id")
    asked.world.prompts[channel.id, asked.text("thread_ts")] = prompts
    return {}


def set_session(asked: Asked) -> Json:
    """agents.sessions.setStatus: a stop button while it is `processing`."""
    if asked.text("status") not in STATUSES:
        raise wrong("invalid_arguments", f"must be one of: {', '.join(STATUSES)} [json-pointer:/status]")
    place = _thread(asked)
    asked.world.sessions[place] = asked.text("status")
    if asked.text("title"):
        asked.world.titles[place] = asked.text("title")
    return {"session": {"status": asked.text("status"), "title": asked.world.titles.get(place, "")}}


def rename(asked: Asked) -> Json:
    """agents.sessions.rename."""
    place = _thread(asked)
    if place not in asked.world.sessions:
        raise Refusal("session_not_found")
    asked.world.titles[place] = asked.text("title")
    return {}


def _thread(asked: Asked) -> tuple[str, str]:
    channel = asked.place("channel_id")
    return channel.id, asked.world.thread(channel, asked.text("thread_ts"))


_WHERE: Final = "channel_id! thread_ts!"

METHODS: Final = (
    Method(
        "assistant.threads.setStatus",
        set_status,
        f"{_WHERE} status loading_messages:list icon_emoji icon_url username",
        "assistant:write chat:write",
    ),
    Method("assistant.threads.setTitle", set_title, f"{_WHERE} title!", "assistant:write"),
    Method(
        "assistant.threads.setSuggestedPrompts",
        set_prompts,
        "channel_id! thread_ts title prompts!:list",
        "assistant:write",
    ),
    Method("agents.sessions.setStatus", set_session, f"{_WHERE} status! title", "chat:write"),
    Method("agents.sessions.rename", rename, f"{_WHERE} title!", "chat:write"),
)
