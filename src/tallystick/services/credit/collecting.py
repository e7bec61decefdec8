"""A payee's reports of small dues at its own desk, and books as one that they name may read them.

What is read is opened with receipts, from this member's own copy of the chain, and no more of it
than the accounts asked for need; keys it may have are lent on the way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.kernel.views.base import PAGE_MAX, Row
from tallystick.services.credit.integrity import Due
from tallystick.services.credit.payee import (
    Account,
    Period,
    PeriodRows,
    ToldDues,
    follow_dues,
    write_dues,
)

__all__ = ["PayeeBooks", "ReadDues"]

_PURPOSE: Final = "credit"


class ReadDues(NamedTuple):
    """What books tell of some accounts.

    Attributes:
        dues: of all accounts that were read, by account and day.
        unread: accounts of which nothing could be read: no such book or number, a payee that did
            not name this member or cannot be reached, or a book whose rows do not agree.
    """

    dues: list[Due]
    unread: frozenset[Account]


class PayeeBooks:
    """The books of small dues that a member writes and reads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- telling

    def report_period(
        self, period: Period, told: Mapping[str, PeriodRows], readers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Record which small dues this payee's accounts owed in a period that is over.

        Args:
            period: the one after the last told of, of each kind.
            told: rows by kind; accounts that it opens are numbered on from the last.
            readers: other members that may open the rows.

        Returns:
            `{"first": {kind: number of the first account opened}, "records"}`, all in one bundle.

        Raises:
            Invalid: `dues.rows`; `record.refused` by a rule, such as a period not over.
        """
        desk, drafts = self._desk, []
        first = {kind: self._following(kind) for kind in sorted(told)}
        for kind, number in first.items():
            for statement in write_dues(kind, period, number, told[kind], sorted(readers)):
                identifier = desk.new_id()
                drafts.append(Draft(identifier=identifier, statement=statement, party=identifier))
        desk.record(drafts)
        return {"first": first, "records": [draft.identifier for draft in drafts]}

    def _following(self, kind: str) -> int:
        """Return the number that this payee's next account of a kind has."""
        last = list(self._rows(self._desk.member, kind))[-1:]
        return int(last[0]["first"] + last[0]["opened"]) if last else 1

    # ---- reading

    def read_dues(self, accounts: Collection[Account]) -> ReadDues:
        """Return what books tell of accounts; each report opened leaves a receipt.

        Raises:
            Corrupt: an object is not what its record commits to.
        """
        books: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        for account in accounts:
            books[account.payee, account.kind].add(account.number)
        dues: list[Due] = []
        unread: set[Account] = set()
        for (payee, kind), numbers in sorted(books.items()):
            try:
                found = follow_dues(self._open_book(payee, kind, min(numbers)), numbers)
            except (Denied, Invalid, Unavailable):
                found = []
            dues += found
            named = [Account(payee, kind, number) for number in numbers]
            told = {due.loan for due in found}
            unread |= {account for account in named if account.owed_on not in told}
        return ReadDues(dues, frozenset(unread))

    def _open_book(self, payee: str, kind: str, number: int) -> Iterator[ToldDues]:
        """Yield a book's reports from the one that opened an account on."""
        for row in self._rows(payee, kind):
            if row["first"] + row["opened"] > number:
                yield self._read(row)

    def _read(self, row: Row) -> ToldDues:
        desk = self._desk
        record = desk.records.find(row["record"]).record
        sealed = None
        if desk.member in (row["payee"], *record["pub"].get("readers", ())):
            permit = desk.permit(_PURPOSE, row["record"])
            sealed = desk.open(permit, row["record"], "case").values
        return ToldDues(row["payee"], row["record"], record["pub"], sealed)

    def _rows(self, payee: str, kind: str) -> Iterator[Row]:
        """Yield the rows of a book as they stand in the chain: by period, then by part."""
        where = {"payee": payee, "kind": kind}
        views, found = self._desk.views, list[Row]()
        while rows := views.rows("dues", where, order="height", offset=len(found)):
            found += rows
            if len(rows) < PAGE_MAX:
                break
        yield from sorted(found, key=lambda row: (row["begin"], row["part"]))
