"""Rows 25 and 28 of the threats: who is one of ours, and by what we know them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.front import NOT_OPEN
from adapters.slack.pointers import Pointers
from adapters.slack.settings import SlackSettings, faults
from adapters.slack.tokens import Hidden
from bot.rows import Chat
from bot.testing.slack import Channel, Person, envelope, refused
from bot.testing.slack.envelope import interaction
from tests.adapters.slack.office import KEY, Office, office
from tests.adapters.slack.projects import DESK, STUBS

HOUR = 3_600
REFUSED = "You may not start Rebuild the index."
RESTRICTED = """\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: menu
    ask: What can I do for you?
    options: {Wipe: wipe, Goodbye: bye}
  - id: wipe
    runbook: wipe
    outcomes: {success: told, failure: told}
  - id: told
    say: "Result: $RUNBOOKRESULT"
    next: menu
  - id: bye
    end: Goodbye!
---
kind: runbook
id: wipe
name: Wipe everything
audience: [agents]
steps:
  - {end: success, result: Wiped.}
"""


@pytest.fixture
async def there() -> AsyncIterator[Office]:
    async with office(DESK, connectors=STUBS) as made:
        yield made


# --- 25: other workspaces, other apps, guests ------------------------------------------------


def said_in(there: Office, person: Person, **around: Any) -> dict[str, Any]:
    """An event of good words, around which something is different."""
    direct = there.fake.direct(person)
    event = {
        "type": "message",
        "channel": direct.id,
        "channel_type": "im",
        "user": person.id,
        "text": "hi",
        "ts": there.fake.world.ts(),
    }
    return {**envelope.callback(there.fake.world, person.workspace, event), **around}


@pytest.mark.parametrize(
    "around",
    [
        {"team_id": "T0OTHER", "authorizations": []},
        {"authorizations": [{"team_id": "T0OTHER", "enterprise_id": None}]},
        {"team_id": "", "authorizations": []},
        {"team_id": None, "authorizations": None},
        {"api_app_id": "A0OTHER"},
    ],
    ids=["team", "authorization", "none", "null", "app"],
)
async def test_row_25_what_is_not_for_this_app_in_this_workspace_is_acknowledged_and_nothing_more(
    there: Office, around: dict[str, Any]
) -> None:
    ann = there.person("Ann")
    say_which_app(there)
    before = await there.rows()
    answer = await there.events.sends(said_in(there, ann, **around))
    await there.rest()
    assert answer.status == 200
    assert await there.rows() == before
    assert [call.method for call in there.fake.calls] == ["auth.test"]


def say_which_app(there: Office) -> None:
    """Some tokens tell which app they are for, and then another app's events are not ours.
    (Where they do not, it is the signature that does: its secret is an app's own.)"""
    usual = there.fake.api.methods["auth.test"]
    app = {"app_id": there.fake.workspace.app_id}
    there.fake.add_method(usual._replace(handle=lambda asked: {**usual.handle(asked), **app}))


async def test_row_25_the_same_words_for_us_begin_a_chat(there: Office) -> None:
    ann = there.person("Ann")
    say_which_app(there)
    await there.events.sends(said_in(there, ann))
    await there.rest()
    assert len(await there.stage.store.find(Chat)) == 1


STRANGERS: dict[str, dict[str, bool]] = {"connect": {"external": True}, "guest": {"guest": True}}


@pytest.fixture(params=STRANGERS)
def eve(request: pytest.FixtureRequest, there: Office) -> Person:
    """Somebody of another company in a shared channel, or a guest of ours."""
    return there.person("Eve", **STRANGERS[request.param])


@pytest.fixture
def room(there: Office, eve: Person) -> Channel:
    return there.fake.add_channel("shared", [eve, there.person("Ann")])


async def test_row_25_a_guest_s_words_and_presses_start_nothing(
    there: Office, eve: Person, room: Channel
) -> None:
    asked = await there.says(eve, f"{there.bot} hello", room)
    await there.says(eve, "2", room, thread=asked)
    await there.presses(eve, "Rebuild", room, thread=asked)
    told = [line for line in there.lines(room, asked) if line.startswith("Cuebook: Result")]
    assert told == ["Cuebook: Result: Runbook failed: you may not start Rebuild the index."] * 2
    assert await there.stage.runs() == []


async def test_row_25_a_guest_s_command_starts_nothing(there: Office, eve: Person, room: Channel) -> None:
    assert await there.command(eve, "run rebuild", room) == REFUSED
    assert "Runbooks" not in await there.command(eve, "help", room)
    assert await there.command(eve, "status", room) == "You have started nothing yet."
    assert await there.stage.runs() == []


async def test_row_25_a_guest_s_shortcut_form_and_page_start_nothing(
    there: Office, eve: Person, room: Channel
) -> None:
    await there.events.opens_home(eve)
    await there.events.shortcut(eve, "cuebook_start")
    await there.rest()
    (form, home) = there.fake.modal(eve), there.fake.home(eve)
    assert form is not None
    assert home is not None
    assert "Rebuild the index" not in "\n".join([*there.fake.form(form), *there.fake.form(home)])
    wanted = Pointers(KEY).start("runbook", "rebuild")
    assert (await there.events.sends(pressed(eve, room, wanted))).status == 200
    answer = await there.events.sends(filled(eve, wanted))
    await there.rest()
    assert (answer.json or {})["errors"] == {"offer": REFUSED}
    assert there.whispers(eve) == [REFUSED]
    assert await there.stage.runs() == []


def pressed(person: Person, room: Channel, pointer: str) -> dict[str, Any]:
    """A press of a start button that somebody else was shown."""
    return interaction(
        "block_actions",
        person,
        person.workspace,
        trigger_id="1.2.press",
        container={"type": "message", "message_ts": "1.2", "channel_id": room.id},
        channel={"id": room.id, "name": room.name},
        actions=[{"type": "button", "action_id": "cb:start:1", "value": pointer, "action_ts": "1.3"}],
    )


def filled(person: Person, pointer: str) -> dict[str, Any]:
    """A form of choice in which somebody has put what it did not offer."""
    chosen = {"type": "static_select", "selected_option": {"value": pointer}}
    view = {
        "id": "V0FORGED",
        "type": "modal",
        "callback_id": "cb:start",
        "private_metadata": "",
        "hash": "1.a",
        "state": {"values": {"offer": {"cb:value": chosen}}},
    }
    return interaction("view_submission", person, person.workspace, view=view, trigger_id="1.2.form")


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
async def test_row_25_whom_slack_does_not_know_here_is_a_stranger(there: Office, code: str) -> None:
    """A command does not say where a person comes from: only Slack's answer does."""
    ann = there.person("Ann")
    there.fake.fail("users.info", refused(code))
    assert await there.command(ann, "run rebuild") == REFUSED
    assert await there.stage.runs() == []


async def test_row_25_a_forged_offer_of_ours_is_judged_by_who_sends_it(there: Office) -> None:
    """The same form by somebody who may: the refusal above is one of the person."""
    ann = there.person("Ann")
    answer = await there.events.sends(filled(ann, Pointers(KEY).start("runbook", "rebuild")))
    await there.rest()
    assert answer.body == b""
    assert len(await there.stage.runs()) == 1
    answer = await there.events.sends(filled(ann, Pointers(b"a key of somebody else").start("runbook", "x")))
    assert (answer.json or {})["errors"] == {"offer": NOT_OPEN}


# --- 28: identity ----------------------------------------------------------------------------

FIRST, SECOND = "U0CB000004", "U0CB000005"
"""The ids of the first two people of a fake Slack."""


async def tries_to_wipe(there: Office, person: Person) -> str:
    """What the newest result says."""
    if not there.lines(there.fake.direct(person)):
        await there.says(person, "hi")
    await there.presses(person, "Wipe")
    told = [line for line in there.lines(there.fake.direct(person)) if "Result" in line]
    return told[-1].removeprefix("Cuebook: Result: ")


async def test_row_28_names_and_addresses_of_mail_give_no_rights() -> None:
    async with office(RESTRICTED, agents=frozenset((FIRST,))) as there:
        boss, eve = there.person("Boss"), there.person("Eve")
        assert boss.id == FIRST
        assert await tries_to_wipe(there, boss) == "Wiped."
        no = "Runbook failed: you may not start Wipe everything."
        assert await tries_to_wipe(there, eve) == no
        eve.name, eve.email = boss.name, boss.email
        await there.advance(2 * HOUR)  # what Slack said of her is asked again
        assert await tries_to_wipe(there, eve) == no
        assert await there.command(eve, "run wipe") == "You may not start Wipe everything."
        boss.name, boss.email = "Somebody", "somebody@desk.example"
        await there.advance(2 * HOUR)
        assert await tries_to_wipe(there, boss) == "Wiped."


@pytest.mark.parametrize(
    ("agents", "may"),
    [
        ({FIRST}, True),
        ({f"T0CB000001:{FIRST}"}, True),
        ({f"T0OTHER:{FIRST}"}, False),
        ({"Ann"}, False),
        ({"ann@desk.example"}, False),
        ({"ann"}, False),
        ({SECOND}, False),
        ({""}, False),
    ],
)
async def test_row_28_staff_are_named_by_their_id_alone(agents: set[str], may: bool) -> None:
    async with office(RESTRICTED, agents=frozenset(agents)) as there:
        ann = there.person("Ann")
        assert ann.id == FIRST
        assert (await tries_to_wipe(there, ann) == "Wiped.") is may


@pytest.mark.parametrize("name", ["ann@desk.example", "Ann", "@ann", "*", "", "C0123ABCD"])
def test_row_28_a_name_or_address_among_the_agents_stops_the_start(name: str) -> None:
    given = SlackSettings(
        bot_token=Hidden("xoxb-1"), signing_secret=Hidden("s"), profile="desk", agents=frozenset((name,))
    )
    assert any("person's id" in fault.text for fault in faults(given, ["desk"]))
