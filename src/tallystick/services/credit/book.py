"""Lenders' books: months of loans put into reports, and what became of each loan, read from them.

Laws: what is read is what was written, row for row; a report whose sums or counts are not those of
its rows is refused whole, and so is a row of a loan that none granted before. A loan's life is over
`AFTER_MONTHS` months after its term, and counts as failed if it was `DEFAULT_DAYS` overdue by then;
until it is over nothing is said of it, for the loans that fail do so early. Months are year x 12 +
month - 1, amounts fen. Source: the county's practice (default is 90 days).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final, NamedTuple

from tallystick.base.codec import encode
from tallystick.base.errors import Invalid
from tallystick.records.book import FEATURES_MOST, ROWS_MOST, SUMMED_LEAST, LoansReported

__all__ = [
    "AFTER_MONTHS",
    "AMOUNT",
    "DEFAULT_DAYS",
    "TERM",
    "BookLoan",
    "Late",
    "MonthRows",
    "Repaid",
    "Told",
    "follow_books",
    "write_reports",
]

AFTER_MONTHS: Final = 3
"""Months after its last payment falls due by which a loan's end is known."""

DEFAULT_DAYS: Final = 90
"""Days overdue that are a default."""

AMOUNT: Final = "amount_minor"
"""The feature that every loan has: what was lent, fen."""

TERM: Final = "term_months"
"""The other one: months to the last payment."""

_ROOM: Final = 60_000
"""Bytes of rows that a sealed part takes beside its salts."""


class Repaid(NamedTuple):
    """Money of a loan that came back in the month."""

    number: int
    paid_minor: int


class Late(NamedTuple):
    """A loan that came to so many days overdue in the month, and what is left to be paid."""

    number: int
    days: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class MonthRows:
    """What a lender has to tell of a month.

    Attributes:
        granted: features of the loans granted, as of their requests, each with `AMOUNT` and `TERM`.
        repaid: a row a loan at most.
        late: a row a loan at most.
    """

    granted: tuple[Mapping[str, int], ...] = ()
    repaid: tuple[Repaid, ...] = ()
    late: tuple[Late, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.granted) + len(self.repaid) + len(self.late)

    def __add__(self, more: MonthRows) -> MonthRows:
        """Return both, the other's after one's own."""
        return MonthRows(
            self.granted + more.granted, self.repaid + more.repaid, self.late + more.late
        )

    def cut(self, count: int) -> tuple[MonthRows, MonthRows]:
        """Return the first rows, so many of them, and the rest; loans granted come first."""
        low = max(0, count - len(self.granted))
        lower = max(0, low - len(self.repaid))
        return (
            MonthRows(self.granted[:count], self.repaid[:low], self.late[:lower]),
            MonthRows(self.granted[count:], self.repaid[low:], self.late[lower:]),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """One report as a member has it.

    Attributes:
        lender: who wrote it.
        height: of its block.
        pub: its public part.
        sealed: its rows; None where this member may not open them.
    """

    lender: str
    height: int
    pub: Mapping[str, Any]
    sealed: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class BookLoan:
    """A loan as reports tell of it.

    Attributes:
        lender: who lent.
        number: the lender's own, from 1.
        month: of the grant.
        features: of the request, as of its day.
        known_until: first month that nothing is known of.
        failed_month: in which it came to be `DEFAULT_DAYS` overdue; None if it has not.
        height: of the block that told of it.
    """

    lender: str
    number: int
    month: int
    features: Mapping[str, int]
    known_until: int
    failed_month: int | None
    height: int

    @property
    def over_month(self) -> int:
        """First month at whose beginning its life is over."""
        return self.month + self.features[TERM] + AFTER_MONTHS + 1

    def is_over(self, month: int) -> bool:
        """Return whether its end was known at the beginning of a month, from reports alone."""
        return self.over_month <= min(month, self.known_until)


def write_reports(
    month: int, first: int, rows: MonthRows, readers: Sequence[str] = ()
) -> list[LoansReported]:
    """Return a month's reports: one, or as many as its rows need; one too where it has none.

    Args:
        month: told of.
        first: number of the first loan granted in it.
        rows: what there is to tell.
        readers: other members that may open the rows, ascending.

    Raises:
        Invalid: `report.features`, a loan lacks its amount or term, or has too many features.
    """
    for features in rows.granted:
        if not features.keys() >= {AMOUNT, TERM} or len(features) > FEATURES_MOST:
            raise Invalid(
                "report.features",
                f"a loan of month {month} has {len(features)} features; {AMOUNT} and {TERM} are"
                f" needed, {FEATURES_MOST} allowed",
                cure="State amount and term of every loan.",
            )
    reports = []
    for part, part_rows in enumerate(_split(rows), 1):
        reports.append(_write(month, part, first, part_rows, readers))
        first += len(part_rows.granted)
    return reports


def _split(rows: MonthRows) -> Iterator[MonthRows]:
    """Yield rows in parts that a sealed object takes, by halves."""
    most = max(len(rows.granted), len(rows.repaid), len(rows.late))
    fits = most <= ROWS_MOST and len(encode(_seal(rows))) <= _ROOM
    if fits or len(rows) == 1:
        yield rows
    else:
        for half in rows.cut(len(rows) // 2):
            yield from _split(half)


def _seal(rows: MonthRows) -> dict[str, Any]:
    """Return the sealed fields of rows; what is empty is absent."""
    names = sorted({name for features in rows.granted for name in features})
    absent = {
        name: [at for at, features in enumerate(rows.granted) if name not in features]
        for name in names
    }
    fields = {
        "features": {name: [each.get(name, 0) for each in rows.granted] for name in names},
        "absent": {name: places for name, places in absent.items() if places},
        "repaid": [row.number for row in rows.repaid],
        "paid": [row.paid_minor for row in rows.repaid],
        "late": [row.number for row in rows.late],
        "late_days": [row.days for row in rows.late],
        "late_left": [row.left_minor for row in rows.late],
    }
    return {name: value for name, value in fields.items() if value}


def _write(
    month: int, part: int, first: int, rows: MonthRows, readers: Sequence[str]
) -> LoansReported:
    return LoansReported(
        month=month,
        part=part,
        first=first,
        readers=list(readers) or None,
        **_count(rows),
        **_seal(rows),
    )


def _count(rows: MonthRows) -> dict[str, Any]:
    """Return the public counts and sums of rows."""
    found = {
        "granted": len(rows.granted),
        "repayments": len(rows.repaid),
        "overdues": len(rows.late),
    }
    if len(rows.granted) >= SUMMED_LEAST:
        found["lent"] = sum(features[AMOUNT] for features in rows.granted)
    if len(rows.late) >= SUMMED_LEAST:
        found["arrears"] = sum(row.left_minor for row in rows.late)
    return found


def _read(told: Told) -> MonthRows:
    """Return the rows of a report that this member has opened, checked against its public part."""
    assert told.sealed is not None
    columns: Mapping[str, list[int]] = told.sealed.get("features", {})
    absent = {name: frozenset(at) for name, at in told.sealed.get("absent", {}).items()}
    count, numbers = told.pub["granted"], [len(each) for each in columns.values()]
    paid, late = (told.sealed.get(name, []) for name in ("repaid", "late"))
    sizes = [len(told.sealed.get(name, [])) for name in ("paid", "late_days", "late_left")]
    if numbers != list(repeat(count, len(columns))) or sizes != [len(paid), len(late), len(late)]:
        raise _differs(told)
    none: frozenset[int] = frozenset()
    rows = MonthRows(
        tuple(
            {name: each[at] for name, each in columns.items() if at not in absent.get(name, none)}
            for at in range(count if columns else 0)
        ),
        tuple(map(Repaid, paid, told.sealed.get("paid", []))),
        tuple(map(Late, late, told.sealed.get("late_days", []), told.sealed.get("late_left", []))),
    )
    stated = {name: told.pub[name] for name in _STATED if name in told.pub}
    if any(not each.keys() >= {AMOUNT, TERM} for each in rows.granted) or stated != _count(rows):
        raise _differs(told)
    return rows


_STATED: Final = ("granted", "repayments", "overdues", "lent", "arrears")


def _differs(told: Told) -> Invalid:
    return Invalid(
        "report.differs",
        f"the rows of {told.lender}'s report of month {told.pub['month']}, part"
        f" {told.pub['part']}, are not those that its counts and sums tell of",
        cure="Ask the lender; leave its book out until it has told again.",
    )


def follow_books(reports: Iterable[Told]) -> list[BookLoan]:
    """Return every loan that reports tell of, by lender and number.

    Args:
        reports: as they stand in the chain. Of each lender they are read up to the first month of
            which this member may not open a part.

    Raises:
        Invalid: `report.differs`; `report.unknown_loan`, a row names a loan that none granted.
    """
    by_lender: dict[str, list[Told]] = {}
    for told in reports:
        by_lender.setdefault(told.lender, []).append(told)
    return [loan for lender in sorted(by_lender) for loan in _follow(by_lender[lender])]


class _Entry(NamedTuple):
    month: int
    features: Mapping[str, int]
    height: int


def _follow(reports: Sequence[Told]) -> Iterator[BookLoan]:
    """Yield one lender's loans by number."""
    closed = [told.pub["month"] for told in reports if told.sealed is None]
    until = min(closed, default=max(told.pub["month"] for told in reports) + 1)
    granted: list[_Entry] = []
    failed: dict[int, int] = {}
    for told in reports:
        if told.pub["month"] >= until:
            break
        rows = _read(told)
        granted += [_Entry(told.pub["month"], each, told.height) for each in rows.granted]
        named = max([*(row.number for row in rows.repaid), *(row.number for row in rows.late), 0])
        if named > len(granted) or told.pub["first"] + len(rows.granted) != len(granted) + 1:
            raise Invalid(
                "report.unknown_loan",
                f"{told.lender}'s report of month {told.pub['month']} names loan {named}; it has"
                f" granted {len(granted)}",
                cure="Ask the lender; leave its book out until it has told again.",
            )
        for row in rows.late:
            if row.days >= DEFAULT_DAYS:
                failed.setdefault(row.number, told.pub["month"])
    for number, entry in enumerate(granted, 1):
        yield BookLoan(
            lender=reports[0].lender,
            number=number,
            month=entry.month,
            features=entry.features,
            known_until=until,
            failed_month=failed.get(number),
            height=entry.height,
        )
