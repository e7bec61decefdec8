"""A payee's book of small dues: counts of a period for all, the rows sealed.

Small dues are what a household owes outside credit, little by little: power, telephone, water, the
co-operative's share, medical insurance, inputs on credit, a premium, rent of land. Who collects
them writes the book: the firm itself where it is a member, or the bank counter, village office or
department that collects for it. A member keeps one book a kind.

An account is named by the payee's own running number, from 1 in the order of opening, and by
nothing else: no party, name, village or meter stands in a report. The accounts that a report opens
are numbered `first`, `first` + 1 and so on; every row names such a number.

Laws: a report tells of a period of whole months, in parts where it must; the next period begins
where the last one ended. Rows are columns of equal length: an account, the day on which it owed,
and the day on which all of that had come, 0 while it has not. They are the dues that fell due in
the period, `dues` of them, and `cleared` ones of before that were told open and came in it. A sum
stands only where `SUMMED_LEAST` accounts or more are behind it. Amounts of rows are told of all or
of none: what is owed need not be told for lateness to be. Limits: an account owes once a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.base import codec
from tallystick.records.base import DAY, NAME, Statement, case_sealed, public

__all__ = ["ACCOUNT_MOST", "KINDS", "PERIOD_MOST", "ROWS_MOST", "DuesReported"]

KINDS: Final = ("power", "phone", "water", "share", "medical", "credit", "premium", "rent")
"""What small dues are owed for."""

PERIOD_MOST: Final = 12
"""Most months of one report."""

ACCOUNT_MOST: Final = 10**12
"""Greatest number of an account."""

ROWS_MOST: Final = 8_192
"""Most rows of one report."""

_PARTS_MOST: Final = 1_024
_MONTH_MOST: Final = 120_000
_COUNT: Final = codec.integer(0, ROWS_MOST)
_DAYS: Final = codec.list_of(DAY, ROWS_MOST, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuesReported(Statement):
    """A payee tells which small dues fell due in a period, and when they came.

    `payers` is how many accounts owed the `dues`, `owed` their sum in fen; who `readers` names may
    open the rows.
    """

    t = "dues.reported"
    kind: str = public(codec.choice(*KINDS))
    begin: int = public(codec.integer(0, _MONTH_MOST))
    months: int = public(codec.integer(1, PERIOD_MOST))
    part: int = public(codec.integer(1, _PARTS_MOST))
    first: int = public(codec.integer(1, ACCOUNT_MOST))
    opened: int = public(codec.integer(0, ACCOUNT_MOST))
    payers: int = public(_COUNT)
    dues: int = public(_COUNT)
    cleared: int = public(_COUNT)
    owed: int | None = public(codec.integer(), optional=True)
    readers: list[str] | None = public(codec.list_of(NAME, 16, 1), optional=True)
    accounts: list[int] | None = case_sealed(
        codec.list_of(codec.integer(1, ACCOUNT_MOST), ROWS_MOST, 1)
    )
    due_days: list[int] | None = case_sealed(_DAYS)
    paid_days: list[int] | None = case_sealed(_DAYS)
    amounts: list[int] | None = case_sealed(codec.list_of(codec.integer(), ROWS_MOST, 1))
