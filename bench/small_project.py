"""The project that is measured: a chat that echoes, and runbooks of calls that a stub answers."""

from __future__ import annotations

from pathlib import Path

ECHO = """\
version: 1
kind: chat-profile
id: echo
audience: anyone
variables:
  x: {type: text}
flow:
  - id: again
    ask: "pong ${x:-}"
    save: x
    next: again
"""

PARKING = """\
version: 1
kind: chat-profile
id: parking
audience: anyone
variables:
  x: {type: text}
flow:
  - ask: What may I do for you?
    save: x
  - runbook: RUNBOOK
    outcomes: {success: done, failure: done}
  - id: done
    end: It is done.
"""

TEN = """\
version: 1
kind: runbook
id: ten
audience: anyone
steps:
CALLS
  - end: success
    result: Ten steps were taken.
"""

SLOW = """\
version: 1
kind: runbook
id: slow
audience: anyone
timeout: 1h
steps:
  - call: stub.do
    with: {n: "1"}
    timeout: 10m
  - end: success
    result: It was slow.
"""

NAP = """\
version: 1
kind: runbook
id: nap
audience: anyone
timeout: 2h
steps:
  - pause: 1h
  - end: success
    result: It has slept.
"""

STUB = """\
version: 1
kind: connector
id: stub
type: http
base_url: http://stub.invalid
methods:
  do:
    post: /do
    json: {n: $n}
"""


def write(folder: Path) -> Path:
    """The project's files in `folder`."""
    calls = "\n".join(f'  - call: stub.do\n    with: {{n: "{n}"}}' for n in range(10))
    files = {
        "cuebook.toml": "",
        "profiles/echo.yaml": ECHO,
        "profiles/parking.yaml": PARKING.replace("RUNBOOK", "slow"),
        "profiles/resting.yaml": PARKING.replace("RUNBOOK", "nap").replace("id: parking", "id: resting"),
        "runbooks/ten.yaml": TEN.replace("CALLS", calls),
        "runbooks/slow.yaml": SLOW,
        "runbooks/nap.yaml": NAP,
        "connectors/stub.yaml": STUB,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
