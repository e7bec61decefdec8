"""The card of a party's record of paying: lines that count alike stand together."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tallystick.client import AsyncClient
from tallystick.console.pages.case_party import draw_standing
from tallystick.console.visit import Office, Visit
from tallystick.text.phrase import Phrase
from tallystick.text.wording import Language

POWER: Final = {"kind": "power", "payee": "postal-bank", "account": 3}
WATER: Final = {"kind": "water", "payee": "village", "account": 9}
LOAN: Final = {"loan": "aa" * 16}


async def _nowhere(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("a pure part asks nobody")


def visit(language: Language) -> Visit:
    office = Office(Phrase("县", "County"), ("bank",), {}, lambda: 0)
    return Visit(office, "bank", language, AsyncClient(_nowhere, "", "bank"), {"acts": []})


def each(owed: dict[str, Any], reason: str, points: int, late: int = 0) -> dict[str, Any]:
    return {**owed, "reason": reason, "points": points, "late_days": late, "day": 20_000}


def lines(language: Language, *items: dict[str, Any], unread: int = 0) -> list[str]:
    tree = {"points": 512, "loans": 1, "accounts": 2, "unread": unread, "items": items}
    drawn = str(draw_standing(visit(language), tree))
    return [
        part.partition("<span>")[2].partition("</span>")[0]
        for part in drawn.split('class="li"')[1:]
    ]


def test_bills_paid_alike_are_one_line_with_all_their_points() -> None:
    found = lines("en", *[each(POWER, "on_time", 1)] * 30, each(WATER, "on_time", 1))
    assert found == ["Power: Paid on time, and 29 more <b>+30</b>", "Water: Paid on time <b>+1</b>"]
    assert lines("zh", each(POWER, "on_time", 1)) == ["电费：按时还款 <b>+1</b>"]


def test_what_counts_most_stands_first_and_each_fault_of_a_loan_alone() -> None:
    found = lines(
        "en",
        each(POWER, "on_time", 1),
        each(LOAN, "late", -40, 35),
        each(LOAN, "late", -40, 50),
        each(WATER, "late", -20, 40),
        each(WATER, "late", -20, 58),
        each(LOAN, "default", -200, 99),
    )
    assert [line.partition(" <b>")[0] for line in found] == [
        "99 days overdue",
        "Paid 35 days late",
        "Paid 50 days late",
        "Water: Paid 58 days late, and 1 more",
        "Power: Paid on time",
    ]


@pytest.mark.parametrize(("language", "words"), [("zh", "两家"), ("en", "Two parties")])
def test_what_counts_nothing_is_told_with_its_reason(language: Language, words: str) -> None:
    (line,) = lines(language, each(POWER, "claimed_twice", 0, 80))
    assert words in line
    assert line.endswith("<b>0</b>")


@pytest.mark.parametrize(("language", "words"), [("zh", "读不到"), ("en", "cannot be read")])
def test_accounts_whose_book_is_closed_are_told(language: Language, words: str) -> None:
    (line,) = lines(language, unread=2)
    assert words in line
    assert "2" in line
