"""Rows into applications: units, defaults, lists, derived leaves, features, rejections."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.sources import (
    Application,
    Reading,
    Rejected,
    applications,
    parse_mapping,
    read_applications,
)
from tallystick.sources.dates import month_index

Open = Callable[..., Reading]


def one(reading: Reading) -> Application:
    (row,) = reading
    assert isinstance(row, Application), row
    return row


def fault(reading: Reading) -> Rejected:
    (row,) = reading
    assert isinstance(row, Rejected), row
    return row


MONEY = '[fields]\n"demand.amount_minor" = {{ column = "a", unit = "{unit}"{more} }}\n'


@given(
    st.integers(0, 10**9),
    st.sampled_from([("fen", 0), ("yuan", 2), ("thousand_yuan", 5), ("ten_thousand_yuan", 6)]),
)
def test_money_in_any_unit_comes_back_to_the_fen(fen: int, unit: tuple[str, int]) -> None:
    digits = f"{fen:0{unit[1] + 1}d}"
    text = digits[: len(digits) - unit[1]] + "." + digits[len(digits) - unit[1] :]
    mapping = parse_mapping(MONEY.format(unit=unit[0], more="").encode())
    (row,) = read_applications(io.BytesIO(f"a,b\n{text},x\n".encode()), mapping)
    assert isinstance(row, Application)
    assert row.demand["amount_minor"] == fen


@given(st.integers(1, 120), st.integers(0, 11), st.integers(1, 28))
def test_an_age_is_the_whole_years_from_birth_to_the_month_of_the_case(
    years: int, months: int, day: int
) -> None:
    born = month_index(2027, 1) - years * 12 - months
    if years == 120 and months:
        years = 119
        born = month_index(2027, 1) - years * 12 - months
    mapping = parse_mapping(
        b'[case]\nas_of = "2027-01"\n[fields]\n'
        b'"profile.age_years" = { column = "born", date = "YYYY-MM-DD", elapsed = true }\n'
    )
    data = f"born,x\n{born // 12:04d}-{born % 12 + 1:02d}-{day:02d},1\n"
    (row,) = read_applications(io.BytesIO(data.encode()), mapping)
    assert isinstance(row, Application)
    assert row.profile["age_years"] == years


@pytest.mark.parametrize(
    ("field", "cell", "code"),
    [
        ('"profile.wage_minor_month" = { column = "a", unit = "yuan" }', "-1", "source.range"),
        ('"profile.wage_minor_month" = { column = "a", unit = "yuan" }', "1e12", "source.range"),
        ('"profile.wage_minor_month" = { column = "a", unit = "yuan" }', "1.005", "source.inexact"),
        ('"profile.wage_minor_month" = { column = "a" }', "NaN", "source.not_finite"),
        ('"profile.wage_minor_month" = { column = "a" }', "１２", "source.full_width"),
        ('"profile.wage_minor_month" = { column = "a" }', '"1,200"', "source.separator"),
        ('"profile.wage_minor_month" = { column = "a" }', "3千", "source.unit_in_value"),
        ('"profile.wage_minor_month" = { column = "a", required = true }', "", "source.required"),
        ('"profile.sex" = { column = "a", values = { m = "m" } }', "x", "source.value_unknown"),
        ('"profile.village" = "a"', "x y", "source.ident"),
        ('"profile.village" = "a"', "村" * 14, "source.range"),
        ('"profile.returnee" = "a"', "yes", "source.not_flag"),
        ('"demand.needed_by_month" = "a"', "2027-00", "source.date"),
        ('"demand.payable_months" = { column = "a", split = ";" }', "1;13", "source.range"),
        ('"demand.payable_months" = { column = "a", split = ";" }', "1;1", "source.elements"),
        ('"demand.payable_months" = { column = "a", split = ";" }', "1;;2", "source.not_list"),
        ('"demand.payable_months" = "a"', "1", "source.not_list"),
    ],
)
def test_a_faulty_cell_rejects_its_row_by_row_column_and_code_without_its_value(
    reading: Open, field: str, cell: str, code: str
) -> None:
    data = f"a,b\n{cell},1\n"
    rejected = fault(reading("[fields]\n" + field, data))
    assert (rejected.row, rejected.column, rejected.code) == (1, "a", code)
    assert rejected.cure
    assert len(cell) < 3 or cell.strip('"') not in rejected.message
    with pytest.raises(Invalid) as caught:
        list(reading("[fields]\n" + field, data, strict=True))
    assert caught.value.code == code
    assert "row 1, column a" in caught.value.message
    assert (caught.value.values["row"], caught.value.values["column"]) == (1, "a")


def test_mixed_units_are_read_where_their_suffixes_are_declared(reading: Open) -> None:
    mapping = '[fields]\n"demand.amount_minor" = { column = "a", unit = "yuan", '
    mapping += 'suffixes = { "万元" = 10000, "元" = 1, "k" = "1e3" } }'
    with pytest.raises(Invalid):
        reading(mapping, "a\n")
    mapping = mapping.replace('"1e3"', "1000")
    rows = list(reading(mapping, "a,b\n1.5万元,\n300元,\n2k,\n7,\n1亿,\n"))
    assert [row.demand["amount_minor"] for row in rows if isinstance(row, Application)] == [
        1_500_000,
        30_000,
        200_000,
        700,
    ]
    assert isinstance(rows[-1], Rejected)


def test_a_clamp_is_told(reading: Open) -> None:
    mapping = '[fields]\n"profile.persons" = { column = "a", clamp = [1, 30] }'
    mapping += '\n[[features]]\nname = "f"\ncolumn = "a"\nclamp = [-5, 3]'
    low, within = list(reading(mapping, "a,b\n0,\n4,\n"))
    assert isinstance(low, Application)
    assert isinstance(within, Application)
    assert (low.profile["persons"], low.clamped) == (1, ("profile.persons",))
    assert (within.profile["persons"], within.clamped) == (4, ("features.f",))
    assert within.features == {"f": 3}


PER_HEAD = """
[fields]
"profile.persons" = "n"

[fields."profile.living_minor_person_year"]
column = "e"
unit = "yuan"
scale = 12
divide_by = "profile.persons"
round = "nearest"

[defaults]
"profile.persons" = 3
"profile.living_minor_person_year" = 950000
"""


def test_a_figure_per_head_divides_and_inherits_the_assumption(reading: Open) -> None:
    stated, assumed, lacking = list(reading(PER_HEAD, "n,e\n4,1000\n,1000\n2,\n"))
    assert isinstance(stated, Application)
    assert isinstance(assumed, Application)
    assert isinstance(lacking, Application)
    assert (stated.profile["living_minor_person_year"], stated.defaults) == (300_000, ())
    assert assumed.profile == {"persons": 3, "living_minor_person_year": 400_000}
    assert assumed.defaults == ("profile.living_minor_person_year", "profile.persons")
    assert lacking.profile["living_minor_person_year"] == 950_000
    assert lacking.defaults == ("profile.living_minor_person_year",)


DEBTS = """
[fields]
"profile.debts[0].balance_minor" = { column = "d1", unit = "yuan", none = ["0"] }
"profile.debts[0].lender" = "l1"
"profile.debts[1].balance_minor" = { column = "d2", unit = "yuan", none = ["0"] }
[defaults]
"profile.debts[].lender" = "bank"
"demand.shock.kind" = "none"
"""


@pytest.mark.parametrize(
    ("row", "debts", "defaults"),
    [
        ("5,kin,7", [("kin", 500), ("bank", 700)], ("demand.shock.kind", "profile.debts[].lender")),
        ("0,,7", [("bank", 700)], ("demand.shock.kind", "profile.debts[].lender")),
        ("0,kin,0", [], ("demand.shock.kind",)),
        (",,", None, ("demand.shock.kind",)),
    ],
)
def test_rows_laid_out_in_columns_come_out_as_a_list(
    reading: Open, row: str, debts: list[tuple[str, int]] | None, defaults: tuple[str, ...]
) -> None:
    found = one(reading(DEBTS, f"d1,l1,d2\n{row}\n"))
    rows = found.profile.get("debts")
    told = rows if rows is None else [(debt["lender"], debt["balance_minor"]) for debt in rows]  # type: ignore[attr-defined]
    assert told == debts
    assert found.defaults == defaults
    assert found.demand["shock"] == {"kind": "none"}


NESTED = """
[file]
format = "jsonl"
[fields]
"profile.crops[].crop" = { path = "farm.crops[].name" }
"profile.crops[].area_centimu" = { path = "farm.crops[].land.mu", unit = "mu" }
"profile.crops[].sale_months" = { path = "farm.crops[].sold" }
"profile.machines" = { path = "machines" }
[defaults]
"profile.livestock" = []
"demand.payable_months" = [6, 12]
"""


def test_nested_lists_become_rows_and_a_null_stays_absent(reading: Open) -> None:
    full, empty, null = list(
        reading(
            NESTED,
            '{"farm": {"crops": [{"name": "rice", "land": {"mu": 1.5}, "sold": [10]}, '
            '{"name": "tea", "sold": null}]}, "machines": ["tractor"]}\n'
            '{"farm": {"crops": []}, "machines": []}\n{"farm": null}\n',
        )
    )
    assert isinstance(full, Application)
    assert isinstance(empty, Application)
    assert isinstance(null, Application)
    assert full.profile == {
        "crops": [{"crop": "rice", "area_centimu": 150, "sale_months": [10]}, {"crop": "tea"}],
        "machines": ["tractor"],
        "livestock": [],
    }
    assert empty.profile == {"crops": [], "machines": [], "livestock": []}
    assert null.profile == {"livestock": []}
    assert null.defaults == ("demand.payable_months", "profile.livestock")
    assert full.demand["payable_months"] is not empty.demand["payable_months"]


def test_a_list_longer_than_the_tree_takes_is_rejected(reading: Open) -> None:
    crops = ", ".join(['{"name": "rice"}'] * 17)
    rejected = fault(reading(NESTED, '{"farm": {"crops": [' + crops + "]}}\n"))
    assert (rejected.code, rejected.column) == ("source.not_list", "farm.crops[]")


FEATURES = """
[file]
missing = ["", "99"]
[target]
column = "end"
good = ["paid"]
bad = ["lost"]
unknown = ["open"]
[[features]]
name = "share"
ratio = ["a", "b"]
[[features]]
name = "gap"
difference = ["b", "a"]
scale = 100
[[features]]
name = "all"
product = [{ sum = ["a", "b", "c"] }, "c"]
round = "floor"
[[features]]
name = "level"
column = "l"
kind = "level"
levels = ["low", "high"]
[[features]]
name = "sex"
column = "s"
kind = "level"
levels = ["f", "m"]
protected = true
[[features]]
name = "later"
column = "c"
round = "ceiling"
use = "train"
"""


def test_features_are_integers_by_declared_operations_and_levels(reading: Open) -> None:
    full, lacking, wrong = list(
        reading(
            FEATURES,
            "a,b,c,l,s,end\n1,3,0.5,high,m,paid\n1,0,99,low,f,lost\n1,2,3,odd,f,open\n",
        )
    )
    assert isinstance(full, Application)
    assert isinstance(lacking, Application)
    assert isinstance(wrong, Rejected)
    assert full.features == {"share": 333_333, "gap": 200, "all": 2, "level": 1, "later": 1}
    assert (full.protected, full.target) == ({"sex": 1}, 0)
    assert (lacking.features, lacking.target) == ({"gap": -100, "level": 0}, 1)
    assert (wrong.code, wrong.column) == ("source.level_unknown", "level")


def test_without_training_neither_target_nor_training_columns_are_needed(reading: Open) -> None:
    found = one(reading(FEATURES, "a,b,c,l,s\n1,4,1,low,f\n", training=False))
    assert found.target is None
    assert "later" not in found.features
    with pytest.raises(Invalid, match="end"):
        reading(FEATURES, "a,b,c,l,s\n1,4,1,low,f\n")


def test_an_outcome_that_nobody_declared_is_rejected(reading: Open) -> None:
    rejected = fault(reading(FEATURES, "a,b,c,l,s,end\n1,3,1,high,m,maybe\n"))
    assert (rejected.code, rejected.column) == ("source.target_unknown", "end")


def test_counts_progress_and_names_tell_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,a,unused\n" + "".join(f"k{row},{row % 3},z\n" for row in range(3000)))
    mapping = parse_mapping(b'[case]\nid = "id"\n[fields]\n"profile.persons" = "a"')
    monkeypatch.setattr(applications, "REJECTED_KEPT", 10)
    steps: list[tuple[int, int]] = []
    reading = read_applications(
        path, mapping, progress=lambda read, total: steps.append((read, total))
    )
    rows = list(reading)
    assert (reading.rows, reading.accepted, reading.codes) == (3000, 2000, {"source.range": 1000})
    assert len(reading.rejected) == 10
    assert reading.unmapped == ("unused",)
    size = path.stat().st_size
    assert steps == sorted(steps)
    assert len(steps) == 3000 // applications.PROGRESS_ROWS + 1
    assert steps[-1] == (size, size)
    assert isinstance(rows[1], Application)
    assert (rows[1].key, rows[1].row) == ("k1", 2)


def test_a_reading_left_early_closes_its_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 10)
    reading = read_applications(path, parse_mapping(b'[fields]\n"profile.persons" = "a"'))
    next(reading)
    reading.close()
    with pytest.raises(StopIteration):
        next(reading)


@pytest.mark.long
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w") as stream:
        stream.write("a,b,c\n")
        stream.writelines(f"{row % 900},{row}.25,x{row}\n" for row in range(30_000))
    mapping = parse_mapping(
        b'[fields]\n"demand.amount_minor" = { column = "b", unit = "yuan" }\n'
        b'"profile.village" = "c"\n[[features]]\nname = "a"\ncolumn = "a"\n'
    )
    marks = {}
    tracemalloc.start()
    try:
        for row in read_applications(path, mapping):
            if row.row in (20_000, 30_000):
                marks[row.row] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert marks[30_000] - marks[20_000] < 40_000
    assert marks[30_000] < 20_000_000


@given(st.binary(max_size=400))
def test_any_bytes_give_rows_or_a_refusal_and_nothing_else(data: bytes) -> None:
    mapping = parse_mapping(
        b'[file]\nheader = false\ncolumns = ["a", "b"]\n[fields]\n"profile.persons" = "a"'
    )
    try:
        rows = list(read_applications(io.BytesIO(data), mapping))
    except Invalid as refused:
        told = (refused.code.partition(".")[0], bool(refused.cure))
    else:
        told = ("source", True)
        assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    assert told == ("source", True)
