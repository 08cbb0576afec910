"""pyproject.toml, constraints.txt and what is installed agree."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repo.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCK = (ROOT / "constraints.txt").read_text("utf-8")
PINS = {canonicalize_name(name): pin for name, pin in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}


def _direct() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *(line for extra in extras.values() for line in extra)]
    wanted = [Requirement(line) for line in lines]
    return [each for each in wanted if each.name != PROJECT["name"]]


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    outside = [
        str(each)
        for each in _direct()
        if not each.specifier.contains(PINS.get(canonicalize_name(each.name), "0"), prereleases=True)
    ]
    assert outside == []


def test_every_dependency_has_a_lower_bound() -> None:
    loose = [str(each) for each in _direct() if not re.search(r">=|==", str(each.specifier))]
    assert loose == []


def test_every_pin_is_checked_by_hashes_and_names_no_place() -> None:
    entries = re.split(r"^(?=\w)", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) == len(PINS)
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in LOCK
    assert "#" not in LOCK


def test_the_tests_run_on_what_is_pinned() -> None:
    different = {
        name: (version(name), pin)
        for each in _direct()
        if (each.marker is None or each.marker.evaluate())
        if version(name := canonicalize_name(each.name)) != (pin := PINS[name])
    }
    assert different == {}


def test_aiohttp_has_its_websocket_memory_fixes() -> None:
    """Frames of tiny reads and a counter that overflows: both mended in 3.14.4."""
    assert Version(version("aiohttp")) >= Version("3.14.4")
    assert "aiohttp>=3.14.4" in next(line for line in PROJECT["dependencies"] if line.startswith("aiohttp"))
