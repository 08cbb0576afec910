"""Promise 6: chats and runs finish on what they began with; the new set is for new ones."""

from __future__ import annotations

from bot.ports import Store
from bot.testing import Chat, Gate, note
from tests.runtime.conftest import Open
from tests.runtime.flows import DIRECTORY, profile, runbook, works

FIND = "  - {id: find, call: directory.find, with: {login: x}}\n"


def version(word: str) -> str:
    flow = f"  - ask: {word} one?\n  - ask: {word} two?\n  - {{end: {word} bye.}}"
    return profile(flow)


async def test_a_chat_ends_as_it_began_and_the_next_is_new(stage: Open, store: Store) -> None:
    place = await stage(version("Old"), store=store)
    old = await Chat.on(place, "desk")
    await place.adopt(version("New"))
    await old.say("yes")
    new = await Chat.on(place, "desk")
    await place.restart()
    await old.say("yes")
    old.hears("Old one?", "Old two?", "Old bye.")
    new.hears("New one?")


async def test_a_chat_whose_profile_is_gone_goes_on(stage: Open, store: Store) -> None:
    place = await stage(version("Old"), store=store)
    chat = await Chat.on(place, "desk")
    await place.adopt(version("New").replace("id: desk", "id: other"))
    await place.restart()
    await chat.say("yes")
    chat.hears("Old one?", "Old two?")


async def test_a_run_ends_as_it_began_with_the_connector_that_it_began_with(
    stage: Open, store: Store
) -> None:
    steps = "  - pause: 10s\n" + FIND + "  - {id: over, chat_message: WORD}\n  - {end: success, result: WORD}"
    old = works(steps.replace("WORD", "Old.")).replace("What now?", "More?")
    new = works(steps.replace("WORD", "New.")).replace("What now?", "More?")
    new = new.replace(DIRECTORY, DIRECTORY.replace("methods:", "timeout: 5s\nmethods:"))
    place = await stage(old, store=store, connectors={"directory.find": {}})
    chat = await Chat.on(place, "desk")
    pins = chat.runs[0].row.pins
    await place.adopt(new.replace("timeout: 5s\n", "description: newer\n"))
    await place.restart()
    await chat.advance("10s")
    chat.hears(note("Old."), "Result: Old.", "More?")
    second = await Chat.on(place, "desk")
    await second.advance("10s")
    second.hears(note("New."), "Result: New.", "More?")
    assert second.runs[0].row.pins != pins


async def test_a_queued_run_begins_with_what_it_was_accepted_with(stage: Open) -> None:
    later = profile(
        "  - {runbook: work, in: 1h, outcomes: {started: ask, success: ask, failure: ask}}\n  - {id: ask, ask: Now?}"
    )
    old = "\n---\n".join([later, runbook("  - {end: success, result: Old.}", "announce: result")])
    place = await stage(old)
    chat = await Chat.on(place, "desk")
    await place.adopt(old.replace("Old.", "New."))
    await chat.advance("1h")
    chat.hears("Now?", "Old.")


async def test_a_chat_that_waits_gets_the_result_of_the_old_run(stage: Open) -> None:
    gate = Gate()
    place = await stage(works(FIND + "  - {end: success, result: Old.}"), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    await place.adopt(works(FIND + "  - {end: success, result: New.}"))
    await gate.open()
    chat.hears("Result: Old.", "What now?")
