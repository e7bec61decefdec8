"""What is next to be paid on the loans a member lent, kept in memory once it was read.

A loan's terms and what came back are sealed to the case, so the lender opens them under a permit
and leaves a receipt: once for each record while the node runs, not at every look.

Laws: a look reads at most `READ_MAX` loans it does not know yet, the earliest paid out first, so
that none takes long; the next look goes on. A loan whose keys are gone is passed over for good.
Limits: until all are read, sums are of those read; `unread` tells how many are not.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from weakref import WeakKeyDictionary

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied, NotFound
from tallystick.county.loan_told import list_loan_records, read_terms
from tallystick.finance import build_schedule
from tallystick.kernel.access.desk import Desk
from tallystick.node import Node
from tallystick.services.credit.dues import due_day

__all__ = ["Book", "BookedLoan", "book_of"]

PURPOSE: Final = "credit"
READ_MAX: Final = 64


@dataclass(slots=True)
class BookedLoan:
    """One loan as its records tell it.

    Attributes:
        row: of the view of loans, when it was read last.
        payments: (months after the payout, fen) of every payment, the earliest first.
        paid_out: day of the first payout, days since 1970-01-01; 0 before it.
        paid_minor: what came back so far: principal, interest and fees.
        principal_minor: what was lent.
        read: ids of the records it was read from.
    """

    row: Mapping[str, Any]
    payments: tuple[tuple[int, int], ...] = ()
    paid_out: int = 0
    paid_minor: int = 0
    principal_minor: int = 0
    read: set[bytes] = field(default_factory=set)

    def next_payment(self) -> tuple[int, int] | None:
        """Return day and missing fen of the first payment not covered; None once all are."""
        covered = self.paid_minor
        for months, amount in self.payments:
            if covered < amount:
                return due_day(self.paid_out, months), amount - covered
            covered -= amount
        return None


class Book:
    """The loans that one member lent; safe to share between threads."""

    def __init__(self) -> None:
        self._loans: dict[bytes, BookedLoan] = {}
        self._closed: set[bytes] = set()
        self._lock = threading.Lock()

    def look(self, desk: Desk) -> tuple[list[BookedLoan], int]:
        """Return the loans paid out that could be read, and how many are still to be.

        Args:
            desk: the lender's, its views up to date.
        """
        with self._lock:
            left = READ_MAX
            unread = 0
            for row in _list_lent(desk):
                known = self._loans.get(row["loan"])
                if row["loan"] in self._closed or (known is not None and known.row == row):
                    continue
                if not left:
                    unread += 1
                    continue
                left -= 1
                self._read(desk, row, known or BookedLoan(row))
            return list(self._loans.values()), unread

    def _read(self, desk: Desk, row: Mapping[str, Any], loan: BookedLoan) -> None:
        try:
            for record in list_loan_records(desk, row):
                if record["id"] not in loan.read:
                    _add(desk, loan, record)
                    loan.read.add(record["id"])
        except (Denied, NotFound):
            self._closed.add(row["loan"])
            self._loans.pop(row["loan"], None)
            return
        loan.row = row
        self._loans[row["loan"]] = loan


def _list_lent(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield the rows of this member's loans that were paid out, the earliest first."""
    last: dict[str, Any] | None = None
    while rows := desk.views.rows(
        "loan", {"lender": desk.member}, order="disbursed_at", after=last
    ):
        yield from (row for row in rows if row["disbursed_at"] is not None)
        last = rows[-1]


def _add(desk: Desk, loan: BookedLoan, record: Mapping[str, Any]) -> None:
    """Take into a loan what one of its records says."""
    if record["t"] == "loan.disbursed":
        loan.paid_out = loan.paid_out or record["time"] // DAY_MS
        return
    sealed = desk.open(desk.permit(PURPOSE, record["case"]), record["id"], "case").values
    if record["t"] == "loan.repaid":
        loan.paid_minor += sealed.get("principal", 0) + sealed.get("interest", 0)
        return
    terms = read_terms(sealed)
    loan.principal_minor = terms.amount_minor
    rows = build_schedule(terms)
    loan.payments = tuple((each.month, each.payment) for each in rows if each.payment)


_BOOKS: WeakKeyDictionary[Node, Book] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def book_of(node: Node) -> Book:
    """Return the node's book, made at the first look; it ends with the node."""
    with _MAKING:
        return _BOOKS.setdefault(node, Book())
