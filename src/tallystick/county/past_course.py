"""The months before a county's own: lenders report them, and the model learnt from them decides.

Laws: each lender reports each month on the first morning after it, in one transaction, to the one
member that learns; payees report small dues of years that are over on the same mornings, and of
quarters in the county's own time, to the members that lend; the model is learnt from that member's
own copy of the chain, one officer publishes it and another approves. Nobody decides by it before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tallystick.base.clock import DAY_MS, ManualClock
from tallystick.base.errors import Invalid
from tallystick.county.agenda import day_of
from tallystick.county.dues_book import KEPT_BY, PAYEES, DuesBooks
from tallystick.county.house import House
from tallystick.county.member import APPROVERS
from tallystick.county.modelling import MODELLER, learn, put_in_force, read_loans
from tallystick.county.past_book import BOOKKEEPERS, PastBooks
from tallystick.services.credit.collecting import PayeeBooks
from tallystick.services.credit.reporting import Reports

__all__ = ["learn_past", "report_dues", "report_month", "tell_past"]

_MORNING_MS: Final = 9 * 3_600_000
# Past months are many and quiet: members verify a year of them together.
_SPREAD_MONTHS: Final = 12
_TOO_FEW: Final = frozenset(
    {"report.unripe", "learning.few_rows", "learning.one_outcome", "learning.no_signal"}
)


def tell_past(
    house: House,
    clock: ManualClock,
    books: PastBooks,
    *,
    until_month: int,
    told: Callable[[int, int], None] | None = None,
) -> None:
    """Have every month before `until_month` reported, and verified by all members.

    Args:
        house: the county's open members.
        clock: the house's.
        books: what there is to tell.
        until_month: month number.
        told: hears how many months of how many are told.
    """
    begin = books.next_month
    for month in range(begin, until_month):
        clock.advance(max(0, day_of(month + 1, 1) * DAY_MS + _MORNING_MS - clock.now_ms()))
        report_month(house, books)
        if (month - begin) % _SPREAD_MONTHS == 0:
            house.spread()
        if told is not None:
            told(month - begin + 1, until_month - begin)
    house.spread()


def learn_past(house: House, month: int) -> None:
    """Have the model that the books of before a month teach put in force.

    Where too few loans are over, or its probabilities are not known to hold, none is.
    """
    node = house.node(MODELLER)
    try:
        put_in_force(node, learn(read_loans(node), month))
    except Invalid as error:
        if error.code not in _TOO_FEW:
            raise
    house.spread()


def report_month(house: House, books: PastBooks) -> None:
    """Have every lender report the next month of its book, with its loans of the chain.

    Payees report the periods of small dues that are over with it.
    """
    month, told = books.next_month, books.tell_month()
    for lender in BOOKKEEPERS:
        node = house.node(lender)
        node.catch_up()
        reported = Reports(node.desk).report_month(month, told[lender], (MODELLER,))
        books.number(lender, reported["first"])
    if books.dues is not None:
        report_dues(house, books.dues, books.next_month)


def report_dues(house: House, books: DuesBooks, month: int) -> None:
    """Have every payee report the periods that are over at the beginning of a month."""
    for period, rows in books.tell_until(month):
        for payee in PAYEES:
            node = house.node(payee)
            node.catch_up()
            told = {kind: rows[kind] for kind, keeper in KEPT_BY.items() if keeper == payee}
            PayeeBooks(node.desk).report_period(period, told, sorted(APPROVERS - {payee}))
