"""Forms, files and opening words through the runtime: what is stored, and what people see."""

from __future__ import annotations

from typing import Any

import pytest

from bot.ports import Inbound
from bot.rows import Inbox
from bot.runtime.wire import load, load_event
from bot.testing import Chat, user
from flows.events import File, Said
from tests.runtime.conftest import Open
from tests.runtime.flows import profile

LAPTOP = profile(
    """
  - id: laptop
    ask: Tell me about the laptop.
    fields: [asset, reason]
  - id: seen
    say: "$asset, ${laptop.files.0.name:-no file}"
    next: laptop
""",
    "variables: {asset: {label: Asset tag, matches: 'LAP-[0-9]{4}'}, reason: {label: Reason}}",
)
FORM = [{"name": "asset", "label": "Asset tag"}, {"name": "reason", "label": "Reason"}]
NONE: dict[str, Any] = {}


async def send(chat: Chat, id: str, said: Said) -> None:
    await chat.stage.engine.receive(Inbound(chat=chat.id, id=id, said=said, source="test"))
    await chat.settle()


async def test_a_question_is_stored_with_its_form_and_a_form_reads_as_one_line(stage: Open) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    chat.hears("Tell me about the laptop.", "Asset tag?")
    assert [line.form and load(line.form) for line in chat.messages] == [FORM, ""]
    await chat.fill(asset="LAP-0042", reason="  it is slow", more="left out")
    chat.hears("LAP-0042, no file", "Tell me about the laptop.", "Asset tag?")
    assert user("Asset tag: LAP-0042 · Reason: it is slow").matches(chat.transcript[2])
    row = (await chat.stage.store.find(Inbox))[0]
    event = load_event(row.event)
    assert isinstance(event, Said)
    assert event.values == {"asset": "LAP-0042", "reason": "  it is slow", "more": "left out"}


async def test_the_house_says_what_is_wrong_with_a_form_before_it_is_sent(stage: Open) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    engine, prompt = chat.stage.engine, chat.state.awaiting
    assert prompt is not None
    wrong = await engine.check_form(chat.id, prompt.id, {"asset": "x"})
    assert wrong == {
        "asset": "`x` does not have the right form.",
        "reason": "It must not be empty.",
    }
    assert await engine.check_form(chat.id, prompt.id, {"asset": "LAP-0001", "reason": "r"}) == NONE
    assert await engine.check_form(chat.id, "laptop.9", {"asset": "x"}) == NONE


async def test_the_open_question_is_the_line_with_the_form(stage: Open) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    await chat.say("LAP-0042")
    asked = await chat.stage.engine.question(chat.id)
    assert asked is not None
    assert (asked.seq, load(asked.form)) == (1, FORM)


async def test_files_without_a_word_read_as_their_names_and_are_kept(stage: Open) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    files = (File(name="one.png", link="https://x/1", type="image/png"), File(name="two.log"))
    await send(chat, "f", Said(text="", files=files))
    assert user("one.png, two.log").matches(chat.transcript[-3])
    await chat.say("LAP-0042")
    await chat.say("broken")
    assert chat.value("laptop.files.0.link") is None  # a new question has none
    assert chat.transcript[-3].text == "LAP-0042, one.png"


@pytest.mark.parametrize(("given", "kept"), [(20, 20), (21, 20)])
async def test_a_message_brings_twenty_files_and_not_one_more(stage: Open, given: int, kept: int) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    names = ["n" * 255, "n" * 256, *("x" for _ in range(given - 2))]
    links = ["l" * 2000, "l" * 2001, *("" for _ in range(given - 2))]
    files = tuple(File(name=name, link=link, type="t\0") for name, link in zip(names, links, strict=True))
    await send(chat, "f", Said(text="x", files=files))
    stored = chat.value("laptop.files")
    assert len(stored) == kept
    assert [(len(file["name"]), len(file["link"])) for file in stored[:2]] == [(255, 2000), (255, 0)]
    event = load_event((await chat.stage.store.find(Inbox))[0].event)
    assert isinstance(event, Said)
    assert len(event.files) == kept
    assert event.files[0].type == "t"


async def test_opening_words_stand_in_the_transcript_and_nothing_more_is_said(stage: Open) -> None:
    chat = await Chat.on(await stage(LAPTOP), "desk")
    chat.skip()
    before = chat.row.version
    await send(chat, "o", Said(text="Hello there", opening=True))
    chat.hears()
    assert user("Hello there").matches(chat.transcript[-1])
    assert (chat.row.version, chat.state.filled) == (before, {})
