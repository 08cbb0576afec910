"""What a file says, against what it may say: the sentence, the place, the suggestion."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.checker import check
from flows.documents import Profile, Runbook
from flows.loading.compiling import MAX_STEPS, Kind, compiled
from flows.loading.loaded import Loaded
from flows.loading.structure import MAX_PATTERNS
from flows.problems import Problem, render
from flows.project import compile_source
from flows.source import MAX_PROBLEMS, Source
from tests.flows.marked import timed, unmarked

CHAT = "kind: chat-profile\nid: x\n"
BOOK = "kind: runbook\nid: x\n"

SAID = [
    (CHAT + "⟦E101⟧acess: anyone\nflow: [{end: Bye}]\n", "unknown key `acess`, did you mean `audience`?"),
    (CHAT + "⟦E101⟧colour: red\nflow: [{end: Bye}]\n", "unknown key `colour`, known here: version, id, name, description, note, kind, audience, variables, words, still_working_after, flow"),
    ("⟦E101⟧kin: runbook\nid: x\nsteps: [{end: success}]\n", "unknown key `kin`, did you mean `kind`?"),
    ("kind: ⟦E112⟧runbok\nid: x\nsteps: [{end: success}]\n", "`runbok` cannot stand here, did you mean `runbook`?"),
    (CHAT + "flow:\n- ⟦E102⟧question: What?\n- end: Bye\n", "`question` is no kind of step, did you mean `ask`?"),
    (CHAT + "flow:\n- ⟦E102⟧id: a\n- end: Bye\n", "a step needs its kind, one of: say, ask, runbook, if, set, end"),
    (CHAT + "flow:\n- ⟦E102⟧- say: x\n- end: Bye\n", "a step is a mapping, begin it with one of: say, ask, runbook, if, set, end"),
    (CHAT + "flow:\n- say: ⟦E112⟧[a]\n- end: Bye\n", "a list stands where a text belongs"),
    (CHAT + "flow:\n- ⟦E112⟧say:\n- end: Bye\n", "nothing stands where a text belongs, a text that begins with # needs quotes"),
    (CHAT + "flow:\n- say: ⟦E112⟧true\n- end: Bye\n", '`true` is not a text here, write "true" in quotes'),
    (CHAT + "flow: ⟦E112⟧{a: b}\n", "a mapping stands where a list belongs"),
    (CHAT + "flow: ⟦E112⟧[]\n", "this must not be empty"),
    (CHAT + "flow:\n- ask: x\n  options: {A: b, ⟦E112⟧a: c}\n- {id: b, end: x}\n- {id: c, end: x}\n", "two options answer to `a`"),
    (CHAT + "flow:\n- ask: x\n  options: {One: ⟦E112⟧My Step}\n- end: x\n", "`My Step` is not a name, write lower-case letters, digits, - and _, beginning with a letter"),
    (CHAT + f"flow:\n- ask: x\n  options: {{⟦E112⟧{'l' * 76}: b}}\n- {{id: b, end: x}}\n", "this is too long: at most 75"),
    (CHAT + "flow:\n- ask: x\n  save: ⟦E112⟧LOGIN\n- end: x\n", "`LOGIN` is not the name of a variable, upper-case names are built in; write it in lower case"),
    (CHAT + "words: {help: ⟦E112⟧3}\nflow: [{end: Bye}]\n", "`3` stands where a mapping of keys to values belongs"),
    (CHAT + "audience: [anonymous, ⟦E112⟧agent]\nflow: [{end: Bye}]\n", "`agent` cannot stand here, did you mean `agents`?"),
    (CHAT + "flow:\n- runbook: y\n  ⟦E112⟧at: '22:00'\n  in: 1h\n  outcomes: {}\n", "`at` and `in` exclude each other"),
    (CHAT + "flow:\n- runbook: y\n  at: ⟦E112⟧25:00\n  outcomes: {}\n", '`25:00` is not a time of day, write one like "22:00"'),
    (CHAT + "flow:\n- runbook: y\n  ⟦E112⟧wait_up_to: 5s\n  outcomes: {success: a, failure: a}\n", "`wait_up_to` needs the outcome `still_running`"),
    (CHAT + "flow:\n- if: {⟦E112⟧a: b}\n  then: x\n", "`a` wants an operator, e.g. {a: {contains: failed}}"),
    (CHAT + "flow:\n- if: {a: {⟦E112⟧one_of: b}}\n  then: x\n", "`one_of` wants a list, e.g. one_of: [done, error]"),
    (BOOK + "inputs: {a: {matches: '⟦E112⟧(x'}}\nsteps: [{end: success}]\n", None),
    (BOOK + "inputs: {⟦E112⟧Login: {}}\nsteps: [{end: success}]\n", "`Login` is not the name of a variable, write lower-case letters, digits and _, beginning with a letter"),
    (BOOK + "inputs: {a: {min: ⟦E112⟧low}}\nsteps: [{end: success}]\n", None),
    (BOOK + "steps:\n- call: ⟦E112⟧directory\n- end: success\n", "`directory` is not CONNECTOR.METHOD, write one like directory.get_user"),
    (BOOK + "steps:\n- for_each: $a\n  as: b\n  steps:\n  - ⟦E102⟧mesage: x\n- end: success\n", None),
    (BOOK + "steps:\n- ⟦E102⟧wait: 3s\n- end: success\n", "`wait` is no kind of step, did you mean `pause`?"),
    (BOOK + "schedule: {every: 1h, cron: ⟦E112⟧'* * * *'}\nsteps: [{end: success}]\n", "`cron` has five fields: minute hour day month weekday"),
    (BOOK + "schedule: {every: 1h, zone: ⟦E112⟧Mars/Base}\nsteps: [{end: success}]\n", None),
    (BOOK + "changes: ⟦E112⟧maybe\nsteps: [{end: success}]\n", "`maybe` stands where true or false belongs"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), SAID, ids=range(len(SAID)))
def test_a_wrong_value_is_told_in_an_authors_words_at_its_place(text: str, sentence: str | None) -> None:
    plain, marks = unmarked(text)
    kind: Kind = "chat-profile" if "flow" in plain else "runbook"
    _, problems = compiled(kind, "x", Source("x.yaml", plain))
    assert [(found.line, found.col, found.code) for found in problems] == marks
    if sentence is not None:
        assert problems[0].sentence == sentence
    assert "Input should" not in problems[0].sentence, "pydantic's words are not an author's"


def test_values_that_people_spell_in_several_ways_are_taken() -> None:
    loaded = compile_source(
        "runbook",
        "x",
        BOOK
        + "changes: yes\ntimeout: 1m30s\ninputs: {a: {type: number, min: 1.10}}\nsteps: [{end: success}]\n",
    )
    document = loaded.document
    assert isinstance(document, Runbook)
    assert (document.changes, document.timeout, document.inputs["a"].min) == (True, 90.0, 1.1)


def test_options_are_a_mapping_or_a_list() -> None:
    def options(written: str) -> list[tuple[str, str, str | None]]:
        text = f"{CHAT}flow:\n- ask: x\n  options: {written}\n- {{id: b, end: x}}\n"
        document = compile_source("chat-profile", "x", text).document
        assert isinstance(document, Profile)
        return [(o.label, o.sent, o.next) for o in document.flow[0].options]  # type: ignore[union-attr]

    assert options("{Yes: b, NO: b, 'true': }") == [
        ("Yes", "Yes", "b"),
        ("NO", "NO", "b"),
        ("true", "true", None),
    ]
    assert options("[One, {label: Two, value: '2', next: b}]") == [("One", "One", None), ("Two", "2", "b")]


def test_there_may_be_as_many_steps_as_the_limit_says() -> None:
    def book(steps: int) -> str:
        return (
            BOOK
            + "steps:\n- for_each: $a\n  as: b\n  steps:\n"
            + "  - set: {a: 1}\n" * (steps - 2)
            + "- end: success\n"
        )

    assert compiled("runbook", "x", Source("x.yaml", book(MAX_STEPS)))[1] == []
    (found,) = compiled("runbook", "x", Source("x.yaml", book(MAX_STEPS + 1)))[1]
    assert render(found).startswith("x.yaml:506:3: E003 more than 500 steps")


def test_there_may_be_as_many_patterns_as_the_limit_says() -> None:
    def chat(patterns: int) -> str:
        rows = "".join(f"  - {{a: {{matches: x{number}}}}}\n" for number in range(patterns))
        return f"{CHAT}flow:\n- id: q\n  ask: x\n- if:\n    any:\n{rows.replace('  -', '    -')}  then: q\n- end: x\n"

    assert compiled("chat-profile", "x", Source("x.yaml", chat(MAX_PATTERNS)))[1] == []
    (found,) = compiled("chat-profile", "x", Source("x.yaml", chat(MAX_PATTERNS + 1)))[1]
    assert found.code == "E003"


EXPENSIVE = [
    CHAT + "flow:\n" + "- say: 5\n" * 499,
    CHAT + "flow:\n" + "- say: ${nobody_here_1}\n" * 499 + "- end: x\n",
    CHAT + "flow:\n" + "".join(f"- {{id: step_number_{n}, say: x, next: stap_nmber_{n}}}\n" for n in range(499)) + "- end: x\n",
    CHAT + "flow:\n" + "- sya: x\n" * 5000,
    CHAT + "flow:\n- say: '" + "${a}" * 4000 + "'\n- end: x\n",
    CHAT + "flow:\n- say: '" + "$$" * 8000 + "'\n- end: x\n",
    CHAT + "flow:\n" + "".join(f"- {{id: r{n}, runbook: y, outcomes: {{success: r{(n * 7) % 499}, failure: r{(n * 3) % 499}, started: r{n}}}}}\n" for n in range(499)) + "- end: x\n",
    CHAT + "flow:\n" + "".join(f"- {{id: a{n}, ask: x, save: v{n}, next: a{(n * 7) % 499}}}\n" for n in range(499)) + "- end: x\n",
    BOOK + "steps:\n" + "- call: {a: b}\n" * 4000,
    BOOK + "inputs: {" + ", ".join(f"i{n}: {{matches: '(\\pL{{1,20}}){{1,20}}{n}'}}" for n in range(99)) + "}\nsteps: [{end: success}]\n",
    BOOK + "steps:\n- if: " + "{any: [" * 20 + "{a: {is: b}}" + "]}" * 20 + "\n  then: x\n",
    BOOK + "steps:\n- call: a.b\n  with: " + "{a: " * 40 + "b" + "}" * 40 + "\n",
    BOOK + "steps:\n" + "".join(f"{'  ' * n}- for_each: $a\n{'  ' * n}  as: b\n{'  ' * n}  steps:\n" for n in range(15)) + "  " * 15 + "- end: success\n",
]  # fmt: skip


def checked(kind: Kind, text: str) -> list[Problem]:
    """All findings of a file, and of nothing around it."""
    loaded, problems = compiled(kind, "x", Source("x.yaml", text))
    found: dict[Kind, dict[str, Loaded]] = {"chat-profile": {}, "runbook": {}, "connector": {}}
    if loaded is not None:
        found[kind]["x"] = loaded
    return problems + check(found, {name: set(ids) for name, ids in found.items()})


@pytest.mark.parametrize("text", EXPENSIVE, ids=range(len(EXPENSIVE)))
def test_no_file_keeps_the_checker_busy_for_long(text: str) -> None:
    kind: Kind = "chat-profile" if text.startswith(CHAT) else "runbook"
    problems, took = timed(lambda: checked(kind, text))
    assert problems or "$$" in text
    assert len(problems) <= MAX_PROBLEMS
    assert took < 1.0


@given(st.data())
def test_a_damaged_file_is_refused_and_never_an_exception(data: st.DataObject) -> None:
    text = (
        CHAT
        + "flow:\n  - id: a\n    ask: Who, ${x:-y}?\n    options: {One: b, Two: a}\n  - id: b\n    if: {RUNBOOKRESULT: {contains: x}}\n    then: a\n  - end: Bye\n"
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 6))
        put = data.draw(st.text("ab:-[]{}$\"' \n,?|>&*!#1", max_size=4))
        text = text[:at] + put + text[at + cut :]
    problems = checked("chat-profile", text)
    assert all(render(problem).startswith(f"x.yaml:{problem.line}:{problem.col}: ") for problem in problems)
