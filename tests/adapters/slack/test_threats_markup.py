"""Rows 22 to 24 of the threats: no value that reaches Slack notifies anybody or hides a link,
whichever way it comes (people, called systems, names) and wherever it is shown."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.testing.slack import Call, Channel, Message, Person, envelope
from bot.testing.slack.markup import escaped, unescaped
from flows.values import Json
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.strict import check_blocks, check_view, check_words, walk

SPOOFS = (
    "<!channel>", "<!here|x>", "<@U0CB000004>", "<@U0CB000004|root>", "<#C0CB000005>", "<!subteam^S1>",
    "<https://evil.example|https://bank.example>", "&lt;!channel&gt;", "<!date^1^{date}|x>", "@here", "@channel",
    "[https://bank.example](https://evil.example)", "*b* _i_ ~s~ `c`", "<", "&amp;", "<mailto:a@evil.example|boss>",
)  # fmt: skip
ALL = " ".join(SPOOFS)
TOKEN = re.compile(r"<[@#!]|<[a-z]+:[^>|]*\|", re.IGNORECASE)
LOUD = ("user", "usergroup", "channel", "broadcast", "team", "color")

PROJECT = """\
kind: chat-profile
id: desk
name: "Desk <!channel> <https://evil.example|https://bank.example>"
audience: anyone
flow:
  - id: word
    ask: "What? <!here>"
    save: word
  - id: said
    say: "You said $word"
  - id: choose
    ask: "$word?"
    options: {"<!channel> & <@U0CB000004>": work, "Form <!here>": form}
  - id: form
    ask: "About $word"
    fields: [asset, reason]
  - id: filled
    say: "$asset and $reason"
    next: choose
  - id: work
    runbook: work
    with: {word: $word}
    outcomes: {success: told, failure: told}
  - id: told
    say: "$RUNBOOKRESULT"
    next: choose
variables:
  word: {label: "Word <@U0CB000004>"}
  asset: {label: "Asset <!channel>", description: "<!here>", matches: '[^!]*'}
  reason: {label: Reason}
---
kind: runbook
id: work
name: "Work <!channel> <@U0CB000004>"
description: "<!here> [x](https://evil.example)"
audience: [authenticated, agents]
inputs: {word: {label: "W <!here>", required: true, matches: '[^%]*'}, message: {}}
steps:
  - chat_message: "About $word"
  - {id: ask, title: "Asking <!channel>", call: directory.ask, with: {word: $word}, save: {answer: body.text}}
  - chat_message: "It says $answer"
  - {end: success, result: "$answer and $word"}
---
kind: connector
id: directory
base_url: http://directory.example
methods: {ask: {post: /ask, json: {word: $word}, timeout: 10m}}
"""


def notified(message: Message) -> list[str]:
    """Whom Slack would notify, and what links say that they are not."""
    found = [f"{one['type']}" for one in walk(message.blocks) if one.get("type") in LOUD]
    found += [one["text"] for one in walk(message.blocks) if one.get("type") == "link" and _lies(one)]
    found += [one["text"] for one in walk(message.blocks) if one.get("type") == "mrkdwn"]
    return found + TOKEN.findall(message.text)


def _lies(link: dict[str, Any]) -> bool:
    return bool(link.get("text", link["url"]) != link["url"])


def asks_for_markup(call: Call) -> bool:
    """Whether a call asks Slack to look for names in its text."""
    looks = call.args.get("parse", "none") != "none"
    return looks or bool(call.args.get("link_names"))


def judge(there: Office) -> None:
    """Everything that Slack was ever given to show."""
    bot = there.fake.workspace.bot
    told = [one for one in there.fake.world.messages if one.user == bot]
    for message in told:
        assert notified(message) == []
        check_words(message.text)
        check_blocks(message.blocks)
        for edit in message.history:
            check_words(edit.text)
            check_blocks(edit.blocks)
    for call in there.fake.calls:
        assert not asks_for_markup(call), call
        if isinstance(view := call.args.get("view"), dict):
            check_view(view) if view["type"] == "modal" else check_blocks(view["blocks"])


@pytest.fixture(params=[ALL, "<!channel>"], ids=["all", "one"])
def value(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def there(value: str) -> AsyncIterator[Office]:
    def answer(_: object) -> Json:
        return {"body": {"text": f"R {value}"}}

    async with office(PROJECT, connectors={"directory.ask": answer}) as made:
        yield made
        judge(made)


def texts(there: Office, place: Channel | Person) -> str:
    """All words of a place as people read them."""
    return "\n".join(one.text for one in there.shown(place))


async def types(there: Office, person: Person, text: str) -> None:
    """Type every character by hand: nothing of it becomes a mention in Slack's own client."""
    direct = there.fake.direct(person)
    said = Message(there.fake.world.ts(), direct, person.id, escaped(text))
    there.fake.world.add(said)
    event = envelope.said(there.fake.world, said)
    await there.events.sends(envelope.callback(there.fake.world, person.workspace, event))
    await there.rest()


async def begun(there: Office, value: str) -> Person:
    """Somebody with a hostile name has said something hostile, and is asked about it."""
    ann = there.fake.add_person("Ann <!channel> <@U0CB000004>", email="ann@desk.example")
    await there.says(ann, "hi")
    await types(there, ann, value)
    return ann


async def test_row_22_words_and_questions_are_shown_as_they_were_typed(there: Office, value: str) -> None:
    ann = await begun(there, value)
    shown = texts(there, ann)
    assert f"You said {value}" in shown
    assert f"{value}?" in shown
    await there.presses(ann, escaped("<!channel> & <@U0CB000004>"))
    assert "✓ <!channel> & <@U0CB000004> — @Ann <!channel> <@U0CB000004>" in texts(there, ann)


async def test_row_22_and_24_notes_results_and_cards_show_what_systems_said(
    there: Office, value: str
) -> None:
    ann = await begun(there, value)
    await there.says(ann, "1")
    await there.advance(5)
    shown = texts(there, ann)
    for line in (f"About {value}", f"It says R {value}", f"R {value} and {value}"):
        assert line in shown
    card = there.card(ann)
    assert card.text.startswith("Work <!channel> <@U0CB000004> — Done\n✓ Asking <!channel>")


async def test_row_22_forms_show_what_was_typed_and_so_do_their_complaints(there: Office, value: str) -> None:
    ann = await begun(there, value)
    await there.says(ann, "2")
    await there.presses(ann, "Fill in 2 fields…")
    form = there.fake.modal(ann)
    assert form is not None
    check_view(form.body)
    assert f"About {value}" in "\n".join(there.fake.form(form))
    await there.events.submits(ann, {"asset": value, "reason": value})
    (complaint,) = form.errors.values()
    check_words(complaint)
    await there.events.submits(ann, {"asset": "LAP <@U0CB000004>", "reason": value})
    await there.rest()
    assert f"LAP <@U0CB000004> and {value}" in texts(there, ann)


async def test_row_22_the_home_tab_shows_names_and_results_as_words(there: Office, value: str) -> None:
    ann = await begun(there, value)
    await there.says(ann, "1")
    await there.advance(5)
    await there.events.opens_home(ann)
    await there.rest()
    home = there.fake.home(ann)
    assert home is not None
    lines = "\n".join(there.fake.form(home))
    assert "Work <!channel> <@U0CB000004>" in lines
    assert "Desk <!channel> <https://evil.example|https://bank.example>" in lines
    assert f"R {value} and {value}"[:400] in lines


async def test_row_22_answers_to_commands_name_nobody(there: Office, value: str) -> None:
    ann = await begun(there, value)
    await there.says(ann, "1")
    await there.advance(5)
    quoted = escaped(value.replace('"', ""))
    asked = ("help", "status", f"cancel {quoted}", f"run work {quoted}", f'run work bad="{quoted}"', quoted)
    for text in asked:
        check_words(await there.command(ann, text))
    check_words(await there.command(ann, f'run work word="%{quoted}"'))
    assert f"R {value} and {value}" in unescaped(await there.command(ann, "status"))


async def test_row_22_shortcuts_show_messages_as_words(there: Office, value: str) -> None:
    ann = await begun(there, value)
    said = there.shown(ann)[-3]
    await there.events.message_shortcut(ann, said, "cuebook_on_message")
    await there.rest()
    form = there.fake.modal(ann)
    assert form is not None
    check_view(form.body)


async def test_row_22_whispers_name_nobody(value: str) -> None:
    closed = PROJECT.replace("audience: anyone", "audience: [agents]", 1)
    async with office(closed, connectors={"directory.ask": {}}) as there:
        ann = there.person("Ann")
        await there.says(ann, "hi")
        refusal = "Desk <!channel> <https://evil.example|https://bank.example> is not open to you."
        assert [unescaped(one) for one in there.whispers(ann)] == [refusal]
        judge(there)


async def test_row_22_a_long_answer_goes_as_a_file_with_a_name_of_ours(value: str) -> None:
    long = f"{value}\n" * (20_000 // len(value))

    def answer(_: object) -> Json:
        return {"body": {"text": long}}

    async with office(PROJECT, connectors={"directory.ask": answer}) as there:
        ann = await begun(there, "x")
        await there.says(ann, "1")
        await there.advance(5)
        files = [file for file in there.fake.world.files.values() if file.complete]
        assert {file.name for file in files} == {"message.txt"}
        assert {file.title for file in files} == {"message.txt"}
        assert all(value in file.content.decode() for file in files)
        judge(there)


async def test_row_23_an_address_leads_where_it_says(there: Office, value: str) -> None:
    ann = await begun(there, f"{value} https://bank.example/a?b=1&c=<d> http://u:p@evil.example")
    links = [
        one
        for message in there.fake.world.messages
        for one in walk(message.blocks)
        if one.get("type") == "link" and message.user != ann.id
    ]
    assert {"https://bank.example/a?b=1&c=", "http://u:p@evil.example"} <= {one["url"] for one in links}
    assert all(one["text"] == one["url"] for one in links)
