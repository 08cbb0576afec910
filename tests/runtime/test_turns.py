"""Chats: one event at a time, each answered once, whatever comes together."""

from __future__ import annotations

import asyncio
from itertools import product
from typing import Any

import pytest

from bot.errors import NotAllowed, NotFound, StoreUnavailable, TooMuch
from bot.limits import Limits
from bot.ports import Change, Inbound, Receipt, Store
from bot.rows import Chat as ChatRow
from bot.rows import Inbox
from bot.runtime.assemble import Choices
from bot.testing import STRANGER, Chat, Gate, note, project_of
from flows.events import Said
from tests.runtime.conftest import Open
from tests.runtime.flows import DESK, ECHO, profile, runbook, works


def inbound(chat: Chat, id: str, text: str = "") -> Inbound:
    return Inbound(chat=chat.id, id=id, said=Said(text=text or id), source="test")


async def receive(chat: Chat, id: str, text: str = "") -> Receipt:
    return await chat.stage.engine.receive(inbound(chat, id, text))


# --- together --------------------------------------------------------------------------


async def test_fifty_messages_at_once_are_answered_in_order_each_once(stage: Open, store: Store) -> None:
    place = await stage(ECHO, store=store)
    chat, other = await Chat.on(place, "echo"), await Chat.on(place, "echo")
    chat.skip()
    other.skip()
    receipts = await asyncio.gather(
        *(receive(chat, f"m{n:02}") for n in range(50)), *(receive(other, f"o{n}") for n in range(5))
    )
    await chat.settle()
    assert [receipt.seq for receipt in receipts[:50]] == sorted(receipt.seq for receipt in receipts[:50])
    chat.hears(*(text for n in range(50) for text in (f"You said m{n:02}.", "Say something.")))
    other.hears(*(text for n in range(5) for text in (f"You said o{n}.", "Say something.")))
    assert [row.state for row in await place.store.find(Inbox)] == ["done"] * 55


@pytest.mark.parametrize("rounds", list(product(range(5), range(5))))
async def test_nobody_overtakes_a_message_that_is_being_written_down(
    stage: Open, rounds: tuple[int, int]
) -> None:
    """The first turn ends while the second message is on its way into the inbox; the third,
    which finds nothing at work, must still come third."""
    place = await stage(ECHO)
    chat = await Chat.on(place, "echo")
    chat.skip()
    sent = []
    for word, pause in zip(("one", "two", "three"), (*rounds, 0), strict=True):
        sent.append(asyncio.ensure_future(receive(chat, word)))
        for _ in range(pause):
            await asyncio.sleep(0)
    await asyncio.gather(*sent)
    await chat.settle()
    chat.hears(*(text for n in ("one", "two", "three") for text in (f"You said {n}.", "Say something.")))


async def test_more_than_a_chat_may_hold_is_refused_and_what_it_holds_is_answered(stage: Open) -> None:
    place = await stage(ECHO, choices=Choices(limits=Limits(pending_a_chat=3)))
    chat = await Chat.on(place, "echo")
    chat.skip()
    sent = [receive(chat, f"m{n}") for n in range(6)]
    done = await asyncio.gather(*sent, return_exceptions=True)
    await chat.settle()
    assert [type(one).__name__ for one in done] == ["Receipt"] * 4 + ["TooMuch"] * 2
    chat.hears(*(text for n in range(4) for text in (f"You said m{n}.", "Say something.")))
    assert (await receive(chat, "m5")).duplicate is False  # refused is not remembered


# --- again -----------------------------------------------------------------------------


async def test_a_redelivery_changes_nothing_and_gets_the_same_answer(stage: Open, store: Store) -> None:
    place = await stage(ECHO, store=store)
    chat = await Chat.on(place, "echo")
    chat.skip()
    receipts = [await receive(chat, "same") for _ in range(5)]
    assert receipts == [Receipt(seq=2)] + [Receipt(seq=2, duplicate=True)] * 4
    await chat.settle()
    chat.hears("You said same.", "Say something.")


async def test_redeliveries_at_once_are_one_message(stage: Open, store: Store) -> None:
    place = await stage(ECHO, store=store)
    chat = await Chat.on(place, "echo")
    chat.skip()
    receipts = await asyncio.gather(*(receive(chat, "same") for _ in range(20)))
    assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 19
    assert {receipt.seq for receipt in receipts} == {2}
    await chat.settle()
    chat.hears("You said same.", "Say something.")


async def test_a_redelivery_after_the_end_gets_its_receipt_and_a_new_message_is_refused(stage: Open) -> None:
    place = await stage(profile("  - ask: Bye?\n  - end: Bye."))
    chat = await Chat.on(place, "desk")
    await chat.say("yes", id="last")
    assert await chat.say("yes", id="last") == Receipt(seq=2, duplicate=True)
    with pytest.raises(NotAllowed, match="has ended"):
        await chat.say("hello?")
    chat.hears("Bye?", "Bye.")


async def test_a_chat_that_does_not_exist_is_not_found(stage: Open) -> None:
    place = await stage(ECHO)
    with pytest.raises(NotFound):
        await place.engine.receive(Inbound(chat="nobody", id="1", said=Said(text="x"), source="test"))


# --- whoever asked is gone --------------------------------------------------------------


async def given_up(work: Any, rounds: int) -> None:
    """Ask, and stop listening after so many turns of the loop."""
    task = asyncio.ensure_future(work)
    for _ in range(rounds):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("rounds", range(6))
async def test_a_turn_goes_to_its_end_when_its_caller_gives_up(stage: Open, rounds: int) -> None:
    """A page that is closed at the wrong moment must not leave a run that never begins."""
    start = await stage(DESK, connectors={"directory.find": {}, "directory.unlock": {}})
    chat = await Chat.on(start, "desk")
    chat.skip()
    await given_up(receive(chat, "1", "jd"), rounds)
    await chat.settle()
    if await start.store.find(Inbox, source="test"):
        chat.hears(note("Looking up jd."), note("Unlocking it."), "jd is unlocked.", "Anything else?")
    else:
        chat.hears()


@pytest.mark.parametrize("rounds", range(6))
async def test_what_a_busy_chat_has_taken_is_answered_when_its_caller_gives_up(
    stage: Open, rounds: int
) -> None:
    place = await stage(ECHO)
    chat = await Chat.on(place, "echo")
    chat.skip()
    first = asyncio.ensure_future(receive(chat, "one"))
    await asyncio.sleep(0)
    await given_up(receive(chat, "two"), rounds)
    await first
    await chat.settle()
    answers = [line.text for line in chat.transcript if line.kind == "bot"][1:]
    heard = ["one", "two"] if len(await place.store.find(Inbox)) == 2 else ["one"]
    assert answers == [text for word in heard for text in (f"You said {word}.", "Say something.")]
    await chat.say("three")
    assert chat.transcript[-2].text == "You said three."


@pytest.mark.parametrize("rounds", range(8))
async def test_a_chat_that_was_opened_begins_its_run_when_its_opener_gives_up(
    stage: Open, rounds: int
) -> None:
    place = await stage(works("  - {end: success, result: Done.}"))
    await given_up(place.engine.open("desk", STRANGER, platform="test", id="c1"), rounds)
    await place.settle()
    assert [run.state for run in await place.runs()] in ([], ["succeeded"])


# --- nothing wedges a chat ---------------------------------------------------------------

CIRCLE = project_of(
    profile("  - ask: Go?\n  - {id: start, runbook: work, outcomes: {success: start, failure: start}}"),
    runbook("  - {end: success}", "disabled: true"),
    checked=False,
)
BACKGROUND = project_of(
    profile("  - {id: a, runbook: work, mode: async, outcomes: {started: a, success: a, failure: a}}"),
    runbook("  - {end: success}"),
    checked=False,
)
IN_CIRCLES = "Something is wrong with this chat: it ran in circles, so I stopped it. Please start a new one."


async def test_a_refused_run_that_leads_back_to_itself_ends_the_chat(stage: Open) -> None:
    """No turn of the loop passes between the refusals, so nothing else could stop it."""
    chat = await Chat.on(await stage(CIRCLE), "desk")
    await chat.say("go")
    assert chat.ended
    chat.hears("Go?", IN_CIRCLES)


async def test_background_starts_that_lead_back_to_themselves_end_the_chat(stage: Open) -> None:
    place = await stage(BACKGROUND, choices=Choices(limits=Limits(runs_a_person=10_000)))
    chat = await Chat.on(place, "desk")
    assert chat.ended
    chat.hears(IN_CIRCLES)
    assert await place.runs() == []


async def test_a_fault_of_ours_is_said_and_the_chat_goes_on(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await stage(ECHO)
    chat = await Chat.on(place, "echo")
    chat.skip()
    monkeypatch.setattr("flows.steps.say.SayStep.enter", _broken)
    await chat.say("poison", id="poison")
    chat.hears("Sorry, something went wrong on our side. Please try again.")
    assert [row.state for row in await place.store.find(Inbox)] == ["parked"]
    assert (await chat.say("poison", id="poison")).duplicate
    monkeypatch.undo()
    await chat.say("hello")
    chat.hears("You said hello.", "Say something.")


def _broken(*_: Any) -> Any:
    raise RuntimeError("a bug")


async def test_a_fault_in_what_only_happens_once_ends_the_chat(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a run does not come a second time: a chat that waits for it would for ever."""
    gate = Gate()
    place = await stage(DESK, connectors={"directory.find": gate, "directory.unlock": {}})
    chat = await Chat.on(place, "desk")
    await chat.say("jd")
    chat.skip()
    monkeypatch.setattr("flows.steps.run.outcome_of", _broken)
    await gate.open()
    chat.hears(note("Unlocking it."), "Sorry, something went wrong on our side. Please start a new chat.")
    assert chat.ended


@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\ud800", "\x1b[2J", "x" * 100_000, "$word ${word}", "\u202e"]
)
async def test_no_text_makes_a_chat_unusable(stage: Open, store: Store, text: str) -> None:
    place = await stage(ECHO, store=store)
    chat = await Chat.on(place, "echo")
    await chat.say(text)
    await chat.say("hello")
    assert [line.text for line in chat.transcript[-2:]] == ["You said hello.", "Say something."]


async def test_no_answer_of_an_outside_system_makes_a_chat_unusable(stage: Open, store: Store) -> None:
    project = works(
        """
  - {id: find, call: directory.find, with: {login: x}, save: {name: body.name}}
  - chat_message: $name
  - {end: success, result: $name, data: {name: $name}}
"""
    )
    connectors = {"directory.find": {"body": {"name": "a\x00b"}}}
    place = await stage(project, store=store, connectors=connectors)
    chat = await Chat.on(place, "desk")
    chat.hears(note("ab"), "Result: ab", "What now?")


# --- the database --------------------------------------------------------------------------


async def test_a_database_that_is_away_loses_nothing(stage: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    place = await stage(DESK, connectors={"directory.find": gate, "directory.unlock": {}})
    chat = await Chat.on(place, "desk")
    await chat.say("jd")
    chat.skip()

    async def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "commit", away)
        await gate.open()
        await place.advance(10)
        with pytest.raises(StoreUnavailable):
            await chat.say("still there?")
    chat.hears()
    await chat.advance(5)
    chat.hears(note("Unlocking it."), "jd is unlocked.", "Anything else?")


async def test_a_turn_that_the_database_would_not_take_is_taken_later(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run's end is committed, the chat's turn on it is not: it must be tried again."""
    gate = Gate()
    place = await stage(works("  - {call: directory.find, with: {login: x}}\n  - {end: success, result: Yes.}"),
                        connectors={"directory.find": gate})  # fmt: skip
    chat = await Chat.on(place, "desk")
    chat.skip()
    real, left = place.store.commit, 1

    async def once(unit: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise StoreUnavailable("the disk is full")
        return await real(unit)

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "commit", once)
        await gate.open()
    chat.hears()
    assert chat.runs[0].state == "succeeded"
    await chat.advance(5)
    chat.hears("Result: Yes.", "What now?")


async def test_the_end_of_a_run_is_told_when_its_chat_can_be_read_again(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate()
    steps = "  - {call: directory.find, with: {login: x}}\n  - {end: success, result: Yes.}"
    place = await stage(
        works(steps), connectors={"directory.find": gate}, choices=Choices(limits=Limits(chats_in_memory=1))
    )
    chat = await Chat.on(place, "desk")
    await Chat.on(place, "desk")  # the first is not in memory any more
    real = place.store.get

    async def no_chats(table: Any, **key: Any) -> Any:
        if table is ChatRow:
            raise StoreUnavailable("the disk is full")
        return await real(table, **key)

    with monkeypatch.context() as patch:
        patch.setattr(place.store, "get", no_chats)
        place.watching.clear()
        await gate.open()
    await chat.advance("5s")
    chat = Chat(place, chat.id)
    await chat.settle()
    chat.hears("Result: Yes.", "What now?")


async def test_a_chat_that_somebody_else_has_moved_is_read_again(stage: Open, store: Store) -> None:
    place = await stage(profile("  - ask: One?\n  - ask: Two?\n  - end: Bye."), store=store)
    chat = await Chat.on(place, "desk")
    before = chat.row
    await chat.say("yes")
    ahead = chat.row
    behind: dict[str, str | int] = {"state": before.state, "version": ahead.version + 5}
    await place.store.commit([Change(ChatRow, {"id": chat.id}, behind)])
    await chat.say("yes")
    chat.hears("One?", "Two?", "Two?")


async def test_chats_that_are_not_in_memory_are_as_they_were(stage: Open, store: Store) -> None:
    place = await stage(ECHO, store=store, choices=Choices(limits=Limits(chats_in_memory=2)))
    chats = [await Chat.on(place, "echo") for _ in range(6)]
    await asyncio.gather(
        *(receive(chat, f"{n}{word}", word) for n, chat in enumerate(chats) for word in "ab")
    )
    await place.settle()
    for chat in chats:
        chat.hears("Say something.", "You said a.", "Say something.", "You said b.", "Say something.")


async def test_too_much_names_when_to_come_again() -> None:
    assert TooMuch("x", retry_after=2.0).retry_after == 2.0
