"""Columns that tell the end: by declaration, by what they do alone, by whom they copy."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.learning.gathering import Gatherer
from tallystick.learning.leakage import (
    ALONE_LEAST,
    Leakage,
    auc_alone,
    find_leaks,
    is_determined,
    rank_correlation,
)
from tallystick.learning.table import Column, Table, table_from_rows
from tallystick.sources import Application, Mapping, parse_mapping, read_applications

ROWS = 600
EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "mappings"


def number(name: str, values: object, known: object = None) -> Column:
    found = np.asarray(values, dtype=np.int64)
    mask = np.ones(len(found), dtype=np.bool_) if known is None else np.asarray(known, np.bool_)
    return Column(name, "number", np.where(mask, found, 0), mask)


def made(seed: int = 1) -> tuple[Table, dict[str, Column]]:
    """A table of an honest and a noise column, and columns that leak in each way."""
    random = np.random.Generator(np.random.PCG64(seed))
    honest = random.integers(0, 1_000, ROWS)
    outcomes = (random.random(ROWS) < 0.1 + 0.5 * honest / 1_000).astype(np.int64)
    late = np.where(outcomes == 1, random.integers(1, 500, ROWS), 0)
    columns = {
        "honest": number("honest", honest),
        "noise": number("noise", random.integers(0, 9, ROWS)),
        "late": number("late", late),
        "late_twice": number("late_twice", 2 * late + 1),
        "late_above": number("late_above", late > 250),
        "written_off": number("written_off", late, outcomes == 1),
        "code": Column("code", "level", outcomes + 3, np.ones(ROWS, dtype=np.bool_)),
    }
    names = ("honest", "noise")
    table = table_from_rows(
        [{name: int(columns[name].values[row]) for name in names} for row in range(ROWS)],
        outcomes.tolist(),
        (),
    )
    return table, columns


def with_columns(table: Table, *columns: Column) -> Table:
    every = sorted([*table.columns, *columns], key=lambda column: column.name)
    return Table(tuple(every), table.outcomes, table.weights, table.groups)


def why(found: Leakage) -> dict[str, str]:
    return {leak.column: leak.why for leak in found.leaks}


def test_honest_columns_are_not_named() -> None:
    table, _ = made()
    assert find_leaks(table, (), {"honest", "noise"}, seed=1) == Leakage((), ())


def test_a_column_declared_to_come_later_is_named_by_its_declaration() -> None:
    table, columns = made()
    found = find_leaks(table, (columns["late"],), (), seed=1)
    assert why(found) == {"late": "after"}


@pytest.mark.parametrize("name", ["late", "written_off", "code"])
def test_an_undeclared_column_that_tells_the_end_alone_is_named(name: str) -> None:
    table, columns = made()
    found = find_leaks(with_columns(table, columns[name]), (), {name}, seed=1)
    assert why(found) == {name: "alone"}
    assert found.leaks[0].strength >= ALONE_LEAST


def test_where_only_absence_tells_the_end_it_is_counted() -> None:
    table, columns = made()
    bad = columns["code"].values == 4
    column = number("visited", np.ones(ROWS), bad)
    assert auc_alone(table, column, seed=1) == 1.0


def test_a_code_of_absence_among_numbers_swallows_no_neighbours() -> None:
    outcomes = [int(row % 50 == 0) for row in range(2_000)]
    values = [row if outcome else 99_999_999 for row, outcome in enumerate(outcomes)]
    table = table_from_rows([{"x": value} for value in values], outcomes, ())
    assert auc_alone(table, table.columns[0], seed=1) == 1.0


def test_a_declared_column_is_not_taken_out_for_being_good() -> None:
    table, columns = made()
    found = find_leaks(with_columns(table, columns["late"]), (), (), seed=1)
    assert found == Leakage((), ())


def test_copies_and_functions_of_a_leaking_column_are_named_through_it() -> None:
    table, columns = made()
    given = with_columns(table, columns["late_twice"], columns["late_above"])
    undeclared = {"late_twice", "late_above", "noise", "honest"}
    random = np.random.Generator(np.random.PCG64(2))
    # A declared column that alone is weak: its copies are found all the same.
    weak = number("weak", random.integers(0, 50, ROWS))
    copy, half = number("weak_copy", -3 * weak.values), number("weak_half", weak.values >= 25)
    found = find_leaks(
        with_columns(given, copy, half), (weak,), undeclared | {copy.name, half.name}, seed=1
    )
    assert why(found) == {
        "weak": "after",
        "late_twice": "alone",
        "weak_copy": "copy",
        "weak_half": "function",
        "late_above": "function",
    }
    assert {leak.column: leak.of for leak in found.leaks}["late_above"] == "late_twice"


def test_a_copy_of_a_copy_is_named_too() -> None:
    table, _ = made()
    random = np.random.Generator(np.random.PCG64(5))
    first = number("first", np.arange(ROWS))
    second = number("second", first.values + random.integers(-35, 36, ROWS))
    third = number("third", second.values + random.integers(-35, 36, ROWS))
    found = find_leaks(with_columns(table, second, third), (first,), {"second", "third"}, seed=1)
    assert why(found) == {"first": "after", "second": "copy", "third": "copy"}


def test_a_declared_copy_of_a_leaking_column_is_a_doubt_and_stays() -> None:
    table, columns = made()
    found = find_leaks(
        with_columns(table, columns["late_twice"]), (columns["late"],), {"noise"}, seed=1
    )
    assert why(found) == {"late": "after"}
    assert [(doubt.column, doubt.of) for doubt in found.doubts] == [("late_twice", "late")]


def test_a_column_without_repeats_determines_nothing() -> None:
    _, columns = made()
    key = number("key", np.arange(ROWS))
    assert not is_determined(columns["noise"], by=key)
    assert not is_determined(columns["late_above"], by=key)
    assert is_determined(columns["late_above"], by=columns["late"])
    constant = number("constant", np.zeros(ROWS))
    assert not is_determined(constant, by=columns["late"])


def test_one_exception_is_no_function() -> None:
    _, columns = made()
    values = columns["late_above"].values.copy()
    values[0] = 1 - values[0]
    late = columns["late"].values.copy()
    late[0] = late[1]
    values[1] = 1 - values[0]
    assert not is_determined(number("x", values), by=number("late", late))


def test_a_level_has_no_ranks_and_too_few_rows_show_none() -> None:
    _, columns = made()
    assert rank_correlation(columns["code"], columns["late"]) == 0.0
    known = np.arange(ROWS) < 20
    few = number("few", columns["late"].values, known)
    assert rank_correlation(few, columns["late"]) == 0.0
    assert rank_correlation(number("flat", np.ones(ROWS)), columns["late"]) == 0.0


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=30, max_size=60))
def test_rank_correlation_is_pearsons_of_mean_ranks(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array(side) for side in zip(*pairs, strict=True))

    def ranks(values: np.ndarray) -> np.ndarray:
        return np.array([np.sum(values < v) + (np.sum(values == v) + 1) / 2 for v in values])

    found = rank_correlation(number("a", left), number("b", right))
    a, b = ranks(left), ranks(right)
    if np.std(a) == 0 or np.std(b) == 0:
        assert found == 0.0
    else:
        assert found == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-9)


def test_the_order_of_columns_does_not_matter() -> None:
    table, columns = made()
    whole = with_columns(table, *columns.values())
    turned = Table(whole.columns[::-1], whole.outcomes, whole.weights, whole.groups)
    names = {column.name for column in whole.columns}
    first, second = (find_leaks(each, (), names, seed=1) for each in (whole, turned))
    assert why(first) == why(second)


def mapping_of(name: str, *, declared: bool) -> Mapping:
    """Return a mapping of `examples`; undeclared, every `known_at` of it is struck out."""
    text = (EXAMPLES / f"{name}.toml").read_text(encoding="utf-8")
    return parse_mapping((text if declared else re.sub(r'known_at = "[a-z]+"', "", text)).encode())


def gather(path: Path, mapping: Mapping) -> Table:
    """Read a real file: all columns, whenever they are known."""
    gatherer = Gatherer({f.name: f.kind for f in mapping.features if not f.protected})
    for row in read_applications(path, mapping):
        assert isinstance(row, Application)
        gatherer.add(row.features | row.later, row.target)
    return gatherer.finish().table


def search(table: Table, mapping: Mapping) -> Leakage:
    """Search what was read for leaks, by what the mapping says of its columns."""
    later = {f.name for f in mapping.features if f.known_at == "after"}
    columns = tuple(column for column in table.columns if column.name not in later)
    return find_leaks(
        Table(columns, table.outcomes, table.weights, table.groups),
        tuple(column for column in table.columns if column.name in later),
        {f.name for f in mapping.features if not f.declared},
        seed=42,
    )


def read(shared: Path, name: str, file: str, *, declared: bool) -> Leakage:
    """Search a real file for leaks."""
    mapping = mapping_of(name, declared=declared)
    return search(gather(shared / "data" / file, mapping), mapping)


@pytest.fixture(scope="module")
def calls(shared: Path) -> Table:
    """The calls of the bank, read once: of 41,188 rows it matters not which are declared."""
    path = shared / "data/bank_marketing/bank-additional.zip"
    return gather(path, mapping_of("bank_marketing", declared=True))


def test_no_column_of_the_german_loans_is_named(shared: Path) -> None:
    found = read(shared, "german", "german_credit/germancredit.csv", declared=True)
    assert found == Leakage((), ())


@pytest.mark.long
@pytest.mark.parametrize(("declared", "expected"), [(True, "after"), (False, "alone")])
def test_the_length_of_the_call_is_named(calls: Table, declared: bool, expected: str) -> None:
    found = search(calls, mapping_of("bank_marketing", declared=declared))
    assert why(found) == {"call_seconds": expected}


def test_what_was_written_after_the_loan_is_named_though_nobody_declares_it(
    shared: Path,
) -> None:
    found = read(shared, "sba_case", "sba_case/SBAcase.11.13.17.csv", declared=False)
    assert why(found) == {
        "charged_off": "alone",
        "charged_off_date": "alone",
        "ended": "alone",
        "term_days": "alone",
        "term_months": "alone",
        "real_estate": "function",
    }


def test_of_a_declared_leak_alone_its_copies_are_named(shared: Path) -> None:
    text = (EXAMPLES / "sba_case.toml").read_text(encoding="utf-8")
    kept = re.sub(r'known_at = "[a-z]+"', "", text)
    kept = kept.replace('column = "xx"', 'column = "xx"\nknown_at = "after"')
    mapping = parse_mapping(kept.encode())
    gatherer = Gatherer({"end_day": "number", "recession": "number", "employees": "number"})
    for row in read_applications(shared / "data/sba_case/SBAcase.11.13.17.csv", mapping):
        assert isinstance(row, Application)
        gatherer.add(row.features | row.later, row.target)
    table = gatherer.finish().table
    end_day = next(column for column in table.columns if column.name == "end_day")
    rest = tuple(column for column in table.columns if column.name != "end_day")
    given = Table(rest, table.outcomes, table.weights, table.groups)
    found = find_leaks(given, (end_day,), {"recession", "employees"}, seed=42)
    assert why(found) == {"end_day": "after", "recession": "function"}
