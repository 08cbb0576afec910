"""Sizes and names. The aim is 150 lines a module and 15 a function; these are the limits at
which one must say why."""

from __future__ import annotations

from pathlib import PurePath

from tests.repo import tree

MODULE_LINES = 300
FUNCTION_LINES = 60

LONGER_MODULES: dict[str, str] = {}
"""Module → why it is better whole."""
LONGER_FUNCTIONS: dict[str, str] = {}
"""`module.py:function` → why it is better whole."""

VAGUE = {"base_utils", "common", "helper", "helpers", "info", "manager", "misc", "util", "utils"}


def test_a_module_stays_below_its_limit() -> None:
    long = {tree.name(path): len(path.read_text("utf-8").splitlines()) for path in tree.modules()}
    long = {name: lines for name, lines in long.items() if lines > MODULE_LINES}
    assert long.keys() == LONGER_MODULES.keys(), long


def test_a_function_stays_below_its_limit() -> None:
    long = dict(
        found for path in tree.modules() for found in tree.functions(path) if found[1] > FUNCTION_LINES
    )
    assert long.keys() == LONGER_FUNCTIONS.keys(), long


def test_a_module_is_named_for_what_it_does() -> None:
    vague = [
        tree.name(path)
        for path in tree.under(*tree.ROOMS, "bench", "tests", suffix=".py")
        if VAGUE
        & {part.lower().removeprefix("test_") for part in PurePath(tree.name(path)).with_suffix("").parts}
    ]
    assert vague == []


def test_a_class_is_named_for_what_it_is() -> None:
    import ast

    vague = [
        f"{tree.name(path)}:{node.name}"
        for path in tree.modules()
        for node in ast.walk(tree.parsed(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Manager", "Helper", "Utils"))
    ]
    assert vague == []
