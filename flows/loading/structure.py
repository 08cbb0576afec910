"""A file's values → a document, or findings in an author's words at the exact place.

pydantic finds what is wrong; `flows.loading.wording` says it. Positions are exact because no
union tag can be a key (`<say>`).
"""

from __future__ import annotations

from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from flows.loading.shapes import is_tag, shape_of
from flows.loading.wording import Case, Wrong, worded
from flows.problems import Problem
from flows.reading.nodes import Loc, Node, child, scalars
from flows.source import MAX_PROBLEMS, Source

D = TypeVar("D", bound=BaseModel)
MAX_PATTERNS: Final = 100  # one at RE2's limit takes 7 ms to refuse


def build(source: Source, model: type[D]) -> tuple[D | None, list[Problem]]:
    """The document, or everything that is wrong with it."""
    patterns = [node for loc, node in scalars(source.root) if loc[-1] == "matches"]
    if len(patterns) > MAX_PATTERNS:
        message = f"more than {MAX_PATTERNS} patterns (`matches`)"
        return None, [
            source.problem("E003", patterns[MAX_PATTERNS].begin, message, "make several files of it")
        ]
    try:
        return model.model_validate(source.value()), []
    except ValidationError as error:
        found: dict[tuple[int, str, str], Problem] = {}
        for item in error.errors(include_url=False)[:MAX_PROBLEMS]:
            case = Case(source, shape_of(model), item, _walked(source.root, item["loc"]))
            wrong = worded(case)
            offset = _offset(case, wrong)
            problem = source.problem(wrong.code, offset, wrong.message, wrong.hint)
            # each branch of a union complains; several keys may be missing in one place
            told = wrong.message if wrong.code == "E113" else ""
            found.setdefault((offset, wrong.code, told), problem)
        return None, list(found.values())


def _offset(case: Case, wrong: Wrong) -> int:
    source, loc = case.source, case.loc if wrong.loc is None else wrong.loc
    if wrong.token:
        return source.offset_in(loc, wrong.token)
    if loc and loc[-1] == "label" and source.find(loc) is None:  # options written as a mapping
        return source.offset(loc[:-1], key=True)
    return source.offset(loc, key=wrong.key)


def _walked(root: Node | None, loc: tuple[str | int, ...]) -> Loc:
    """Without the parts that are no place in the file: tags, union branches, `[key]`."""
    node, found = root, []
    for index, part in enumerate(loc):
        inner = child(node, part)
        last = index == len(loc) - 1
        if inner is None and (is_tag(part) or part == "[key]" or not last):
            continue
        found.append(part)
        node = inner if inner is not None else node
    return tuple(found)
