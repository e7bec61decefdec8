"""Phrases are whole in both languages, and every code the product emits has one."""

from __future__ import annotations

import re

import pytest

from tallystick.base.errors import Invalid, NotFound
from tallystick.records.applicant import DEMAND, PROFILE, Field, Row
from tallystick.text import PHRASES, say
from tallystick.text.phrase import BLANK, NUMBER_FORMS, phrase_table
from tallystick.text.wording import Language

HAN = "[\u3400-\u9fff]"
LANGUAGES: tuple[Language, ...] = ("zh", "en")


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


def test_every_phrase_is_said_in_both_languages() -> None:
    said = {}
    for code, phrase in PHRASES.items():
        values: dict[str, int | str] = {
            name: 3 if form in NUMBER_FORMS else "student"
            for name, form in BLANK.findall(phrase.zh)
        }
        for language in LANGUAGES:
            said[code, language] = say(code, values, language)
    assert {each: words for each, words in said.items() if not words or "{" in words} == {}
    assert len(said) == 2 * len(PHRASES) > 800


def test_a_space_stands_between_chinese_and_digits() -> None:
    tight = re.compile(rf"{HAN}[0-9]|[0-9]{HAN}")
    assert [code for code, phrase in PHRASES.items() if tight.search(phrase.zh)] == []


def test_chinese_halves_use_chinese_punctuation() -> None:
    foreign = re.compile(rf"{HAN} ?[,;:?!]")
    bare = {code: BLANK.sub("甲", phrase.zh) for code, phrase in PHRASES.items()}
    assert [code for code, zh in bare.items() if foreign.search(zh)] == []


def test_no_half_speaks_of_chains_or_begs() -> None:
    assert [code for code, phrase in PHRASES.items() if "区块链" in phrase.zh] == []
    assert [code for code, phrase in PHRASES.items() if "please" in phrase.en.lower()] == []


def leaves(table: dict[str, Field | Row]) -> set[str]:
    inner = [set(row.fields) for row in table.values() if isinstance(row, Row)]
    return set(table).union(*inner)


def test_every_field_of_an_application_has_a_name() -> None:
    names = leaves(PROFILE) | leaves(DEMAND)
    assert len(names) > 100
    assert sorted(name for name in names if f"field.{name}" not in PHRASES) == []
