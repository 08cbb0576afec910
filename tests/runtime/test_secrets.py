"""What people keep secret: searched for in every table and every line after whole chats."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.ports import Inbound, Store
from bot.rows import ROWS, Inbox, Message, Run, Trace
from bot.rows import Chat as ChatRow
from bot.runtime.secrecy import shown_inputs
from bot.runtime.wire import dump, load, load_event
from bot.testing import STRANGER, Chat, Gate, Stage, note, user
from flows.events import Said
from tests.runtime.conftest import Open
from tests.runtime.flows import DIRECTORY, profile, runbook

PIN = "4711-geheim"
SECRET = "{pin: {secret: true, label: PIN, matches: '[0-9]{4}-[a-z]+'}, asset: {label: Asset}}"
ASK = """
  - id: ask
    ask: Your PIN?
    save: pin
  - id: work
    runbook: work
    with: {code: $pin, text: "by $pin"}
    outcomes: {success: told, failure: told}
  - id: told
    say: "I took $pin. $RUNBOOKRESULT"
"""
REST = "  - id: rest\n    ask: More?\n"
STEPS = """
  - chat_message: Trying $code …
  - if: {code: {is: $text}}
    then: never
  - id: find
    call: directory.find
    with: {login: $code}
    outcomes: {success: ok, failure: bad}
  - id: ok
    end: success
    result: "It was $code, $text"
  - id: bad
    end: failure
    result: "failed: $ERROR"
  - id: never
    end: failure
"""
INPUTS = "inputs: {code: {secret: true}, text: {}}"


def project(more: str = REST, inputs: str = INPUTS) -> str:
    return "\n---\n".join([profile(ASK + more, f"variables: {SECRET}"), runbook(STEPS, inputs), DIRECTORY])


async def everything(stage: Stage) -> dict[str, str]:
    """All rows of all tables, as text."""
    return {table.TABLE: dump(await stage.store.find(table, limit=10_000)) for table in ROWS}


def holding(tables: dict[str, str], value: str = PIN) -> set[str]:
    return {name for name, rows in tables.items() if value in rows}


async def test_a_secret_is_in_no_line_no_trace_and_no_event(stage: Open, store: Store) -> None:
    gate = Gate({"body": {"echo": f"hello {PIN}"}})
    chat = await Chat.on(await stage(project(), store=store, connectors={"directory.find": gate}), "desk")
    chat.hears("Your PIN?")
    await chat.say(PIN)
    chat.hears(note("Trying ••• …"))
    assert gate.waiting == 1
    traces = {trace.step: trace for trace in await store.find(Trace)}
    assert traces["find"].request == '{"login":"•••"}'
    await gate.open()
    chat.hears("I took •••. It was •••, by •••", "More?")
    assert user("•••").matches(chat.transcript[1])
    assert chat.variables["pin"] == PIN
    traces = {trace.step: trace for trace in await store.find(Trace)}
    assert load(traces["find"].answer)["body"] == {"echo": "hello •••"}
    assert traces["chat-message-1"].note == "Trying ••• …"
    assert PIN not in traces["if-1"].note
    assert holding(await everything(chat.stage)) == {"chat"}
    run = (await store.find(Run))[0]
    assert load(run.inputs)["inputs"] == {"code": "•••", "text": "by •••"}
    assert run.message == "It was •••, by •••"


async def test_the_words_of_a_failure_are_masked(stage: Open) -> None:
    answers: dict[str, Any] = {"directory.find": {"error": f"no such login: {PIN}"}}
    chat = await Chat.on(await stage(project(), connectors=answers), "desk")
    await chat.say(PIN)
    chat.hears("Your PIN?", note("Trying ••• …"), "I took •••. failed: no such login: •••", "More?")
    assert holding(await everything(chat.stage)) == {"chat"}


async def test_what_a_chat_passes_on_stays_secret_where_the_runbook_does_not_say_so(stage: Open) -> None:
    open_inputs = "inputs: {code: {}, text: {}}"
    answers: dict[str, Any] = {"directory.find": {"body": {}}}
    chat = await Chat.on(await stage(project(inputs=open_inputs), connectors=answers), "desk")
    await chat.say(PIN)
    chat.hears("Your PIN?", note("Trying ••• …"), "I took •••. It was •••, by •••", "More?")
    assert holding(await everything(chat.stage)) == {"chat"}


async def test_a_chat_that_is_over_keeps_no_secret(stage: Open) -> None:
    over = '  - id: over\n    end: "Bye $pin"\n'
    chat = await Chat.on(await stage(project(over), connectors={"directory.find": {"body": {}}}), "desk")
    await chat.say(PIN)
    assert chat.transcript[-1].text == "Bye •••"
    assert holding(await everything(chat.stage)) == set()
    assert chat.variables["pin"] == "•••"


async def test_a_run_that_is_stopped_keeps_no_secret(stage: Open) -> None:
    gate = Gate({"body": {}})
    chat = await Chat.on(await stage(project(), connectors={"directory.find": gate}), "desk")
    await chat.say(PIN)
    assert gate.waiting == 1
    assert holding(await everything(chat.stage)) == {"chat", "run"}
    await chat.stage.engine.cancel(chat.id, chat.runs[0].row.id, STRANGER)
    await chat.settle()
    assert holding(await everything(chat.stage)) == {"chat"}


FORM = profile(
    """
  - id: both
    ask: Sign, please.
    fields: [asset, pin]
  - id: seen
    say: $asset and $pin
    next: both
""",
    f"variables: {SECRET}",
)


async def test_a_secret_in_a_form_is_masked_in_its_line_and_in_its_event(stage: Open) -> None:
    chat = await Chat.on(await stage(FORM), "desk")
    await chat.fill(asset="LAP-1", pin=PIN)
    assert user("Asset: LAP-1 · PIN: •••").matches(chat.transcript[2])
    event = load_event((await chat.stage.store.find(Inbox))[0].event)
    assert event == Said(
        text="Asset: LAP-1 · PIN: •••", prompt="both.1", values={"asset": "LAP-1", "pin": "•••"}
    )
    assert holding(await everything(chat.stage)) == {"chat"}


async def test_a_form_for_a_question_that_is_no_longer_open_shows_no_secret(stage: Open) -> None:
    chat = await Chat.on(await stage(FORM), "desk")
    late = Said(text=PIN, prompt="both.0", values={"pin": PIN, "other": PIN})
    await chat.stage.engine.receive(Inbound(chat=chat.id, id="late", said=late, source="test"))
    await chat.settle()
    assert user("PIN: •••").matches(chat.transcript[2])
    assert holding(await everything(chat.stage)) == set()


async def test_words_are_masked_when_they_answer_the_secret_and_only_then(stage: Open) -> None:
    chat = await Chat.on(await stage(FORM), "desk")
    looks = [(await chat.stage.engine.look(chat.id)).secret]
    for words in ("LAP-1", "help", "no pin", PIN):
        await chat.say(words)
        looks.append((await chat.stage.engine.look(chat.id)).secret)
    own = [line.text for line in chat.transcript if line.kind == "user"]
    assert own == ["LAP-1", "help", "•••", "•••"]
    assert looks == [False, True, True, True, False]
    assert "Sorry, it does not have the right form." in [line.text for line in chat.transcript]
    tables = await everything(chat.stage)
    assert holding(tables) == {"chat"}
    assert holding(tables, "no pin") == set()


async def test_a_secret_said_again_later_is_masked_too(stage: Open) -> None:
    chat = await Chat.on(await stage(FORM), "desk")
    await chat.fill(asset="LAP-1", pin=PIN)
    await chat.say(f"my pin is {PIN}")
    assert user("my pin is •••").matches(chat.transcript[-2])
    assert holding(await everything(chat.stage)) == {"chat"}


async def test_words_that_come_while_the_chat_is_busy_are_hidden_and_still_heard(
    stage: Open, store: Store
) -> None:
    """Nobody knows yet that the second message will answer the secret."""
    chat = await Chat.on(await stage(FORM, store=store), "desk")
    engine = chat.stage.engine
    words = [
        Inbound(chat=chat.id, id=str(no), said=Said(text=word), source="test")
        for no, word in enumerate(("LAP-1", PIN))
    ]
    await asyncio.gather(*(engine.receive(one) for one in words))
    await chat.settle()
    assert "LAP-1 and •••" in [line.text for line in chat.transcript]
    tables = await everything(chat.stage)
    assert holding(tables) == {"chat"}
    own = [row.text for row in await store.find(Message, chat=chat.id, sender="user")]
    assert own == ["LAP-1", "•••"]


async def test_short_secrets_are_hidden_in_a_persons_own_line_at_least(stage: Open) -> None:
    text = profile("  - {id: ask, ask: PIN?, save: pin}\n  - {say: Thanks, next: ask}\n",
                   "variables: {pin: {secret: true}}")  # fmt: skip
    chat = await Chat.on(await stage(text), "desk")
    await chat.say("123")
    assert [line.text for line in chat.transcript if line.kind == "user"] == ["•••"]
    row = await chat.stage.store.get(ChatRow, id=chat.id)
    assert row is not None
    assert '"pin":"123"' in row.state


@pytest.mark.parametrize("value", [12345, 0.25, ["a1b2c3", {"k": "d4e5f6"}], True, None])
async def test_secrets_of_any_type_are_masked_in_a_run(stage: Open, value: Any) -> None:
    kinds = {int: "integer", float: "number", list: "list", bool: "boolean", type(None): "text"}
    steps = '  - chat_message: "$code"\n  - end: success\n    result: "$code"\n'
    inputs = f"inputs: {{code: {{secret: true, type: {kinds[type(value)]}}}}}"
    place = await stage(runbook(steps, inputs))
    row = await place.runtime.begin("work", {"code": value}, STRANGER)
    await place.settle()
    assert isinstance(row, Run)
    run = await place.store.get(Run, id=row.id)
    assert run is not None
    hidden = {12345: "•••", 0.25: "•••", True: "true", None: ""}
    assert run.message == (hidden[value] if not isinstance(value, list) else '["•••", {"k": "•••"}]')
    assert load(run.inputs)["inputs"]["code"] == ("•••" if value is not None else None)


@pytest.mark.parametrize("word", ["success", "text", "said", "variables", "step", "message", "rest"])
async def test_a_secret_that_is_a_word_of_ours_breaks_nothing(stage: Open, word: str) -> None:
    flow = ASK.replace("matches", "label") + '  - id: over\n    end: "Bye $pin"\n'
    text = "\n---\n".join(
        [profile(flow, "variables: {pin: {secret: true}}"), runbook(STEPS, INPUTS), DIRECTORY]
    )
    place = await stage(text, connectors={"directory.find": {"body": {}}})
    chat = await Chat.on(place, "desk")
    await chat.say(word)
    assert (chat.transcript[-1].text, chat.ended, chat.variables["pin"]) == ("Bye •••", True, "•••")
    await place.restart()
    assert (await place.engine.look(chat.id)).ended


async def test_a_secret_stays_one_through_nested_runs(stage: Open) -> None:
    outer = (
        "  - runbook: inner\n    with: {word: $code}\n    outcomes: {success: over, failure: over}\n"
        "  - id: over\n    end: success\n    result: $RUNBOOKRESULT\n"
    )
    inner = "  - chat_message: I have $word\n  - end: success\n    result: It was $word\n"
    text = "\n---\n".join(
        [
            profile(ASK + REST, f"variables: {SECRET}"),
            runbook(outer, INPUTS),
            runbook(inner, "inputs: {word: {}}", id="inner"),
        ]
    )
    chat = await Chat.on(await stage(text), "desk")
    await chat.say(PIN)
    chat.hears("Your PIN?", note("I have •••"), "I took •••. It was •••", "More?")
    assert holding(await everything(chat.stage)) == {"chat"}


async def test_the_inputs_of_a_run_at_work_are_shown_without_secrets(stage: Open) -> None:
    gate = Gate({"body": {}})
    place = await stage(project(), connectors={"directory.find": gate})
    row = await place.runtime.begin("work", {"code": "12", "text": "12 and more"}, STRANGER)
    await place.settle()
    assert isinstance(row, Run)
    run = await place.store.get(Run, id=row.id)
    assert run is not None
    assert load(run.inputs)["inputs"]["code"] == "12"
    assert shown_inputs(run) == {"code": "•••", "text": "12 and more"}


async def test_words_heard_by_a_copy_of_the_chat_that_was_old_are_hidden_too(
    stage: Open, store: Store
) -> None:
    """Another process has asked for the secret meanwhile."""
    chat = await Chat.on(await stage(FORM, store=store), "desk")
    other = await Stage.open(FORM, store=store)
    await other.engine.look(chat.id)  # it holds the chat as it is now
    await chat.say("LAP-1")
    said = Inbound(chat=chat.id, id="other", said=Said(text=PIN), source="other")
    await other.engine.receive(said)
    await other.settle()
    await chat.settle()
    assert [line.text for line in chat.transcript if line.kind == "user"] == ["LAP-1", "•••"]
    assert holding(await everything(chat.stage)) == {"chat"}
    other.runtime.runs.stop()
