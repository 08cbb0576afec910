"""Runs that wait to be called back: once, early, late, twice at once, and after a death."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

import pytest

from bot.errors import NotFound, Refused
from bot.ports import Store
from bot.rows import Callback, Inbox, Run, Timer, Trace
from bot.runtime.callbacks import Gone, Used
from bot.storage.memory import MemoryStore
from bot.testing import CUSTOMER, STRANGER, Chat, Gate, Killed, Stage, note, project_of
from tests.runtime.conftest import Open
from tests.runtime.flows import DIRECTORY, runbook, works

ASK = """
  - {id: ask, call: directory.find, with: {login: "${answer.url}"}}
  - {id: answer, wait_for: callback, timeout: 30m, save: {approved: body.approved}, outcomes: {timeout: late}}
  - {end: success, result: "approved: $approved, ${answer.outcome}"}
  - {id: late, end: failure, result: "nobody answered: $ERROR"}
"""
LONG = "timeout: 2h"
WORK = runbook(ASK, LONG) + "\n---\n" + DIRECTORY


def token(place: Stage) -> str:
    url: str = place.connectors.made[-1][1].args["login"]
    return url.rpartition("/")[2]


async def begun(place: Stage) -> str:
    row = await place.runtime.begin("work", {}, CUSTOMER)
    assert isinstance(row, Run)
    await place.settle()
    return row.id


async def how(place: Stage, run: str = "") -> tuple[str, str]:
    rows = await place.store.find(Run)
    row = next(row for row in rows if row.id == run) if run else rows[0]
    return row.state, row.message


async def call(place: Stage, body: Any, address: str = "") -> None:
    await place.runtime.callbacks.call(address or token(place), body)
    await place.settle()


async def test_a_run_goes_on_when_it_is_called(stage: Open, store: Store) -> None:
    place = await stage(WORK, store=store, connectors={"directory.find": {}})
    await begun(place)
    assert (await how(place))[0] == "waiting"
    await call(place, {"approved": True})
    assert await how(place) == ("succeeded", "approved: true, success")
    assert {row.state for row in await place.store.find(Inbox)} == {"done"}
    assert await place.store.find(Timer) == []


async def test_it_goes_on_after_a_restart(stage: Open, store: Store) -> None:
    place = await stage(WORK, store=store, connectors={"directory.find": {}})
    await begun(place)
    await place.restart()
    await call(place, {"approved": "yes"})
    assert await how(place) == ("succeeded", "approved: yes, success")


async def test_nobody_calls(stage: Open) -> None:
    place = await stage(WORK, connectors={"directory.find": {}})
    await begun(place)
    await place.advance(1_799)
    assert (await how(place))[0] == "waiting"
    await place.advance(1)
    assert await how(place) == ("failed", "nobody answered: nobody called back within 30m")
    trace = (await place.store.find(Trace, step="answer"))[0]
    assert (trace.ok, trace.note) == (0, "nobody called back")
    with pytest.raises(Gone):
        await call(place, {})


async def test_without_an_exit_a_run_that_nobody_calls_fails(stage: Open) -> None:
    plain = WORK.replace(", outcomes: {timeout: late}", "").replace("  - {id: late", "  - {id: unused")
    place = await stage(plain, connectors={"directory.find": {}})
    await begun(place)
    await place.advance(1_800)
    assert await how(place) == ("failed", "Runbook failed: step answer: nobody called back within 30m")


async def test_a_call_after_the_timeout_is_too_late_though_the_run_goes_on(stage: Open) -> None:
    steps = ASK.replace("  - {id: late,", "  - {id: late, pause: 20m}\n  - {")
    place = await stage(runbook(steps, LONG) + "\n---\n" + DIRECTORY, connectors={"directory.find": {}})
    await begun(place)
    await place.advance(1_800)
    assert (await how(place))[0] == "waiting"
    with pytest.raises(Gone):
        await call(place, {})
    assert [row.state for row in await place.store.find(Callback)] == ["closed"]


async def test_a_call_and_the_end_of_the_wait_at_once(
    stage: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was acknowledged, so the run takes it, though its time came before it was heard."""
    place = await stage(WORK, store=store, connectors={"directory.find": {}})
    await begun(place)
    hear = place.runtime.runs.hear
    heard: list[Inbox] = []
    monkeypatch.setattr(place.runtime.runs, "hear", heard.append)
    await call(place, {"approved": "just"})
    await place.advance(1_800)
    assert (await how(place))[0] == "waiting"
    hear(heard[0])
    await place.settle()
    assert await how(place) == ("succeeded", "approved: just, success")


async def test_a_run_that_ends_while_it_is_called_takes_nothing(
    stage: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = await stage(WORK, store=store, connectors={"directory.find": {}})
    run = await begun(place)
    looked = place.runtime.callbacks.find

    async def look_and_end(token: str) -> Any:
        found = await looked(token)
        monkeypatch.undo()
        await place.runtime.runs.cancel(run, "somebody else")
        return found

    monkeypatch.setattr(place.runtime.callbacks, "find", look_and_end)
    with pytest.raises(Gone):
        await call(place, {})
    assert await place.store.find(Inbox) == []


# --- early ---------------------------------------------------------------------------------


async def test_a_call_that_comes_while_the_address_is_sent_is_kept(stage: Open, store: Store) -> None:
    gate = Gate()
    place = await stage(WORK, store=store, connectors={"directory.find": gate})
    await begun(place)
    await call(place, {"approved": "early"})
    assert (await how(place))[0] == "running"
    assert [row.state for row in await place.store.find(Inbox)] == ["new"]
    with pytest.raises(Used):
        await call(place, {})
    await gate.open()
    assert await how(place) == ("succeeded", "approved: early, success")
    assert [row.state for row in await place.store.find(Inbox)] == ["done"]


PAUSED = ASK.replace("  - {id: answer,", "  - pause: 10m\n  - pause: 10m\n  - {id: answer,")


async def test_a_run_that_waits_for_something_else_keeps_it(stage: Open, store: Store) -> None:
    project = runbook(PAUSED, LONG) + "\n---\n" + DIRECTORY
    place = await stage(project, store=store, connectors={"directory.find": {}})
    await begun(place)
    await call(place, {"approved": "early"})
    assert [row.state for row in await place.store.find(Inbox)] == ["new"]
    await place.advance(600)
    await place.restart()
    assert [row.state for row in await place.store.find(Inbox)] == ["new"]
    assert (await how(place))[0] == "waiting"
    await place.advance(600)
    assert await how(place) == ("succeeded", "approved: early, success")


async def test_each_step_has_its_own_address_in_any_order(stage: Open) -> None:
    steps = """
  - {id: one, call: directory.find, with: {login: "${first.url}"}}
  - {id: two, call: directory.find, with: {login: "${second.url}"}}
  - {id: first, wait_for: callback, save: {a: body.x}}
  - {id: second, wait_for: callback, save: {b: body.x}}
  - {end: success, result: "$a $b"}
"""
    place = await stage(runbook(steps, LONG) + "\n---\n" + DIRECTORY, connectors={"directory.find": {}})
    await begun(place)
    first, second = (made.args["login"].rpartition("/")[2] for _, made in place.connectors.made)
    await call(place, {"x": 2}, second)
    await call(place, {"x": 1}, first)
    assert await how(place) == ("succeeded", "1 2")


async def test_a_call_to_a_step_that_is_not_reached_ends_with_the_run(stage: Open) -> None:
    place = await stage(runbook(PAUSED, LONG) + "\n---\n" + DIRECTORY, connectors={"directory.find": {}})
    run = await begun(place)
    await call(place, {})
    await place.runtime.runs.cancel(run, "a test")
    assert await place.store.find(Inbox) == []
    with pytest.raises(Gone):
        await call(place, {})


async def test_nobody_knows_another_address(stage: Open) -> None:
    place = await stage(WORK, connectors={"directory.find": {}})
    await begun(place)
    for guess in ("", "0" * 64, token(place).upper(), token(place)[:-1], token(place) + "0"):
        with pytest.raises(NotFound):
            await place.runtime.callbacks.call(guess, {})


# --- however it was started ------------------------------------------------------------------


async def test_a_chat_waits_with_its_run(stage: Open) -> None:
    steps = "  - chat_message: Asking.\n" + ASK
    place = await stage(works(steps, LONG), connectors={"directory.find": {}})
    chat = await Chat.on(place, "desk", STRANGER)
    chat.hears(note("Asking."))
    (progress,) = await chat.progress()
    assert [(step.id, step.status) for step in progress.steps][-1] == ("answer", "working")
    await call(place, {"approved": True})
    chat.hears("Result: approved: true, success", "What now?")


async def test_nobody_is_shown_an_address(stage: Open) -> None:
    steps = f'  - chat_message: "Call ${{answer.url}} now."\n{ASK}'.replace(
        "  - {end: success", "  - chat_message: $approved\n  - {end: success"
    )
    place = await stage(works(steps, LONG), connectors={"directory.find": lambda call: {"body": call.args}})
    chat = await Chat.on(place, "desk", STRANGER)
    chat.hears(note("Call https://stage.example/callbacks/••• now."))
    address = token(place)
    await call(place, {"approved": f"by {address}"})
    chat.hears(note("by •••"), "Result: approved: by •••, success", "What now?")
    (run,) = await place.store.find(Run)
    assert address not in repr([run, await place.store.find(Trace)])


async def test_a_nested_run_and_a_scheduled_one_are_called_too(stage: Open) -> None:
    outer = runbook("  - {id: in, runbook: work, outcomes: {success: ok, failure: ok}}\n  - {id: ok, end: success, result: $RUNBOOKRESULT}", LONG, "outer")  # fmt: skip
    place = await stage(f"{WORK}\n---\n{outer}", connectors={"directory.find": {}})
    row = await place.runtime.begin("outer", {}, CUSTOMER)
    assert isinstance(row, Run)
    await place.settle()
    await call(place, {"approved": 1})
    assert await how(place, row.id) == ("succeeded", "approved: 1, success")
    every = runbook(ASK, LONG + "\nschedule: {every: 1h}")
    place = await stage(f"{every}\n---\n{DIRECTORY}", connectors={"directory.find": {}})
    await place.advance(3_600)
    await call(place, {"approved": 2})
    assert await how(place) == ("succeeded", "approved: 2, success")


# --- deaths ----------------------------------------------------------------------------------

When = Literal["before", "after"]
WHOLE = project_of(runbook(PAUSED, LONG), DIRECTORY)


class Sender:
    """Another system: it calls until it has its answer, as soon as it knows the address."""

    def __init__(self) -> None:
        self.accepted = 0

    async def call(self, place: Stage) -> None:
        if not place.connectors.made or self.accepted:
            return
        try:
            await call(place, {"approved": True})
        except (Used, Gone):
            pass  # it died after the commit: this is the answer to the repeat
        except Refused:
            return
        self.accepted += 1


async def play(early: bool, cut: tuple[int, When] | None) -> tuple[Stage, int, int]:
    """A run, called while it pauses before its step or when it is there; the process dies at a
    commit. The stage, the number of deaths, and of acknowledged calls."""
    place = await Stage.open(WHOLE, store=MemoryStore(), connectors={"directory.find": {}})
    place.store.die_at = (2 + cut[0], cut[1]) if cut else None
    sender, deaths = Sender(), 0

    async def begin() -> None:
        if not await place.store.find(Run):
            await begun(place)

    async def later() -> None:
        await place.advance(600)

    async def ask() -> None:
        await sender.call(place)

    for act in [begin, ask, later, later] if early else [begin, later, later, ask]:
        while True:
            with suppress(Killed):
                await act()
                await place.settle()
            if not place.store.dead:
                break
            deaths += 1
            await place.restart()
    return place, deaths, sender.accepted


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_death_at_any_commit_loses_no_call_and_takes_none_twice(early: bool, when: When) -> None:
    whole, _, accepted = await play(early, None)
    assert accepted == 1
    assert await how(whole) == ("succeeded", "approved: true, success")
    total = whole.store.commits - 2
    assert total >= 6
    for number in range(1, total + 1):
        place, deaths, accepted = await play(early, (number, when))
        assert deaths == 1, f"nothing died at commit {number}"
        (run,) = await place.store.find(Run)
        made = len(place.connectors.made)
        assert made <= 1
        if run.state == "interrupted":  # the call that sends the address was in flight
            assert run.message == "Runbook failed: interrupted at step ask"
        else:
            assert (accepted, run.state, run.message) == (1, "succeeded", "approved: true, success"), number
        assert {row.state for row in await place.store.find(Inbox)} <= {"done"}
        assert await place.store.find(Timer) == []
        assert place.runtime.tasks.crashed == 0
