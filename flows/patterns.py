"""Patterns that authors write: RE2, whose time is linear in the text."""

from __future__ import annotations

from typing import Any, Final

import re2

MAX_MATCHED: Final = 4096
"""Characters of a value that a pattern looks at (safety 8)."""


def compile_pattern(pattern: str) -> Any:
    """An RE2 pattern, or ValueError with RE2's reason. Look-arounds do not exist in RE2."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
        raise ValueError(f"`{pattern}` is not a pattern: {reason}") from error
