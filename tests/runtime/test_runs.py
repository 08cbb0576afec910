"""Runs: one attempt each, within limits, and always an end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bot.errors import StoreUnavailable
from bot.limits import Limits
from bot.ports import Change, Person, Store
from bot.rows import Definition, Inbox, Run, Timer, Trace
from bot.runtime.assemble import Choices
from bot.runtime.wire import load
from bot.storage.memory import MemoryStore
from bot.testing import AGENT, CUSTOMER, STRANGER, Chat, Gate, note
from flows.events import RunRefused
from tests.runtime.conftest import Open, unchecked
from tests.runtime.flows import DIRECTORY, WORK, profile, runbook, works

FIND = "  - {id: find, call: directory.find, with: {login: x}}\n"
DONE = "  - {end: success, result: Done.}\n"


def limits(**given: Any) -> Choices:
    return Choices(limits=Limits(**given))


# --- the journal -------------------------------------------------------------------------


async def test_each_call_is_written_down_before_it_is_made(stage: Open, store: Store) -> None:
    seen: list[tuple[str, str, int]] = []

    async def look() -> None:
        calls = await place.store.find(Trace, kind="call")
        seen.extend((trace.step, trace.request, trace.ok) for trace in calls)

    gate = Gate()
    place = await stage(works(FIND + DONE), store=store, connectors={"directory.find": gate})
    await Chat.on(place, "desk")
    await look()
    await gate.open({"body": {"a": 1}})
    await look()
    assert seen == [("find", '{"login":"x"}', -1), ("find", '{"login":"x"}', 1)]


async def test_a_trace_tells_each_step_with_its_answer_and_why(stage: Open, store: Store) -> None:
    steps = (
        FIND.replace("}}", "}, save: {state: body.state}, repeat: {until: {state: {is: ready}}, every: 10s, at_most: 5}}")
        + "  - {if: {state: {is: ready}}, then: over, else: over}\n  - {id: over, end: success}"
    )  # fmt: skip
    answers = [{"body": {"state": "busy"}}, {"body": {"state": "ready"}}]
    place = await stage(works(steps), store=store, connectors={"directory.find": answers})
    chat = await Chat.on(place, "desk")
    await chat.advance("10s")
    traces = await place.store.find(Trace, owner=f"run:{chat.runs[0].row.id}", order="no")
    assert [(trace.no, trace.step, trace.ok, load(trace.answer or "{}").get("body")) for trace in traces] == [
        (1, "find", 1, {"state": "busy"}),
        (2, "find", 1, {"state": "ready"}),
        (3, "if-1", 1, None),
        (4, "over", 1, None),
    ]
    assert "ready" in traces[2].note
    assert traces[0].finished_at == traces[0].started_at  # the wait until the next try is not the call's
    assert traces[1].started_at - traces[0].started_at == 10_000


async def test_a_trace_tells_what_was_said_and_each_reason_in_a_loop(stage: Open, store: Store) -> None:
    steps = (
        "  - set: {items: [a, b]}\n"
        "  - for_each: $items\n    as: item\n    steps:\n"
        "      - {if: {item: {is: a}}, then: say, else: say}\n"
        "      - {id: say, chat_message: It is $item.}\n"
        "  - {end: success}\n"
    )
    place = await stage(works(steps), store=store)
    chat = await Chat.on(place, "desk")
    traces = await place.store.find(Trace, owner=f"run:{chat.runs[0].row.id}", order="no")
    told = [(trace.step, trace.note) for trace in traces if trace.step in ("if-1", "say")]
    assert told == [
        ("if-1", 'item "a" is "a" → yes'),
        ("say", "It is a."),
        ("if-1", 'item "b" is "a" → no'),
        ("say", "It is b."),
    ]


async def test_the_trace_of_a_run_that_was_broken_off_says_so(stage: Open, store: Store) -> None:
    place = await stage(works(FIND + DONE), store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await chat.say("cancel")
    traces = await place.store.find(Trace, owner=f"run:{chat.runs[0].row.id}", order="no")
    assert [(trace.step, trace.ok, trace.note) for trace in traces] == [("find", 0, "its outcome is unknown")]
    assert traces[0].finished_at


# --- ends --------------------------------------------------------------------------------


async def test_a_run_that_takes_too_long_in_a_call_fails_at_its_limit(stage: Open) -> None:
    place = await stage(works(FIND + DONE, "timeout: 15s"), connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    await chat.advance("14s")
    assert chat.runs[0].state == "running"
    await chat.advance("1s")
    chat.hears("Result: Runbook failed: it took longer than 15s", "What now?")


async def test_a_run_that_takes_too_long_in_a_pause_fails_at_its_limit(stage: Open, store: Store) -> None:
    place = await stage(works("  - pause: 1h\n" + DONE, "timeout: 90s"), store=store)
    chat = await Chat.on(place, "desk")
    await chat.advance("89s")
    assert chat.runs[0].state == "waiting"
    await chat.advance("1s")
    assert chat.transcript[-2].text == "Result: Runbook failed: it took longer than 1m30s"
    assert await place.store.find(Timer) == []


async def test_a_call_that_takes_too_long_takes_its_failure_exit(stage: Open) -> None:
    steps = (
        "  - {id: find, call: directory.find, with: {login: x}, timeout: 5s, outcomes: {failure: late}}\n"
        + DONE
        + '  - {id: late, end: failure, result: "Late: $ERROR"}'
    )
    chat = await Chat.on(await stage(works(steps), connectors={"directory.find": Gate()}), "desk")
    await chat.advance("5s")
    chat.hears("Result: Late: no answer within 5s", "What now?")


@pytest.mark.parametrize(("items", "state"), [(4, "succeeded"), (5, "failed")])
async def test_a_run_has_so_many_steps_and_not_one_more(stage: Open, items: int, state: str) -> None:
    """Each element is two steps: the loop and the call."""
    steps = (
        "  - {id: begin, call: directory.unlock, with: {login: x}, save: {items: body}}\n"
        "  - id: loop\n    for_each: $items\n    as: one\n    steps:\n"
        "      - {id: find, call: directory.find, with: {login: $one}}\n" + DONE
    )
    connectors = {"directory.unlock": {"body": ["a", "b", "c", "d", "e"][:items]}, "directory.find": {}}
    place = await stage(works(steps), connectors=connectors, choices=limits(steps_a_run=9))
    chat = await Chat.on(place, "desk")
    assert chat.runs[0].state == state
    assert len(place.connectors.asked("directory.find")) == 4
    expected = "Done." if state == "succeeded" else "Runbook failed: more than 9 steps"
    chat.hears(f"Result: {expected}", "What now?")


async def test_a_fault_of_ours_ends_the_run_and_the_chat_hears_it(
    stage: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    place = await stage(works(FIND + DONE), connectors={"directory.find": broken})
    chat = await Chat.on(place, "desk")
    chat.hears(
        "Result: Runbook failed: an error on our side at step find; the operators have the log", "What now?"
    )


async def test_an_end_that_was_committed_stands(stage: Open) -> None:
    gate = Gate()
    place = await stage(works(FIND + DONE), connectors={"directory.find": gate})
    chat = await Chat.on(place, "desk")
    await gate.open()
    assert not await place.runtime.runs.cancel(chat.runs[0].row.id, "nobody")
    assert chat.runs[0].outcome == "success"


async def test_a_refused_start_that_leads_back_to_itself_ends_the_run(stage: Open) -> None:
    project = await unchecked(
        profile(WORK),
        runbook("  - {id: a, runbook: other, outcomes: {success: a, failure: a}}"),
        runbook(DONE, "disabled: true", id="other"),
    )
    chat = await Chat.on(await stage(project), "desk")
    assert chat.runs[0].state == "failed"
    assert chat.transcript[0].text.startswith("Result: Runbook failed: work: ")


# --- what is live ------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["disabled", "deleted", "not for you"])
async def test_rights_and_switches_are_looked_at_before_each_call(stage: Open, change: str) -> None:
    """Promise 7 and D7: what is in force now decides, not what was when the run began."""
    gate, steps = Gate(), FIND + "  - {id: unlock, call: directory.unlock, with: {login: x}}\n" + DONE
    place = await stage(works(steps), connectors={"directory.find": gate, "directory.unlock": {}})
    chat = await Chat.on(place, "desk")
    changed = works(steps, "disabled: true" if change == "disabled" else "")
    if change == "not for you":
        changed = changed.replace("audience: anyone", "audience: agents")
    if change == "deleted":
        changed = changed.replace("id: work", "id: gone")
    await place.adopt(await unchecked(changed))
    await gate.open()
    said = {
        "disabled": "work is switched off.",
        "deleted": "there is no runbook `work`",
        "not for you": "you may not start work.",
    }
    chat.hears(f"Result: Runbook failed: {said[change]}", "What now?")
    assert place.connectors.asked("directory.unlock") == []


@pytest.mark.parametrize(
    ("person", "audience", "result"),
    [
        (STRANGER, "anyone", "Done."),
        (STRANGER, "[authenticated, agents]", "Runbook failed: you may not start work."),
        (CUSTOMER, "[authenticated, agents]", "Done."),
        (CUSTOMER, "agents", "Runbook failed: you may not start work."),
        (AGENT, "agents", "Done."),
    ],
)
async def test_only_its_audience_may_start_a_runbook(
    stage: Open, person: Person, audience: str, result: str
) -> None:
    text = works(DONE).replace("audience: anyone", f"audience: {audience}")
    chat = await Chat.on(await stage(await unchecked(text)), "desk", person)
    chat.hears(f"Result: {result}", "What now?")
    assert len(chat.runs) == (result == "Done.")


async def test_an_input_that_does_not_fit_is_a_refusal_with_its_reason(stage: Open) -> None:
    text = works(DONE, "inputs:\n  login: {label: Login, required: true}")
    chat = await Chat.on(await stage(await unchecked(text)), "desk")
    chat.hears("Result: Runbook failed: `Login` is missing", "What now?")


# --- how many ----------------------------------------------------------------------------

BACKGROUND = profile(
    """
  - id: ask
    ask: Start?
  - {id: one, runbook: work, mode: async, outcomes: {started: two, success: two, failure: no}}
  - {id: two, runbook: work, mode: async, outcomes: {started: ask, success: ask, failure: no}}
  - {id: no, say: $RUNBOOKRESULT, next: ask}
"""
)


async def test_a_person_has_so_many_open_runs_and_not_one_more(stage: Open, store: Store) -> None:
    gate = Gate()
    project = "\n---\n".join([BACKGROUND, runbook(FIND + DONE), DIRECTORY])
    place = await stage(
        project, store=store, connectors={"directory.find": gate}, choices=limits(runs_a_person=3)
    )
    chat = await Chat.on(place, "desk")
    await chat.say("go")
    await chat.say("go")
    chat.hears(
        "Start?", "Start?", "Runbook failed: 3 of your runs are still open; wait for one to end.", "Start?"
    )
    other = await Chat.on(place, "desk", Person(kind="anonymous", id="another"))
    await other.say("go")
    assert len(await place.runs()) == 5
    await gate.open()
    await chat.say("go")
    assert len(await place.runs()) == 7
    assert place.runtime.starts.open.total() == 0


async def test_the_count_of_open_runs_survives_a_restart(stage: Open) -> None:
    project = "\n---\n".join([BACKGROUND, runbook("  - pause: 1h\n" + DONE, "timeout: 2h"), DIRECTORY])
    place = await stage(project, choices=limits(runs_a_person=2))
    chat = await Chat.on(place, "desk")
    await chat.say("go")
    await place.restart()
    await chat.say("go")
    assert chat.transcript[-2].text.startswith("Runbook failed: 2 of your runs")
    await chat.advance("1h")
    await chat.say("go")
    assert len(chat.runs) == 4


async def test_so_many_runs_work_at_once_and_the_others_wait_their_turn(stage: Open) -> None:
    gate = Gate()
    place = await stage(
        works(FIND + DONE), connectors={"directory.find": gate}, choices=limits(runs_at_work=2)
    )
    chats = [await Chat.on(place, "desk", Person(kind="anonymous", id=f"p{n}")) for n in range(4)]
    assert gate.waiting == 2
    assert [chat.runs[0].state for chat in chats] == ["running", "running", "queued", "queued"]
    await gate.open()
    assert {chat.runs[0].state for chat in chats} == {"succeeded"}


async def test_a_waiting_run_takes_no_place(stage: Open) -> None:
    place = await stage(works("  - pause: 10s\n" + DONE), choices=limits(runs_at_work=1))
    chats = [await Chat.on(place, "desk", Person(kind="anonymous", id=f"p{n}")) for n in range(3)]
    await place.advance(10)
    assert {chat.runs[0].state for chat in chats} == {"succeeded"}


@pytest.mark.parametrize("room", [1, 2])
async def test_a_full_queue_refuses_the_next_start(stage: Open, room: int) -> None:
    place = await stage(
        works(FIND + DONE),
        connectors={"directory.find": Gate()},
        choices=limits(runs_at_work=1, runs_queued=room),
    )
    people = [Person(kind="anonymous", id=f"p{n}") for n in range(room + 2)]
    chats = [await Chat.on(place, "desk", person) for person in people]
    assert [chat.runs[0].state for chat in chats[:-1]] == ["running"] + ["queued"] * room
    chats[-1].hears(
        "Result: Runbook failed: too many runs are waiting to begin; try again in a minute.", "What now?"
    )


# --- nested ------------------------------------------------------------------------------

OUTER = runbook(
    """
  - id: inner
    runbook: inner
    with: {login: lo}
    outcomes: {success: good, failure: bad}
  - {id: good, end: success, result: "Good: ${inner.result}"}
  - {id: bad, end: failure, result: "Bad: ${inner.result}"}
"""
)
INNER = runbook(
    "  - chat_message: Inside with $login.\n" + FIND + "  - {end: success, result: Inner done.}",
    "inputs: {login: {required: true}}",
    id="inner",
)
NESTED = "\n---\n".join([profile(WORK), OUTER, INNER, DIRECTORY])


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ({}, "Good: Inner done."),
        ({"status": 500}, "Bad: Runbook failed: step find: 500 Internal Server Error"),
    ],
)
async def test_a_run_inside_a_run_answers_by_its_end(
    stage: Open, store: Store, answer: dict[str, Any], result: str
) -> None:
    place = await stage(NESTED, store=store, connectors={"directory.find": answer})
    chat = await Chat.on(place, "desk")
    chat.hears(note("Inside with lo."), f"Result: {result}", "What now?")
    outer, inner = await place.runs()
    assert (inner.parent, inner.chat, inner.origin) == (outer.id, chat.id, "run")
    assert {row.state for row in await place.store.find(Inbox)} == {"done"}


async def test_runs_start_runs_so_deep_and_no_deeper(stage: Open) -> None:
    deep = [
        runbook(
            f"  - {{id: next, runbook: r{n + 1}, outcomes: {{success: end, failure: end}}}}\n"
            '  - {id: end, end: success, result: "${next.message}"}',
            id=f"r{n}",
        )
        for n in range(5)
    ]
    chat_flow = profile(WORK.replace("runbook: work", "runbook: r0"))
    project = await unchecked(chat_flow, *deep, runbook(DONE, id="r5"))
    place = await stage(project, choices=limits(run_depth=3))
    chat = await Chat.on(place, "desk")
    assert [run.runbook for run in await place.runs()] == ["r0", "r1", "r2"]
    chat.hears("Result: Runbook failed: runbooks may start runbooks 3 levels deep.", "What now?")
    place = await stage(project, choices=limits(run_depth=6))
    chat = await Chat.on(place, "desk")
    assert len(await place.runs()) == 6


async def test_a_restart_ends_the_inner_run_and_the_outer_goes_on(stage: Open, store: Store) -> None:
    place = await stage(NESTED, store=store, connectors={"directory.find": Gate()})
    chat = await Chat.on(place, "desk")
    chat.hears(note("Inside with lo."))
    await place.restart()
    chat.hears("Result: Bad: Runbook failed: interrupted at step find", "What now?")


async def test_late_events_do_not_make_a_run_forget_that_it_works(stage: Open) -> None:
    """The end of a background child comes while its parent is in a call: a cancel must still
    find the call."""
    outer = runbook(
        "  - {id: child, runbook: inner, with: {login: x}, mode: async,"
        " outcomes: {started: work, success: work, failure: work}}\n"
        "  - {id: work, call: directory.unlock, with: {login: x}}\n" + DONE
    )
    child, parent = Gate(), Gate()
    place = await stage(
        "\n---\n".join([profile(WORK), outer, INNER, DIRECTORY]),
        connectors={"directory.find": child, "directory.unlock": parent},
    )
    chat = await Chat.on(place, "desk")
    assert (child.waiting, parent.waiting) == (1, 1)
    await child.open()
    await chat.say("cancel")
    assert parent.waiting == 0
    assert chat.transcript[-2].text == "Result: Runbook failed: cancelled by the requester"


# --- outside any chat --------------------------------------------------------------------


async def test_a_run_without_a_chat_posts_nothing_and_succeeds(stage: Open) -> None:
    place = await stage(works("  - chat_message: Hello?\n" + DONE))
    ended: list[Run] = []
    row = await place.runtime.begin("work", {}, AGENT)
    assert isinstance(row, Run)
    place.runtime.runs.watch[row.id] = ended.append
    await place.settle()
    assert [(run.state, run.message, run.origin) for run in ended] == [("succeeded", "Done.", "command")]


async def test_a_start_that_is_refused_outside_a_chat_says_why(stage: Open) -> None:
    place = await stage(works(DONE))
    assert await place.runtime.begin("wrok", {}, AGENT) == RunRefused(
        id="command",
        runbook="wrok",
        reason="Runbook failed: there is no runbook `wrok`, did you mean `work`?",
    )


# --- what cannot be read, or not now -----------------------------------------------------


async def test_a_run_whose_definition_is_gone_ends_and_the_chat_goes_on(stage: Open) -> None:
    place = await stage(works("  - pause: 1h\n" + DONE, "timeout: 2h"))
    chat = await Chat.on(place, "desk")
    await place.kill()
    definition = chat.runs[0].row.definition
    truth = place._truth
    assert isinstance(truth, MemoryStore)
    kept = truth._kept[Definition, ("hash",)]
    kept[definition,] = (0, msgspec.structs.replace(kept[definition,][1], source="steps: ["))
    place.project = await unchecked(works("  - pause: 2h\n" + DONE, "timeout: 3h"))
    await place.start()
    await chat.advance("1h")
    assert [line.text for line in chat.transcript[-2:]] == [
        "Result: Runbook failed: an error on our side at step pause-1; the operators have the log",
        "What now?",
    ]


@pytest.mark.parametrize("broken", ["get", "find", "commit"])
async def test_a_database_that_comes_and_goes_does_not_fail_a_run(
    stage: Open, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    place = await stage(
        works("  - pause: 10s\n" + FIND + DONE, "timeout: 10m"), connectors={"directory.find": {}}
    )
    chat = await Chat.on(place, "desk")
    real, count = getattr(place.store, broken), 0

    async def sometimes(*given: Any, **more: Any) -> Any:
        nonlocal count
        count += 1
        if count % 2:
            raise StoreUnavailable("the disk is full")
        return await real(*given, **more)

    with monkeypatch.context() as patch:
        patch.setattr(place.store, broken, sometimes)
        await place.clock.advance(120)
    await chat.settle()
    assert count > 1
    chat.hears("Result: Done.", "What now?")
    assert len(place.connectors.calls) == 1


# --- somebody else -----------------------------------------------------------------------


async def test_a_run_that_somebody_else_has_ended_writes_and_does_nothing_more(
    stage: Open, store: Store
) -> None:
    """The fence: whoever walks it must find it as it was left."""
    gate = Gate()
    steps = (
        FIND + "  - chat_message: I went on.\n  - {id: on, call: directory.unlock, with: {login: x}}\n" + DONE
    )
    place = await stage(
        works(steps), store=store, connectors={"directory.find": gate, "directory.unlock": {}}
    )
    chat = await Chat.on(place, "desk")
    run = chat.runs[0].row
    await place.store.commit([Change(Run, {"id": run.id}, {"state": "interrupted"})])
    await gate.open()
    chat.hears()
    assert chat.runs[0].state == "interrupted"
    assert place.connectors.asked("directory.unlock") == []
