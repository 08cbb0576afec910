"""Chats over REST."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from adapters.webchat.tokens import Tokens
from bot.errors import StoreUnavailable, TooMuch
from bot.ports import Progress
from tests.adapters.webchat.conftest import KEY, Place, Start

AT = 1_800_000_000_000


async def ask(place: Place, method: str, path: str, token: str = "", **more: Any) -> tuple[int, Any]:
    headers = more.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
    async with place.http.request(method, f"{place.base}/api/v1{path}", headers=headers, **more) as answer:
        return answer.status, await answer.json()


async def opened(place: Place) -> dict[str, Any]:
    status, body = await ask(place, "POST", "/chats", json={"profile": "desk"})
    assert status == 201
    answer: dict[str, Any] = body
    return answer


async def test_a_chat_by_polling(place: Place) -> None:
    chat = await opened(place)
    assert chat["messages"][0]["text"] == "Hello, what can I do for you?"
    assert chat["messages"][0]["choices"][0] == {"label": "Unlock", "value": "unlock"}
    assert (chat["chat"], chat["seq"]) == ("c1", 1)
    path, token = "/chats/c1/messages", chat["token"]
    assert await ask(place, "POST", path, token, json={"text": "hi"}) == (202, {"seq": 2, "duplicate": False})
    place.engine.say("c1", "Working …", kind="note", run="r1")
    status, body = await ask(place, "GET", f"{path}?after=1", token)
    assert status == 200
    assert body == {
        "messages": [
            {"type": "message", "seq": 2, "id": "m2", "from": "user", "text": "hi", "choices": [], "at": AT},
            {"type": "message", "seq": 3, "id": "m3", "from": "bot", "text": "You said: hi", "choices": [], "at": AT},
            {"type": "note", "seq": 4, "id": "m4", "run_id": "r1", "text": "Working …", "at": AT},
        ],
        "seq": 4, "ended": False, "progress": [],
    }  # fmt: skip
    assert (await ask(place, "GET", f"{path}?after=4", token))[1]["seq"] == 4


async def test_a_press_carries_label_and_value(place: Place) -> None:
    chat = await opened(place)
    body = {"prompt_id": "menu", "value": "unlock"}
    assert (await ask(place, "POST", "/chats/c1/messages", chat["token"], json=body))[0] == 202
    said = place.engine.events[0].said
    assert (said.text, said.prompt, said.value) == ("Unlock", "menu", "unlock")


async def test_a_form_carries_its_values(place: Place) -> None:
    chat = await opened(place)
    place.engine.say("c1", "Tell me.", prompt="laptop.3", form='[{"name":"asset","label":"Asset"}]')
    path = "/chats/c1/messages"
    told = (await ask(place, "GET", f"{path}?after=1", chat["token"]))[1]["messages"][0]
    assert told["form"] == [{"name": "asset", "label": "Asset"}]
    body = {"prompt_id": told["prompt_id"], "values": {"asset": "x", "n": 2.5}}
    assert (await ask(place, "POST", path, chat["token"], json=body))[0] == 202
    said = place.engine.events[0].said
    assert (said.prompt, said.value, said.values) == ("laptop.3", None, {"asset": "x", "n": 2.5})


async def test_the_same_id_is_the_same_message_over_rest_and_socket(place: Place) -> None:
    tab, welcome = await place.chat()
    await tab.send(type="message", cmid="one", text="x")
    await tab.until("ack")
    body = {"text": "x", "id": "one"}
    answers = [await ask(place, "POST", "/chats/c1/messages", welcome["token"], json=body) for _ in range(3)]
    assert answers == [(202, {"seq": 2, "duplicate": True})] * 3


async def test_a_long_poll_answers_as_soon_as_there_is_something(place: Place) -> None:
    chat = await opened(place)
    poll = asyncio.create_task(ask(place, "GET", "/chats/c1/messages?after=1&wait=30", chat["token"]))
    while not place.engine.bus.ears.get("c1"):
        await asyncio.sleep(0)
    run = Progress(run="r1", runbook="u", title="U", rev=1, state="running", steps=())
    place.engine.show("c1", run)
    assert not poll.done()
    place.engine.say("c1", "there")
    _, body = await poll
    assert [m["text"] for m in body["messages"]] == ["there"]
    assert [p["run_id"] for p in body["progress"]] == ["r1"]
    assert place.engine.bus.ears["c1"] == []


async def test_a_long_poll_without_news_ends_empty(start: Start) -> None:
    place = await start(poll=0.05)
    chat = await opened(place)
    _, body = await ask(place, "GET", "/chats/c1/messages?after=1&wait=600", chat["token"])
    assert (body["messages"], body["seq"]) == ([], 1)


async def test_what_is_said_just_before_the_poll_listens_is_not_missed(place: Place) -> None:
    chat = await opened(place)
    subscribe = place.engine.bus.subscribe

    def late(chat: str, hear: Any) -> Any:
        place.engine.say(chat, "in between")
        return subscribe(chat, hear)

    place.engine.bus.subscribe = late  # type: ignore[method-assign]
    _, body = await ask(place, "GET", "/chats/c1/messages?after=1&wait=30", chat["token"])
    assert [m["text"] for m in body["messages"]] == ["in between"]


async def test_a_poll_counts_like_a_socket(start: Start) -> None:
    place = await start(per_person=1)
    _, welcome = await place.chat()
    assert (await ask(place, "GET", "/chats/c1/messages?after=9&wait=1", welcome["token"]))[0] == 429
    assert (await ask(place, "GET", "/chats/c1/messages?after=9", welcome["token"]))[0] == 200


async def test_leaving_answers_every_poll(place: Place) -> None:
    chat = await opened(place)
    poll = asyncio.create_task(ask(place, "GET", "/chats/c1/messages?after=1&wait=30", chat["token"]))
    while not place.engine.bus.ears.get("c1"):
        await asyncio.sleep(0)
    await place.server.close()
    assert (await poll)[1]["messages"] == []


async def test_how_a_chat_stands(place: Place) -> None:
    chat = await opened(place)
    assert await ask(place, "GET", "/chats/c1", chat["token"]) == (200, {
        "chat": "c1", "profile": "desk", "name": "IT <Helpdesk>", "seq": 1, "ended": False, "waiting": False,
        "prompt_id": "menu", "progress": [],
    })  # fmt: skip


async def test_a_run_of_the_chat_can_be_cancelled(place: Place) -> None:
    token = (await opened(place))["token"]
    place.engine.show("c1", Progress(run="r1", runbook="u", title="U", rev=1, state="running", steps=()))
    assert await ask(place, "POST", "/chats/c1/runs/r1/cancel", token) == (200, {"cancelled": True})
    assert (await ask(place, "POST", "/chats/c1/runs/r1/cancel", token))[0] == 404
    assert (await ask(place, "POST", "/chats/c1/runs/r-theirs/cancel", token))[0] == 403


ROUTES = [
    ("GET", "/chats/{}", None), ("GET", "/chats/{}/messages", None), ("POST", "/chats/{}/messages", {"text": "x"}),
    ("POST", "/chats/{}/runs/r1/cancel", None),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_not_yours_and_not_there_get_the_same_answer(
    place: Place, method: str, path: str, body: dict[str, str] | None
) -> None:
    """Threat: chat ids are guessed. No answer tells whether there is such a chat."""
    await opened(place)
    mine = (await opened(place))["token"]
    tokens = Tokens(KEY, place.engine.clock.now)
    answers = [
        await ask(place, method, path.format(chat), token, json=body)
        for chat, token in [
            ("c1", mine), ("c99", mine), ("x" * 300, mine), ("..%2Fc2", mine), ("c1", "junk"), ("c99", "junk"),
            ("c99", tokens.issue("c99", "anon-x")), ("c1", tokens.issue("c1", "anon-x")),
        ]
    ]  # fmt: skip
    assert answers == [(404, {"error": {"code": "not_found", "message": "There is no such chat."}})] * 8
    assert [(await ask(place, method, path.format(chat), json=body))[0] for chat in ("c1", "c99")] == [
        401
    ] * 2


BODIES: list[tuple[dict[str, Any], str]] = [
    ({"data": b"{"}, "Input data was truncated"),
    ({"data": b""}, "Input data was truncated"),
    ({"json": {"text": "x", "txt": "y"}}, "unknown field `txt`"),
    ({"json": {"text": 7}}, "$.text"),
    ({"json": {}}, "either"),
    ({"json": {"text": "x", "prompt_id": "p", "value": "v"}}, "either"),
    ({"json": {"prompt_id": "p"}}, "either"),
    ({"json": {"values": {"a": "x"}}}, "either"),
    ({"json": {"prompt_id": "p", "values": {}, "value": "v"}}, "either"),
    ({"json": {"prompt_id": "p", "values": {"a": ["x"]}}}, "$.values"),
    ({"json": {"prompt_id": "p", "values": {"a": "x" * 8001}}}, "$.values"),
    ({"json": {"prompt_id": "p", "values": {f"f{n}": 1 for n in range(21)}}}, "$.values"),
    ({"json": {"text": "  "}}, "nothing in this message"),
    ({"json": {"text": "x" * 8001}}, "8000 characters"),
    ({"json": {"text": "x", "id": "a b"}}, "$.id"),
    ({"json": []}, "Expected `object`"),
    ({"data": b"[" * 100_000}, ""),
    ({"data": b'{"text":"\xff"}'}, ""),
]


@pytest.mark.parametrize(("body", "words"), BODIES, ids=range(len(BODIES)))
async def test_a_body_that_does_not_fit_is_refused_with_its_place(
    place: Place, body: Any, words: str
) -> None:
    token = (await opened(place))["token"]
    kind = {"Content-Type": "application/json"}
    status, answer = await ask(place, "POST", "/chats/c1/messages", token, headers=kind, **body)
    assert (status, answer["error"]["code"]) == (400, "bad_request")
    assert words in answer["error"]["message"]
    assert place.engine.events == []


async def test_a_query_that_does_not_fit_is_refused(place: Place) -> None:
    token = (await opened(place))["token"]
    for query in ("after=x", "after=-1", "since=1", "wait=nan&after=", "wait=-1"):
        assert (await ask(place, "GET", f"/chats/c1/messages?{query}", token))[0] == 400, query


async def test_half_an_emoji_and_nul_are_cleaned_out(place: Place) -> None:
    token = (await opened(place))["token"]
    kind = {"Content-Type": "application/json; charset=utf-8"}
    data = b'{"text":"cut \\ud83d\\u0000 here"}'
    assert (await ask(place, "POST", "/chats/c1/messages", token, headers=kind, data=data))[0] == 202
    assert place.engine.events[0].said.text == "cut  here"


async def test_a_foreign_page_can_neither_open_a_chat_nor_speak(place: Place) -> None:
    """Threat: a page of another site posts with this browser; a form cannot send JSON."""
    chat, token = {"profile": "desk"}, (await opened(place))["token"]
    evil = {"Origin": "http://evil.test"}
    assert (await ask(place, "POST", "/chats", json=chat, headers=evil))[0] == 403
    assert (await ask(place, "POST", "/chats/c1/messages", token, json={"text": "x"}, headers=evil))[0] == 403
    assert (
        await ask(place, "POST", "/chats", data=b'{"profile":"desk"}', headers={"Content-Type": "text/plain"})
    )[0] == 415
    assert (await ask(place, "POST", "/chats", json=chat, headers={"Origin": place.base}))[0] == 201


async def test_profiles_that_are_not_there_or_not_for_strangers(place: Place) -> None:
    assert (await ask(place, "POST", "/chats", json={"profile": "nope"}))[0] == 404
    assert (await ask(place, "POST", "/chats", json={"profile": "staff"}))[0] == 403


async def test_posts_count_against_the_same_limit_as_frames(start: Start) -> None:
    place = await start(rate=0.01, burst=3)
    tab, welcome = await place.chat()
    for n in range(2):
        await tab.send(type="ping", t=n)
        await tab.get()
    post = ("POST", "/chats/c1/messages", welcome["token"])
    assert [(await ask(place, *post, json={"text": "x"}))[0] for _ in range(2)] == [202, 429]


async def test_reads_are_limited_by_themselves(start: Start) -> None:
    place = await start(reads_rate=0.01, reads_burst=2)
    token = (await opened(place))["token"]
    assert [(await ask(place, "GET", "/chats/c1", token))[0] for _ in range(3)] == [200, 200, 429]


async def test_the_house_s_refusals_have_their_statuses(place: Place) -> None:
    token = (await opened(place))["token"]
    for error, status in ((TooMuch("Later.", 2.5), 429), (StoreUnavailable("/var/secret"), 503)):
        place.engine.fails = error
        url = f"{place.base}/api/v1/chats/c1/messages"
        headers = {"Authorization": f"Bearer {token}"}
        async with place.http.post(url, headers=headers, json={"text": "x"}) as answer:
            assert answer.status == status
            assert answer.headers["Retry-After"] == ("3" if status == 429 else "1")
            assert "secret" not in await answer.text()
