"""Who and where, for payloads that are made and not told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from bot.testing.slack.delivery import Kind
from bot.testing.slack.envelope import VERIFICATION
from bot.testing.slack.things import Channel, Json, Person, Workspace

SECONDS: Final = 1_767_225_600
TS: Final = f"{SECONDS}.000100"
PARENT: Final = f"{SECONDS - 60}.000200"
LATER: Final = f"{SECONDS + 5}.000300"
_STAMP: Final = re.compile(rf"{SECONDS // 1000}\d{{3}}\.\d{{6}}")
_ONCE: Final = re.compile(r"V0PAYLOAD|111\.222\.\w+")


class Payload(NamedTuple):
    """One payload, and how Slack sends it."""

    kind: Kind
    body: Json


@dataclass(frozen=True)
class Ids:
    """The names in the payloads. `of` takes those of a fake Slack."""

    team: str = "T0PAYLOAD"
    enterprise: str = "E0PAYLOAD"
    app: str = "A0PAYLOAD"
    bot: str = "U0BOTUSER"
    bot_id: str = "B0BOTUSER"
    user: str = "U0PERSON1"
    channel: str = "C0PAYLOAD"
    direct: str = "D0PAYLOAD"
    base: str = "http://127.0.0.1:9"
    """Where response_urls lead: by default nowhere."""

    @classmethod
    def of(cls, workspace: Workspace, person: Person, channel: Channel, direct: Channel) -> Ids:
        """Payloads about people and places that there are."""
        return cls(
            team=workspace.id,
            app=workspace.app_id,
            bot=workspace.bot,
            bot_id=workspace.bot_id,
            user=person.id,
            channel=channel.id,
            direct=direct.id,
        )

    def event(self, name: str, event: Json, **around: Any) -> Payload:
        """An event in its envelope; its id is made from `name`, so that it can be known again."""
        body = {
            "token": VERIFICATION,
            "team_id": self.team,
            "api_app_id": self.app,
            "event": {"event_ts": TS, **event},
            "type": "event_callback",
            "event_id": f"Ev0{name.replace('_', '').replace(' ', '').upper()}",
            "event_time": SECONDS,
            "authorizations": [self.authorization()],
            "is_ext_shared_channel": False,
            "event_context": f"4-{name}",
            **around,
        }
        return Payload("events_api", body)

    def authorization(self) -> Json:
        """For which installation an event is."""
        return {
            "enterprise_id": None,
            "team_id": self.team,
            "user_id": self.bot,
            "is_bot": True,
            "is_enterprise_install": False,
        }

    def interaction(self, kind: str, **parts: Any) -> Payload:
        """Something that a person pressed or sent."""
        body = {
            "type": kind,
            "team": {"id": self.team, "domain": "the-company"},
            "user": {"id": self.user, "username": "ann", "name": "ann", "team_id": self.team},
            "api_app_id": self.app,
            "token": VERIFICATION,
            "enterprise": None,
            "is_enterprise_install": False,
            **parts,
        }
        return Payload("interactive", body)

    def response_url(self, name: str) -> str:
        """An address to answer to."""
        return f"{self.base}/respond/{self.team}/{name}"


def apart(value: Any, number: int) -> Any:
    """The same with times, forms and triggers of its own, or an app would rightly take one payload
    for another that comes again."""
    if isinstance(value, dict):
        return {key: apart(one, number) for key, one in value.items()}
    if isinstance(value, list):
        return [apart(one, number) for one in value]
    if not isinstance(value, str):
        return value
    if _STAMP.fullmatch(value):
        seconds, micro = value.split(".")
        return f"{int(seconds) + 100 * number}.{micro}"
    return f"{value}.{number}" if _ONCE.fullmatch(value) else value


def plain(text: str) -> Json:
    """A plain text object, as Slack sends it back."""
    return {"type": "plain_text", "text": text, "emoji": True}


def rich(text: str) -> list[Json]:
    """What Slack makes of typed words."""
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return [{"type": "rich_text", "block_id": "Q7w", "elements": [section]}]
