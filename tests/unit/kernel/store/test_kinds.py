"""Values that are of another kind than their column declares."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tallystick.kernel.store.database import Database
from tallystick.kernel.store.kinds import find_misfits, mend_misfits

SCHEMA = (
    "CREATE TABLE thing (at INTEGER PRIMARY KEY, data BLOB NOT NULL, name TEXT, more BLOB);"
    "CREATE TABLE pair (id BLOB PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "x.db"
    with contextlib.closing(Database.write(found, "x", SCHEMA, 1)) as database:
        for at in range(1, 4):
            database.run("INSERT INTO thing VALUES (?, ?, ?, NULL)", (at, b"\x00\xff", "n"))
            database.run("INSERT INTO pair VALUES (?, ?)", (bytes([at]), at))
    return found


def change(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as plain, plain:
        for each in statements:
            plain.execute(each)


def found_in(path: Path, **wheres: str) -> list[tuple[str, str]]:
    with contextlib.closing(Database.read(path)) as database:
        return list(find_misfits(database, wheres))


def test_what_fits_is_passed_over_and_so_is_what_may_be_lacking(path: Path) -> None:
    assert found_in(path) == []


def test_what_does_not_fit_is_named_by_row_and_column_and_mended(path: Path) -> None:
    change(
        path,
        "UPDATE thing SET data = CAST(data AS TEXT) WHERE at = 2",
        "UPDATE thing SET name = CAST(name AS BLOB) WHERE at = 3",
        "UPDATE pair SET id = CAST(id AS TEXT) WHERE count = 1",
    )
    assert found_in(path) == [
        ("pair", "column id of row 01 of table pair is no blob"),
        ("thing", "column data of row 2 of table thing is no blob"),
        ("thing", "column name of row 3 of table thing is no text"),
    ]
    assert found_in(path, thing="at > 2", pair="false") == [
        ("thing", "column name of row 3 of table thing is no text")
    ]
    assert mend_misfits(path) == 3
    assert found_in(path) == []
    with contextlib.closing(Database.read(path)) as database:
        assert database.rows("SELECT DISTINCT data, name FROM thing") == [(b"\x00\xff", b"n")]
        assert database.rows("SELECT id FROM pair") == [(b"\x01",), (b"\x02",), (b"\x03",)]


def test_a_number_that_is_none_is_named_and_left_alone(path: Path) -> None:
    change(path, "UPDATE pair SET count = 'x' WHERE count = 1")
    told = [("pair", "column count of row 01 of table pair is no integer")]
    assert found_in(path) == told
    assert mend_misfits(path) == 0
    assert found_in(path) == told
