"""What a person sent, before any step hears it: bounds, and words for what has none. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from flows.events import File, Said
from flows.values import Json

MAX_FILES: Final = 20
MAX_NAME: Final = 255
MAX_LINK: Final = 2_000


def words_of(said: Said) -> str:
    """What was said; the names of the files where they came without a word."""
    return said.text if said.text.strip() else ", ".join(file.name for file in said.files)


def bounded(said: Said) -> Said:
    """The same with no more files than a chat takes, and no longer names. A link that is too
    long is left out: the beginning of one leads nowhere."""
    if not said.files:
        return said
    return msgspec.structs.replace(said, files=tuple(map(_bounded, said.files[:MAX_FILES])))


def _bounded(file: File) -> File:
    return File(
        name=file.name[:MAX_NAME],
        link=file.link if len(file.link) <= MAX_LINK else "",
        type=file.type[:MAX_NAME],
    )


def listed(said: Said) -> list[Json]:
    """The files as `${STEP.files}` has them."""
    files = bounded(said).files
    return [{"name": file.name, "link": file.link, "type": file.type} for file in files]
