"""Slack towards the app: what people do, told as Slack tells it."""

from __future__ import annotations

from bot.ports import Clock
from bot.testing.slack.delivery import Deliver, OverHttp, OverSockets
from bot.testing.slack.fake import FakeSlack
from bot.testing.slack.pressing import Pressing
from bot.testing.slack.talking import Talking


class Events(Talking, Pressing):
    """The driver of an app.

        events = Events.over_http(slack, "http://127.0.0.1:8080/slack/events", deliver)
        await events.says(ann, desk, f"<@{slack.workspace.bot}> help")
        await events.presses(ann, slack.transcript(desk)[-1], "Unlock my account")

    Every act returns when the app has answered; what the app then does by itself takes its time.
    """

    @classmethod
    def over_http(
        cls,
        slack: FakeSlack,
        url: str,
        deliver: Deliver,
        *,
        clock: Clock | None = None,
        patience: float = 3.0,
    ) -> Events:
        """Signed requests to `url`. `clock`: for the signatures, where the app judges them by
        another time than the fake's."""
        way = OverHttp(url, deliver, slack.signing_secret, clock or slack.world.clock, patience)
        return cls(slack.world, way)

    @classmethod
    def over_sockets(cls, slack: FakeSlack, *, patience: float = 3.0) -> Events:
        """Envelopes on the sockets that the app has opened."""
        return cls(slack.world, OverSockets(slack.world, slack.sockets, patience))
