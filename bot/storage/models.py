"""The tables, declared once: Tortoise makes the migrations from here.

Columns are those of `bot.rows`. Times are milliseconds and JSON is text, so both databases
store them alike. Tortoise knows no composite keys: such tables have a `serial` of their own
and a unique constraint over the key. There are no foreign keys: a unit writes rows in the
order of its thoughts, and retention deletes them table by table.

After a change here: `tortoise -c bot.storage.migrate.TORTOISE makemigrations`, then read the
generated file: a new column needs `db_default`, a rename with another change comes out as a
loss. Models have no docstrings, since Tortoise would make comments of the tables of them.
"""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

KEY = 300
"""Characters of a key column; `tables.KEY_LENGTH` is what a row may use of it."""
WORD = 16
"""Characters of a column that holds one of a few words."""


class Chat(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    profile = fields.TextField()
    definition = fields.TextField()
    platform = fields.CharField(max_length=KEY)
    address = fields.CharField(max_length=KEY)
    person = fields.TextField()
    state = fields.TextField()
    status = fields.CharField(max_length=WORD)
    version = fields.BigIntField()
    seq = fields.BigIntField()
    created_at = fields.BigIntField()
    updated_at = fields.BigIntField()
    heard_at = fields.BigIntField()

    class Meta:
        table = "chat"
        indexes = [
            Index(fields=("platform", "address"), name="chat_address"),
            Index(fields=("status",), name="chat_status"),
        ]


class Inbox(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    source = fields.CharField(max_length=KEY)
    external_id = fields.CharField(max_length=KEY)
    target = fields.CharField(max_length=KEY)
    event = fields.TextField()
    seq = fields.BigIntField()
    state = fields.CharField(max_length=WORD)
    tries = fields.BigIntField()
    received_at = fields.BigIntField()

    class Meta:
        table = "inbox"
        unique_together = (("source", "external_id"),)
        indexes = [Index(fields=("state", "target"), name="inbox_state")]


class Message(Model):
    serial = fields.BigIntField(primary_key=True)
    chat = fields.CharField(max_length=KEY)
    seq = fields.BigIntField()
    id = fields.TextField()
    sender = fields.CharField(max_length=WORD)
    kind = fields.CharField(max_length=WORD)
    text = fields.TextField()
    prompt = fields.TextField()
    choices = fields.TextField()
    run = fields.TextField()
    created_at = fields.BigIntField()
    form = fields.TextField(db_default="")

    class Meta:
        table = "message"
        unique_together = (("chat", "seq"),)


class Outbox(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    chat = fields.CharField(max_length=KEY)
    seq = fields.BigIntField()
    platform = fields.TextField()
    address = fields.TextField()
    state = fields.CharField(max_length=WORD)
    tries = fields.BigIntField()
    next_at = fields.BigIntField()
    ref = fields.TextField()
    reason = fields.TextField()

    class Meta:
        table = "outbox"
        indexes = [
            Index(fields=("state", "next_at"), name="outbox_state"),
            Index(fields=("chat", "seq"), name="outbox_chat"),
        ]


class Run(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    runbook = fields.TextField()
    definition = fields.TextField()
    pins = fields.TextField()
    chat = fields.CharField(max_length=KEY)
    effect = fields.TextField()
    parent = fields.CharField(max_length=KEY)
    mode = fields.CharField(max_length=WORD)
    origin = fields.CharField(max_length=WORD)
    person = fields.TextField()
    inputs = fields.TextField()
    state = fields.CharField(max_length=WORD)
    flow = fields.TextField()
    step = fields.TextField()
    awaiting = fields.TextField()
    owner = fields.TextField()
    outcome = fields.CharField(max_length=WORD)
    message = fields.TextField()
    code = fields.TextField()
    data = fields.TextField()
    steps = fields.BigIntField()
    created_at = fields.BigIntField()
    start_at = fields.BigIntField()
    started_at = fields.BigIntField()
    finished_at = fields.BigIntField()
    deadline_at = fields.BigIntField()
    requester = fields.CharField(max_length=KEY, db_default="")

    class Meta:
        table = "run"
        indexes = [
            Index(fields=("state",), name="run_state"),
            Index(fields=("chat",), name="run_chat"),
            Index(fields=("parent",), name="run_parent"),
            Index(fields=("requester",), name="run_requester"),
        ]


class Trace(Model):
    serial = fields.BigIntField(primary_key=True)
    owner = fields.CharField(max_length=KEY)
    no = fields.BigIntField()
    step = fields.TextField()
    kind = fields.TextField()
    title = fields.TextField()
    request = fields.TextField()
    answer = fields.TextField()
    ok = fields.BigIntField()
    note = fields.TextField()
    started_at = fields.BigIntField()
    finished_at = fields.BigIntField()

    class Meta:
        table = "trace"
        unique_together = (("owner", "no"),)


class Timer(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    kind = fields.CharField(max_length=WORD)
    target = fields.CharField(max_length=KEY)
    effect = fields.TextField()
    due_at = fields.BigIntField()

    class Meta:
        table = "timer"
        indexes = [
            Index(fields=("due_at",), name="timer_due"),
            Index(fields=("target",), name="timer_target"),
        ]


class Schedule(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    runbook = fields.TextField()
    spec = fields.TextField()
    next_at = fields.BigIntField()
    last_date = fields.TextField()

    class Meta:
        table = "schedule"


class Definition(Model):
    hash = fields.CharField(max_length=KEY, primary_key=True)
    kind = fields.TextField()
    id = fields.TextField()
    path = fields.TextField()
    source = fields.TextField()
    created_at = fields.BigIntField()

    class Meta:
        table = "definition"


class Callback(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    run = fields.CharField(max_length=KEY)
    step = fields.TextField()
    state = fields.CharField(max_length=WORD)
    created_at = fields.BigIntField()

    class Meta:
        table = "callback"
        indexes = [Index(fields=("run",), name="callback_run")]


class Card(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    chat = fields.TextField()
    platform = fields.TextField()
    address = fields.TextField()
    ref = fields.TextField()
    shown = fields.TextField()
    state = fields.CharField(max_length=WORD)
    updated_at = fields.BigIntField()

    class Meta:
        table = "card"
        indexes = [Index(fields=("state",), name="card_state")]


class Workspace(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    platform = fields.TextField()
    enterprise = fields.TextField()
    team = fields.TextField()
    name = fields.TextField()
    app = fields.TextField()
    bot = fields.TextField()
    bot_user = fields.TextField()
    scopes = fields.TextField()
    tokens = fields.TextField()
    expires_at = fields.BigIntField()
    state = fields.CharField(max_length=WORD)
    version = fields.BigIntField()
    installed_by = fields.TextField()
    installed_at = fields.BigIntField()

    class Meta:
        table = "workspace"


class OneTime(Model):
    id = fields.CharField(max_length=KEY, primary_key=True)
    kind = fields.TextField()
    state = fields.CharField(max_length=WORD)
    expires_at = fields.BigIntField()

    class Meta:
        table = "one_time"
