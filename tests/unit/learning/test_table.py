"""The training table: what becomes a column, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tallystick.base.errors import Invalid
from tallystick.learning.table import UNKNOWN, table_from_rows


def test_every_feature_of_any_row_becomes_a_column_with_a_mask() -> None:
    table = table_from_rows([{"b": 4}, {"a": -7, "b": 5}], [None, 1], ["b"])
    assert [(column.name, column.kind) for column in table.columns] == [
        ("a", "number"),
        ("b", "level"),
    ]
    assert table.columns[0].known.tolist() == [False, True]
    assert table.columns[0].values[1] == -7
    assert table.outcomes.tolist() == [UNKNOWN, 1]
    assert table.labelled.tolist() == [False, True]


def test_taking_rows_keeps_their_order_weights_and_groups() -> None:
    table = table_from_rows(
        [{"a": i} for i in range(4)], [0, 1, 0, 1], [], weights=[1, 2, 3, 4], groups=list("xyxz")
    )
    part = table.take(np.array([False, True, True, False]))
    assert (len(part), part.columns[0].values.tolist()) == (2, [1, 2])
    assert (part.weights.tolist(), part.groups.tolist()) == ([2, 3], [1, 0])


@pytest.mark.parametrize(
    "change",
    [
        {"rows": []},
        {"rows": [{"a": 1}]},
        {"rows": [{"a": True}, {}]},
        {"rows": [{"a": 0.5}, {}]},
        {"rows": [{"a": 2**53}, {}]},
        {"rows": [{"a": 1 << 10_000}, {}]},
        {"targets": [0, 2]},
        {"targets": [0, True]},
        {"targets": [0]},
        {"weights": [1]},
        {"weights": [1, 0]},
        {"weights": [1, float("nan")]},
        {"weights": [1, float("inf")]},
        {"groups": ["x"]},
    ],
)
def test_rows_that_are_no_table_are_refused(change: dict[str, Any]) -> None:
    given: dict[str, Any] = {"rows": [{"a": 1}, {}], "targets": [0, 1], "level_names": []} | change
    with pytest.raises(Invalid, match=r"learning\.rows") as caught:
        table_from_rows(**given)
    assert caught.value.cure
