"""Buttons, lists, commands, shortcuts and forms, with Slack's own client on the app's side."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    InputBlock,
    Option,
    PlainTextInputElement,
    SectionBlock,
    StaticSelectElement,
)
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.testing.clock import FakeClock
from bot.testing.slack import Channel, Events, FakeSlack, Impossible, Person, broken, took_it_then_cut
from tests.testing.slack.app import App
from tests.testing.slack.test_messages import refusal, seen

BUTTONS = ActionsBlock(
    block_id="menu",
    elements=[
        ButtonElement(text="Unlock", action_id="rb:unlock", value="v-1"),
        StaticSelectElement(
            action_id="rb:pick", options=[Option(text="Red", value="r"), Option(text="Blue", value="b")]
        ),
    ],
)
LOGIN = InputBlock(
    block_id="login", label="Login", element=PlainTextInputElement(action_id="text", max_length=8)
)
COLOUR = InputBlock(
    block_id="colour",
    label="Colour",
    optional=True,
    element=StaticSelectElement(action_id="pick", options=[Option(text="Red", value="r")]),
)


def modal(title: str = "Start", **more: Any) -> View:
    return View(type="modal", title=title, submit="Go", blocks=[LOGIN, COLOUR], callback_id="start", **more)


async def post(client: AsyncWebClient, channel: Channel, **more: Any) -> str:
    said = await client.chat_postMessage(channel=channel.id, text="Menu", blocks=[BUTTONS], **more)
    return str(said["ts"])


async def test_a_press_brings_what_slack_brings(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    ts = await post(client, desk)
    answer = await events.presses(ann, slack.transcript(desk)[0], "Unlock")
    assert answer.status == 200
    (heard,) = app.heard
    (action,) = heard["actions"]
    assert (action["action_id"], action["value"], action["block_id"]) == ("rb:unlock", "v-1", "menu")
    assert (heard["type"], heard["user"]["id"], heard["team"]["id"]) == (
        "block_actions",
        ann.id,
        slack.workspace.id,
    )
    assert heard["container"]["message_ts"] == heard["message"]["ts"] == ts
    assert heard["channel"]["id"] == desk.id
    assert heard["state"]["values"] == {
        "menu": {"rb:pick": {"type": "static_select", "selected_option": None}}
    }


async def test_a_press_is_on_what_the_message_has_now(
    slack: FakeSlack, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    ts = await post(client, desk)
    shown = slack.transcript(desk)[0]
    await client.chat_update(channel=desk.id, ts=ts, text="Done", blocks=[SectionBlock(text="Done")])
    with pytest.raises(Impossible):
        await events.presses(ann, shown, "Unlock")


async def test_a_choice_brings_its_option(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    await post(client, desk)
    assert slack.transcript(desk)[0].choices == ("Red", "Blue")
    await events.chooses(ann, slack.transcript(desk)[0], "Blue")
    assert app.heard[0]["actions"][0]["selected_option"]["value"] == "b"
    with pytest.raises(Impossible):
        await events.chooses(ann, slack.transcript(desk)[0], "Green")


async def test_a_response_url_answers_the_person_five_times(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    await post(client, desk)
    await events.presses(ann, slack.transcript(desk)[0], "Unlock")
    async with aiohttp.ClientSession() as session:
        hook = AsyncWebhookClient(app.heard[0]["response_url"], session=session)
        assert (await hook.send(text="Just you", replace_original=False)).body == "ok"
        assert seen(slack, desk, viewer=ann)[-1] == "Cuebook: Just you"
        await hook.send(text="All of you", response_type="in_channel", replace_original=False)
        assert seen(slack, desk)[-1] == "Cuebook: All of you"
        await hook.send(text="Chosen", replace_original=True)
        assert seen(slack, desk)[0] == "Cuebook: Chosen"
        await hook.send(delete_original=True)
        assert seen(slack, desk) == ["Cuebook: All of you"]
        await hook.send(text="Fifth", replace_original=False)
        answer = await hook.send(text="Sixth", replace_original=False)
        assert (answer.status_code, answer.body) == (404, "used_url")


async def test_a_response_url_can_fail_too(
    slack: FakeSlack, app: App, events: Events, ann: Person, desk: Channel
) -> None:
    await events.command(ann, desk, "/cuebook", "list")
    slack.fail("response_url", broken(503), took_it_then_cut())
    async with aiohttp.ClientSession() as session:
        hook = AsyncWebhookClient(app.heard[0]["response_url"], session=session, retry_handlers=[])
        assert (await hook.send(text="lost")).status_code == 503
        with pytest.raises(aiohttp.ClientError):
            await hook.send(text="taken")
    assert seen(slack, desk, viewer=ann) == ["Cuebook: taken"]


async def test_a_response_url_dies_after_half_an_hour(
    app: App, events: Events, clock: FakeClock, ann: Person, desk: Channel
) -> None:
    await events.command(ann, desk, "/cuebook", "list")
    await clock.advance(1801)
    async with aiohttp.ClientSession() as session:
        answer = await AsyncWebhookClient(app.heard[0]["response_url"], session=session).send(text="late")
    assert answer.body == "expired_url"


async def test_a_command_is_answered_to_the_person(
    slack: FakeSlack, app: App, events: Events, ann: Person, bob: Person, desk: Channel
) -> None:
    app.answers = ["Three runbooks", {"response_type": "in_channel", "text": "For all"}, 500]
    await events.command(ann, desk, "/cuebook", "list & <all>")
    assert (app.heard[0]["command"], app.heard[0]["text"]) == ("/cuebook", "list & <all>")
    assert (app.heard[0]["channel_name"], app.heard[0]["user_id"]) == ("desk", ann.id)
    assert seen(slack, desk, viewer=ann) == ["Cuebook: Three runbooks"]
    assert seen(slack, desk, viewer=bob) == []
    await events.command(ann, desk, "/cuebook")
    assert seen(slack, desk, viewer=bob) == ["Cuebook: For all"]
    await events.command(ann, desk, "/cuebook")
    assert seen(slack, desk, viewer=ann)[-1] == "Slackbot: /cuebook failed with the error “dispatch_failed”"


async def test_shortcuts_open_forms(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    said = await events.says(ann, desk, "this one")
    await events.message_shortcut(ann, said, "runbook_on_message")
    on_message = app.heard[-1]
    assert (on_message["type"], on_message["message"]["ts"]) == ("message_action", said.ts)
    await events.shortcut(ann, "runbook_start")
    assert app.heard[-1]["type"] == "shortcut"
    opened = await client.views_open(trigger_id=app.heard[-1]["trigger_id"], view=modal())
    view = slack.modal(ann)
    assert view is not None
    assert opened["view"]["id"] == view.id
    assert slack.form(view) == ["Start", "Login:", "Colour:", "[Go]"]


async def opened(app: App, events: Events, client: AsyncWebClient, person: Person, **more: Any) -> None:
    await events.shortcut(person, "runbook_start")
    await client.views_open(trigger_id=app.heard[-1]["trigger_id"], view=modal(**more))


async def test_a_trigger_works_once_and_for_three_seconds(
    app: App, events: Events, client: AsyncWebClient, clock: FakeClock, ann: Person
) -> None:
    await opened(app, events, client, ann)
    used = app.heard[-1]["trigger_id"]
    assert await refusal(client.views_open(trigger_id=used, view=modal())) == "exchanged_trigger_id"
    await events.shortcut(ann, "runbook_start")
    await clock.advance(3.1)
    late = app.heard[-1]["trigger_id"]
    assert await refusal(client.views_open(trigger_id=late, view=modal())) == "expired_trigger_id"
    assert await refusal(client.views_open(trigger_id="1.2", view=modal())) == "invalid_trigger_id"


async def test_a_form_is_filled_in_and_goes(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    await opened(app, events, client, ann, private_metadata="kept")
    await events.submits(ann, {"Login": "ann", "colour": "Red"})
    heard = app.heard[-1]
    assert (heard["type"], heard["view"]["private_metadata"]) == ("view_submission", "kept")
    values = heard["view"]["state"]["values"]
    assert values["login"]["text"] == {"type": "plain_text_input", "value": "ann"}
    assert values["colour"]["pick"]["selected_option"]["value"] == "r"
    assert slack.modal(ann) is None


async def test_a_form_that_is_not_complete_does_not_go(
    app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    await opened(app, events, client, ann)
    before = len(app.heard)
    for values in (
        {},
        {"Login": "far too long"},
        {"Login": "ann", "Colour": "Green"},
        {"Login": "ann", "x": "y"},
    ):
        with pytest.raises(Impossible):
            await events.submits(ann, values)
    assert len(app.heard) == before


async def test_the_app_can_complain_about_a_form(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    await opened(app, events, client, ann)
    app.answers = [{"response_action": "errors", "errors": {"login": "Nobody is called that"}}]
    await events.submits(ann, {"Login": "ann"})
    view = slack.modal(ann)
    assert view is not None
    assert "! Nobody is called that" in slack.form(view)
    app.answers = [{"response_action": "errors", "errors": {"nowhere": "x"}}]
    with pytest.raises(Impossible):
        await events.submits(ann, {"Login": "ann"})


async def test_forms_are_updated_pushed_and_cleared_by_answers(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    def title() -> str:
        view = slack.modal(ann)
        return view.body["title"]["text"] if view else ""

    await opened(app, events, client, ann)
    for action, expected in (("update", "Second"), ("push", "Third")):
        app.answers = [{"response_action": action, "view": modal(expected).to_dict()}]
        await events.submits(ann, {"Login": "ann"})
        assert title() == expected
    await events.submits(ann, {"Login": "ann"})
    assert title() == "Second"
    app.answers = [{"response_action": "clear"}]
    await events.submits(ann, {"Login": "ann"})
    assert title() == ""


async def test_views_change_by_their_hash_and_stack_three_deep(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    acting = View(type="modal", title="Act", blocks=[BUTTONS])
    await events.shortcut(ann, "runbook_start")
    first = await client.views_open(trigger_id=app.heard[-1]["trigger_id"], view=acting)
    id, hash = first["view"]["id"], first["view"]["hash"]
    await client.views_update(view_id=id, hash=hash, view=acting)
    assert await refusal(client.views_update(view_id=id, hash=hash, view=acting)) == "hash_conflict"
    assert await refusal(client.views_update(view_id="V0", view=acting)) == "not_found"
    for _ in range(2):
        view = slack.modal(ann)
        assert view is not None
        await events.presses(ann, view, "Unlock")
        assert app.heard[-1]["container"] == {"type": "view", "view_id": view.id}
        await client.views_push(trigger_id=app.heard[-1]["trigger_id"], view=acting)
    view = slack.modal(ann)
    assert view is not None
    await events.presses(ann, view, "Unlock")
    deeper = client.views_push(trigger_id=app.heard[-1]["trigger_id"], view=acting)
    assert await refusal(deeper) == "push_limit_reached"


async def test_closing_is_told_where_the_form_asked_for_it(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    await opened(app, events, client, ann)
    assert await events.closes(ann) is None
    await opened(app, events, client, ann, notify_on_close=True)
    await events.closes(ann)
    assert (app.heard[-1]["type"], app.heard[-1]["is_cleared"]) == ("view_closed", False)
    with pytest.raises(Impossible):
        await events.closes(ann)


async def test_the_home_tab_has_buttons_too(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person
) -> None:
    home = View(type="home", blocks=[SectionBlock(text="My *runs*"), BUTTONS])
    await client.views_publish(user_id=ann.id, view=home)
    view = slack.home(ann)
    assert view is not None
    assert slack.form(view) == ["My runs", "[Unlock]"]
    await events.presses(ann, view, "rb:unlock")
    assert (app.heard[-1]["container"]["type"], app.heard[-1]["view"]["type"]) == ("view", "home")
    await events.opens_home(ann)
    assert app.events()[-1]["view"]["id"] == view.id


async def test_views_have_their_limits(app: App, events: Events, client: AsyncWebClient, ann: Person) -> None:
    good = modal().to_dict()
    await events.shortcut(ann, "runbook_start")
    changes: list[dict[str, Any]] = [
        {"title": {"type": "plain_text", "text": "x" * 25}},
        {"submit": {"type": "plain_text", "text": "x" * 25}},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"blocks": []},
        {"blocks": [{"type": "divider"}] * 101},
        {"type": "home"},
    ]
    for change in changes:
        call = client.views_open(trigger_id=app.heard[-1]["trigger_id"], view={**good, **change})
        assert await refusal(call) == "invalid_arguments", change
    fine = {**good, "title": {"type": "plain_text", "text": "x" * 24}, "private_metadata": "x" * 3000}
    await client.views_open(trigger_id=app.heard[-1]["trigger_id"], view=fine)


async def test_a_list_that_the_app_fills(
    slack: FakeSlack, app: App, events: Events, client: AsyncWebClient, ann: Person, desk: Channel
) -> None:
    element = {
        "type": "external_select",
        "action_id": "who",
        "placeholder": {"type": "plain_text", "text": "Who?"},
    }
    await client.chat_postMessage(
        channel=desk.id, text="Who?", blocks=[{"type": "actions", "elements": [element]}]
    )
    app.answers = [{"options": [Option(text="Ann", value="1").to_dict()]}]
    offered = await events.types_ahead(ann, slack.transcript(desk)[0], "who", "an")
    assert offered == ["Ann"]
    assert (app.heard[-1]["type"], app.heard[-1]["value"]) == ("block_suggestion", "an")


async def test_payloads_are_json(app: App, events: Events, ann: Person, desk: Channel) -> None:
    await events.command(ann, desk, "/cuebook", "ünïcode")
    assert app.heard[0]["text"] == "ünïcode"
    assert json.dumps(app.heard)
