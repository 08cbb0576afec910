"""Anything that can happen, in any order, to any flow: what holds all the same.

W1: no input of any kind may leave a chat unusable. Threats 42, 51, 71.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flows.effects import Effect, Finish, Note, Say
from flows.errors import FlowStuck
from flows.events import (
    CallAnswered,
    Called,
    Event,
    File,
    RunAccepted,
    RunEnded,
    RunRefused,
    Said,
    Started,
    TimeCame,
)
from flows.flow import Flow, listed
from flows.machine import advance
from flows.state import Outcome, State, Turn
from flows.transcript import hushed
from tests.flows.machine.any_flow import CHATS, NAMES, RUNBOOKS, RUNS, chats, runs

CANARY = "kf83hd"  # the chat's id: no drawn text names it, so nobody may ever see it
HOSTILE = [
    "${chat.id}", "$CHAT_ID", "${a:-${chat.id}}", "$$CHAT_ID", "{{chat.id}}", "<<chat^id>>", "$a", "${a}",
    "help", "HELP ", "cancel", "stop", "start over", "restart", "yes", "no", "1", "2", "\uff12", "x", "abc",
    "", " ", "\x00", "\u202e", "ﷺ" * 300, "0", "-0", "1e999", "nan", '"}', "s0.1",
]  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=5,
)
forms = st.dictionaries(
    st.sampled_from([*NAMES, "x"]), values | st.sampled_from(["5", "yes", "abc"]), max_size=4
)
said = st.sampled_from(HOSTILE) | st.text(max_size=40)
foreign = st.sampled_from(
    ["", "s0", "s0.1", "s1.2", "s1.2.wait", "q.2", "unlock.3", "slow.1.patience", "menu.1.timeout"]
)
seconds = st.floats(-10, 1_000)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(State).decode
_event = msgspec.json.Decoder(Event)


class AnyOrder(RuleBasedStateMachine):
    """One flow and its life."""

    flow: Flow
    state: State
    stuck = False

    def begin(self, flow: Flow, xs: list[Any]) -> None:
        self.flow = flow
        given = {"xs": xs} if flow.kind == "runbook" else {}
        self.state = State(context={"chat": {"id": CANARY}}, variables=given)
        self.ids: set[str] = set()
        self.past: list[Event] = []
        note([step.model_dump(exclude_defaults=True) for step in listed(flow.document)])
        self.row = 0
        self.feed(Started())

    # --- what happens --------------------------------------------------------------------

    @rule(text=said)
    def a_person_writes(self, text: str) -> None:
        self.feed(Said(text=text))

    @rule(text=said, value=said | st.none(), prompt=foreign)
    def a_person_presses_what_is_not_there(self, text: str, value: str | None, prompt: str) -> None:
        self.feed(Said(text=text, prompt=prompt, value=value))

    @rule(text=said, value=said | st.none())
    def a_person_presses_the_open_question(self, text: str, value: str | None) -> None:
        prompt = self.state.awaiting.id if self.state.awaiting else "none"
        self.feed(Said(text=text, prompt=prompt, value=value))

    @rule(values=forms, open_one=st.booleans(), prompt=foreign)
    def a_person_fills_in_a_form(self, values: dict[str, Any], open_one: bool, prompt: str) -> None:
        awaiting = self.state.awaiting
        self.feed(Said(text="", prompt=awaiting.id if awaiting and open_one else prompt, values=values))

    @rule(text=said, files=st.lists(st.builds(File, name=said, link=said, type=said), max_size=25))
    def a_person_sends_files(self, text: str, files: list[File]) -> None:
        self.feed(Said(text=text, files=tuple(files)))

    @rule(text=said)
    def a_person_opens_the_chat_with_words(self, text: str) -> None:
        self.feed(Said(text=text, opening=True))

    @rule(word=st.sampled_from(["help", "cancel", "start over", "x"]))
    def a_person_uses_a_word(self, word: str) -> None:
        self.feed(Said(text=word))

    @rule()
    def what_is_listened_to_meanwhile_rings(self) -> None:
        for id in self.state.meanwhile.timers if self.state.meanwhile else ():
            self.feed(TimeCame(id=id, quiet=20.0))

    @rule(number=st.integers(0, 9))
    def it_goes_on_plainly(self, number: int) -> None:
        if events := answers(self.flow, self.state):
            self.feed(events[number % len(events)])

    @rule(ok=st.booleans(), body=values, status=st.integers(100, 599))
    def a_connector_answers(self, ok: bool, body: Any, status: int) -> None:
        answer = {"status": status, "body": body, "headers": {}}
        self.feed(CallAnswered(id=self.awaited(), ok=ok, answer=answer, error="" if ok else "failed $a"))

    @rule(number=st.integers(1, 4), wait=st.booleans(), quiet=st.sampled_from([0.0, 20.0]))
    def a_start_is_accepted(self, number: int, wait: bool, quiet: float) -> None:
        self.feed(
            RunAccepted(id=self.awaited(), run=f"r{number}-{self.state.visits}", wait=wait, quiet=quiet)
        )

    @rule(
        message=said, data=values, announce=st.sampled_from(["", "It has finished."]), pick=st.integers(0, 3)
    )
    def a_run_ends(self, message: str, data: Any, announce: str, pick: int) -> None:
        awaiting, open_runs = self.state.awaiting, [*self.state.background]
        if awaiting is not None and awaiting.run is not None:
            open_runs.append(awaiting.run)
        run = open_runs[pick % len(open_runs)] if open_runs else "nobody"
        outcome: Outcome = "failure" if pick % 2 else "success"
        self.feed(
            RunEnded(
                id=self.awaited(), run=run, runbook=RUNBOOKS[pick % 2], outcome=outcome, message=message,
                data=data, announce=announce,
            )
        )  # fmt: skip

    @rule(quiet=seconds, which=st.integers(0, 3))
    def a_timer_rings(self, quiet: float, which: int) -> None:
        meanwhile = self.state.meanwhile
        timers = [self.awaited(), *(meanwhile.timers if meanwhile else ())]
        self.feed(TimeCame(id=timers[which % len(timers)], quiet=quiet))

    @rule(id=foreign)
    def strangers_answer(self, id: str) -> None:
        for event in (
            CallAnswered(id=id, ok=True),
            RunAccepted(id=id, run="r9", wait=True),
            RunRefused(id=id, runbook="unlock", reason="no"),
            RunEnded(id=id, run="r9", runbook="unlock", outcome="success", announce="forged"),
            TimeCame(id=id),
        ):
            self.feed(event)

    @precondition(lambda self: bool(self.past))
    @rule(data=st.data())
    def something_comes_a_second_time(self, data: st.DataObject) -> None:
        self.feed(data.draw(st.sampled_from(self.past)))

    @rule()
    def it_is_started_again(self) -> None:
        before = self.state
        assert self.feed(Started()) is not None
        assert self.state is before

    # --- what holds ----------------------------------------------------------------------

    def awaited(self) -> str:
        return self.state.awaiting.id if self.state.awaiting else "none"

    def feed(self, event: Event) -> Turn | None:
        before = self.state
        self.row = 0 if isinstance(event, Said) or self.flow.kind == "runbook" else self.row + 1
        try:
            turn = advance(self.flow, before, event)
        except FlowStuck:  # a circle of runs without a person's word: the runtime ends the chat
            assert self.row > 20
            self.stuck = True
            return Turn(state=before)
        assert advance(self.flow, before, event) == turn
        stored = _event.decode(_encode(event))
        assert advance(self.flow, _decode(_encode(before)), stored) == turn, "replay differs"
        self.past.append(event)
        self.check(before, event, turn)
        self.state = turn.state
        return turn

    def check(self, before: State, event: Event, turn: Turn) -> None:
        if not awaited(before, event):
            assert turn.state is before
            assert (turn.effects, turn.path) == ((), ())
        if before.ended is not None:
            assert not isinstance(event, Said) or turn.state is before
            assert [type(effect) for effect in turn.effects] in ([], [Say])
            assert turn.state.ended == before.ended
        for effect in turn.effects:
            assert effect.id not in self.ids, f"{effect.id} came twice"
            self.ids.add(effect.id)
            assert CANARY not in shown(effect), "a value was read as a template"
        assert len(turn.path) == turn.state.visits - before.visits
        if before.ended is None:  # the end is told once, and comes last
            ends = [isinstance(effect, Finish) for effect in turn.effects]
            assert ends.count(True) == (turn.state.ended is not None)
            assert turn.state.ended is None or ends[-1]

    @invariant()
    def it_rests_only_where_something_can_happen(self) -> None:
        if hasattr(self, "state"):
            assert (self.state.awaiting is not None) is not (self.state.ended is not None)

    @invariant()
    def something_leads_on(self) -> None:
        """From wherever anything has brought it, a plain answer moves it."""
        if not hasattr(self, "state") or self.stuck or self.state.ended is not None:
            return
        assert any(moves(self.flow, self.state, event) for event in answers(self.flow, self.state))

    @invariant()
    def its_size_is_bounded_by_its_flow(self) -> None:
        if not hasattr(self, "state"):
            return
        state = self.state
        assert set(state.variables) <= {*NAMES, "xs"}
        assert set(state.results) <= {"steps", "runs", "last", "error"}
        assert set(state.results.get("steps", {})) <= set(self.flow.nodes)
        assert set(state.results.get("runs", {})) <= set(RUNBOOKS)
        assert len(state.frames) <= 3
        assert len(state.meanwhile.timers if state.meanwhile else ()) <= 2
        assert state.hops <= self.flow.most_hops
        assert set(state.filled) <= set(NAMES)
        steps = state.results.get("steps", {}).values()
        assert all(len(step["files"]) <= 20 for step in steps if "files" in step)
        assert not state.filled or self.awaited() != "none"

    @invariant()
    def a_persons_own_line_shows_no_secret(self) -> None:
        """Nothing that would be taken for a secret value stands in the transcript as it came."""
        if not hasattr(self, "state") or self.flow.kind != "chat":
            return
        secret = {name: f"hidden {name}" for name in self.flow.secret}
        for prompt in (self.awaited(), "s9.9"):
            form = Said(text="", prompt=prompt, values=secret)
            assert "hidden" not in str(hushed(self.flow, self.state, form))
        before, words = self.state, Said(text="hidden word")
        turn = None if self.stuck else self.tried(words)
        kept = [] if turn is None else [turn.state.variables, turn.state.filled]
        was = [before.variables, before.filled]
        for held, old in zip(kept, was, strict=False):
            if any(held.get(n) == "hidden word" != old.get(n) for n in self.flow.secret):
                assert hushed(self.flow, before, words).text == "•••"

    def tried(self, event: Event) -> Turn | None:
        try:
            return advance(self.flow, self.state, event)
        except FlowStuck:
            return None

    @invariant()
    def its_frames_are_the_loops_around_it(self) -> None:
        if not hasattr(self, "state") or self.state.step is None:
            return
        around = [*self.flow.nodes[self.state.step].loops, self.state.step]
        walked = [frame.step for frame in self.state.frames]
        assert walked == [step for step in around if step in walked]

    def teardown(self) -> None:
        """Plain answers alone bring it forward, again and again."""
        if not hasattr(self, "state"):
            return
        for _ in range(10):
            if self.stuck or self.state.ended is not None:
                return
            moving = [
                event for event in answers(self.flow, self.state) if moves(self.flow, self.state, event)
            ]
            assert moving
            self.feed(moving[0])


def awaited(state: State, event: Event) -> bool:
    """Told independently of the machine: could this event mean anything here?"""
    awaiting, timers = state.awaiting, state.meanwhile.timers if state.meanwhile else ()
    if isinstance(event, Started):
        return state.visits == 0
    if isinstance(event, Said):
        return awaiting is not None
    if isinstance(event, RunEnded) and event.run in state.background:
        return True
    if awaiting is None:
        return False
    kinds: dict[type[Event], set[str]] = {
        CallAnswered: {"call"}, RunAccepted: {"start"}, RunRefused: {"start"}, RunEnded: {"run"},
        TimeCame: {"time"},
    }  # fmt: skip
    if isinstance(event, TimeCame) and event.id in timers:
        return True
    if isinstance(event, Called):
        return awaiting.kind == "callback" and event.step == state.step
    return awaiting.kind in kinds[type(event)] and awaiting.id == event.id


def answers(flow: Flow, state: State) -> list[Event]:
    """Plain answers to what is awaited."""
    awaiting = state.awaiting
    if awaiting is None:
        return []
    id, run = awaiting.id, awaiting.run or ""
    match awaiting.kind:
        case "answer":
            step = flow.nodes[state.step or ""].step
            labels = [option.label for option in getattr(step, "options", [])]
            plain = [Said(text=text) for text in (*labels, "abc", "5", "yes", "no")]
            form = Said(text="", prompt=id, values={"a": "5", "b": "yes", "c": "abc"})
            return [*plain, form, *(Said(text=label, prompt=id, value=label) for label in labels)]
        case "call":
            answer = {"status": 200, "body": ["x"], "headers": {}}
            return [CallAnswered(id=id, ok=True, answer=answer), CallAnswered(id=id, ok=False, error="500")]
        case "callback":
            return [Called(step=state.step or "", body={"yes": True}), Called(step=state.step or "")]
        case "start":
            return [
                RunAccepted(id=id, run=f"r{state.visits}", wait=True, quiet=20.0),
                RunAccepted(id=id, run=f"r{state.visits}", wait=False),
                RunRefused(id=id, runbook="unlock", reason="Runbook failed: no"),
            ]
        case "run":
            good = RunEnded(id=id, run=run, runbook="unlock", outcome="success", message="fine")
            return [good, msgspec.structs.replace(good, outcome="failure", message="It failed")]
        case "time":
            return [TimeCame(id=id)]


def moves(flow: Flow, state: State, event: Event) -> bool:
    """Whether the event brings the flow to another place, another wait, or its end."""
    try:
        after = advance(flow, state, event).state
    except FlowStuck:
        return state.hops > 20  # the runtime ends it
    return after.ended is not None or after.visits > state.visits or after.awaiting != state.awaiting


def shown(effect: Effect) -> str:
    """What people may read of an effect."""
    return effect.text if isinstance(effect, Say | Note) else ""


class AnyChat(AnyOrder):
    """Chats, by hand and at random."""

    @initialize(flow=st.sampled_from(CHATS) | chats())
    def begins(self, flow: Flow) -> None:
        self.begin(flow, [])


class AnyRun(AnyOrder):
    """Runs, over any list."""

    @initialize(
        flow=st.sampled_from(RUNS) | runs(), xs=st.lists(values | st.lists(values, max_size=3), max_size=4)
    )
    def begins(self, flow: Flow, xs: list[Any]) -> None:
        self.begin(flow, xs)


TestAnyChat, TestAnyRun = AnyChat.TestCase, AnyRun.TestCase
TestAnyChat.settings = TestAnyRun.settings = settings(stateful_step_count=40)
