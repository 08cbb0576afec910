"""The sub-protocol, played over real sockets: whole transcripts."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import WSMsgType
from structlog.testing import capture_logs

from bot.errors import StoreUnavailable, TooMuch
from bot.ports import Progress, ProgressStep
from tests.adapters.webchat.conftest import Place, Start

AT = 1_800_000_000_000
CHOICES = [{"label": "Unlock", "value": "unlock"}, {"label": "Rebuild", "value": "rebuild"}]
GREETING = {
    "type": "message", "seq": 1, "id": "m1", "from": "bot", "text": "Hello, what can I do for you?",
    "choices": CHOICES, "at": AT, "prompt_id": "menu",
}  # fmt: skip


def said(seq: int, who: str, text: str) -> dict[str, object]:
    return {
        "type": "message",
        "seq": seq,
        "id": f"m{seq}",
        "from": who,
        "text": text,
        "choices": [],
        "at": AT,
    }


async def test_a_chat_from_hello_to_an_answer(place: Place) -> None:
    tab = await place.tab()
    await tab.send(type="hello", profile="desk", client="test", unheard="of")
    welcome = await tab.get()
    token = welcome.pop("token")
    assert welcome == {
        "type": "welcome", "chat": "c1", "seq": 1, "resume": "full", "server_time": AT, "ended": False,
        "name": "IT <Helpdesk>",
        "limits": {"text": 8000, "frame": 65536, "rate": 5.0, "burst": 20, "heartbeat": 25.0},
    }  # fmt: skip
    assert token.count(".") == 2
    assert await tab.get() == GREETING
    await tab.send(type="message", cmid="one", text=" hi\0 there ")
    assert await tab.until("ack") == [
        said(2, "user", "hi there"),
        said(3, "bot", "You said: hi there"),
        {"type": "ack", "cmid": "one", "seq": 2, "duplicate": False},
    ]
    event = place.engine.events[0]
    assert (event.chat, event.id, event.source) == ("c1", "one", "web:c1")


async def test_a_pressed_button_says_its_label_and_carries_its_value(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.send(type="action", cmid="a", prompt_id="menu", value="rebuild")
    frames = await tab.until("ack")
    assert [f.get("text") for f in frames] == ["Rebuild", "You said: Rebuild", None]
    event = place.engine.events[0].said
    assert (event.text, event.prompt, event.value) == ("Rebuild", "menu", "rebuild")


FORM = [
    {"name": "asset", "label": "Asset tag", "hint": "It stands under the lid."},
    {"name": "kind", "label": "Kind", "options": [{"label": "a", "value": "a"}]},
    {"name": "pin", "label": "PIN", "secret": True},
]


async def test_a_question_carries_its_form_and_values_answer_it(place: Place) -> None:
    tab, _ = await place.chat()
    asked = place.engine.say("c1", "Tell me.", prompt="laptop.3", form=json.dumps(FORM))
    assert (await tab.get())["form"] == FORM
    values = {"asset": "x" * 8000, "kind": None, "n": 4, "b": True, **{f"f{n}": "" for n in range(16)}}
    await tab.send(type="action", cmid="a", prompt_id=asked.prompt, values=values)
    await tab.until("ack")
    said = place.engine.events[0].said
    assert (said.text, said.prompt, said.value, said.values) == ("", "laptop.3", None, values)


async def test_half_of_an_emoji_in_a_form_is_cleaned_out(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.ws.send_str('{"type":"action","cmid":"1","prompt_id":"p","values":{"a":"cut \\ud83d","b":1}}')
    await tab.until("ack")
    assert place.engine.events[0].said.values == {"a": "cut ", "b": 1}


async def test_a_late_press_finds_its_label_in_the_log(place: Place) -> None:
    tab, _ = await place.chat()
    place.engine.say("c1", "Sure?", prompt="sure", choices='[{"label":"Yes","value":"y"}]')
    await tab.send(type="action", cmid="a", prompt_id="menu", value="unlock")
    await tab.send(type="action", cmid="b", prompt_id="menu", value="nobody offered this")
    await tab.send(type="action", cmid="c", prompt_id="nobody-asked", value="x")
    for _ in range(3):
        await tab.until("ack")
    assert [e.said.text for e in place.engine.events] == ["Unlock", "nobody offered this", "x"]


async def test_notes_ends_and_progress_look_as_promised(place: Place) -> None:
    tab, _ = await place.chat()
    place.engine.say("c1", "Looking up …", kind="note", run="r1")
    step = ProgressStep(id="look_up", kind="call", title="Look up", status="working")
    place.engine.show(
        "c1",
        Progress(
            run="r1",
            runbook="unlock",
            title="Unlock",
            rev=1,
            state="running",
            steps=(step,),
            cancellable=True,
        ),
    )
    place.engine.say("c1", "Bye.", kind="end")
    assert [await tab.get() for _ in range(3)] == [
        {"type": "note", "seq": 2, "id": "m2", "run_id": "r1", "text": "Looking up …", "at": AT},
        {
            "type": "progress", "run_id": "r1", "runbook": "unlock", "title": "Unlock", "rev": 1,
            "state": "running", "cancellable": True,
            "steps": [{"id": "look_up", "kind": "call", "title": "Look up", "status": "working"}],
        },
        {**said(3, "bot", "Bye."), "end": True},
    ]  # fmt: skip


async def test_the_same_cmid_five_times_is_one_message_and_five_acks(place: Place) -> None:
    tab, _ = await place.chat()
    for _ in range(5):
        await tab.send(type="message", cmid="same", text="once")
    frames = [f for _ in range(5) for f in await tab.until("ack")]
    acks = [f for f in frames if f["type"] == "ack"]
    assert [(a["seq"], a["duplicate"]) for a in acks] == [(2, False)] + [(2, True)] * 4
    assert [f["text"] for f in frames if f["type"] == "message"] == ["once", "You said: once"]
    assert len(place.engine.events) == 1


async def test_two_tabs_see_the_same_lines_in_the_same_order(place: Place) -> None:
    one, welcome = await place.chat()
    two = await place.tab()
    again = await two.hello(token=welcome["token"], chat=welcome["chat"])
    assert (again["chat"], again["resume"], again["seq"]) == ("c1", "full", 1)
    assert await two.get() == GREETING
    await one.send(type="message", cmid="1", text="from one")
    await two.send(type="message", cmid="1", text="same cmid, so the same message")
    heard = [[f for f in await tab.until("ack") if f["type"] == "message"] for tab in (one, two)]
    assert heard[0] == heard[1] == [said(2, "user", "from one"), said(3, "bot", "You said: from one")]


async def test_cancel_is_acknowledged_and_shows_in_the_progress(place: Place) -> None:
    tab, _ = await place.chat()
    run = Progress(run="r1", runbook="u", title="U", rev=1, state="running", steps=(), cancellable=True)
    place.engine.show("c1", run)
    await tab.get()
    await tab.send(type="cancel", cmid="x", run_id="r1")
    assert [(f["type"], f.get("state")) for f in await tab.until("ack")] == [
        ("progress", "cancelled"),
        ("ack", None),
    ]
    await tab.send(type="cancel", cmid="y", run_id="r1")
    assert (await tab.get())["code"] == "not_found"
    await tab.send(type="cancel", cmid="z", run_id="r-theirs")
    assert await tab.get() == {
        "type": "error", "code": "not_allowed", "message": "Only an agent may cancel this.", "cmid": "z",
    }  # fmt: skip


async def test_what_nobody_knows_is_ignored_and_a_ping_comes_back(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.send(type="reaction", emoji="+1")
    await tab.send(type="typing", seq=1)
    await tab.send(type="read", seq=1)
    await tab.send(type="ping", t=42)
    assert await tab.get() == {"type": "pong", "t": 42.0}


async def test_half_of_an_emoji_is_cleaned_out(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.ws.send_str('{"type":"message","cmid":"1","text":"cut \\ud83d"}')
    assert (await tab.get())["text"] == "cut"


JUNK = [
    "", "x", "[]", "null", '"hello"', "{}", '{"type":1}', '{"type":"message"}', '{"type":"message","cmid":"","text":""}',
    '{"type":"message","cmid":"a b","text":"x"}', '{"type":"message","cmid":"1","text":7}',
    '{"type":"action","cmid":"1","prompt_id":"p"}', '{"type":"message","cmid":"' + "x" * 129 + '","text":"x"}',
    "[" * 60_000, '{"type":"ping","t":' + "[" * 60_000, '{"type":"hello"}', '{"type":"ping","t":' + "9" * 5000 + "}",
    '{"type":"read","seq":-1}', '{"type":"action","cmid":"1","prompt_id":"p","value":"a","values":{}}',
    '{"type":"action","cmid":"1","prompt_id":"p","values":{"a":["b"]}}',
    '{"type":"action","cmid":"1","prompt_id":"p","values":{"a":"' + "x" * 8001 + '"}}',
    '{"type":"action","cmid":"1","prompt_id":"p","values":{"' + "n" * 65 + '":"x"}}',
    json.dumps({"type": "action", "cmid": "1", "prompt_id": "p", "values": {f"f{n}": "" for n in range(21)}}),
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK, ids=range(len(JUNK)))
async def test_junk_ends_the_connection_and_nothing_else(place: Place, junk: str) -> None:
    tab, welcome = await place.chat()
    await tab.ws.send_str(junk)
    assert await tab.code() == 4400
    assert (await (await place.tab()).hello(token=welcome["token"]))["chat"] == "c1"


@pytest.mark.parametrize("junk", ["", "{}", '{"type":"ping"}', '{"type":"hello","last_seq":"x"}'])
async def test_the_first_frame_must_be_a_hello(place: Place, junk: str) -> None:
    tab = await place.tab()
    await tab.ws.send_str(junk)
    assert await tab.code() == 4400


async def test_text_that_is_no_utf_8_is_junk(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.ws.send_frame(b'{"type":"message","cmid":"1","text":"\xff"}', WSMsgType.TEXT)
    assert await tab.code() == 4400


async def test_binary_frames_are_refused(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.ws.send_bytes(b"{}")
    assert await tab.code() == 1003


async def test_a_frame_of_64_kib_passes_and_one_more_byte_closes_1009(place: Place) -> None:
    tab, _ = await place.chat()
    frame = json.dumps({"type": "x", "pad": ""})
    await tab.ws.send_str(frame.replace('""', f'"{"x" * (65536 - len(frame))}"'))
    await tab.send(type="ping")
    assert (await tab.get())["type"] == "pong"
    await tab.ws.send_str(frame.replace('""', f'"{"x" * (65537 - len(frame))}"'))
    assert await tab.code() == 1009


async def test_a_text_at_the_limit_passes_and_one_past_it_is_told(place: Place) -> None:
    tab, _ = await place.chat()
    await tab.send(type="message", cmid="1", text="x" * 8000)
    assert (await tab.until("ack"))[-1]["seq"] == 2
    await tab.send(type="message", cmid="2", text="x" * 8001)
    await tab.send(type="message", cmid="3", text=" \n ")
    assert [(f["code"], f["cmid"]) for f in (await tab.get(), await tab.get())] == [
        ("too_long", "2"),
        ("empty", "3"),
    ]


async def test_a_house_that_is_busy_says_when_to_come_back(place: Place) -> None:
    tab, _ = await place.chat()
    place.engine.fails = TooMuch("Too many messages wait.", 3.0)
    await tab.send(type="message", cmid="1", text="x")
    told = [await tab.get()]
    place.engine.fails = StoreUnavailable("disk full at /secret/path")
    await tab.send(type="message", cmid="2", text="x")
    assert [*told, await tab.get()] == [
        {"type": "error", "code": "too_many", "message": "Too many messages wait.", "cmid": "1", "retry_after": 3.0},
        {
            "type": "error", "code": "unavailable", "cmid": "2", "retry_after": 1.0,
            "message": "The server cannot do this right now. Please try again in a moment.",
        },
    ]  # fmt: skip


async def test_an_unforeseen_error_ends_the_socket_and_tells_nothing(place: Place) -> None:
    tab, _ = await place.chat()
    place.engine.fails = RuntimeError("the password is hunter2")
    with capture_logs() as logs:
        await tab.send(type="message", cmid="1", text="x")
        assert await tab.code() == 1011
    assert [entry["event"] for entry in logs] == ["webchat.session_failed"]


async def test_an_unknown_profile_and_one_for_others_are_refused_for_good(place: Place) -> None:
    for profile, code in (("nope", "not_found"), ("staff", "not_allowed"), ("", "not_found")):
        tab = await place.tab()
        await tab.send(type="hello", profile=profile)
        assert (await tab.get())["code"] == code
        assert await tab.code() == 4403


async def test_a_silent_socket_is_closed_at_the_limit(start: Start) -> None:
    place = await start(hello=0.05)
    tab = await place.tab()
    assert await tab.code() == 4408
    chatty = await place.tab()
    for _ in range(3):
        await chatty.send(type="unknown")
    assert await chatty.code() == 4408


async def test_leaving_closes_every_socket_with_1012(place: Place) -> None:
    tabs = [(await place.chat())[0] for _ in range(5)]
    silent = await place.tab()
    codes = [tab.code() for tab in (*tabs, silent)]
    _, *seen = await asyncio.gather(place.server.close(), *codes)
    assert seen == [1012] * 6
