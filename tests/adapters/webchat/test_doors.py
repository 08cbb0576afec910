"""Who may come in, how often, and whose chat it is."""

from __future__ import annotations

import pytest
from aiohttp import ClientResponse

from adapters.webchat.tokens import Tokens
from tests.adapters.webchat.conftest import KEY, Place, Start

UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "a" * 22 + "==", "Sec-WebSocket-Protocol": "cuebook.v1",
}  # fmt: skip


async def knock(place: Place, **headers: str) -> ClientResponse:
    """Ask for the upgrade by hand."""
    async with place.http.get(f"{place.base}/ws", headers=UPGRADE | headers) as answer:
        answer.close()
        return answer


async def refused(place: Place, **headers: str) -> int:
    """The status with which the upgrade was refused; 101 if it was not."""
    return (await knock(place, **headers)).status


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "http://evil.test", "{own}.evil.test", "http://evil.test/{own}", "{own}:1", "{own}/", "{OWN}",
        "https{rest}", "{own} ", "ws{rest}", "http://{user}@{host}", "{own},{own}", "http://127.0.0.1",
    ],
)  # fmt: skip
async def test_a_foreign_origin_is_refused_before_the_upgrade(place: Place, origin: str) -> None:
    """Threat: a page of another site opens a socket with what this browser holds."""
    host = place.base.removeprefix("http://")
    spelling = origin.format(own=place.base, OWN=place.base.upper(), rest=f"://{host}", host=host, user="u")
    if origin == "{own} ":
        spelling = f"x{place.base}"  # the parser strips spaces, so a prefix takes the place
    assert await refused(place, Origin=spelling) == 403


async def test_our_own_origin_a_listed_one_and_none_may_come_in(start: Start) -> None:
    place = await start(origins=frozenset(["https://shop.test"]))
    assert await refused(place, Origin=place.base) == 101
    assert await refused(place, Origin="https://shop.test") == 101
    assert await refused(place) == 101
    assert await refused(place, Origin="https://shop.test:443") == 403


async def test_behind_a_listed_proxy_our_own_origin_is_what_the_browser_sees(start: Start) -> None:
    plain, proxied = await start(), await start(proxies=("127.0.0.1",))
    for place, status in ((plain, 403), (proxied, 101)):
        own = place.base.replace("http://", "https://")
        assert await refused(place, **{"Origin": own, "X-Forwarded-Proto": "https"}) == status


async def test_another_sub_protocol_is_refused(place: Place) -> None:
    for offered in ("", "cuebook.v2", "graphql-ws, cuebook.v10"):
        assert await refused(place, **{"Sec-WebSocket-Protocol": offered}) == 400
    tab = await place.tab(protocols=("other", "cuebook.v1"))
    assert tab.ws.protocol == "cuebook.v1"


async def test_a_plain_get_is_no_socket(place: Place) -> None:
    async with place.http.get(f"{place.base}/ws", headers={"Sec-WebSocket-Protocol": "cuebook.v1"}) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["code"] == "bad_request"


async def test_the_socket_past_an_address_s_limit_is_refused_before_the_upgrade(start: Start) -> None:
    place = await start(per_address=3)
    tabs = [await place.tab() for _ in range(3)]
    refusal = await knock(place)
    assert (refusal.status, refusal.headers["Retry-After"]) == (429, "5")
    await tabs[0].ws.close()
    await place.tab()


async def test_the_socket_past_the_process_s_limit_is_refused_before_the_upgrade(start: Start) -> None:
    place = await start(per_process=2)
    for _ in range(2):
        await place.tab()
    assert await refused(place) == 503


async def test_who_leaves_takes_no_new_socket(place: Place) -> None:
    place.health.drain()
    assert await refused(place) == 503


async def test_a_forged_forwarded_address_counts_for_nothing(start: Start) -> None:
    place = await start(per_address=1)
    await place.tab(headers={"X-Forwarded-For": "203.0.113.1"})
    assert await refused(place, **{"X-Forwarded-For": "203.0.113.2"}) == 429


async def test_a_listed_proxy_s_word_counts_and_only_its_own(start: Start) -> None:
    place = await start(per_address=1, proxies=("127.0.0.0/8",))
    await place.tab(headers={"X-Forwarded-For": "203.0.113.1"})
    assert await refused(place, **{"X-Forwarded-For": "203.0.113.2"}) == 101
    assert await refused(place, **{"X-Forwarded-For": "198.51.100.7, 203.0.113.1"}) == 429
    await place.tab(headers={"X-Forwarded-For": "2001:db8:0:1::a"})
    assert await refused(place, **{"X-Forwarded-For": "2001:db8:0:1::b"}) == 429


async def test_the_socket_past_a_person_s_limit_is_shown_out(start: Start) -> None:
    place = await start(per_person=2)
    _, welcome = await place.chat()
    await (await place.tab()).hello(token=welcome["token"])
    third = await place.tab()
    await third.send(type="hello", token=welcome["token"])
    assert (await third.get())["code"] == "too_many"
    assert await third.code() == 4429


async def test_a_person_s_places_are_given_back(start: Start) -> None:
    place = await start(per_person=1)
    tab, welcome = await place.chat()
    for _ in range(3):
        await tab.ws.close()
        tab = await place.tab()
        await tab.hello(token=welcome["token"])


async def test_the_limit_of_words_counts_over_all_sockets_of_a_person(start: Start) -> None:
    place = await start(rate=0.01, burst=6)
    one, welcome = await place.chat()
    two = await place.tab()
    await two.hello(token=welcome["token"])
    for n in range(4):
        await one.send(type="message", cmid=f"a{n}", text="x")
        await one.until("ack")
    for n in range(2):
        await two.send(type="message", cmid=f"b{n}", text="x")
        await two.until("ack")
    await two.send(type="message", cmid="b2", text="x")
    error = (await two.until("error"))[-1]
    assert (error["code"], error["cmid"]) == ("too_many", "b2")
    assert 90 < error["retry_after"] <= 100
    await one.send(type="message", cmid="a4", text="x")
    assert (await one.until("error"))[-1]["cmid"] == "a4"
    assert len(place.engine.events) == 6


async def test_who_does_not_stop_is_shown_out(start: Start) -> None:
    place = await start(rate=0.01, burst=5)
    tab, _ = await place.chat()
    for n in range(11):
        await tab.send(type="ping", t=n)
    codes = [f["type"] for f in await tab.until("error")]
    assert codes == ["pong"] * 5 + ["error"]
    assert await tab.code() == 4429


async def test_new_chats_are_limited_per_address(start: Start) -> None:
    place = await start(opens_rate=0.01, opens_burst=2)
    for _ in range(2):
        await place.chat()
    third = await place.tab()
    await third.send(type="hello", profile="desk")
    assert (await third.get())["code"] == "too_many"
    assert await third.code() == 4429


async def test_a_chat_of_another_and_one_that_is_not_there_get_the_same_answer(place: Place) -> None:
    """Threat: chat ids are guessed. No answer tells whether there is such a chat."""
    await place.chat()
    _, mine = await place.chat()
    answers = []
    tokens = Tokens(KEY, place.engine.clock.now)
    for chat, token in [
        ("c1", mine["token"]),
        ("c99", mine["token"]),
        ("x" * 256, mine["token"]),
        ("", mine["token"]),
        ("c99", tokens.issue("c99", "anon-x")),
        ("c1", tokens.issue("c1", "anon-x")),
    ]:
        tab = await place.tab()
        await tab.send(type="hello", profile="desk", chat=chat, token=token)
        answers.append((await tab.get(), await tab.code()))
    told = {"type": "error", "code": "not_found", "message": "There is no such chat."}
    assert answers == [(told, 4403)] * 6


async def test_no_good_token_is_4401(place: Place) -> None:
    _, mine = await place.chat()
    for more in ({"chat": "c1"}, {"token": ""}, {"token": mine["token"][:-2]}, {"token": "x", "chat": "c99"}):
        tab = await place.tab()
        await tab.send(type="hello", profile="desk", **more)
        assert (await tab.get())["code"] == "unauthenticated"
        assert await tab.code() == 4401


async def test_another_profile_s_name_does_not_open_the_chat(place: Place) -> None:
    _, mine = await place.chat()
    tab = await place.tab()
    await tab.send(type="hello", profile="staff", token=mine["token"])
    assert (await tab.get())["code"] == "not_found"
    assert await tab.code() == 4403


async def test_an_open_socket_ends_when_its_token_does(start: Start) -> None:
    """By the next frame, and by time alone."""
    talking = await start(sweep=60.0)
    tab, _ = await talking.chat()
    talking.engine.clock.ms += 30 * 86_400_000
    await tab.send(type="message", cmid="1", text="x")
    assert (await tab.get())["code"] == "unauthenticated"
    assert await tab.code() == 4401
    assert talking.engine.events == []
    silent = await start(sweep=0.02)
    tab, _ = await silent.chat()
    silent.engine.clock.ms += 30 * 86_400_000
    assert (await tab.get())["code"] == "unauthenticated"
    assert await tab.code() == 4401


async def test_a_chat_that_disappears_ends_its_sockets(place: Place) -> None:
    tab, _ = await place.chat()
    del place.engine.chats["c1"]
    await tab.send(type="message", cmid="1", text="x")
    assert (await tab.get())["code"] == "not_found"
    assert await tab.code() == 4403
