"""A project from texts: for tests that show the whole flow beside what is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any, Final

from flows.checker import check
from flows.errors import ProjectInvalid
from flows.loading.compiling import FOLDERS, Kind, compiled
from flows.loading.loaded import Loaded
from flows.problems import Problem, in_order
from flows.project import Project
from flows.source import Source

_BETWEEN: Final = re.compile(r"^---\s*$", re.MULTILINE)
_HEAD: Final = re.compile(r"^(kind|id):\s*['\"]?([^\s'\"#]+)", re.MULTILINE)


def project_of(*texts: str, checked: bool = True) -> Project:
    """The project that these YAML documents make; `---` parts several in one text.

    Each is read as the file it would be. Raises ProjectInvalid with every finding;
    `checked=False` leaves out the rules between steps and files.
    """
    found: dict[Kind, dict[str, Loaded[Any]]] = {kind: {} for kind in FOLDERS}  # type: ignore[misc]
    problems: list[Problem] = []
    for kind, id, source in _sources(texts):
        loaded, wrong = compiled(kind, id, source)
        problems += wrong
        if loaded is not None:
            found[kind][id] = loaded
    if checked:
        known = {kind: set(loaded) for kind, loaded in found.items()}
        problems += [problem for problem in check(found, known) if problem.severity == "error"]
    if problems:
        raise ProjectInvalid(in_order(problems))
    return Project(
        profiles=found["chat-profile"],
        runbooks=found["runbook"],
        connectors=found["connector"],
        webhooks=found["webhook"],
    )


def _sources(texts: tuple[str, ...]) -> Iterator[tuple[Kind, str, Source]]:
    for text in texts:
        for part in _BETWEEN.split(dedent(text)):
            head = dict(_HEAD.findall(part))
            if not part.strip():
                continue
            kind: Kind | None = next((known for known in _KINDS if known == head.get("kind")), None)
            if kind is None or "id" not in head:
                raise ValueError(
                    "a document needs `kind:` (chat-profile, runbook, connector or webhook) and `id:`"
                )
            yield kind, head["id"], Source(f"{FOLDERS[kind]}/{head['id']}.yaml", part.lstrip("\n"))


_KINDS: Final[tuple[Kind, ...]] = ("chat-profile", "runbook", "connector", "webhook")
