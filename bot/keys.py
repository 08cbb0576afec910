"""The server's own secrets, made once and kept beside the database (DECISIONS 30)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.errors import SettingsError

SHORTEST = 32
"""Bytes. A file that was cut short must not become an empty key."""


def own_secret(folder: Path, name: str) -> str:
    """The secret kept in `folder/name`, made if it is not there; readable by its owner only.
    Raises SettingsError."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = path.read_text("ascii").strip() if path.exists() else _made(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be used: {error}") from error
    if len(value) < SHORTEST:
        raise SettingsError(f"{path} holds no key: remove it, and a new one is made")
    return value


def _made(path: Path) -> str:
    """Written whole or not at all: two servers that start at once agree on one."""
    value = secrets.token_urlsafe(48)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text("ascii").strip()
    finally:
        draft.unlink()
    return value
