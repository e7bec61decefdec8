"""Mappings: misspelt keys, leaks and misfits are refused before a row is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.base.errors import Invalid, NotFound
from tallystick.sources import load_mapping, loading, parse_mapping

FIELD = '[fields]\n"profile.age_years" = "age"\n'
FEATURE = '[[features]]\nname = "x"\ncolumn = "x"\n'


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("[flie]\n" + FIELD, "flie", "file"),
        ('[file]\ndelimeter = ","\n' + FIELD, "delimeter", "delimiter"),
        ('[fields]\n"profile.age_years" = { colum = "a" }', "colum", "column"),
        (
            '[fields]\n"profile.age_years" = { column = "a", rounding = "floor" }',
            "rounding",
            "round",
        ),
        (FIELD + '[target]\ncolumn = "t"\ngood = [1]\nbda = [0]', "bda", "bad"),
        (FIELD + FEATURE + 'monoton = "up"', "monoton", "monotone"),
        (FIELD + '[defaults]\n"profile.persons" = { vale = 3 }', "vale", "value"),
    ],
)
def test_an_unknown_key_is_refused_by_name_with_the_nearest(text: str, key: str, near: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping(text.encode())
    assert caught.value.code == "mapping.unknown_key"
    assert key in caught.value.message
    assert near in caught.value.cure


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "mapping.empty"),
        ("[fields", "mapping.unreadable"),
        ("\udcff", "mapping.unreadable"),
        ("a = " + "[" * 5000, "mapping.unreadable"),
        ('[fields]\nprofile.age_years = "a"', "mapping.value"),
        ('[fields]\n"profile.age_years" = 3', "mapping.value"),
        ('[fields]\n"profile.age_years" = {}', "mapping.value"),
        ('[fields]\n"profile.age_years" = { column = "" }', "mapping.value"),
        ('[fields]\n"profile.age_years" = { column = "a", path = "b" }', "mapping.value"),
        ('[fields]\n"profile.age_years" = { path = "a[].b" }', "mapping.value"),
        ('[fields]\n"profile.agee" = "a"', "mapping.unknown_target"),
        ('[fields]\n"profile.age_years" = { column = "a", unit = "yuan" }', "mapping.unit"),
        ('[fields]\n"demand.cost_minor" = { column = "a", unit = "peseta" }', "mapping.unit"),
        ('[fields]\n"profile.village" = { column = "a", unit = "yuan" }', "mapping.unit"),
        ('[fields]\n"profile.village" = { column = "a", scale = 2 }', "mapping.value"),
        ('[fields]\n"profile.village" = { column = "a", split = ";" }', "mapping.value"),
        ('[fields]\n"profile.village" = { column = "a", none = ["0"] }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", date = "YYYY-MM" }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", elapsed = true }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", scale = 0.5 }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", clamp = [3, 1] }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", clamp = [0, 1.5] }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", round = "up" }', "mapping.value"),
        ('[fields]\n"profile.persons" = { column = "a", required = 1 }', "mapping.value"),
        ('[fields]\n"profile.persons" = { ratio = ["a"] }', "mapping.value"),
        ('[fields]\n"demand.needed_by_month" = { column = "a", date = "MM" }', "mapping.date"),
        ('[fields]\n"profile.crops[].crop" = "crop"', "mapping.value"),
        (
            """[fields]
            "profile.crops[].crop" = { path = "a[].crop" }
            "profile.crops[].area_centimu" = { path = "b[].area" }""",
            "mapping.value",
        ),
        (FIELD + '[defaults]\n"profile.persons" = 0', "mapping.value"),
        (FIELD + '[defaults]\n"profile.persons" = true', "mapping.value"),
        (FIELD + '[defaults]\n"profile.persons" = "two"', "mapping.value"),
        (FIELD + '[defaults]\n"profile.age_years" = []', "mapping.value"),
        (FIELD + '[defaults]\n"demand.payable_months" = [13]', "mapping.value"),
        (FIELD + '[case]\nkind = "gift"', "mapping.value"),
        (FIELD + '[case]\nas_of = "2027-13"', "source.date"),
        (FIELD + "[currencies]\npeseta = 0", "mapping.value"),
        (FIELD + '[target]\ncolumn = "t"\ngood = [1]\nbad = [1]', "mapping.value"),
        (FIELD + '[target]\ncolumn = "t"\ngood = [1]', "mapping.value"),
        (FIELD + FEATURE + FEATURE, "mapping.value"),
        (FIELD + FEATURE + 'kind = "level"', "mapping.value"),
        (FIELD + FEATURE + 'kind = "level"\nlevels = ["a"]\nscale = 2', "mapping.value"),
        (
            '[[features]]\nname = "x"\nsum = ["a", "b"]\nkind = "level"\nlevels = ["a"]',
            "mapping.value",
        ),
        (
            '[fields]\n"profile.age_years" = { column = "a", divide_by = "profile.persons" }',
            "mapping.value",
        ),
        (FIELD + FEATURE + 'kind = "level"\nlevels = ["a", "a"]', "mapping.value"),
        (FIELD + FEATURE + 'known_at = "later"', "mapping.value"),
        ('[file]\nthousands = "."\n' + FIELD, "mapping.value"),
        ("[file]\nheader = false\n" + FIELD, "mapping.value"),
        ('[file]\ndelimiter = ",,"\n' + FIELD, "mapping.value"),
        ('[file]\nencoding = "latin1"\n' + FIELD, "mapping.value"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_cure(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping(text.encode("utf-8", "surrogateescape"))
    assert caught.value.code == code
    assert caught.value.cure


AFTER = '[[features]]\nname = "x"\ncolumn = "loss"\nknown_at = "after"\n'
TARGET = '[target]\ncolumn = "status"\ngood = ["1"]\nbad = ["2"]\n'


@pytest.mark.parametrize(
    "text",
    [
        TARGET + '[[features]]\nname = "x"\ncolumn = "status"\n',
        TARGET + '[[features]]\nname = "x"\nratio = ["a", { sum = ["b", "status"] }]\n',
        TARGET + '[fields]\n"profile.credit_record" = "status"\n',
        TARGET + '[[features]]\nname = "x"\ncolumn = "status"\nprotected = true\n',
        AFTER + '[[features]]\nname = "y"\ndifference = ["asked", "loss"]\n',
        AFTER + '[fields]\n"profile.persons" = "loss"\n',
        '[expected]\nkeep = ["judged"]\n[fields]\n"profile.village" = { path = "judged.v" }\n',
        '[expected]\nkeep = ["a.judged"]\n[fields]\n"profile.village" = { path = "a" }\n',
        """[[features]]
        name = "s"
        column = "sex"
        protected = true
        [[features]]
        name = "d"
        difference = ["age", "sex"]""",
    ],
)
def test_what_tells_the_end_or_is_protected_feeds_no_feature(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_mapping(text.encode())
    assert caught.value.code == "mapping.leak"


def test_a_feature_set_at_the_decision_is_told() -> None:
    mapping = parse_mapping((FEATURE + 'known_at = "decision"').encode())
    assert len(mapping.notes) == 1
    assert "Feature x" in mapping.notes[0]


def test_a_mapping_names_its_own_bytes(tmp_path: Path) -> None:
    (tmp_path / "bank.toml").write_bytes(b"\xef\xbb\xbf" + FIELD.encode())
    loaded = load_mapping(tmp_path / "bank.toml")
    assert loaded.name == "bank"
    assert len(loaded.digest) == 64
    assert loaded.digest != parse_mapping(FIELD.encode()).digest


def test_an_absent_or_endless_mapping_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NotFound):
        load_mapping(tmp_path / "none.toml")
    (tmp_path / "long.toml").write_text(FIELD + "#" * 100)
    monkeypatch.setattr(loading, "MAPPING_BYTES_MAX", 100)
    with pytest.raises(Invalid, match="exceeds"):
        load_mapping(tmp_path / "long.toml")


def test_an_integer_key_of_values_reads_like_the_text_of_the_file() -> None:
    mapping = parse_mapping(
        b'[fields]\n"profile.sex" = { column = "s", values = { 1 = "m", 2 = "f" } }'
    )
    assert mapping.fields[0].recipe.values == {"1": "m", "2": "f"}
