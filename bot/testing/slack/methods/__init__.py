"""The Web API, method by method. What is not here is `unknown_method`."""

from __future__ import annotations

from typing import Final

from bot.testing.slack.asked import Method
from bot.testing.slack.methods import agents, apps, chat, conversations, files, people, streams, views

METHODS: Final[dict[str, Method]] = {
    method.name: method
    for module in (agents, apps, chat, conversations, files, people, streams, views)
    for method in module.METHODS
}
STREAMS: Final = tuple(method.name for method in streams.METHODS)
AGENTS: Final = tuple(method.name for method in agents.METHODS)

__all__ = ["AGENTS", "METHODS", "STREAMS"]
