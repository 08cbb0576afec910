"""`cuebook slack …`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.slack.installed import empty, row_id
from bot.ports import Insert
from bot.rows import Workspace
from bot.storage.open import open_store
from bot.testing.slack import FakeSlack
from tests.cli.conftest import Call


def test_the_manifest_for_socket_mode_is_yaml(call: Call) -> None:
    said = call("slack", "manifest")
    assert (said.code, said.err) == (0, "")
    assert "socket_mode_enabled: true" in said.out
    assert call("slack", "manifest", "--socket-mode").out == said.out


def test_the_manifest_for_http_names_the_address(call: Call) -> None:
    said = call("slack", "manifest", "--url", "https://bot.example.com", "--name", "Desk", "--format", "json")
    made = json.loads(said.out)
    assert made["display_information"]["name"] == "Desk"
    assert made["settings"]["event_subscriptions"]["request_url"] == "https://bot.example.com/slack/events"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--url", "http://bot.example.com"], "Slack calls https:// addresses only"),
        (["--url", "https://bot.example.com", "--socket-mode"], "exclude each other"),
        (["--many"], "--many needs --url"),
        (["--name", "x" * 36], "1 to 35 characters"),
    ],
)
def test_what_slack_would_refuse_is_a_usage_error(call: Call, words: list[str], text: str) -> None:
    said = call("slack", "manifest", *words)
    assert said.code == 2
    assert text in " ".join(said.err.split())


@pytest.fixture
def installed(project: Path) -> None:
    async def write() -> None:
        store = await open_store(f"sqlite://{project / '.cuebook' / 'cuebook.db'}")
        cells = empty("", "T0DESK") | {"name": "The Desk", "installed_at": 1, "installed_by": "U0ANN"}
        row = Workspace(id=row_id("T0DESK"), state="installed", version=1, **cells)  # type: ignore[arg-type]
        await store.commit([Insert(row)])
        await store.close()

    (project / ".cuebook").mkdir()
    asyncio.run(write())


@pytest.mark.usefixtures("installed")
def test_workspaces_are_listed_and_forgotten(call: Call) -> None:
    listed = call("slack", "workspaces", "--json").json
    assert [(one["team"], one["name"], one["state"], one["by"]) for one in listed] == [
        ("T0DESK", "The Desk", "installed", "U0ANN")
    ]
    assert "T0DESK\tinstalled" in call("slack", "workspaces").out
    said = call("slack", "forget", "T0DESK")
    assert (said.code, said.err.strip()) == (0, "the token of T0DESK is forgotten")
    assert [one["state"] for one in call("slack", "workspaces", "--json").json] == ["removed"]
    assert call("slack", "forget", "T0DESK").code == 2


# --- cuebook doctor ----------------------------------------------------------------------


@pytest.fixture
def slack(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    """A Slack on a loop of its own: a command has its own loop, and blocks ours."""
    (project / "connectors" / "shop.yaml").unlink()
    (project / "runbooks" / "order.yaml").unlink()
    monkeypatch.setenv("PORT", "0")
    started, stop = threading.Event(), asyncio.Event()
    made: list[FakeSlack] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with FakeSlack.running() as fake:
            made.append(fake)
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert started.wait(10)
    monkeypatch.setenv("SLACK_API_URL", made[0].url)
    yield made[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_doctor_is_silent_where_slack_is_not_used(call: Call, slack: FakeSlack) -> None:
    said = call("doctor")
    assert said.code == 0
    assert "slack" not in said.out


def test_doctor_asks_slack(call: Call, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.workspace.token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
    slack.take_scope("users:read.email")
    said = call("doctor")
    assert said.code == 0, said.out
    lines = [line for line in said.out.splitlines() if " slack " in line]
    assert [line.split(":")[0] for line in lines] == [
        "✓ slack bot", "! slack scope", "✓ slack clock", "✓ slack socket"
    ]  # fmt: skip
    assert "users:read.email is missing: `$CHAT_USER_EMAIL` stays empty → add it at" in lines[1]
    assert slack.workspace.token not in said.out


def test_doctor_ends_with_4_where_slack_cannot_be_reached(
    call: Call, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.workspace.token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.app_token)
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:1/api/")
    said = call("doctor")
    assert said.code == 4
    assert "✗ slack: http://127.0.0.1:1/api/: cannot be reached" in said.out


def test_doctor_names_swapped_tokens_and_settings_that_nobody_reads(
    call: Call, slack: FakeSlack, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", slack.app_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", slack.workspace.token)
    monkeypatch.setenv("SLACK_BOT_TOKN", "x")
    said = call("doctor")
    assert said.code == 4
    assert "nothing reads SLACK_BOT_TOKN → did you mean SLACK_BOT_TOKEN?" in said.out
    assert "SLACK_BOT_TOKEN holds the value of SLACK_APP_TOKEN → it begins with xoxb-" in said.out
    assert slack.calls == []
    (project / "cuebook.toml").write_text("[slack]\nagent = []\n", "utf-8")
    assert "there is no setting `agent`, did you mean `agents`?" in call("doctor").out
