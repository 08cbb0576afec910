"""The guide's chapters on End steps, on $RUNBOOKRESULT, and on what steers the chat."""

from __future__ import annotations

import asyncio

import pytest

from tests.guide.house import House, Outside

ASKING = """\
flow:
  - id: ask
    ask: Which?
    save: which
  - id: go
    runbook: work
    with: {which: $which}
    outcomes: {success: good, failure: bad}
  - id: good
    say: "Good: $RUNBOOKRESULT."
    next: ask
  - id: bad
    say: "Bad: $RUNBOOKRESULT."
    next: ask
"""
HEAD = "inputs: {which: {required: true}}\nsteps:\n"
SIX_ENDS = (
    HEAD
    + "".join(f"  - if: {{which: {{is: '{number}'}}}}\n    then: end{number}\n" for number in range(6))
    + "  - {end: failure, result: none of them}\n"
    + "".join(
        f"  - {{id: end{number}, end: {'success' if number % 2 else 'failure'}, result: 'end {number} of $which'}}\n"
        for number in range(6)
    )
)


async def test_s32_no_step_runs_after_an_end(house: House, outside: Outside) -> None:
    house.profile(ASKING)
    house.runbook(
        "work",
        HEAD + "  - if: {which: {is: halt}}\n    then: over\n"
        "  - call: desk.get\n    with: {name: $which}\n"
        "  - {id: over, end: success, result: over}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")

    await guest.say("halt")
    await guest.hears("Good: over.", "Which?")

    assert outside.asked == []
    run = await house.rest(f"runs/{(await house.runs())[0]['id']}")
    assert (run["step"], run["outcome"], run["message"]) == ("over", "success", "over")
    assert [step["step"] for step in run["trace"]] == ["if-1", "over"]


async def test_s33_six_ends_each_with_its_own_message_and_outcome(house: House) -> None:
    house.profile(ASKING)
    house.runbook("work", SIX_ENDS)
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")

    for number in range(6):
        await guest.say(str(number))
        word = "Good" if number % 2 else "Bad"
        await guest.hears(f"{word}: end {number} of {number}.", "Which?")


async def test_s34_an_empty_result_is_empty_and_not_the_previous_one(house: House) -> None:
    house.profile(ASKING)
    house.runbook(
        "work",
        HEAD + "  - if: {which: {is: full}}\n    else: empty\n"
        "  - {end: success, result: full}\n  - {id: empty, end: success}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")
    await guest.say("full")
    await guest.hears("Good: full.", "Which?")
    await guest.say("other")
    await guest.hears("Good: .", "Which?")


async def test_s37_and_s42_the_result_is_shown_inside_a_message(house: House) -> None:
    house.profile(ASKING.replace('"Good: $RUNBOOKRESULT."', '"Result: $RUNBOOKRESULT. (of $which)"'))
    house.runbook("work", HEAD + "  - {end: success, result: 'All of $which done'}\n")
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")
    await guest.say("it")
    await guest.hears("Result: All of it done. (of it)", "Which?")


async def test_s38_a_reload_shows_the_result_in_place(house: House) -> None:
    house.profile(ASKING)
    house.runbook("work", HEAD + "  - chat_message: Working\n  - {end: failure, result: no access}\n")
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")
    await guest.say("it")
    await guest.hears("Working", "Bad: no access.", "Which?")

    back = await house.reopen(guest, last_seq=0)
    await back.hears("Which?", "Working", "Bad: no access.", "Which?")
    assert [line["text"] for line in await house.words(back) if line["from"] == "user"] == ["it"]


async def test_s39_the_variable_never_reaches_the_user_by_its_name(house: House) -> None:
    house.profile("flow:\n  - say: Before any run '$RUNBOOKRESULT'\n" + ASKING.removeprefix("flow:\n"))
    house.runbook("work", SIX_ENDS)
    await house.serve()
    guest = await house.open()
    await guest.hears("Before any run ''", "Which?")
    await guest.say("1")
    await guest.hears("Good: end 1 of 1.", "Which?")
    assert "RUNBOOKRESULT" not in str(guest.texts)


TWO = """\
flow:
  - id: ask
    ask: Which?
    options: {A: a, B: b, Look: show}
  - id: a
    runbook: first
    outcomes: {success: show, failure: show}
  - id: b
    runbook: second
    outcomes: {success: show, failure: show}
  - id: show
    say: "Last: $RUNBOOKRESULT / ${results.first.message:-none}"
    next: ask
"""


async def test_s40_the_newest_finished_run_of_this_conversation_counts(house: House) -> None:
    house.profile(TWO)
    house.runbook("first", "steps: [{end: success, result: from A}]\n")
    house.runbook("second", "steps: [{end: failure, result: from B}]\n")
    await house.serve()
    one, two = await house.open(), await house.open()
    await asyncio.gather(one.hears("Which?"), two.hears("Which?"))

    await one.press("Look")
    await one.hears("Last:  / none", "Which?")
    await one.press("A")
    await one.hears("Last: from A / from A", "Which?")
    await one.press("B")
    await one.hears("Last: from B / from A", "Which?")
    await two.press("Look")
    await two.hears("Last:  / none", "Which?")


async def test_s41_a_failure_message_is_there_too(house: House, outside: Outside) -> None:
    outside.answers["/things/locked"] = (403, {})
    house.profile(ASKING)
    house.runbook(
        "work",
        HEAD + "  - call: desk.get\n    with: {name: $which}\n    outcomes: {failure: bad}\n"
        "  - {end: success, result: fine}\n"
        "  - {id: bad, end: failure, result: 'Update failed: $ERROR'}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Which?")
    await guest.say("locked")
    await guest.hears("Bad: Update failed: 403 Forbidden.", "Which?")


STEERED = """\
flow:
  - id: first
    ask: Step one. Which?
    save: which
  - id: go
    runbook: work
    with: {which: $which}
    outcomes: {success: check, failure: check}
  - id: check
    if: {RUNBOOKRESULT: {contains: failed}}
    then: first
    else: onward
  - id: onward
    say: Onward.
  - id: again
    ask: Again?
    next: first
"""
ECHO = HEAD + "  - {end: success, result: $which}\n"


@pytest.mark.parametrize("message", ["Update failed: no access", "FAILED", "it has Failed badly"])
async def test_s45_a_message_that_contains_failed_goes_back_to_step_one(house: House, message: str) -> None:
    house.profile(STEERED)
    house.runbook("work", ECHO)
    await house.serve()
    guest = await house.open()
    await guest.hears("Step one. Which?")
    await guest.say(message)
    await guest.hears("Step one. Which?")


@pytest.mark.parametrize("message", ["All done", "nothing to report"])
async def test_s46_any_other_message_continues(house: House, message: str) -> None:
    house.profile(STEERED)
    house.runbook("work", ECHO)
    await house.serve()
    guest = await house.open()
    await guest.hears("Step one. Which?")
    await guest.say(message)
    await guest.hears("Onward.", "Again?")


async def test_s46_an_empty_message_continues(house: House) -> None:
    house.profile(STEERED)
    house.runbook("work", HEAD + "  - {end: success}\n")
    await house.serve()
    guest = await house.open()
    await guest.hears("Step one. Which?")
    await guest.say("x")
    await guest.hears("Onward.", "Again?")


async def test_s43_the_same_outcome_with_other_messages_leads_elsewhere(house: House) -> None:
    house.profile(STEERED)
    house.runbook("work", ECHO)
    await house.serve()
    guest = await house.open()
    await guest.hears("Step one. Which?")
    await guest.say("this failed")
    await guest.hears("Step one. Which?")
    await guest.say("this worked")
    await guest.hears("Onward.", "Again?")
    assert [run["outcome"] for run in await house.runs()] == ["success", "success"]


@pytest.mark.parametrize(
    ("row", "message", "met"),
    [
        ("{contains: fail}", "It FAILED", True),
        ("{not_contains: fail}", "It FAILED", False),
        ("{is: all done}", "All done", True),
        ("{is_not: all done}", "All done", False),
        ("{empty: false}", "x", True),
        ("{empty: true}", "x", False),
        ("{contains: fail, exact: true}", "It FAILED", False),
    ],
)
async def test_s44_the_field_can_be_checked_by_every_operator(
    house: House, row: str, message: str, *, met: bool
) -> None:
    house.profile(STEERED.replace("{contains: failed}", row))
    house.runbook("work", ECHO)
    await house.serve()
    guest = await house.open()
    await guest.hears("Step one. Which?")
    await guest.say(message)
    await guest.hears(*(["Step one. Which?"] if met else ["Onward.", "Again?"]))
