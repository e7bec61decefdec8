"""What needs a member now, and its month so far, gathered from its own views.

Laws: an officer sees what its role can end and nothing else; at most `SEEN_MAX` rows of each kind
are looked at, the oldest first, so that a backlog never makes the page slow; nothing here is
recorded. Loans are read as `loan_book` says, which leaves receipts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.county.loan_book import BookedLoan, book_of
from tallystick.finance import ratio_ppm
from tallystick.kernel.access.roles import may
from tallystick.kernel.views.base import Row, Views
from tallystick.node import Node
from tallystick.services.positioning.due import (
    WAITS,
    Item,
    find_appeal_due,
    find_case_due,
    find_payment_due,
    find_term_due,
    in_due_order,
)
from tallystick.services.positioning.views import month_of

__all__ = ["list_today"]

SEEN_MAX: Final = 2_000
_LENT: Final = ("borrow", "lease")
_OVERSEERS: Final = frozenset({"regulator", "department"})
_COUNTED: Final = {
    "case": "cases",
    "loan": "loans",
    "feedback": "feedback",
    "appeal": "appeals",
    "grant": "consents",
    "mandate": "consents",
    "model": "models",
    "registration": "registrations",
}


def list_today(node: Node, *, role: str = "", limit: int = 100) -> dict[str, Any]:
    """Return `{items, counts, month}` of a member.

    Args:
        node: the member's, its views up to date.
        role: of `kernel.access.roles.ROLES`; empty for all that any role can do.
        limit: most items; the counts are of all that were looked at.

    Raises:
        Invalid: `access.act`, an item's act is none of the table: our own fault.
    """
    can: Callable[[str], bool] = (lambda act: may(role, act)) if role else (lambda _: True)
    loans, unread = book_of(node).look(node.desk) if can("repay") else ([], 0)
    found = [each for each in _find_items(node, loans) if can(each.act)]
    counts = dict.fromkeys(_COUNTED.values(), 0)
    for each in found:
        counts[_COUNTED[each.kind]] += 1
    items = [each.tree() for each in in_due_order(found)[:limit]]
    return {"items": items, "counts": counts, "month": _sum_month(node, loans, unread)}


def _find_items(node: Node, loans: list[BookedLoan]) -> Iterator[Item]:
    now = node.desk.now_ms()
    yield from _find_cases(node, now)
    yield from _find_appeals(node)
    for loan in loans:
        payment = loan.next_payment()
        if payment is not None:
            item = find_payment_due(loan.row, *payment, now)
            yield from [item] if item is not None else []
    asked = sorted(node.acts.due_feedback(), key=lambda row: (row["since"], row["case"]))
    for row in asked[:SEEN_MAX]:
        yield Item(
            kind="feedback",
            why="feedback",
            act="give_feedback",
            owner=row["owner"],
            case=row["case"],
            since_ms=row["since"],
            due_ms=row["since"],
        )
    yield from _find_terms(node, now)
    yield from _find_models(node)
    if waiting := len(node.desk.pending.waiting()):
        yield Item(
            kind="registration",
            why="registration",
            act="add_party",
            owner=node.member,
            values={"n": waiting},
        )


def _find_cases(node: Node, now: int) -> Iterator[Item]:
    """Yield what this member is to do with its own open cases."""
    for waits in WAITS:
        # What is covered, saved or invested rests once the household has answered.
        kinds = _LENT if waits == "payout" else ("",)
        for kind in kinds:
            where = {"waits": waits, "owner": node.member} | ({"kind": kind} if kind else {})
            for row in _page(node.views, "case", where, "opened_height"):
                loan = None
                if waits == "payout":
                    loans = node.views.rows(
                        "loan", {"case": row["case"], "lender": node.member}, order="-granted_at"
                    )
                    loan = loans[0] if loans else None
                item = find_case_due(row, loan, now)
                yield from [item] if item is not None else []


def _find_appeals(node: Node) -> Iterator[Item]:
    """Yield open appeals that this member may answer: its own cases', and all at an overseer."""
    is_overseer = node.desk.role in _OVERSEERS
    for row in _page(node.views, "appeal", {"settled_at": None}, "opened_at"):
        owner = node.desk.owner_of(row["case"])
        if row["taken_by"] != node.member and (is_overseer or owner == node.member):
            item = find_appeal_due(row, owner)
            yield from [item] if item is not None else []


def _find_terms(node: Node, now: int) -> Iterator[Item]:
    """Yield what this member recorded and what will end soon."""
    last = {"until": now, "term": b"\xff" * 16}
    seen = 0
    while seen < SEEN_MAX and (
        rows := node.views.rows("term", {"member": node.member}, order="until", after=last)
    ):
        for row in rows:
            item = find_term_due(row, now)
            if item is None and row["ended_at"] is None:
                return
            yield from [item] if item is not None else []
        last, seen = rows[-1], seen + len(rows)


def _find_models(node: Node) -> Iterator[Item]:
    """Yield the models that were published here and that nobody has let decide."""
    for model in node.desk.deeds.done("publish_model"):
        if not node.views.count("model", {"model": model}):
            yield Item(
                kind="model", why="model", act="approve_model", owner=node.member, subject=model
            )


def _page(views: Views, table: str, where: Mapping[str, Any], order: str) -> Iterator[Row]:
    """Yield at most `SEEN_MAX` rows, a page at a time."""
    last: Row | None = None
    for _ in range(SEEN_MAX // 1_000):
        rows = views.rows(table, where, order=order, after=last)
        yield from rows
        if len(rows) < 1_000:  # noqa: PLR2004 - a page of the port
            return
        last = rows[-1]


def _sum_month(node: Node, loans: list[BookedLoan], unread: int) -> dict[str, int]:
    """Return what the month came to so far, and what of it is not read yet."""
    now = node.desk.now_ms()
    month = month_of(now)
    views = node.views
    found = {
        "month": month,
        "opened": views.count("case", {"opener": node.member, "opened_month": month}),
        "opened_before": views.count("case", {"opener": node.member, "opened_month": month - 1}),
        "loans_unread": unread,
    }
    paid = [each for each in loans if month_of(each.paid_out * DAY_MS) == month]
    open_loans = [payment for each in loans if (payment := each.next_payment()) is not None]
    if not unread:
        found["paid_out_minor"] = sum(each.principal_minor for each in paid)
        found["paid_out_subsidised_minor"] = sum(each.row["amount"] or 0 for each in paid)
        if open_loans:
            late = sum(now // DAY_MS > day for day, _ in open_loans)
            found["late_ppm"] = ratio_ppm(late, len(open_loans))
    return found
