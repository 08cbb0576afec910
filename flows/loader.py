"""Reads a project's folder. The one place in this room that touches files.

All or nothing: `load_project` gives a whole project or raises `ProjectInvalid` with every
finding of every file (promise 6: a bad file never replaces a good set). It is CPU work, so a
server calls it off its loop.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from flows.checker import check, check_test
from flows.errors import ProjectInvalid
from flows.loading.compiling import FOLDERS, MODELS, Kind, compiled
from flows.loading.loaded import Loaded
from flows.loading.structure import build
from flows.problems import Problem, in_order
from flows.project import Project, compile_source
from flows.reading.decoding import MAX_BYTES
from flows.source import Source
from flows.testfile import LoadedTest, TestFile

__all__ = ["compile_source", "load_project", "load_settings", "load_tests", "read_project", "read_tests"]

SETTINGS: Final = "cuebook.toml"
TESTS: Final = "tests"
LIVE: Final = frozenset({"E116"})
"""Findings that must not keep a change from coming into force."""
MAX_FILES: Final = 500  # of one kind
_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def load_project(root: Path, previous: Project | None = None) -> Project:
    """The project in `root`. Files with the same text as in `previous` are not parsed again.
    Raises ProjectInvalid with all findings if one of them is an error; advice is in
    `Project.warnings`. A disabled runbook that a step still names (E116) is advice here:
    disabling is live (DECISIONS 17), so it must come into force, and the step takes its
    failure exit (D7)."""
    project, problems = read_project(root, previous, forgiven=LIVE)
    if project is None:
        raise ProjectInvalid(problems)
    return project


def load_settings(root: Path) -> dict[str, Any]:
    """`cuebook.toml` alone, as plain data. Raises ProjectInvalid."""
    folder = _Folder(root)
    settings = folder.settings()
    if folder.problems:
        raise ProjectInvalid(folder.problems)
    return settings


def read_project(
    root: Path, previous: Project | None = None, *, forgiven: frozenset[str] = frozenset()
) -> tuple[Project | None, list[Problem]]:
    """The project, or None if a finding is an error; and all findings, warnings too. Errors
    with a `forgiven` code count as warnings."""
    folder = _Folder(root)
    settings = folder.settings()
    found: dict[Kind, dict[str, Loaded]] = {
        kind: dict(folder.definitions(kind, _texts(previous, kind))) for kind in MODELS
    }
    if not found["chat-profile"] and not found["runbook"] and not folder.problems:
        message = "there is no project here"
        folder.tell("E001", ".", message, "write profiles/NAME.yaml, or begin with `cuebook init`")
    problems = [
        replace(problem, severity="warning") if problem.code in forgiven else problem
        for problem in (*folder.problems, *check(found, folder.known))
    ]
    warnings = tuple(in_order(problem for problem in problems if problem.severity == "warning"))
    if any(problem.severity == "error" for problem in problems):
        return None, in_order(problems)
    project = Project(
        root,
        found["chat-profile"],
        found["runbook"],
        found["connector"],
        found["webhook"],
        settings,
        warnings,
    )
    return project, list(warnings)


def load_tests(root: Path, project: Project | None = None) -> list[LoadedTest]:
    """The conversation tests of a project, by file name; with `project`, what they name is
    looked up in it. Raises ProjectInvalid."""
    tests, problems = read_tests(root, project)
    if problems:
        raise ProjectInvalid(problems)
    return tests


def read_tests(root: Path, project: Project | None = None) -> tuple[list[LoadedTest], list[Problem]]:
    """The tests that could be read, and all findings."""
    folder = _Folder(root)
    tests: list[LoadedTest] = []
    for _, source in folder.sources(TESTS):
        problems = list(source.problems)
        if source.root is not None:
            document, found = build(source, TestFile)
            problems += found
            if document is not None:
                tests.append(LoadedTest(source.path, document, source))
                problems += check_test(document, source, project) if project is not None else []
        folder.problems += problems
    return tests, in_order(folder.problems)


def _texts(previous: Project | None, kind: Kind) -> Mapping[str, Loaded]:
    """The definitions of one kind that were loaded before, by path."""
    if previous is None:
        return {}
    return {loaded.path: loaded for known, loaded in previous.everything() if known == kind}


class _Folder:
    """A project's folder. Reads regular files below it, and nothing else: no device, no pipe,
    no link that leads out (safety, row 47)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.known: dict[Kind, set[str]] = {}
        """Ids by their files' names, whether the files are good or not."""

    def tell(self, code: str, path: str, message: str, hint: str = "", line: int = 1, col: int = 1) -> None:
        self.problems.append(Problem(code, "error", path, line, col, message, hint))

    def definitions(self, kind: Kind, before: Mapping[str, Loaded]) -> Iterator[tuple[str, Loaded]]:
        """The definitions of one kind by id; findings are kept."""
        ids = self.known[kind] = set()
        for id, source in self.sources(FOLDERS[kind], before):
            ids.add(id)
            unchanged = before.get(source.path)
            if unchanged is not None and unchanged.origin is source:
                yield id, unchanged
                continue
            loaded, problems = compiled(kind, id, source)
            self.problems += problems
            if loaded is not None:
                yield id, loaded

    def sources(self, name: str, before: Mapping[str, Loaded] = {}) -> Iterator[tuple[str, Source]]:
        """Every YAML file of a sub-folder, in the order of names."""
        seen: dict[str, str] = {}
        for path in self._files(name):
            shown = f"{name}/{path.name}"
            raw = self._bytes(path, shown)
            if raw is None:
                continue
            if name != TESTS and not _ID.fullmatch(path.stem):
                hint = "a file is named by its id: lower-case letters, digits, - and _"
                self.tell("E005", shown, f"`{path.stem}` is not a name", hint)
                continue
            if path.stem in seen:
                self.tell("E005", shown, f"`{path.stem}` is there twice", f"the other is {seen[path.stem]}")
                continue
            seen[path.stem] = shown
            yield path.stem, _source(shown, raw, before.get(shown))

    def settings(self) -> dict[str, Any]:
        """`cuebook.toml` as plain data; empty if there is none."""
        path = self.root / SETTINGS
        raw = self._bytes(path, SETTINGS) if _there(path) else None
        if raw is None:
            return {}
        try:
            return tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
        except UnicodeDecodeError:
            self.tell("E006", SETTINGS, "the file is not UTF-8", "save it as UTF-8")
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line, col = (int(place[1]), int(place[2])) if place else (1, 1)
            message = str(error).partition(" (at ")[0]
            self.tell("E006", SETTINGS, f"this is not TOML: {message}", "", line, col)
        return {}

    def _files(self, name: str) -> list[Path]:
        folder = self.root / name
        if not _there(folder):
            return []
        try:
            if not self._inside(folder):
                self.tell("E001", name, "this leads out of the project", "put the folder itself there")
                return []
            found = list(folder.iterdir())
        except OSError as error:
            self.tell("E001", name, f"the folder cannot be read: {error.strerror}")
            return []
        files = sorted(
            path for path in found if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
        )
        if len(files) > MAX_FILES:
            self.tell("E003", name, f"more than {MAX_FILES} files", "make several projects of it")
        return files[:MAX_FILES]

    def _bytes(self, path: Path, shown: str) -> bytes | None:
        """At most one byte more than a file may have."""
        try:
            if not self._inside(path):
                self.tell("E001", shown, "this leads out of the project", "put the file itself there")
                return None
            # O_NONBLOCK: opening a pipe must not wait for a writer
            number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
            with os.fdopen(number, "rb") as file:
                if stat.S_ISREG(os.fstat(number).st_mode):
                    return file.read(MAX_BYTES + 1)
            self.tell("E001", shown, "this is not a file", "only plain files are read")
        except OSError as error:
            self.tell("E001", shown, f"the file cannot be read: {error.strerror}")
        return None

    def _inside(self, path: Path) -> bool:
        # realpath, not resolve: a circle of links is a finding, not an exception
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root))


def _there(path: Path) -> bool:
    """Whether a name is there, be it a link that leads nowhere."""
    return path.is_symlink() or path.exists()


def _source(shown: str, raw: bytes, before: Loaded | None) -> Source:
    """What was read before, if the text is the same."""
    if before is not None and raw.removeprefix(b"\xef\xbb\xbf") == before.source.encode():
        return before.origin
    return Source(shown, raw)
