"""Chats: one event at a time each, durable before anybody is told.

An idle chat takes what came in and its whole turn in one commit; a busy one takes the
inbox row alone and handles it in order (DECISIONS 21). Redelivery of the same id changes
nothing and gets the same answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Coroutine

import msgspec
import structlog

from bot.errors import Conflict, Duplicate, NotAllowed, NotFound, StoreError, StoreUnavailable, TooMuch
from bot.ids import new_id
from bot.ports import Append, Committed, Inbound, Insert, Receipt
from bot.rows import Chat, Inbox, Message
from bot.runtime.ground import Ground
from bot.runtime.secrecy import mask_of, without_secrets
from bot.runtime.turn import Hooks, Live, Plan, Turns, Work, line, spoken, unit_of
from bot.runtime.wire import dump, load_person, load_state, storable
from flows.events import Said
from flows.fields import MASK
from flows.hearing import bounded
from flows.transcript import heard

log = structlog.get_logger()

RETRY = 1_000  # ms until a turn is tried again that the database would not take


class Chats:
    """The only writer of chats. All methods run on the loop."""

    def __init__(self, ground: Ground, turns: Turns) -> None:
        self._store, self._bus, self._clock = ground.store, ground.bus, ground.clock
        self._library, self._limits, self._tasks = ground.library, ground.limits, ground.tasks
        self._turns, self._meters = turns, ground.meters
        self._live: OrderedDict[str, Live] = OrderedDict()
        self._places: dict[tuple[str, str], str] = {}
        """(platform, address) → the newest chat there, of those in memory that are open."""
        self.hooks = Hooks()

    async def live(self, chat: str) -> Live:
        """The chat in memory, read if need be. NotFound where there is none."""
        live = self._live.get(chat)
        if live is not None:
            self._live.move_to_end(chat)
            return live
        row = await self._store.get(Chat, id=chat)
        if row is None:
            raise NotFound("there is no such chat")
        loaded = await self._library.pinned(row.definition)
        if chat in self._live:  # somebody else was faster
            return self._live[chat]
        assert loaded.flow is not None
        return self.hold(Live(row, load_state(row.state), loaded.flow, load_person(row.person)))

    def hold(self, live: Live) -> Live:
        """Keep it at hand; the longest unused idle ones make room."""
        self._live[live.row.id] = live
        self._settle_down(live.row)
        while len(self._live) > self._limits.chats_in_memory:
            oldest = next((id for id, old in self._live.items() if old.idle), None)
            if oldest is None or oldest == live.row.id:
                break
            self._leave(self._live.pop(oldest).row)
        return live

    def _settle_down(self, row: Chat) -> None:
        """An open chat is found at its place, unless a newer one is there."""
        if row.address == row.id or row.status == "ended":
            return
        place = (row.platform, row.address)
        known = self._live.get(self._places.get(place, ""))
        if known is None or known.row.created_at <= row.created_at:
            self._places[place] = row.id

    def _leave(self, row: Chat) -> None:
        if self._places.get((row.platform, row.address)) == row.id:
            del self._places[row.platform, row.address]

    async def at(self, platform: str, address: str) -> Live | None:
        """The newest open chat at a place."""
        live = self._live.get(self._places.get((platform, address), ""))
        if live is not None:
            self._live.move_to_end(live.row.id)
            return live
        known = await self._store.find(
            Chat, platform=platform, address=address, status="open", order="-created_at", limit=1
        )
        return await self.live(known[0].id) if known else None

    async def first(self, live: Live, work: Work) -> Committed:
        """A new chat: its row and its first turn, in one commit."""
        return await self._tasks.see_through(self._first(live, work), f"chat:{live.row.id}")

    async def _first(self, live: Live, work: Work) -> Committed:
        plan = self._turns.plan(live, work.event)
        now = self._clock.now()
        status = "ended" if plan.ended else "open"
        row = msgspec.structs.replace(live.row, state=dump(plan.state), status=status)
        born = Live(row, plan.state, live.flow, live.person)
        born.timers = bool(plan.timers)
        plan.moved = False  # the row already holds the state
        done = await self._store.commit([Insert(row), *unit_of(born, plan, work, now)])
        self._meters.turns.inc()
        self._meters.said(row.platform, done.lines)
        self.hold(born)
        self.hooks.after(born, plan, done)
        return done

    async def tell(self, live: Live, text: str) -> None:
        """One line of the bot's outside any turn, e.g. a polite refusal."""
        plan = Plan(state=live.state, lines=[line(live.row, text, self._clock.now())])
        done = await self._store.commit(list(spoken(live.row, None, plan.lines)))
        for said in done.lines:
            self._bus.publish(said.chat, said)
        self.hooks.after(live, plan, done)

    # --- what comes in -------------------------------------------------------------------

    async def receive(self, inbound: Inbound) -> Receipt:
        """A person did something; durable when this returns."""
        live = await self.live(inbound.chat)
        said = heard(live.flow, live.state, bounded(storable(inbound.said)))
        work = self._work(live, inbound, said, self._clock.now())
        try:
            if live.row.status == "ended":
                return await self._too_late(inbound)
            done = await self._tasks.see_through(self._turn_or_queue(live, work), f"chat:{inbound.chat}")
        except Duplicate:
            return await self._again(inbound)
        return Receipt(seq=done.lines[0].seq)

    def _turn_or_queue(self, live: Live, work: Work) -> Coroutine[None, None, Committed]:
        """Decided at once, so that nobody comes between the look and the turn."""
        if live.idle:
            live.busy = True
            return self._handle(live, work)
        if len(live.pending) >= self._limits.pending_a_chat:
            raise TooMuch("You are faster than I am. Please wait a moment.", retry_after=2.0)
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        awaiting = live.state.awaiting
        during = awaiting.id if awaiting is not None and awaiting.kind == "run" else ""
        self._enqueue(live, Work(event=work.event, inbox=work.inbox, during=during, stored=stored))
        return self._queue(live, work, stored)

    def _work(self, live: Live, inbound: Inbound, said: Said, now: int) -> Work:
        id = new_id(now)
        inbox = Inbox(
            id=id, source=inbound.source, external_id=inbound.id, target=f"chat:{live.row.id}",
            event=dump(said), seq=0, state="new", tries=0, received_at=now,
        )  # fmt: skip
        own = Message(
            chat=live.row.id, seq=0, id=id, sender="user", kind="message", text=said.text,
            prompt=said.prompt or "", choices="[]", run="", created_at=now,
        )  # fmt: skip
        return Work(event=said, inbox=inbox, own=own)

    def _unheard(self, live: Live, own: Message, said: Said) -> Message:
        """A person's own line while the chat is busy. Nobody knows yet what the words will
        answer, so where that may be a secret none of them are shown."""
        if not live.flow.secret:
            return own
        awaiting = live.state.awaiting
        chatter = said.prompt is not None or (awaiting is not None and awaiting.kind == "run")
        heard = without_secrets(live.flow, live.state, said, mask_of(live.flow, live.state))
        return msgspec.structs.replace(own, text=heard.text if chatter else MASK)

    async def _queue(self, live: Live, work: Work, stored: asyncio.Future[bool]) -> Committed:
        """The chat is busy: keep what came in, and answer. Its place in the order is taken
        already, before whatever else happens to the chat while the row is written."""
        assert work.inbox is not None
        assert work.own is not None
        assert isinstance(work.event, Said)
        own, kept = self._unheard(live, work.own, work.event), False
        try:
            done = await self._store.commit([Insert(work.inbox), Append(live.row.id, [own], 0, None, own.id)])
            kept = True
        finally:
            stored.set_result(kept)
        for said in done.lines:
            self._bus.publish(said.chat, said)
        return done

    async def _again(self, inbound: Inbound) -> Receipt:
        rows = await self._store.find(Inbox, source=inbound.source, external_id=inbound.id, limit=1)
        return Receipt(seq=rows[0].seq if rows else 0, duplicate=True)

    async def _too_late(self, inbound: Inbound) -> Receipt:
        receipt = await self._again(inbound)
        if receipt.seq:
            return receipt
        raise NotAllowed("This chat has ended. Please start a new one.", rule="chat.ended")

    async def post(self, chat: str, work: Work) -> None:
        """Something of our own happened to a chat: a run ended, time came. StoreUnavailable:
        it is the caller's to come again."""
        live = await self.live(chat)
        if live.idle:
            live.busy = True
            await self._tasks.see_through(self._handle(live, work), f"chat:{chat}")
        else:
            self._enqueue(live, work)

    def _enqueue(self, live: Live, work: Work) -> None:
        live.pending.append(work)
        self._go_on(live)

    # --- turns ---------------------------------------------------------------------------

    async def _handle(self, live: Live, work: Work) -> Committed:
        """One event, one commit; once more on a fresh copy if ours was old. The caller has
        made the chat busy."""
        try:
            try:
                plan, done = await self._attempt(live, work)
            except Conflict:
                await self._refresh(live)
                plan, done = await self._attempt(live, work)
        finally:
            live.busy = False
            self._go_on(live)
        for said in done.lines:
            self._bus.publish(said.chat, said)
        self._meters.said(live.row.platform, done.lines)
        self.hooks.after(live, plan, done)
        return done

    async def _attempt(self, live: Live, work: Work) -> tuple[Plan, Committed]:
        plan = self._turns.plan_of(live, work)
        now = self._clock.now()
        try:
            done = await self._store.commit(unit_of(live, plan, work, now))
        except StoreError:
            raise
        except Exception:  # the wall: what cannot be written must not wedge the chat
            log.exception("a turn cannot be written", chat=live.row.id, flow=live.flow.id)
            plan = self._turns.failed(live, work.event)
            done = await self._store.commit(unit_of(live, plan, work, now))
        self._keep(live, plan, now)
        return plan, done

    async def _refresh(self, live: Live) -> None:
        row = await self._store.get(Chat, id=live.row.id)
        if row is None:
            raise NotFound("there is no such chat")
        live.row, live.state, live.timers = row, load_state(row.state), True

    def _keep(self, live: Live, plan: Plan, now: int) -> None:
        """What is committed is now what we know."""
        self._meters.turns.inc()
        row = live.row
        if plan.moved:
            status = "ended" if plan.ended else row.status
            live.row = msgspec.structs.replace(row, version=row.version + 1, updated_at=now, status=status)
            live.timers = live.timers and plan.state.awaiting == live.state.awaiting
            live.state = plan.state
            if plan.ended:
                self._leave(live.row)
        live.timers = live.timers or bool(plan.timers)

    def _go_on(self, live: Live) -> None:
        """See to what waited, unless that is being done."""
        if live.pending and not live.busy and not live.draining:
            live.draining = True
            self._tasks.spawn(self._drain(live), f"chat:{live.row.id}")

    async def _drain(self, live: Live) -> None:
        """Handle what waited, in order. While `pending` is not empty nobody overtakes."""
        try:
            while live.pending:
                await self._next(live)
                live.pending.popleft()
        except StoreUnavailable as error:
            log.error("a turn must wait", chat=live.row.id, reason=str(error))
            key, at = f"retry:{live.row.id}", self._clock.now() + RETRY
            self._clock.alarm(key, at, lambda: self._go_on(live))
        finally:
            live.draining = False

    async def _next(self, live: Live) -> None:
        work = live.pending[0]
        if work.stored is not None and not await work.stored:
            return  # it was refused, and whoever sent it knows
        live.busy = True
        try:
            await self._handle(live, work)
        except (Conflict, Duplicate):
            log.warning("settled by somebody else", chat=live.row.id)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("an event was given up", chat=live.row.id)
