"""Both doors on the real server: files in a folder, secrets in the environment, HTTP between."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import App
from bot.cli.checks import checks
from bot.connectors.secrets import Secrets
from bot.errors import SettingsError
from bot.settings import public_base, read_settings
from flows.loader import load_project

SECRET = "known to the two of us"
FILES = {
    "cuebook.toml": '[connectors]\nallow = ["127.0.0.1"]\n',
    "runbooks/approve.yaml": """
kind: runbook
id: approve
method: asynchronous
inputs: {title: {required: true}}
steps:
  - {id: ask, call: desk.ask, with: {url: "${answer.url}", title: $title}}
  - {id: answer, wait_for: callback, timeout: 30m, save: {approved: body.approved}}
  - {end: success, result: "$title: $approved"}
""",
    "connectors/desk.yaml": """
kind: connector
id: desk
base_url: ${env.DESK_URL}
methods: {ask: {post: "/ask", json: {url: $url, title: $title}}}
""",
    "webhooks/issues.yaml": """
kind: webhook
id: issues
scheme: github
runbook: approve
secret: ${secret.ISSUES_HOOK}
inputs: {title: body.issue.title}
""",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.lstrip())
    return tmp_path


class Desk:
    """The system that is asked, and calls back within the very request."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http, self.answers = http, list[int]()
        self.urls = list[str]()
        app = web.Application()
        app.router.add_post("/ask", self.ask)
        self.server = TestServer(app)

    async def ask(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.urls.append(asked["url"])
        for _ in range(2):
            async with self.http.post(asked["url"], json={"approved": True}) as answer:
                self.answers.append(answer.status)
        return web.json_response({})


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with aiohttp.ClientSession() as http:
        desk = Desk(http)
        await desk.server.start_server()
        yield desk
        await desk.server.close()


async def test_an_event_starts_a_run_that_is_called_back_before_it_waits(root: Path, desk: Desk) -> None:
    environ = {"ISSUES_HOOK": SECRET, "DESK_URL": str(desk.server.make_url("")).rstrip("/")}
    project = await asyncio.to_thread(load_project, root)
    settings = await asyncio.to_thread(read_settings, root, {}, port=0, reload=False)
    body = json.dumps({"issue": {"title": "It burns"}}).encode()
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json", "X-GitHub-Delivery": "1", "X-Hub-Signature-256": f"sha256={digest}",
    }  # fmt: skip
    async with App.running(settings, project, Secrets(environ)) as app:
        assert app.server is not None
        ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        begin = app.runtime.runs.begin

        def watched(row: Any) -> None:
            app.runtime.runs.watch[row.id] = ended.set_result
            begin(row)

        app.runtime.runs.begin = watched  # type: ignore[method-assign]
        url = f"{app.server.url}/hooks/issues"
        async with desk.http.post(
            url, data=body, headers={**headers, "X-Hub-Signature-256": "sha256="}
        ) as no:
            assert no.status == 401
        async with desk.http.post(url, data=body, headers=headers) as yes:
            told = await yes.json()
            assert yes.status == 202
        async with asyncio.timeout(10):
            row = await ended
        assert (row.id, row.message) == (told["run"], "It burns: true")
        assert desk.answers == [202, 409]
        assert desk.urls[0].startswith(f"{app.server.url}/callbacks/")
        async with desk.http.post(desk.urls[0], json={}) as late:
            assert late.status == 410


def test_the_doctor_tells_what_is_missing(root: Path) -> None:
    found = {check.name: check for check in checks(root)[0]}
    assert found["webhook issues"].text == "the secret ISSUES_HOOK is not set: it is closed"
    assert (found["address"].state, "CUEBOOK_PUBLIC_URL" in found["address"].fix) == ("warning", True)


def test_the_doctor_tells_what_is_wrong(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given, state in (("desk.example", "problem"), ("https://desk.example", "ok")):
        monkeypatch.setenv("CUEBOOK_PUBLIC_URL", given)
        found = {check.name: check for check in checks(root)[0]}
        assert found["address"].state == state


def test_the_public_address_is_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for good in ("", "https://desk.example", "https://desk.example/cue", "http://10.0.0.1:8080"):
        monkeypatch.setenv("CUEBOOK_PUBLIC_URL", good)
        assert public_base(read_settings()) == (good or "http://127.0.0.1:8080")
    for bad in ("desk.example", "ftp://desk.example", "https://a:b@desk.example", "https://x.example?y"):
        monkeypatch.setenv("CUEBOOK_PUBLIC_URL", bad)
        with pytest.raises(SettingsError, match="CUEBOOK_PUBLIC_URL is not an address"):
            public_base(read_settings())
