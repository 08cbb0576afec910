"""Valid flows of every kind of step: a handful by hand, and any number at random.

Steps that do not wait lead forwards only, so that no drawn flow walks in a circle without
waiting; steps that wait lead anywhere, into loops and out of them too.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from flows.flow import Flow
from tests.flows.machine.play import chat, runbook

Draw = st.DrawFn
NAMES = ["a", "b", "c"]
RUNBOOKS = ["unlock", "rebuild"]
TEXTS = [
    "plain",
    "$a",
    "<${b:-none}> $RUNBOOKRESULT",
    "${results.unlock.message} ${s0.result}",
    "$nobody",
    "",
    "${c.0} ${ERROR}",
    "${s1.files.0.name} ${s0.files}",
]
CONDITIONS: list[dict[str, Any]] = [
    {"RUNBOOKRESULT": {"contains": "failed"}},
    {"a": {"is": "$b"}, "b": {"empty": False}},
    {"any": [{"a": {"above": 3}}, {"not": {"c": {"matches": "^x+$"}}}]},
    {"chat.authenticated": {"is": True}},
]

texts = st.sampled_from(TEXTS)
conditions = st.sampled_from(CONDITIONS)
names = st.sampled_from(NAMES)
trees = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


class _Ids:
    """The ids of the steps of one flow, and what may lead where."""

    def __init__(self, many: int) -> None:
        self.all = [f"s{n}" for n in range(many)]

    def anywhere(self) -> st.SearchStrategy[str]:
        return st.sampled_from(self.all)

    def after(self, index: int) -> st.SearchStrategy[str | None]:
        return st.sampled_from([None, *self.all[index + 1 :]])


def _led(
    draw: Draw, step: dict[str, Any], key: str, targets: st.SearchStrategy[str | None]
) -> dict[str, Any]:
    target = draw(targets)
    return step if target is None else step | {key: target}


def _say(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return _led(draw, {"say": draw(texts)}, "next", ids.after(index))


def _set(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return _led(draw, {"set": {draw(names): draw(trees)}}, "next", ids.after(index))


def _if(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    step = _led(draw, {"if": draw(conditions)}, "then", ids.after(index))
    step = _led(draw, step, "else", ids.after(index))
    return step if "then" in step or "else" in step else {"set": {"a": 1}}


def _ask(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    step: dict[str, Any] = {"ask": draw(texts)}
    labels = draw(st.sampled_from([[], [], ["yes", "no"], ["help", "cancel", "2"], ["$a", "1"]]))
    if labels:
        step["options"] = {label: draw(st.none() | ids.anywhere()) for label in labels}
    elif draw(st.booleans()):
        step["fields"] = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    if "fields" not in step and draw(st.booleans()):
        step["save"] = draw(names)
    if draw(st.booleans()):
        step |= {"timeout": "5m", "outcomes": {"timeout": draw(ids.anywhere())}}
    if draw(st.booleans()):
        step["retry"] = {"times": draw(st.integers(0, 3)), "say": draw(texts)}
    return _led(draw, step, "next", st.none() | ids.anywhere())


def _runbook(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    outcomes = {name: draw(ids.anywhere()) for name in ("success", "failure")}
    step: dict[str, Any] = {"runbook": draw(st.sampled_from(RUNBOOKS)), "outcomes": outcomes}
    step |= draw(st.sampled_from([{}, {"mode": "async"}, {"in": "2h"}, {"with": {"x": "${a:-none}"}}]))
    if draw(st.booleans()):
        outcomes["started"] = draw(ids.anywhere())
    return step


def _chat_runbook(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    step = _runbook(draw, ids, index)
    if draw(st.booleans()) and "mode" not in step and "in" not in step:
        step |= {"wait_up_to": "30s"}
        step["outcomes"]["still_running"] = draw(ids.anywhere())
    return step


def _call(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    step: dict[str, Any] = {"call": "dir.get", "with": {"x": draw(trees)}, "save": {draw(names): "body"}}
    if draw(st.booleans()):
        step["repeat"] = {"until": draw(conditions), "every": "1m", "at_most": draw(st.integers(1, 3))}
    outcomes = {name: draw(ids.after(index)) for name in ("success", "failure")}
    return step | {"outcomes": {name: target for name, target in outcomes.items() if target}}


def _pause(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return _led(draw, {"pause": "1m"}, "next", st.none() | ids.anywhere())


def _wait_for(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    step: dict[str, Any] = {"wait_for": "callback", "timeout": "1m", "save": {"b": "body.yes"}}
    ways = {"success": ids.anywhere(), "timeout": ids.anywhere()}
    return {**step, "outcomes": {name: draw(to) for name, to in ways.items() if draw(st.booleans())}}


def _note(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return _led(draw, {"chat_message": draw(texts)}, "next", ids.after(index))


def _post(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return {"call": "chat.add_message", "with": {"chat_id": "${chat.id}", "text": draw(trees)}}


def _finish(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return {"end": draw(st.sampled_from(["success", "failure"])), "result": draw(texts), "data": draw(trees)}


def _bye(draw: Draw, ids: _Ids, index: int) -> dict[str, Any]:
    return {"end": draw(texts)}


CHAT_STEPS = [_say, _set, _if, _ask, _ask, _ask, _chat_runbook, _chat_runbook, _bye]
RUN_STEPS = [_note, _set, _if, _call, _call, _pause, _wait_for, _runbook, _post, _finish]


@st.composite
def chats(draw: Draw) -> Flow:
    many = draw(st.integers(1, 7))
    ids = _Ids(many)
    steps = [draw(st.sampled_from(CHAT_STEPS))(draw, ids, n) | {"id": ids.all[n]} for n in range(many)]
    words = draw(
        st.sampled_from([{}, {"help": False, "cancel": False}, {"start_over": {"words": ["x"], "say": "$a"}}])
    )
    variables = draw(
        st.sampled_from(
            [
                {},
                {"a": {"type": "integer"}, "b": {"type": "boolean"}},
                {
                    "a": {"secret": True},
                    "b": {"secret": True, "type": "boolean"},
                    "c": {"one_of": ["abc", "x"]},
                },
            ]
        )
    )
    return chat(*steps, words=words, variables=variables)


@st.composite
def runs(draw: Draw) -> Flow:
    many = draw(st.integers(1, 8))
    ids = _Ids(many)
    counter = iter(range(many))
    steps = _steps(draw, ids, counter, many, 0)
    return runbook(*steps)


def _steps(draw: Draw, ids: _Ids, counter: Any, room: int, depth: int) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    while room > 0 and (index := next(counter, None)) is not None:
        room -= 1
        inner = draw(st.integers(0, min(room, 3))) if depth < 2 else 0
        if inner:
            room -= inner
            body = _steps(draw, ids, counter, inner, depth + 1)
            steps.append(_loop(draw, body) | {"id": ids.all[index]})
        else:
            steps.append(draw(st.sampled_from(RUN_STEPS))(draw, ids, index) | {"id": ids.all[index]})
    return steps


def _loop(draw: Draw, body: list[dict[str, Any]]) -> dict[str, Any]:
    if draw(st.booleans()):
        return {"for_each": draw(st.sampled_from(["$xs", "$a", "${xs.0}"])), "as": draw(names), "steps": body}
    until = {"until": draw(conditions), "every": "1m", "at_most": draw(st.integers(1, 3))}
    return {"repeat": until, "steps": body}


CHATS = [
    chat(
        {"id": "menu", "ask": "What?", "options": {"Unlock": "login", "Rebuild": "rebuild", "Bye": "bye"}},
        {"id": "login", "ask": "Which?", "save": "a", "timeout": "5m", "retry": {"times": 2}},
        {
            "id": "unlock",
            "runbook": "unlock",
            "with": {"x": "$a"},
            "outcomes": {"success": "show", "failure": "show"},
        },
        {"id": "show", "say": "$RUNBOOKRESULT"},
        {"id": "check", "if": {"RUNBOOKRESULT": {"contains": "failed"}}, "then": "login", "else": "menu"},
        {
            "id": "rebuild",
            "runbook": "rebuild",
            "mode": "async",
            "outcomes": {"started": "menu", "success": "menu", "failure": "bye"},
        },
        {"id": "bye", "end": "Bye $a."},
        variables={"a": {"matches": "[a-z]{1,8}"}},
    ),
    chat(
        {
            "id": "form",
            "ask": "Both?",
            "fields": ["a", "b", "c"],
            "timeout": "5m",
            "retry": {"times": 3},
            "outcomes": {"exhausted": "pin"},
        },
        {"id": "pin", "ask": "PIN?", "save": "c", "next": "form"},
        variables={"a": {"type": "integer"}, "b": {"type": "boolean"}, "c": {"secret": True}},
    ),
    chat(
        {
            "id": "slow",
            "runbook": "unlock",
            "wait_up_to": "30s",
            "outcomes": {"success": "q", "failure": "q", "still_running": "q"},
        },
        {"id": "q", "ask": "Again, $a?", "save": "a", "next": "slow"},
    ),
]
RUNS = [
    runbook(
        {
            "for_each": "$xs",
            "as": "a",
            "steps": [
                {
                    "for_each": "$a",
                    "as": "a",
                    "steps": [{"call": "dir.get", "with": {"x": "$a"}, "save": {"b": "body"}}],
                },
                {
                    "repeat": {"until": {"c": {"is": 1}}, "every": "1m", "at_most": 2},
                    "steps": [{"pause": "1s"}],
                },
                {"set": {"xs": ["$b"]}},
            ],
        },
        {"end": "success", "result": "$a $b"},
    ),
]
