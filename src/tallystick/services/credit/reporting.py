"""A lender's reports at its own desk, and all lenders' books as one member may read them.

What a lender tells of a month is what it is given for loans that stand on no chain, such as those
of before, and, after these, its own loans of the chain, from their records. What is read is opened
with receipts, from this member's own copy of the chain; keys it may have are lent on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied, NotFound
from tallystick.finance import LoanTerms, build_schedule
from tallystick.kernel.access.desk import Desk, Found
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.views.base import PAGE_MAX, Row
from tallystick.records.book import LATE_DAYS
from tallystick.services.credit.book import (
    AMOUNT,
    TERM,
    Late,
    MonthRows,
    Repaid,
    Told,
    write_reports,
)
from tallystick.services.credit.dues import due_day

__all__ = ["Reports", "month_of"]

_PURPOSE: Final = "credit"
_YEAR: Final = 12


def month_of(time_ms: int) -> int:
    """Return the month number of a time, UTC: year x 12 + month - 1."""
    at = datetime.fromtimestamp(time_ms // 1_000, UTC)
    return at.year * _YEAR + at.month - 1


def _last_day(month: int) -> int:
    """Return the last day of a month number, since 1970-01-01."""
    year, calendar = divmod(month + 1, _YEAR)
    begin = datetime(year, calendar + 1, 1, tzinfo=UTC)
    return int(begin.timestamp()) * 1_000 // DAY_MS - 1


@dataclass(frozen=True, slots=True)
class _Own:
    """One of this member's loans on the chain; month and number are of its first payout.

    Attributes:
        repaid: (day, principal, all) of what came back.
    """

    number: int
    month: int
    paid_out: int
    terms: LoanTerms
    features: Mapping[str, int]
    repaid: tuple[tuple[int, int, int], ...]


class Reports:
    """The reports that a member writes and reads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- telling

    def report_month(
        self, month: int, told: MonthRows, readers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Record what became of this lender's loans in a month that is over.

        Args:
            month: number of the month; the one after the last told of.
            told: rows of loans that do not stand on the chain, by their numbers.
            readers: other members that may open the rows.

        Returns:
            `{"month", "first", "granted", "records"}`: the loans of `told` are numbered from
            `first`, those of the chain follow.

        Raises:
            Invalid: `report.features`; `record.refused` by a rule, such as a month not over.
        """
        desk, first = self._desk, self._following()
        rows = told + self._own_rows(month, first + len(told.granted))
        statements = write_reports(month, first, rows, sorted(readers))
        drafts = []
        for statement in statements:
            identifier = desk.new_id()
            drafts.append(Draft(identifier=identifier, statement=statement, party=identifier))
        desk.record(drafts)
        return {
            "month": month,
            "first": first,
            "granted": len(rows.granted),
            "records": [draft.identifier for draft in drafts],
        }

    def _following(self) -> int:
        """Return the number that this lender's next loan has."""
        where = {"lender": self._desk.member}
        last = self._desk.views.rows("report", where, order="-height", limit=1)
        if not last:
            return 1
        rows = self._desk.views.rows("report", {**where, "height": last[0]["height"]})
        return max(int(row["first"] + row["granted"]) for row in rows)

    def _own_rows(self, month: int, first: int) -> MonthRows:
        """Return the rows of this lender's loans on the chain."""
        end = _last_day(month)
        granted, repaid, late = [], [], []
        for loan in self._own_loans(month, first):
            came = [row for row in loan.repaid if row[0] <= end]
            begin = _last_day(month - 1)
            if loan.month == month:
                granted.append(loan.features)
            if paid := sum(total for day, _, total in came if day > begin):
                repaid.append(Repaid(loan.number, paid))
            days = _late_days(loan, end)
            if days > _late_days(loan, begin):
                left = loan.terms.amount_minor - sum(principal for _, principal, _ in came)
                late.append(Late(loan.number, days, max(0, left)))
        return MonthRows(tuple(granted), tuple(repaid), tuple(late))

    def _own_loans(self, month: int, first: int) -> Iterator[_Own]:
        """Yield this lender's loans paid out by the end of a month, in that order.

        In each month those of the chain are numbered last, so that their numbers follow from the
        reports of before; those of `month` itself begin at `first`.
        """
        paid_out = self._first_payouts()
        counts = Counter(month_of(found.time) for found in paid_out.values())
        following = self._numbers_after(counts)
        following[month] = first + counts[month]
        for loan, found in paid_out.items():
            at = month_of(found.time)
            if at <= month and at in following:
                number = following[at] - counts[at]
                counts[at] -= 1
                own = self._read_loan(number, loan, found)
                if own is not None:
                    yield own

    def _numbers_after(self, months: Mapping[int, int]) -> dict[int, int]:
        """Return by month told of the number after its last loan."""
        where = {"lender": self._desk.member}
        found: dict[int, int] = {}
        for month in months:
            for row in self._desk.views.rows("report", {**where, "month": month}):
                found[month] = max(found.get(month, 0), row["first"] + row["granted"])
        return found

    def _first_payouts(self) -> dict[bytes, Found]:
        """Return by loan the record of its first payout, in the order of the chain."""
        found: dict[bytes, Found] = {}
        for row in self._records("loan.disbursed", {"member": self._desk.member}):
            each = self._desk.records.find(row["id"])
            found.setdefault(each.record["pub"]["loan"], each)
        return found

    def _read_loan(self, number: int, loan: bytes, paid_out: Found) -> _Own | None:
        """Return a loan with what came back; None where it states no amount."""
        desk, case = self._desk, paid_out.record["case"]
        permit = desk.permit(_PURPOSE, case)
        granted = desk.open(permit, loan, "case").values
        if "principal" not in granted:
            return None
        repaid = []
        for row in self._records("loan.repaid", {"case": case}):
            found = desk.records.find(row["id"])
            if found.record["pub"]["loan"] == loan:
                sealed = desk.open(permit, row["id"], "case").values
                principal = sealed.get("principal", 0)
                total = principal + sealed.get("interest", 0)
                repaid.append((found.time // DAY_MS, principal, total))
        terms = LoanTerms(
            granted["principal"],
            granted.get("rate_ppm", 0),
            granted.get("months", 1),
            granted.get("pattern", "bullet"),
            **granted.get("terms", {}),
        )
        return _Own(
            number,
            month_of(paid_out.time),
            paid_out.time // DAY_MS,
            terms,
            self._read_features(case, terms),
            tuple(repaid),
        )

    def _read_features(self, case: bytes, terms: LoanTerms) -> dict[str, int]:
        """Return what the request was decided by, where this member may open it."""
        desk = self._desk
        needed = {AMOUNT: terms.amount_minor, TERM: terms.term_months}
        try:
            opened = desk.open(desk.permit(_PURPOSE, case), case, "party").values
        except (Denied, NotFound):
            return needed
        features: dict[str, int] = opened.get("profile", {}).get("application", {})["features"]
        return {**features, **needed}

    # ---- reading

    def read_books(self, *, limit: int | None = None, offset: int = 0) -> list[Told]:
        """Return all lenders' reports as they stand in the chain; each opened leaves a receipt.

        Args:
            limit: most of them; all where None.
            offset: how many to pass over.

        Raises:
            Corrupt: an object is not what its record commits to.
            Unavailable: a lender that must lend a key cannot be reached.
        """
        rows = list(self._records("loans.reported", {}))
        end = None if limit is None else offset + limit
        return [self._read(row) for row in rows[offset:end]]

    def _read(self, row: Row) -> Told:
        desk = self._desk
        record = desk.records.find(row["id"]).record
        is_open = desk.member in (row["member"], *record["pub"].get("readers", ()))
        sealed = None
        if is_open:
            try:
                permit = desk.permit(_PURPOSE, row["id"])
                sealed = desk.open(permit, row["id"], "case").values
            except Denied:
                sealed = None
        return Told(row["member"], row["height"], record["pub"], sealed)

    def _records(self, t: str, where: Mapping[str, Any]) -> Iterator[Row]:
        """Yield rows of the record view of a type as they stand in the chain."""
        views, found, offset = self._desk.views, [], 0
        while rows := views.rows("record", {**where, "t": t}, order="height", offset=offset):
            found += rows
            offset += PAGE_MAX
        yield from sorted(found, key=lambda row: (row["height"], row["index"], row["place"]))


def _late_days(loan: _Own, day: int) -> int:
    """Return to how many days overdue, of `LATE_DAYS`, a loan had come by a day; 0 for none."""
    covered = sum(total for at, _, total in loan.repaid if at <= day)
    owed = 0
    for row in build_schedule(loan.terms):
        due = due_day(loan.paid_out, row.month)
        owed += row.payment
        if due < day and owed > covered:
            return max((each for each in LATE_DAYS if each <= day - due), default=0)
    return 0
