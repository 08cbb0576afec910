"""How Slack says no."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An answer of `ok: false`, or another status. `more` are fields beside the code."""

    def __init__(
        self, code: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(code)
        self.code, self.status = code, status
        self.headers = headers or {}
        self.more = more

    @property
    def answer(self) -> dict[str, Any]:
        """What goes over the wire."""
        return {"ok": False, "error": self.code, **self.more}


def wrong(code: str, *messages: str) -> Refusal:
    """A refusal that says what is wrong where, as Slack does for arguments and blocks."""
    lines = [f"[ERROR] {message}" for message in messages]
    return Refusal(code, response_metadata={"messages": lines})


class Impossible(Exception):
    """A person cannot do this in Slack: no such button, a form that is not complete, …"""
