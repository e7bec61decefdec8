"""Rows gathered column by column are the table that they would make at once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.learning import gathering
from tallystick.learning.folds import assign_folds
from tallystick.learning.gathering import Gatherer
from tallystick.learning.table import table_from_rows

KINDS: dict[str, Literal["number", "level"]] = {"b": "level", "a": "number"}
ROW = st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(1 - 2**53, 2**53 - 1))
LINE = st.tuples(ROW, st.sampled_from([0, 1, None]), st.sampled_from(["x", "y", None]))


@given(st.lists(LINE, min_size=1, max_size=20))
def test_a_gathered_table_is_the_table_of_its_labelled_rows(
    lines: list[tuple[dict[str, int], int | None, str | None]],
) -> None:
    gatherer = Gatherer(KINDS)
    for row, outcome, group in lines:
        gatherer.add(row, outcome, group)
    kept = [line for line in lines if line[1] is not None]
    if not kept:
        with pytest.raises(Invalid) as caught:
            gatherer.finish()
        assert caught.value.code == "learning.few_rows"
        return
    found = gatherer.finish()
    groups = [group or f"own {number}" for number, (_, _, group) in enumerate(kept)]
    expected = table_from_rows(
        [row for row, _, _ in kept], [outcome for _, outcome, _ in kept], {"b"}, groups=groups
    )
    assert found.unlabelled == len(lines) - len(kept)
    assert found.table.outcomes.tolist() == expected.outcomes.tolist()
    assert found.table.groups.tolist() == expected.groups.tolist()
    named = {column.name: column for column in found.table.columns}
    assert list(named) == sorted(KINDS)
    for column in expected.columns:
        assert named[column.name].kind == column.kind
        assert named[column.name].values.tolist() == column.values.tolist()
        assert named[column.name].known.tolist() == column.known.tolist()
    folds = assign_folds(found.table, folds=3, seed=1)
    assert folds.tolist() == assign_folds(expected, folds=3, seed=1).tolist()


def test_a_column_that_no_row_knows_is_there_to_be_told() -> None:
    gatherer = Gatherer({"never": "number"})
    gatherer.add({}, 1)
    (column,) = gatherer.finish().table.columns
    assert (column.name, bool(np.any(column.known))) == ("never", False)


def test_more_rows_than_are_taken_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "ROWS_MOST", 3)
    gatherer = Gatherer(KINDS)
    for _ in range(3):
        gatherer.add({"a": 1}, 0)
    gatherer.add({"a": 1}, None)
    with pytest.raises(Invalid) as caught:
        gatherer.add({"a": 1}, 0)
    assert caught.value.code == "learning.many_rows"
