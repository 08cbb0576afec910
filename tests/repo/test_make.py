"""`make` helps on a machine where something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repo.tree import ROOT

TOOLS = ("awk", "sed", "sh", "uname")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the tools that make itself uses, and no Python."""
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(str(shutil.which(tool)))
    return tools


def _make(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    make = str(shutil.which("make"))
    env = {"PATH": str(path), "HOME": os.devnull}
    return subprocess.run([make, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def _python(path: Path, body: str) -> None:
    python = path / "python3"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)


def test_make_alone_lists_the_targets(bare: Path) -> None:
    done = _make(bare)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == "Cuebook: make TARGET"
    listed = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert {"help", "setup", "demo", "test", "check", "bench", "clean", "lock"} <= set(listed)


def test_without_python_it_says_what_to_install(bare: Path, tmp_path: Path) -> None:
    done = _make(bare, "setup", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == (
        "Cuebook needs Python 3.11 or newer: apt-get install python3 python3-venv"
    )


def test_an_older_python_is_no_python(bare: Path, tmp_path: Path) -> None:
    _python(bare, "exit 1")
    done = _make(bare, "setup", f"VENV={tmp_path / 'venv'}")
    assert done.stderr.startswith("Cuebook needs Python 3.11 or newer")


def test_without_the_venv_module_it_says_what_to_install(bare: Path, tmp_path: Path) -> None:
    _python(bare, 'case "$2" in *ensurepip*) exit 1;; esac')
    done = _make(bare, "demo", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "python3 has no venv module: apt-get install python3-venv"
    assert not (tmp_path / "venv").exists()
