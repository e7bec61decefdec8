"""The county's past as its lenders' books have it: what each tells of a month, by its own numbers.

Laws: a loan is numbered by its lender in the order in which it is told; a lender's loans of the
chain are numbered between, so the driver says each month which number was the first. Months are
year x 12 + month - 1. Limits: the past has four lenders, the county three; the mutual fund's loans
stand in the credit union's book.
"""

from __future__ import annotations

from typing import Final

from tallystick.county.dues_book import DuesBooks
from tallystick.county.history.past import History
from tallystick.county.history.thin import Bundle, ThinRecord, bundle_months
from tallystick.services.credit.book import Late, MonthRows, Repaid

__all__ = ["BOOKKEEPERS", "KEPT_BY", "PastBooks"]

KEPT_BY: Final = ("credit-union", "agricultural-bank", "postal-bank", "credit-union")
"""Member that keeps the book, by code of `history.officer.LENDERS`."""

BOOKKEEPERS: Final = tuple(sorted(set(KEPT_BY)))
"""Members that tell of loans."""


class PastBooks:
    """What lenders have to tell of a history, month by month."""

    def __init__(
        self,
        history: History,
        *,
        start_month: int,
        more_months: int = 0,
        dues: DuesBooks | None = None,
    ) -> None:
        """Prepare to tell; `next_month` is the number of the month that is told next.

        Args:
            history: whose loans; its last month is the one before `start_month`.
            start_month: month number.
            more_months: for how many months from `start_month` on its loans are followed.
            dues: what payees tell beside them; None where they tell nothing.
        """
        self.dues = dues
        loans = [loan for loan in history.loans if loan.granted]
        self.next_month = start_month - history.length_months
        self._months = bundle_months(
            loans, history.truth.lives, history.length_months + more_months
        )
        self._numbers: dict[int, int] = {}
        self._left = {loan.number: loan.amount_minor for loan in loans}
        self._granted: dict[str, list[int]] = {}

    def tell_month(self) -> dict[str, MonthRows]:
        """Return what each bookkeeper has to tell of the next month; nothing after the last.

        Before it is asked again `number` must have been called for every bookkeeper.
        """
        _, bundles = next(self._months, (0, ()))
        self.next_month += 1
        return self._tell(bundles)

    def number(self, lender: str, first: int) -> None:
        """Number the loans that a lender has just told of, from `first` on."""
        for at, loan in enumerate(self._granted.pop(lender, [])):
            self._numbers[loan] = first + at

    def _tell(self, bundles: tuple[Bundle, ...]) -> dict[str, MonthRows]:
        records: dict[str, list[ThinRecord]] = {name: [] for name in BOOKKEEPERS}
        for bundle in bundles:
            records[KEPT_BY[bundle.lender]] += bundle.records
        return {name: self._rows(name, records[name]) for name in BOOKKEEPERS}

    def _rows(self, lender: str, records: list[ThinRecord]) -> MonthRows:
        """Return a month of one lender; no loan is paid on or late in the month of its grant."""
        granted = [record for record in records if record.kind == "granted"]
        self._granted[lender] = [record.loan for record in granted]
        repaid, late = [], []
        for record in records:
            if record.kind == "repaid":
                paid = record.public["paid_minor"]
                self._left[record.loan] = max(0, self._left[record.loan] - paid)
                repaid.append(Repaid(self._numbers[record.loan], paid))
            elif record.kind == "overdue":
                left = self._left[record.loan]
                late.append(Late(self._numbers[record.loan], record.public["days"], left))
        return MonthRows(tuple(record.sealed for record in granted), tuple(repaid), tuple(late))
