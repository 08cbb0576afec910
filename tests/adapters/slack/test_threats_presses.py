"""Row 21 of the threats: whose press counts, and what it may carry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.front import NOT_OPEN, NOT_YOURS
from adapters.slack.pointers import Pointers
from bot.rows import Chat, Message, Run
from bot.testing import Gate
from bot.testing.slack import Channel, Person, Shown, Workspace
from bot.testing.slack.envelope import interaction
from tests.adapters.slack.office import KEY, Office, office
from tests.adapters.slack.projects import DESK, MENU, STUBS, answered

WEEK = 7 * 86_400


@pytest.fixture
async def there() -> AsyncIterator[Office]:
    async with office(DESK, connectors=STUBS) as made:
        yield made


async def asked(there: Office, ann: Person, room: Channel) -> Shown:
    """A question of Ann's in a thread where everybody can press."""
    said = await there.says(ann, f"{there.bot} hello", room)
    return there.newest("Rebuild", room, said)


def pointer_of(shown: Shown, label: str) -> str:
    """What a button carries."""
    buttons = [one for block in shown.message.blocks for one in block.get("elements", ())]
    return str(next(one["value"] for one in buttons if one.get("text", {}).get("text") == label))


def carrying(shown: Shown, label: str, value: str) -> Shown:
    """The same message with another value in the button: what a forged request claims."""
    for block in shown.message.blocks:
        for one in block.get("elements", ()):
            if one.get("text", {}).get("text") == label:
                one["value"] = value
    return shown


# --- 21: presses -----------------------------------------------------------------------------


async def test_row_21_another_person_s_press_changes_nothing_and_gets_one_line(there: Office) -> None:
    ann, bob = there.person("Ann"), there.person("Bob")
    room = there.fake.add_channel("desk", [ann, bob])
    question = await asked(there, ann, room)
    before = await there.rows()
    await there.events.presses(bob, question, "Rebuild")
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(bob) == [NOT_YOURS]
    assert there.whispers(ann) == []
    assert there.lines(room, question.message)[-1] == MENU, "the question stays open"


FORGED = ["", "x", "AQ", "A" * 150, "A" * 2_000, "0", "null", "<!channel>", "cb:choose:1"]


@pytest.mark.parametrize("value", FORGED)
async def test_row_21_what_we_did_not_write_ourselves_means_nothing(there: Office, value: str) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    question = there.newest("Rebuild", there.fake.direct(ann))
    before = await there.rows()
    await there.events.presses(ann, carrying(question, "Rebuild", value), "Rebuild")
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(ann) == [NOT_OPEN]


async def test_row_21_an_edited_pointer_is_no_pointer(there: Office) -> None:
    """Each character counts: the chat, the question, the value and the seal."""
    ann = there.person("Ann")
    await there.says(ann, "hi")
    question = there.newest("Rebuild", there.fake.direct(ann))
    value = pointer_of(question, "Rebuild")
    before = await there.rows()
    for at in range(0, len(value), 7):
        other = "B" if value[at] == "A" else "A"
        edited = value[:at] + other + value[at + 1 :]
        await there.events.presses(ann, carrying(question, "Rebuild", edited), "Rebuild")
    await there.rest()
    assert await there.rows() == before


async def test_row_21_pointers_of_another_installation_are_not_ours(there: Office) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    (chat,) = await there.stage.store.find(Chat)
    (asked_line,) = await there.stage.store.find(Message, chat=chat.id, sender="bot")
    question = there.newest("Rebuild", there.fake.direct(ann))
    theirs = Pointers(b"another key, of sixteen").choice(chat.id, asked_line.prompt, "rebuild")
    before = await there.rows()
    await there.events.presses(ann, carrying(question, "Rebuild", theirs), "Rebuild")
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(ann) == [NOT_OPEN]


async def test_row_21_a_pointer_from_elsewhere_answers_nothing_here(there: Office) -> None:
    """A good pointer of Ann's thread, sent by Ann herself as if it stood in her direct
    conversation: the place is part of what was asked."""
    ann = there.person("Ann")
    room = there.fake.add_channel("desk", [ann])
    question = await asked(there, ann, room)
    value = pointer_of(question, "Rebuild")
    await there.says(ann, "hi")
    other = there.newest("Rebuild", there.fake.direct(ann))
    before = await there.rows()
    await there.events.presses(ann, carrying(other, "Rebuild", value), "Rebuild")
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(ann) == [NOT_OPEN]


async def test_row_21_a_question_of_last_week_is_over(there: Office) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    old = there.newest("Rebuild", there.fake.direct(ann))
    await there.presses(ann, "Goodbye")
    await there.advance(WEEK)
    before = await there.rows()
    # Slack still shows what it showed a week ago to a client that has slept since.
    old.message.blocks = old.message.history[0].blocks if old.message.history else old.message.blocks
    await there.events.presses(ann, old, "Rebuild")
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(ann) == [NOT_OPEN]


async def test_row_21_the_last_question_is_closed_by_the_next_one(there: Office) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    old = there.newest("Rebuild", there.fake.direct(ann))
    buttons = old.message.blocks
    await there.presses(ann, "Rebuild")
    old.message.blocks = buttons
    before = await there.rows()
    for label in ("Unlock", "Rebuild", "Goodbye"):
        await there.events.presses(ann, old, label)
    await there.rest()
    assert await there.rows() == before
    assert there.whispers(ann) == [NOT_OPEN] * 3
    assert len(await there.stage.runs()) == 1


async def test_row_21_a_card_of_another_workspace_opens_nothing(there: Office) -> None:
    """The same person id in another team, with a pointer that we made: not installed there."""
    ann = there.person("Ann")
    await there.says(ann, "hi")
    question = there.newest("Rebuild", there.fake.direct(ann))
    other = there.fake.add_workspace("Elsewhere", installed=False)
    before, calls = await there.rows(), len(there.fake.calls)
    payload = _press(ann, other, question, pointer_of(question, "Rebuild"))
    assert (await there.events.sends(payload)).status == 200
    await there.rest()
    assert await there.rows() == before
    assert len(there.fake.calls) == calls


def _press(person: Person, workspace: Workspace, shown: Shown, value: str) -> dict[str, Any]:
    """A press as it would come from that workspace."""
    return interaction(
        "block_actions",
        person,
        workspace,
        trigger_id="1.2.abc",
        container={
            "type": "message",
            "message_ts": shown.ts,
            "channel_id": shown.message.channel.id,
            "is_ephemeral": False,
        },
        channel={"id": shown.message.channel.id, "name": "directmessage"},
        actions=[{"type": "button", "action_id": "cb:choose:1", "value": value, "action_ts": "1.2"}],
    )


async def test_row_21_two_presses_at_the_same_moment_are_one_answer(there: Office) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    question = there.newest("Rebuild", there.fake.direct(ann))
    await asyncio.gather(
        there.events.presses(ann, question, "Rebuild"), there.events.presses(ann, question, "Rebuild")
    )
    await there.rest()
    assert len(await there.stage.runs()) == 1
    assert there.lines(there.fake.direct(ann))[1] == answered("Rebuild")
    assert len(there.whispers(ann)) <= 1


async def test_row_21_two_different_presses_at_the_same_moment_are_one_answer(there: Office) -> None:
    ann = there.person("Ann")
    await there.says(ann, "hi")
    question = there.newest("Rebuild", there.fake.direct(ann))
    await asyncio.gather(
        there.events.presses(ann, question, "Rebuild"), there.events.presses(ann, question, "Goodbye")
    )
    await there.rest()
    lines = await there.stage.store.find(Message, sender="user")
    assert len([line for line in lines if line.text in ("Rebuild", "Goodbye")]) == 1
    assert there.whispers(ann) == [NOT_OPEN]


async def test_row_21_cancel_is_for_who_may_and_once() -> None:
    gate = Gate()
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": gate}) as there:
        ann, bob = there.person("Ann"), there.person("Bob")
        room = there.fake.add_channel("desk", [ann, bob])
        said = await there.says(ann, f"{there.bot} hello", room)
        await there.presses(ann, "Rebuild", room, thread=said)
        card = there.card(room, said)
        before = await there.rows()
        await there.events.presses(bob, card, "Cancel")
        await there.rest()
        assert await there.rows() == before
        assert there.whispers(bob) == ["Rebuild the index cannot be cancelled by you."]
        await asyncio.gather(*(there.events.presses(ann, card, "Cancel") for _ in range(3)))
        await there.rest()
        (run,) = await there.stage.store.find(Run)
        assert (run.state, run.message) == ("cancelled", "Runbook failed: cancelled by Ann")
        assert "Cancelled" in there.card(room, said).text
        assert there.card(room, said).buttons == ()


async def test_row_21_a_forged_cancel_names_a_run_of_somebody_else() -> None:
    """A pointer to Ann's run, made by us, in Bob's hand and inside of Bob's own chat."""
    gate = Gate()
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": gate}) as there:
        ann, bob = there.person("Ann"), there.person("Bob")
        for one in (ann, bob):
            await there.says(one, "hi")
            await there.presses(one, "Rebuild")
        runs = {json.loads(run.person)["name"]: run for run in await there.stage.runs()}
        card = there.card(bob)
        before = await there.rows()
        for chat in (runs["Ann"].chat, runs["Bob"].chat):
            forged = Pointers(KEY).cancel(chat, runs["Ann"].id)
            await there.events.presses(bob, carrying(card, "Cancel", forged), "Cancel")
            await there.rest()
        assert await there.rows() == before
        assert len(there.whispers(bob)) == 2
