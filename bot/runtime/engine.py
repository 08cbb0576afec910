"""The house as adapters see it: open a chat, take what people do, read what was said."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary

import structlog

from bot.access.rules import GROUP, check_cancel, check_open, check_start
from bot.errors import Conflict, Duplicate, NotAllowed, NotFound, StoreUnavailable
from bot.ids import new_id
from bot.ports import (
    Change,
    Committed,
    Delete,
    Inbound,
    Op,
    Opened,
    Person,
    Receipt,
)
from bot.rows import Chat, Inbox, Run
from bot.rows import Timer as TimerRow
from bot.runtime.chats import Chats
from bot.runtime.dispatcher import Dispatcher
from bot.runtime.ground import Ground
from bot.runtime.runs import Runs
from bot.runtime.timers import Timers
from bot.runtime.turn import Hooks, Live, Plan, Work, outbox_of
from bot.runtime.views import Views
from bot.runtime.walker import Walker
from bot.runtime.wire import dump, load_event, load_person
from flows.documents import Profile
from flows.errand import errand
from flows.events import Started, TimeCame
from flows.project import Loaded
from flows.state import State
from flows.values import Vars

log = structlog.get_logger()

AGAIN = 1_000  # ms until the end of a run is told again that the database would not take


class Conversations(Views):
    """`bot.ports.Engine`: the only door for people. What only reads is in `Views`."""

    def __init__(
        self, ground: Ground, chats: Chats, runs: Runs, walker: Walker, timers: Timers, dispatcher: Dispatcher
    ) -> None:
        super().__init__(ground, chats, runs, walker)
        self._clock, self.tasks = ground.clock, ground.tasks
        self.timers, self.dispatcher = timers, dispatcher
        self._places: WeakValueDictionary[tuple[str, str, str], asyncio.Lock] = WeakValueDictionary()
        chats.hooks = _After(self)
        walker.links.news = self.news
        walker.links.arm = timers.arm
        walker.links.deliver = dispatcher.hand
        walker.links.show = dispatcher.show
        timers.ring = self._ring

    # --- people --------------------------------------------------------------------------

    async def open(
        self, profile: str, person: Person, *, platform: str, address: str = "", id: str = ""
    ) -> Opened:
        """Start a chat and take its first turn, or find the open one at this address."""
        loaded = self._library.profile(profile)
        check_open(person, loaded.document)
        if not address:
            return await self._begin(loaded, person, platform, address, id, {})
        place = (platform, address, profile)
        # a strong name for as long as somebody waits: two openers at once find one chat
        lock = self._places.setdefault(place, asyncio.Lock())
        async with lock:
            known = await self._store.find(
                Chat, platform=platform, address=address, profile=profile, status="open", limit=1
            )
            if known:
                return Opened(chat=known[0].id, seq=known[0].seq, new=False)
            return await self._begin(loaded, person, platform, address, id, {})

    async def open_run(
        self, runbook: str, given: Vars, person: Person, *, platform: str, address: str, id: str
    ) -> Opened:
        """Start a chat that executes one runbook; the same `id` again is the same chat."""
        known = await self._store.get(Chat, id=id)
        if known is not None:
            return Opened(chat=id, seq=known.seq, new=False)
        document = self._library.runbook(runbook).document
        check_start(person, document)
        loaded, values = await asyncio.to_thread(errand, document, given)  # it reads YAML
        await self._library.keep(loaded)
        try:
            return await self._begin(loaded, person, platform, address, id, values)
        except Duplicate:  # the same wish twice at once
            return Opened(chat=id, seq=0, new=False)

    async def _begin(
        self, loaded: Loaded[Profile], person: Person, platform: str, address: str, id: str, given: Vars
    ) -> Opened:
        document, now = loaded.document, self._clock.now()
        assert loaded.flow is not None
        chat = id or new_id(now)
        state = State(context={"chat": _about(chat, document, platform, person)}, variables=given)
        row = Chat(
            id=chat, profile=document.id, definition=loaded.hash, platform=platform, address=address or chat,
            person=dump(person), state=dump(state), status="open", version=0, seq=0,
            created_at=now, updated_at=now, heard_at=now,
        )  # fmt: skip
        live = Live(row, state, loaded.flow, person)
        live.timers = False
        done = await self._chats.first(live, Work(event=Started()))
        return Opened(chat=chat, seq=done.lines[-1].seq if done.lines else 0, new=True)

    async def receive(self, inbound: Inbound) -> Receipt:
        """Take what a person did; durable when this returns."""
        return await self._chats.receive(inbound)

    async def cancel(self, chat: str, run: str, person: Person) -> bool:
        """Stop a run of this chat. False: it is final already."""
        row = await self._store.get(Run, id=run)
        if row is None or row.chat != chat:
            raise NotFound("there is no such run in this chat")
        check_cancel(person, load_person(row.person), (await self._parked(row)).runbook)
        return await self.runs.cancel(
            run, person.name or ("an agent" if person.kind == "agent" else "the requester")
        )

    async def cancel_asked(self, live: Live, run: str) -> None:
        """The word *cancel* in a chat that waits."""
        patience = self._walker.patience
        try:
            await patience.see(lambda: self.cancel(live.row.id, run, live.person))
        except NotAllowed as refusal:
            words = str(refusal)
            await patience.see(lambda: self._chats.tell(live, words))

    # --- our own events ------------------------------------------------------------------

    async def news(self, row: Inbox) -> None:
        """A run has ended: hand it to whoever asked. The row is settled by that turn."""
        kind, _, id = row.target.partition(":")
        try:
            if kind == "chat":
                await self._chats.post(id, Work(event=load_event(row.event), inbox=row))
            else:
                settle: list[Op] = [Change(Inbox, {"id": row.id, "state": "new"}, {"state": "done"})]
                self.runs.resume(id, load_event(row.event), settle)
        except StoreUnavailable as error:
            log.error("news must wait", inbox=row.id, reason=str(error))
            self._clock.alarm(f"news:{row.id}", self._clock.now() + AGAIN, lambda: self._tell_again(row))
        except Conflict:
            log.info("news was told already", inbox=row.id)
        except Exception:  # the wall: one chat that cannot be read must not stop the others
            log.exception("news was given up", inbox=row.id, target=row.target)

    def _tell_again(self, row: Inbox) -> None:
        self.tasks.spawn(self.news(row), "news")

    async def _ring(self, row: TimerRow) -> None:
        if row.kind == "deadline":
            if not await self.runs.expire(row.target):  # its end deletes the row with it
                await self._store.commit([Delete(TimerRow, {"id": row.id})])
        elif row.kind == "run":
            gone: list[Op] = [Delete(TimerRow, {"id": row.id})]
            self.runs.resume(row.target, TimeCame(id=row.effect), gone)
        else:
            chat = await self._store.get(Chat, id=row.target)
            heard = chat.heard_at if chat is not None else 0
            quiet = (self._clock.now() - heard) / 1000
            await self._chats.post(row.target, Work(event=TimeCame(id=row.effect, quiet=quiet), timer=row.id))


class _After(Hooks):
    """Once a turn is committed."""

    def __init__(self, house: Conversations) -> None:
        self._house = house

    def after(self, live: Live, plan: Plan, done: Committed) -> None:
        """Start what was accepted, arm timers, pass on cancels and deliveries."""
        house = self._house
        for start in plan.starts:
            house.runs.begin(start.row)
        for timer in plan.timers:
            house.timers.arm(timer)
        for run_id in plan.cancels:
            house.tasks.spawn(house.cancel_asked(live, run_id), f"cancel:{run_id}")
        house.dispatcher.hand(outbox_of(live.row), [said for said in done.lines if said.sender != "user"])


def _about(chat: str, profile: Profile, platform: str, person: Person) -> dict[str, object]:
    """The chat group of variables (S16), fixed when the chat begins."""
    return {
        "id": chat,
        "profile": profile.id,
        "platform": platform,
        "authenticated": person.kind != "anonymous",
        "audience": GROUP[person.kind],
        "user": {"id": person.id, "name": person.name, "email": person.email},
    }
