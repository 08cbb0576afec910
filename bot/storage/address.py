"""The database's address: `sqlite:///abs/path` or `sqlite://relative/path`."""

from __future__ import annotations

from pathlib import Path

from bot.errors import SettingsError

_EXAMPLE = "sqlite:///var/lib/cuebook/cuebook.db or sqlite://.cuebook/cuebook.db"


def database_path(database_url: str) -> Path:
    """The file that the address names. Raises SettingsError, without the address: it may
    hold a password."""
    scheme, mark, rest = database_url.partition("://")
    if scheme in {"postgres", "postgresql", "asyncpg", "psycopg"}:
        raise SettingsError(f"DATABASE_URL: PostgreSQL is not supported yet; use {_EXAMPLE}")
    if scheme != "sqlite" or not mark:
        raise SettingsError(f"DATABASE_URL is no address of a database that Cuebook knows; use {_EXAMPLE}")
    if not rest.strip("/") or rest.startswith(":") or "?" in rest or "\x00" in rest:
        raise SettingsError(f"DATABASE_URL must name a file and nothing else, like {_EXAMPLE}")
    return Path(rest)
