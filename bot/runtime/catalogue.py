"""What there is, as plain data: for REST, the console and the listings of the command line."""

from __future__ import annotations

from typing import Any

from bot.ports import Store
from bot.rows import Chat, Run, Trace
from bot.runtime.library import Library
from bot.runtime.wire import load
from flows.documents import Profile, Runbook
from flows.project import Loaded
from flows.values import Json


class Catalogue:
    """Reads; changes nothing."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library, self._store = library, store

    def profiles(self) -> list[dict[str, Json]]:
        """The chat profiles that may be opened now."""
        return [_brief(loaded) for loaded in self._library.project.profiles.values()]

    def profile(self, id: str) -> dict[str, Json] | None:
        """A profile with its steps, as it is in force."""
        loaded = self._library.project.profiles.get(id)
        return None if loaded is None else _whole(loaded)

    def runbooks(self) -> list[dict[str, Json]]:
        """The runbooks that may be started now."""
        found = self._library.project.runbooks.values()
        return [_whole(loaded) for loaded in found if not loaded.document.disabled]

    def runbook(self, id: str) -> dict[str, Json] | None:
        """A runbook with its steps, as it is in force."""
        loaded = self._library.project.runbooks.get(id)
        return None if loaded is None else _whole(loaded)

    async def chats(self, *, status: str = "", profile: str = "", limit: int = 100) -> list[dict[str, Json]]:
        """Chats, newest first."""
        equal: dict[str, Any] = {
            name: value for name, value in (("status", status), ("profile", profile)) if value
        }
        rows = await self._store.find(Chat, order="-created_at", limit=limit, **equal)
        return [
            {
                "id": row.id,
                "profile": row.profile,
                "platform": row.platform,
                "status": row.status,
                "step": load(row.state).get("step"),
                "messages": row.seq,
                "created_at": row.created_at,
                "updated_at": row.updated_at,
            }
            for row in rows
        ]

    async def runs(
        self, *, runbook: str = "", chat: str = "", state: str = "", limit: int = 100
    ) -> list[dict[str, Json]]:
        """Runs, newest first."""
        equal: dict[str, Any] = {
            name: value for name, value in (("runbook", runbook), ("chat", chat), ("state", state)) if value
        }
        rows = await self._store.find(Run, order="-created_at", limit=limit, **equal)
        return [_run(row) for row in rows]

    async def run(self, id: str) -> dict[str, Json] | None:
        """One run with its trace."""
        row = await self._store.get(Run, id=id)
        if row is None:
            return None
        steps = await self._store.find(Trace, owner=f"run:{id}", order="no")
        shown = [
            {
                "no": step.no, "step": step.step, "kind": step.kind, "title": step.title, "ok": step.ok,
                "because": step.note, "request": step.request, "answer": step.answer,
                "started_at": step.started_at, "finished_at": step.finished_at,
            }
            for step in steps
        ]  # fmt: skip
        return {**_run(row), "trace": shown}


def _brief(loaded: Loaded) -> dict[str, Json]:
    document = loaded.document
    assert isinstance(document, Profile | Runbook)
    brief: dict[str, Json] = {
        "id": document.id,
        "name": document.called,
        "description": document.description,
        "audience": list(document.audience),
        "hash": loaded.hash,
    }
    if isinstance(document, Runbook):
        brief |= {"method": document.method, "changes": document.changes, "disabled": document.disabled}
    return brief


def _whole(loaded: Loaded) -> dict[str, Json]:
    document = loaded.document
    definition = document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    steps = definition.pop("flow", None) or definition.pop("steps", [])
    return {**_brief(loaded), "definition": definition, "steps": steps}


def _run(row: Run) -> dict[str, Json]:
    return {
        "id": row.id, "runbook": row.runbook, "state": row.state, "outcome": row.outcome, "message": row.message,
        "code": row.code, "step": row.step, "steps": row.steps, "mode": row.mode, "origin": row.origin,
        "chat": row.chat, "parent": row.parent, "created_at": row.created_at, "started_at": row.started_at,
        "finished_at": row.finished_at,
    }  # fmt: skip
