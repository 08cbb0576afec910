"""A small house: an engine that echoes, with its bus, clock and catalogue, all in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from bot.errors import NotAllowed, NotFound
from bot.ports import ChatView, Inbound, Live, Opened, Person, Progress, Receipt
from bot.rows import Message
from flows.errors import UnknownDefinition
from flows.events import Said

PROFILES: list[dict[str, Any]] = [
    {
        "id": "desk",
        "name": "IT <Helpdesk>",
        "description": "Accounts & laptops",
        "audience": ["anonymous", "authenticated"],
        "steps": [{"id": "greet"}],
    },
    {"id": "staff", "name": "Staff", "description": "", "audience": ["agents"], "steps": []},
]
RUNBOOKS: list[dict[str, Any]] = [
    {"id": "unlock", "name": "Unlock", "description": "Unlocks", "audience": ["anonymous"], "steps": [1, 2]},
    {"id": "wipe", "name": "Wipe", "description": "Wipes", "audience": ["agents"], "steps": [3]},
]


class FakeClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.ms = 1_800_000_000_000

    def now(self) -> int:
        return self.ms

    def alarm(self, key: str, at: int, ring: Callable[[], None]) -> None:
        raise NotImplementedError

    def cancel(self, key: str) -> None:
        raise NotImplementedError


class FakeBus:
    """Calls whoever listens."""

    def __init__(self) -> None:
        self.ears: dict[str, list[Callable[[Live], None]]] = {}

    def publish(self, chat: str, item: Live) -> None:
        for hear in list(self.ears.get(chat, ())):
            hear(item)

    def subscribe(self, chat: str, hear: Callable[[Live], None]) -> Callable[[], None]:
        self.ears.setdefault(chat, []).append(hear)
        return lambda: self.ears[chat].remove(hear)


class FakeEngine:
    """Says hello with a question, then echoes. `events` is everything it was told."""

    def __init__(self) -> None:
        self.bus, self.clock = FakeBus(), FakeClock()
        self.chats: dict[str, ChatView] = {}
        self.lines: dict[str, list[Message]] = {}
        self.known: dict[tuple[str, str], int] = {}
        self.running: dict[str, list[Progress]] = {}
        self.events: list[Inbound] = []
        self.reads: list[tuple[int, int]] = []
        self.fails: Exception | None = None
        self.answer: Callable[[FakeEngine, Inbound], object] = lambda me, it: me.say(
            it.chat, f"You said: {it.said.text}"
        )

        self.own: Callable[[Said], str] = lambda said: said.text

    # --- for tests ---------------------------------------------------------------------

    def say(self, chat: str, text: str, *, publish: bool = True, **more: Any) -> Message:
        view = self.chats[chat]
        seq = view.seq + 1
        more = {"sender": "bot", "kind": "message", "prompt": "", "choices": "[]", "run": "", **more}
        line = Message(chat=chat, seq=seq, id=f"m{seq}", text=text, created_at=self.clock.ms, **more)
        self.lines[chat].append(line)
        ended = view.ended or line.kind == "end"
        self.chats[chat] = msgspec.structs.replace(view, seq=seq, ended=ended, prompt=line.prompt)
        if publish:
            self.bus.publish(chat, line)
        return line

    def show(self, chat: str, item: Progress) -> None:
        self.running[chat] = [] if item.state in ("succeeded", "cancelled") else [item]
        self.bus.publish(chat, item)

    # --- bot.ports.Engine --------------------------------------------------------------

    async def open(
        self, profile: str, person: Person, *, platform: str, address: str = "", id: str = ""
    ) -> Opened:
        entry = next((p for p in PROFILES if p["id"] == profile), None)
        if entry is None:
            raise UnknownDefinition("chat profile", profile, "desk")
        if person.kind not in entry["audience"]:
            raise NotAllowed("This chat is for staff.", "audience")
        chat = f"c{len(self.chats) + 1}"
        self.lines[chat] = []
        self.chats[chat] = ChatView(
            id=chat, profile=profile, profile_name=str(entry["name"]), person=person,
            seq=0, ended=False, waiting=False, prompt="",
        )  # fmt: skip
        self.say(
            chat,
            "Hello, what can I do for you?",
            prompt="menu",
            choices='[{"label":"Unlock","value":"unlock"},{"label":"Rebuild","value":"rebuild"}]',
        )
        return Opened(chat=chat, seq=1, new=True)

    async def receive(self, inbound: Inbound) -> Receipt:
        if self.fails is not None:
            raise self.fails
        if inbound.chat not in self.chats:
            raise NotFound("There is no such chat.")
        key = (inbound.source, inbound.id)
        if key in self.known:
            return Receipt(seq=self.known[key], duplicate=True)
        self.events.append(inbound)
        line = self.say(inbound.chat, self.own(inbound.said), sender="user")
        self.known[key] = line.seq
        self.answer(self, inbound)
        return Receipt(seq=line.seq)

    async def cancel(self, chat: str, run: str, person: Person) -> bool:
        if run == "r-theirs":
            raise NotAllowed("Only an agent may cancel this.", "cancel")
        if not any(item.run == run for item in self.running.get(chat, ())):
            raise NotFound("There is no such run.")
        self.show(chat, msgspec.structs.replace(self.running[chat][0], state="cancelled", rev=99))
        return True

    async def messages(self, chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        self.reads.append((after, limit))
        return [line for line in self.lines.get(chat, ()) if line.seq > after][:limit]

    async def progress(self, chat: str) -> list[Progress]:
        return self.running.get(chat, [])

    async def look(self, chat: str) -> ChatView:
        if chat not in self.chats:
            raise NotFound("There is no such chat.")
        return self.chats[chat]


class FakeCatalogue:
    """Two profiles and two runbooks, one of each for visitors."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def profiles(self) -> list[dict[str, Any]]:
        return PROFILES

    def profile(self, id: str) -> dict[str, Any] | None:
        return next((p for p in PROFILES if p["id"] == id), None)

    def runbooks(self) -> list[dict[str, Any]]:
        return RUNBOOKS

    def runbook(self, id: str) -> dict[str, Any] | None:
        return next((r for r in RUNBOOKS if r["id"] == id), None)

    async def chats(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked.append(asked)
        return [{"id": "c1"}]

    async def runs(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked.append(asked)
        return [{"id": "r1"}]

    async def run(self, id: str) -> dict[str, Any] | None:
        return {"id": id, "trace": []} if id == "r1" else None
