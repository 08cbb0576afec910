"""What people do in Slack, as whole transcripts: messages, threads, edits, files and long texts.
Commands and pages, forms and runs have files of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.slack.front import EDITED, NOT_YOURS
from bot.rows import Chat, Message
from bot.testing import Gate
from bot.testing.slack import Person, envelope
from flows.values import Json
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, MENU, STUBS, answered

LONG = """\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: menu
    ask: Which room?
    options: {%s}
  - id: long
    runbook: long
    outcomes: {success: told, failure: told}
  - id: told
    say: $RUNBOOKRESULT
    next: menu
---
kind: runbook
id: long
audience: anyone
steps:
  - {id: ask, call: desk.ask, save: {text: body.text}}
  - {end: success, result: $text}
---
kind: connector
id: desk
base_url: http://desk.example
methods: {ask: {get: /ask}}
"""


@pytest.fixture
async def there() -> AsyncIterator[Office]:
    async with office(DESK, connectors=STUBS) as made:
        yield made


@pytest.fixture
def ann(there: Office) -> Person:
    return there.person("Ann")


async def test_a_direct_message_begins_a_chat_and_a_run_answers_in_it(there: Office, ann: Person) -> None:
    await there.says(ann, "hi")
    await there.presses(ann, "Unlock")
    await there.says(ann, "j.doe")
    await there.presses(ann, "Goodbye")
    assert there.lines(ann) == [
        "Ann: hi",
        answered("Unlock"),
        "Cuebook: Which login?",
        "Ann: j.doe",
        "Cuebook: Looking up j.doe …",
        "Cuebook: Unlock an account — Done\n✓ Looking it up\n✓ Unlocking it",
        "Cuebook: Result: Account j.doe is unlocked.",
        answered("Goodbye"),
        "Cuebook: Goodbye!\nThis chat has ended.",
    ]
    await there.says(ann, "hi again")
    assert there.lines(ann)[-1] == MENU
    assert len(await there.stage.store.find(Chat)) == 2


@pytest.mark.parametrize("mention_first", [False, True])
async def test_a_mention_in_a_channel_begins_a_thread(
    there: Office, ann: Person, mention_first: bool
) -> None:
    there.events.mention_first = mention_first
    room = there.fake.add_channel("desk", [ann])
    asked = await there.says(ann, f"{there.bot} hello", room)
    await there.says(ann, f"{there.bot} 1", room, thread=asked)
    await there.says(ann, "j.doe", room, thread=asked)
    assert there.lines(room) == ["Ann: @Cuebook hello"], "nothing stands in the channel itself"
    assert there.lines(room, asked)[1:6] == [
        "Cuebook: What can I do for you?",
        "Ann: @Cuebook 1",
        "Cuebook: Which login?",
        "Ann: j.doe",
        "Cuebook: Looking up j.doe …",
    ]
    said = await there.stage.store.find(Message, sender="user", order="seq")
    assert [line.text for line in said] == ["hello", "1", "j.doe"], "each utterance is one turn"


async def test_in_a_thread_only_its_owner_is_heard(there: Office, ann: Person) -> None:
    bob = there.person("Bob")
    room = there.fake.add_channel("desk", [ann, bob])
    asked = await there.says(ann, f"{there.bot} hello", room)
    before = await there.rows()
    await there.says(bob, "3", room, thread=asked)
    assert there.whispers(bob) == [], "who talks with others is left alone"
    await there.says(bob, f"{there.bot} 3", room, thread=asked)
    assert there.whispers(bob) == [NOT_YOURS]
    assert await there.rows() == before
    own = await there.says(bob, f"{there.bot} and me?", room)
    assert there.lines(room, own)[-1] == MENU


async def test_what_is_sent_to_thread_and_channel_is_an_answer(there: Office, ann: Person) -> None:
    room = there.fake.add_channel("desk", [ann])
    asked = await there.says(ann, f"{there.bot} hello", room)
    made = there.fake.world.ts()
    event = {
        "type": "message",
        "subtype": "thread_broadcast",
        "channel": room.id,
        "channel_type": "channel",
        "user": ann.id,
        "text": "3",
        "ts": made,
        "thread_ts": asked.ts,
        "root": {"type": "message", "user": ann.id, "ts": asked.ts, "text": asked.text},
    }

    await there.events.sends(envelope.callback(there.fake.world, room.workspace, event))
    await there.rest()
    assert there.lines(room, asked)[-1] == "Cuebook: Goodbye!\nThis chat has ended."


async def test_talk_in_a_channel_is_not_ours(there: Office, ann: Person) -> None:
    room = there.fake.add_channel("desk", [ann])
    first = await there.says(ann, "hello everybody", room)
    await there.says(ann, "and here", room, thread=first)
    assert there.lines(room, first) == ["Ann: hello everybody", "Ann: and here"]
    assert there.fake.called("chat.postMessage") == []


async def test_an_edit_gets_one_line_and_a_deletion_none(there: Office, ann: Person) -> None:
    said = await there.says(ann, "hi")
    before = await there.rows()
    await there.events.edits_own(ann, said, "hello")
    await there.rest()
    assert there.whispers(ann) == [EDITED]
    await there.events.deletes(ann, said)
    await there.rest()
    assert there.whispers(ann) == [EDITED]
    assert await there.rows() == before


async def odd_things(there: Office, ann: Person) -> None:
    """What is no answer to anything, or says nothing."""
    direct = there.fake.direct(ann)
    await there.says(ann, "", files={"log.txt": b"..."})
    await there.says(ann, "", files={"a.png": b"\x89PNG", "b.png": b"\x89PNG"})
    await there.says(ann, "👩🏽\u200d💻 :smile:")
    await there.says(ann, "")
    await there.says(ann, "   ")
    await there.says(ann, "\u200b")
    await there.says(ann, there.bot)
    event = {"type": "message", "channel": direct.id, "channel_type": "im", "user": ann.id, "text": None}

    shapes: tuple[Any, ...] = (
        None,
        [],
        [{}],
        [{"type": "rich_text"}],
        [{"type": "image", "alt_text": "x"}],
        "x",
    )
    for blocks in shapes:
        odd = {**event, "blocks": blocks, "ts": there.fake.world.ts()}
        answer = await there.events.sends(envelope.callback(there.fake.world, ann.workspace, odd))
        assert answer.status == 200
    await there.rest()


async def leads_to_the_menu(there: Office, ann: Person) -> None:
    """Whatever was said: to begin anew is always possible, and ends well."""
    await there.advance(700)
    await there.says(ann, "start over")
    await there.advance(5)
    assert there.lines(ann)[-1] == MENU
    await there.presses(ann, "Goodbye")
    assert there.lines(ann)[-1] == "Cuebook: Goodbye!\nThis chat has ended."
    assert there.stage.runtime.tasks.crashed == 0


@pytest.mark.parametrize("state", ["options", "free text", "run", "ended", "nothing yet"])
async def test_files_pictures_and_nothing_at_all_leave_a_chat_usable(state: str) -> None:
    gate = Gate()
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": gate}) as there:
        ann = there.person("Ann")
        steps = {
            "options": ["hi"],
            "free text": ["hi", "1"],
            "run": ["hi", "1", "j.doe"],
            "ended": ["hi", "3"],
        }
        for word in steps.get(state, []):
            await there.says(ann, word)
        if state == "run":
            assert gate.waiting == 1
        await odd_things(there, ann)
        await gate.open()
        await leads_to_the_menu(there, ann)


@pytest.mark.parametrize("state", ["options", "free text", "ended"])
async def test_the_longest_message_is_8000_characters(there: Office, ann: Person, state: str) -> None:
    for word in {"options": ["hi"], "free text": ["hi", "1"], "ended": ["hi", "3"]}[state]:
        await there.says(ann, word)
    before = await there.rows()
    await there.says(ann, "x" * 8_001)
    assert await there.rows() == before
    assert there.whispers(ann) == [
        "A message to me may have 8000 characters at most. Nothing of it was taken."
    ]
    await there.says(ann, "y" * 8_000)
    assert len(there.whispers(ann)) == 1
    lines = await there.stage.store.find(Message, sender="user")
    assert [line for line in lines if line.text == "y" * 8_000]


@pytest.mark.parametrize(
    ("size", "files"), [(2_999, 0), (3_001, 0), (9_000, 0), (11_000, 0), (20_000, 1), (60_000, 1)]
)
async def test_long_results_are_parted_and_very_long_ones_attached(size: int, files: int) -> None:
    text = ("word " * (size // 5)).strip()

    def answer(_: object) -> Json:
        return {"body": {"text": text}}

    async with office(LONG % "A: long, B: long", connectors={"desk.ask": answer}) as there:
        ann = there.person("Ann")
        await there.says(ann, "hi")
        await there.says(ann, "1")
        await there.advance(5)
        shown = next(one for one in there.shown(ann) if one.text.startswith("word"))
        attached = [file for file in there.fake.world.files.values() if file.complete]
        assert len(attached) == files
        if files:
            assert "goes on in the attached file" in shown.text
            assert attached[0].content.decode() == text
        else:
            assert shown.text.replace("\n", " ") == text


async def test_many_options_are_a_list_to_choose_from() -> None:
    rooms = ", ".join(f"Room number {number} upstairs: long" for number in range(48))
    async with office(LONG % rooms, connectors={"desk.ask": {"body": {"text": "Done."}}}) as there:
        ann = there.person("Ann")
        await there.says(ann, "hi")
        question = there.shown(ann)[-1]
        assert question.buttons == ()
        assert len(question.choices) == 48
        await there.events.chooses(ann, question, "Room number 41 upstairs")
        await there.advance(5)
        lines = there.lines(there.fake.direct(ann))
        assert lines[1].endswith("✓ Room number 41 upstairs — @Ann")
        assert lines[2:4] == ["Cuebook: long — Done", "Cuebook: Done."]
        again = there.shown(ann)[-1]
        await there.says(ann, "42")
        await there.advance(5)
        assert there.lines(ann)[-2] == "Cuebook: Done."
        assert again.message.history, "the question that was answered in words has lost its list"
