"""The picture of a run at work: what people see of it, live and after a restart."""

from __future__ import annotations

from typing import Any

from bot.ports import Live, Progress, Store
from bot.rows import Message
from bot.runtime.bus import LocalBus
from bot.testing import Chat, Gate
from tests.runtime.conftest import Open
from tests.runtime.flows import DESK, works


def seen(picture: Progress) -> list[tuple[str, str, str]]:
    return [(step.id, step.title, step.status) for step in picture.steps]


async def test_a_picture_shows_each_step_while_it_works(stage: Open, store: Store) -> None:
    find, unlock = Gate(), Gate()
    place = await stage(DESK, store=store, connectors={"directory.find": find, "directory.unlock": unlock})
    chat = await Chat.on(place, "desk")
    heard: list[Live] = []
    place.runtime.bus.subscribe(chat.id, heard.append)
    await chat.say("jd")
    (picture,) = await chat.progress()
    assert seen(picture) == [("chat-message-1", "", "done"), ("find", "Looking it up", "working")]
    assert (picture.title, picture.state, picture.cancellable) == ("unlock", "running", True)
    await find.open()
    (picture,) = await chat.progress()
    assert seen(picture)[1:] == [
        ("find", "Looking it up", "done"),
        ("chat-message-2", "", "done"),
        ("unlock", "", "working"),
    ]
    await unlock.open({"status": 500})
    assert await chat.progress() == []
    pictures = [item for item in heard if isinstance(item, Progress)]
    assert [picture.state for picture in pictures] == ["running", "running", "failed"]
    assert seen(pictures[-1])[-1] == ("unlock", "", "failed")
    assert [item.rev for item in pictures] == sorted({item.rev for item in pictures})


async def test_lines_are_heard_in_the_order_of_the_log(stage: Open) -> None:
    place = await stage(DESK, connectors={"directory.find": {}, "directory.unlock": {}})
    chat = await Chat.on(place, "desk")
    heard: list[Live] = []
    place.runtime.bus.subscribe(chat.id, heard.append)
    await chat.say("jd")
    assert [item.seq for item in heard if isinstance(item, Message)] == [2, 3, 4, 5, 6]


async def test_after_a_restart_the_picture_is_as_it_was(stage: Open, store: Store) -> None:
    steps = (
        "  - {id: find, title: Looking, call: directory.find, with: {login: x}}\n"
        "  - {id: rest, title: Resting, pause: 1h}\n  - {end: success}"
    )
    place = await stage(
        works(steps, "timeout: 2h\nname: Work"), store=store, connectors={"directory.find": {}}
    )
    chat = await Chat.on(place, "desk")
    before = await chat.progress()
    await place.restart()
    after = await chat.progress()
    assert [seen(picture) for picture in after] == [
        [("find", "Looking", "done"), ("rest", "Resting", "working")]
    ]
    assert [(one.title, one.state, one.steps) for one in before] == [
        (one.title, one.state, one.steps) for one in after
    ]
    assert after[0].rev >= before[0].rev


async def test_a_run_that_has_not_begun_has_a_picture_too(stage: Open) -> None:
    later = works("  - {end: success}").replace("runbook: work\n", "runbook: work\n    in: 1h\n")
    chat = await Chat.on(await stage(later), "desk")
    assert [(picture.state, picture.steps) for picture in await chat.progress()] == [("queued", ())]


def test_a_reader_that_fails_harms_nobody() -> None:
    bus = LocalBus()
    heard: list[Live] = []

    def broken(_: Live) -> None:
        raise RuntimeError("a bug")

    stop = bus.subscribe("c", broken)
    bus.subscribe("c", heard.append)
    bus.publish("c", "line")  # type: ignore[arg-type]
    assert len(heard) == 1
    stop()
    stop()
    bus.publish("other", "line")  # type: ignore[arg-type]
    assert (bus.heard("c"), bus.heard("other")) == (True, False)


POLLING = (
    "  - id: poll\n    title: Wiping\n    call: directory.find\n    with: {login: x}\n    save: {state: body.state}\n"
    "    repeat: {until: {state: {is: done}}, every: 10s, at_most: 9}\n"
    "  - {id: rest, title: Resting, pause: 1h}\n  - {end: success}"
)


async def test_a_step_that_waits_to_ask_again_is_not_over(stage: Open, store: Store) -> None:
    answers: list[Any] = [{"body": {"state": state}} for state in ("wiping", "wiping", "done")]
    place = await stage(works(POLLING, "timeout: 2h"), store=store, connectors={"directory.find": answers})
    chat = await Chat.on(place, "desk")
    for _ in range(2):
        (picture,) = await chat.progress()
        assert seen(picture)[-1] == ("poll", "Wiping", "working")
        await place.advance(10)
    (picture,) = await chat.progress()
    assert seen(picture)[-1] == ("rest", "Resting", "working")
    assert seen(picture)[-2] == ("poll", "Wiping", "done")


async def test_a_run_that_is_ended_while_it_waits_keeps_its_steps(stage: Open) -> None:
    steps = "  - {id: find, title: Looking, call: directory.find, with: {login: x}}\n  - {id: rest, title: Resting, pause: 1h}\n  - {end: success}"
    place = await stage(works(steps, "timeout: 2h"), connectors={"directory.find": {}})
    chat = await Chat.on(place, "desk")
    heard: list[Live] = []
    place.runtime.bus.subscribe(chat.id, heard.append)
    await chat.say("cancel")
    last = [item for item in heard if isinstance(item, Progress)][-1]
    assert last.state == "cancelled"
    assert [step.id for step in last.steps] == ["find", "rest"]
