"""What people keep secret, at the command line: given as it is, shown to nobody."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call

SAFE = """\
kind: runbook
id: safe
audience: agents
inputs: {pin: {secret: true, required: true}, short: {secret: true}, box: {}}
steps:
  - if: {pin: {is: $box}}
    then: same
    else: open
  - id: open
    call: shop.buy
    with: {item: $pin}
    outcomes: {failure: same}
  - id: same
    end: success
    result: Opened $box with $pin
"""
VAULT = """\
kind: chat-profile
id: vault
audience: anyone
variables: {pin: {secret: true, label: PIN}, copy: {}}
flow:
  - {id: ask, ask: "Your PIN?", save: pin}
  - set: {copy: "my $pin"}
  - {id: check, if: {copy: {is: $pin}}, then: bye, else: more}
  - {id: more, ask: More?}
  - {id: bye, end: Bye.}
"""
PIN = "geheim/4711"


@pytest.fixture(autouse=True)
def safe(project: Path) -> None:
    (project / "runbooks/safe.yaml").write_text(SAFE)
    (project / "profiles/vault.yaml").write_text(VAULT)


GIVEN = ("-i", f"pin={PIN}", "-i", "short=12", "-i", "box=B4")


def test_a_run_shows_no_secret_in_its_steps_its_result_or_its_record(call: Call, project: Path) -> None:
    url = f"sqlite://{project}/.cuebook/cuebook.db"
    said = call("run", "safe", *GIVEN, "--json", "--database", url)
    assert said.json["message"] == "Opened B4 with •••"
    shown = call("runs", "show", said.json["id"])
    assert "pin=•••, short=•••, box=B4" in shown.out
    for text in (said.out, said.err, shown.out, call("runs").out):
        assert PIN not in text


def test_a_dry_run_shows_no_secret_in_its_calls(call: Call) -> None:
    said = call("run", "safe", *GIVEN, "--dry-run")
    assert "POST" in said.out
    assert '"•••"' in said.out
    assert PIN not in said.out + said.err


def test_a_value_that_does_not_fit_is_not_repeated(call: Call, project: Path) -> None:
    path = project / "runbooks/safe.yaml"
    path.write_text(SAFE.replace("secret: true, required", "secret: true, matches: '[0-9]+', required"))
    said = call("run", "safe", *GIVEN)
    assert said.code == 2
    assert "`pin`: it does not have the right form" in said.err
    assert PIN not in said.err


def test_the_trace_of_a_chat_shows_no_secret(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, f"{PIN}\n".encode())
    os.close(write)
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        said = call("chat", "vault", "--trace")
    assert said.out == "Your PIN?\n> •••\nMore?\n"
    assert "pin=•••, copy=my •••" in said.err
    assert PIN not in said.err
