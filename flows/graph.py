"""A flow as a picture: a neutral graph, and its forms for people and tools.

`mermaid` and `dot` are texts that other programs draw; `tree` is for the terminal; `json` is
for everything else. What an author wrote is data: each form escapes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from flows.durations import spoken
from flows.flow import Flow, Node
from flows.problems import visible
from flows.steps.assign import SetStep
from flows.steps.base import Step
from flows.steps.branch import IfStep
from flows.steps.end import RunbookEndStep
from flows.steps.pause import PauseStep
from flows.steps.wait_for import WaitForStep
from flows.values import as_text

Shape: TypeAlias = Literal["step", "question", "condition", "run", "loop", "end"]
_LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One step. `text` is what it says or does, shortened."""

    id: str
    kind: str
    title: str
    shape: Shape
    text: str
    loop: str = ""
    """The loop around it."""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """One way. `label` is the exit; empty where there is only one. `back`: to an earlier step."""

    source: str
    target: str
    label: str
    back: bool


@dataclass(frozen=True, slots=True)
class Graph:
    """A flow's steps and ways, in the order of the file."""

    id: str
    title: str
    kind: str
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]


def graph_of(flow: Flow) -> Graph:
    """The graph of a profile or runbook."""
    order = {id: number for number, id in enumerate(flow.nodes)}
    nodes = tuple(_node(node) for node in flow.nodes.values())
    edges = tuple(edge for node in flow.nodes.values() for edge in _edges(node, order))
    return Graph(flow.id, flow.document.called, flow.kind, nodes, edges)


def mermaid(graph: Graph) -> str:
    """For Markdown pages: forges and editors draw it."""
    names = {node.id: f"s{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opening, closing = _MERMAID[node.shape]
        lines.append(f'  {names[node.id]}{opening}"{_entities(_label(node))}"{closing}')
    for edge in graph.edges:
        arrow = "-.->" if edge.back else "-->"
        label = f'|"{_entities(edge.label)}"|' if edge.label else ""
        lines.append(f"  {names[edge.source]} {arrow}{label} {names[edge.target]}")
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """For Graphviz. Every node keeps its step's id, so that a page can colour it."""
    lines = [f"digraph {_quoted(graph.id)} {{", "  node [fontname=sans, fontsize=11];"]
    for node in graph.nodes:
        shape = _DOT[node.shape]
        lines.append(
            f"  {_quoted(node.id)} [label={_quoted(_label(node))}, shape={shape}, id={_quoted(f'step-{node.id}')}];"
        )
    for edge in graph.edges:
        style = ", style=dashed" if edge.back else ""
        lines.append(
            f"  {_quoted(edge.source)} -> {_quoted(edge.target)} [label={_quoted(edge.label)}{style}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def tree(graph: Graph) -> str:
    """For a terminal: each step once, its ways below it; ↑ leads back, → to a step shown elsewhere."""
    ways: dict[str, list[GraphEdge]] = {node.id: [] for node in graph.nodes}
    for edge in graph.edges:
        ways[edge.source].append(edge)
    nodes = {node.id: node for node in graph.nodes}
    lines = [visible(f"{graph.title} ({graph.id})")]
    shown: set[str] = set()
    for node in graph.nodes:  # the first, and what no way leads to
        if node.id not in shown:
            lines += _branches(node.id, nodes, ways, shown)
    return "\n".join(lines) + "\n"


def as_json(graph: Graph) -> str:
    """The graph itself."""
    return json.dumps(asdict(graph), ensure_ascii=False, indent=2) + "\n"


FORMATS: Final[dict[str, Callable[[Graph], str]]] = {
    "mermaid": mermaid,
    "dot": dot,
    "tree": tree,
    "json": as_json,
}

_MERMAID: Final[dict[Shape, tuple[str, str]]] = {
    "step": ("[", "]"),
    "question": ("[/", "/]"),
    "condition": ("{{", "}}"),
    "run": ("[[", "]]"),
    "loop": ("[", "]"),
    "end": ("([", "])"),
}
_DOT: Final[dict[Shape, str]] = {
    "step": "box",
    "question": "parallelogram",
    "condition": "diamond",
    "run": "box3d",
    "loop": "folder",
    "end": "oval",
}


def _node(node: Node) -> GraphNode:
    step = node.step
    loop = node.loops[-1] if node.loops else ""
    return GraphNode(node.id, step.KIND, step.TITLE, _shape(step), _text(step), loop)


def _shape(step: Step) -> Shape:
    if step.body():
        return "loop"
    shapes: dict[str, Shape] = {"ask": "question", "if": "condition", "runbook": "run", "end": "end"}
    return shapes.get(step.KIND, "step")


def _text(step: Step) -> str:
    """What a step says or does, from the field that its kind is named for."""
    if step.title:
        return _shortened(step.title)
    if isinstance(step, IfStep):
        return _shortened(_condition(step.condition.source))
    if isinstance(step, SetStep):
        return _shortened(", ".join(f"{name} = {as_text(tree.source)}" for name, tree in step.values.items()))
    if isinstance(step, PauseStep):
        return spoken(step.pause)
    if isinstance(step, WaitForStep):
        return f"{step.wait_for}, up to {spoken(step.timeout)}"
    if isinstance(step, RunbookEndStep):
        return _shortened(f"{step.end}: {step.result.source}" if step.result.source else step.end)
    name = next(
        (name for name, field in type(step).model_fields.items() if (field.alias or name) == step.KIND), ""
    )
    value = getattr(step, name, "")
    return _shortened(str(getattr(value, "source", value)))


def _condition(source: object) -> str:
    if not isinstance(source, dict):
        return as_text(source)
    parts = []
    for field, tests in source.items():
        if isinstance(tests, list):
            parts.append(f"{field} of ({'; '.join(_condition(test) for test in tests)})")
        elif field in ("any", "all", "not"):
            parts.append(f"{field} ({_condition(tests)})")
        else:
            words = (f"{word.replace('_', ' ')} {as_text(wanted)}" for word, wanted in tests.items())
            parts.append(f"{field} {' and '.join(words)}")
    return " and ".join(parts)


def _edges(node: Node, order: dict[str, int]) -> Iterator[GraphEdge]:
    if node.first is not None:
        yield GraphEdge(node.id, node.first, "each", back=False)
    exits = node.step.exits()
    merged: dict[str, list[str]] = {}
    for exit in exits:
        around = node.loops[-1] if node.loops and exit.falls else None
        target = node.target(exit.name) or around
        if target in order:
            merged.setdefault(target, []).append(exit.name)
    alone = len(exits) == 1
    for target, names in merged.items():
        label = "" if alone and names[0] in ("next", "answer") else " / ".join(_way(name) for name in names)
        yield GraphEdge(node.id, target, label, back=order[target] <= order[node.id])


def _way(exit: str) -> str:
    return exit.removeprefix("option ").replace("_", " ")


def _label(node: GraphNode) -> str:
    return f"{node.id}\n{node.text}" if node.text else node.id


def _branches(
    start: str, nodes: dict[str, GraphNode], ways: dict[str, list[GraphEdge]], shown: set[str]
) -> Iterator[str]:
    """Depth first, without recursion: (step, how we came, indentation)."""
    waiting: list[tuple[str, GraphEdge | None, int]] = [(start, None, 0)]
    while waiting:
        id, edge, depth = waiting.pop()
        label = f"{edge.label}: " if edge is not None and edge.label else ""
        if id in shown:
            yield visible(f"{'  ' * depth}{label}{'↑' if edge is not None and edge.back else '→'} {id}")
            continue
        shown.add(id)
        node = nodes[id]
        said = f"  {node.text}" if node.text else ""
        yield visible(f"{'  ' * depth}{label}{id} [{node.kind}]{said}")
        onward = ways[id]
        # a straight line stays on its level; what follows a named way is set in
        straight = len(onward) == 1 and not onward[0].label and not label
        deeper = depth if straight else depth + 1
        waiting += [(way.target, way, deeper) for way in reversed(onward)]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _entities(text: str) -> str:
    """Mermaid reads quotes, brackets and backticks even in quoted labels."""
    escaped = "".join(
        c if c.isalnum() or c in " .,:;!?=_-/\n’…" else f"#{ord(c)};" for c in visible_lines(text)
    )
    return escaped.replace("\n", "<br/>")


def visible_lines(text: str) -> str:
    """`visible`, but line breaks stay."""
    return "\n".join(visible(line) for line in text.split("\n"))


def _quoted(text: str) -> str:
    escaped = visible_lines(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
