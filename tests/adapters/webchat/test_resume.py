"""Coming back: what was missed arrives once, in order, and nothing else does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import StoreUnavailable
from bot.ports import Progress
from bot.rows import Message
from tests.adapters.webchat.conftest import Place, Start, Tab


async def away(place: Place, more: int) -> dict[str, Any]:
    """A chat whose client left after the greeting, and `more` lines that came since."""
    tab, welcome = await place.chat()
    await tab.ws.close()
    for n in range(more):
        place.engine.say("c1", f"line {n + 2}")
    return welcome


async def lines(tab: Tab, count: int) -> list[int]:
    return [(await tab.get())["seq"] for _ in range(count)]


async def test_partial_brings_only_what_was_missed(place: Place) -> None:
    welcome = await away(place, 3)
    tab = await place.tab()
    again = await tab.hello(token=welcome["token"], chat="c1", last_seq=2)
    assert (again["resume"], again["seq"], again["token"]) == ("partial", 4, welcome["token"])
    assert await lines(tab, 2) == [3, 4]
    place.engine.say("c1", "live")
    assert await lines(tab, 1) == [5]


async def test_full_brings_everything_page_by_page(start: Start) -> None:
    place = await start(page=10)
    welcome = await away(place, 24)
    tab = await place.tab()
    assert (await tab.hello(token=welcome["token"]))["resume"] == "full"
    assert await lines(tab, 25) == list(range(1, 26))


@pytest.mark.parametrize(("missed", "resume", "first"), [(20, "partial", 2), (21, "reset", 13)])
async def test_who_missed_more_than_the_limit_starts_anew_with_the_last_page(
    start: Start, missed: int, resume: str, first: int
) -> None:
    place = await start(replay=20, page=10)
    welcome = await away(place, missed)
    tab = await place.tab()
    assert (await tab.hello(token=welcome["token"], last_seq=1))["resume"] == resume
    assert await lines(tab, 22 - first + (missed - 20)) == list(range(first, missed + 2))


async def test_who_has_seen_more_than_there_is_starts_anew(place: Place) -> None:
    welcome = await away(place, 1)
    tab = await place.tab()
    assert (await tab.hello(token=welcome["token"], last_seq=9))["resume"] == "reset"
    assert await lines(tab, 2) == [1, 2]


async def test_nothing_missed_brings_nothing(place: Place) -> None:
    welcome = await away(place, 0)
    tab = await place.tab()
    assert (await tab.hello(token=welcome["token"], last_seq=1))["resume"] == "partial"
    place.engine.say("c1", "next")
    assert await lines(tab, 1) == [2]


async def test_what_is_said_while_the_log_is_read_falls_into_no_gap(place: Place) -> None:
    welcome = await away(place, 2)
    read = place.engine.messages

    async def slow(chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        """Half of what comes is told before the log is read, half after."""
        if len(place.engine.lines[chat]) < 8:
            place.engine.say(chat, "before the read")
        found = await read(chat, after, limit)
        if len(place.engine.lines[chat]) < 8:
            place.engine.say(chat, "after the read")
        return found

    place.engine.messages = slow  # type: ignore[method-assign]
    tab = await place.tab()
    await tab.hello(token=welcome["token"])
    assert await lines(tab, 8) == list(range(1, 9))
    place.engine.say("c1", "live")
    assert await lines(tab, 1) == [9]


async def test_a_line_that_is_told_while_it_is_read_is_sent_once(place: Place) -> None:
    """It was committed when the log was looked at, and published only now."""
    welcome = await away(place, 0)
    two = place.engine.say("c1", "two", publish=False)
    read = place.engine.messages

    async def telling(chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        found = await read(chat, after, limit)
        place.engine.bus.publish(chat, two)
        return found

    place.engine.messages = telling  # type: ignore[method-assign]
    tab = await place.tab()
    await tab.hello(token=welcome["token"], last_seq=1)
    assert await lines(tab, 1) == [2]
    place.engine.say("c1", "three")
    assert await lines(tab, 1) == [3]


async def test_a_gap_in_what_the_bus_brings_is_read_from_the_log(place: Place) -> None:
    tab, _ = await place.chat()
    for publish in (False, False, True, True):
        place.engine.say("c1", "x", publish=publish)
    assert await lines(tab, 4) == [2, 3, 4, 5]


async def test_an_old_line_heard_again_is_not_sent_again(place: Place) -> None:
    tab, _ = await place.chat()
    two = place.engine.say("c1", "two")
    reads = len(place.engine.reads)
    place.engine.bus.publish("c1", two)
    place.engine.say("c1", "three")
    assert await lines(tab, 2) == [2, 3]
    assert len(place.engine.reads) == reads


async def test_a_bus_that_promises_more_than_the_log_has_does_not_spin(place: Place) -> None:
    tab, _ = await place.chat()
    ghost = place.engine.say("c1", "ghost", publish=False)
    place.engine.lines["c1"].pop()
    place.engine.bus.publish(
        "c1", Message(**{f: getattr(ghost, f) for f in ghost.__struct_fields__} | {"seq": 7})
    )
    await tab.send(type="ping")
    assert (await tab.get())["type"] == "pong"
    assert len(place.engine.reads) < 10


async def test_a_database_that_is_away_while_reading_means_try_later(place: Place) -> None:
    welcome = await away(place, 1)

    async def gone(chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        raise StoreUnavailable("gone")

    place.engine.messages = gone  # type: ignore[method-assign]
    tab = await place.tab()
    await tab.hello(token=welcome["token"])
    assert await tab.code() == 1013


async def test_runs_at_work_are_shown_whole_after_the_lines(place: Place) -> None:
    tab, welcome = await place.chat()
    run = Progress(run="r1", runbook="u", title="U", rev=7, state="running", steps=())
    place.engine.show("c1", run)
    place.engine.say("c1", "two")
    await tab.ws.close()
    back = await place.tab()
    await back.hello(token=welcome["token"], last_seq=1)
    frames = [await back.get(), await back.get()]
    assert [(f["type"], f.get("seq"), f.get("rev")) for f in frames] == [
        ("message", 2, None),
        ("progress", None, 7),
    ]


async def test_a_picture_older_than_the_last_is_not_sent(place: Place) -> None:
    tab, _ = await place.chat()
    for rev in (1, 3, 2, 4):
        place.engine.show(
            "c1", Progress(run="r1", runbook="u", title="U", rev=rev, state="running", steps=())
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    place.engine.say("c1", "stop")
    revs = [f["rev"] for f in await tab.until("message") if f["type"] == "progress"]
    assert revs == sorted(revs)
    assert 2 not in revs
    assert revs[-1] == 4


async def test_a_thousand_pictures_of_one_run_are_one_frame_and_messages_keep_their_order(
    place: Place,
) -> None:
    tab, _ = await place.chat()
    place.engine.say("c1", "before")
    for rev in range(1000):
        place.engine.show(
            "c1", Progress(run="r1", runbook="u", title="U", rev=rev, state="running", steps=())
        )
    place.engine.say("c1", "after")
    frames = [await tab.get() for _ in range(3)]
    assert [(f.get("text"), f.get("rev")) for f in frames] == [("before", None), (None, 999), ("after", None)]


async def test_a_token_past_half_its_life_is_renewed(place: Place) -> None:
    welcome = await away(place, 0)
    place.engine.clock.ms += 16 * 86_400_000
    tab = await place.tab()
    again = await tab.hello(token=welcome["token"])
    assert again["token"] != welcome["token"]
    await tab.ws.close()
    place.engine.clock.ms += 16 * 86_400_000
    tab = await place.tab()
    assert (await tab.hello(token=again["token"]))["chat"] == "c1"
