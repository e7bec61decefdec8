"""Dates of data: which datum carries which month, and which carries none."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tallystick.base.errors import Invalid
from tallystick.sources import Application, Reading, Rejected, parse_mapping
from tallystick.sources.dates import month_index

Open = Callable[..., Reading]
FIELDS = """
[case]
as_of = "2027-01"
[fields]
"profile.persons" = "人口"
"profile.workers" = "劳力"
"profile.crops[0].crop" = { column = "作物", none = ["无"] }
"profile.crops[0].area_centimu" = { column = "面积", unit = "mu" }
"profile.returnee" = { column = "人口", assumed = true, values = {}, others = "missing" }
"demand.terms_asked.term_months" = "期限"
[defaults]
"profile.students" = 1
"profile.crops[0].in_project" = 0
"""
HEAD = "人口,劳力,作物,面积,期限,更新,核查\n"


def dates(reading: Reading) -> dict[str, int]:
    (row,) = reading
    assert isinstance(row, Application), row
    return row.dates


def test_all_dates_what_the_file_gave_and_no_default(reading: Open) -> None:
    found = dates(reading(FIELDS + '[dates]\nall = "更新"\n', HEAD + "4,,玉米,2,12,2026-03,\n"))
    assert found == dict.fromkeys(
        ("demand.terms_asked.term_months", "profile.crops", "profile.persons"),
        month_index(2026, 3),
    )


def test_the_longest_path_decides(reading: Open) -> None:
    text = FIELDS + (
        '[dates]\nall = "更新"\n"profile.crops" = { column = "核查", date = "YYYY年M月" }\n'
        '"demand.terms_asked" = { column = "核查", date = "YYYY年M月" }\n'
    )
    assert dates(reading(text, HEAD + "4,2,玉米,2,12,2026-03,2025年11月\n")) == {
        "demand.terms_asked.term_months": month_index(2025, 11),
        "profile.crops": month_index(2025, 11),
        "profile.persons": month_index(2026, 3),
        "profile.workers": month_index(2026, 3),
    }


def test_a_branch_may_have_a_date_alone(reading: Open) -> None:
    text = FIELDS + '[dates]\n"demand" = "更新"\n'
    found = dates(reading(text, HEAD + "4,2,玉米,2,12,2026-03,\n"))
    assert found == {"demand.terms_asked.term_months": month_index(2026, 3)}


def test_a_path_is_not_covered_by_the_beginning_of_its_name(reading: Open) -> None:
    text = FIELDS + '[dates]\n"profile.workers" = "更新"\n'
    text = text.replace('"profile.persons" = "人口"', '"profile.workers_away" = "人口"')
    found = dates(reading(text, HEAD + "1,2,玉米,2,12,2026-03,\n"))
    assert found == {"profile.workers": month_index(2026, 3)}


def test_a_missing_date_stays_unknown_and_no_other_takes_its_place(reading: Open) -> None:
    text = FIELDS + '[dates]\nall = "更新"\n"profile.crops" = "核查"\n'
    found = dates(reading(text, HEAD + "4,2,玉米,2,12,2026-03,\n"))
    assert "profile.crops" not in found
    assert found["profile.persons"] == month_index(2026, 3)
    assert dates(reading(text, HEAD + "4,2,玉米,2,12,,\n")) == {}


def test_a_list_told_empty_is_dated_and_an_unknown_one_is_not(reading: Open) -> None:
    text = FIELDS + '[dates]\nall = "更新"\n'
    assert "profile.crops" in dates(reading(text, HEAD + "4,2,无,,12,2026-03,\n"))
    assert "profile.crops" not in dates(reading(text, HEAD + "4,2,,,12,2026-03,\n"))


def test_what_is_assumed_or_rests_on_a_default_has_no_date(reading: Open) -> None:
    text = """
[fields]
"profile.able_to_work" = { column = "力", assumed = true }
"profile.living_minor_person_year" = { column = "支出", divide_by = "profile.persons" }
"profile.age_years" = { column = "生", date = "YYYY-MM", elapsed = true }
[defaults]
"profile.persons" = 3
[dates]
all = "更新"
"""
    # Without the month of the case there is no age, and so nothing to date.
    assert dates(reading(text, "力,支出,生,更新\n1,900,1980-01,2026-03\n")) == {}
    dated = text + '"profile.age_years" = "更新"\n[case]\nas_of = "2027-01"\n'
    assert dates(reading(dated, "力,支出,生,更新\n1,900,1980-01,2026-03\n")) == {
        "profile.age_years": month_index(2026, 3)
    }


def test_rows_of_a_document_are_dated_as_their_list(reading: Open) -> None:
    text = """
[file]
format = "jsonl"
[fields]
"profile.crops[].crop" = { path = "crops[].crop" }
"profile.crops[].in_project" = { path = "crops[].in_project" }
[dates]
all = { path = "meta.updated", date = "YYYY-MM-DD" }
"""
    for crops in ([{"crop": "maize"}, {"crop": "wheat"}], []):
        line = json.dumps({"crops": crops, "meta": {"updated": "2026-03-15"}})
        assert dates(reading(text, line)) == {"profile.crops": month_index(2026, 3)}
    assert dates(reading(text, '{"meta": {"updated": "2026-03-15"}}')) == {}


def test_a_date_that_is_none_rejects_its_row_by_its_column(reading: Open) -> None:
    (row,) = reading(FIELDS + '[dates]\nall = "更新"\n', HEAD + "4,2,玉米,2,12,2026-13,\n")
    assert isinstance(row, Rejected)
    assert (row.column, row.code) == ("更新", "source.date")


def test_a_column_of_dates_that_no_row_fills_is_unseen_and_one_that_lacks_is_refused(
    reading: Open,
) -> None:
    text = FIELDS + '[dates]\nall = "更新"\n"profile.crops" = "核查"\n'
    opened = reading(text, HEAD + "4,2,玉米,2,12,2026-03,\n")
    list(opened)
    assert "核查" in opened.unseen
    assert "更新" not in opened.unseen
    with pytest.raises(Invalid) as caught:
        reading(text, "人口,劳力,作物,面积,期限,更新\n")
    assert caught.value.values["columns"] == ("核查",)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('"profile.crop" = "更新"', "mapping.unknown_target"),
        ('"profile.crops[].crop" = "更新"', "mapping.unknown_target"),
        ('"profile.crops[0]" = "更新"', "mapping.unknown_target"),
        ('all = { column = "更新", unit = "yuan" }', "mapping.unknown_key"),
        ('all = { column = "更新", scale = 2 }', "mapping.unknown_key"),
        ('all = { sum = ["更新", "核查"] }', "mapping.unknown_key"),
        ('all = { path = "crops[].checked" }', "mapping.value"),
        ('all = { column = "更新", date = "DD" }', "mapping.date"),
        ("all = 3", "mapping.value"),
        ("profile.crops = { column = '更新' }", "mapping.value"),
    ],
)
def test_a_date_that_a_mapping_cannot_mean_is_refused(line: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping((FIELDS + "[dates]\n" + line).encode())
    assert caught.value.code == code


def test_the_nearest_path_is_told() -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping((FIELDS + '[dates]\n"profile.crops[].crop" = "更新"\n').encode())
    assert "profile.crops?" in caught.value.cure


def test_the_outcome_dates_nothing() -> None:
    text = FIELDS + '[dates]\nall = "更新"\n[target]\ncolumn = "更新"\ngood = ["a"]\nbad = ["b"]\n'
    with pytest.raises(Invalid) as caught:
        parse_mapping(text.encode())
    assert caught.value.code == "mapping.leak"
