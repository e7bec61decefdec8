"""What feedback says, on a real county: shares, whose, and what is never told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from counties import FITTING, START_MS, UNFITTING, Town, found, open_town, take_in
from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.errors import Corrupt
from tallystick.chain.disclosure import Opening
from tallystick.services.positioning.share import Share
from tallystick.services.positioning.told import CASES_LEAST, By, Told, read_told

EXPECTED: Final = 2_000_000
PLANNED: Final = {
    **FITTING,
    "demand": {**FITTING["demand"], "income_likely_minor": EXPECTED},
}
FELT: Final = (5, 4, 4, 3, 5, 4)
TOLD: Final = (1_600_000, 2_400_000, 1_599_999, 2_400_001, EXPECTED, None)
REFUSED: Final = (1, 2, 1, 4, 1)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A lender's six offers and five refusals, all asked about by the village."""
    clock = ManualClock(START_MS)
    with open_town(found(tmp_path_factory.mktemp("told"), clock), clock) as town:
        lender, village = town["credit-union"], town["village"]
        offered = [row["case"] for row in take_in(lender, *[PLANNED] * 6)]
        refused = [row["case"] for row in take_in(lender, *[UNFITTING] * 5)]
        for case in refused:
            lender.refuse(case, code="no_means", words="w")
        # An earlier answer of a case, by another member, is superseded by the later one.
        town["cooperative"].give_feedback(offered[0], felt=1)
        clock.advance(DAY_MS)
        for case, felt, income in zip(offered, FELT, TOLD, strict=True):
            village.give_feedback(case, felt=felt, income_minor=income)
        for case, felt in zip(refused, REFUSED, strict=True):
            village.give_feedback(case, felt=felt)
        (lone,) = take_in(town["postal-bank"], FITTING)
        village.give_feedback(lone["case"], felt=2)
        yield town


def tell(town: Town, member: str, by: By = "provider") -> Told:
    node = town.house.node(member)
    node.catch_up()
    return read_told(node.desk, by)


def receipts(town: Town, member: str) -> list[tuple[Any, ...]]:
    node = town.house.node(member)
    found = []
    for row in node.views.rows("case"):
        found += [
            (row["case"], each["record"], each["sealed"], each["purpose"])
            for each in node.desk.receipts.of(row["case"])
        ]
    return found


def test_the_rated_lender_reads_praise_of_its_offers_and_of_its_refusals_apart(town: Town) -> None:
    told = tell(town, "credit-union")
    offers, refusals = told.cells
    assert (offers.name, offers.is_refused, offers.praise) == ("credit-union", False, Share(5, 6))
    assert (refusals.is_refused, refusals.praise) == (True, Share(1, 5))
    assert (told.suppressed, told.unread) == (0, {})


def test_the_lender_never_learns_the_income_told_to_another(town: Town) -> None:
    before = len(receipts(town, "credit-union"))
    told = tell(town, "credit-union")
    assert all(cell.accuracy is None for cell in told.cells)
    left = receipts(town, "credit-union")[before:]
    assert {sealed for _, _, sealed, _ in left} <= {"case"}


def test_each_opening_leaves_a_receipt_for_feedback(town: Town) -> None:
    before = len(receipts(town, "credit-union"))
    tell(town, "credit-union")
    left = receipts(town, "credit-union")
    assert len(left) - before == len(FELT) + len(REFUSED)
    assert {purpose for *_, purpose in left} >= {"feedback"}


def test_a_group_below_five_cases_is_not_told_nor_what_would_give_it_away(town: Town) -> None:
    told = tell(town, "village")
    assert {cell.name for cell in told.cells} == {"credit-union"}
    assert told.suppressed == 1
    assert CASES_LEAST == 5
    assert set(Told.__slots__) == {"cells", "suppressed", "unread"}


def test_who_has_no_part_in_a_case_counts_nothing_of_it(town: Town) -> None:
    assert tell(town, "insurer") == Told((), 0, {})
    before = len(receipts(town, "postal-bank"))
    assert tell(town, "postal-bank") == Told((), 1, {})
    assert len(receipts(town, "postal-bank")) == before + 1


def test_a_scheme_is_read_by_who_may_open_the_decision(town: Town) -> None:
    told = tell(town, "credit-union", "scheme")
    assert [(cell.is_refused, cell.praise.count) for cell in told.cells] == [(False, 6), (True, 5)]
    node = town.house.node("credit-union")
    for cell in told.cells:
        stage = "refused" if cell.is_refused else "reported"
        rows = node.views.rows("case", {"owner": "credit-union", "stage": stage})
        decisions = node.positions.read_case(rows[0]["case"])["decisions"]
        assert cell.name == decisions["match" if cell.is_refused else "report"]["figures"]["scheme"]
    unread = tell(town, "village", "scheme")
    assert unread.cells == ()
    assert unread.unread == {"access.no_key": 12}


def test_who_asked_measures_accuracy_once_the_household_lets_it(
    tmp_path: Path,
) -> None:
    clock = ManualClock(START_MS)
    with open_town(found(tmp_path, clock), clock) as town:
        lender, village = town["credit-union"], town["village"]
        party = lender.add_party("household", {"name": "x"})
        mandate = lender.add_mandate(party, witness="village", days=400, text="t")
        request = {"application": PLANNED, "party": party, "mandate": mandate, "defaults": []}
        cases = [row["case"] for row in lender.open_cases([request] * 6)]
        for case, felt, income in zip(cases, FELT, TOLD, strict=True):
            village.give_feedback(case, felt=felt, income_minor=income)
        (closed,) = tell(town, "village").cells
        assert closed.accuracy is None
        lender.give_grant(
            party, recipient="village", classes=["figures"], purpose="feedback", days=30
        )
        for by in ("provider", "scheme"):
            (cell,) = tell(town, "village", by).cells
            # A fifth more or less is within, a fen beyond is not; who told no income counts not.
            assert cell.accuracy == Share(3, 5)
            assert cell.praise == Share(5, 6)


def test_a_sealed_part_that_is_not_what_was_written_is_never_counted_as_unread(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Opening:
        raise Corrupt("seal.commitment", "x")

    desk = town.house.node("credit-union").desk
    monkeypatch.setattr(type(desk), "unseal", broken)
    with pytest.raises(Corrupt):
        tell(town, "credit-union")
