"""The settings as the table of the README. `python -m bot.settings_table` writes it there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import SecretStr

from bot.settings import Settings, variables

BEGIN: Final = "<!-- settings: written by `make docs`, checked by a test -->"
END: Final = "<!-- end of settings -->"


def table() -> str:
    """A row for each setting: its variable, its default, what it does."""
    rows = ["| variable | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        variable = variables(name)[-1]  # PORT rather than CUEBOOK_PORT
        rows.append(f"| `{variable}` | {_shown(field.default)} | {field.description or ''} |")
    return "\n".join(rows)


def _shown(default: object) -> str:
    if default in (None, "", []) or isinstance(default, SecretStr):
        return "–"
    return f"`{default}`"


def written(text: str) -> str:
    """`text` with the table of now between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    readme = Path("README.md")
    readme.write_text(written(readme.read_text("utf-8")), "utf-8")
