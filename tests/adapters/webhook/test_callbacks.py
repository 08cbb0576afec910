"""`POST /callbacks/{token}`: once, in one spelling, and never by looking."""

from __future__ import annotations

import asyncio
import json
import secrets
from typing import Any

import pytest

from bot.ports import Person
from bot.rows import Callback, Run, Trace
from tests.adapters.webhook.conftest import Place

JSON = {"Content-Type": "application/json"}
YES = b'{"approved": true}'
PERSON = Person(kind="agent", id="a")


async def waiting(place: Place) -> str:
    """The path at which a run that waits is called back."""
    run = await place.stage.runtime.begin("approve", {}, PERSON)
    assert isinstance(run, Run)
    await place.stage.settle()
    url: str = place.stage.connectors.asked("desk.ask")[-1]["url"]
    assert url.startswith("https://stage.example/callbacks/")
    return url.removeprefix("https://stage.example")


async def state(place: Place) -> tuple[str, str]:
    run = (await place.runs())[-1]
    return run.state, run.message


async def test_a_call_lets_the_run_go_on_once(place: Place) -> None:
    path = await waiting(place)
    assert (await place.post(path, YES, JSON))[:2] == (202, {"accepted": True})
    assert await state(place) == ("succeeded", "approved: true")
    status, told, _ = await place.post(path, b'{"approved": false}', JSON)
    assert (status, told["error"]["code"]) == (410, "gone")
    assert await state(place) == ("succeeded", "approved: true")


async def test_of_two_at_once_one_counts(place: Place) -> None:
    path = await waiting(place)
    answers = await asyncio.gather(*(place.send(path, YES, JSON) for _ in range(10)))
    await place.stage.settle()
    assert (
        sorted({answer[0] for answer in answers} - {410}) == [202, 409]
        or sorted(answer[0] for answer in answers) == [202] + [410] * 9
    )
    assert [answer[0] for answer in answers].count(202) == 1
    assert await state(place) == ("succeeded", "approved: true")


async def test_a_second_call_before_the_run_goes_on_is_409(place: Place, monkeypatch: Any) -> None:
    path = await waiting(place)
    monkeypatch.setattr(place.stage.runtime.runs, "hear", lambda inbox: None)
    assert (await place.post(path, YES, JSON))[0] == 202
    status, told, _ = await place.post(path, YES, JSON)
    assert (status, told["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_looking_at_it_changes_nothing(place: Place, method: str) -> None:
    path = await waiting(place)
    before = place.stage.store.commits
    for _ in range(50):
        async with place.http.request(method, str(place.server.make_url(path))) as answer:
            assert answer.status == 405
    assert place.stage.store.commits == before
    assert (await state(place))[0] == "waiting"


def spellings(path: str) -> list[str]:
    token = path.rpartition("/")[2]
    letter = next(index for index, char in enumerate(token) if char.isalpha())
    upper = token[:letter] + token[letter].upper() + token[letter + 1 :]
    return [
        f"/callbacks/{upper}", f"/callbacks/{token.upper()}", f"{path}/", f"/callbacks//{token}",
        f"/callbacks/%{ord(token[0]):02x}{token[1:]}", f"/%63allbacks/{token}", f"{path}?", f"{path}?x=1",
        f"/callbacks/{token[:-1]}", f"/callbacks/{token}0", f"/callbacks/{token[1:]}{token[0]}",
        f"/callbacks/{token}/{token}", f"/callbacks/{token}%00", f"/callbacks/{token}%20", "/callbacks/",
        f"/callbacks/{secrets.token_hex(32)}", f"/./callbacks/{token}", f"/callbacks/../callbacks/{token}",
    ]  # fmt: skip


async def test_one_spelling_is_its_address(place: Place) -> None:
    path = await waiting(place)
    before = place.stage.store.commits
    for spelt in spellings(path):
        if spelt.endswith("?") or "/./" in spelt or "/../" in spelt:
            continue  # clients send these as the plain address
        status, told, _ = await place.post(spelt, YES, JSON)
        assert (status, told["error"]["code"]) == (404, "not_found"), spelt
    assert place.stage.store.commits == before
    assert (await state(place))[0] == "waiting"


@pytest.mark.parametrize("path", ["/callbacks/x/../", "/callbacks/%2e%2e/callbacks/"])
async def test_no_detour_leads_there(place: Place, path: str) -> None:
    token = (await waiting(place)).rpartition("/")[2]
    assert (await place.post(f"{path}{token}", YES, JSON))[0] == 404


async def test_guesses_find_nothing_and_are_cut_off(place: Place) -> None:
    path = await waiting(place)
    before = place.stage.store.commits
    answers = [(await place.send(f"/callbacks/{secrets.token_hex(32)}", YES, JSON))[0] for _ in range(200)]
    assert set(answers) == {404, 429}
    assert place.stage.store.commits == before
    place.monotonic += 60
    assert (await place.post(path, YES, JSON))[0] == 202


async def test_after_the_end_it_is_gone(place: Place) -> None:
    path = await waiting(place)
    run = (await place.runs())[-1]
    await place.stage.runtime.runs.cancel(run.id, "a test")
    assert (await place.post(path, YES, JSON))[0] == 410
    assert (await state(place))[0] == "cancelled"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 415), (b"", JSON, 400), (b"approved=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", JSON, 400), (b"[" * 65 + b"]" * 65, JSON, 400), (b"[" * 64 + b"]" * 64, JSON, 202),
        (b'"' + b"x" * (1024 * 1024) + b'"', JSON, 413), (b"null", JSON, 202), (b"true", JSON, 202),
    ],
    ids=lambda value: str(value)[:20] if not isinstance(value, dict) else "",
)  # fmt: skip
async def test_a_body_is_json_and_bounded(
    place: Place, body: bytes, headers: dict[str, str], status: int
) -> None:
    path = await waiting(place)
    assert (await place.post(path, body, headers))[0] == status
    assert (await state(place))[0] == ("succeeded" if status == 202 else "waiting")


async def test_nothing_of_a_body_is_read_for_who_has_no_address(place: Place) -> None:
    for body, headers in ((b"{", JSON), (b"", {}), (b"[" * 100, JSON)):
        assert (await place.post(f"/callbacks/{secrets.token_hex(32)}", body, headers))[0] == 404


async def test_the_database_and_the_trace_do_not_know_the_address(place: Place) -> None:
    path = await waiting(place)
    token = path.rpartition("/")[2]
    runs, traces = await place.runs(), await place.stage.store.find(Trace)
    callbacks = await place.stage.store.find(Callback)
    assert token not in repr([runs, traces, callbacks])
    assert "•••" in repr(traces)
    shown = await place.stage.runtime.catalogue.run(runs[-1].id)
    assert token not in json.dumps(shown)
    await place.post(path, YES, JSON)
    shown = await place.stage.runtime.catalogue.run(runs[-1].id)
    assert token not in json.dumps(shown)
    assert '"answer": "{\\"body\\":{\\"approved\\":true}}"' in json.dumps(shown)


async def test_a_call_of_one_run_does_nothing_to_another(place: Place) -> None:
    first, second = await waiting(place), await waiting(place)
    assert first != second
    await place.post(second, YES, JSON)
    assert [run.state for run in await place.runs()] == ["waiting", "succeeded"]
