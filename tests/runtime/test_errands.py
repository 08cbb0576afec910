"""A chat about one runbook: how it asks for what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.runtime.wire import load
from bot.testing import CUSTOMER, Chat, Stage
from flows.documents import Runbook
from flows.errand import errand
from flows.steps.ask import AskStep
from tests.runtime.conftest import Open
from tests.runtime.flows import runbook

STEPS = "  - end: success\n    result: Reset $login."


def asked(inputs: dict[str, Any], given: dict[str, Any], **more: Any) -> list[AskStep]:
    document = {"kind": "runbook", "id": "reset", "inputs": inputs, "steps": [{"end": "success"}], **more}
    loaded, _ = errand(Runbook.model_validate(document), given)
    return [step for step in loaded.document.flow if isinstance(step, AskStep)]


NEEDED: dict[str, Any] = {"login": {"required": True, "label": "Login"}, "pin": {"required": True}}


def test_several_inputs_are_one_form_and_one_alone_is_a_question() -> None:
    (form,) = asked(NEEDED, {}, name="Reset it", description="Resets a $ password.")
    assert (form.ask.source, form.fields, form.save) == ("Resets a $$ password.", ["login", "pin"], None)
    (question,) = asked(NEEDED, {"pin": "x"})
    assert (question.ask.source, question.fields, question.save) == ("Login?", [], "login")
    assert asked(NEEDED, {"pin": "x", "login": "y"}) == []
    (named,) = asked(NEEDED, {}, name="Reset it")
    assert named.ask.source == "Reset it"


def test_one_secret_is_a_form_too() -> None:
    (form,) = asked({"pin": {"required": True, "secret": True}}, {})
    assert form.fields == ["pin"]


def test_more_inputs_than_a_form_takes_are_several_forms() -> None:
    many = {f"f{number}": {"required": True} for number in range(21)}
    assert [len(form.fields) for form in asked(many, {})] == [20, 1]


@pytest.fixture
async def place(stage: Open) -> Stage:
    return await stage(
        runbook(STEPS, "inputs: {login: {required: true}, pin: {required: true, secret: true}}", id="reset")
    )


async def test_a_secret_input_is_masked_in_the_chat_of_its_errand(place: Stage) -> None:
    opened = await place.engine.open_run("reset", {}, CUSTOMER, platform="test", address="", id="e1")
    chat = Chat(place, opened.chat)
    await chat.settle()
    chat.hears("reset", "login?")
    await chat.fill(login="jd", pin="geheim")
    assert [line.text for line in chat.transcript][2:] == ["login: jd · pin: •••", "Reset jd."]
    assert load(chat.runs[0].row.inputs)["inputs"] == {"login": "jd", "pin": "•••"}
    assert (chat.ended, chat.variables["pin"]) == (True, "•••")
