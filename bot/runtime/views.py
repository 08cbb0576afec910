"""What may be seen of chats and runs, and what a person may begin. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.access.rules import check_cancel, check_open, check_start
from bot.errors import NotAllowed, NotFound, StoreUnavailable
from bot.ports import ChatView, Person, Progress
from bot.reception import Offer, RunView
from bot.rows import Chat, Message, Run, Trace
from bot.runtime.active import OPEN, Active, picture, shown_before, unreadable
from bot.runtime.chats import Chats
from bot.runtime.ground import Ground
from bot.runtime.runs import Runs
from bot.runtime.turn import Live
from bot.runtime.walker import Walker
from flows.documents import Document, Profile, Runbook
from flows.steps.ask import AskStep
from flows.transcript import asks_secret
from flows.values import Json

_ASKED = 50
"""Lines of one question that are looked through for its form."""


class Views:
    """The reading half of `bot.ports.Engine`."""

    def __init__(self, ground: Ground, chats: Chats, runs: Runs, walker: Walker) -> None:
        self._store, self._library = ground.store, ground.library
        self._chats, self.runs, self._walker = chats, runs, walker

    # --- chats ---------------------------------------------------------------------------

    async def at(self, platform: str, address: str) -> ChatView | None:
        """The newest open chat at an address; its `seq` is not looked up."""
        live = await self._chats.at(platform, address)
        return _view(live, 0) if live is not None else None

    async def question(self, chat: str) -> Message | None:
        """The newest line that asks what the chat waits to be answered; of a form the newest
        that has its fields, and not one that asks for a single field in words."""
        prompt = (await self.look(chat)).prompt
        if not prompt:
            return None
        asked = await self._store.find(
            Message, chat=chat, prompt=prompt, sender="bot", order="-seq", limit=_ASKED
        )
        return next((line for line in asked if line.form), asked[0] if asked else None)

    async def messages(self, chat: str, after: int = 0, limit: int = 500) -> list[Message]:
        """The transcript after a seq."""
        return await self._store.find(Message, chat=chat, above={"seq": after}, order="seq", limit=limit)

    async def progress(self, chat: str) -> list[Progress]:
        """The runs of this chat that are open."""
        rows = await self._store.find(Run, chat=chat, state=OPEN, order="created_at", limit=20)
        return [await self._picture(row) for row in rows]

    async def run(self, run: str) -> Progress:
        """The picture of a run, final ones too."""
        row = await self._store.get(Run, id=run)
        if row is None:
            raise NotFound("there is no such run")
        return await self._picture(row)

    async def _picture(self, row: Run) -> Progress:
        active = self._walker.active.get(row.id)
        if active is None:
            active = await self._parked(row)
            shown_before(active, await self._store.find(Trace, owner=f"run:{row.id}", order="no"))
        return picture(active)

    async def _parked(self, row: Run) -> Active:
        try:
            return await self.runs.load(row)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001  (what cannot be read any more can still be shown and ended)
            return unreadable(row)

    async def look(self, chat: str) -> ChatView:
        """What an adapter may know of a chat."""
        live = await self._chats.live(chat)
        row = await self._store.get(Chat, id=chat)
        return _view(live, row.seq if row is not None else 0)

    async def check_form(self, chat: str, prompt: str, values: Mapping[str, Json]) -> dict[str, str]:
        """What is wrong with a form that somebody wants to send, by field."""
        live = await self._chats.live(chat)
        awaiting, step = live.state.awaiting, live.state.step
        if awaiting is None or awaiting.id != prompt or step is None:
            return {}
        asked = live.flow.nodes[step].step
        return asked.complaints(values, live.flow.declared) if isinstance(asked, AskStep) else {}

    # --- people --------------------------------------------------------------------------

    async def offers(self, person: Person) -> list[Offer]:
        """The profiles and runbooks that this person may begin now, by name."""
        return sorted(self._offers(person), key=lambda offer: (offer.kind, offer.name.casefold(), offer.id))

    def _offers(self, person: Person) -> Iterator[Offer]:
        project = self._library.project
        for document in (
            *(loaded.document for loaded in project.profiles.values()),
            *(loaded.document for loaded in project.runbooks.values()),
        ):
            try:
                _check(person, document)
            except NotAllowed:
                continue
            yield Offer(
                kind="profile" if isinstance(document, Profile) else "runbook",
                id=document.id,
                name=document.called,
                description=document.description,
                inputs=tuple(document.inputs) if isinstance(document, Runbook) else (),
            )

    async def runs_of(self, person: Person, limit: int = 10) -> list[RunView]:
        """What this person asked for, newest first."""
        rows = await self._store.find(Run, requester=person.id, parent="", order="-created_at", limit=limit)
        return [await self._seen(row, person) for row in rows]

    async def _seen(self, row: Run, person: Person) -> RunView:
        runbook = (await self._parked(row)).runbook
        try:
            check_cancel(person, person, runbook)
            cancellable = row.state in OPEN
        except NotAllowed:
            cancellable = False
        return RunView(
            id=row.id,
            runbook=row.runbook,
            name=runbook.called,
            state=row.state,
            message=row.message,
            chat=row.chat,
            created_at=row.created_at,
            finished_at=row.finished_at,
            cancellable=cancellable,
        )


def _check(person: Person, document: Document) -> None:
    if isinstance(document, Profile):
        check_open(person, document)
    elif isinstance(document, Runbook):
        check_start(person, document)


def _view(live: Live, seq: int) -> ChatView:
    awaiting = live.state.awaiting
    return ChatView(
        id=live.row.id,
        profile=live.row.profile,
        profile_name=live.flow.document.called,
        person=live.person,
        seq=seq,
        ended=live.row.status == "ended",
        waiting=awaiting is not None and awaiting.kind == "run",
        prompt=awaiting.id if awaiting is not None and awaiting.kind == "answer" else "",
        secret=asks_secret(live.flow, live.state),
        platform=live.row.platform,
        address=live.row.address,
    )
