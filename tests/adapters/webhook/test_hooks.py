"""`POST /hooks/{id}`: who may, what starts, and that a delivery counts once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from typing import Any

import pytest

from adapters.webhook.adapter import Limits
from bot.errors import StoreUnavailable
from bot.rows import Inbox
from bot.runtime.wire import load_person
from tests.adapters.webhook.conftest import EVENT, KEY, PROJECT, Place, Start

WRONG = (401, {"error": {"code": "unauthenticated", "message": "The signature does not fit."}})


async def test_a_signed_event_starts_the_runbook_of_its_file(place: Place) -> None:
    status, told = await place.deliver(EVENT)
    (run,) = await place.runs()
    assert (status, told) == (202, {"run": run.id})
    assert (run.runbook, run.message, run.origin, run.chat) == ("report", "It burns", "webhook", "")
    person = load_person(run.person)
    assert (person.kind, person.id, person.name) == ("agent", "hook:issues", "Issues of the shop")


async def test_a_delivery_without_a_signature_that_fits_changes_nothing(place: Place) -> None:
    body = json.dumps(EVENT).encode()
    before = place.stage.store.commits
    for headers in ({}, place.signed(body, key=b"x" * 32), place.signed(b"{}")):
        assert (await place.post("/hooks/issues", body, headers))[:2] == WRONG
    assert (await place.post("/hooks/nowhere", body, place.signed(body)))[:2] == WRONG
    assert (await place.post("/hooks/other", body, place.signed(body)))[:2] == WRONG
    assert await place.runs() == []
    assert place.stage.store.commits == before


async def test_an_endpoint_whose_secret_is_not_set_is_closed(place: Place) -> None:
    body = json.dumps(EVENT).encode()
    place.secrets.pop("HOOK")
    for key in (KEY, b"", b"None"):
        assert (await place.post("/hooks/issues", body, place.signed(body, key=key)))[:2] == WRONG
    place.secrets["HOOK"] = ""
    assert (await place.post("/hooks/issues", body, place.signed(body, key=b"")))[:2] == WRONG


@pytest.mark.parametrize("off", ["-310", "310", "plus", "float", "digits", "space"])
async def test_a_time_outside_the_window_or_of_another_form_is_refused(place: Place, off: str) -> None:
    now = place.stage.clock.now() // 1000
    stamp = {"plus": f"+{now}", "float": f"{now}.9", "digits": "1" * 5000, "space": f"{now} "}.get(off)
    body = json.dumps(EVENT).encode()
    headers = place.signed(body, at=stamp or str(now + int(off)))
    assert (await place.post("/hooks/issues", body, headers))[0] in (400, 401)
    assert await place.runs() == []


async def test_the_same_delivery_has_the_same_answer_and_one_run(place: Place) -> None:
    body = json.dumps(EVENT).encode()
    headers = place.signed(body)
    answers = await asyncio.gather(*(place.send("/hooks/issues", body, headers) for _ in range(20)))
    await place.stage.settle()
    answers += [await place.post("/hooks/issues", body, headers)]
    await place.restart()
    answers += [await place.post("/hooks/issues", body, headers)]
    (run,) = await place.runs()
    assert [answer[:2] for answer in answers] == [(202, {"run": run.id})] * 22


async def test_an_id_of_one_endpoint_says_nothing_about_another(place: Place) -> None:
    place.secrets["OTHER"] = place.secrets["HOOK"]
    first = await place.deliver(EVENT, id="same")
    second = await place.deliver(EVENT, id="same", path="/hooks/other")
    assert first[0] == second[0] == 202
    assert first[1] != second[1]


async def test_what_cannot_start_is_refused_with_its_reason_and_so_are_repeats(place: Place) -> None:
    reason = "Runbook failed: `title` is missing"
    for _ in range(2):
        status, told = await place.deliver({"issue": {}}, id="once")
        assert (status, told["error"]["message"]) == (422, reason)
    assert await place.runs() == []
    await place.stage.adopt(PROJECT.replace("{required: true}", "{default: nothing}"))
    assert (await place.deliver({"issue": {}}, id="once"))[0] == 422
    assert (await place.deliver({"issue": {}}, id="twice"))[0] == 202


async def test_a_disabled_runbook_and_one_for_others_are_not_started(place: Place) -> None:
    closed = PROJECT.replace("id: report\n", "id: report\naudience: anonymous\n", 1)
    await place.stage.adopt(closed)
    status, told = await place.deliver(EVENT)
    assert (status, told["error"]["message"]) == (422, "Runbook failed: you may not start report.")


async def test_what_does_not_meet_the_condition_is_ignored(place: Place) -> None:
    assert await place.deliver({**EVENT, "action": "ignored"}) == (202, {"ignored": True})
    assert await place.runs() == []
    assert await place.stage.store.find(Inbox) == []


async def test_githubs_scheme(place: Place) -> None:
    body = b'{"zen": 1}'
    signature = hmac.new(b"a secret of the forge", body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json", "X-GitHub-Delivery": "d-1", "X-GitHub-Event": "ping",
        "X-Hub-Signature-256": f"sha256={signature}",
    }  # fmt: skip
    answers = [(await place.post("/hooks/forge", body, headers))[:2] for _ in range(2)]
    (run,) = await place.runs()
    assert answers == [(202, {"run": run.id})] * 2
    assert run.message == "ping"
    (row,) = await place.stage.store.find(Inbox)
    assert (row.source, row.external_id, row.target) == ("hook:forge", "d-1", f"run:{run.id}")


async def test_slacks_scheme(place: Place) -> None:
    body, stamp = b'{"title": "Hi"}', str(place.stage.clock.now() // 1000)
    signature = hmac.new(b"a secret of the forge", f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={signature}",
    }  # fmt: skip
    answers = [(await place.post("/hooks/workspace", body, headers))[:2] for _ in range(2)]
    (run,) = await place.runs()
    assert answers == [(202, {"run": run.id})] * 2


@pytest.mark.parametrize(
    "more",
    [
        {"Content-Type": "text/plain"}, {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": ""},
    ],
)  # fmt: skip
async def test_one_content_type_is_read(place: Place, more: dict[str, str]) -> None:
    body = json.dumps(EVENT).encode()
    headers = {**place.signed(body), **more}
    assert (await place.post("/hooks/issues", body, headers))[0] == 415
    assert await place.runs() == []


def nested(levels: int) -> bytes:
    return b'{"issue": {"title": "x"}, "deep": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


def keyed(keys: int) -> bytes:
    return json.dumps({"issue": {"title": "x"}, **{f"k{n}": 1 for n in range(keys - 2)}}).encode()


def sized(size: int) -> bytes:
    start = b'{"issue": {"title": "x"}, "long": "'
    return start + b"x" * (size - len(start) - 2) + b'"}'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (nested(64), 202), (nested(65), 400), (nested(100_000), 400), (keyed(10_000), 202), (keyed(10_001), 400),
        (sized(1024 * 1024), 202), (sized(1024 * 1024 + 1), 413), (b'{"a": ', 400), (b"\xff\xfe", 400), (b"", 400),
        (b"[1,2]", 422), (b'{"a": NaN}', 400),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, int) else "",
)  # fmt: skip
async def test_a_body_is_bounded(place: Place, body: bytes, status: int) -> None:
    assert (await place.post("/hooks/issues", body, place.signed(body)))[0] == status


async def test_a_packed_body_is_not_unpacked(place: Place) -> None:
    import gzip

    packed = gzip.compress(json.dumps(EVENT).encode())
    unpacked = place.signed(json.dumps(EVENT).encode())
    for headers in (place.signed(packed), unpacked):
        status, *_ = await place.post("/hooks/issues", packed, {**headers, "Content-Encoding": "gzip"})
        assert status in (401, 415)
    assert await place.runs() == []


async def test_values_that_no_database_keeps_are_cleaned(place: Place) -> None:
    body = b'{"issue": {"title": "a\\u0000b\\ud800"}}'
    assert (await place.post("/hooks/issues", body, place.signed(body)))[0] == 202
    (run,) = await place.runs()
    assert run.message == "ab"


async def test_without_the_database_the_sender_is_told_to_come_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(EVENT).encode()
    headers = place.signed(body)

    async def away(unit: Any) -> Any:
        raise StoreUnavailable("locked")

    with monkeypatch.context() as patch:
        patch.setattr(place.stage.store.inner, "commit", away)
        status, _, answered = await place.post("/hooks/issues", body, headers)
    assert (status, answered["Retry-After"]) == (503, "1")
    assert await place.runs() == []
    assert (await place.post("/hooks/issues", body, headers))[0] == 202
    assert len(await place.runs()) == 1


async def test_a_slow_database_is_waited_for_and_then_the_sender_comes_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.webhook.adapter.WITHIN", 0.01)
    body = json.dumps(EVENT).encode()
    headers = place.signed(body)
    inner, gate = place.stage.store.inner.commit, asyncio.Event()

    async def slow(unit: Any) -> Any:
        await gate.wait()
        return await inner(unit)

    monkeypatch.setattr(place.stage.store.inner, "commit", slow)
    url = place.server.make_url("/hooks/issues")
    async with place.http.post(url, data=body, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    gate.set()
    await place.stage.settle()
    monkeypatch.setattr("adapters.webhook.adapter.WITHIN", 8.0)
    (run,) = await place.runs()
    assert (await place.post("/hooks/issues", body, headers))[:2] == (202, {"run": run.id})
    (run,) = await place.runs()
    assert run.state == "succeeded"


async def test_an_endpoint_hears_so_many_and_not_one_more(start: Start) -> None:
    place = await start(limits=Limits(rate=1.0, burst=3))
    assert [(await place.deliver(EVENT))[0] for _ in range(3)] == [202] * 3
    body = json.dumps(EVENT).encode()
    headers = place.signed(body)
    status, _, answered = await place.post("/hooks/issues", body, headers)
    assert (status, answered["Retry-After"]) == (429, "1")
    place.monotonic += 1.0
    assert (await place.post("/hooks/issues", body, headers))[0] == 202
    assert len(await place.runs()) == 4


async def test_a_flood_of_bad_signatures_is_refused_unseen_and_harms_no_other_address(start: Start) -> None:
    place = await start(limits=Limits(bad_rate=1.0, bad_burst=5))
    body, before = json.dumps(EVENT).encode(), place.stage.store.commits
    flood = [
        (await place.post(path, body, {"X-Forwarded-For": "203.0.113.9"}))[0]
        for path in ("/hooks/issues", "/hooks/nowhere") * 4
    ]
    assert flood == [401] * 6 + [429] * 2
    assert place.stage.store.commits == before
    good = {**place.signed(body), "X-Forwarded-For": "198.51.100.1"}
    assert (await place.post("/hooks/issues", body, good))[0] == 202
    place.monotonic += 10
    assert (await place.post("/hooks/issues", body, {"X-Forwarded-For": "203.0.113.9"}))[0] == 401


async def test_one_poison_among_many_harms_no_other(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    weigh = place.stage.runtime.starts.weigh

    def fragile(start: Any, asker: Any) -> Any:
        if start.inputs["title"] == "poison":
            raise ZeroDivisionError
        return weigh(start, asker)

    monkeypatch.setattr(place.stage.runtime.starts, "weigh", fragile)
    for number in range(100):
        event = {"issue": {"title": "poison" if number == 50 else "good"}}
        assert (await place.deliver(event))[0] == (422 if number == 50 else 202)
    assert {run.state for run in await place.runs()} == {"succeeded"}
    assert len(await place.runs()) == 99
    (parked,) = await place.stage.store.find(Inbox, state="parked")
    assert "wrong on our side" in parked.event


async def test_nothing_of_a_body_is_logged(
    place: Place, caplog: pytest.LogCaptureFixture, capsys: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    marked = {"issue": {"title": "MARKER\r\nforged line\x1b[31m"}}
    await place.deliver(marked)
    await place.deliver({"issue": {"title": ["MARKER"]}})
    body = json.dumps(marked).encode()
    await place.post("/hooks/issues", body, {"webhook-signature": "v1,MARKER"})
    shown = capsys.readouterr()
    assert "MARKER" not in caplog.text + shown.out + shown.err


async def test_other_methods_are_refused(place: Place) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
        async with place.http.request(method, place.server.make_url("/hooks/issues")) as answer:
            assert answer.status == 405
