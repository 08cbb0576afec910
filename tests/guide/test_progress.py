"""The guide's chapters on chat data and on progress: a run speaks while it works."""

from __future__ import annotations

import asyncio
import re

from hypothesis import given
from hypothesis import strategies as st

from flows.schema import schemas
from flows.template import Tree
from flows.variables import Scope
from tests.guide.house import House, Outside
from tests.guide.test_trigger import refusal

WAITING = """\
variables: {word: {type: text}}
flow:
  - id: ask
    ask: Word?
    save: word
  - id: go
    runbook: work
    with: {word: $word}
    outcomes: {success: show, failure: show}
  - id: show
    say: $RUNBOOKRESULT
    next: ask
"""
HEAD = "inputs: {word: {required: true}}\nsteps:\n"


async def test_s16_chat_properties_are_variables_everywhere(house: House, outside: Outside) -> None:
    house.profile(WAITING)
    house.connector(
        "desk",
        "kind: connector\nid: desk\nbase_url: ${env.DESK_URL}\nmethods:\n"
        '  get: {get: "/things/{name}", query: {chat: $chat}, headers: {X-Chat: $chat}}\n',
    )
    house.runbook(
        "work",
        HEAD + "  - call: desk.get\n    with: {name: $CHAT_ID, chat: $CHAT_ID}\n"
        "  - if: {chat.id: {is: $CHAT_ID}}\n    else: odd\n"
        "  - chat_message: In ${chat.id} of $CHAT_PROFILE on $CHAT_PLATFORM.\n"
        "  - {end: success, result: $word}\n"
        "  - {id: odd, end: failure, result: odd}\n",
    )
    await house.serve()
    one, two = await house.open(), await house.open()
    await asyncio.gather(one.hears("Word?"), two.hears("Word?"))

    await asyncio.gather(one.say("first"), two.say("second"))

    await one.hears(f"In {one.chat} of desk on {one.platform}.", "first", "Word?")
    await two.hears(f"In {two.chat} of desk on {two.platform}.", "second", "Word?")
    assert sorted(path for _, path, _ in outside.asked) == sorted(f"/things/{g.chat}" for g in (one, two))


async def test_s21_a_message_arrives_before_the_run_ends(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/slow")
    house.profile(WAITING)
    house.runbook(
        "work",
        HEAD + "  - chat_message: Looking up $word …\n"
        "  - call: desk.get\n    with: {name: slow}\n"
        "  - {end: success, result: Done.}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("it")

    await guest.hears("Looking up it …")
    await outside.was_asked("/things/slow")
    assert [run["state"] for run in await house.runs()] == ["running"]

    gate.set()
    await guest.hears("Done.", "Word?")


LOOP = (
    HEAD + "  - set: {items: [{list}]}\n"
    "  - for_each: $items\n    as: item\n    steps:\n"
    "      - chat_message: Step $item\n"
    "  - {end: success, result: Done.}\n"
)


async def test_s22_fifty_messages_arrive_in_order_each_once_from_the_bot(house: House) -> None:
    numbers = [str(number) for number in range(50)]
    house.profile(WAITING)
    house.runbook("work", LOOP.replace("{list}", ", ".join(f'"{number}"' for number in numbers)))
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("go")

    await guest.hears(*(f"Step {number}" for number in numbers), "Done.", "Word?")
    stored = await house.words(guest)
    seqs = [line["seq"] for line in stored if line["type"] == "note"]
    assert len(seqs) == 50
    assert seqs == sorted(set(seqs))
    assert [line["text"] for line in stored if line.get("from") == "user"] == ["go"]  # the rest is the bot's


async def test_s23_a_message_step_stands_anywhere_also_in_a_loop(house: House) -> None:
    house.profile(WAITING)
    house.runbook("work", LOOP.replace("{list}", "a, b"))
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("go")
    await guest.hears("Step a", "Step b", "Done.", "Word?")


LONG_FORM = (
    HEAD + "  - call: chat.add_message\n    with: {with}\n    outcomes: {failure: bad}\n"
    "  - {end: success, result: Posted.}\n"
    "  - {id: bad, end: failure, result: 'Not posted: $ERROR'}\n"
)


async def test_s24_add_live_chat_message_is_a_named_operation(house: House) -> None:
    house.profile(WAITING)
    house.runbook("work", LONG_FORM.replace("{with}", "{chat_id: $CHAT_ID, text: Hello $word}"))
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("you")
    await guest.hears("Hello you", "Posted.", "Word?")


async def test_s24_an_unknown_operation_is_refused(house: House) -> None:
    house.profile(WAITING)
    house.runbook(
        "work", LONG_FORM.replace("chat.add_message", "chat.add_mesage").replace("{with}", "{text: x}")
    )
    told = await refusal(house)
    assert "runbooks/work.yaml:6:" in told
    assert "chat.add_message" in told


async def test_s25_a_body_that_is_not_whole_takes_the_failure_exit(house: House) -> None:
    house.profile(WAITING)
    house.connector(
        "desk", "kind: connector\nid: desk\nbase_url: ${env.DESK_URL}\nmethods: {get: {get: /a}}\n"
    )
    house.runbook(
        "work",
        HEAD
        + "  - call: desk.get\n    save: {thing: body}\n"
        + LONG_FORM.removeprefix(HEAD).replace("{with}", "{chat_id: $CHAT_ID, text: '${thing.absent}'}"),
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("x")
    await guest.hears("Not posted: no value for ${thing.absent}", "Word?")


@given(st.text())
def test_s25_a_value_can_never_break_the_json(value: str) -> None:
    body = Tree({"chat_id": "$id", "text": "He said “$word”", "more": ["$word", {"deep": "$word"}]})
    filled = body.fill(Scope({"id": "7", "word": value}, {}, {}), [])
    assert filled == {"chat_id": "7", "text": f"He said “{value}”", "more": [value, {"deep": value}]}


async def test_s25_quotes_and_line_breaks_arrive_as_typed(house: House, outside: Outside) -> None:
    nasty = 'a "quoted" \\ {"x": 1} $HOME ${chat.id} {{7*7}}'
    house.profile(WAITING)
    house.runbook(
        "work",
        HEAD + "  - call: desk.post\n    with: {name: $word}\n"
        "  - chat_message: You said $word\n"
        "  - {end: success, result: Done.}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say(nasty)
    await guest.hears(f"You said {nasty}", "Done.", "Word?")
    assert outside.asked == [("POST", "/things", {"name": nasty, "more": ""})]


def test_s26_the_editor_offers_the_default_body() -> None:
    snippets = [
        snippet["body"]
        for definition in schemas()["runbook"]["$defs"].values()
        for snippet in definition.get("defaultSnippets", [])
    ]
    body = next(body for body in snippets if body.get("call") == "chat.add_message")
    assert list(body["with"]) == ["chat_id", "text"]
    assert re.search(r"\$\{chat\.id\}", str(body["with"]["chat_id"]).replace("\\", ""))


async def test_s27_the_message_goes_to_the_chat_that_started_the_run(house: House) -> None:
    house.profile(WAITING)
    house.runbook("work", LONG_FORM.replace("{with}", "{chat_id: $word, text: Hello}"))
    await house.serve()
    one, two = await house.open(), await house.open()
    await asyncio.gather(one.hears("Word?"), two.hears("Word?"))

    await one.say(two.chat)
    await one.hears("Not posted: a runbook may only write into the chat that started it", "Word?")
    await one.say(one.chat)
    await one.hears("Hello", "Posted.", "Word?")
    await two.hears()


async def test_s28_the_text_is_filled_when_the_step_runs(house: House) -> None:
    house.profile(WAITING)
    house.runbook(
        "work",
        HEAD + "  - set: {state: old}\n  - chat_message: It is $state.\n"
        "  - set: {state: new}\n  - chat_message: It is $state.\n"
        "  - {end: success, result: Done.}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("x")
    await guest.hears("It is old.", "It is new.", "Done.", "Word?")


async def test_s29_the_run_goes_on_though_nobody_listens(house: House, outside: Outside) -> None:
    gate = outside.hold("/things/slow")
    house.profile(WAITING)
    house.runbook(
        "work",
        HEAD + "  - call: desk.get\n    with: {name: slow}\n"
        "  - set: {items: [1, 2, 3]}\n"
        "  - for_each: $items\n    as: item\n    steps: [{chat_message: Message $item}]\n"
        "  - {end: success, result: Done.}\n",
    )
    await house.serve()
    guest = await house.open()
    await guest.hears("Word?")
    await guest.say("x")
    await outside.was_asked("/things/slow")
    await guest.leave()

    gate.set()
    await house.eventually(lambda: _succeeded(house))

    back = await house.reopen(guest, last_seq=2)
    await back.hears("Message 1", "Message 2", "Message 3", "Done.", "Word?")


async def _succeeded(house: House) -> bool:
    return [run["state"] for run in await house.runs()] == ["succeeded"]
