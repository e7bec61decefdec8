"""Books at a node in this process: lenders' and payees' told, lenders' read, models due or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.base.errors import Invalid
from tallystick.county.local_base import NodeOffice
from tallystick.county.modelling import find_due
from tallystick.county.telling import told_tree
from tallystick.services.credit.book import Late, MonthRows, Repaid, Told
from tallystick.services.credit.collecting import PayeeBooks
from tallystick.services.credit.payee import DueRow, Period, PeriodRows
from tallystick.services.credit.reporting import Reports

__all__ = ["BookOffice", "read_told"]


class BookOffice(NodeOffice):
    """What a lender tells of its loans, and a reader learns from."""

    def report_loans(
        self, month: int, *, rows: Mapping[str, Any], readers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Tell what became of this lender's loans in a month; its loans of the chain are added."""
        reports = Reports(self._node.desk)
        return told_tree(reports.report_month(month, _read_rows(rows), readers))

    def report_dues(
        self, begin: int, *, months: int, rows: Mapping[str, Any], readers: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Tell which small dues this payee's accounts owed in a period, and when they came."""
        told = {kind: _read_dues(each) for kind, each in rows.items()}
        books = PayeeBooks(self._node.desk)
        return told_tree(books.report_period(Period(begin, months), told, readers))

    def read_books(self, *, limit: int = 100, offset: int = 0) -> list[dict[str, Any]]:
        """Return reports as they stand in the chain, with rows this member may open; receipts."""
        found = Reports(self._node.desk).read_books(limit=limit, offset=offset)
        return [_tell(each) for each in found]

    def due_model(self) -> dict[str, Any]:
        """Return whether a model is to be trained anew, and why; leaves receipts."""
        return find_due(self._of)


def _read_rows(rows: Mapping[str, Any]) -> MonthRows:
    """Return the rows of a tree `{granted?, repaid?, late?}`.

    Raises:
        Invalid: `report.rows`, it has another form.
    """
    try:
        strange = rows.keys() - {"granted", "repaid", "late"}
        found = MonthRows(
            tuple(dict(each) for each in rows.get("granted", ())),
            tuple(Repaid(*each) for each in rows.get("repaid", ())),
            tuple(Late(*each) for each in rows.get("late", ())),
        )
    except (TypeError, ValueError) as error:
        raise _malformed() from error
    numbers = [value for each in found.granted for value in each.values()]
    numbers += [value for each in (*found.repaid, *found.late) for value in each]
    if strange or any(type(value) is not int for value in numbers):
        raise _malformed()
    return found


def _read_dues(rows: Any) -> PeriodRows:  # noqa: ANN401 - what a caller sent
    """Return the rows of a tree `{opened?, rows?}`, a row [account, due, paid, amount?].

    Raises:
        Invalid: `dues.rows`, it has another form.
    """
    cure = "Give opened: a number, and rows: [[account, due day, paid day or 0, amount if told]]."
    try:
        found = PeriodRows(
            rows.get("opened", 0), tuple(DueRow(*each) for each in rows.get("rows", ()))
        )
        strange = rows.keys() - {"opened", "rows"}
    except (AttributeError, TypeError) as error:
        raise Invalid("dues.rows", "the period's rows have no form", cure=cure) from error
    numbers = [found.opened, *(value for row in found.rows for value in row if value is not None)]
    if strange or any(type(value) is not int or value < 0 for value in numbers):
        raise Invalid("dues.rows", "the period's rows are no whole numbers from 0", cure=cure)
    return found


def _malformed() -> Invalid:
    return Invalid(
        "report.rows",
        "the month's rows are not lists of granted, repaid and late",
        cure="Give granted: [{feature: integer}], repaid: [[number, paid]], late: [[number, days,"
        " left]].",
    )


def _tell(told: Told) -> dict[str, Any]:
    found = {"lender": told.lender, "height": told.height, **told.pub}
    return found if told.sealed is None else {**found, "rows": dict(told.sealed)}


def read_told(tree: Mapping[str, Any]) -> Told:
    """Return a report from what `BookOffice.read_books` tells of it."""
    pub = {name: each for name, each in tree.items() if name not in ("lender", "height", "rows")}
    return Told(tree["lender"], tree["height"], pub, tree.get("rows"))
