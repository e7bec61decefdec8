"""A request as the lender saw it on that day: all that any model may learn from.

Laws: integers alone (fen, ppm, years, months, codes); nothing that came after the request, and
nothing of `history.household` but what the file states. Limits: `number` names the loan within
one history and nobody in it. Source: the county's practice (observed features).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.draws import PPM
from tallystick.county.history.wish import HEAP_MINOR

__all__ = ["FEATURES", "LEVELS", "MONOTONE", "Loan", "read_features"]

_RATIO_MOST_PPM: Final = 100 * PPM


@dataclass(frozen=True, slots=True)
class Loan:
    """One request for a loan as it was observed.

    Attributes:
        number: from 0, by draw.
        month: month number of the request.
        lender: code, a place in `officer.LENDERS`.
        officer: who took the request.
        village: number of the village.
        remote_ppm: how far it lies.
        livelihood: code, a place in `season.KINDS`.
        age_years: of the head.
        schooling_years: of the head.
        persons: of the household.
        workers: of the household.
        woman: whether the head is a woman.
        income_minor: of a year, as stated.
        debt_minor: as stated.
        savings_minor: as stated.
        prior_tenths: earlier record of repayment; None in a thin file.
        rating_tenths: the village's rating.
        internal_rating: the lender's own, 1..9.
        insured: whether the harvest is insured.
        registered: whether the poverty register holds the household.
        subsidised: whether public money pays the interest.
        amount_minor: asked for.
        term_months: asked for.
        bullet: principal at the end, else equal instalments.
        fits_harvest: whether the last payment falls when this livelihood has money.
        plan_return_ppm: what the plan states as a year's return.
        granted: whether the household asked and the lender granted it.
    """

    number: int
    month: int
    lender: int
    officer: int
    village: int
    remote_ppm: int
    livelihood: int
    age_years: int
    schooling_years: int
    persons: int
    workers: int
    woman: int
    income_minor: int
    debt_minor: int
    savings_minor: int
    prior_tenths: int | None
    rating_tenths: int
    internal_rating: int
    insured: int
    registered: int
    subsidised: int
    amount_minor: int
    term_months: int
    bullet: int
    fits_harvest: int
    plan_return_ppm: int
    granted: int


LEVELS: Final = frozenset({"livelihood"})
"""Features whose integers are codes without an order."""

MONOTONE: Final = {
    "amount_to_income_ppm": 1,
    "debt_to_income_ppm": 1,
    "fits_harvest": -1,
    "income_each_minor": -1,
    "insured": -1,
    "prior_tenths": -1,
    "rating_tenths": -1,
    "savings_to_income_ppm": -1,
    "thin": 1,
}
"""Direction in which each may move the probability of a default."""

FEATURES: Final = (
    *("age_years", "amount_minor", "amount_to_income_ppm", "bullet", "debt_to_income_ppm"),
    *("fits_harvest", "heaped", "ill_timed", "income_each_minor", "insured", "internal_rating"),
    *("livelihood", "persons", "plan_return_ppm", "prior_tenths", "rating_tenths"),
    *("registered", "remote_ppm", "savings_to_income_ppm", "schooling_years", "subsidised"),
    *("term_months", "thin", "workers", "workers_ppm"),
)
"""Features of a request, sorted; `prior_tenths` is absent where the file is thin."""

_SHORT_MONTHS: Final = 12


def read_features(loan: Loan) -> dict[str, int]:
    """Return the features of a request, as of its day."""
    found = {
        "age_years": loan.age_years,
        "amount_minor": loan.amount_minor,
        "amount_to_income_ppm": _ratio(loan.amount_minor, loan.income_minor),
        "bullet": loan.bullet,
        "debt_to_income_ppm": _ratio(loan.debt_minor, loan.income_minor),
        "fits_harvest": loan.fits_harvest,
        "heaped": int(loan.amount_minor == HEAP_MINOR),
        "ill_timed": int(loan.term_months <= _SHORT_MONTHS and not loan.fits_harvest),
        "income_each_minor": loan.income_minor // loan.persons,
        "insured": loan.insured,
        "internal_rating": loan.internal_rating,
        "livelihood": loan.livelihood,
        "persons": loan.persons,
        "plan_return_ppm": loan.plan_return_ppm,
        "rating_tenths": loan.rating_tenths,
        "registered": loan.registered,
        "remote_ppm": loan.remote_ppm,
        "savings_to_income_ppm": _ratio(loan.savings_minor, loan.income_minor),
        "schooling_years": loan.schooling_years,
        "subsidised": loan.subsidised,
        "term_months": loan.term_months,
        "thin": int(loan.prior_tenths is None),
        "workers": loan.workers,
        "workers_ppm": _ratio(loan.workers, loan.persons),
    }
    if loan.prior_tenths is not None:
        found["prior_tenths"] = loan.prior_tenths
    return found


def _ratio(part: int, whole: int) -> int:
    return min(_RATIO_MOST_PPM, part * PPM // whole)
