"""One turn of a chat, decided: from an event to the unit that makes it so. No I/O here."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

import msgspec
import structlog

from bot.ids import new_id
from bot.masks import Mask
from bot.ports import Append, Change, Clock, Committed, Delete, Insert, Op, Person
from bot.rows import Chat, Inbox, Message
from bot.rows import Timer as TimerRow
from bot.runtime.secrecy import HIDES_NOTHING, forgotten, mask_of, without_secrets
from bot.runtime.starts import Accepted, Asker, Starts
from bot.runtime.wire import dump, writable
from flows.documents import Profile
from flows.effects import CancelRun, Effect, Finish, Log, Note, Say, StartRun, Timer
from flows.errors import FlowStuck
from flows.events import Event, Said, Started
from flows.flow import Flow
from flows.machine import MAX_HOPS, advance
from flows.state import Ended, State, Turn

log = structlog.get_logger()

SORRY = "Sorry, something went wrong on our side. Please try again."
OVER = "Sorry, something went wrong on our side. Please start a new chat."
IN_CIRCLES = "Something is wrong with this chat: it ran in circles, so I stopped it. Please start a new one."


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """An event for a chat, and what its unit must settle with it."""

    event: Event
    inbox: Inbox | None = None
    own: Message | None = None
    """The person's own line, if it is not in the transcript yet; then `inbox` is new too."""
    timer: str = ""
    """Id of the timer row that rang."""
    during: str = ""
    """The wait for a run in which it was said. Words said then answer no later question (D1)."""
    stored: asyncio.Future[bool] | None = None
    """Whether its inbox row has been written; None: it was there before."""


class Live:
    """A chat in memory: its row, its decoded state, and what is waiting for its turn.

    Replaced cell by cell only after a commit, so a failed one leaves it as it was.
    """

    __slots__ = ("busy", "draining", "flow", "pending", "person", "row", "state", "timers")

    def __init__(self, row: Chat, state: State, flow: Flow, person: Person) -> None:
        self.row, self.state, self.flow, self.person = row, state, flow, person
        self.busy = self.draining = False
        self.pending: deque[Work] = deque()
        """In the order in which they came, those on their way into the inbox included."""
        self.timers = True
        """It may have timer rows; unknown after loading."""

    @property
    def idle(self) -> bool:
        """Whether an event may have its turn at once."""
        return not (self.busy or self.pending)


class Plan(msgspec.Struct, kw_only=True):
    """What a turn will do once its unit is committed."""

    state: State
    lines: list[Message] = []
    starts: list[Accepted] = []
    timers: list[TimerRow] = []
    cancels: list[str] = []
    walked: list[Turn] = []
    """What the machine did, for whoever wants to know why."""
    mask: Mask = HIDES_NOTHING
    """What must not be shown of it."""
    ended: bool = False
    moved: bool = False
    failed: bool = False


class Hooks:
    """What the rest of the runtime does once a turn is committed; the engine fills it."""

    def after(self, live: Live, plan: Plan, done: Committed) -> None:
        """Start what was accepted, arm timers, pass on cancels and deliveries."""


class Turns:
    """Turns an event for a chat into a Plan."""

    def __init__(self, starts: Starts, clock: Clock) -> None:
        self._starts, self._clock = starts, clock

    def plan(self, live: Live, event: Event) -> Plan:
        """Advance, and answer at once what can be answered at once (starts of runs)."""
        now = self._clock.now()
        plan = Plan(state=live.state)
        try:
            self._walk(live, event, plan, now)
        except FlowStuck as stuck:
            log.error("flow stuck", chat=live.row.id, flow=live.flow.id, step=stuck.step)
            plan = self._over(live, IN_CIRCLES)
        except Exception:  # the wall: a fault of ours must not wedge the chat (promise 3)
            log.exception("a turn failed", chat=live.row.id, flow=live.flow.id, step=live.state.step)
            plan = self.failed(live, event)
        return hush(live.flow, live.state, plan) if live.flow.secret else plan

    def plan_of(self, live: Live, work: Work) -> Plan:
        """As `plan`; words that came too late for the wait they were said in change nothing."""
        awaiting = live.state.awaiting
        if work.during and (awaiting is None or awaiting.id != work.during):
            return Plan(state=live.state)
        return self.plan(live, work.event)

    def failed(self, live: Live, event: Event) -> Plan:
        """What a turn does that cannot be taken. A person can say something else; what the
        chat waits for does not come twice, so without it the chat is over."""
        awaiting = live.state.awaiting
        awaited = awaiting is not None and f"{getattr(event, 'id', '')}.".startswith(f"{awaiting.id}.")
        if isinstance(event, Started) or awaited:
            plan = self._over(live, OVER)
        else:
            plan = Plan(state=live.state, lines=[line(live.row, SORRY, self._clock.now())])
        plan.failed = True
        return plan

    def _over(self, live: Live, words: str) -> Plan:
        over = Ended(step=live.state.step or "", outcome="failure", message=words)
        state = msgspec.structs.replace(live.state, awaiting=None, frames=(), ended=over)
        last = line(live.row, words, self._clock.now(), end=True)
        return Plan(state=state, lines=[last], ended=True, moved=True)

    def _walk(self, live: Live, event: Event, plan: Plan, now: int) -> None:
        events: deque[Event] = deque((event,))
        answers = 0
        while events:
            turn = advance(live.flow, plan.state, events.popleft())
            plan.walked.append(turn)
            plan.moved = plan.moved or turn.state is not plan.state
            plan.state = turn.state
            for effect in turn.effects:
                answer = self._perform(live, effect, plan, now)
                if answer is not None:
                    events.append(answer)
                    answers += 1
            if answers > MAX_HOPS:  # refusals and background starts are answered within the turn
                raise FlowStuck(live.flow.id, plan.state.step or "", answers)

    def _perform(self, live: Live, effect: Effect, plan: Plan, now: int) -> Event | None:
        match effect:
            case Say():
                plan.lines.append(said_line(live.row, effect, now))
            case StartRun():
                return self._start(live, effect, plan)
            case CancelRun(run=run):
                plan.cancels.append(run)
            case Timer(id=id, after=after):
                plan.timers.append(
                    TimerRow(
                        id=new_id(now),
                        kind="chat",
                        target=live.row.id,
                        effect=id,
                        due_at=now + round(after * 1000),
                    )
                )
            case Finish():
                self._end(live, plan, now)
            case Log(id=id, message=message):
                log.warning("author", chat=live.row.id, flow=live.flow.id, effect=id, problem=message)
            case Note() | _:
                raise AssertionError(f"a chat cannot {type(effect).__name__}")
        return None

    def _start(self, live: Live, start: StartRun, plan: Plan) -> Event:
        profile = live.flow.document
        assert isinstance(profile, Profile)
        verdict = self._starts.weigh(
            start,
            Asker(
                person=live.person,
                origin="chat",
                chat=live.row.id,
                context={"chat": live.state.context.get("chat", {})},
                quiet=profile.still_working_after,
                beside=len(plan.starts),
                secrets=mask_of(live.flow, live.state, plan.state).values,
            ),
        )
        if not isinstance(verdict, Accepted):
            return verdict
        plan.starts.append(verdict)
        return verdict.event

    def _end(self, live: Live, plan: Plan, now: int) -> None:
        plan.ended = True
        if plan.lines:
            plan.lines[-1] = msgspec.structs.replace(plan.lines[-1], kind="end")
        else:
            plan.lines.append(line(live.row, "", now, end=True))


def hush(flow: Flow, before: State, plan: Plan) -> Plan:
    """A turn in which the bot repeats no secret; one that ends the chat forgets them."""
    plan.mask = mask = mask_of(flow, before, plan.state)
    plan.lines = [msgspec.structs.replace(said, text=mask.text(said.text)) for said in plan.lines]
    if plan.ended:
        plan.state = forgotten(flow, plan.state, mask)
    return plan


def line(
    chat: Chat, text: str, now: int, *, prompt: str = "", choices: str = "[]", end: bool = False
) -> Message:
    """A line of the bot's."""
    return Message(
        chat=chat.id, seq=0, id=new_id(now), sender="bot", kind="end" if end else "message",
        text=writable(text),
        prompt=prompt, choices=choices, run="", created_at=now,
    )  # fmt: skip


def said_line(chat: Chat, say: Say, now: int) -> Message:
    """What the bot says, with what may be chosen or filled in."""
    choices = dump(say.choices) if say.choices else "[]"
    said = line(chat, say.text, now, prompt=say.prompt or "", choices=choices)
    return msgspec.structs.replace(said, form=dump(say.form)) if say.form else said


def unit_of(live: Live, plan: Plan, work: Work, now: int) -> list[Op]:
    """The one committed unit of a turn: what came in, the new state, what goes out."""
    ops: list[Op] = list(_settled(live, work, plan))
    row = live.row
    if plan.moved:
        changes: dict[str, str | int] = {
            "state": dump(plan.state),
            "version": row.version + 1,
            "updated_at": now,
        }
        if plan.ended:  # it is indexed: to name it costs, changed or not
            changes["status"] = "ended"
        ops.append(Change(Chat, {"id": row.id, "version": row.version}, changes))
        if live.timers and plan.state.awaiting != live.state.awaiting:
            ops.append(Delete(TimerRow, {"target": row.id}))
    ops += spoken(row, _own(live, work, plan), plan.lines)
    ops += [op for start in plan.starts for op in start.unit]
    ops += [Insert(timer) for timer in plan.timers]
    return ops


def _own(live: Live, work: Work, plan: Plan) -> Message | None:
    """The person's own line. Made here, by the state that hears the words: a copy of the chat
    that was old would not know that they are secret."""
    if work.own is None or not live.flow.secret or not isinstance(work.event, Said):
        return work.own
    heard = without_secrets(live.flow, live.state, work.event, plan.mask)
    return msgspec.structs.replace(work.own, text=heard.text)


def _settled(live: Live, work: Work, plan: Plan) -> Iterator[Op]:
    cells: dict[str, str | int] = {"state": "parked" if plan.failed else "done"}
    if isinstance(work.event, Said) and live.flow.secret:  # what is handled keeps no secret
        cells["event"] = dump(without_secrets(live.flow, live.state, work.event, plan.mask))
    if work.timer:
        yield Delete(TimerRow, {"id": work.timer})
    if work.inbox is None:
        return
    if work.own is not None:
        yield Insert(msgspec.structs.replace(work.inbox, **cells))
    else:
        yield Change(Inbox, {"id": work.inbox.id, "state": "new"}, cells)


def spoken(row: Chat, own: Message | None, lines: list[Message]) -> Iterator[Op]:
    """The transcript lines of a unit: the person's own first."""
    heard, outbox = lines[-1].created_at if lines else 0, outbox_of(row)
    if own is not None and outbox is not None:  # the platform shows a person's own words itself
        yield Append(row.id, [own], 0, None, own.id)
        own = None
    spoken = [own, *lines] if own is not None else lines
    if spoken:
        yield Append(row.id, spoken, heard, outbox, own.id if own is not None else None)


def outbox_of(chat: Chat) -> tuple[str, str] | None:
    """(platform, address) where lines must be handed over; None where clients read the log."""
    return (chat.platform, chat.address) if chat.address != chat.id else None
