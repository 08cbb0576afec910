"""The root of all our errors, and those that a project's author must act on.

CuebookError
├── ProjectError           the author must act
│   ├── ProjectInvalid     files with findings; carries all of them
│   └── UnknownDefinition  no such profile, runbook or connector
└── FlowStuck              a cycle of steps that never waits; the turn is abandoned
The rest of the tree is in `bot.errors`.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.problems import Problem, render

SHOWN = 20  # findings in the text of an error


class CuebookError(Exception):
    """Root: catch this for anything that Cuebook raises on purpose."""


class ProjectError(CuebookError):
    """Something in the project's files; the author must act."""


class ProjectInvalid(ProjectError):
    """Files with findings. `problems` has all of them, in order; the text shows the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        shown = [render(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            shown.append(f"… and {len(self.problems) - SHOWN} more")
        super().__init__("\n".join(shown))


class UnknownDefinition(ProjectError):
    """A name that the project does not define, with the nearest one that it does."""

    def __init__(self, kind: str, name: str, nearest: str | None = None) -> None:
        hint = f", did you mean `{nearest}`?" if nearest else ""
        super().__init__(f"there is no {kind} `{name}`{hint}")
        self.kind, self.name, self.nearest = kind, name, nearest


class FlowStuck(CuebookError):
    """Too many steps without anything to wait for."""

    def __init__(self, flow: str, step: str, hops: int) -> None:
        super().__init__(f"{flow}: {hops} steps in a row without waiting, the last was `{step}`")
        self.flow, self.step = flow, step
