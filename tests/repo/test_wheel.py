"""The built wheel is the product: it holds every file, and its commands work where nothing of
this checkout is on the path. Needs no network: the wheel is built and installed with what is
installed here."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo import tree

pytestmark = pytest.mark.proof

READY_WITHIN = 30.0
STOPPED_WITHIN = 15.0
ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|localhost):[1-9]\d*/chat/[\w/-]+")


def _run(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=env | {"HOME": str(cwd)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    built = _run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--wheel-dir",
        out,
        tree.ROOT,
        cwd=out,
    )
    assert built.returncode == 0, built.stderr
    (found,) = out.glob("cuebook-*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a new environment with the wheel in it. The packages it depends on are
    those of this environment, lent by a path file; this checkout is not lent."""
    home = tmp_path_factory.mktemp("installed")
    venv = home / "venv"
    assert _run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=home).returncode == 0
    site = Path(sysconfig.get_path("purelib", vars={"base": str(venv), "platbase": str(venv)}))
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    done = _run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        venv / "bin" / "python",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--force-reinstall",
        wheel,
        cwd=home,
    )
    assert done.returncode == 0, done.stderr
    return venv / "bin"


@pytest.fixture
def project(installed: Path, tmp_path: Path) -> Path:
    done = _run(installed / "cuebook", "init", "desk", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path / "desk"


def test_the_wheel_holds_the_files_of_the_three_rooms_and_nothing_else(wheel: Path) -> None:
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == {tree.name(path) for path in tree.under(*tree.ROOMS)}


def test_the_wheel_carries_its_licence(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel)
    licence = packed.read("cuebook-0.1.0.dist-info/licenses/LICENSE")
    assert licence == (tree.ROOT / "LICENSE").read_bytes()


def test_the_installed_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    done = _run(installed / "python", "-c", "import bot; print(bot.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(installed.parent), done.stderr


def test_it_prints_its_version(installed: Path, tmp_path: Path) -> None:
    done = _run(installed / "cuebook", "--version", cwd=tmp_path)
    assert (done.returncode, done.stdout.split()[-1:]) == (0, ["0.1.0"]), done.stderr


@pytest.mark.parametrize("line", (tree.ROOT / "Procfile").read_text("utf-8").splitlines())
def test_every_process_of_the_procfile_is_a_command(line: str, installed: Path, tmp_path: Path) -> None:
    program, command = line.split(": ")[1].split()
    done = _run(installed / program, command, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_new_project_has_nothing_to_complain_about(installed: Path, project: Path) -> None:
    done = _run(installed / "cuebook", "validate", "--strict", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tests_of_a_new_project_pass(installed: Path, project: Path) -> None:
    done = _run(installed / "cuebook", "test", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def demo(installed: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    said = tmp_path / "said"
    with said.open("w") as out:
        process = subprocess.Popen(
            [str(installed / "cuebook"), "demo"],
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": "0"},
        )
        try:
            yield process, said
        finally:
            process.kill()
            process.wait(STOPPED_WITHIN)


def test_the_demo_serves_its_web_chat_and_stops_when_told(demo: tuple[subprocess.Popen[str], Path]) -> None:
    process, said = demo
    address = _address(process, said)
    with urllib.request.urlopen(address, timeout=10) as page:
        assert page.status == 200
        assert b"<html" in page.read().lower()
    process.send_signal(signal.SIGINT)
    assert process.wait(STOPPED_WITHIN) in (0, 130), said.read_text()
    assert "Traceback" not in said.read_text()


def _address(process: subprocess.Popen[str], said: Path) -> str:
    """The printed address of the web chat."""
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        if found := ADDRESS.search(said.read_text()):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"no address (exit {process.poll()}):\n{said.read_text()}")
