"""What people ask for outside of a chat: the command, the shortcuts, our own page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.command import Unclear, understood
from bot.rows import Run
from bot.testing import Gate
from bot.testing.slack import Person
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, MENU

STAFF = """\
---
kind: runbook
id: wipe
name: Wipe everything
audience: [agents]
steps: [{end: success, result: Wiped.}]
---
kind: runbook
id: note
name: Take a note
audience: [authenticated, agents]
inputs: {message: {label: Message, required: true}, urgent: {type: boolean, label: Urgent}}
steps: [{end: success, result: "Noted: $message"}]
"""
FIRST = "U0CB000004"
"""The id of the first person of a fake Slack."""


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def there(gate: Gate) -> AsyncIterator[Office]:
    connectors = {"directory.find": {}, "directory.unlock": gate}
    async with office(DESK + STAFF, connectors=connectors, agents=frozenset((FIRST,))) as made:
        yield made


@pytest.fixture
def boss(there: Office) -> Person:
    """Staff."""
    return there.person("Boss")


@pytest.fixture
def ann(there: Office, boss: Person) -> Person:
    assert boss.id == FIRST
    return there.person("Ann")


# --- the command -----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["help", "list", ""])
async def test_help_shows_what_this_person_may_begin_and_nothing_else(
    there: Office, boss: Person, ann: Person, verb: str
) -> None:
    for person, names in ((ann, False), (boss, True)):
        said = await there.command(person, verb)
        assert "Service desk — /cuebook start desk" in said
        assert "Rebuild the index — /cuebook run rebuild" in said
        assert ("Wipe everything" in said) is names


async def test_a_run_is_begun_shown_and_stopped_by_command(there: Office, ann: Person) -> None:
    assert await there.command(ann, "status") == "You have started nothing yet."
    assert await there.command(ann, "run rebuild") == "Begun. You will find it in our direct conversation."
    assert there.card(ann).text.startswith("Rebuild the index — Working")
    status = await there.command(ann, "status")
    (run,) = await there.stage.runs()
    assert status == f"Rebuild the index ({run.id[-8:]}) — Working…"
    assert await there.command(ann, f"status {run.id[-8:]}") == status
    assert await there.command(ann, f"cancel {run.id[-8:]}") == "Asking Rebuild the index to stop …"
    assert (await there.stage.store.find(Run))[0].state == "cancelled"
    cancelled = f"Rebuild the index ({run.id[-8:]}) — Cancelled: Runbook failed: cancelled by Ann"
    assert await there.command(ann, f"cancel {run.id[-8:]}") == cancelled
    assert await there.command(ann, "cancel 00000000") == "You have no run 00000000. `status` shows them."


async def test_nobody_sees_or_stops_a_run_of_somebody_else(there: Office, ann: Person) -> None:
    bob = there.person("Bob")
    await there.command(ann, "run rebuild")
    (run,) = await there.stage.runs()
    unknown = f"You have no run {run.id[-8:]}. `status` shows them."
    assert await there.command(bob, "status") == "You have started nothing yet."
    assert await there.command(bob, f"status {run.id[-8:]}") == unknown
    assert await there.command(bob, f"cancel {run.id[-8:]}") == unknown
    assert (await there.stage.store.find(Run))[0].state == "running"


async def test_inputs_are_given_quoted_asked_for_and_refused(there: Office, ann: Person) -> None:
    begun = "Begun. You will find it in our direct conversation."
    assert await there.command(ann, 'run note message="two words" urgent=yes') == begun
    assert "Cuebook: Noted: two words\nThis chat has ended." in there.lines(ann)
    assert await there.command(ann, "run note message=“curly quotes”") == begun
    assert "Cuebook: Noted: curly quotes\nThis chat has ended." in there.lines(ann)
    runs = len(await there.stage.runs())
    wrong = await there.command(ann, "run note message=x urgent=perhaps")
    assert wrong.startswith("Urgent: ")
    extra = await there.command(ann, "run note message=x colour=red")
    assert extra == "Take a note has no input `colour`; it has: `message`, `urgent`."
    unknown = await there.command(ann, "run notes")
    assert "notes" in unknown
    assert len(await there.stage.runs()) == runs
    assert await there.command(ann, "run note") == begun
    await there.says(ann, "asked for")
    assert "Cuebook: Noted: asked for\nThis chat has ended." in there.lines(ann)


@pytest.mark.parametrize(
    "text", ["dance", "run", "start", "cancel", "list me", 'run note message="x', "run a b"]
)
async def test_what_is_not_understood_is_told(there: Office, ann: Person, text: str) -> None:
    wish = understood(text)
    assert isinstance(wish, Unclear)
    assert await there.command(ann, text) == wish.reason
    assert await there.stage.runs() == []


async def test_a_profile_is_begun_by_command_once(there: Office, ann: Person) -> None:
    room = there.fake.add_channel("desk", [ann])
    assert (
        await there.command(ann, "start desk", room) == "Begun. You will find it in our direct conversation."
    )
    assert there.lines(there.fake.direct(ann)) == [MENU]
    assert await there.command(ann, "start desk", room) == "That is open already: see above."
    assert len(there.lines(there.fake.direct(ann))) == 1


# --- shortcuts -------------------------------------------------------------------------------


async def test_the_shortcut_offers_what_one_may_begin_and_begins_it(there: Office, ann: Person) -> None:
    await there.events.shortcut(ann, "cuebook_start")
    await there.rest()
    assert there.fake.modal(ann) is not None
    await there.events.submits(ann, {"What to start": "Rebuild the index"})
    await there.rest()
    assert there.fake.modal(ann) is None
    assert there.card(ann).text.startswith("Rebuild the index — Working")


async def test_the_shortcut_on_a_message_hands_it_to_the_runbook(there: Office, ann: Person) -> None:
    room = there.fake.add_channel("desk", [ann])
    said = await there.says(ann, "The printer burns & smokes", room)
    await there.events.message_shortcut(ann, said, "cuebook_on_message")
    await there.rest()
    form = there.fake.modal(ann)
    assert form is not None
    assert "The printer burns & smokes" in there.fake.form(form)
    await there.events.submits(ann, {"What to start": "Take a note"})
    await there.rest()
    assert there.lines(ann)[-1] == "Cuebook: Noted: The printer burns & smokes\nThis chat has ended."


# --- our own page ----------------------------------------------------------------------------


def page(there: Office, person: Person) -> list[str]:
    """Our page as it stands before somebody."""
    view = there.fake.home(person)
    return there.fake.form(view) if view is not None else []


async def test_the_page_offers_shows_what_is_at_work_and_what_came_of_it(
    there: Office, ann: Person, gate: Gate
) -> None:
    await there.events.opens_home(ann)
    await there.rest()
    assert page(there, ann)[:5] == [
        "What you can start", "Service desk", "Rebuild the index", "Take a note", "Unlock an account",
    ]  # fmt: skip
    assert "Wipe everything" not in page(there, ann)
    home = there.fake.home(ann)
    assert home is not None
    await there.events.presses(ann, home, "cb:start:2")
    await there.advance(5)
    assert [line for line in page(there, ann) if line.startswith("Rebuild the index — Working")]
    assert "[Cancel]" in page(there, ann), "the page changes by itself"
    home = there.fake.home(ann)
    assert home is not None
    await there.events.presses(ann, home, "Cancel")
    await there.advance(5)
    assert "[Cancel]" not in page(there, ann)
    assert [line for line in page(there, ann) if line.startswith("Rebuild the index — Cancelled")]
    assert (await there.stage.store.find(Run))[0].state == "cancelled"


async def test_a_start_button_pressed_twice_begins_once(there: Office, ann: Person) -> None:
    await there.events.opens_home(ann)
    await there.rest()
    home = there.fake.home(ann)
    assert home is not None
    for _ in range(2):
        await there.events.presses(ann, home, "cb:start:2")
        await there.rest()
    assert len(await there.stage.runs()) == 1
