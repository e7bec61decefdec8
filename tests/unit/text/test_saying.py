"""Phrases are whole in both languages, and every code the product emits has one."""

from __future__ import annotations

import re

import pytest

from tallystick.base.errors import Invalid, NotFound
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row
from tallystick.text import PHRASES, say
from tallystick.text.phrase import BLANK, NUMBER_FORMS, phrase_table

HAN = "[\u3400-\u9fff]"


def test_a_reason_is_said_in_both_languages() -> None:
    values = {"month": 24_331, "x": 320_000}
    assert say("bad_year_short", values, "zh") == "差年景到2027年8月缺 3,200 元"
    assert say("bad_year_short", values, "en") == "Bad year: short ¥3,200 by Aug 2027"


def test_a_word_of_another_table_is_put_into_the_sentence() -> None:
    assert say("other_scheme", {"scheme": "village_line"}, "zh") == "整村授信更适合您"
    values = {"scheme": "village_line"}
    assert say("other_scheme", values, "en") == "The village-graded line suits you better"


def test_a_word_that_is_not_known_stands_as_it_is() -> None:
    assert say("model_weighs", {"field": "seniority_years"}, "en").endswith("seniority_years")


def test_a_code_without_text_is_refused() -> None:
    with pytest.raises(NotFound, match=r"text\.code"):
        say("nothing_of_ours")


def test_a_third_language_is_refused() -> None:
    with pytest.raises(Invalid, match=r"text\.language"):
        say("no_record", {}, "ii")


@pytest.mark.parametrize("values", [{}, {"x": "much"}])
def test_a_blank_without_its_value_is_refused(values: dict[str, int | str]) -> None:
    with pytest.raises(Invalid, match=r"text\.value"):
        say("less_would_pass", values)


@pytest.mark.parametrize(
    ("zh", "en"),
    [("", "Half"), ("一半", " "), ("少 {x:money}", "Less"), ("甲", "甲"), ("{n}", "{n:months}")],
)
def test_a_phrase_with_a_missing_or_unequal_half_fails(zh: str, en: str) -> None:
    with pytest.raises(ValueError, match=r"half|blanks"):
        phrase_table("test", {"half": (zh, en)})


@pytest.mark.parametrize("code", sorted(PHRASES))
def test_every_phrase_is_said_in_both_languages(code: str) -> None:
    phrase = PHRASES[code]
    values: dict[str, int | str] = {
        name: 3 if form in NUMBER_FORMS else "student" for name, form in BLANK.findall(phrase.zh)
    }
    for language in ("zh", "en"):
        said = say(code, values, language)
        assert said
        assert "{" not in said


@pytest.mark.parametrize("code", sorted(PHRASES))
def test_a_space_stands_between_chinese_and_digits(code: str) -> None:
    assert not re.search(rf"{HAN}[0-9]|[0-9]{HAN}", PHRASES[code].zh)


@pytest.mark.parametrize("code", sorted(PHRASES))
def test_chinese_halves_use_chinese_punctuation(code: str) -> None:
    bare = BLANK.sub("甲", PHRASES[code].zh)
    assert not re.search(rf"{HAN} ?[,;:?!]", bare)


@pytest.mark.parametrize("code", sorted(PHRASES))
def test_no_half_speaks_of_chains_or_begs(code: str) -> None:
    assert "区块链" not in PHRASES[code].zh
    assert "please" not in PHRASES[code].en.lower()


def leaves(table: dict[str, Field | Row]) -> set[str]:
    inner = [set(row.fields) for row in table.values() if isinstance(row, Row)]
    return set(table).union(*inner)


@pytest.mark.parametrize("name", sorted(leaves(PROFILE) | leaves(DEMAND)))
def test_every_field_of_an_application_has_a_name(name: str) -> None:
    assert f"field.{name}" in PHRASES
