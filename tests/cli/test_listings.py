"""`cuebook runs` and `cuebook chats`: the past, read only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.cli.records import table
from bot.ports import Append, Insert
from bot.rows import Chat, Message
from bot.runtime.wire import dump
from bot.storage.open import open_store
from bot.testing.chat import STRANGER
from flows.effects import Choice
from tests.cli.conftest import Call


@pytest.fixture
def past(call: Call, project: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two runs in the project's database; the id of the second."""
    url = f"sqlite://{project}/.cuebook/cuebook.db"
    call("run", "greet", "-i", "name=Nobody", "--database", url)
    record: dict[str, str] = call("run", "greet", "-i", "name=Ada", "--json", "--database", url).json
    return record["id"]


def test_runs_are_listed_the_newest_first(call: Call, past: str) -> None:
    rows = [line.split("\t") for line in call("runs").out.splitlines()]
    assert rows[0][0] == past
    assert [(row[1], row[2], row[3], row[6]) for row in rows] == [
        ("greet", "succeeded", "somebody", "Hello Ada, no tags"),
        ("greet", "failed", "nobody", "There is nobody to greet"),
    ]


@pytest.mark.usefixtures("past")
def test_a_listing_can_be_narrowed(call: Call) -> None:
    assert [run["message"] for run in call("runs", "--json", "--state", "failed").json] == [
        "There is nobody to greet"
    ]
    assert call("runs", "--json", "--runbook", "order").json == []
    assert len(call("runs", "--json", "--limit", "1").json) == 1
    said = call("runs", "--runbook", "order")
    assert (said.code, said.out, said.err) == (0, "", "There are no such runs.\n")


def test_a_state_that_is_none_is_a_mistake_in_its_use(call: Call, past: str) -> None:
    assert call("runs", "--state", "suceeded").code == 2


def test_one_run_is_shown_with_the_reason_for_every_branch(call: Call, past: str) -> None:
    said = call("runs", "show", past[-6:])
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == f"greet  {past}"
    assert [line.split()[0] for line in lines[1:-2]] == [
        "state", "result", "inputs", "for", "asked", "accepted", "started", "ended"
    ]  # fmt: skip
    assert lines[-2:] == [
        '  ✓ if-1               name "Ada" is "Nobody" → no',
        "  ■ somebody           success: Hello $name, ${tags:-no tags}",
    ]
    assert call("runs", "show", past, "--json").json["trace"][0]["because"] == 'name "Ada" is "Nobody" → no'


def test_an_id_that_is_none_is_said(call: Call, past: str) -> None:
    assert call("runs", "show", "nothing") == (1, "", "error: there is no run with the id nothing\n")
    assert call("chats", "show", "\x1b[2J") == (1, "", "error: there is no chat with the id ·[2J\n")


def test_without_a_database_it_says_so(call: Call, project: Path) -> None:
    said = call("runs")
    assert said.code == 4
    assert (
        said.err
        == f"error: there is no database yet at {project}/.cuebook/cuebook.db: nothing was served from here\n"
    )


async def _talk(url: str) -> None:
    store = await open_store(url)
    line = Message(
        chat="chat-4711", seq=0, id="m", sender="user", kind="message", text="", prompt="", choices="[]", run="",
        created_at=0,
    )  # fmt: skip
    said = [
        replace(
            line,
            id="m1",
            sender="bot",
            text="Who are you?",
            choices=dump([Choice(label="Me\x1b", value="me")]),
        ),
        replace(line, id="m2", text="Ada\x1b]0;owned\x07\nof two\u202elines"),
        replace(line, id="m3", sender="bot", kind="note", text="Looking …", run="run-12345678"),
    ]
    chat = Chat(
        id="chat-4711", profile="hall", definition="h", platform="web", address="chat-4711",
        person=dump(STRANGER), state="{}", status="open", version=0, seq=0,
        created_at=0, updated_at=0, heard_at=0,
    )  # fmt: skip
    await store.commit([Insert(chat), Append(chat.id, said)])
    await store.close()


def test_a_chat_is_shown_word_for_word_and_harmless(call: Call, project: Path) -> None:
    asyncio.run(_talk(f"sqlite://{project}/.cuebook/cuebook.db"))
    said = call("chats", "show", "4711")
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines == [
        "hall  chat-4711",
        "open, anonymous, web",
        "         bot   Who are you?",
        "               [Me·]",
        "         user  Ada·]0;owned·",
        "               of two·lines",
        "         bot   (run 12345678) Looking …",
    ]
    (listed,) = call("chats", "--json").json
    assert (listed["id"], listed["messages"], listed["status"]) == ("chat-4711", 3, "open")
    assert call("chats").out.split("\t")[:5] == ["chat-4711", "hall", "web", "open", "3"]
    record = call("chats", "show", "chat-4711", "--json").json
    assert [line["text"] for line in record["messages"]][1] == "Ada\x1b]0;owned\x07\nof two\u202elines"


def test_no_cell_of_a_table_moves_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    table(["run", "message"], [["1", "a\x1b[2J\tb\nc"]])
    assert capsys.readouterr().out == "1\ta·[2J b·c\n"
