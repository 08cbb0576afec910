"""What people say reaches the app as Slack tells it: signed, in its envelope, again if need be."""

from __future__ import annotations

import random

import pytest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.clock import FakeClock
from bot.testing.slack import Channel, Events, FakeSlack, Impossible, Person, signed
from tests.testing.slack.app import App


async def test_words_in_a_direct_conversation_are_one_event(
    slack: FakeSlack, app: App, events: Events, ann: Person
) -> None:
    said = await events.says(ann, slack.direct(ann), "unlock <me> & ann@desk.example")
    (told,) = app.heard
    assert told["type"] == "event_callback"
    assert told["team_id"] == told["authorizations"][0]["team_id"] == slack.workspace.id
    assert told["authorizations"][0]["user_id"] == slack.workspace.bot
    event = told["event"]
    assert (event["type"], event["channel_type"], event["user"]) == ("message", "im", ann.id)
    assert event["text"] == "unlock &lt;me&gt; &amp; <mailto:ann@desk.example|ann@desk.example>"
    assert event["ts"] == said.ts
    assert [str(one) for one in slack.transcript(slack.direct(ann))] == [
        "Ann: unlock <me> & ann@desk.example"
    ]


async def test_a_mention_in_a_channel_is_two_events_about_one_message(
    slack: FakeSlack, app: App, events: Events, ann: Person, desk: Channel
) -> None:
    await events.says(ann, desk, f"<@{slack.workspace.bot}> help")
    first, second = app.heard
    assert (first["event"]["type"], second["event"]["type"]) == ("message", "app_mention")
    assert first["event_id"] != second["event_id"]
    assert first["event"]["ts"] == second["event"]["ts"]
    assert first["event"]["client_msg_id"] == second["event"]["client_msg_id"]
    events.mention_first = True
    await events.says(ann, desk, f"<@{slack.workspace.bot}> again")
    assert [one["type"] for one in app.events()][2:] == ["app_mention", "message"]
    assert str(slack.transcript(desk)[0]) == "Ann: @Cuebook help"


async def test_a_channel_without_the_bot_tells_nothing(
    slack: FakeSlack, app: App, events: Events, ann: Person
) -> None:
    closed = slack.add_channel("closed", [ann], bot=False)
    await events.says(ann, closed, f"<@{slack.workspace.bot}> help")
    assert app.heard == []
    with pytest.raises(Impossible):
        await events.says(slack.add_person("Eve"), closed, "let me in")


async def test_a_reply_names_its_thread(
    app: App, events: Events, client: AsyncWebClient, ann: Person, bob: Person, desk: Channel
) -> None:
    parent = await events.says(ann, desk, "Printer!")
    await events.says(bob, desk, "Which?", thread=parent)
    event = app.events()[-1]
    assert (event["thread_ts"], event["parent_user_id"]) == (parent.ts, ann.id)
    found = await client.conversations_replies(channel=desk.id, ts=parent.ts)
    assert [one["text"] for one in found["messages"]] == ["Printer!", "Which?"]
    assert found["messages"][0]["reply_count"] == 1


async def test_files_come_with_the_message(slack: FakeSlack, app: App, events: Events, ann: Person) -> None:
    await events.says(ann, slack.direct(ann), "see", files={"log.txt": b"line"})
    event = app.events()[0]
    assert event["subtype"] == "file_share"
    assert (event["files"][0]["name"], event["files"][0]["size"]) == ("log.txt", 4)
    assert str(slack.transcript(slack.direct(ann))[0]) == "Ann: see (log.txt)"


async def test_edits_and_deletions_are_hidden_events(
    slack: FakeSlack, app: App, events: Events, ann: Person, bob: Person, desk: Channel
) -> None:
    said = await events.says(ann, desk, "Pritner")
    await events.edits_own(ann, said, "Printer")
    await events.deletes(ann, said)
    _, changed, deleted = app.events()
    assert (changed["subtype"], changed["message"]["text"]) == ("message_changed", "Printer")
    assert changed["previous_message"]["text"] == "Pritner"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", said.ts)
    assert slack.transcript(desk) == []
    with pytest.raises(Impossible):
        await events.edits_own(bob, said, "mine now")


async def test_an_external_person_is_told_to_be_one(slack: FakeSlack, app: App, events: Events) -> None:
    eve = slack.add_person("Eve", email="eve@other.example", external=True)
    shared = slack.add_channel("shared", [eve])
    await events.says(eve, shared, "hello")
    (told,) = app.heard
    assert told["is_ext_shared_channel"] is True
    assert told["event"]["user_team"] == eve.team != slack.workspace.id


async def test_an_app_of_the_whole_enterprise_is_told_of_no_team(
    slack: FakeSlack, app: App, events: Events
) -> None:
    grid = slack.add_workspace("Grid", enterprise="E0GRID", org_wide=True)
    eve = slack.add_person("Eve", workspace=grid)
    await events.says(eve, slack.direct(eve), "hello")
    await events.shortcut(eve, "runbook_start")
    event, shortcut = app.heard
    assert event["authorizations"][0]["is_enterprise_install"] is True
    assert (shortcut["team"], shortcut["enterprise"]["id"]) == (None, "E0GRID")
    assert shortcut["user"]["team_id"] == event["team_id"] == grid.id


async def test_another_bot_is_told_to_be_one(slack: FakeSlack, app: App, events: Events) -> None:
    other = slack.add_person("Other", bot=True)
    await events.says(other, slack.add_channel("bots", [other]), "beep")
    assert app.events()[0]["bot_id"] == other.bot_id


async def test_the_app_hears_of_itself_when_asked_to(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, desk: Channel
) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="One")
    await client.chat_update(channel=desk.id, ts=said["ts"], text="Two")
    assert app.heard == []
    assert await events.echoes() == 2
    posted, changed = app.events()
    assert posted["bot_id"] == slack.workspace.bot_id
    assert (changed["subtype"], changed["message"]["bot_id"]) == ("message_changed", slack.workspace.bot_id)
    assert await events.echoes() == 0


async def test_home_reactions_and_the_end(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="Agreed?")
    await events.opens_home(ann, "messages")
    await events.reacts(ann, slack.transcript(desk)[0], "+1")
    await events.uninstalls()
    home, reaction, revoked, gone = app.events()
    assert (home["type"], home["tab"]) == ("app_home_opened", "messages")
    assert (reaction["type"], reaction["item"]["ts"]) == ("reaction_added", said["ts"])
    assert (revoked["type"], gone["type"]) == ("tokens_revoked", "app_uninstalled")
    await events.says(ann, desk, "anybody?")
    assert len(app.heard) == 4


async def test_the_stop_button_is_there_while_the_session_is_processing(
    app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    said = await events.says(ann, desk, "go")
    with pytest.raises(Impossible):
        await events.stops(ann, desk, said)
    session = {"channel_id": desk.id, "thread_ts": said.ts, "status": "processing"}
    await client.api_call("agents.sessions.setStatus", json=session)
    await events.stops(ann, desk, said)
    event = app.events()[-1]
    assert (event["type"], event["thread_ts"]) == ("agent_session_stopped", said.ts)
    assert (event["user"], event["streaming_message_ts"]) == (ann.id, [])


def test_signatures_are_slacks() -> None:
    body = b'{"text": "\xc3\xa4"}'
    headers = signed("a secret", body, 1_767_225_600)
    verifier = SignatureVerifier("a secret")
    assert headers["X-Slack-Signature"] == verifier.generate_signature(timestamp="1767225600", body=body)


async def test_old_and_foreign_signatures_can_be_made(slack: FakeSlack, app: App, events: Events) -> None:
    now = slack.world.clock.now() // 1000
    payload = {"type": "url_verification", "challenge": "x"}
    assert (await events.sends(payload, at=now - 299)).status == 200
    assert (await events.sends(payload, at=now - 301)).status == 401


async def test_what_is_not_taken_comes_again(
    app: App, events: Events, clock: FakeClock, ann: Person, desk: Channel
) -> None:
    app.answers = [500, 500, 500, 500]
    await events.says(ann, desk, "hello")
    assert await events.retries() == 1
    assert await events.retries() == 0
    await clock.advance(60)
    assert await events.retries() == 1
    await clock.advance(300)
    assert await events.retries() == 1
    assert await events.retries(wait=False) == 0
    assert len({one["event_id"] for one in app.heard}) == 1
    numbers = [one.get("X-Slack-Retry-Num") for one in app.headers]
    assert numbers == [None, "1", "2", "3"]
    assert app.headers[1]["X-Slack-Retry-Reason"] == "http_error"
    assert len(events.lost) == 1


async def test_an_app_that_is_not_there_is_tried_again(
    events: Events, app: App, ann: Person, desk: Channel
) -> None:
    async def refused(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        raise ConnectionRefusedError

    way = events.way
    way.deliver, deliver = refused, way.deliver  # type: ignore[attr-defined]
    await events.says(ann, desk, "hello")
    way.deliver = deliver  # type: ignore[attr-defined]
    await events.retries()
    assert app.headers[0]["X-Slack-Retry-Reason"] == "connection_failed"


async def test_everything_can_come_again_in_another_order(
    app: App, events: Events, ann: Person, desk: Channel
) -> None:
    for number in range(6):
        await events.says(ann, desk, str(number))
    first = [one["event_id"] for one in app.heard]
    answers = await events.redeliver(shuffled=random.Random(1))
    again = [one["event_id"] for one in app.heard[6:]]
    assert len(answers) == 6
    assert sorted(again) == sorted(first) != again
    await events.redeliver(first[2])
    assert app.heard[-1] == app.heard[2]
    assert app.headers[-1]["X-Slack-Retry-Num"] == "1"
