"""The mappings that are shipped for training, over their real files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tallystick.base.errors import Invalid
from tallystick.sources import Application, Mapping, load_mapping, parse_mapping, read_applications

Find = Callable[[str], Path]
FILES = {
    "bank_marketing": ("bank_marketing/bank-additional.zip", {0: 4_640, 1: 36_548}),
    "polish": ("polish_bankruptcy/1year.arff.gz", {0: 6_756, 1: 271}),
    "sba_case": ("sba_case/SBAcase.11.13.17.csv", {0: 1_415, 1: 686}),
    "taiwan": ("taiwan_default/UCI_Credit_Card.csv.gz", {0: 23_364, 1: 6_636}),
}
LARGE = {"polish", "taiwan"}
LATE = {
    "bank_marketing": {"duration"},
    "polish": set[str](),
    "sba_case": {
        *("Term", "daysterm", "xx", "RealEstate", "Recession", "DisbursementDate"),
        *("DisbursementGross", "ChgOffDate", "ChgOffPrinGr", "BalanceGross", "MIS_Status"),
    },
    "taiwan": set[str](),
}
PROTECTED = {
    "bank_marketing": {"age_years", "marital"},
    "polish": set[str](),
    "sba_case": set[str](),
    "taiwan": {"sex", "marriage", "age_years"},
}


def titles(mapping: Mapping, known_at: str) -> set[str]:
    return {
        getattr(feature.recipe.origin, "name", feature.name)
        for feature in mapping.features
        if feature.known_at == known_at
    }


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name in LARGE else []) for name in FILES],
)
def test_every_row_of_the_file_is_read_into_its_parts(
    name: str, dataset: Find, example: Find
) -> None:
    file, outcomes = FILES[name]
    mapping = load_mapping(example(name))
    reading = read_applications(dataset(file), mapping)
    late = {feature.name for feature in mapping.features if feature.known_at == "after"}
    found: Counter[int | None] = Counter()
    seen: set[str] = set()
    unknown = 0
    for row in reading:
        assert isinstance(row, Application)
        found[row.target] += 1
        seen |= row.features.keys() | row.later.keys() | row.protected.keys()
        assert row.later.keys() <= late
        assert not row.features.keys() & late
        assert not row.features.keys() & PROTECTED[name]
        # Of the bankrupt firms' file the question mark is unknown, and no text.
        unknown += name == "polish" and "attr37" not in row.features
    assert unknown == (2_740 if name == "polish" else 0)
    assert found == outcomes
    assert seen == {feature.name for feature in mapping.features}


@pytest.mark.parametrize("name", FILES)
def test_of_every_column_it_is_declared_when_it_is_known(name: str, example: Find) -> None:
    mapping = load_mapping(example(name))
    assert all(feature.declared for feature in mapping.features)
    assert titles(mapping, "after") == LATE[name]
    assert {feature.name for feature in mapping.features if feature.protected} == PROTECTED[name]


def test_arrears_and_shares_of_the_taiwanese_cards_are_those_of_the_file(
    dataset: Find, example: Find
) -> None:
    reading = read_applications(dataset(FILES["taiwan"][0]), load_mapping(example("taiwan")))
    row = next(reading)
    reading.close()
    assert isinstance(row, Application)
    # ID 1: limit 20000, PAY_0 2, BILL_AMT1 3913, PAY_AMT1 0 of BILL_AMT2 3102, woman, 24 years.
    assert row.features["behind_september"] == 2
    assert row.features["used_ppm"] == 195_650
    assert row.features["paid_ppm"] == 0
    assert row.protected == {"sex": 1, "marriage": 0, "age_years": 24}


def test_a_live_case_needs_no_column_that_comes_later() -> None:
    mapping = parse_mapping(
        b'[[features]]\nname = "x"\ncolumn = "asked"\n'
        b'[[features]]\nname = "y"\ncolumn = "loss"\nknown_at = "after"\n'
        b'[target]\ncolumn = "end"\ngood = ["g"]\nbad = ["b"]\n'
    )
    assert [feature.declared for feature in mapping.features] == [False, True]
    import io

    (live,) = read_applications(io.BytesIO(b"asked\n5\n"), mapping, training=False)
    assert isinstance(live, Application)
    assert (live.features, live.later) == ({"x": 5}, {})
    (past,) = read_applications(io.BytesIO(b"asked,loss,end\n5,9,b\n"), mapping)
    assert isinstance(past, Application)
    assert (past.features, past.later, past.target) == ({"x": 5}, {"y": 9}, 1)
    with pytest.raises(Invalid) as caught:
        read_applications(io.BytesIO(b"asked,end\n5,b\n"), mapping)
    assert caught.value.code == "source.columns_missing"


def test_a_later_column_may_be_worked_out_of_later_columns() -> None:
    mapping = parse_mapping(
        b'[[features]]\nname = "x"\ncolumn = "loss"\nknown_at = "after"\n'
        b'[[features]]\nname = "y"\nratio = ["loss", "asked"]\nknown_at = "after"\n'
    )
    assert titles(mapping, "after") == {"loss", "y"}
