"""`cuebook doctor`: one line each, with what to do."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.storage.lock import ProjectLock
from tests.cli.conftest import Call


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Something that listens where the connector calls."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        monkeypatch.setenv("SHOP_URL", f"http://127.0.0.1:{listener.getsockname()[1]}")
        monkeypatch.setenv("SHOP_TOKEN", "open-sesame-4711")
        monkeypatch.setenv("CUEBOOK_ALLOW", "127.0.0.1")
        monkeypatch.setenv("PORT", "0")
        yield listener


def _lines(call: Call) -> dict[str, str]:
    said = call("doctor")
    return dict(line.split(": ", 1) for line in said.out.splitlines())


@pytest.mark.usefixtures("shop")
def test_all_is_well(call: Call, project: Path) -> None:
    said = call("doctor")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "✓ version", "✓ project", "✓ state", "✓ database", "✓ clock", "✓ port", "✓ connector shop"
    ]  # fmt: skip
    assert lines[1] == f"✓ project: {project}: 1 profile, 2 runbooks, 1 connector"
    assert lines[3].endswith(".cuebook/cuebook.db is not there yet; `cuebook serve` makes it")
    assert lines[6].endswith("can be reached")


def test_it_changes_nothing(call: Call, project: Path, shop: socket.socket) -> None:
    before = sorted(project.rglob("*"))
    call("doctor")
    assert sorted(project.rglob("*")) == before


def test_missing_variables_are_named(call: Call, project: Path) -> None:
    said = call("doctor", "--json")
    assert said.code == 4
    problems = [(one["name"], one["text"]) for one in said.json if one["state"] == "problem"]
    assert problems == [
        ("connector shop", "the variable SHOP_URL is not set"),
        ("connector shop", "the secret SHOP_TOKEN is not set"),
    ]


@pytest.mark.usefixtures("project")
def test_an_address_that_the_rules_refuse_is_not_dialled(
    call: Call, shop: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUEBOOK_ALLOW")
    said = call("doctor")
    assert said.code == 4
    assert "is refused by the address rules (127.0.0.1: loopback) → " in said.out
    shop.settimeout(0)
    with pytest.raises(BlockingIOError):
        shop.accept()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("http://127.0.0.1:1", "127.0.0.1:1 cannot be reached: "),
        ("shop.example", "the address of connector `shop` is not one"),
        ("http://nowhere.localhost.:1", "nowhere.localhost"),
    ],
)
def test_an_address_that_does_not_answer_is_said(
    call: Call, shop: socket.socket, monkeypatch: pytest.MonkeyPatch, address: str, text: str
) -> None:
    monkeypatch.setenv("SHOP_URL", address)
    said = call("doctor")
    assert said.code == 4
    assert text in said.out


@pytest.mark.usefixtures("shop")
def test_who_holds_the_database_is_said(call: Call, project: Path) -> None:
    call("migrate")
    assert _lines(call)["✓ database"].endswith("cuebook.db is up to date; nobody serves it now")
    lock = ProjectLock.take(project / ".cuebook" / "cuebook.db")
    try:
        assert f"another process (pid {os.getpid()}) serves this project" in _lines(call)["✓ database"]
    finally:
        lock.release()


@pytest.mark.usefixtures("project")
def test_a_port_in_use_is_a_problem(call: Call, shop: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    port = str(shop.getsockname()[1])
    monkeypatch.setenv("PORT", port)
    assert _lines(call)["✗ port"] == f"127.0.0.1:{port} is in use → stop the program, or set PORT"


@pytest.mark.usefixtures("shop")
def test_a_project_with_errors_is_a_problem(call: Call, project: Path) -> None:
    (project / "runbooks" / "greet.yaml").write_text("kind: runbook\n", "utf-8")
    said = call("doctor")
    assert said.code == 4
    assert "the first at runbooks/greet.yaml:1:1 → cuebook validate" in said.out


@pytest.mark.usefixtures("project", "shop")
def test_settings_that_nobody_reads_or_can_read_are_named(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUEBOOK_DRIAN", "3")
    assert _lines(call)["! settings"] == "nothing reads CUEBOOK_DRIAN → did you mean CUEBOOK_DRAIN?"
    monkeypatch.setenv("PORT", "many")
    said = call("doctor")
    assert said.code == 4
    assert "✗ settings: these settings cannot be read: PORT: " in said.out


@pytest.mark.usefixtures("shop")
def test_keys_that_others_can_read_are_a_problem(call: Call, project: Path) -> None:
    key = project / ".cuebook" / "secret-key"
    key.parent.mkdir()
    key.write_text("x" * 64)
    key.chmod(0o644)
    assert _lines(call)["✗ state"] == f"others can read {key} → chmod 600 {key}"


@pytest.mark.usefixtures("shop")
def test_a_clock_that_is_behind_is_a_problem(call: Call, project: Path) -> None:
    path = project / "runbooks" / "greet.yaml"
    later = path.stat().st_mtime + 3_600
    os.utime(path, (later, later))
    assert "s in the future → set this machine's clock" in _lines(call)["✗ clock"]


@pytest.mark.usefixtures("project", "shop")
def test_no_secret_is_shown(call: Call) -> None:
    assert "sesame" not in call("doctor").out
    assert "sesame" not in json.dumps(call("doctor", "--json").json)
