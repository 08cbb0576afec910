"""The site around the adapters: health, listings, the description, errors, headers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from io import BytesIO
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry, Counter
from structlog.testing import capture_logs

from adapters.webchat.adapter import House, Site, WebChat
from bot.errors import Conflict, Duplicate, NotAllowed, NotFound, StoreUnavailable, TooMuch
from bot.web.application import Parts, application
from bot.web.bodies import body_as, json_answer
from bot.web.errors import BadRequest
from bot.web.health import Health
from bot.web.operation import Operation
from bot.web.operator import Operator
from bot.web.ports import Mount
from bot.web.proxies import Proxies
from flows.errors import FlowStuck, UnknownDefinition
from tests.adapters.webchat.fake import RUNBOOKS, FakeCatalogue, FakeEngine

Get = Callable[..., Awaitable[tuple[int, Any, dict[str, str]]]]
OPERATOR = {"Authorization": "Bearer let me in"}


class Routes:
    """A mount that is only its routes."""

    def __init__(self, *routes: web.AbstractRouteDef) -> None:
        self._routes = routes
        self.events: list[str] = []

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        return self._routes

    async def start(self) -> None:
        self.events.append("start")

    async def stop(self) -> None:
        self.events.append("stop")


@pytest.fixture
async def site() -> AsyncIterator[Callable[..., Awaitable[Get]]]:
    """Start a site; gives the way to ask it."""
    ends: list[Any] = []

    async def start(*mounts: Mount, **more: Any) -> Get:
        with_defaults: dict[str, Any] = {
            "catalogue": FakeCatalogue(),
            "operator": Operator("let me in"),
        } | more
        parts = Parts(**with_defaults)
        server = TestServer(application(mounts, parts))
        await server.start_server()
        http = aiohttp.ClientSession()
        ends.extend([http.close, server.close])

        async def get(path: str, method: str = "GET", **asked: Any) -> tuple[int, Any, dict[str, str]]:
            async with http.request(method, server.make_url(path), **asked) as answer:
                is_json = answer.content_type == "application/json"
                return (
                    answer.status,
                    await (answer.json() if is_json else answer.text()),
                    dict(answer.headers),
                )

        return get

    yield start
    for end in ends:
        await end()


Start = Callable[..., Awaitable[Get]]


# --- health ----------------------------------------------------------------------------


async def fine() -> None: ...


async def broken() -> None:
    raise OSError("postgres://user:secret@db")


async def hangs() -> None:
    await asyncio.Event().wait()


async def test_a_process_lives_whatever_its_parts_do(site: Start) -> None:
    get = await site(health=Health({"database": broken}))
    assert (await get("/livez"))[:2] == (200, "ok\n")
    status, text, _ = await get("/readyz")
    assert (status, text) == (503, "not ready\n")


async def test_the_state_of_every_part_is_told_without_its_words(site: Start) -> None:
    get = await site(health=Health({"flows": fine, "database": broken, "mail": hangs}, limit=0.02))
    status, body, _ = await get("/healthz")
    parts = {"server": "ok", "flows": "ok", "database": "failing", "mail": "slow"}
    assert (status, body) == (503, {"ready": False, "parts": parts})


async def test_who_leaves_is_not_ready_from_that_moment(site: Start) -> None:
    health = Health({"flows": fine})
    get = await site(health=health)
    assert (await get("/readyz"))[0] == 200
    health.drain()
    assert (await get("/readyz"))[:2] == (503, "leaving\n")
    assert (await get("/livez"))[0] == 200


async def test_the_numbers_are_for_the_operator(site: Start) -> None:
    registry = CollectorRegistry()
    Counter("cuebook_turns", "Turns", registry=registry).inc()
    get = await site(registry=registry)
    for headers in ({}, {"Authorization": "Bearer let me"}, {"Authorization": "Basic let me in"}):
        status, body, seen = await get("/metrics", headers=headers)
        assert (status, body["error"]["code"], seen["WWW-Authenticate"]) == (401, "unauthenticated", "Bearer")
    status, text, _ = await get("/metrics", headers=OPERATOR)
    assert status == 200
    assert "cuebook_turns_total 1.0" in text


async def test_without_a_token_set_nobody_is_the_operator(site: Start) -> None:
    get = await site(operator=Operator(""))
    for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": "Bearer"}):
        assert (await get("/metrics", headers=headers))[0] == 401


# --- listings --------------------------------------------------------------------------


async def test_a_visitor_sees_the_names_of_what_a_visitor_may_use(site: Start) -> None:
    get = await site()
    assert (await get("/api/v1/profiles"))[1] == {
        "profiles": [{"id": "desk", "name": "IT <Helpdesk>", "description": "Accounts & laptops"}]
    }
    assert (await get("/api/v1/runbooks"))[1] == {
        "runbooks": [{"id": "unlock", "name": "Unlock", "description": "Unlocks"}]
    }


async def test_the_operator_sees_everything(site: Start) -> None:
    get = await site()
    assert (await get("/api/v1/runbooks", headers=OPERATOR))[1] == {"runbooks": RUNBOOKS}
    assert (await get("/api/v1/runbooks/wipe", headers=OPERATOR))[1]["steps"] == [3]
    assert (await get("/api/v1/runs/r1", headers=OPERATOR))[1] == {"id": "r1", "trace": []}
    assert (await get("/api/v1/runs/r2", headers=OPERATOR))[0] == 404


async def test_lists_of_chats_and_runs_are_the_operator_s_and_can_be_filtered(site: Start) -> None:
    catalogue = FakeCatalogue()
    get = await site(catalogue=catalogue)
    for path in ("chats", "runs", "runs/r1", "runs/r2", "runbooks/unlock", "runbooks/nope"):
        assert (await get(f"/api/v1/{path}"))[0] == 401
    assert (await get("/api/v1/chats?status=open&limit=5", headers=OPERATOR))[1] == {"chats": [{"id": "c1"}]}
    assert (await get("/api/v1/runs?chat=c1", headers=OPERATOR))[1] == {"runs": [{"id": "r1"}]}
    assert catalogue.asked == [
        {"status": "open", "profile": "", "limit": 5},
        {"state": "", "runbook": "", "chat": "c1", "limit": 50},
    ]
    for query in ("limit=501", "limit=0", "limit=x", "sort=name"):
        assert (await get(f"/api/v1/runs?{query}", headers=OPERATOR))[0] == 400


# --- the description -------------------------------------------------------------------


def webchat() -> WebChat:
    engine, registry = FakeEngine(), CollectorRegistry()
    shared = Site(catalogue=FakeCatalogue(), health=Health(), registry=registry, proxies=Proxies())
    return WebChat(House(engine, engine.bus, engine.clock), shared, key=b"k" * 32)


async def test_every_route_of_the_interface_is_described_and_nothing_else(site: Start) -> None:
    app = application([webchat()], Parts(catalogue=FakeCatalogue()))
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/")
    }
    get = await site(webchat())
    _, document, _ = await get("/api/v1/openapi.json")
    described = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    assert served == described
    assert len(served) == 13
    assert document["openapi"] == "3.1.0"


async def test_the_description_is_whole(site: Start) -> None:
    get = await site(webchat())
    _, document, _ = await get("/api/v1/openapi.json")
    text = msgspec.json.encode(document).decode()
    operations = [o for methods in document["paths"].values() for o in methods.values()]
    assert len({o["operationId"] for o in operations}) == len(operations)
    schemas = document["components"]["schemas"]
    assert {ref.rsplit("/", 1)[1] for ref in re.findall(r'"\$ref":"([^"]*)"', text)} <= schemas.keys()
    said = schemas["MessageFrame"]["properties"]
    assert list(said) == [
        "type",
        "seq",
        "id",
        "from",
        "text",
        "choices",
        "at",
        "prompt_id",
        "run",
        "end",
        "form",
    ]
    post = document["paths"]["/api/v1/chats/{id}/messages"]["post"]
    assert post["security"] == [{"chat": []}]
    assert [p["name"] for p in post["parameters"]] == ["id"]
    reads = document["paths"]["/api/v1/chats/{id}/messages"]["get"]
    assert [p["name"] for p in reads["parameters"]] == ["id", "after", "wait"]


# --- errors ----------------------------------------------------------------------------

ERRORS = [
    (BadRequest("no"), 400, "bad_request"),
    (NotAllowed("no", "audience"), 403, "not_allowed"),
    (NotFound("no"), 404, "not_found"),
    (UnknownDefinition("runbook", "x"), 404, "not_found"),
    (Conflict("row"), 409, "conflict"),
    (Duplicate("row"), 409, "conflict"),
    (TooMuch("no", 0.2), 429, "too_many"),
    (StoreUnavailable("/secret/path"), 503, "unavailable"),
    (web.HTTPConflict(), 409, "refused"),
    (FlowStuck("secret flow", "step", 9), 500, "internal"),
    (ValueError("secret"), 500, "internal"),
    (TimeoutError("secret"), 500, "internal"),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=lambda v: type(v).__name__)
async def test_every_error_has_its_status_its_code_and_no_secret(
    site: Start, error: Exception, status: int, code: str
) -> None:
    """Threat: stack traces, paths and other systems' words in answers."""

    async def fail(request: web.Request) -> web.Response:
        raise error

    get = await site(Routes(web.get("/x", fail)))
    with capture_logs() as logs:
        seen, body, headers = await get("/x")
    assert (seen, body["error"]["code"]) == (status, code)
    assert not {"secret", "Traceback", "row"} & set(str(body).replace("'", " ").split())
    assert ("Retry-After" in headers) == (status in (429, 503))
    if status == 500:
        assert logs[0]["error_id"] == body["error"]["id"]


async def test_what_is_not_there_and_the_wrong_method_answer_in_our_form(site: Start) -> None:
    get = await site()
    assert (await get("/nope"))[:2] == (
        404,
        {"error": {"code": "not_found", "message": "There is nothing here."}},
    )
    status, body, headers = await get("/livez", "POST")
    assert (status, body["error"]["code"], headers["Allow"]) == (405, "method_not_allowed", "GET,HEAD")


async def test_redirects_stay_what_they_are(site: Start) -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("/livez")

    get = await site(Routes(web.get("/x", away)))
    assert (await get("/x", allow_redirects=False))[2]["Location"] == "/livez"


class Echo(msgspec.Struct, forbid_unknown_fields=True):
    text: str


async def echo(request: web.Request) -> web.Response:
    return json_answer(len((await body_as(request, Echo)).text))


async def test_a_body_of_a_mebibyte_passes_and_one_more_byte_does_not(site: Start) -> None:
    get = await site(Routes(web.post("/x", echo)))
    kind = {"Content-Type": "application/json"}
    text = b"x" * (1024 * 1024 - len(b'{"text":""}'))
    assert (await get("/x", "POST", data=BytesIO(b'{"text":"%b"}' % text), headers=kind))[:2] == (
        200,
        len(text),
    )
    status, body, _ = await get("/x", "POST", data=BytesIO(b'{"text":"%bx"}' % text), headers=kind)
    assert (status, body["error"]["code"]) == (413, "too_large")
    assert (await get("/nope", "POST", data=BytesIO(b'{"text":"%bx"}' % text)))[0] == 413


async def test_answers_carry_the_headers_that_a_browser_needs_and_no_version(site: Start) -> None:
    get = await site(embedded_by=["https://intranet.test"])
    for path in ("/livez", "/nope", "/api/v1/profiles"):
        headers = (await get(path))[2]
        assert headers["Content-Security-Policy"].endswith("frame-ancestors https://intranet.test")
        assert "X-Frame-Options" not in headers
        assert headers["Server"] == "cuebook"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert (await (await site())("/livez"))[2]["X-Frame-Options"] == "DENY"


# --- life ------------------------------------------------------------------------------


async def test_a_mount_that_cannot_start_stops_those_that_did() -> None:
    class Fails(Routes):
        async def start(self) -> None:
            raise RuntimeError("no")

    first = Routes()
    app = application([first, Fails()], Parts(catalogue=FakeCatalogue()))
    runner = web.AppRunner(app)
    with pytest.raises(RuntimeError, match="no"):
        await runner.setup()
    assert first.events == ["start", "stop"]
    await runner.cleanup()


async def test_an_operation_serves_what_it_describes(site: Start) -> None:
    described = Operation(
        method="POST", path="/api/v1/echo/{id}", handler=echo, summary="Echo", body=Echo, answer=int
    )
    get = await site(Routes(described))
    assert (await get("/api/v1/echo/1", "POST", json={"text": "abc"}))[1] == 3
    document = (await get("/api/v1/openapi.json"))[1]
    assert document["paths"]["/api/v1/echo/{id}"]["post"]["responses"]["200"]["content"] == {
        "application/json": {"schema": {"type": "integer"}}
    }
