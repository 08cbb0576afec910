"""The kit as an author of flows uses it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import flows.examples
from bot.errors import NotAllowed
from bot.testing import AGENT, CUSTOMER, Chat, Gate, Stage, note, question
from flows.errors import ProjectInvalid, UnknownDefinition
from tests.runtime.flows import DESK, ECHO

HELPDESK = Path(flows.examples.__file__).parent / "it-helpdesk"


async def test_the_example_of_the_documentation_plays() -> None:
    async with await Chat.open(
        HELPDESK,
        "it-helpdesk",
        connectors={"helpdesk.get_user": {"body": {"locked": True}}, "helpdesk.unlock": {"status": 204}},
    ) as chat:
        chat.hears(
            "Hi there, I'm the IT helper.",
            question(
                "What can I do for you?",
                "Unlock my account",
                "Rebuild my laptop",
                "Where is my order?",
                "Nothing, bye",
            ),
        )
        await chat.press("Unlock my account")
        chat.hears("Which login is locked?")
        await chat.say("j.doe")
        chat.hears(
            note("Looking up j.doe …"),
            note("Your account is locked. Unlocking it now …"),
            "Account j.doe is unlocked. You can sign in again.",
            "Anything else?",
        )
        assert [(run.runbook, run.outcome, run.inputs) for run in chat.runs] == [
            ("unlock-account", "success", {"login": "j.doe"})
        ]
        assert chat.variables["RUNBOOKRESULT"] == "Account j.doe is unlocked. You can sign in again."
        assert chat.value("results.unlock-account.outcome") == "success"
        assert chat.value("nothing.of.that") is None
        assert chat.stage.connectors.asked("helpdesk.get_user") == [{"login": "j.doe"}]


async def test_what_was_heard_instead_is_shown_line_by_line() -> None:
    async with await Chat.open(ECHO, "echo") as chat:
        await chat.say("hello")
        with pytest.raises(AssertionError) as caught:
            chat.hears("Say something.", note("You said hello."), "More.")
    assert str(caught.value).splitlines() == [
        "the chat heard something else",
        "  (- expected, + heard)",
        "    bot   Say something.",
        "  - note  You said hello.",
        "  + bot   You said hello.",
        "  - bot   More.",
        "  + bot   Say something.",
    ]


async def test_silence_is_checked_at_once_and_a_look_is_taken_once() -> None:
    async with await Chat.open(ECHO, "echo") as chat:
        chat.hears("Say something.")
        chat.hears()
        await chat.say("a")
        chat.skip()
        chat.hears()
        with pytest.raises(AssertionError, match="bot   More"):
            chat.hears("More")


async def test_a_button_that_is_not_there_is_named_with_those_that_are() -> None:
    async with await Chat.open(HELPDESK, "it-helpdesk") as chat:
        with pytest.raises(
            AssertionError, match=r"no button 'Unlock'; there are: Unlock my account, Rebuild"
        ):
            await chat.press("Unlock")


async def test_a_question_may_be_compared_with_its_buttons_or_without() -> None:
    async with await Chat.open(HELPDESK, "it-helpdesk") as chat:
        chat.skip()
        await chat.say("what?")
        with pytest.raises(AssertionError):
            chat.hears("Please choose one of the options.", question("What can I do for you?", "Yes"))


async def test_a_gate_holds_a_run_until_it_is_opened() -> None:
    gate = Gate()
    async with await Chat.open(
        DESK, "desk", connectors={"directory.find": gate, "directory.unlock": {}}
    ) as chat:
        await chat.say("jd")
        chat.hears("Which login?", note("Looking up jd."))
        assert gate.waiting == 1
        assert [picture.state for picture in await chat.progress()] == ["running"]
        await gate.open({"status": 500})
        chat.hears("failed: 500 Internal Server Error", "Anything else?")
        await chat.press("Yes")
        await chat.say("jd")
        assert gate.waiting == 0
        gate.shut()
        await chat.press("Yes")
        await chat.say("jd")
        assert gate.waiting == 1


async def test_a_stub_may_be_a_list_or_a_function() -> None:
    async with await Chat.open(
        DESK,
        "desk",
        connectors={
            "directory.find": [{"status": 404}, {}],
            "directory.unlock": lambda call: {"status": 409} if call.args["login"] == "b" else {},
        },
    ) as chat:
        results = []
        for login in ("a", "b", "c"):
            await chat.say(login)
            results.append(chat.runs[-1].result)
            await chat.press("Yes")
    assert results == ["failed: 404 Not Found", "Runbook failed: step unlock: 409 Conflict", "c is unlocked."]


async def test_time_passes_as_a_number_or_a_duration() -> None:
    async with await Chat.open(DESK, "desk", connectors={"directory.find": {"delay": "1m30s"}}) as chat:
        chat.skip()
        before = chat.stage.clock.now()
        await chat.advance("1m30s")
        await chat.advance(0.5)
        assert chat.stage.clock.now() - before == 90_500


async def test_people_are_who_the_test_says() -> None:
    async with await Stage.open(HELPDESK) as stage:
        who = [(await Chat.on(stage, "it-helpdesk", person)).variables for person in (CUSTOMER, AGENT)]
    assert [(one["CHAT_USER_EMAIL"], one["CHAT_AUDIENCE"]) for one in who] == [
        ("customer@example.com", "authenticated"),
        ("agent@example.com", "agents"),
    ]


async def test_an_ended_chat_says_so() -> None:
    async with await Chat.open(HELPDESK, "it-helpdesk") as chat:
        await chat.press("Nothing, bye")
        assert chat.ended
        with pytest.raises(NotAllowed):
            await chat.say("hello?")


async def test_a_stage_restarts_and_chats_go_on() -> None:
    async with await Stage.open(ECHO) as stage:
        chat = await Chat.on(stage, "echo")
        await chat.say("one")
        await stage.restart()
        await chat.say("two")
        chat.hears("Say something.", "You said one.", "Say something.", "You said two.", "Say something.")
        assert stage.lives == 2


async def test_a_project_that_is_no_good_says_where() -> None:
    with pytest.raises(ProjectInvalid, match=r"profiles/desk.yaml:4:5: E102"):
        await Chat.open("kind: chat-profile\nid: desk\nflow:\n  - syy: Hello", "desk")


async def test_a_profile_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownDefinition, match="did you mean `echo`"):
        await Chat.open(ECHO, "ecco")


async def test_a_text_without_kind_or_id_is_refused() -> None:
    with pytest.raises(ValueError, match="needs `kind:`"):
        await Chat.open("flow: []", "desk")


def test_the_kit_plays_on_a_loop_that_does_not_tell_what_is_ready() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def whole() -> None:
        async with await Chat.open(
            DESK, "desk", connectors={"directory.find": {"delay": "2s"}, "directory.unlock": {}}
        ) as chat:
            await chat.say("jd")
            await chat.advance("2s")
            chat.hears(
                "Which login?",
                note("Looking up jd."),
                note("Unlocking it."),
                "jd is unlocked.",
                "Anything else?",
            )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(whole())
