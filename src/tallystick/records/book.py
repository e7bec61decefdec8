"""A lender's book: what it tells of a month's loans, the sums for all, the rows sealed.

A loan is named by the lender's own running number, from 1 in the order of granting, and by nothing
else: no party, name, village or officer stands in a report. The loans that a report grants are
numbered `first`, `first` + 1 and so on; every later row of theirs names that number.

Laws: a report tells of one month, in parts where it must; the month before was told. `features` are
columns of equal length, a value a loan granted, as of the request's day; where a value is not
known it is 0 and its place stands in `absent`. Sums stand exactly where `SUMMED_LEAST` loans or
more are behind them, so that no sum is one household's amount.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import INTEGER_MAX
from tallystick.records.base import NAME, PUBLIC_MONEY, Statement, case_sealed, public

__all__ = ["FEATURES_MOST", "LATE_DAYS", "ROWS_MOST", "SUMMED_LEAST", "LoansReported"]

SUMMED_LEAST: Final = 5
"""Fewest loans behind a sum that all members read."""

ROWS_MOST: Final = 4_096
"""Most rows of a kind in one report."""

FEATURES_MOST: Final = 64
"""Most columns of features."""

LATE_DAYS: Final = (30, 60, 90)
"""Days overdue that are told, once each time a loan comes to them."""

_PARTS_MOST: Final = 1_024
_MONTH_MOST: Final = 120_000
_COUNT: Final = codec.integer(0, ROWS_MOST)
_VALUES: Final = codec.list_of(codec.integer(-INTEGER_MAX), ROWS_MOST, 1)
_PLACES: Final = codec.list_of(codec.integer(0, ROWS_MOST - 1), ROWS_MOST, 1)
_NUMBERS: Final = codec.list_of(codec.integer(1), ROWS_MOST, 1)
_MONEYS: Final = codec.list_of(codec.integer(), ROWS_MOST, 1)
_DAYS: Final = codec.list_of(codec.choice(*LATE_DAYS), ROWS_MOST, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoansReported(Statement):
    """A lender tells what became of its loans in a month.

    `lent` is the sum paid out on `granted` loans, `arrears` what is left to be paid of the
    `overdues` loans; who `readers` names may open the rows.
    """

    t = "loans.reported"
    month: int = public(codec.integer(0, _MONTH_MOST))
    part: int = public(codec.integer(1, _PARTS_MOST))
    first: int = public(codec.integer(1))
    granted: int = public(_COUNT)
    repayments: int = public(_COUNT)
    overdues: int = public(_COUNT)
    lent: int | None = public(PUBLIC_MONEY, optional=True)
    arrears: int | None = public(codec.integer(), optional=True)
    readers: list[str] | None = public(codec.list_of(NAME, 16, 1), optional=True)
    features: dict[str, list[int]] | None = case_sealed(codec.map_of(_VALUES, FEATURES_MOST, 1))
    absent: dict[str, list[int]] | None = case_sealed(codec.map_of(_PLACES, FEATURES_MOST, 1))
    repaid: list[int] | None = case_sealed(_NUMBERS)
    paid: list[int] | None = case_sealed(_MONEYS)
    late: list[int] | None = case_sealed(_NUMBERS)
    late_days: list[int] | None = case_sealed(_DAYS)
    late_left: list[int] | None = case_sealed(_MONEYS)
