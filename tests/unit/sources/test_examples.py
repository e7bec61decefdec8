"""The mappings that are shipped, and foreign files of every format, over real data."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from tallystick.sources import (
    Application,
    Reading,
    load_mapping,
    parse_mapping,
    read_applications,
)
from tallystick.sources.places import EACH
from tallystick.sources.recipes import Reference

Find = Callable[[str], Path]
KEPT = ("expected", "also_accept", "debatable", "field_notes_zh")


def accepted(reading: Reading) -> list[Application]:
    rows = [row for row in reading if isinstance(row, Application)]
    assert reading.rejected == []
    assert len(rows) == reading.rows
    return rows


def test_every_loan_of_the_spanish_lender_comes_out(dataset: Find, example: Find) -> None:
    path = dataset("gaston_credit/CreditScoring.csv")
    rows = accepted(read_applications(path, load_mapping(example("gaston"))))
    with path.open() as stream:
        source = list(csv.DictReader(stream))
    assert len(rows) == 4455
    assert Counter(row.target for row in rows) == {0: 3200, 1: 1254, None: 1}
    for row, cells in zip(rows, source, strict=True):
        assert row.demand["amount_minor"] == int(cells["Amount"]) * 5000
        known = cells["Income"] not in ("0", "99999999")
        assert row.profile.get("wage_minor_month") == (
            int(cells["Income"]) * 5000 if known else None
        )
        assert row.features["financed_ppm"] == round(
            Fraction(int(cells["Amount"]) * 1_000_000, int(cells["Price"]))
        )
        assert "profile.persons" in row.defaults
        assert "marital" not in row.features
    assert sum("assets" not in row.features for row in rows) == 47
    assert sum("debts" not in row.profile for row in rows) == 18
    assert sum(row.profile.get("debts") == [] for row in rows) == 3670
    assert sum("wage_minor_month" not in row.profile for row in rows) == 381


def test_every_loan_of_the_german_data_comes_out(dataset: Find, example: Find) -> None:
    mapping = load_mapping(example("german"))
    rows = accepted(read_applications(dataset("german_credit/germancredit.csv"), mapping))
    assert Counter(row.target for row in rows) == {0: 700, 1: 300}
    assert all(len(row.features) == 18 and len(row.protected) == 2 for row in rows)
    assert len(mapping.notes) == 1


def test_every_number_of_the_county_cases_can_be_had_back(dataset: Find, example: Find) -> None:
    path = dataset("county_cases/cases.jsonl")
    mapping = load_mapping(example("county_cases"))
    reading = read_applications(path, mapping)
    rows = accepted(reading)
    assert reading.unseen == ()
    lines = path.read_text(encoding="utf-8").splitlines()
    for row, line in zip(rows, lines, strict=True):
        case = json.loads(line, parse_float=Decimal)
        rebuilt: dict[tuple[str, ...], object] = {("id",): row.key}
        for entry in mapping.fields:
            origin = entry.recipe.origin
            assert isinstance(origin, Reference)
            for steps, value in leaves(row, entry.place.path.split("."), origin.steps):
                rebuilt[steps] = back(value, entry.place.field.kind, entry.factor)
        told = {steps: plain(value) for steps, value in flatten(case) if not kept(steps)}
        assert rebuilt == told
        assert row.expected is not None
        assert row.expected["expected"] == json.loads(line)["expected"]
        for name in ("also_accept", "debatable", "field_notes_zh"):
            assert row.expected.get(name) == json.loads(line).get(name)
        assert row.defaults == ()
    assert len(rows) == 60


def kept(steps: tuple[str, ...]) -> bool:
    return steps[0].partition("[")[0] in KEPT or (steps[-1] == "county_note")


def leaves(
    row: Application, target: list[str], steps: tuple[str, ...]
) -> list[tuple[tuple[str, ...], object]]:
    """Return the values at a target, each under the steps it came from."""
    tree = row.profile if target[0] == "profile" else row.demand
    if len(target) == 2:
        return [(steps, tree[target[1]])] if target[1] in tree else []
    group = tree.get(target[1].removesuffix("[]"))
    if isinstance(group, dict):
        return [(steps, group[target[2]])] if target[2] in group else []
    found: list[tuple[tuple[str, ...], object]] = []
    assert group is None or isinstance(group, list)
    for number, item in enumerate(group or []):
        numbered = tuple(step.replace("[]", f"[{number}]") for step in steps)
        if target[2] in item:
            found.append((numbered, item[target[2]]))
    return found


def back(value: object, kind: str, factor: Fraction) -> object:
    """Return a leaf's value as the file wrote it."""
    if kind == "month":
        assert isinstance(value, int)
        return f"{value // 12:04d}-{value % 12 + 1:02d}"
    return Fraction(value) / factor if isinstance(value, int) else value


def plain(value: object) -> object:
    return Fraction(value) if isinstance(value, bool | int | Decimal) else value


def flatten(value: object, steps: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    """Return every stated leaf of a document; lists of rows by number, nulls left out."""
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in flatten(inner, (*steps, key))]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [
            leaf
            for number, inner in enumerate(value)
            for leaf in flatten(inner, (*steps[:-1], f"{steps[-1]}[{number}]"))
        ]
    if value is None or (value == [] and steps[-1] in ("crops", "livestock", "debts")):
        return []
    if value == [] and steps[-1] == "applied_elsewhere":
        return []
    return [(steps, value)]


def test_empty_lists_of_the_county_cases_stay_known_to_be_empty(
    dataset: Find, example: Find
) -> None:
    path = dataset("county_cases/cases.jsonl")
    mapping = load_mapping(example("county_cases"))
    lists = {
        (entry.place.branch, entry.place.group)
        for entry in mapping.fields
        if entry.place.index == EACH
    }
    assert len(lists) == 4
    lines = path.read_text(encoding="utf-8").splitlines()
    for row, line in zip(accepted(read_applications(path, mapping)), lines, strict=True):
        case = json.loads(line)
        tree = {"profile": row.profile, "demand": row.demand}
        for branch, group in lists:
            rows = tree[branch][group]
            assert isinstance(rows, list)
            assert len(rows) == len(case[branch][group])


POLISH = """
[[features]]
name = "profit_ppm"
column = "Attr1"
scale = 1000000
round = "nearest"
[[features]]
name = "quick_ppm"
column = "Attr37"
scale = 1000000
round = "nearest"
[target]
column = "class"
good = [0]
bad = [1]
"""


def test_arff_inside_gzip_is_read(dataset: Find) -> None:
    path = dataset("polish_bankruptcy/1year.arff.gz")
    reading = read_applications(path, parse_mapping(POLISH.encode()))
    rows = accepted(reading)
    assert reading.format == "arff"
    assert rows[0].features["profit_ppm"] == 200_550
    assert Counter(row.target for row in rows) == {0: len(rows) - 271, 1: 271}
    assert 0 < sum("quick_ppm" not in row.features for row in rows) < len(rows)


BANK = """
[file]
member = "bank-additional/bank-additional-full.csv"
[fields]
"profile.age_years" = "age"
[[features]]
name = "euribor_ppm"
column = "euribor3m"
scale = 10000
[target]
column = "y"
good = ["yes"]
bad = ["no"]
"""


def test_semicolons_inside_a_zip_are_read(dataset: Find) -> None:
    path = dataset("bank_marketing/bank-additional.zip")
    rows = accepted(read_applications(path, parse_mapping(BANK.encode())))
    assert len(rows) == 41_188
    assert rows[0].profile["age_years"] == 56
    assert rows[0].features["euribor_ppm"] == 48_570
    assert sum(row.target == 0 for row in rows) == 4_640


TAIWAN = """
[case]
id = "ID"
kind = "borrow"
as_of = "2027-01"
[fields]
"profile.age_years" = "AGE"
"profile.sex" = { column = "SEX", values = { 1 = "m", 2 = "f" } }
"demand.amount_minor" = { column = "LIMIT_BAL", unit = "yuan", scale = "1/5" }
[[features]]
name = "used_ppm"
ratio = ["BILL_AMT1", "LIMIT_BAL"]
[target]
column = "class"
good = [0]
bad = [1]
"""


def test_csv_inside_gzip_is_read(dataset: Find) -> None:
    path = dataset("taiwan_default/UCI_Credit_Card.csv.gz")
    rows = accepted(read_applications(path, parse_mapping(TAIWAN.encode())))
    assert len(rows) == 30_000
    assert rows[0].key == "1"
    assert rows[0].demand["amount_minor"] == 400_000
    assert rows[0].features == {"used_ppm": 195_650}
    assert sum(row.target == 1 for row in rows) == 6_636


SBA = """
[case]
id = "LoanNr_ChkDgt"
kind = "borrow"
[currencies]
dollar = 700
[fields]
"demand.as_of_month" = { column = "ApprovalDate", date = "sas_days" }
"demand.amount_minor" = { column = "GrAppv", unit = "dollar" }
"demand.terms_asked.term_months" = "Term"
[target]
column = "Default"
good = [0]
bad = [1]
"""


def test_a_byte_order_mark_and_sas_dates_are_read(dataset: Find) -> None:
    path = dataset("sba_case/SBAcase.11.13.17.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        source = list(csv.DictReader(stream))
    rows = accepted(read_applications(path, parse_mapping(SBA.encode())))
    assert len(rows) == len(source)
    for row, cells in zip(rows, source, strict=True):
        assert row.demand["amount_minor"] == int(cells["GrAppv"]) * 700
        month = row.demand["as_of_month"]
        assert isinstance(month, int)
        # The fiscal year begins in October.
        assert abs(month // 12 - int(cells["ApprovalFY"])) <= 1
