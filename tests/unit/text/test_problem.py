"""Every error in a person's words: whole, short, and without anything of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from docs.codes import read_codes
from tallystick.base.errors import (
    Conflict,
    Corrupt,
    Denied,
    Error,
    Invalid,
    NotFound,
    Unavailable,
)
from tallystick.cli.main import run, tally
from tallystick.records.refusal import Refusal
from tallystick.text import problem
from tallystick.text.phrase import BLANK, Phrase
from tallystick.text.problem import FAMILY_PROBLEMS, PROBLEMS, say_problem
from tallystick.text.problem_row import (
    LOOK_UP,
    TITLE_EN_MAX,
    TITLE_ZH_MAX,
    ProblemRow,
    problem_table,
)
from tallystick.text.problems_ledger import LEDGER_PLACED
from tallystick.text.problems_refusal import REFUSAL_CURES
from tallystick.text.wording import Language

HOME = Path(__file__).resolve().parents[3] / "src" / "tallystick"
REFUSED = {
    f"record.refused {rule.name}": ProblemRow(PROBLEMS["record.refused"].title, LOOK_UP, cure)
    for rule, cure in REFUSAL_CURES.items()
}
ROWS = {**PROBLEMS, **REFUSED, **{family.__name__: row for family, row in FAMILY_PROBLEMS.items()}}
LANGUAGES: tuple[Language, ...] = ("zh", "en")
JARGON = ("区块", "哈希", "共识", "节点", "上链", "链上", "字节")
UNKIND = ("please", "sorry", "oops", "invalid", "illegal", "you must")


def has_han(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


# ---- the table is whole


@pytest.fixture(scope="module")
def raised() -> set[str]:
    """The code of every error that the source raises."""
    codes, _ = read_codes(HOME)
    # The reason of a verdict on an evidence file is told within the verdict, not as an error.
    return {name for name, code in codes.items() if not code.is_verdict}


def test_every_error_that_the_source_raises_has_words_of_its_own(raised: set[str]) -> None:
    assert len(raised) > 200
    missing = sorted(raised - PROBLEMS.keys())
    assert missing == [], "add a row to the table of their room, text/problems_*.py"


def test_no_words_stand_for_an_error_that_nothing_raises(raised: set[str]) -> None:
    assert sorted(PROBLEMS.keys() - raised) == []


def test_every_family_has_words() -> None:
    assert set(FAMILY_PROBLEMS) == {Error, *Error.__subclasses__()}


def faults_of(row: ProblemRow) -> Iterator[str]:
    """Tell what of a row are not the words of a person."""
    for part in (row.title, row.safe, row.cure):
        if not has_han(part.zh):
            yield f"no Chinese: {part.zh}"
        yield from (f"{each}: {part.zh}" for each in JARGON if each in part.zh)
        yield from (f"{each}: {part.en}" for each in UNKIND if each in part.en.lower())
        if not (part.en[0].isupper() or part.en.startswith(("county.json", "--"))):
            yield f"begins small: {part.en}"
        if "`" in part.en + part.zh:
            yield f"marked as code: {part.en} {part.zh}"
    if row.title.zh[-1] in "。！？" or row.title.en[-1] in ".!?":
        yield f"a title that ends as a sentence: {row.title}"
    for part in (row.safe, row.cure):
        if not (part.zh.endswith(("。", "？")) and part.en.endswith((".", "?"))):
            yield f"no sentence: {part}"


def test_words_are_those_of_a_person() -> None:
    found = {name: list(faults_of(row)) for name, row in ROWS.items()}
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("title", "cure"),
    [
        (("Wrong", "Wrong"), ("等。", "Wait.")),
        (("区块错", "Wrong"), ("等。", "Wait.")),
        (("错", "Invalid"), ("等。", "Wait.")),
        (("错", "wrong"), ("等。", "Wait.")),
        (("错", "`Wrong`"), ("等。", "Wait.")),
        (("错。", "Wrong"), ("等。", "Wait.")),
        (("错", "Wrong."), ("等。", "Wait.")),
        (("错", "Wrong"), ("等", "Wait.")),
        (("错", "Wrong"), ("等。", "Wait")),
    ],
)
def test_words_of_nobody_are_seen(title: tuple[str, str], cure: tuple[str, str]) -> None:
    assert list(faults_of(ProblemRow(Phrase(*title), LOOK_UP, Phrase(*cure))))
    assert not list(faults_of(ProblemRow(Phrase("错", "Wrong"), LOOK_UP, Phrase("等。", "Wait."))))


def test_two_codes_of_one_part_do_not_share_a_title() -> None:
    for half in ("zh", "en"):
        seen: dict[tuple[str, str], str] = {}
        for code, row in PROBLEMS.items():
            key = code.partition(".")[0], getattr(row.title, half)
            assert key not in seen, f"{code} and {seen[key]}"
            seen[key] = code


@pytest.mark.parametrize("half", LANGUAGES)
def test_every_verb_that_a_cure_names_exists(half: Language) -> None:
    seen = 0
    for name, row in ROWS.items():
        for found in re.findall(r"tally( [a-z]+)( [a-z]+)?", getattr(row.cure, half)):
            noun, verb = (each.strip() for each in found)
            command = tally.get_command(click.Context(tally), noun)
            assert command is not None, f"{name}: tally {noun}"
            if isinstance(command, click.Group):
                below = click.Context(command)
                assert command.get_command(below, verb) is not None, f"{name}: tally {noun} {verb}"
            seen += 1
    assert seen > 10


# ---- a row that is not whole fails at import


def test_a_title_that_is_too_long_is_refused_with_its_code() -> None:
    for title in (("长" * (TITLE_ZH_MAX + 1), "Long"), ("长", "L" * (TITLE_EN_MAX + 1))):
        with pytest.raises(ValueError, match=r"^a\.b: the title is too long"):
            problem_table("a", {"b": (*title, LOOK_UP, "等。", "Wait.")})


def test_a_row_without_a_half_is_refused_with_its_code() -> None:
    for row in (("", "A", LOOK_UP, "等。", "Wait."), ("错", "A", LOOK_UP, "等。", " ")):
        with pytest.raises(ValueError, match=r"^a\.b: a half is missing"):
            problem_table("a", {"b": row})


def test_a_row_with_a_blank_is_refused_because_nothing_would_fill_it() -> None:
    with pytest.raises(ValueError, match="a blank is not filled"):
        ProblemRow(Phrase("第 {n} 块", "Block {n}"), LOOK_UP, Phrase("等。", "Wait."))


def test_a_code_that_two_rooms_say_is_refused() -> None:
    table = problem_table("a", {"b": ("错", "Wrong", LOOK_UP, "等。", "Wait.")})
    with pytest.raises(ValueError, match=r"said twice: \['a.b'\]"):
        problem._join(table, table)


# ---- saying


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_error_is_said_by_its_code_in_the_language_asked_for(language: Language) -> None:
    said = say_problem(Denied("access.four_eyes", "x"), language)
    row = PROBLEMS["access.four_eyes"]
    assert said.title == getattr(row.title, language)
    assert said.safe == getattr(row.safe, language)
    assert said.cure == getattr(row.cure, language)


@pytest.mark.parametrize(
    "family", [Error, Denied, NotFound, Conflict, Invalid, Unavailable, Corrupt]
)
def test_a_code_that_is_not_known_is_said_by_its_family(family: type[Error]) -> None:
    below = type("Below", (family,), {})
    for made in (family, below):
        said = say_problem(made("some.other", "王小明 failed", name="王小明"), "en")
        assert said.title == FAMILY_PROBLEMS[family].title.en
        assert "王" not in said.title + said.safe + said.cure


def test_a_title_with_a_place_names_member_and_height() -> None:
    error = Conflict("ledger.forked", "x", member="credit_union", height=18_053)
    assert say_problem(error, "en").title == (
        "This ledger and credit_union's disagree at block 18,053"
    )
    assert say_problem(error, "zh").title == "与 credit_union 的账本在第 18,053 块对不上"


@pytest.mark.parametrize("code", sorted(LEDGER_PLACED))
def test_a_title_with_a_place_is_said_in_full_or_not_at_all(code: str) -> None:
    placed, plain = LEDGER_PLACED[code], PROBLEMS[code].title
    names = {match[1] for match in BLANK.finditer(placed.zh)}
    whole: dict[str, Any] = dict.fromkeys(names, 7)
    longest: dict[str, Any] = {name: "m" * 10 if name == "member" else 10**6 for name in names}
    for language in LANGUAGES:
        full = say_problem(Error(code, "x", **whole), language).title
        assert "7" in full
        assert "{" not in full
        for name in names:
            for bad in ("王小明", "Wang Xiaoming", "", None, 1.5, True, ["a"], "a" * 33):
                error = Error(code, "x", **{**whole, name: bad})
                assert say_problem(error, language).title == getattr(plain, language)
        size = TITLE_ZH_MAX if language == "zh" else TITLE_EN_MAX
        assert len(say_problem(Error(code, "x", **longest), language).title) <= size


def test_a_refused_record_says_which_rule_refused_it() -> None:
    for rule in sorted(Refusal):
        error = Invalid("record.refused", "x", code_number=int(rule))
        zh, en = say_problem(error, "zh").title, say_problem(error, "en").title
        assert zh.startswith("没有入账："), rule
        assert en.startswith("Not recorded: "), rule
        assert len(zh) <= TITLE_ZH_MAX, rule
        assert len(en) <= TITLE_EN_MAX, rule
        assert zh != PROBLEMS["record.refused"].title.zh, rule
        cure = REFUSAL_CURES.get(rule, PROBLEMS["record.refused"].cure)
        assert say_problem(error, "en").cure == cure.en, rule


def test_a_refusal_by_a_rule_that_is_not_known_is_said_plainly() -> None:
    plain = PROBLEMS["record.refused"].title.en
    told: list[dict[str, Any]] = [
        {},
        {"code_number": 9_999},
        {"code_number": "102"},
        {"code_number": True},
    ]
    for values in told:
        assert say_problem(Invalid("record.refused", "x", **values), "en").title == plain


# ---- the command line


def test_the_command_line_tells_an_error_in_chinese_with_its_code_first_and_its_fact_last(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    row = PROBLEMS["county.missing"]
    words = ["county", "show", "--county", str(tmp_path / "nowhere")]
    assert run([*words, "--lang", "zh"]) == Invalid.exit_status
    fact = "nowhere holds no county"
    told = f"county.missing: {row.title.zh}。怎么办：{row.cure.zh}（{fact}）\n"
    assert capsys.readouterr().err == told
    # Before the verb, the choice holds for it as well.
    assert run(["--lang", "zh", *words]) == Invalid.exit_status
    assert capsys.readouterr().err == told


def test_the_command_line_tells_an_error_in_english_as_programs_read_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["county", "show", "--county", str(tmp_path / "nowhere"), "--lang", "en"]
    assert run(words) == Invalid.exit_status
    told = "county.missing: nowhere holds no county Cure: tally county init DIR.\n"
    assert capsys.readouterr().err == told
