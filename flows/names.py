"""Names in project files, and the nearest one to a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$", strict=True)]
"""Ids of files and steps: lower case, digits, `-`, `_`; starts with a letter."""

VariableName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$", strict=True)]
"""An author's variable. Upper-case names are built in."""

CallName = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}\.[a-z][a-z0-9_-]{0,63}$", strict=True)
]
"""CONNECTOR.METHOD."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    near = get_close_matches(name, list(known), 1, cutoff=0.6)
    return near[0] if near else None
