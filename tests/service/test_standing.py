"""What a loan's records tell of a party at the member that lent: points, reasons, receipts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.county.acted import publish_catalogue
from tallystick.county.founding import found_county
from tallystick.county.house import House, open_house
from tallystick.county.member import MEMBERS
from tallystick.services.credit.acts import Standing, find_standing
from tallystick.services.credit.integrity import START, Integrity

START_MS = 1_790_000_000_000
NAMES = ("finance", "village", "credit-union", "regulator")
ROOT = Path(__file__).resolve().parents[2]
LENDER = "credit-union"
PROFILE = {
    "category": "ordinary",
    "age_years": 40,
    "persons": 4,
    "workers": 2,
    "able_to_work": 1,
    "village": "v07",
    "crops": [
        {
            "crop": "maize",
            "area_centimu": 1_000,
            "yield_kg_per_mu": 550,
            "price_minor_per_kg": 220,
            "cost_minor_per_mu": 49_000,
            "sale_months": [10],
            "outlay_months": [4, 6],
            "in_project": 1,
        }
    ],
    "wage_minor_month": 350_000,
    "wage_months": 10,
    "living_minor_person_year": 900_000,
    "savings_minor": 1_500_000,
}
MONTH = 2026 * 12 + 9
DEMAND = {
    "kind": "borrow",
    "as_of_month": MONTH,
    "language": "zh",
    "scheme_asked": "seasonal_crop",
    "purpose": "crop_inputs",
    "cost_minor": 1_500_000,
    "amount_minor": 1_000_000,
    "first_outlay_month": MONTH + 1,
    "first_sale_month": MONTH + 8,
    "last_sale_month": MONTH + 8,
    "income_low_minor": 400_000,
    "income_likely_minor": 700_000,
    "working_capital": 1,
    "terms_asked": {
        "rate_ppm": 55_000,
        "term_months": 10,
        "repayment": "bullet",
        "start_month": MONTH + 1,
    },
}


class Loan:
    """A loan of 12,000 yuan for a year in quarterly instalments, and its clock."""

    def __init__(self, house: House, clock: ManualClock, demand: dict[str, Any]) -> None:
        self.house, self.clock = house, clock
        office = house.office(LENDER)
        self.party = bytes.fromhex(office.add_party("household", {"name": "周"}))
        mandate = office.add_mandate(self.party.hex(), witness="regulator", days=700, text="代办")
        request = {
            "application": {"profile": PROFILE, "demand": demand, "features": {}},
            "defaults": [],
            "party": self.party.hex(),
            "mandate": mandate,
        }
        (answer,) = office.open_cases([request])
        self.case = bytes.fromhex(answer["case"])
        self.credit = house.node(LENDER).credit
        approval = self.credit.approve(self.case, amount_minor=1_200_000, notes="同意")
        office.answer_offer(answer["case"], accepted=True, words="同意")
        self.loan = self.credit.grant_loan(
            self.case,
            approval=approval,
            amount_minor=1_200_000,
            rate_ppm=55_000,
            months=12,
            pattern="quarterly",
        )
        self.credit.disburse_loan(self.loan, amount_minor=1_200_000)

    def wait(self, days: int) -> None:
        self.clock.advance(days * DAY_MS)
        for node in self.house.nodes():
            node.catch_up()

    def pay(self) -> None:
        self.credit.repay_loan(self.loan, principal_minor=300_000, interest_minor=20_000)

    def standing(self) -> Standing:
        return find_standing(self.house.node(LENDER).desk, self.party)


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[Loan]:
    clock = ManualClock(START_MS)
    members = [each for each in MEMBERS if each.name in NAMES]
    found_county(tmp_path / "county", seed="standing", clock=clock, members=members)
    with open_house(tmp_path / "county", clock) as house:
        publish_catalogue(house, (ROOT / "examples" / "products.toml").read_text(encoding="utf-8"))
        yield Loan(house, clock, DEMAND)


def reasons(found: Standing) -> list[tuple[str, int]]:
    return [(item.reason, item.points) for item in found.integrity.items]


def test_a_loan_repaid_quarter_by_quarter_is_told_payment_by_payment(lent: Loan) -> None:
    assert lent.standing() == Standing(Integrity(START, ()), loans=1, closed=0)
    for _ in range(4):
        lent.wait(90)
        lent.pay()
    lent.wait(9)
    found = lent.standing()
    assert reasons(found) == [("on_time", 8)] * 4 + [("settled", 30)]
    assert found.integrity.points == START + 62
    shown = {item.record for item in found.integrity.items}
    assert len(shown) == 4, "each point names the repayment behind it"


def test_what_is_late_counts_by_how_late_and_what_is_open_stays(lent: Loan) -> None:
    lent.wait(92 + 40)
    lent.pay()
    assert reasons(lent.standing()) == [("late", -40)]
    lent.wait(300)
    assert reasons(lent.standing())[1] == ("default", -200)
    assert lent.standing().integrity.points < START - 200


def test_what_an_open_appeal_disputes_counts_nothing(lent: Loan) -> None:
    lent.wait(250)
    assert lent.standing().integrity.points < START
    office, case = lent.house.office(LENDER), lent.case.hex()
    appeal = office.open_appeal(case, code="paid_in_cash", words="已付现金")["appeal"]
    assert {reason for reason, _ in reasons(lent.standing())} == {"disputed"}
    lent.house.office("regulator").settle_appeal(appeal, outcome="confirmed", words="查无此事")
    lent.wait(1)
    assert lent.standing().integrity.points < START


def test_every_reading_leaves_a_receipt(lent: Loan) -> None:
    desk = lent.house.node(LENDER).desk
    before = len(desk.receipts.of(lent.case))
    lent.standing()
    assert len(desk.receipts.of(lent.case)) >= before + 3
