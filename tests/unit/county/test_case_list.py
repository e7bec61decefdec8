"""Cases are found by how their id begins, and a cursor is where a page ended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.charter import TABLES
from tallystick.county.case_list import (
    STAGES,
    case_cursor,
    count_cases,
    find_cases,
    read_cursor,
)
from tallystick.kernel.views.engines.sqlite import SqliteViews
from tallystick.records.view import Put

_IDS = st.binary(min_size=16, max_size=16) | st.sampled_from([bytes(16), b"\xff" * 16])


def _rows(ids: list[bytes]) -> list[dict[str, Any]]:
    return [
        {
            "case": case,
            "opened_height": at // 2 + 1,
            "stage": STAGES[at % len(STAGES)],
            "owner": "ab"[at % 2],
            "kind": "borrow",
        }
        for at, case in enumerate(ids)
    ]


@given(st.lists(_IDS, unique=True, min_size=1, max_size=20), st.data())
def test_as_many_are_found_as_begin_so_the_newest_first(
    tmp_path_factory: pytest.TempPathFactory, ids: list[bytes], data: st.DataObject
) -> None:
    views = SqliteViews(tmp_path_factory.mktemp("views") / "views.db", TABLES)
    rows = _rows(ids)
    views.apply(1, [Put("case", row) for row in rows])
    digits = data.draw(st.integers(1, 32))
    begins = data.draw(st.sampled_from(ids)).hex()[:digits]
    for where in ({}, {"owner": "a"}):
        expected = [
            row["case"]
            for row in sorted(rows, key=lambda row: (-row["opened_height"], row["case"]))
            if row["case"].hex().startswith(begins) and where.items() <= row.items()
        ]
        assert [row["case"] for row in find_cases(views, begins, where)] == expected
    counts = count_cases(views)
    assert counts.pop("all") == len(rows) == sum(counts.values())
    assert count_cases(views, "a")["all"] == sum(row["owner"] == "a" for row in rows)
    views.close()


def test_a_cursor_is_read_as_it_was_given() -> None:
    row: dict[str, Any] = {"opened_height": 7, "case": b"\x01" * 16, "owner": "a"}
    assert read_cursor(case_cursor(row)) == {"opened_height": 7, "case": b"\x01" * 16}
    assert case_cursor({**row, "case": row["case"].hex()}) == case_cursor(row)
    assert read_cursor("") is None


@pytest.mark.parametrize("text", ["1", "0." + "0" * 32, "1." + "g" * 32, "-1." + "0" * 32, " "])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=r"case\.cursor"):
        read_cursor(text)
