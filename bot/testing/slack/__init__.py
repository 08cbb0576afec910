"""A Slack of one's own: workspaces, people and an app between them, without the internet.

    from bot.testing.slack import Events, FakeSlack

`FakeSlack` answers the app (Web API, OAuth, uploads, sockets); `Events` tells it what people do.
It is pure aiohttp and knows none of Slack's libraries, so that those can be tried against it.
"""

from __future__ import annotations

from bot.testing.slack.clock import WallClock
from bot.testing.slack.courier import Delivery
from bot.testing.slack.delivery import Answer, Retry
from bot.testing.slack.events import Events
from bot.testing.slack.fake import FakeSlack
from bot.testing.slack.faults import (
    Fault,
    bad_gateway,
    broken,
    cut,
    limited,
    refused,
    silent,
    slow,
    took_it_then_cut,
)
from bot.testing.slack.refusal import Impossible, Refusal
from bot.testing.slack.signing import signed
from bot.testing.slack.things import Channel, Message, Person, View, Workspace
from bot.testing.slack.transcript import Shown
from bot.testing.slack.webapi import Call

__all__ = [
    "Answer",
    "Call",
    "Channel",
    "Delivery",
    "Events",
    "FakeSlack",
    "Fault",
    "Impossible",
    "Message",
    "Person",
    "Refusal",
    "Retry",
    "Shown",
    "View",
    "WallClock",
    "Workspace",
    "bad_gateway",
    "broken",
    "cut",
    "limited",
    "refused",
    "signed",
    "silent",
    "slow",
    "took_it_then_cut",
]
