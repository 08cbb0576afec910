"""People, pages, files, reactions, streams and agent features, by Slack's own client."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.models.messages.chunk import MarkdownTextChunk, PlanUpdateChunk, TaskUpdateChunk
from slack_sdk.web.async_client import AsyncWebClient

from bot.testing.clock import FakeClock
from bot.testing.slack import Channel, Events, FakeSlack, Person
from tests.testing.slack.test_messages import refusal, seen


async def test_who_somebody_is(slack: FakeSlack, client: AsyncWebClient, ann: Person) -> None:
    guest = slack.add_person("Guy", email="guy@desk.example", guest=True)
    eve = slack.add_person("Eve", email="eve@other.example", external=True)
    found = (await client.users_info(user=ann.id))["user"]
    assert (found["profile"]["email"], found["team_id"]) == ("ann@desk.example", slack.workspace.id)
    assert (await client.users_info(user=guest.id))["user"]["is_restricted"] is True
    stranger = (await client.users_info(user=eve.id))["user"]
    assert stranger["team_id"] != slack.workspace.id
    assert "email" not in stranger["profile"]
    assert (await client.users_lookupByEmail(email="ann@desk.example"))["user"]["id"] == ann.id
    assert await refusal(client.users_lookupByEmail(email="eve@other.example")) == "users_not_found"
    slack.take_scope("users:read.email")
    assert "email" not in (await client.users_info(user=ann.id))["user"]["profile"]
    assert await refusal(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_lists_come_by_pages(slack: FakeSlack, client: AsyncWebClient) -> None:
    for number in range(7):
        slack.add_person(f"P{number}")
    names: list[str] = []
    pages = 0
    async for page in await client.users_list(limit=3):
        pages += 1
        names += [one["real_name"] for one in page["members"]]
    assert (pages, len(names), names[-1]) == (3, 8, "Cuebook")
    assert await refusal(client.users_list(cursor="nonsense")) == "invalid_cursor"


async def test_histories_come_by_pages(client: AsyncWebClient, desk: Channel, ann: Person) -> None:
    stamps = [(await client.chat_postMessage(channel=desk.id, text=str(no)))["ts"] for no in range(5)]
    page = await client.conversations_history(channel=desk.id, limit=2)
    assert [one["text"] for one in page["messages"]] == ["4", "3"]
    assert page["has_more"] is True
    page = await client.conversations_history(
        channel=desk.id, cursor=page["response_metadata"]["next_cursor"], limit=10
    )
    assert [one["text"] for one in page["messages"]] == ["2", "1", "0"]
    page = await client.conversations_history(channel=desk.id, oldest=stamps[1], latest=stamps[3])
    assert [one["text"] for one in page["messages"]] == ["2"]
    page = await client.conversations_history(
        channel=desk.id, oldest=stamps[1], latest=stamps[3], inclusive=True
    )
    assert [one["text"] for one in page["messages"]] == ["3", "2", "1"]


async def test_what_a_channel_is(
    slack: FakeSlack, client: AsyncWebClient, desk: Channel, ann: Person
) -> None:
    info = (await client.conversations_info(channel=desk.id, include_num_members=True))["channel"]
    assert (info["name"], info["is_member"], info["num_members"]) == ("desk", True, 3)
    direct = slack.direct(ann)
    assert (await client.conversations_info(channel=direct.id))["channel"]["user"] == ann.id
    assert (await client.conversations_members(channel=desk.id))["members"][0] == ann.id
    closed = slack.add_channel("closed", bot=False)
    assert (await client.conversations_join(channel=closed.id))["channel"]["is_member"] is True
    listed = (await client.conversations_list(types="public_channel,im"))["channels"]
    assert {one["id"] for one in listed} == {desk.id, direct.id, closed.id}


async def test_the_team_the_app_and_a_group(slack: FakeSlack, client: AsyncWebClient, ann: Person) -> None:
    assert (await client.team_info())["team"]["id"] == slack.workspace.id
    assert (await client.bots_info(bot=slack.workspace.bot_id))["bot"]["app_id"] == slack.workspace.app_id
    group = slack.add_group([ann])
    assert (await client.usergroups_users_list(usergroup=group))["users"] == [ann.id]
    assert await refusal(client.usergroups_users_list(usergroup="S0")) == "no_such_subteam"
    assert (await client.api_test())["ok"]
    assert await refusal(client.api_test(error="my_error")) == "my_error"


async def test_reactions(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="x")
    place = {"channel": desk.id, "timestamp": said["ts"]}
    await client.reactions_add(name="eyes", **place)
    assert seen(slack, desk) == ["Cuebook: x :eyes:"]
    assert await refusal(client.reactions_add(name="eyes", **place)) == "already_reacted"
    await client.reactions_remove(name="eyes", **place)
    assert await refusal(client.reactions_remove(name="eyes", **place)) == "no_reaction"
    assert await refusal(client.reactions_add(name="not a name", **place)) == "invalid_name"


async def test_a_file_goes_up_and_comes_down(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    parent = await client.chat_postMessage(channel=desk.id, text="Log?")
    done = await client.files_upload_v2(
        channel=desk.id,
        thread_ts=parent["ts"],
        content="first line",
        filename="run.log",
        title="The log",
        initial_comment="Here",
    )
    assert seen(slack, desk, parent["ts"]) == ["Cuebook: Log?", "Cuebook: Here (The log)"]
    async with aiohttp.ClientSession() as session:
        address = done["file"]["url_private_download"]
        headers = {"Authorization": f"Bearer {slack.workspace.token}"}
        async with session.get(address, headers=headers) as answer:
            assert await answer.text() == "first line"
        async with session.get(address) as answer:
            assert answer.content_type == "text/html"
    assert (await client.files_info(file=done["file"]["id"]))["file"]["size"] == 10


async def test_an_upload_that_is_not_whole(slack: FakeSlack, client: AsyncWebClient, desk: Channel) -> None:
    place = await client.files_getUploadURLExternal(filename="x", length=10)
    done = client.files_completeUploadExternal(
        files=[{"id": place["file_id"], "title": "x"}], channel_id=desk.id
    )
    assert await refusal(done) == "file_upload_size_mismatch"
    assert await refusal(client.files_completeUploadExternal(files=[{"id": "F0"}])) == "file_not_found"
    assert seen(slack, desk) == []


async def test_a_stream_grows_and_ends(
    slack: FakeSlack, client: AsyncWebClient, events: Events, ann: Person, desk: Channel
) -> None:
    asked = await events.says(ann, desk, "go")
    stream = await client.chat_stream(
        channel=desk.id,
        thread_ts=asked.ts,
        recipient_team_id=slack.workspace.id,
        recipient_user_id=ann.id,
        buffer_size=1,
    )
    await stream.append(chunks=[PlanUpdateChunk(title="Unlock")])

    def look_up(status: str, details: str) -> TaskUpdateChunk:
        return TaskUpdateChunk(id="a", title="Look up", status=status, details=details)

    await stream.append(chunks=[look_up("in_progress", "one ")])
    await stream.append(chunks=[look_up("complete", "two")])
    await stream.append(chunks=[MarkdownTextChunk(text="**Done** and ")])
    await stream.append(markdown_text="dusted")
    await stream.stop()
    assert slack.transcript(desk, asked)[-1].text == "Unlock\n✓ Look up\n  one two\nDone and dusted"
    assert stream.ts is not None
    over = client.chat_appendStream(channel=desk.id, ts=stream.ts, markdown_text="x")
    assert await refusal(over) == "message_not_in_streaming_state"


async def test_a_stream_has_its_rules(
    slack: FakeSlack, client: AsyncWebClient, events: Events, clock: FakeClock, ann: Person, desk: Channel
) -> None:
    asked = await events.says(ann, desk, "go")
    where: dict[str, Any] = {"channel": desk.id, "thread_ts": asked.ts}
    assert await refusal(client.chat_startStream(**where)) == "missing_recipient_user_id"
    who: dict[str, Any] = {"recipient_team_id": slack.workspace.id, "recipient_user_id": ann.id}
    chunk = [MarkdownTextChunk(text="x")]
    both = client.chat_startStream(**where, **who, markdown_text="x", chunks=chunk)
    assert await refusal(both) == "cannot_provide_both_markdown_text_and_chunks"
    ts = (await client.chat_startStream(**where, **who, markdown_text="x"))["ts"]
    assert await refusal(client.chat_appendStream(channel=desk.id, ts=ts, chunks=chunk)) == (
        "streaming_mode_mismatch"
    )
    await clock.advance(301)
    stop = client.chat_stopStream(channel=desk.id, ts=ts)
    assert await refusal(stop) == "message_not_in_streaming_state"
    await client.chat_update(channel=desk.id, ts=ts, text="mended")


async def test_agent_features_are_kept(
    slack: FakeSlack, client: AsyncWebClient, events: Events, clock: FakeClock, ann: Person
) -> None:
    direct = slack.direct(ann)
    asked = await events.says(ann, direct, "go")
    place: dict[str, Any] = {"channel_id": direct.id, "thread_ts": asked.ts}
    await client.assistant_threads_setStatus(**place, status="is working", loading_messages=["a", "b"])
    await client.assistant_threads_setTitle(**place, title="Unlock")
    prompts = [{"title": "List", "message": "list"}]
    await client.assistant_threads_setSuggestedPrompts(**place, prompts=prompts)
    assert slack.status(direct, asked) == "is working"
    await clock.advance(120)
    assert slack.status(direct, asked) == ""
    await client.assistant_threads_setStatus(**place, status="is working")
    await client.chat_postMessage(channel=direct.id, text="x", thread_ts=asked.ts)
    assert slack.status(direct, asked) == ""
    assert slack.world.titles == {(direct.id, asked.ts): "Unlock"}
    assert await refusal(client.assistant_threads_setSuggestedPrompts(**place, prompts=prompts * 5)) == (
        "invalid_arguments"
    )
    wrong = {**place, "status": "busy"}
    assert await refusal(client.api_call("agents.sessions.setStatus", json=wrong)) == "invalid_arguments"


@pytest.mark.parametrize("markdown", ["x" * 12_001])
async def test_markdown_has_its_own_limit(client: AsyncWebClient, desk: Channel, markdown: str) -> None:
    call = client.api_call("chat.postMessage", json={"channel": desk.id, "markdown_text": markdown})
    assert await refusal(call) == "msg_too_long"
    both = {"channel": desk.id, "markdown_text": "x", "text": "x"}
    assert await refusal(client.api_call("chat.postMessage", json=both)) == "markdown_text_conflict"


async def test_permalinks_lead_to_messages(client: AsyncWebClient, desk: Channel) -> None:
    said = await client.chat_postMessage(channel=desk.id, text="x")
    link = await client.chat_getPermalink(channel=desk.id, message_ts=said["ts"])
    assert desk.id in link["permalink"]
