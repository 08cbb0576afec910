"""Posting, changing, deleting, through Slack's own client; and what is seen of it."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    HeaderBlock,
    PlanBlock,
    RichTextBlock,
    RichTextSectionElement,
    SectionBlock,
    TaskCardBlock,
)
from slack_sdk.models.blocks.block_elements import RichTextElementParts
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.slack import Channel, FakeSlack, Person


async def refusal(waiting: Any) -> str:
    """The code of the error that a call ends in."""
    with pytest.raises(SlackApiError) as raised:
        await waiting
    return str(raised.value.response["error"])


def seen(slack: FakeSlack, channel: Channel, thread: str | None = None, **more: Any) -> list[str]:
    return [str(one) for one in slack.transcript(channel, thread, **more)]


async def test_a_post_is_seen_and_answered_in_slacks_shape(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="Hello *world* &amp; all")
    assert said["channel"] == desk.id
    assert said["message"]["bot_id"] == slack.workspace.bot_id
    assert said["message"]["ts"] == said["ts"]
    assert seen(slack, desk) == ["Cuebook: Hello world & all"]


async def test_time_stamps_only_grow(client: AsyncWebClient, desk: Channel) -> None:
    stamps = [(await client.chat_postMessage(channel=desk.id, text="x"))["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps), key=float)


async def test_a_reply_stands_in_its_thread_only(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    parent = await client.chat_postMessage(channel=desk.id, text="Parent")
    await client.chat_postMessage(channel=desk.id, text="Reply", thread_ts=parent["ts"])
    await client.chat_postMessage(channel=desk.id, text="Loud", thread_ts=parent["ts"], reply_broadcast=True)
    assert seen(slack, desk) == ["Cuebook: Parent", "Cuebook: Loud"]
    assert seen(slack, desk, parent["ts"]) == ["Cuebook: Parent", "Cuebook: Reply", "Cuebook: Loud"]


async def test_an_edit_changes_what_is_seen_and_keeps_what_was(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="Working")
    answer = await client.chat_update(channel=desk.id, ts=said["ts"], text="Done")
    assert answer["text"] == "Done"
    (shown,) = slack.transcript(desk)
    assert (str(shown), shown.edited) == ("Cuebook: Done", True)
    assert [edit.text for edit in shown.message.history] == ["Working"]
    assert len(slack.edits) == 1


async def test_a_deleted_message_is_gone(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="Oops")
    await client.chat_delete(channel=desk.id, ts=said["ts"])
    assert seen(slack, desk) == []
    assert await refusal(client.chat_update(channel=desk.id, ts=said["ts"], text="x")) == "message_not_found"


async def test_what_is_for_one_person_is_seen_by_that_person(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel, ann: Person, bob: Person
) -> None:
    await client.chat_postEphemeral(channel=desk.id, user=ann.id, text="Psst")
    assert seen(slack, desk, viewer=ann) == ["Cuebook: Psst"]
    assert seen(slack, desk, viewer=bob) == seen(slack, desk) == []


async def test_blocks_are_seen_as_lines_and_buttons(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel, ann: Person
) -> None:
    await client.chat_postMessage(
        channel=desk.id,
        text="fallback",
        blocks=[
            HeaderBlock(text="Menu"),
            SectionBlock(text=f"What can I do, <@{ann.id}>? See <https://x.example|the page>, `a_b_c`"),
            ActionsBlock(
                elements=[
                    ButtonElement(text="Unlock", action_id="unlock", value="1"),
                    ButtonElement(text="Goodbye", action_id="bye", value="2"),
                ]
            ),
        ],
    )
    (shown,) = slack.transcript(desk)
    assert shown.text == "Menu\nWhat can I do, @Ann? See the page, a_b_c"
    assert shown.buttons == ("Unlock", "Goodbye")


async def test_a_plan_is_seen_with_its_tasks(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    details = RichTextBlock(
        elements=[RichTextSectionElement(elements=[RichTextElementParts.Text(text="two found")])]
    )
    plan = PlanBlock(
        title="Unlock an account",
        tasks=[
            TaskCardBlock(task_id="a", title="Look up", status="complete", details=details),
            TaskCardBlock(task_id="b", title="Unlock", status="in_progress"),
        ],
    )
    await client.chat_postMessage(channel=desk.id, text="Unlock an account", blocks=[plan])
    assert slack.transcript(desk)[0].text == "Unlock an account\n✓ Look up\n  two found\n… Unlock"


async def test_metadata_comes_back_where_it_is_asked_for(client: AsyncWebClient, desk: Channel) -> None:
    metadata = {"event_type": "outbox", "event_payload": {"id": "7"}}
    said = await client.chat_postMessage(channel=desk.id, text="Hello", metadata=metadata)
    answer = await client.conversations_replies(channel=desk.id, ts=said["ts"], include_all_metadata=True)
    assert answer["messages"][0]["metadata"] == metadata
    answer = await client.conversations_replies(channel=desk.id, ts=said["ts"])
    assert "metadata" not in answer["messages"][0]


def button(**parts: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "x"}, **parts}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def choice(text: str = "x", value: str = "1") -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": text}, "value": value}


def select(*choices: Any) -> dict[str, Any]:
    return {"type": "static_select", "action_id": "s", "options": [*choices]}


def grouped(*choices: Any) -> dict[str, Any]:
    group = {"label": {"type": "plain_text", "text": "x"}, "options": [*choices]}
    return {"type": "static_select", "action_id": "s", "option_groups": [group]}


def confirm(**texts: str) -> dict[str, Any]:
    known = {"title": "x", "text": "x", "confirm": "x", "deny": "x"} | texts
    return {name: {"type": "plain_text", "text": text} for name, text in known.items()}


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [*elements]}


def task(**parts: Any) -> dict[str, Any]:
    return {"type": "task_card", "task_id": "t", "title": "x", "status": "complete", **parts}


GOOD = {
    "section 3000": section("x" * 3000),
    "header 150": {"type": "header", "text": {"type": "plain_text", "text": "x" * 150}},
    "button text 75": actions(button(text={"type": "plain_text", "text": "x" * 75})),
    "value 2000": actions(button(value="x" * 2000)),
    "action_id 255": actions(button(action_id="x" * 255)),
    "block_id 255": {"type": "divider", "block_id": "x" * 255},
    "25 buttons": actions(*(button(action_id=str(no)) for no in range(25))),
    "100 options": actions(select(*(choice(value=str(no)) for no in range(100)))),
    "option 75 and 150": actions(select(choice("x" * 75, "v" * 150))),
    "task": task(),
    "groups": actions(grouped(choice())),
    "confirm": actions(button(confirm=confirm())),
    "image": {"type": "image", "image_url": "https://x.example", "alt_text": "x"},
    "markdown 12000": {"type": "markdown", "text": "x" * 12_000},
    "plan": {"type": "plan", "title": "x", "tasks": [task()]},
}
BAD = {
    "section 3001": section("x" * 3001),
    "section empty": {"type": "section"},
    "header 151": {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
    "header mrkdwn": {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
    "button text 76": actions(button(text={"type": "plain_text", "text": "x" * 76})),
    "button text as a string": actions(button(text="x")),
    "value 2001": actions(button(value="x" * 2001)),
    "action_id 256": actions(button(action_id="x" * 256)),
    "action_id twice": actions(button(action_id="a"), button(action_id="a")),
    "block_id 256": {"type": "divider", "block_id": "x" * 256},
    "style": actions(button(style="secondary")),
    "no actions": actions(),
    "26 buttons": actions(*(button(action_id=str(no)) for no in range(26))),
    "no options": actions(select()),
    "101 options": actions(select(*(choice(value=str(no)) for no in range(101)))),
    "option 76": actions(select(choice("x" * 76))),
    "option value 151": actions(select(choice("x", "v" * 151))),
    "option value twice": actions(select(choice(), choice())),
    "status of a task": task(status="completed"),
    "details as a string": task(details="done"),
    "unknown kind": {"type": "button"},
    "unknown element": actions({"type": "lever"}),
    "no element": {"type": "input", "label": {"type": "plain_text", "text": "x"}},
    "unknown part of a button": actions(button(colour="red")),
    "unknown part of a text": section("x") | {"text": {"type": "mrkdwn", "text": "x", "size": 3}},
    "text without text": {"type": "section", "text": {"type": "mrkdwn"}},
    "text that is empty": section(""),
    "fields of eleven": {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11},
    "field 2001": {"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]},
    "accessory": section("x") | {"accessory": button(style="red")},
    "link 3001": actions(button(url="https://x.example/" + "x" * 3000)),
    "confirm title 101": actions(button(confirm=confirm(title="x" * 101))),
    "confirm text 301": actions(button(confirm=confirm(text="x" * 301))),
    "confirm button 31": actions(button(confirm=confirm(confirm="x" * 31))),
    "confirm as a string": actions(button(confirm="sure?")),
    "image without words": {"type": "image", "image_url": "https://x.example"},
    "image without address": {"type": "context", "elements": [{"type": "image", "alt_text": "x"}]},
    "list without options": actions({"type": "static_select"}),
    "overflow of six": actions({**select(*(choice(value=str(no)) for no in range(6))), "type": "overflow"}),
    "eleven to tick": actions({**select(*(choice(value=str(no)) for no in range(11))), "type": "checkboxes"}),
    "option as a string": actions(select("x")),
    "description 76": actions(select({**choice(), "description": {"type": "plain_text", "text": "x" * 76}})),
    "group of 101": actions(grouped(*(choice(value=str(no)) for no in range(101)))),
    "placeholder 151": actions(
        {**select(choice()), "placeholder": {"type": "plain_text", "text": "x" * 151}}
    ),
    "markdown 12001": {"type": "markdown", "text": "x" * 12_001},
    "51 tasks": {"type": "plan", "title": "x", "tasks": [task(task_id=str(no)) for no in range(51)]},
    "task twice": {"type": "plan", "title": "x", "tasks": [task(), task()]},
    "plan without title": {"type": "plan", "tasks": []},
    "rich text without elements": {"type": "rich_text"},
    "context of eleven": {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11},
}


@pytest.mark.parametrize("name", GOOD)
async def test_blocks_at_their_limits_are_taken(client: AsyncWebClient, desk: Channel, name: str) -> None:
    await client.chat_postMessage(channel=desk.id, text="x", blocks=[GOOD[name]])


@pytest.mark.parametrize("name", BAD)
async def test_blocks_beyond_their_limits_are_refused(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel, name: str
) -> None:
    with pytest.raises(SlackApiError) as raised:
        await client.chat_postMessage(channel=desk.id, text="x", blocks=[BAD[name]])
    assert raised.value.response["error"] == "invalid_blocks"
    assert "[json-pointer:/blocks/0" in raised.value.response["response_metadata"]["messages"][0]
    assert slack.transcript(desk) == []


async def test_a_message_has_its_limits(client: AsyncWebClient, desk: Channel) -> None:
    post = client.chat_postMessage
    much = [section("x" * 2600) for _ in range(5)]
    await post(channel=desk.id, text="x", blocks=much)
    assert (
        await refusal(post(channel=desk.id, text="x", blocks=[*much, section("x")])) == "msg_blocks_too_long"
    )
    assert (
        await refusal(post(channel=desk.id, text="x", blocks=[{"type": "divider"}] * 51)) == "invalid_blocks"
    )
    assert await refusal(post(channel=desk.id, text="x" * 40_001)) == "msg_too_long"
    empty = client.api_call("chat.postMessage", json={"channel": desk.id, "text": "  "})
    assert await refusal(empty) == "no_text"
    assert await refusal(
        post(channel=desk.id, text="x", blocks=[{"type": "divider", "block_id": "a"}] * 2)
    ) == ("invalid_blocks")


async def test_a_post_needs_a_place(slack: FakeSlack, client: AsyncWebClient, ann: Person) -> None:
    post = client.chat_postMessage
    closed = slack.add_channel("closed", [ann], bot=False)
    secret = slack.add_channel("secret", [ann], private=True, bot=False)
    old = slack.add_channel("old", [ann])
    old.archived = True
    assert await refusal(post(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await refusal(post(channel=closed.id, text="x")) == "not_in_channel"
    assert await refusal(post(channel=secret.id, text="x")) == "channel_not_found"
    assert await refusal(post(channel=old.id, text="x")) == "is_archived"
    assert await refusal(post(channel=old.id, text="x", thread_ts="1.2")) == "is_archived"
    slack.workspace.scopes.add("chat:write.public")
    await post(channel=closed.id, text="x")


async def test_a_thread_must_exist(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    assert await refusal(client.chat_postMessage(channel=desk.id, text="x", thread_ts="1.000001")) == (
        "thread_not_found"
    )
    parent = await client.chat_postMessage(channel=desk.id, text="Parent")
    reply = await client.chat_postMessage(channel=desk.id, text="Reply", thread_ts=parent["ts"])
    wrong = client.chat_postMessage(channel=desk.id, text="x", thread_ts=reply["ts"])
    assert await refusal(wrong) == "thread_not_found"
    await client.chat_delete(channel=desk.id, ts=parent["ts"])
    await client.chat_postMessage(channel=desk.id, text="Still here", thread_ts=parent["ts"])
    assert seen(slack, desk, parent["ts"]) == ["Cuebook: Reply", "Cuebook: Still here"]


async def test_the_text_of_an_edit_is_short_in_bytes(client: AsyncWebClient, desk: Channel) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="x" * 40_000)
    place: dict[str, Any] = {"channel": desk.id, "ts": said["ts"]}
    await client.chat_update(**place, text="ä" * 2000)
    long = client.chat_update(**place, text="ä" * 2000 + "x", blocks=[SectionBlock(text="x")])
    assert await refusal(long) == "msg_too_long"


async def test_an_edit_of_blocks_is_not_marked_and_of_text_takes_them_away(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel
) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="One", blocks=[SectionBlock(text="One")])
    await client.chat_update(channel=desk.id, ts=said["ts"], text="Two", blocks=[SectionBlock(text="Two")])
    assert (slack.transcript(desk)[0].text, slack.transcript(desk)[0].edited) == ("Two", False)
    await client.chat_update(channel=desk.id, ts=said["ts"], text="Three")
    (shown,) = slack.transcript(desk)
    assert (shown.text, shown.edited, shown.message.blocks) == ("Three", True, [])


async def test_a_person_can_be_written_to_by_id(
    slack: FakeSlack, client: AsyncWebClient, ann: Person
) -> None:
    said = await client.chat_postMessage(channel=ann.id, text="Hello")
    assert said["channel"] == slack.direct(ann).id
    opened = await client.conversations_open(users=ann.id)
    assert opened["channel"]["id"] == slack.direct(ann).id
