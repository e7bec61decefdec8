"""Payees' books: small dues of a period put into reports, and each account's dues read from them.

Laws: what is read is what was written, row for row; a report whose counts or sum are not those of
its rows, or whose days do not lie where its period says, is refused whole, and so is a row that
settles a due that none told of as open. Dues of an account are known up to the end of the last
period before the first that the reader may not open. Months are year x 12 + month - 1, days count
from 1970-01-01, amounts are fen. Limits: only the accounts asked for are followed from report to
report.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, Final, NamedTuple

from tallystick.base.codec import encode
from tallystick.base.errors import Invalid
from tallystick.records.book import SUMMED_LEAST
from tallystick.records.dues import ROWS_MOST, DuesReported
from tallystick.services.credit.integrity import Due

__all__ = [
    "Account",
    "DueRow",
    "Period",
    "PeriodRows",
    "ToldDues",
    "follow_dues",
    "write_dues",
]

_ROOM: Final = 60_000
"""Bytes of rows that a sealed part takes beside its salts."""
_YEAR: Final = 12
_EPOCH: Final = date(1970, 1, 1)


class Account(NamedTuple):
    """An account of small dues: the member that keeps the book, what is owed for, its number."""

    payee: str
    kind: str
    number: int

    @property
    def owed_on(self) -> bytes:
        """What names it in a party's integrity record (`Due.loan`)."""
        return f"{self.payee}/{self.kind}/{self.number}".encode()


class DueRow(NamedTuple):
    """One due: on which account, the day it fell due, the day it was paid, 0 while it is not."""

    account: int
    due: int
    paid: int = 0
    amount_minor: int | None = None


class Period(NamedTuple):
    """Whole months: the number of the first one, and how many."""

    begin: int
    months: int

    @property
    def days(self) -> range:
        """Its days, since 1970-01-01."""
        return range(_first_day(self.begin), _first_day(self.begin + self.months))


def _first_day(month: int) -> int:
    return (date(month // _YEAR, month % _YEAR + 1, 1) - _EPOCH).days


@dataclass(frozen=True, slots=True)
class PeriodRows:
    """What a payee has to tell of a period.

    Attributes:
        opened: how many accounts were opened; they have the next numbers.
        rows: dues that fell due in it, and those told open before that were paid in it.
    """

    opened: int = 0
    rows: tuple[DueRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldDues:
    """One report as a member has it.

    Attributes:
        payee: who wrote it.
        record: its id.
        pub: its public part.
        sealed: its rows; None where this member may not open them.
    """

    payee: str
    record: bytes
    pub: Mapping[str, Any]
    sealed: Mapping[str, Any] | None

    @property
    def period(self) -> Period:
        """The period it tells of."""
        return Period(self.pub["begin"], self.pub["months"])


def write_dues(
    kind: str, period: Period, first: int, told: PeriodRows, readers: Sequence[str] = ()
) -> list[DuesReported]:
    """Return a period's reports: one, or as many as its rows need; one too where it has none.

    Args:
        kind: what the dues are owed for.
        period: of whole months.
        first: number of the first account opened in it.
        told: what there is to tell, rows in any order.
        readers: other members that may open the rows, ascending.

    Raises:
        Invalid: `dues.rows`, a row's days, account or amount cannot be of this period.
    """
    rows = tuple(sorted(told.rows, key=lambda row: (row.account, row.due)))
    if _find_fault(period, first + told.opened, rows):
        raise Invalid(
            "dues.rows",
            f"of {len(rows)} rows of {kind} dues one is of no account below"
            f" {first + told.opened}, is told twice, is paid after the period, belongs to another"
            " period, or lacks the amount that others tell",
            cure="Tell each due once, in the period in which it fell due, and once more in the one"
            " in which it was paid.",
        )
    reports = []
    opened = told.opened
    for part, part_rows in enumerate(_split(rows), 1):
        reports.append(
            DuesReported(
                kind=kind,
                begin=period.begin,
                months=period.months,
                part=part,
                first=first,
                opened=opened,
                readers=list(readers) or None,
                **_count(period, part_rows),
                **_seal(part_rows),
            )
        )
        first, opened = first + opened, 0
    return reports


def _find_fault(period: Period, following: int, rows: Sequence[DueRow]) -> bool:
    """Tell whether ascending rows cannot be a period's; accounts are numbered below `following`."""
    days = period.days
    amounts = {row.amount_minor is None for row in rows}
    return (
        len(amounts) > 1
        or any((a.account, a.due) >= (b.account, b.due) for a, b in pairwise(rows))
        or any(
            row.account >= following
            or row.due >= days.stop
            or row.paid >= days.stop
            or (row.due < days.start and row.paid < days.start)
            for row in rows
        )
    )


def _split(rows: tuple[DueRow, ...]) -> Iterator[tuple[DueRow, ...]]:
    """Yield rows in parts that a sealed object takes, by halves."""
    fits = len(rows) <= ROWS_MOST and len(encode(_seal(rows))) <= _ROOM
    if fits or len(rows) == 1:
        yield rows
    else:
        half = len(rows) // 2
        yield from _split(rows[:half])
        yield from _split(rows[half:])


def _seal(rows: Sequence[DueRow]) -> dict[str, Any]:
    """Return the sealed fields of rows; what is empty is absent."""
    if not rows:
        return {}
    accounts, due_days, paid_days, amounts = (list(column) for column in zip(*rows, strict=True))
    found: dict[str, Any] = {
        "accounts": accounts,
        "due_days": due_days,
        "paid_days": paid_days,
    }
    return found if amounts[0] is None else {**found, "amounts": amounts}


def _count(period: Period, rows: Sequence[DueRow]) -> dict[str, Any]:
    """Return the public counts and sum of rows."""
    begin = period.days.start
    fell = [row for row in rows if row.due >= begin]
    payers = len({row.account for row in fell})
    found = {"payers": payers, "dues": len(fell), "cleared": len(rows) - len(fell)}
    amounts = [row.amount_minor for row in fell if row.amount_minor is not None]
    if amounts and payers >= SUMMED_LEAST:
        found["owed"] = sum(amounts)
    return found


_COLUMNS: Final = ("accounts", "due_days", "paid_days", "amounts")
_STATED: Final = ("payers", "dues", "cleared", "owed")


def _read(told: ToldDues) -> list[DueRow]:
    """Return the rows of a report that this member has opened, checked against its public part."""
    assert told.sealed is not None
    pub, period = told.pub, told.period
    columns = [told.sealed[name] for name in _COLUMNS if name in told.sealed]
    if columns and (len(columns) < _COLUMNS.index("amounts") or len({*map(len, columns)}) != 1):
        raise _differs(told)
    rows = [DueRow(*each) for each in zip(*columns, strict=True)]
    stated = {name: pub[name] for name in _STATED if name in pub}
    if _find_fault(period, pub["first"] + pub["opened"], rows) or stated != _count(period, rows):
        raise _differs(told)
    return rows


def _differs(told: ToldDues) -> Invalid:
    pub = told.pub
    return Invalid(
        "dues.differs",
        f"the rows of {told.payee}'s report of {pub['kind']} dues from month {pub['begin']}, part"
        f" {pub['part']}, are not those that its counts and period tell of",
        cure="Ask the payee; leave its book out until it has told again.",
    )


def follow_dues(reports: Iterable[ToldDues], wanted: Collection[int]) -> list[Due]:
    """Return the dues of accounts as one payee's book of one kind tells of them, by account.

    Each names the report that tells of it last; `Due.seen` is the last day that the book tells of.

    Args:
        reports: of one payee and kind, as they stand in the chain; those from before the first of
            these accounts was opened may be left out.
        wanted: numbers of the accounts.

    Raises:
        Invalid: `dues.differs`; `dues.unknown_due`, a row settles a due that is not told as open.
    """
    found: dict[tuple[int, int], tuple[int, bytes]] = {}
    seen, account = 0, Account("", "", 0)
    for told in _open_ones(list(reports)):
        account = Account(told.payee, told.pub["kind"], 0)
        days = told.period.days
        seen = days.stop - 1
        for row in _read(told):
            if row.account not in wanted:
                continue
            place = (row.account, row.due)
            if found.get(place, (-1,))[0] != (-1 if row.due >= days.start else 0):
                raise _unknown(told)
            found[place] = (row.paid, told.record)
    return [
        Due(
            record=record,
            loan=account._replace(number=number).owed_on,
            due=due,
            paid=paid,
            is_small=1,
            seen=seen,
        )
        for (number, due), (paid, record) in sorted(found.items())
    ]


def _open_ones(reports: Sequence[ToldDues]) -> Iterator[ToldDues]:
    """Yield the reports before the first period of which one is closed to the reader."""
    closed = [told.period.begin for told in reports if told.sealed is None]
    return (told for told in reports if not closed or told.period.begin < min(closed))


def _unknown(told: ToldDues) -> Invalid:
    return Invalid(
        "dues.unknown_due",
        f"{told.payee}'s report of {told.pub['kind']} dues from month {told.pub['begin']} tells of"
        " a due twice, or settles one that none of its reports told as open",
        cure="Ask the payee; leave its book out until it has told again.",
    )
