"""What every demand shares: who asks, when, on which terms, and what was asked for before.

Amounts heap: small ones at 1,000 yuan, larger ones at 5,000 and at 50,000, the line of the
subsidised loan. Rates are those of the county's schemes in the first form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.party import Party

__all__ = [
    "MICROCREDIT_CATEGORIES",
    "Asking",
    "carry_out",
    "heap",
    "lend",
    "next_month",
    "state_income",
]

_YUAN: Final = 100
_THOUSAND: Final = 1_000 * _YUAN
_HEAP: Final = 50 * _THOUSAND
_YEAR: Final = 12
_MICROCREDIT_AGE_MAX: Final = 65

MICROCREDIT_CATEGORIES: Final = frozenset(
    {"out_of_poverty", "monitored_relapse", "monitored_marginal", "monitored_sudden"}
)
"""Categories that the poverty microcredit is for."""

# Yearly rate, part of the interest that is subsidised, fee; ppm.
_PRICES: Final = {
    "poverty_microcredit": (35_000, PPM, 0),
    "village_line": (60_000, 0, 0),
    "seasonal_crop": (50_000, 0, 0),
    "startup_guarantee": (35_000, 500_000, 0),
    "farm_guarantee": (43_000, 0, 8_000),
    "equipment_lease": (75_000, 0, 0),
    "coop_order": (50_000, 0, 0),
    "merchant": (100_000, 0, 0),
    "student": (28_000, 0, 0),
    "disaster_bridge": (55_000, 0, 0),
}


@dataclass(slots=True)
class Asking:
    """One party about to ask: its draws for this request, the month, the crops it names.

    Attributes:
        party: who asks.
        month: month number of the request.
        draws: draws of this request alone.
        in_project: crops that the demand is about; their income stands in the demand.
    """

    party: Party
    month: int
    draws: Draws
    in_project: set[str] = field(default_factory=set)

    @property
    def may_have_microcredit(self) -> bool:
        """Whether the register and the age let it ask for the subsidised loan."""
        profile = self.party.profile
        young = profile["age_years"] <= _MICROCREDIT_AGE_MAX
        return young and profile["category"] in MICROCREDIT_CATEGORIES

    def mark_crop(self, crop: str) -> None:
        """Name a crop as what the money is for."""
        self.in_project.add(crop)


def next_month(month: int, calendar: int) -> int:
    """Return the first month number from `month` on that is calendar month 1..12.

    >>> next_month(2026 * 12 + 11, 3) - 2026 * 12
    14
    """
    return month + (calendar - 1 - month) % _YEAR


def heap(draws: Draws, amount_minor: int) -> int:
    """Return an amount as people name it: round, and often just the subsidised line."""
    near = _HEAP * 6 // 10 < amount_minor < _HEAP * 14 // 10
    if near and draws.happens("heap", 350_000):
        return _HEAP
    step = _THOUSAND if amount_minor < 20 * _THOUSAND else 5 * _THOUSAND
    return max(_THOUSAND, (amount_minor + step // 2) // step * step)


def lend(
    asking: Asking, scheme: str, purpose: str, amount_minor: int, cost_minor: int
) -> dict[str, Any]:
    """Return what a loan or lease of a scheme asks for; dates and income are the caller's."""
    rate, subsidy, fee = _PRICES[scheme]
    draws = asking.draws
    terms = {
        "rate_ppm": rate,
        "grace_months": 0,
        "interest_subsidy_ppm": subsidy,
        "fee_ppm": fee,
    }
    return {
        "kind": "lease" if scheme == "equipment_lease" else "borrow",
        "as_of_month": asking.month,
        "language": asking.party.language,
        "scheme_asked": scheme,
        "purpose": purpose,
        "amount_minor": amount_minor,
        "cost_minor": max(amount_minor, cost_minor),
        "own_share_ppm": max(0, cost_minor - amount_minor) * PPM // max(amount_minor, cost_minor),
        "needed_by_month": asking.month,
        "terms_asked": terms,
        "payee": "supplier",
        "buyer": draws.choose("buyer", (("market", 6), ("wholesaler", 2), ("coop", 2))),
        "guarantor": "none",
        "if_price_falls_30": draws.pick("fallback", ("打工补上", "先用存款", "少留种，慢慢还")),
        "applied_elsewhere": [],
        "user_of_money": "self",
    }


def carry_out(
    asking: Asking, demand: dict[str, Any], *, wait_months: int, term_months: int
) -> None:
    """Date a demand for what lasts: sales all year after a wait, instalments over the term."""
    begin = asking.month + asking.draws.below("start", 2)
    first = begin + wait_months
    demand |= {
        "needed_by_month": begin,
        "first_outlay_month": begin,
        "first_sale_month": first,
        "last_sale_month": first + _YEAR - 1,
        "working_capital": 0,
        "payable_months": list(range(1, _YEAR + 1)),
    }
    demand["terms_asked"] |= {
        "term_months": term_months,
        "repayment": asking.draws.pick("repayment", ("semiannual", "annual", "quarterly")),
        "start_month": begin,
    }


def state_income(asking: Asking, likely_minor: int, revenue_minor: int) -> dict[str, Any]:
    """Return the project's income as the household sees it: low, likely and high."""
    swing = abs(likely_minor) * asking.draws.between("swing", 20, 35) // 100
    return {
        "income_low_minor": likely_minor - swing,
        "income_likely_minor": likely_minor,
        "income_high_minor": likely_minor + swing * 3 // 4,
        "revenue_likely_minor": max(0, revenue_minor),
    }
