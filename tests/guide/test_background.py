"""The guide's additional points: one attempt, and runs in the background."""

from __future__ import annotations

import time

from tests.guide.house import House, Outside

BACKGROUND = """\
flow:
  - id: menu
    ask: What now?
    options: {Go: go, Look: look, Bye: bye}
  - id: go
    runbook: work
    mode: async
    outcomes: {started: started, success: started, failure: bad}
  - id: started
    say: Started.
    next: menu
  - id: look
    say: "Result: $RUNBOOKRESULT"
    next: menu
  - id: bad
    say: "Not started: $RUNBOOKRESULT"
    next: menu
  - id: bye
    end: Goodbye.
"""
WORK = """\
announce: result
steps:
  - call: desk.get
    with: {name: slow}
  - {end: success, result: All done.}
"""


async def test_s47_a_failed_run_is_not_tried_again(house: House, outside: Outside) -> None:
    outside.answers["/things/slow"] = (500, {})
    house.profile(BACKGROUND.replace("mode: async", "mode: wait").replace("started: started, ", ""))
    house.runbook("work", WORK)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    await guest.press("Go")
    await guest.hears("Not started: Runbook failed: step call-1: 500 Internal Server Error", "What now?")

    assert [path for _, path, _ in outside.asked] == ["/things/slow"]
    run = (await house.runs())[0]["id"]
    for way in ("retry", "rerun", "start"):
        refused = await house.rest(f"runs/{run}/{way}", method="POST", why="please")
        assert refused["error"]["code"] == "not_found"
    assert [path for _, path, _ in outside.asked] == ["/things/slow"]


async def test_s48_the_chat_goes_on_while_the_run_works(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/slow")
    house.profile(BACKGROUND)
    house.runbook("work", WORK)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")

    began = time.monotonic()
    await guest.press("Go")
    await guest.hears("Started.", "What now?")
    assert time.monotonic() - began < 2.0
    await guest.press("Look")
    await guest.hears("Result:", "What now?")
    await guest.press("Go")
    await guest.hears("Started.", "What now?")
    await outside.was_asked("/things/slow", times=2)

    gate.set()
    await guest.hears("All done.", "All done.")
    await guest.press("Look")
    await guest.hears("Result: All done.", "What now?")


async def test_s48_a_runbook_says_itself_that_it_is_asynchronous(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/slow")
    house.profile(BACKGROUND.replace("    mode: async\n", ""))
    house.runbook("work", "method: asynchronous\n" + WORK)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")
    await guest.press("Go")
    await guest.hears("Started.", "What now?")
    gate.set()
    await guest.hears("All done.")


async def test_s49_a_background_run_survives_the_end_of_the_chat(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/slow")
    house.profile(BACKGROUND)
    house.runbook("work", WORK)
    await house.serve()
    guest = await house.open()
    await guest.hears("What now?")
    await guest.press("Go")
    await guest.hears("Started.", "What now?")
    await outside.was_asked("/things/slow")
    await guest.press("Bye")
    await guest.hears("Goodbye.")
    await guest.leave()

    gate.set()
    await house.eventually(lambda: _state(house, "succeeded"))
    stored = await house.words(guest)
    assert [line["text"] for line in stored][-2:] == ["Goodbye.", "All done."]


async def _state(house: House, state: str) -> bool:
    return [run["state"] for run in await house.runs()] == [state]
