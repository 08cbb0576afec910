"""A flow as a picture: every step and every way, in four forms, whatever the author wrote."""

from __future__ import annotations

import json
import re

import pytest

from flows.flow import Flow
from flows.graph import FORMATS, Graph, as_json, dot, graph_of, mermaid, tree
from flows.loader import compile_source

CHAT = """\
kind: chat-profile
id: desk
name: The "Desk"
flow:
  - say: Hi $CHAT_USER_NAME
  - id: menu
    ask: What?
    options: {Fix it: fix, "Say \\"bye\\" | now": bye}
  - id: fix
    runbook: fix
    outcomes: {success: told, failure: told}
  - id: told
    say: $RUNBOOKRESULT
  - id: check
    if: {RUNBOOKRESULT: {contains: failed}, any: [{login: {is: a}}, {not: {login: {empty: true}}}]}
    then: menu
  - id: bye
    end: Bye.
"""
BOOK = """\
kind: runbook
id: each
steps:
  - id: loop
    for_each: $list
    as: item
    steps:
      - id: skip
        if: {item: {is: x}}
        then: last
      - chat_message: $item
      - id: last
        set: {seen: $item}
  - id: quit
    end: success
    result: All $list
"""


def flow(kind: str, text: str, id: str) -> Flow:
    found = compile_source(kind, id, text).flow
    assert found is not None
    return found


@pytest.fixture
def desk() -> Graph:
    return graph_of(flow("chat-profile", CHAT, "desk"))


def test_every_step_is_a_node_and_every_way_an_edge(desk: Graph) -> None:
    assert [(node.id, node.shape, node.text) for node in desk.nodes] == [
        ("say-1", "step", "Hi $CHAT_USER_NAME"),
        ("menu", "question", "What?"),
        ("fix", "run", "fix"),
        ("told", "step", "$RUNBOOKRESULT"),
        ("check", "condition", "RUNBOOKRESULT contains failed and any of (login is a; not (…"),
        ("bye", "end", "Bye."),
    ]
    assert [(edge.source, edge.label, edge.target, edge.back) for edge in desk.edges] == [
        ("say-1", "", "menu", False),
        ("menu", "Fix it", "fix", False),
        ("menu", 'Say "bye" | now', "bye", False),
        ("fix", "success / failure", "told", False),
        ("told", "", "check", False),
        ("check", "then", "menu", True),
        ("check", "else", "bye", False),
    ]


def test_a_loop_leads_into_its_body_and_its_body_back() -> None:
    graph = graph_of(flow("runbook", BOOK, "each"))
    assert [(node.id, node.loop) for node in graph.nodes] == [
        ("loop", ""), ("skip", "loop"), ("chat-message-1", "loop"), ("last", "loop"), ("quit", ""),
    ]  # fmt: skip
    assert [(edge.source, edge.label, edge.target, edge.back) for edge in graph.edges] == [
        ("loop", "each", "skip", False),
        ("loop", "next / empty", "quit", False),
        ("skip", "then", "last", False),
        ("skip", "else", "chat-message-1", False),
        ("chat-message-1", "", "last", False),
        ("last", "", "loop", True),
    ]


def test_the_tree_shows_each_step_once(desk: Graph) -> None:
    assert (
        tree(desk)
        == """\
The "Desk" (desk)
say-1 [say]  Hi $CHAT_USER_NAME
menu [ask]  What?
  Fix it: fix [runbook]  fix
    success / failure: told [say]  $RUNBOOKRESULT
      check [if]  RUNBOOKRESULT contains failed and any of (login is a; not (…
        then: ↑ menu
        else: bye [end]  Bye.
  Say "bye" | now: → bye
"""
    )


def test_mermaid_gets_no_character_that_it_would_read(desk: Graph) -> None:
    text = mermaid(desk)
    assert text.startswith("flowchart TD\n")
    assert '  s1 -->|"Say #34;bye#34; #124; now"| s5\n' in text
    assert "  s4 -.->|" in text
    for label in re.findall(r'"([^"]*)"', text):
        assert re.fullmatch(r"(?:[\w .,:;!?=_/’…-]|#\d+;|<br/>)*", label), label
    assert len(re.findall(r"^  s\d+[\[{(]", text, re.MULTILINE)) == len(desk.nodes)
    assert len(re.findall(r"^  s\d+ -", text, re.MULTILINE)) == len(desk.edges)


def test_dot_quotes_what_authors_write(desk: Graph) -> None:
    text = dot(desk)
    assert text.startswith('digraph "desk" {\n')
    assert '  "menu" -> "bye" [label="Say \\"bye\\" | now"];\n' in text
    assert 'id="step-check"' in text
    assert text.count("->") == len(desk.edges)


def test_json_is_the_graph(desk: Graph) -> None:
    found = json.loads(as_json(desk))
    assert (found["id"], found["kind"], len(found["nodes"]), len(found["edges"])) == ("desk", "chat", 6, 7)


@pytest.mark.parametrize("form", FORMATS)
def test_no_form_lets_hidden_characters_through(form: str) -> None:
    text = 'kind: chat-profile\nid: x\nflow: [{say: "a\\u202eb\\e[31m\\n\\"];\\n  x -> y"}, {end: Bye}]\n'
    shown = FORMATS[form](graph_of(flow("chat-profile", text, "x")))
    raw = json.loads(shown)["nodes"][0]["text"] if form == "json" else shown
    assert not set(raw) & ({"\u202e", "\x1b"} if form != "json" else set())
    assert form != "dot" or "\n  x -> y" not in shown


@pytest.mark.parametrize("form", FORMATS)
def test_a_large_flow_is_drawn(form: str) -> None:
    steps = "".join(
        f"- {{id: s{n}, ask: x, options: {{A: s{(n * 7) % 499}, B: s{(n + 1) % 499}}}}}\n" for n in range(499)
    )
    assert FORMATS[form](
        graph_of(flow("chat-profile", f"kind: chat-profile\nid: x\nflow:\n{steps}- end: x\n", "x"))
    )


def test_a_pause_reads_as_its_author_wrote_it() -> None:
    text = "kind: runbook\nid: x\nsteps: [{pause: 1m30s}, {end: success}]\n"
    assert graph_of(flow("runbook", text, "x")).nodes[0].text == "1m30s"
