"""Thin records: what a lender would put on a chain of a loan, month by month, bundled.

Shape: a `Bundle` is one lender's records of one month, at most 1,024, as one transaction takes.
A record names the loan by number and is one of four kinds:

    granted    public: amount_minor, term_months, bullet, subsidised; sealed: the features of
               the request, as of its day (`history.loan.FEATURES`)
    disbursed  public: amount_minor
    repaid     public: paid_minor, more than 0
    overdue    public: days, once each at 30, 60 and 90 days in a row

Laws: integers alone; no name, number, contact, village or officer; features stand in the sealed
part, for together they could point to a household. A month's records tell nothing of a later one.
Limits: months count 30 days, a loan is paid out in the month of its grant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tallystick.county.history.life import DEFAULT_DAYS, Life
from tallystick.county.history.loan import Loan, read_features
from tallystick.county.history.officer import LENDERS

__all__ = ["RECORDS_MOST", "Bundle", "Kind", "ThinRecord", "bundle_months"]

RECORDS_MOST: Final = 1_024
"""Most records of a bundle."""

Kind = Literal["granted", "disbursed", "repaid", "overdue"]


@dataclass(frozen=True, slots=True)
class ThinRecord:
    """One record.

    Attributes:
        kind: what it tells.
        loan: number of the loan.
        public: integers in clear, by name.
        sealed: integers that only those who may open the loan read, by name.
    """

    kind: Kind
    loan: int
    public: Mapping[str, int]
    sealed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bundle:
    """One lender's records of one month.

    Attributes:
        month: month number.
        lender: code, a place in `officer.LENDERS`.
        records: 1..1,024, by number of the loan.
    """

    month: int
    lender: int
    records: tuple[ThinRecord, ...]


def bundle_months(
    loans: Sequence[Loan], lives: Sequence[Life], months: int
) -> Iterator[tuple[int, tuple[Bundle, ...]]]:
    """Yield each month with its bundles, lender by lender.

    Args:
        loans: those that records tell of, by number.
        lives: of all loans, by number.
        months: how many there are.
    """
    starting: list[list[Loan]] = [[] for _ in range(months)]
    for loan in loans:
        starting[loan.month].append(loan)
    alive: list[Loan] = []
    for month in range(months):
        alive = [each for each in alive if month - each.month < len(lives[each.number].paid_minor)]
        alive = sorted(alive + starting[month], key=lambda each: each.number)
        told: list[list[ThinRecord]] = [[] for _ in LENDERS]
        for loan in alive:
            told[loan.lender] += _tell(loan, lives[loan.number], month - loan.month)
        yield (
            month,
            tuple(
                Bundle(month, lender, tuple(records[start : start + RECORDS_MOST]))
                for lender, records in enumerate(told)
                for start in range(0, len(records), RECORDS_MOST)
            ),
        )


def _tell(loan: Loan, life: Life, age: int) -> list[ThinRecord]:
    """Return what a loan's month adds to the record."""
    found = []
    if age == 0:
        terms = {
            "amount_minor": loan.amount_minor,
            "term_months": loan.term_months,
            "bullet": loan.bullet,
            "subsidised": loan.subsidised,
        }
        found.append(ThinRecord("granted", loan.number, terms, read_features(loan)))
        found.append(ThinRecord("disbursed", loan.number, {"amount_minor": loan.amount_minor}))
    if life.paid_minor[age]:
        found.append(ThinRecord("repaid", loan.number, {"paid_minor": life.paid_minor[age]}))
    days = 30 * life.late_months[age]
    if 0 < days <= DEFAULT_DAYS:
        found.append(ThinRecord("overdue", loan.number, {"days": days}))
    return found
