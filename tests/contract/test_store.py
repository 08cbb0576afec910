"""What every implementation of `bot.ports.Store` promises."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.errors import Conflict, Duplicate, StoreError, StoreUnavailable
from bot.ports import Append, Change, Committed, Delete, Insert, Op, Store
from bot.rows import Chat, Inbox, Message, Outbox, Row, Run, Timer, Trace
from bot.storage.memory import MemoryStore
from bot.storage.open import open_store
from tests.storage.samples import (
    CHAT,
    DEFINITION,
    INBOX,
    LINE,
    ONE_OF_EACH,
    OUTBOX,
    RUN,
    TIMER,
    TRACE,
    everything,
    fresh,
    line,
    with_,
)


@pytest.fixture(params=["memory", "sqlite"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Store]:
    made: Store = (
        MemoryStore()
        if request.param == "memory"
        else await open_store(await fresh(tmp_path, tmp_path_factory))
    )
    yield made
    await made.close()


async def outcome(store: Store, unit: Sequence[Op]) -> Committed | str:
    """What a unit came to: the answer, or the name of the refusal."""
    try:
        return await store.commit(unit)
    except StoreError as error:
        return type(error).__name__


# --- rows in, rows out -----------------------------------------------------------------


@pytest.mark.parametrize("row", ONE_OF_EACH, ids=lambda row: row.TABLE)
async def test_a_row_comes_back_as_it_went_in(store: Store, row: Row) -> None:
    assert await store.commit([Insert(row)]) == Committed()
    assert await store.get(type(row), **{name: getattr(row, name) for name in row.KEY}) == row
    assert await store.find(type(row)) == [row]


@pytest.mark.parametrize(
    "text", ["", "Grüße, 世界 🎉", "'; DROP TABLE chat; --", 'a "quoted" $NAME {x}\n\r\t', "x" * 200_000]
)
async def test_any_text_comes_back_as_it_went_in(store: Store, text: str) -> None:
    await store.commit([Insert(CHAT), Append("c1", [with_(LINE, text=text)])])
    assert [found.text for found in await store.find(Message)] == [text]


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63 - 1)])
async def test_a_number_up_to_63_bits_comes_back_as_it_went_in(store: Store, number: int) -> None:
    await store.commit([Insert(with_(TIMER, due_at=number))])
    assert (await store.find(Timer, due_at=number))[0].due_at == number


async def test_a_row_that_is_not_there_is_none(store: Store) -> None:
    assert await store.get(Chat, id="nobody") is None
    assert await store.get(Trace, owner="run:r1", no=1) is None
    assert await store.find(Chat) == []


async def test_each_commit_is_seen_by_the_next_read(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    for version in range(1, 101):
        await store.commit([Change(Chat, {"id": "c1", "version": version}, {"version": version + 1})])
        seen = await store.get(Chat, id="c1")
        assert seen is not None
        assert seen.version == version + 1


async def test_ten_thousand_rows_go_in_fast(store: Store) -> None:
    started = time.perf_counter()
    await asyncio.gather(*(store.commit([Insert(with_(TIMER, id=f"t{n}"))]) for n in range(10_000)))
    assert len(await store.find(Timer, limit=20_000)) == 10_000
    assert time.perf_counter() - started < 5.0


# --- one unit --------------------------------------------------------------------------


async def test_a_unit_is_applied_in_its_order(store: Store) -> None:
    await store.commit(
        [
            Insert(CHAT),
            Change(Chat, {"id": "c1", "version": 1}, {"version": 2}),
            Change(Chat, {"id": "c1", "version": 2}, {"version": 3}),
            Insert(TIMER),
            Delete(Timer, {"id": "t1"}),
            Insert(with_(TIMER, due_at=7)),
        ]
    )
    assert await store.find(Chat) == [with_(CHAT, version=3)]
    assert await store.find(Timer) == [with_(TIMER, due_at=7)]


REFUSED: dict[str, Op] = {
    "Conflict": Change(Chat, {"id": "c1", "version": 9}, {"version": 10}),
    "Duplicate": Insert(CHAT),
}


@pytest.mark.parametrize("refusal", REFUSED)
async def test_a_refused_unit_leaves_nothing_behind(store: Store, refusal: str) -> None:
    await store.commit([Insert(CHAT), Insert(INBOX), Insert(TIMER), Insert(RUN), Append("c1", [LINE])])
    before = await everything(store)
    unit: list[Op] = [
        Insert(with_(INBOX, id="i2", external_id="cmid-2")),
        Change(Chat, {"id": "c1"}, {"state": '{"step":"b"}'}),
        Append("c1", [LINE, LINE], heard_at=5, outbox=("slack", "C1"), stamp="i2"),
        Delete(Timer, {"id": "t1"}),
        Delete(Run, {"chat": "c1"}),
    ]
    for place in range(len(unit) + 1):
        assert await outcome(store, [*unit[:place], REFUSED[refusal], *unit[place:]]) == refusal
        assert await everything(store) == before
    assert isinstance(await outcome(store, unit), Committed)


@pytest.mark.parametrize(
    "where",
    [
        {"id": "nobody"},
        {"id": "c1", "version": 2},
        {"id": "c1", "status": "ended"},
        {"status": "open"},
        {"id": ("c3", "c4")},
        {"id": ()},
    ],
)
async def test_a_change_conflicts_unless_exactly_one_row_matches(store: Store, where: dict[str, Any]) -> None:
    await store.commit([Insert(CHAT), Insert(with_(CHAT, id="c2"))])
    with pytest.raises(Conflict):
        await store.commit([Change(Chat, where, {"status": "ended"})])
    assert {chat.status for chat in await store.find(Chat)} == {"open"}


async def test_a_tuple_in_a_condition_means_one_of(store: Store) -> None:
    await store.commit([Insert(with_(RUN, id="r1", state="waiting")), Insert(with_(RUN, id="r2"))])
    working = Change(Run, {"id": "r1", "state": ("queued", "waiting")}, {"state": "running"})
    assert isinstance(await outcome(store, [working]), Committed)
    assert await outcome(store, [working]) == "Conflict"
    assert [run.id for run in await store.find(Run, state=("running", "failed"))] == ["r1"]
    await store.commit([Delete(Run, {"id": ("r1", "r3"), "state": ("running",)})])
    assert [run.id for run in await store.find(Run)] == ["r2"]


DUPLICATES: dict[str, tuple[Row, Row]] = {
    "key": (CHAT, with_(CHAT, profile="other")),
    "external id": (INBOX, with_(INBOX, id="i2")),
    "composite key": (TRACE, with_(TRACE, step="other")),
    "named key": (DEFINITION, with_(DEFINITION, id="other")),
}


@pytest.mark.parametrize("which", DUPLICATES)
async def test_a_second_row_with_a_unique_key_is_a_duplicate(store: Store, which: str) -> None:
    first, second = DUPLICATES[which]
    await store.commit([Insert(first)])
    with pytest.raises(Duplicate):
        await store.commit([Insert(second)])
    assert await store.find(type(first)) == [first]


async def test_the_same_external_id_from_another_source_is_new(store: Store) -> None:
    await store.commit([Insert(INBOX), Insert(with_(INBOX, id="i2", source="slack"))])
    assert len(await store.find(Inbox)) == 2


async def test_a_deleted_key_is_free_again(store: Store) -> None:
    await store.commit([Insert(INBOX)])
    await store.commit([Delete(Inbox, {"id": "i1"}), Insert(with_(INBOX, tries=1))])
    assert await store.find(Inbox) == [with_(INBOX, tries=1)]


async def test_delete_takes_all_that_match_and_none_is_fine(store: Store) -> None:
    await store.commit([Insert(with_(TIMER, id=f"t{n}", target=f"chat:c{n % 2}")) for n in range(6)])
    await store.commit([Delete(Timer, {"target": "chat:c0"}), Delete(Timer, {"target": "chat:nobody"})])
    assert [timer.id for timer in await store.find(Timer)] == ["t1", "t3", "t5"]


async def test_an_empty_unit_is_fine(store: Store) -> None:
    assert await store.commit([]) == Committed()


async def test_what_the_caller_does_to_its_unit_afterwards_changes_nothing(store: Store) -> None:
    await store.commit([Insert(CHAT), Insert(with_(CHAT, id="c2")), Insert(TIMER)])
    where, cells, lines, gone = {"id": "c1"}, {"state": "[1]"}, [line("c1", "a")], {"id": "nobody"}
    unit: list[Op] = [Change(Chat, where, cells), Append("c1", lines), Delete(Timer, gone)]
    waiting = asyncio.ensure_future(store.commit(unit))
    await asyncio.sleep(0)
    where["id"], cells["state"], gone["id"] = "c2", "[2]", "t1"
    lines.append(line("c1", "b"))
    unit.clear()
    await waiting
    assert [(chat.state, chat.seq) for chat in await store.find(Chat)] == [("[1]", 1), ("{}", 0)]
    assert [row.text for row in await store.find(Message)] == ["a"]
    assert await store.find(Timer) == [TIMER]


# --- many units together ---------------------------------------------------------------


async def test_a_refused_unit_harms_no_other_of_its_group(store: Store) -> None:
    await store.commit([Insert(CHAT), Insert(INBOX)])
    fine: list[list[Op]] = [
        [Insert(with_(TIMER, id=f"t{n}")), Append("c1", [line("c1", f"{n}")])] for n in range(20)
    ]
    taken: list[list[Op]] = [
        [Insert(with_(TIMER, id=f"x{n}")), Insert(with_(INBOX, id=f"x{n}"))] for n in range(20)
    ]
    stale: list[list[Op]] = [
        [Append("c1", [line("c1", "never")]), Change(Chat, {"id": "c1", "version": 7}, {"version": 8})]
        for _ in range(20)
    ]
    units: list[Sequence[Op]] = [unit for three in zip(fine, taken, stale, strict=True) for unit in three]
    answers = await asyncio.gather(*(outcome(store, unit) for unit in units))
    assert [type(answer) for answer in answers[0::3]] == [Committed] * 20
    assert answers[1::3] == ["Duplicate"] * 20
    assert answers[2::3] == ["Conflict"] * 20
    assert [timer.id for timer in await store.find(Timer)] == [f"t{n}" for n in range(20)]
    assert [(row.seq, row.text) for row in await store.find(Message, order="seq")] == [
        (n + 1, f"{n}") for n in range(20)
    ]


async def test_of_those_who_insert_the_same_at_once_one_wins(store: Store) -> None:
    inserts = [[Insert(with_(INBOX, id=f"i{n}"))] for n in range(20)]
    answers = await asyncio.gather(*(outcome(store, unit) for unit in inserts))
    assert sorted(map(str, answers)) == ["Committed(lines=())"] + ["Duplicate"] * 19
    assert len(await store.find(Inbox)) == 1


async def test_of_those_who_claim_the_same_at_once_one_wins(store: Store) -> None:
    await store.commit([Insert(RUN)])
    claims = [
        [Change(Run, {"id": "r1", "state": "queued"}, {"state": "running", "owner": f"p{n}"})]
        for n in range(20)
    ]
    answers = await asyncio.gather(*(outcome(store, unit) for unit in claims))
    winner = next(n for n, answer in enumerate(answers) if answer != "Conflict")
    assert answers.count("Conflict") == 19
    claimed = await store.get(Run, id="r1")
    assert claimed is not None
    assert claimed.owner == f"p{winner}"


# --- transcripts -----------------------------------------------------------------------


async def test_lines_are_numbered_in_the_order_given(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    one = await store.commit([Append("c1", [line("c1", "a"), line("c1", "b")])])
    two = await store.commit([Append("c1", [line("c1", "c")]), Append("c1", [line("c1", "d")])])
    assert [(row.seq, row.text) for row in one.lines] == [(1, "a"), (2, "b")]
    assert [(row.seq, row.text) for row in two.lines] == [(3, "c"), (4, "d")]
    assert await store.find(Message, chat="c1") == [*one.lines, *two.lines]
    assert await store.get(Message, chat="c1", seq=3) == two.lines[0]
    assert await store.get(Chat, id="c1") == with_(CHAT, seq=4)


async def test_numbers_have_no_gaps_and_no_doubles_under_fifty_writers(store: Store) -> None:
    chats = [f"c{n}" for n in range(5)]
    await store.commit([Insert(with_(CHAT, id=chat)) for chat in chats])

    async def write(writer: int) -> list[Message]:
        said: list[Message] = []
        for turn in range(6):
            chat = chats[(writer + turn) % 5]
            lines = [line(chat, f"{writer}.{turn}.{n}") for n in range(1 + turn % 3)]
            said += (await store.commit([Append(chat, lines)])).lines
        return said

    said = [row for rows in await asyncio.gather(*map(write, range(50))) for row in rows]
    for chat in chats:
        rows = await store.find(Message, chat=chat, order="seq")
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert rows == sorted((row for row in said if row.chat == chat), key=lambda row: row.seq)
        kept = await store.get(Chat, id=chat)
        assert kept is not None
        assert kept.seq == len(rows)
    assert len(said) == 600


async def test_a_refused_unit_uses_up_no_numbers(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    await outcome(store, [Append("c1", [LINE, LINE]), Insert(CHAT)])
    assert [row.seq for row in (await store.commit([Append("c1", [LINE])])).lines] == [1]


async def test_the_time_heard_is_set_where_it_is_given(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    await store.commit([Append("c1", [LINE], heard_at=77)])
    await store.commit([Append("c1", [LINE])])
    await store.commit([Append("c1", [], heard_at=0)])
    assert await store.get(Chat, id="c1") == with_(CHAT, seq=2, heard_at=77)


async def test_no_lines_are_fine(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    assert await store.commit([Append("c1", [], heard_at=5, outbox=("slack", "C1"))]) == Committed()
    assert await store.get(Chat, id="c1") == with_(CHAT, heard_at=5)
    assert await store.find(Outbox) == []


async def test_each_line_gets_an_outbox_row_for_a_platform(store: Store) -> None:
    await store.commit([Insert(CHAT), Append("c1", [LINE])])
    await store.commit([Append("c1", [line("c1", "a"), line("c1", "b")], outbox=("slack", "C9:1.2"))])
    assert await store.find(Outbox, order="seq") == [
        with_(OUTBOX, id=f"c1:{seq}", seq=seq, address="C9:1.2") for seq in (2, 3)
    ]


async def test_the_stamp_gives_the_inbox_row_its_number(store: Store) -> None:
    await store.commit([Insert(CHAT), Append("c1", [LINE])])
    await store.commit([Insert(INBOX), Append("c1", [LINE, LINE], stamp="i1")])
    assert await store.find(Inbox) == [with_(INBOX, seq=2)]


@pytest.mark.parametrize("append", [Append("nobody", [with_(LINE, chat="nobody")]), Append("nobody", [])])
async def test_appending_to_no_chat_conflicts(store: Store, append: Append) -> None:
    assert await outcome(store, [append]) == "Conflict"
    assert await store.find(Message) == []


async def test_stamping_no_inbox_row_conflicts(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    assert await outcome(store, [Append("c1", [LINE], stamp="nobody")]) == "Conflict"
    assert await store.get(Chat, id="c1") == CHAT


# --- find ------------------------------------------------------------------------------


@pytest.fixture
async def timers(store: Store) -> Store:
    """(id, due_at) in this order: t0 5, t1 4, t2 3, t3 5, t4 4; every second of another chat."""
    for n, due in enumerate([5, 4, 3, 5, 4]):
        await store.commit([Insert(with_(TIMER, id=f"t{n}", due_at=due, target=f"chat:c{n % 2}"))])
    return store


QUESTIONS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["t0", "t1", "t2", "t3", "t4"]),
    ({"target": "chat:c1"}, ["t1", "t3"]),
    ({"target": "chat:c0", "due_at": 4}, ["t4"]),
    ({"id": ("t3", "t0", "none")}, ["t0", "t3"]),
    ({"id": ()}, []),
    ({"order": "due_at"}, ["t2", "t1", "t4", "t0", "t3"]),
    ({"order": "-due_at"}, ["t3", "t0", "t4", "t1", "t2"]),
    ({"order": "kind"}, ["t0", "t1", "t2", "t3", "t4"]),
    ({"order": "-kind"}, ["t4", "t3", "t2", "t1", "t0"]),
    ({"order": "-id", "limit": 2}, ["t4", "t3"]),
    ({"limit": 1}, ["t0"]),
    ({"above": {"due_at": 4}}, ["t0", "t3"]),
    ({"upto": {"due_at": 4}}, ["t1", "t2", "t4"]),
    ({"above": {"due_at": 3}, "upto": {"due_at": 4}, "order": "-id"}, ["t4", "t1"]),
    ({"above": {"id": "t2"}, "due_at": (4, 5), "limit": 1}, ["t3"]),
]


@pytest.mark.parametrize(("question", "found"), QUESTIONS, ids=[str(question) for question, _ in QUESTIONS])
async def test_find_answers(timers: Store, question: dict[str, Any], found: list[str]) -> None:
    assert [timer.id for timer in await timers.find(Timer, **question)] == found


async def test_rows_that_are_equal_in_the_order_come_as_they_were_inserted(store: Store) -> None:
    await store.commit([Insert(with_(TIMER, id=name)) for name in ("t9", "t5", "t1")])
    chosen = await store.find(Timer, id=("t1", "t5", "t9"), order="kind")
    assert [timer.id for timer in chosen] == ["t9", "t5", "t1"]


async def test_a_changed_row_keeps_its_place(timers: Store) -> None:
    await timers.commit([Change(Timer, {"id": "t1"}, {"due_at": 9})])
    assert [timer.id for timer in await timers.find(Timer)] == ["t0", "t1", "t2", "t3", "t4"]


async def test_texts_are_ordered_by_code_point(store: Store) -> None:
    names = ["b", "a", "B", "é", "世", "🎉", "~"]
    await store.commit([Insert(with_(TIMER, id=name)) for name in names])
    assert [timer.id for timer in await store.find(Timer, order="id")] == sorted(names)


@pytest.mark.parametrize("text", ["c1\x00", "\ud800", "x" * 1_000_000])
async def test_a_text_that_cannot_be_stored_equals_no_row(store: Store, text: str) -> None:
    await store.commit([Insert(CHAT)])
    assert await store.get(Chat, id=text) is None
    assert await store.find(Chat, id=text) == []
    assert await store.find(Chat, id=(text, "c1")) == [CHAT]


# --- what is never asked of a database -------------------------------------------------

MISTAKES: dict[str, Op] = {
    "NUL": Insert(with_(CHAT, person="a\x00b")),
    "lone surrogate": Insert(with_(CHAT, person="\ud83d")),
    "too big": Insert(with_(TIMER, due_at=2**63)),
    "too small": Insert(with_(TIMER, due_at=-(2**63))),
    "boolean": Insert(with_(TIMER, due_at=True)),
    "fraction": Insert(with_(TIMER, due_at=1.5)),
    "nothing": Insert(with_(CHAT, person=None)),
    "number for a text": Insert(with_(CHAT, person=5)),
    "text for a number": Insert(with_(TIMER, due_at="5")),
    "key too long": Insert(with_(CHAT, id="x" * 257)),
    "external id too long": Insert(with_(INBOX, external_id="x" * 257)),
    "word": Insert(with_(CHAT, status="closed")),
    "message by hand": Insert(with_(LINE, seq=1)),
    "set NUL": Change(Chat, {"id": "c1"}, {"state": "\x00"}),
    "set word": Change(Chat, {"id": "c1"}, {"status": "closed"}),
    "set nothing": Change(Chat, {"id": "c1"}, {}),
    "set unknown": Change(Chat, {"id": "c1"}, {"colour": "red"}),
    "set injected": Change(Chat, {"id": "c1"}, {'state" = state --': "x"}),
    "set key": Change(Chat, {"id": "c1"}, {"id": "c2"}),
    "set count": Change(Chat, {"id": "c1"}, {"seq": 5}),
    "set unique": Change(Inbox, {"id": "i1"}, {"external_id": "x"}),
    "where unknown": Change(Chat, {"colour": "red"}, {"state": "x"}),
    "where everything": Change(Chat, {}, {"state": "x"}),
    "where word": Change(Run, {"state": ("queued", "sleeping")}, {"state": "running"}),
    "where too many": Change(Chat, {"id": tuple(map(str, range(1_001)))}, {"state": "x"}),
    "delete everything": Delete(Chat, {}),
    "delete NUL": Delete(Chat, {"id": "\x00"}),
    "line NUL": Append("c1", [with_(LINE, text="\x00")]),
    "line of another chat": Append("c1", [with_(LINE, chat="c2")]),
    "append to NUL": Append("\x00", []),
    "heard too late": Append("c1", [LINE], heard_at=2**63),
    "address NUL": Append("c1", [LINE], outbox=("slack", "\x00")),
    "outbox key too long": Append("x" * 240, [with_(LINE, chat="x" * 240)], outbox=("slack", "C1")),
    "stamp without a line": Append("c1", [], stamp="i1"),
    "stamp NUL": Append("c1", [LINE], stamp="\x00"),
    "not a row": Insert(Append("c1", [])),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("mistake", MISTAKES)
async def test_a_unit_that_cannot_be_stored_alike_everywhere_is_refused_whole(
    store: Store, mistake: str
) -> None:
    await store.commit([Insert(CHAT), Insert(INBOX)])
    before = await everything(store)
    with pytest.raises(ValueError, match=r".") as refused:
        await store.commit([Insert(TIMER), MISTAKES[mistake]])
    assert "\x00" not in str(refused.value)
    assert await everything(store) == before
    await store.commit([Insert(TIMER)])


WRONG_QUESTIONS: list[dict[str, Any]] = [
    {"colour": "red"},
    {'id" = "id" --': "x"},
    {"due_at": "5"},
    {"kind": "lunch"},
    {"order": "colour"},
    {"order": "id; DROP TABLE timer"},
    {"limit": 0},
    {"limit": -1},
    {"above": {"colour": 1}},
    {"upto": {"due_at": None}},
]


@pytest.mark.parametrize("question", WRONG_QUESTIONS, ids=str)
async def test_a_question_with_a_wrong_name_or_type_is_a_mistake(
    store: Store, question: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"."):
        await store.find(Timer, **question)


async def test_get_wants_the_whole_key_and_nothing_else(store: Store) -> None:
    for key in ({}, {"owner": "run:r1"}, {"owner": "run:r1", "no": 1, "step": "a"}):
        with pytest.raises(ValueError, match="key of trace"):
            await store.get(Trace, **key)


# --- callers that go away --------------------------------------------------------------


async def test_a_storm_of_cancels_wedges_nothing_and_tears_no_unit(store: Store) -> None:
    dice = random.Random(7)
    await store.commit([Insert(CHAT)])
    for n in range(1_000):
        unit: list[Op] = [Insert(with_(TIMER, id=f"t{n}")), Append("c1", [line("c1", f"{n}")])]
        writer = asyncio.ensure_future(store.commit(unit))
        for _ in range(dice.randrange(4)):
            await asyncio.sleep(0)
        writer.cancel()
        reader = asyncio.ensure_future(store.get(Chat, id="c1"))
        await asyncio.sleep(0)
        reader.cancel()
    async with asyncio.timeout(5):
        last = await store.commit([Append("c1", [line("c1", "last")])])
        kept = await store.find(Message, order="seq", limit=2_000)
    assert [row.seq for row in kept] == list(range(1, len(kept) + 1))
    assert kept[-1:] == [*last.lines]
    assert [f"t{row.text}" for row in kept[:-1]] == [
        timer.id for timer in await store.find(Timer, limit=2_000)
    ]
    assert len(kept) > 500  # what was accepted is done, though nobody waits


async def test_closing_finishes_what_was_accepted(store: Store) -> None:
    await store.commit([Insert(CHAT)])
    waiting = [asyncio.ensure_future(store.commit([Append("c1", [line("c1", f"{n}")])])) for n in range(500)]
    await asyncio.sleep(0)
    await store.close()
    answers = [await answer for answer in waiting]
    assert [answer.lines[0].seq for answer in answers] == list(range(1, 501))


async def test_a_closed_store_is_unavailable_and_may_be_closed_again(store: Store) -> None:
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.commit([Insert(CHAT)])
    with pytest.raises(StoreUnavailable):
        await store.get(Chat, id="c1")
    with pytest.raises(StoreUnavailable):
        await store.find(Chat)


# --- the double is a double ------------------------------------------------------------


def _some_op(dice: random.Random) -> Op:
    chat, n = f"c{dice.randrange(3)}", dice.randrange(4)
    ops: list[Op] = [
        Insert(with_(CHAT, id=chat)),
        Insert(with_(INBOX, id=f"i{n}", external_id=f"e{dice.randrange(4)}", target=f"chat:{chat}")),
        Insert(with_(TRACE, owner=f"chat:{chat}", no=n)),
        Insert(with_(TIMER, id=f"t{n}", due_at=dice.randrange(3))),
        Change(Chat, {"id": chat}, {"version": n}),
        Change(Chat, {"version": n}, {"state": f"{n}"}),
        Change(Inbox, {"id": (f"i{n}", "i0")}, {"tries": n}),
        Change(Timer, {"due_at": n, "id": f"t{n}"}, {"due_at": 2}),
        Append(chat, [line(chat, f"{k}") for k in range(n)], heard_at=n),
        Append(chat, [line(chat, "x")], outbox=("slack", chat), stamp=f"i{n}"),
        Delete(Chat, {"id": chat, "version": n}),
        Delete(Message, {"chat": chat}),
        Delete(Outbox, {"chat": chat}),
        Delete(Timer, {"due_at": (0, n)}),
        Delete(Inbox, {"tries": n}),
    ]
    return dice.choice(ops)


@pytest.mark.parametrize("seed", range(4))
async def test_memory_and_sqlite_answer_any_units_alike(
    seed: int, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random(seed)
    memory, sqlite = MemoryStore(), await open_store(await fresh(tmp_path, tmp_path_factory))
    for _ in range(60):
        units = [[_some_op(dice) for _ in range(1 + dice.randrange(3))] for _ in range(1 + dice.randrange(5))]
        answers = [
            await asyncio.gather(*(outcome(each, unit) for unit in units)) for each in (memory, sqlite)
        ]
        assert answers[0] == answers[1]
    assert await everything(memory) == await everything(sqlite)
    await sqlite.close()
