"""What there is, as plain data: for REST, the console and the listings of the command line."""

from __future__ import annotations

from typing import Any

from flows.project import Loaded

from bot.access.rules import GROUP
from bot.ports import Person, Store
from bot.rows import Chat, Run, Trace
from bot.runtime.library import Library
from bot.runtime.wire import load
from flows.documents import Profile, Runbook
from flows.errors import UnknownDefinition
from flows.values import Json


class Catalogue:
    """Reads; changes nothing."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library, self._store = library, store

    def profiles(self, person: Person | None = None) -> list[dict[str, Json]]:
        """The profiles that this person may open; all for None (an operator)."""
        return [
            self._brief(loaded)
            for loaded in self._library.project.profiles.values()
            if isinstance(loaded.document, Profile) and _for(person, loaded.document)
        ]

    def runbooks(self, person: Person | None = None) -> list[dict[str, Json]]:
        """The runbooks that this person may start; all for None (an operator)."""
        return [
            self._brief(loaded)
            for loaded in self._library.project.runbooks.values()
            if isinstance(loaded.document, Runbook) and _for(person, loaded.document)
        ]

    def profile(self, id: str) -> dict[str, Json]:
        """A profile with its steps, as it is in force. Raises UnknownDefinition."""
        return self._whole(self._library.profile(id))

    def runbook(self, id: str) -> dict[str, Json]:
        """A runbook with its steps, as it is in force. Raises UnknownDefinition."""
        return self._whole(self._library.runbook(id))

    async def chats(self, *, status: str = "", limit: int = 100) -> list[dict[str, Json]]:
        """Chats, newest first."""
        equal: dict[str, Any] = {"status": status} if status else {}
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

    async def run(self, id: str) -> dict[str, Json]:
        """One run with its trace. Raises UnknownDefinition."""
        row = await self._store.get(Run, id=id)
        if row is None:
            raise UnknownDefinition("run", id)
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

    def _brief(self, loaded: Loaded) -> dict[str, Json]:
        document = loaded.document
        brief: dict[str, Json] = {
            "id": document.id, "name": document.called, "description": document.description, "hash": loaded.hash,
        }  # fmt: skip
        if isinstance(document, Runbook):
            brief["method"] = document.method
        return brief

    def _whole(self, loaded: Loaded) -> dict[str, Json]:
        document = loaded.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return {**self._brief(loaded), "definition": document}


def _for(person: Person | None, document: Profile | Runbook) -> bool:
    if person is None:
        return True
    disabled = isinstance(document, Runbook) and document.disabled
    return not disabled and GROUP[person.kind] in document.audience


def _run(row: Run) -> dict[str, Json]:
    return {
        "id": row.id, "runbook": row.runbook, "state": row.state, "outcome": row.outcome, "message": row.message,
        "code": row.code, "step": row.step, "steps": row.steps, "mode": row.mode, "origin": row.origin,
        "chat": row.chat, "parent": row.parent, "created_at": row.created_at, "started_at": row.started_at,
        "finished_at": row.finished_at,
    }  # fmt: skip
