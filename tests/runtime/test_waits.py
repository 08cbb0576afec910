"""Waiting: patience, notices, pauses, questions; and all of it after a restart."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from bot.limits import Limits
from bot.ports import Change, Insert, Person, Store
from bot.rows import Timer
from bot.runtime.assemble import Choices
from bot.testing import AGENT, STRANGER, Chat, Gate, note
from tests.runtime.conftest import Open
from tests.runtime.flows import DIRECTORY, profile, runbook, works

FIND = "  - {id: find, call: directory.find, with: {login: x}, timeout: 10m}\n"
DONE = "  - {end: success, result: Done.}\n"
LONG = "timeout: 2h"
STILL = "Still working on it …"

# --- notices (N2) ------------------------------------------------------------------------


async def test_a_silent_run_is_noticed_once_an_interval(stage: Open, store: Store) -> None:
    place = await stage(works(FIND + DONE, LONG), store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await chat.advance("19.9s")
    chat.hears()
    await chat.advance("200ms")
    chat.hears(STILL)
    await chat.advance("3m")
    notices = [message.created_at for message in chat.messages if message.text == STILL]
    assert len(notices) == 10
    assert all(later - earlier >= 20_000 for earlier, later in pairwise(notices))


async def test_the_authors_messages_put_the_notice_off(stage: Open) -> None:
    steps = "".join(f"  - pause: 15s\n  - chat_message: Step {n}.\n" for n in range(4)) + FIND + DONE
    place = await stage(works(steps, LONG), connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await chat.advance("79s")
    chat.hears(*(note(f"Step {n}.") for n in range(4)))
    await chat.advance("2s")
    chat.hears(STILL)


async def test_no_notice_comes_after_the_end(stage: Open) -> None:
    gate = Gate()
    place = await stage(works(FIND + DONE, LONG), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    await chat.advance("10s")
    await gate.open()
    chat.skip()
    await chat.advance("10m")
    chat.hears()
    assert await place.store.find(Timer) == []


async def test_notices_go_on_after_a_restart_and_none_is_doubled(stage: Open, store: Store) -> None:
    place = await stage(works("  - pause: 1h\n" + DONE, LONG), store=store)
    chat = await Chat.on(place, "desk")
    await chat.advance("30s")
    await place.restart()
    await chat.advance("1m")
    assert [line.text for line in chat.transcript] == [STILL] * 4


async def test_other_words_are_kept_and_answered_once(stage: Open) -> None:
    """D1: never taken for an answer to a later question."""
    gate = Gate()
    place = await stage(works(FIND + DONE, LONG), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    for word in ("hello?", "No", "still there?"):
        await chat.say(word)
    chat.hears("I'm still working on it. You'll hear from me as soon as it is done.")
    await gate.open()
    chat.hears("Result: Done.", "What now?")
    assert [line.text for line in chat.transcript if line.kind == "user"] == ["hello?", "No", "still there?"]


# --- patience (N1) -----------------------------------------------------------------------

PATIENT = profile(
    """
  - id: start
    runbook: work
    wait_up_to: 5s
    outcomes: {success: over, failure: over, still_running: on}
  - {id: over, say: "Result: $RUNBOOKRESULT", next: ask}
  - {id: on, say: It goes on without you.}
  - {id: ask, ask: What now?, next: told}
  - {id: told, say: "Last: ${RUNBOOKRESULT:-nothing}", next: ask}
"""
)


def patient(more: str = "") -> str:
    return "\n---\n".join([PATIENT, runbook(FIND + DONE, f"{LONG}\n{more}"), DIRECTORY])


async def test_a_run_that_is_done_in_time_is_waited_for(stage: Open) -> None:
    gate = Gate()
    place = await stage(patient(), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    await chat.advance("4s")
    await gate.open()
    chat.hears("Result: Done.", "What now?")
    await chat.advance("1m")
    chat.hears()


@pytest.mark.parametrize(
    ("more", "person", "told"),
    [
        ("", STRANGER, ["work has finished."]),
        ("", AGENT, ["Done."]),
        ("announce: result", STRANGER, ["Done."]),
        ("announce: none", STRANGER, []),
        ("announce: It is over.", STRANGER, ["It is over."]),
    ],
)
async def test_a_run_that_takes_longer_goes_on_and_reports_in_the_same_chat(
    stage: Open, more: str, person: Person, told: list[str]
) -> None:
    gate = Gate()
    place = await stage(patient(more), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk", person)
    await chat.advance("5s")
    chat.hears("It goes on without you.", "What now?")
    await chat.say("go on")
    chat.hears("Last: nothing", "What now?")
    await chat.advance("1m")
    chat.hears()
    await gate.open()
    chat.hears(*told)
    await chat.say("and now?")
    chat.hears("Last: Done.", "What now?")


async def test_notices_come_while_patience_lasts(stage: Open, store: Store) -> None:
    text = (
        patient()
        .replace("wait_up_to: 5s", "wait_up_to: 50s")
        .replace("id: desk\n", "id: desk\nstill_working_after: 20s\n")
    )
    place = await stage(text, store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await chat.advance("49s")
    chat.hears(STILL, STILL)
    await chat.advance("1s")
    chat.hears("It goes on without you.", "What now?")
    await chat.advance("1m")
    chat.hears()


async def test_a_result_after_the_end_of_the_chat_is_kept_in_its_transcript(stage: Open) -> None:
    flow = PATIENT.replace("ask: What now?, next: told", "end: Bye.")
    gate = Gate()
    project = "\n---\n".join([flow[: flow.index("  - {id: told")], runbook(FIND + DONE, LONG), DIRECTORY])
    place = await stage(project, connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    await chat.advance("5s")
    assert chat.ended
    await gate.open()
    chat.hears("It goes on without you.", "Bye.", "work has finished.")
    assert chat.runs[0].state == "succeeded"
    assert chat.ended


async def test_patience_survives_a_restart(stage: Open, store: Store) -> None:
    pausing = "\n---\n".join([PATIENT, runbook("  - pause: 1h\n" + DONE, LONG)])
    place = await stage(pausing, store=store)
    chat = await Chat.on(place, "desk")
    await chat.advance("3s")
    await place.restart()
    await chat.advance("2s")
    chat.hears("It goes on without you.", "What now?")
    await chat.advance("1h")
    chat.hears("work has finished.")


# --- restarts ------------------------------------------------------------------------------


async def test_a_run_at_work_is_interrupted_and_the_chat_takes_its_failure_exit(
    stage: Open, store: Store
) -> None:
    steps = "  - chat_message: Begun.\n" + FIND + DONE
    place = await stage(works(steps), store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await place.restart()
    chat.hears(note("Begun."), "Result: Runbook failed: interrupted at step find", "What now?")
    assert chat.runs[0].state == "interrupted"
    assert len(place.connectors.calls) == 1
    await place.restart()
    await chat.settle()
    chat.hears()


async def test_a_pause_goes_on_and_comes_to_its_end_at_the_time_it_said(stage: Open, store: Store) -> None:
    place = await stage(
        works("  - pause: 10s\n" + FIND + DONE, LONG), store=store, connectors={"directory.find": {}}
    )
    chat = await Chat.on(place, "desk")
    await chat.advance("4s")
    await place.restart()
    await chat.advance("5.9s")
    assert chat.runs[0].state == "waiting"
    await chat.advance("100ms")
    chat.hears("Result: Done.", "What now?")


async def test_what_came_due_while_nobody_was_there_happens_at_the_start(stage: Open, store: Store) -> None:
    place = await stage(works("  - pause: 10s\n" + DONE, LONG), store=store)
    chat = await Chat.on(place, "desk")
    await place.kill()
    place.clock.move_to(place.clock.now() + 60_000)
    await place.start()
    await chat.settle()
    assert [line.text for line in chat.transcript[-2:]] == ["Result: Done.", "What now?"]


async def test_a_run_that_had_not_begun_begins_after_the_restart(stage: Open, store: Store) -> None:
    place = await stage(
        works(FIND + DONE), store=store, connectors={"directory.find": Gate()}, choices=Choices(limits=Limits(runs_at_work=1))
    )  # fmt: skip
    first, second = await Chat.on(place, "desk"), await Chat.on(place, "desk")
    assert second.runs[0].state == "queued"
    await place.restart()
    first.hears("Result: Runbook failed: interrupted at step find", "What now?")
    assert second.runs[0].state == "running"
    assert len(place.connectors.calls) == 2


async def test_polling_goes_on_after_a_restart(stage: Open, store: Store) -> None:
    until = "repeat: {until: {state: {is: done}}, every: 1m, at_most: 5}"
    steps = FIND.replace("}, timeout", "}, save: {state: body.state}, " + until + ", timeout") + DONE
    answers = [{"body": {"state": "busy"}}, {"body": {"state": "busy"}}, {"body": {"state": "done"}}]
    place = await stage(works(steps, LONG), store=store, connectors={"directory.find": answers})
    chat = await Chat.on(place, "desk")
    await chat.advance("1m")
    await place.restart()
    chat.skip()
    await chat.advance("1m")
    assert [line.text for line in chat.transcript[-2:]] == ["Result: Done.", "What now?"]
    assert len(place.connectors.calls) == 3


# --- questions -----------------------------------------------------------------------------

ASKING = profile(
    """
  - id: ask
    ask: Well?
    timeout: 10m
    outcomes: {timeout: late}
  - {id: thanks, say: Thanks., next: ask}
  - {id: late, end: Too late.}
"""
)


async def test_a_question_that_nobody_answers_takes_its_exit(stage: Open, store: Store) -> None:
    chat = await Chat.on(await stage(ASKING, store=store), "desk")
    await chat.advance("9m")
    await chat.say("here")
    await chat.advance("9m59s")
    chat.hears("Well?", "Thanks.", "Well?")
    await chat.stage.restart()
    await chat.advance("1s")
    chat.hears("Too late.")
    assert chat.ended


async def test_a_question_without_a_limit_is_over_after_a_week(stage: Open, store: Store) -> None:
    place = await stage(profile("  - ask: Well?\n  - end: Bye."), store=store)
    forgotten, asked = await Chat.on(place, "desk"), await Chat.on(place, "desk")
    await place.advance(6 * 86_400)
    other = await Chat.on(place, "desk")
    await place.advance(86_400 - 7_200)
    assert not forgotten.ended
    await place.advance(10_800)
    forgotten.hears("Well?", "This chat was closed because nobody answered.")
    assert asked.ended
    assert not other.ended


async def test_a_chat_that_waits_for_a_run_is_never_forgotten(stage: Open) -> None:
    place = await stage(works("  - pause: 30d\n" + DONE, "timeout: 40d"))
    chat = await Chat.on(place, "desk")
    place.clock.forget()  # only the sweep: the notices of a month take long to play
    await place.runtime.timers.start()
    place.clock.forget()
    place.clock.move_to(place.clock.now() + 20 * 86_400_000)
    await place.runtime.recovery.sweep()
    await chat.settle()
    assert not chat.ended


# --- many at once --------------------------------------------------------------------------


@pytest.mark.parametrize("many", [1, 700])
async def test_all_that_come_due_at_once_ring_once(stage: Open, many: int) -> None:
    place = await stage(works("  - pause: 10s\n" + DONE, LONG).replace("What now?", "Now?"))
    for _ in range(many):
        await place.engine.open("desk", STRANGER, platform="test")
    runs = await place.runs()
    await place.clock.advance(10)
    states = {run.state for run in await place.store.find(type(runs[0]), limit=2_000)}
    assert states == {"succeeded"}
    assert await place.store.find(Timer) == []


async def test_a_timer_that_comes_due_while_others_ring_rings_too(stage: Open) -> None:
    """Its alarm finds the timers at work: they must look once more."""
    place = await stage(works("  - pause: 10s\n" + DONE, LONG))
    timers, real = place.runtime.timers, place.store.find
    first, late = await Chat.on(place, "desk"), await Chat.on(place, "desk")
    row = (await real(Timer, kind="run", target=late.runs[0].row.id))[0]
    await place.store.commit([Change(Timer, {"id": row.id}, {"due_at": row.due_at + 1})])

    async def slow(table: Any, **more: Any) -> Any:
        found = await real(table, **more)
        if table is Timer and "above" in more and place.clock.now() == row.due_at:
            place.clock.move_to(row.due_at + 1)  # time passes while the answer is on its way
            timers._rang()
        return found

    place.store.find = slow  # type: ignore[method-assign]
    place.clock.move_to(row.due_at)
    await place.settle()
    assert [first.runs[0].state, late.runs[0].state] == ["succeeded", "succeeded"]


async def test_a_timer_that_its_chat_keeps_for_later_is_not_rung_again_and_again(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.runtime.timers.BATCH", 2)
    place = await stage(works(DONE))
    rung: list[str] = []

    async def keep(row: Timer) -> None:
        rung.append(row.id)

    place.runtime.timers.ring = keep
    now = place.clock.now()
    rows = [Timer(id=f"t{n}", kind="chat", target="c1", effect="x", due_at=now + 1) for n in range(5)]
    await place.store.commit([Insert(row) for row in rows])
    place.runtime.timers.arm(rows[0])
    await place.advance(1)
    assert rung == [row.id for row in rows]


async def test_a_ring_that_was_handled_already_changes_nothing(stage: Open, store: Store) -> None:
    """A notice that rings twice would be said twice, and wind up two for the next time."""
    place = await stage(works(FIND + DONE, LONG), store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    row = (await place.store.find(Timer, kind="chat"))[0]
    ring = place.runtime.timers.ring
    assert ring is not None
    place.clock.forget()
    place.clock.move_to(row.due_at)
    outcomes = await asyncio.gather(*(ring(row) for _ in range(3)), return_exceptions=True)
    await chat.settle()
    chat.hears(STILL)
    assert len(await place.store.find(Timer, kind="chat")) == 1
    assert [type(one).__name__ for one in outcomes if one] in ([], ["Conflict"], ["Conflict"] * 2)
