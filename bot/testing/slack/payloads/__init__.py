"""One of every payload that Slack sends to an app, whoever asked for it.

    for name, (kind, body) in payloads(Ids.of(slack.workspace, ann, desk, slack.direct(ann))).items():
        assert (await events.sends(body, kind=kind)).ok, name

Written from the documented fields, with what is rare but real: a null team, another company's
people, several actions at once, a text that is null, an event that nobody has heard of.
"""

from __future__ import annotations

from bot.testing.slack.payloads import actions, forms, frames, messages, occasions
from bot.testing.slack.payloads.ids import Ids, Payload, apart
from bot.testing.slack.things import Json

_PARTS = (
    messages.talk,
    messages.changes,
    messages.subtypes,
    occasions.life,
    occasions.others,
    occasions.without_event,
    actions.commands,
    actions.block_actions,
    actions.others,
    forms.views,
    forms.legacy,
)


def payloads(ids: Ids | None = None) -> dict[str, Payload]:
    """Name → payload, freshly made."""
    known = ids or Ids()
    made = [pair for part in _PARTS for pair in part(known)]
    return {name: Payload(kind, apart(body, number)) for number, (name, (kind, body)) in enumerate(made)}


def socket_frames(ids: Ids | None = None) -> dict[str, Json]:
    """Name → frame, freshly made."""
    known = ids or Ids()
    return frames.frames(known, payloads(known))


__all__ = ["Ids", "Payload", "payloads", "socket_frames"]
