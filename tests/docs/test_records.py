"""The pages on records say what the charter does; write them anew with the line that fails."""

from __future__ import annotations

import csv
from pathlib import Path

from tallystick.chain.record import Code
from tallystick.charter import CHARTER, describe_records, describe_types
from tallystick.records.refusal import Refusal
from tallystick.records.table import COLUMNS
from tallystick.text.refusal import REFUSALS, explain_refusal, name_refusal

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_table_of_fields_is_what_the_charter_says() -> None:
    assert (DOCS / "spec" / "records.csv").read_text(encoding="utf-8") == describe_records()


def test_the_table_names_every_field_of_every_type_in_order() -> None:
    lines = describe_records().splitlines()
    rows = list(csv.DictReader(lines))
    assert tuple(lines[0].split(",")) == COLUMNS
    assert {(row["type"], int(row["version"])) for row in rows} == set(CHARTER)
    for (t, version), kind in CHARTER.items():
        for sealed, fields in (("case", kind.case), ("party", kind.party)):
            named = [
                row["field"]
                for row in rows
                if (row["type"], row["version"], row["class"]) == (t, str(version), sealed)
            ]
            assert named == list(fields)


def test_the_page_of_records_ends_with_what_the_charter_says() -> None:
    page = (DOCS / "records.md").read_text(encoding="utf-8")
    assert page.endswith("\n" + describe_types())


def test_every_code_has_a_number_a_name_and_words_in_both_languages() -> None:
    assert set(REFUSALS) == set(Refusal)
    assert {code.name: int(code) for code in Code if code} == {
        code.name: int(code) for code in Refusal if code < 100
    }
    for language in ("zh", "en"):
        names = [name_refusal(code, language) for code in Refusal]
        assert len(set(names)) == len(names)
    for code in Refusal:
        assert explain_refusal(code, "en").isascii()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in explain_refusal(code, "zh"))


def test_a_code_of_a_later_program_reads_as_a_broken_rule() -> None:
    assert name_refusal(65_535, "en") == "Rule"
