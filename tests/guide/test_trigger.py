"""The guide's first two chapters: triggering a runbook from a step, and its outcomes."""

from __future__ import annotations

import asyncio

import pytest

from flows.errors import ProjectInvalid
from flows.loader import load_project, read_project
from tests.guide.house import House, Outside

MENU = """\
flow:
  - id: menu
    ask: What now?
    options: {Go: go, Other: other, Bye: bye}
  - id: go
    runbook: work
    outcomes: {success: good, failure: bad}
  - id: good
    say: It worked.
    next: menu
  - id: bad
    say: It did not work.
    next: menu
  - id: other
    runbook: second
    outcomes: {success: good, failure: bad}
  - id: bye
    end: Goodbye.
"""
CALL = """\
steps:
  - call: desk.get
    with: {name: work}
  - end: success
    result: Worked.
"""
CALL_SECOND = CALL.replace("name: work", "name: second")


async def test_s01_entering_the_step_starts_exactly_one_run(house: House) -> None:
    house.profile(MENU)
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Go")
    await guest.hears("It worked.", "What now?")
    runs = await house.runs()
    assert [(run["runbook"], run["chat"], run["state"]) for run in runs] == [
        ("work", guest.chat, "succeeded")
    ]

    await guest.press("Go")
    await guest.hears("It worked.", "What now?")
    again = await house.runs()
    assert len(again) == 2
    assert again[0]["id"] != again[1]["id"]


async def test_s02_the_trigger_belongs_to_the_profile(house: House, outside: Outside) -> None:
    house.profile(MENU)
    house.profile(MENU.replace("It worked.", "Here too."), id="second-desk")
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    one, two = await house.open("desk"), await house.open("second-desk")
    await one.hears("What now?")
    await two.hears("What now?")
    before = await house.rest("profiles/second-desk")

    house.profile(MENU.replace("It worked.", "Changed."))
    await house.eventually(lambda: _has_step(house, "desk", "Changed."))

    assert await house.rest("profiles/second-desk") == before
    await two.press("Go")
    await two.hears("Here too.", "What now?")
    await one.press("Go")  # this chat began before the change and stays with its version
    await one.hears("It worked.", "What now?")
    assert [path for _, path, _ in outside.asked] == ["/things/work", "/things/work"]


async def _has_step(house: House, profile: str, text: str) -> bool:
    return text in str(await house.rest(f"profiles/{profile}"))


async def test_s04_what_the_user_chose_decides_which_runbook_runs(house: House, outside: Outside) -> None:
    house.profile(MENU)
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Other")
    await guest.hears("It worked.", "What now?")

    assert [run["runbook"] for run in await house.runs()] == ["second"]
    assert [path for _, path, _ in outside.asked] == ["/things/second"]


async def test_s05_data_from_an_outside_system_appears_in_the_chat(house: House, outside: Outside) -> None:
    outside.answers["/things/o-17"] = (200, {"status": "on its way", "days": 2})
    house.profile(
        "flow:\n"
        "  - {id: ask, ask: 'Which order?', save: order}\n"
        "  - runbook: lookup\n"
        "    with: {order: $order}\n"
        "    outcomes: {success: tell, failure: tell}\n"
        "  - {id: tell, say: $RUNBOOKRESULT, next: ask}\n"
    )
    house.runbook(
        "lookup",
        "inputs: {order: {required: true}}\n"
        "steps:\n"
        "  - call: desk.get\n"
        "    with: {name: $order}\n"
        "    save: {status: body.status, days: body.days}\n"
        "  - {end: success, result: 'Order $order is $status, $days days to go.'}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Which order?")

    await guest.say("o-17")

    await guest.hears("Order o-17 is on its way, 2 days to go.", "Which order?")


async def refusal(house: House) -> str:
    with pytest.raises(ProjectInvalid) as caught:
        await asyncio.to_thread(load_project, house.root)
    return str(caught.value)


async def test_s07_a_step_without_a_runbook_is_refused(house: House) -> None:
    house.runbook("work", CALL)
    house.profile(
        "flow:\n  - id: go\n    runbook:\n    outcomes: {success: bye, failure: bye}\n  - {id: bye, end: Bye}\n"
    )
    told = await refusal(house)
    assert "profiles/desk.yaml:5:" in told
    assert "runbook" in told


async def test_s08_an_edited_binding_holds_for_the_next_chat(house: House, outside: Outside) -> None:
    house.profile(MENU)
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    listed = await house.rest("profiles/desk")
    assert next(step for step in listed["steps"] if step["id"] == "go")["runbook"] == "work"

    house.profile(MENU.replace("runbook: work", "runbook: second"))
    await house.eventually(lambda: _binds(house, "second"))
    guest = await house.open()
    await guest.hears("What now?")
    await guest.press("Go")
    await guest.hears("It worked.", "What now?")

    assert [path for _, path, _ in outside.asked] == ["/things/second"]


async def _binds(house: House, runbook: str) -> bool:
    listed = await house.rest("profiles/desk")
    return any(step.get("id") == "go" and step["runbook"] == runbook for step in listed["steps"])


async def test_s09_the_action_is_refused_on_a_step_of_another_type(house: House) -> None:
    house.runbook("work", CALL)
    house.profile("flow:\n  - id: hello\n    say: Hello\n    runbook: work\n  - {id: bye, end: Bye}\n")
    told = await refusal(house)
    assert "profiles/desk.yaml:6:5" in told
    assert "say" in told
    assert "runbook" in told


async def test_s10_a_renamed_runbook_still_runs_and_a_disabled_one_is_refused(house: House) -> None:
    house.profile(MENU)
    house.runbook("work", "name: Old name\n" + CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    house.runbook("work", "name: New name\n" + CALL)
    await house.eventually(lambda: _named(house, "New name"))
    await guest.press("Go")
    await guest.hears("It worked.", "What now?")

    house.runbook("work", "disabled: true\n" + CALL)
    project, problems = await asyncio.to_thread(read_project, house.root)  # as `cuebook validate` reads it
    assert project is None
    assert [problem.code for problem in problems if problem.severity == "error"] == ["E116"]
    await house.eventually(lambda: _is_disabled(house))  # disabling is live all the same
    await guest.press("Go")
    await guest.hears("It did not work.", "What now?")


async def _is_disabled(house: House) -> bool:
    return bool((await house.rest("runbooks/work"))["disabled"])


async def _named(house: House, name: str) -> bool:
    return bool((await house.rest("runbooks/work"))["name"] == name)


async def test_s10_a_runbook_deleted_meanwhile_is_the_unsuccessful_outcome(house: House) -> None:
    house.profile(MENU.replace("It did not work.", "$RUNBOOKRESULT"))
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    house.profile(MENU.replace("runbook: work", "runbook: second"))
    (house.root / "runbooks" / "work.yaml").unlink()
    await house.eventually(lambda: _gone(house))
    await guest.press("Go")

    await guest.hears("Runbook failed: there is no runbook `work`", "What now?")


async def _gone(house: House) -> bool:
    return "work" not in [runbook["id"] for runbook in (await house.rest("runbooks"))["runbooks"]]


@pytest.mark.parametrize(
    ("steps", "heard"),
    [
        ("  - {end: success, result: ok}\n", "It worked."),
        ("  - {end: failure, result: no}\n", "It did not work."),
        ("  - call: desk.get\n    with: {name: broken}\n  - {end: success}\n", "It did not work."),
        (
            (
                "  - call: desk.get\n    with: {name: one}\n    save: {thing: body}\n"
                "  - call: desk.get\n    with: {name: '${thing.absent}'}\n  - {end: success}\n"
            ),
            "It did not work.",
        ),
        (
            "  - for_each: $CHAT_ID\n    as: x\n    steps: [{chat_message: hi}]\n  - {end: success}\n",
            "It did not work.",
        ),
    ],
    ids=["success-end", "failure-end", "failing-step", "unresolved-variable", "wrong-value"],
)
async def test_s11_the_outcome_decides_the_next_step(
    house: House, outside: Outside, steps: str, heard: str
) -> None:
    outside.answers["/things/broken"] = (500, {"error": "broken"})
    house.profile(MENU)
    house.runbook("work", "steps:\n" + steps)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Go")

    await guest.hears(heard, "What now?")


async def test_s11_a_time_out_is_the_unsuccessful_outcome(house: House, outside: Outside) -> None:
    outside.hold("/things/work")
    house.profile(MENU.replace("It did not work.", "$RUNBOOKRESULT"))
    house.runbook("work", "timeout: 300ms\n" + CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Go")

    await guest.hears("Runbook failed: it took longer than 300ms", "What now?")


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ("{success: good}", "failure"),
        ("{failure: bad}", "success"),
        ("{success: good, failure: nowhere}", "nowhere"),
    ],
)
async def test_s12_both_outcomes_need_a_step_that_exists(house: House, outcomes: str, reason: str) -> None:
    house.profile(MENU.replace("{success: good, failure: bad}", outcomes, 1))
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    told = await refusal(house)
    assert "profiles/desk.yaml:" in told
    assert reason in told


async def test_s12_outcomes_may_share_a_step_or_go_back(house: House) -> None:
    house.profile(MENU.replace("{success: good, failure: bad}", "{success: menu, failure: menu}", 1))
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Go")

    await guest.hears("What now?")


async def test_s13_the_chat_waits_until_the_run_has_finished(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/work")
    house.profile(MENU)
    house.runbook("work", CALL)
    house.runbook("second", CALL_SECOND)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")
    await guest.press("Go")
    await outside.was_asked("/things/work")

    for text in ("Other", "hello?", "1"):
        await guest.say(text)
    await guest.hears("I'm still working on it. You'll hear from me as soon as it is done.")
    assert len(outside.asked) == 1

    gate.set()
    await guest.hears("It worked.", "What now?")
    assert [run["runbook"] for run in await house.runs()] == ["work"]
