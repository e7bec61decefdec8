"""What is found in files is said in both languages, each sentence that the source can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tallystick.county.remaining import NOBODY_HOLDS
from tallystick.text.findings import (
    FINDING_CURES,
    FINDING_PHRASES,
    fill_cure,
    say_finding,
    say_value,
)
from tallystick.text.phrase import BLANK

HOME = Path(__file__).resolve().parents[3] / "src" / "tallystick"
MAKERS = {
    "kernel/ledger/audit.py": {"_add": 2},
    "county/inventory.py": {"_wrong": 1, "Finding": 2},
    "county/papers.py": {"_wrong": 1, "Finding": 2},
    "county/upkeep.py": {"Finding": 2},
}
"""By file, the functions that make a finding, and where its detail stands among their arguments."""
BLANK_VALUE = "x7"
OWN = re.compile(r"[A-Za-z']{2,} [A-Za-z']{2,}")
COMMAND = re.compile(
    r"tally(?: [a-z]+){1,3}(?: --member [a-z]+| --use bft|(?: NAME| village) URL)?"
)
CHANGED = "内容与当初写下的不同"


def details(path: str) -> Iterator[str]:
    """Yield the details of the findings that a file's source makes, each blank filled."""
    tree = ast.parse((HOME / path).read_text(encoding="utf-8"))
    known = constants(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        place = MAKERS[path].get(name, -1)
        if 0 <= place < len(node.args):
            yield told(node.args[place], known)


def constants(tree: ast.Module) -> dict[str, str]:
    """Return the texts that stand under a name, at the top of the file or in a function."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(node.value, ast.Constant | ast.JoinedStr):
                found.setdefault(ast.unparse(target), told(node.value, found))
    return found


def told(node: ast.expr, known: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.JoinedStr):
        parts = (
            each.value if isinstance(each, ast.FormattedValue) else each for each in node.values
        )
        return "".join(told(each, known) or BLANK_VALUE for each in parts)
    return ""


@pytest.mark.parametrize("path", MAKERS)
def test_every_finding_that_the_source_makes_has_words_of_its_own(path: str) -> None:
    found = [each for each in details(path) if OWN.search(each)]
    assert found
    for detail in found:
        said = say_finding(detail, "", "zh")
        assert not OWN.search(COMMAND.sub("", said)), (detail, said)
        assert CHANGED not in said, detail
        assert say_finding(detail, "", "en") == detail


def test_the_source_is_read_for_its_findings() -> None:
    found = {each for path in MAKERS for each in details(path)}
    assert {
        "the chain ends early",
        "table x7 is not what the chain folds to",
        "the member's folder is missing",
        "role of x7",
    } <= found


@pytest.mark.parametrize(
    ("before", "rest"),
    [
        ("", "the bodies of blocks 3 to 7"),
        ("", "the body of block 3"),
        ("it cannot be folded anew: ", "the body of block 3"),
        ("it cannot be folded beyond height 2: ", "the body of block 3"),
    ],
)
def test_what_nobody_holds_has_words_of_its_own(before: str, rest: str) -> None:
    said = say_finding(f"{before}{NOBODY_HOLDS} {rest}", "", "zh")
    assert "被问到的成员都没有块 3" in said
    assert not OWN.search(said)


def test_every_phrase_is_recognised_by_its_english_half_alone() -> None:
    for name, phrase in FINDING_PHRASES.items():
        english = BLANK.sub(lambda _: BLANK_VALUE, phrase.en)
        chinese = BLANK.sub(lambda _: BLANK_VALUE, phrase.zh)
        assert say_finding(english, "", "zh") == chinese, name


def test_what_has_no_row_is_said_by_its_code_else_as_changed() -> None:
    strange = "something quite new was seen here"
    assert say_finding(strange, "", "zh") == CHANGED
    assert say_finding(strange, "keys.no_master", "zh") != CHANGED
    assert say_finding(f"{strange}; only a backup has it", "", "zh") == f"{CHANGED}；只有备份里有"
    assert say_finding("writes_root", "", "zh") == "writes_root"
    read = say_finding("it has no reading: the tree is cut short", "codec.form", "zh")
    assert read.startswith("读不出来：")
    assert not OWN.search(read)


def test_data_stands_as_it_is_and_rules_are_said() -> None:
    assert say_value("南山村, Nanshan Village", "county.json", "zh") == "南山村, Nanshan Village"
    assert say_value("a member in force", "proposer", "zh") == "一个在册的成员"
    assert say_value("the field is too long", "header", "zh") == CHANGED
    assert say_value("the field is too long", "header", "en") == "the field is too long"


def test_every_cure_is_a_sentence_in_both_languages() -> None:
    values = {"member": "village", "file": "keys.db", "other": "finance"}
    values["others"] = "finance (link.lost), village (member.elsewhere)"
    for name in FINDING_CURES:
        zh, en = fill_cure(name, "zh", **values), fill_cure(name, "en", **values)
        assert zh.endswith("。"), name
        assert en.endswith("."), name
        assert not re.search(
            r"[a-z']{3,} [a-z']{3,}", COMMAND.sub("", zh).replace("--certificate", "")
        ), zh
