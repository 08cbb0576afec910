"""Stopping a run: by the word and by the port, in every state, by whoever may."""

from __future__ import annotations

import pytest

from bot.errors import NotAllowed, NotFound
from bot.limits import Limits
from bot.ports import Person, Store
from bot.rows import Timer
from bot.runtime.assemble import Choices
from bot.testing import AGENT, CUSTOMER, STRANGER, Chat, Gate, Stage, TestAdapter, note
from tests.runtime.conftest import Open, unchecked
from tests.runtime.flows import DIRECTORY, WORK, profile, runbook, works

CALLING = (
    "  - {id: find, call: directory.find, with: {login: x}}\n  - chat_message: Later.\n  - end: success\n"
)
WAITING = "  - pause: 1h\n  - chat_message: Later.\n  - end: success\n"
ASKING = "I'm asking it to stop …"
CANCELLED = "Result: Runbook failed: cancelled by the requester"


async def _calling(stage: Open, store: Store) -> Chat:
    place = await stage(works(CALLING), store=store, connectors={"directory.find": Gate()})
    return await Chat.on(place, "desk")


async def _waiting(stage: Open, store: Store) -> Chat:
    return await Chat.on(await stage(works(WAITING, "timeout: 2h"), store=store), "desk")


async def _queued(stage: Open, store: Store) -> Chat:
    """One run holds the only place; the chat's own has not begun."""
    place = await stage(
        works(CALLING), store=store, connectors={"directory.find": Gate()}, choices=Choices(limits=Limits(runs_at_work=1))
    )  # fmt: skip
    await Chat.on(place, "desk", Person(kind="anonymous", id="first"))
    return await Chat.on(place, "desk")


STATES = {"running": _calling, "waiting": _waiting, "queued": _queued}


@pytest.mark.parametrize("state", STATES)
async def test_the_word_stops_the_run_in_every_state(stage: Open, store: Store, state: str) -> None:
    chat = await STATES[state](stage, store)
    assert chat.runs[0].state == state
    await chat.say("cancel")
    chat.hears(ASKING, CANCELLED, "What now?")
    assert chat.runs[0].state == "cancelled"
    await chat.advance("3h")
    chat.hears()
    assert await chat.stage.store.find(Timer) == []


@pytest.mark.parametrize("state", STATES)
async def test_the_port_stops_the_run_in_every_state(stage: Open, store: Store, state: str) -> None:
    chat = await STATES[state](stage, store)
    run = chat.runs[0].row.id
    assert await chat.stage.engine.cancel(chat.id, run, STRANGER)
    await chat.settle()
    chat.hears(CANCELLED, "What now?")
    assert not await chat.stage.engine.cancel(chat.id, run, STRANGER)


async def test_two_cancels_at_once_are_one(stage: Open, store: Store) -> None:
    chat = await _calling(stage, store)
    await chat.say("stop")
    await chat.say("stop")
    assert [line.text for line in chat.transcript if line.kind == "bot"] == [
        ASKING, CANCELLED, "What now?", "There is nothing running that I could cancel.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "person", "stops"),
    [
        ("", STRANGER, True),
        ("changes: true", STRANGER, False),
        ("changes: true", AGENT, True),
        ("changes: true\ncancel: requester", STRANGER, True),
        ("cancel: agents", CUSTOMER, False),
        ("cancel: none", AGENT, False),
    ],
)
async def test_who_may_stop_a_run(stage: Open, more: str, person: Person, stops: bool) -> None:
    place = await stage(works(CALLING, more), connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk", person)
    await chat.say("cancel")
    if stops:
        assert chat.runs[0].state == "cancelled"
    else:
        chat.hears(ASKING, "work cannot be cancelled by you.")
        assert chat.runs[0].state == "running"
        with pytest.raises(NotAllowed):
            await place.engine.cancel(chat.id, chat.runs[0].row.id, person)


async def test_a_refusal_is_handed_to_a_platform_that_is_sent_its_lines(stage: Open) -> None:
    adapter = TestAdapter()
    place = await stage(
        works(CALLING, "changes: true"), connectors={"directory.find": Gate()}, adapters=(adapter,)
    )
    chat = await Chat.on(place, "desk", address="room 1")
    await chat.say("cancel")
    assert adapter.texts == [ASKING, "work cannot be cancelled by you."]


async def test_nobody_stops_a_run_of_another_chat(stage: Open) -> None:
    place: Stage = await stage(works(CALLING), connectors={"directory.find": Gate()})
    mine, other = await Chat.on(place, "desk"), await Chat.on(place, "desk")
    with pytest.raises(NotFound):
        await place.engine.cancel(mine.id, other.runs[0].row.id, STRANGER)
    with pytest.raises(NotFound):
        await place.engine.cancel(mine.id, "nothing", STRANGER)
    stranger = Person(kind="anonymous", id="somebody else")
    with pytest.raises(NotAllowed):
        await place.engine.cancel(mine.id, mine.runs[0].row.id, stranger)


async def test_what_a_run_waits_for_is_stopped_with_it(stage: Open, store: Store) -> None:
    """Later steps of the inner run must not go on behind the back of whoever cancelled."""
    outer = runbook(
        "  - {id: inner, runbook: inner, outcomes: {success: on, failure: on}}\n"
        "  - {id: on, chat_message: I went on.}\n  - end: success"
    )
    project = await unchecked(profile(WORK), outer, runbook(CALLING, id="inner"), DIRECTORY)
    gate = Gate()
    chat = await Chat.on(await stage(project, store=store, connectors={"directory.find": gate}), "desk")
    assert gate.waiting == 1
    await chat.say("cancel")
    assert gate.waiting == 0
    chat.hears(ASKING, CANCELLED, "What now?")
    assert [run.state for run in await chat.stage.runs()] == ["cancelled", "cancelled"]


async def test_what_was_cancelled_in_a_call_is_not_called_again_after_a_restart(
    stage: Open, store: Store
) -> None:
    chat = await _calling(stage, store)
    await chat.say("cancel")
    await chat.stage.restart()
    await chat.advance("1h")
    assert len(chat.stage.connectors.calls) == 1
    assert chat.transcript[-1].text == "What now?"


async def test_progress_before_a_cancel_stays(stage: Open) -> None:
    steps = "  - chat_message: Begun.\n" + CALLING
    chat = await Chat.on(await stage(works(steps), connectors={"directory.find": Gate()}), "desk")
    await chat.say("cancel")
    chat.hears(note("Begun."), ASKING, CANCELLED, "What now?")
