"""The repository's own files, as the tests about it see them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("adapters", "bot", "flows")


@cache
def committed() -> tuple[Path, ...]:
    """Every file that git tracks or would track; not what it ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def under(*tops: str, suffix: str = "") -> list[Path]:
    """Committed files in these top-level folders."""
    return [
        path for path in committed() if path.relative_to(ROOT).parts[0] in tops and path.name.endswith(suffix)
    ]


def modules(*tops: str) -> list[Path]:
    """Python files; by default the product's, without generated migrations."""
    return [path for path in under(*(tops or ROOMS), suffix=".py") if "migrations" not in path.parts]


def name(path: Path) -> str:
    """How a message calls a file."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The module's syntax tree."""
    return ast.parse(path.read_text("utf-8"), str(path))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """(`module.py:function`, lines) for each function and method."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{name(path)}:{node.name}", node.end_lineno - node.lineno + 1
