"""The tables that Tortoise declares are those that the store writes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path

import pytest
from tortoise import Model, Tortoise
from tortoise.fields import BigIntField, CharField, TextField
from tortoise.indexes import Index
from tortoise.migrations.autodetector import MigrationAutodetector

from bot.rows import ROWS, Row
from bot.storage import models
from bot.storage.migrate import APP, tortoise_config
from bot.storage.tables import KEY_LENGTH, SHORT, UNIQUE, table_of
from tests.storage.samples import fresh

MODELS: dict[str, type[Model]] = {
    model._meta.db_table: model
    for model in vars(models).values()
    if isinstance(model, type) and issubclass(model, Model) and model is not Model
}


def test_each_kind_of_row_has_a_table_and_no_other() -> None:
    assert MODELS.keys() == {row.TABLE for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.TABLE)
def test_a_table_has_the_columns_of_its_row_in_its_types(row: type[Row]) -> None:
    table, meta = table_of(row), MODELS[row.TABLE]._meta
    declared = {name: field for name, field in meta.fields_map.items() if name not in {"pk", "serial"}}
    assert [*declared] == [*table.columns]
    for name, field in declared.items():
        column = table.columns[name]
        assert not field.null
        assert isinstance(field, BigIntField if column.kind is int else (CharField, TextField)), name
        if isinstance(field, CharField):
            assert column.short or column.words, f"{name} is bounded for the database alone"
            longest = max(map(len, column.words)) if column.words else KEY_LENGTH
            assert field.max_length >= longest
        else:
            assert not column.short


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.TABLE)
def test_a_table_has_the_key_of_its_row(row: type[Row]) -> None:
    meta = MODELS[row.TABLE]._meta
    unique = {tuple(columns) for columns in meta.unique_together}
    if len(row.KEY) == 1:
        assert (meta.pk_attr,) == row.KEY
        assert unique == {*UNIQUE.get(row, ())}
    else:
        assert meta.pk_attr == "serial"
        assert unique == {row.KEY, *UNIQUE.get(row, ())}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.TABLE)
def test_what_is_indexed_is_bounded(row: type[Row]) -> None:
    meta = MODELS[row.TABLE]._meta
    indexed = {name for index in meta.indexes if isinstance(index, Index) for name in index.fields} | {
        *row.KEY
    }
    for name in indexed:
        column = table_of(row).columns[name]
        assert column.kind is int or column.short or column.words, name
    assert {*SHORT[row]} <= indexed | {name for columns in UNIQUE.get(row, ()) for name in columns}


SEARCHES: list[tuple[str, str]] = [
    ("inbox", "state = 'new'"),
    ("inbox", "state IN ('new', 'parked') AND target = 'chat:c1'"),
    ("inbox", "source = 'webchat' AND external_id = 'x'"),
    ("message", "chat = 'c1' AND seq > 5"),
    ("outbox", "state = 'queued' AND next_at <= 5"),
    ("outbox", "chat = 'c1'"),
    ("run", "state IN ('queued', 'running', 'waiting')"),
    ("run", "chat = 'c1'"),
    ("run", "parent = 'r1'"),
    ("trace", "owner = 'run:r1'"),
    ("timer", "due_at <= 5"),
    ("timer", "target = 'chat:c1'"),
    ("chat", "platform = 'slack' AND address = 'C1'"),
]


@pytest.mark.parametrize(("table", "where"), SEARCHES)
async def test_what_is_searched_is_found_by_an_index(
    table: str, where: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await fresh(tmp_path, tmp_path_factory)
    with contextlib.closing(sqlite3.connect(tmp_path / "cuebook.db")) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {where}").fetchall()
    assert plan[0][3].startswith("SEARCH"), plan


def test_the_migrations_lead_to_the_models() -> None:
    """Else: `tortoise -c bot.storage.migrate.TORTOISE makemigrations`, and read what it wrote."""

    async def changes() -> list[str]:
        config = tortoise_config(":memory:")
        context = await Tortoise.init(config=config, init_connections=False)
        assert context.apps is not None
        writers = await MigrationAutodetector(context.apps, config["apps"]).changes()
        await Tortoise.close_connections()
        return [f"{type(operation).__name__}" for writer in writers for operation in writer.operations]

    assert asyncio.run(changes()) == []
    assert APP in tortoise_config("x")["apps"]
