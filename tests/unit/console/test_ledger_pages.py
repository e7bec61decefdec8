"""What the pages of the ledger say of a block, a check and an alarm."""

from __future__ import annotations

from typing import Any

import pytest

from tallystick.client import AsyncClient
from tallystick.console.pages.ledger_alarm import can_repair, mark_difference, say_field
from tallystick.console.pages.ledger_check import draw_check
from tallystick.console.pages.ledger_fault import draw_fault
from tallystick.console.pages.ledger_strip import (
    count_groups,
    draw_blocks,
    draw_records,
    draw_strip,
)
from tallystick.console.visit import Office, Visit
from tallystick.text.phrase import Phrase
from tallystick.text.record import RECORDS
from tallystick.text.wording import Language

HOSTILE = '"><img src=x onerror=alert(1)>'
ALARM = {"member": "village", "height": 7, "field": "merkle_root", "expected": "ab", "got": "ac"}


async def _nowhere(*_: Any) -> None:
    raise AssertionError("a pure part asks nobody")


def visit(language: Language = "en", *acts: str, member: str = "village") -> Visit:
    names = {
        "village": Phrase("村委会", "Village office"),
        "finance": Phrase("财政局", "Finance bureau"),
    }
    office = Office(Phrase("县账本", "County ledger"), tuple(names), names, lambda: 0)
    client = AsyncClient(_nowhere, "", member)
    return Visit(office, member, language, client, {"acts": acts, "name": "li.mei"})


def block(height: int, **more: Any) -> dict[str, Any]:
    found = {
        "height": height,
        "time": 1_798_448_400_000,
        "record_types": {"loan.repaid": 1},
        "records": 1,
        "writers": ["finance"],
        "bytes": 912,
        "cosigned": ["finance", "village"],
    }
    return {**found, **more}


def test_every_record_type_belongs_to_one_group() -> None:
    for t in RECORDS:
        assert sum(count_groups({t: 3}).values()) == 3
    assert count_groups({"loan.repaid": 2, "case.applied": 1}) == {
        "case": 1,
        "money": 2,
        "party": 0,
        "other": 0,
    }


def test_a_difference_marks_the_characters_that_differ_and_no_others() -> None:
    assert mark_difference("ab34", "ab14") == "ab<b>3</b>4"
    assert mark_difference("1139", "1600") == "1<b>139</b>"


def test_values_of_two_lengths_are_marked_whole_and_cut() -> None:
    assert mark_difference("abc", "ab") == "<b>abc</b>"
    assert len(mark_difference("a" * 900, "b")) < 300


def test_a_marked_value_is_escaped() -> None:
    assert "<img" not in mark_difference(HOSTILE, "x")
    assert "<img" not in mark_difference(HOSTILE, "z" * len(HOSTILE))


def test_a_field_without_a_name_stands_as_it_is() -> None:
    assert say_field(visit(), "transaction 1 record 2") == "transaction 1 record 2"
    assert say_field(visit("zh"), "merkle_root") != "merkle_root"


@pytest.mark.parametrize(
    ("acts", "member", "may"),
    [
        (("repair_chain",), "village", True),
        ((), "village", False),
        (("repair_chain",), "finance", False),
    ],
)
def test_only_an_officer_of_the_damaged_copy_repairs_it(
    acts: tuple[str, ...], member: str, may: bool
) -> None:
    assert can_repair(visit("en", *acts, member=member), ALARM) is may


def test_a_strip_runs_from_old_to_new_and_marks_what_differs() -> None:
    drawn = draw_strip(visit(), [block(9), block(8), block(7)], 9, [8])
    assert drawn.index("/ledger/7") < drawn.index("/ledger/8") < drawn.index("/ledger/9")
    assert drawn.count('class="tile bad"') == 1
    assert drawn.count('class="tile newest"') == 1


def test_a_block_that_cannot_be_read_is_shown_without_what_is_not_known() -> None:
    broken = {"height": 8, "cosigned": ["finance"], "is_witnessed": 1, "fault": "ledger.corrupt"}
    assert 'class="tile bad"' in draw_strip(visit(), [broken], 9, [])
    drawn = draw_blocks(visit(), [broken], 2, [])
    assert "Our copy is not readable here" in drawn
    assert "1 of 2" in drawn


def test_a_record_shows_its_case_and_links_it_for_whoever_may_read_cases() -> None:
    rows = [{"t": "loan.repaid", "member": "finance", "time": 0, "case": "0f" * 16}]
    assert "/cases/" in draw_records(visit("en", "read_case"), rows, "records")
    assert "/cases/" not in draw_records(visit(), rows, "records")


def test_an_unknown_record_type_is_named_as_it_stands_and_escaped() -> None:
    rows = [{"t": HOSTILE, "member": HOSTILE, "time": 0, "height": 4}]
    drawn = draw_records(visit(), rows, HOSTILE)
    assert "<img" not in drawn
    assert "onerror" in drawn


def check(**more: Any) -> dict[str, Any]:
    found = {
        "kind": "verify",
        "state": "done",
        "blocks": 9,
        "target": 9,
        "findings": [],
        "code": "",
        "fetched": 0,
        "kept": 0,
        "ms": 1_200,
        "started_ms": 0,
        "ended_ms": 1_200,
    }
    return {**found, **more}


def test_a_check_that_runs_says_how_far_it_is() -> None:
    drawn = draw_check(visit(), check(state="running", blocks=3, target=12), 1)
    assert 'aria-valuenow="25"' in drawn
    assert "3 / 12" in drawn


def test_a_check_that_has_not_counted_yet_divides_by_nothing() -> None:
    assert 'aria-valuenow="0"' in draw_check(visit(), check(state="running", target=0), 2)


def test_a_sound_copy_and_a_repaired_one_are_told_apart() -> None:
    assert "Our own copy holds" in draw_check(visit(), check())
    assert "Repaired" in draw_check(visit(), check(kind="repair", fetched=1))


def test_findings_are_told_with_both_values_and_never_as_sound() -> None:
    finding = {"height": 7, "field": "merkle_root", "detail": "", "expected": "aa", "got": HOSTILE}
    drawn = draw_check(visit(), check(findings=[finding]))
    assert "Our own copy is wrong" in drawn
    assert "holds" not in drawn
    assert "<img" not in drawn


def test_a_check_that_was_cut_off_tells_its_code() -> None:
    assert "ledger.check_ended" in draw_check(
        visit("zh"), check(state="failed", code="ledger.check_ended")
    )


FAULT = {
    "digest": "d" * 64,
    "member": "finance",
    "known_ms": 1_798_448_400_000,
    "bodies": [
        {"height": 7, "size": 1_204, "root": "a" * 64, "header": "b", "signed_s": 1_798_448_000},
        {"height": 7, "size": 1_204, "root": "c" * 64, "header": "b", "signed_s": 1_798_448_001},
    ],
}


@pytest.mark.parametrize(("language", "who"), [("zh", "财政局"), ("en", "Finance bureau")])
def test_a_member_that_signed_twice_is_named_with_both_roots_and_the_file(
    language: Language, who: str
) -> None:
    drawn = str(draw_fault(visit(language), FAULT))
    for part in (who, "a" * 64, "c" * 64, "1,204", f"/equivocation/{'d' * 64}", 'role="alert"'):
        assert part in drawn


def test_what_a_fault_says_is_escaped() -> None:
    bodies = [{**body, "root": HOSTILE} for body in FAULT["bodies"]]  # type: ignore[attr-defined]
    drawn = str(draw_fault(visit(), {**FAULT, "member": HOSTILE, "bodies": bodies}))
    assert "<img" not in drawn
