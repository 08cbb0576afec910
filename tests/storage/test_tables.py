"""What a table takes is what each of its columns takes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import rows
from bot.storage.tables import KEY_LENGTH, LARGEST, table_of

ANY_TEXT = st.text(st.characters(), max_size=5) | st.just("x" * KEY_LENGTH) | st.just("x" * (KEY_LENGTH + 1))
ANY_NUMBER = st.sampled_from([0, -LARGEST, LARGEST, -LARGEST - 1, LARGEST + 1])
ANY_CELL: st.SearchStrategy[Any] = (
    ANY_TEXT | ANY_NUMBER | st.sampled_from(["a\x00", "\ud800", "é", True, None])
)


def good(row: type[rows.Row]) -> rows.Row:
    """A row with the first word, or something short, in each cell."""
    cells = {
        column.name: min(column.words) if column.words else column.kind()
        for column in table_of(row).columns.values()
    }
    return row(**cells)


@pytest.mark.parametrize("row", rows.ROWS)
@given(data=st.data())
def test_a_row_is_taken_if_each_column_takes_its_cell(row: type[rows.Row], data: st.DataObject) -> None:
    table = table_of(row)
    name = data.draw(st.sampled_from(sorted(table.columns)))
    cell = data.draw(ANY_CELL)
    changed = msgspec.structs.replace(good(row), **{name: cell})
    reason = ""
    try:
        table.column(name).check(cell)
    except ValueError as error:
        reason = str(error)
    if reason:
        with pytest.raises(ValueError) as raised:
            table.values(changed)
        assert str(raised.value) == reason
    else:
        assert table.values(changed) == msgspec.structs.astuple(changed)
