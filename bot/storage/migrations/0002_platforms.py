from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("cuebook", "0001_initial")]

    initial: bool | None = False

    operations = [
        ops.CreateModel(
            name="Callback",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=300)),
                ("run", fields.CharField(max_length=300)),
                ("step", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("created_at", fields.BigIntField()),
            ],
            options={
                "table": "callback",
                "app": "cuebook",
                "indexes": [Index(fields=["run"], name="callback_run")],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Card",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=300)),
                ("chat", fields.TextField(unique=False)),
                ("platform", fields.TextField(unique=False)),
                ("address", fields.TextField(unique=False)),
                ("ref", fields.TextField(unique=False)),
                ("shown", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("updated_at", fields.BigIntField()),
            ],
            options={
                "table": "card",
                "app": "cuebook",
                "indexes": [Index(fields=["state"], name="card_state")],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OneTime",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=300)),
                ("kind", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=16)),
                ("expires_at", fields.BigIntField()),
            ],
            options={"table": "one_time", "app": "cuebook", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Workspace",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=300)),
                ("platform", fields.TextField(unique=False)),
                ("enterprise", fields.TextField(unique=False)),
                ("team", fields.TextField(unique=False)),
                ("name", fields.TextField(unique=False)),
                ("app", fields.TextField(unique=False)),
                ("bot", fields.TextField(unique=False)),
                ("bot_user", fields.TextField(unique=False)),
                ("scopes", fields.TextField(unique=False)),
                ("tokens", fields.TextField(unique=False)),
                ("expires_at", fields.BigIntField()),
                ("state", fields.CharField(max_length=16)),
                ("version", fields.BigIntField()),
                ("installed_by", fields.TextField(unique=False)),
                ("installed_at", fields.BigIntField()),
            ],
            options={"table": "workspace", "app": "cuebook", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Message",
            name="form",
            field=fields.TextField(db_default="", unique=False),
        ),
        ops.AddField(
            model_name="Run",
            name="requester",
            field=fields.CharField(db_default="", max_length=300),
        ),
        ops.AddIndex(
            model_name="Run",
            index=Index(fields=["requester"], name="run_requester"),
        ),
    ]
