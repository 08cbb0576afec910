"""Rows to store, and a migrated database to copy."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot.ports import Store
from bot.rows import (
    ROWS,
    Callback,
    Card,
    Chat,
    Definition,
    Inbox,
    Message,
    OneTime,
    Outbox,
    Row,
    Run,
    Schedule,
    Timer,
    Trace,
    Workspace,
)
from bot.storage.migrate import migrate

CHAT = Chat(
    id="c1",
    profile="helpdesk",
    definition="d0",
    platform="webchat",
    address="c1",
    person="{}",
    state="{}",
    status="open",
    version=1,
    seq=0,
    created_at=1_000,
    updated_at=1_000,
    heard_at=0,
)
INBOX = Inbox(
    id="i1",
    source="webchat",
    external_id="cmid-1",
    target="chat:c1",
    event="{}",
    seq=0,
    state="done",
    tries=0,
    received_at=1_000,
)
LINE = Message(
    chat="c1",
    seq=0,
    id="m1",
    sender="bot",
    kind="message",
    text="Hello",
    prompt="",
    choices="[]",
    run="",
    created_at=1_000,
)
OUTBOX = Outbox(
    id="o1",
    chat="c1",
    seq=1,
    platform="slack",
    address="C1",
    state="queued",
    tries=0,
    next_at=0,
    ref="",
    reason="",
)
RUN = Run(
    id="r1",
    runbook="unlock",
    definition="d1",
    pins="{}",
    chat="c1",
    effect="go.1",
    parent="",
    mode="wait",
    origin="chat",
    person="{}",
    inputs="{}",
    state="queued",
    flow="{}",
    step="",
    awaiting="",
    owner="",
    outcome="",
    message="",
    code="",
    data="null",
    steps=0,
    created_at=1_000,
    start_at=0,
    started_at=0,
    finished_at=0,
    deadline_at=0,
)
TRACE = Trace(
    owner="run:r1",
    no=1,
    step="look",
    kind="call",
    title="",
    request="{}",
    answer="",
    ok=-1,
    note="",
    started_at=1_000,
    finished_at=0,
)
TIMER = Timer(id="t1", kind="chat", target="chat:c1", effect="pause.1", due_at=5_000)
SCHEDULE = Schedule(id="s1", runbook="sweep", spec="{}", next_at=9_000, last_date="")
DEFINITION = Definition(
    hash="d0", kind="profile", id="helpdesk", path="profiles/helpdesk.yaml", source="say: hi", created_at=1
)

CALLBACK = Callback(id="k1", run="r1", step="approval", state="open", created_at=1_000)
CARD = Card(
    id="r1", chat="c1", platform="slack", address="C1", ref="", shown="", state="open", updated_at=1_000
)
WORKSPACE = Workspace(
    id="slack::T1",
    platform="slack",
    enterprise="",
    team="T1",
    name="Desk",
    app="A1",
    bot="B1",
    bot_user="U1",
    scopes="chat:write",
    tokens="sealed",
    expires_at=0,
    state="installed",
    version=1,
    installed_by="U2",
    installed_at=1_000,
)
ONE_TIME = OneTime(id="o1", kind="slack-install", state="open", expires_at=9_000)

ONE_OF_EACH: tuple[Row, ...] = (
    CHAT, INBOX, OUTBOX, RUN, TRACE, TIMER, SCHEDULE, DEFINITION, CALLBACK, CARD, WORKSPACE, ONE_TIME,
)  # fmt: skip
"""But messages, which only `Append` makes."""

with_: Any = msgspec.structs.replace
"""A sample with other cells."""


def line(chat: str, text: str) -> Message:
    return msgspec.structs.replace(LINE, chat=chat, id=f"{chat}-{text}", text=text)


async def everything(store: Store) -> dict[str, list[Row]]:
    """All rows of a store, by table."""
    return {row.TABLE: [*await store.find(row, limit=100_000)] for row in ROWS}


async def fresh(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an empty, migrated database; a copy, since migrating each time is slow."""
    template = tmp_path_factory.getbasetemp() / "template.db"
    if not template.exists():
        await migrate(f"sqlite://{template}")
    shutil.copy(template, folder / "cuebook.db")
    return f"sqlite://{folder / 'cuebook.db'}"
