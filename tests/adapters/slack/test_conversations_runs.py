"""Forms and runs in Slack, as whole transcripts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.front import NOT_OPEN, NOT_YOURS
from adapters.slack.presses import OVER
from bot.rows import Inbox, Message, Run
from bot.testing import Gate
from bot.testing.slack import Channel, Person
from bot.testing.slack import Message as Post
from tests.adapters.slack.office import Office, office
from tests.adapters.slack.projects import DESK, MENU

FORM = """\
kind: chat-profile
id: desk
audience: anyone
flow:
  - id: laptop
    ask: Tell me about the laptop.
    fields: [asset, reason, pin]
    timeout: 30m
    outcomes: {timeout: late}
  - id: seen
    say: "$asset: $reason"
  - id: rest
    end: Thanks.
  - id: late
    end: Too late.
variables:
  asset: {label: Asset tag, matches: 'LAP-[0-9]{4}'}
  reason: {label: Reason}
  pin: {label: PIN, secret: true}
"""
SECRET = "4711-0815"
GOOD = {"Asset tag": "LAP-0042", "Reason": "It is slow", "PIN": SECRET}
FIRST = "U0CB000004"


@pytest.fixture
async def forms() -> AsyncIterator[Office]:
    async with office(FORM) as made:
        yield made


async def opened(there: Office, person: Person) -> None:
    """The form is open before somebody."""
    await there.presses(person, "Fill in 3 fields…")
    assert there.fake.modal(person) is not None


async def test_a_form_is_filled_in_and_read_as_one_line(forms: Office) -> None:
    ann = forms.person("Ann")
    await forms.says(ann, "hi")
    await opened(forms, ann)
    await forms.events.submits(ann, GOOD)
    await forms.rest()
    assert forms.fake.modal(ann) is None
    lines = forms.lines(forms.fake.direct(ann))
    assert lines[1].startswith("Cuebook: Tell me about the laptop.\n✓ Sent — @Ann")
    assert lines[-2:] == ["Cuebook: LAP-0042: It is slow", "Cuebook: Thanks.\nThis chat has ended."]


async def test_a_secret_of_a_form_stands_nowhere(
    forms: Office, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = forms.person("Ann")
    await forms.says(ann, "hi")
    await opened(forms, ann)
    await forms.events.submits(ann, {**GOOD, "Asset tag": "x"})
    await forms.events.submits(ann, GOOD)
    await forms.rest()
    shown = [str(one.blocks) + one.text for one in forms.fake.world.messages]
    kept = [line.text for line in await forms.stage.store.find(Message)]
    assert SECRET not in "".join([*shown, *kept, caplog.text, *capsys.readouterr()])


async def test_what_is_wrong_stands_below_its_field_until_it_is_right(forms: Office) -> None:
    ann = forms.person("Ann")
    await forms.says(ann, "hi")
    await opened(forms, ann)
    await forms.events.submits(ann, {**GOOD, "Asset tag": "desk"})
    form = forms.fake.modal(ann)
    assert form is not None
    assert form.errors == {"asset": "`desk` does not have the right form."}
    assert await forms.stage.store.find(Inbox, state="new") == []
    await forms.events.submits(ann, GOOD)
    await forms.rest()
    assert forms.fake.modal(ann) is None
    assert forms.lines(ann)[-1] == "Cuebook: Thanks.\nThis chat has ended."


async def test_a_closed_form_can_be_opened_again_and_sent_once(forms: Office) -> None:
    ann = forms.person("Ann")
    await forms.says(ann, "hi")
    await opened(forms, ann)
    await forms.events.closes(ann)
    await opened(forms, ann)
    await forms.events.submits(ann, GOOD)
    await forms.rest()
    sent = forms.events.deliveries[-1].payload
    second = {**sent, "view": {**sent["view"], "id": "V0SECOND", "hash": "2.b"}}  # of another window
    answer = await forms.events.sends(second)
    assert (answer.json or {})["errors"] == {"asset": NOT_OPEN}
    said = [one.text for one in forms.shown(ann) if "LAP-0042" in one.text]
    assert said == ["LAP-0042: It is slow"]


async def test_an_answer_that_comes_late_is_refused_below_the_first_field(forms: Office) -> None:
    ann = forms.person("Ann")
    await forms.says(ann, "hi")
    await opened(forms, ann)
    await forms.advance(3_600)
    before = await forms.rows()
    answer = await forms.events.submits(ann, GOOD)
    await forms.rest()
    assert (answer.json or {})["errors"] == {"asset": NOT_OPEN}
    assert await forms.rows() == before
    assert forms.lines(ann)[-1] == "Cuebook: Too late.\nThis chat has ended."


async def test_a_form_is_for_the_one_who_was_asked(forms: Office) -> None:
    ann, bob = forms.person("Ann"), forms.person("Bob")
    room = forms.fake.add_channel("desk", [ann, bob])
    asked = await forms.says(ann, f"{forms.bot} hello", room)
    question = forms.newest("Fill in 3 fields…", room, asked)
    await forms.events.presses(bob, question, "Fill in 3 fields…")
    await forms.rest()
    assert forms.fake.modal(bob) is None
    assert forms.whispers(bob) == [NOT_YOURS]


# --- runs ------------------------------------------------------------------------------------


class Thread:
    """A run in the background of somebody's thread, which waits for a system."""

    def __init__(self, there: Office, gate: Gate) -> None:
        self.there, self.gate = there, gate
        self.boss, self.ann, self.bob = (there.person(name) for name in ("Boss", "Ann", "Bob"))
        self.room: Channel = there.fake.add_channel("desk", [self.boss, self.ann, self.bob])
        self.asked: Post

    async def begin(self) -> None:
        self.asked = await self.there.says(self.ann, f"{self.there.bot} hello", self.room)
        await self.there.presses(self.ann, "Rebuild", self.room, thread=self.asked)

    def lines(self) -> list[str]:
        return self.there.lines(self.room, self.asked)

    async def cancels(self, person: Person) -> None:
        """Press the button of the card."""
        await self.there.events.presses(person, self.there.card(self.room, self.asked), "Cancel")
        await self.there.rest()


def cancelled_by(who: str) -> str:
    """The project, where the runbook says who may stop it."""
    return DESK.replace("announce: result\n", f"announce: result\ncancel: {who}\n")


async def thread_of(there: Office, gate: Gate) -> Thread:
    made = Thread(there, gate)
    await made.begin()
    return made


async def test_a_result_in_the_background_comes_into_the_thread_even_after_the_end() -> None:
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": {}}) as there:
        thread = await thread_of(there, Gate())
        assert (
            thread.lines()[2:4]
            == [
                "Cuebook: It is on its way.",
                MENU,
            ]
            or MENU in thread.lines()
        )
        await there.presses(thread.ann, "Goodbye", thread.room, thread=thread.asked)
        assert thread.lines()[-1] == "Cuebook: Goodbye!\nThis chat has ended."
        await there.advance(3_700)
        assert thread.lines()[-1] == "Cuebook: The index is new."
        assert there.card(thread.room, thread.asked).text == "Rebuild the index — Done\n✓ Wiping\n✓ Resting"
        assert there.card(thread.room, thread.asked).buttons == ()


@pytest.mark.parametrize(
    ("who", "asker", "presser", "stops"),
    [
        ("requester", "ann", "ann", True),
        ("requester", "ann", "boss", True),
        ("requester", "ann", "bob", False),
        ("agents", "boss", "boss", True),
        ("agents", "boss", "ann", False),
    ],
)
async def test_the_card_s_button_is_for_whom_the_runbook_says(
    who: str, asker: str, presser: str, *, stops: bool
) -> None:
    gate = Gate()
    connectors = {"directory.find": {}, "directory.unlock": gate}
    async with office(cancelled_by(who), connectors=connectors, agents=frozenset((FIRST,))) as there:
        thread = Thread(there, gate)
        people = {"boss": thread.boss, "ann": thread.ann, "bob": thread.bob}
        thread.ann = people[asker]
        await thread.begin()
        await thread.cancels(people[presser])
        (run,) = await there.stage.store.find(Run)
        assert run.state == ("cancelled" if stops else "running")
        refused = "Rebuild the index cannot be cancelled by you."
        assert there.whispers(people[presser]) == (
            [] if stops else [refused]
        )  # the chat itself says that it was stopped


@pytest.mark.parametrize("who", ["agents", "none"])
async def test_where_the_requester_may_not_stop_a_run_there_is_no_button(who: str) -> None:
    gate = Gate()
    connectors = {"directory.find": {}, "directory.unlock": gate}
    async with office(cancelled_by(who), connectors=connectors) as there:
        thread = await thread_of(there, gate)
        assert there.card(thread.room, thread.asked).buttons == ()


@pytest.mark.parametrize("who", ["agents", "none"])
async def test_in_a_room_with_agents_the_button_is_there_for_them(who: str) -> None:
    gate = Gate()
    connectors = {"directory.find": {}, "directory.unlock": gate}
    async with office(cancelled_by(who), connectors=connectors, agents=frozenset(("U0000STAFF",))) as there:
        thread = await thread_of(there, gate)
        buttons = there.card(thread.room, thread.asked).buttons
        assert buttons == (("Cancel",) if who == "agents" else ())


async def test_cancel_twice_says_that_it_is_over() -> None:
    gate = Gate()
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": gate}) as there:
        thread = await thread_of(there, gate)
        card = there.card(thread.room, thread.asked)
        old = card.message.blocks
        await thread.cancels(thread.ann)
        assert "Cuebook: Runbook failed: cancelled by Ann" in thread.lines()
        card.message.blocks = old  # a client that has not seen the edit yet
        await there.events.presses(thread.ann, card, "Cancel")
        await there.rest()
        assert there.whispers(thread.ann) == [OVER]


@pytest.mark.parametrize("mine", [True, False])
async def test_slack_s_own_stop_button_stops_the_runs_of_its_thread(mine: bool) -> None:
    gate = Gate()
    async with office(DESK, connectors={"directory.find": {}, "directory.unlock": gate}) as there:
        thread = await thread_of(there, gate)
        there.fake.world.sessions[thread.room.id, thread.asked.ts] = "processing"
        await there.events.stops(thread.ann if mine else thread.bob, thread.room, thread.asked)
        await there.rest()
        (run,) = await there.stage.store.find(Run)
        assert run.state == ("cancelled" if mine else "running")


async def test_only_steps_with_a_title_are_shown() -> None:
    """The author's words, not the flow's ids: `chat_message` and untitled calls are not steps
    that people know of."""
    plain = DESK.replace("title: Unlocking it, ", "")
    async with office(plain, connectors={"directory.find": {}, "directory.unlock": {}}) as there:
        ann = there.person("Ann")
        await there.says(ann, "hi")
        await there.says(ann, "1")
        await there.says(ann, "j.doe")
        await there.advance(5)
        assert there.card(ann).text == "Unlock an account — Done\n✓ Looking it up"
