"""Chains as the console tells them: marks of anchors, how long ago, what a form takes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tallystick.base.clock import DAY_MS
from tallystick.client import AsyncClient
from tallystick.console.pages.case_across import draw_across
from tallystick.console.pages.chains_approve import can_approve, read_case, read_programme
from tallystick.console.pages.chains_tracks import draw_tracks, list_marks
from tallystick.console.pages.chains_words import say_ago
from tallystick.console.visit import Office, Visit
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

NOW_MS = 1_790_000_000_000
CASE = "0f" * 16
HOSTILE = '<script>x</script>"><img onerror=1>'


def visit(language: Language = "en", *acts: str) -> Visit:
    office = Office(
        Phrase("\u53bf", "County"),
        ("finance",),
        {"finance": Phrase("\u53bf\u8d22\u653f\u5c40", "Finance bureau")},
        lambda: NOW_MS,
    )
    client = cast("AsyncClient", None)
    return Visit(office, "finance", language, client, {"acts": list(acts), "officer": "1"})


def anchor(height: int, size: int, here: int) -> dict[str, Any]:
    told = {"height": height, "size": size, "anchored_height": here}
    return {**told, "root": "0" * 64, "time": NOW_MS, "by": "finance"}


def chain(kind: str, *anchors: dict[str, Any], **more: int) -> dict[str, Any]:
    told = {"chain": "1" * 64, "name": "county", "kind": kind, "size": 1, "demanded": 0}
    return {**told, "anchors": list(anchors), **more}


def test_blocks_that_anchor_are_told_newest_first_with_what_each_brought() -> None:
    one = chain("administrative", anchor(9, 20, 36), anchor(4, 5, 30))
    two = chain("private", anchor(3, 7, 36))
    marks = list_marks([one, two])
    assert [(each.height, sorted(each.anchors)) for each in marks] == [(36, [0, 1]), (30, [0])]
    assert marks[0].anchors[0][1] == 15
    assert marks[1].anchors[0][1] is None, "nothing is known of what came before it"


def test_two_anchors_in_one_block_are_one_arrow_that_brings_both() -> None:
    found = chain("financial", anchor(9, 20, 36), anchor(8, 12, 36), anchor(4, 5, 30))
    mark = list_marks([found])[0]
    assert (mark.anchors[0][0]["height"], mark.anchors[0][1]) == (9, 15)


def test_tracks_show_what_is_new_and_where_each_anchor_stands() -> None:
    own = chain("financial", height=41)
    drawn = draw_tracks(visit(), own, [chain("administrative", anchor(9, 20, 36), behind=3)])
    assert "Administrative chain up to 9, anchored in block 36 here" in drawn
    assert "+3" in drawn
    assert "not anchored yet" in drawn
    assert "/finance/en/ledger/41" in drawn
    still = draw_tracks(
        visit(), {**own, "height": 36}, [chain("private", anchor(9, 20, 36), behind=0)]
    )
    assert still.count("<li>") == 1, "nothing is new: no row for it"


def test_a_chain_of_an_unknown_kind_is_told_as_another_chain() -> None:
    drawn = draw_tracks(visit("zh"), chain("financial", height=1), [chain(HOSTILE)])
    assert "\u53e6\u4e00\u6761\u94fe" in drawn
    assert "<script>" not in drawn


@pytest.mark.parametrize(
    ("passed_ms", "zh", "en"),
    [
        (-5, "\u4e0d\u5230 1 \u5206\u949f\u524d", "less than a minute ago"),
        (60_000, "1 \u5206\u949f\u524d", "1 minute ago"),
        (59 * 60_000, "59 \u5206\u949f\u524d", "59 minutes ago"),
        (3_600_000, "1 \u5c0f\u65f6\u524d", "1 hour ago"),
        (3 * DAY_MS, "3 \u5929\u524d", "3 days ago"),
    ],
)
def test_how_long_ago_is_told_in_the_largest_unit_that_fits(
    passed_ms: int, zh: str, en: str
) -> None:
    past = NOW_MS - passed_ms
    assert say_ago(visit("zh"), past, NOW_MS) == zh
    assert say_ago(visit("en"), past, NOW_MS) == en


def test_a_case_number_is_taken_as_people_paste_it() -> None:
    assert read_case(f" {CASE.upper()[:16]} {CASE[16:]}\n") == CASE
    assert read_case(CASE[:-1]) is None
    assert read_case("z" * 32) is None
    assert (read_programme("relief-26"), read_programme("Relief 26")) == ("relief-26", None)


def test_approvals_are_offered_to_departments_on_the_administrative_chain_alone() -> None:
    here = [chain("administrative"), chain("financial")]
    v = visit("en", "approve_subsidy")
    assert can_approve(v, here, "department")
    assert not can_approve(v, here, "village")
    assert not can_approve(v, here[::-1], "department")
    assert not can_approve(v, here[:1], "department")
    assert not can_approve(visit(), here, "department")


@pytest.mark.parametrize(
    ("awaits", "told"),
    [
        ("approval", f'number is <span class="mono">{CASE}</span>'),
        ("anchor", "after the next anchor of the administrative chain"),
        ("payout", "the money can be paid out"),
        ("unknown", "Not seen from here"),
    ],
)
def test_a_case_says_what_its_public_money_waits_for(awaits: str, told: str) -> None:
    across: dict[str, Any] = {"kind": "administrative", "awaits": awaits}
    if awaits == "payout":
        across |= {"member": "finance", "officer": "ab" * 16, "height": 7, "time": NOW_MS}
        across |= {"amount_minor": 100, "size": 9, "anchored": anchor(7, 9, 12)}
    row = {"case": CASE, "programme": HOSTILE, "owner": "finance"}
    drawn = draw_across(visit(), {"row": row, "steps": [], "across": across})
    assert told in drawn
    assert "<script>" not in drawn
    assert draw_across(visit(), {"row": row, "steps": []}) == ""
