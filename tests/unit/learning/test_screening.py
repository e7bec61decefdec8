"""Columns that cannot help a model are told, by what is wrong with them."""

from __future__ import annotations

import numpy as np

from tallystick.learning.screening import Idle, find_idle
from tallystick.learning.table import Table, table_from_rows

ROWS = 120


def found(*, turned: bool = False) -> tuple[Idle, ...]:
    rows = [
        {
            "amount": row,
            "amount_again": row,
            "fixed": 7,
            "fixed_or_missing": 7,
            "many": row,
            "few": row % 3,
            "never": 0,
        }
        for row in range(ROWS)
    ]
    for row in rows:
        del row["never"]
    del rows[5]["fixed_or_missing"]
    rows[0]["never"] = 1
    table = table_from_rows(rows, [row % 2 for row in range(ROWS)], {"many", "few"})
    table = table.take(np.arange(ROWS) > 0)
    columns = table.columns[::-1] if turned else table.columns
    return find_idle(Table(columns, table.outcomes, table.weights, table.groups))


def test_each_idle_column_is_told_with_its_reason() -> None:
    assert found() == (
        Idle("amount_again", "duplicate", "amount"),
        Idle("fixed", "constant"),
        Idle("many", "many_levels", count=ROWS - 1),
        Idle("never", "missing"),
    )


def test_the_order_of_columns_does_not_matter() -> None:
    assert found(turned=True) == found()


def test_many_levels_are_told_and_used() -> None:
    assert {idle.column for idle in found() if not idle.is_left_out} == {"many"}
