"""The county's model: learnt from lenders' books at one member, judged on loans it has not seen.

Laws: nothing is learnt but from reports that stand on the member's own copy of the chain and that
it may open; one officer publishes, another approves; a model whose probabilities are not known to
hold is not approved here. What it is judged on came to its end after it was approved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from tallystick import __version__
from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Invalid
from tallystick.county.history.judging import auc_error
from tallystick.county.history.loan import LEVELS, MONOTONE
from tallystick.exact.model import Model, check_model
from tallystick.kernel.access.acting import ACTING, Acting
from tallystick.learning.since import Held, measure_held
from tallystick.learning.training import Trained, train
from tallystick.node import Node
from tallystick.services.credit.book import BookLoan, follow_books
from tallystick.services.credit.modelling import (
    Lesson,
    make_lesson,
    report_lesson,
    score_loans,
    weigh_due,
)
from tallystick.services.credit.reporting import Reports, month_of
from tallystick.services.positioning.model import Models
from tallystick.services.positioning.rules import is_calibrated

__all__ = [
    "MODELLER",
    "Judged",
    "find_due",
    "judge_since",
    "learn",
    "month_after",
    "put_in_force",
    "read_loans",
]

MODELLER: Final = "finance"
"""The member that lenders name as the reader of their books."""

_Z: Final = 1.96
_NAME: Final = "county"

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model's probabilities were worth on loans that ended after it was approved.

    Attributes:
        held: the figures.
        auc95: Hanley's and McNeil's interval; None where all ended alike.
    """

    held: Held
    auc95: tuple[float, float] | None


def read_loans(node: Node) -> list[BookLoan]:
    """Return the loans in all books that a member may open; every report leaves a receipt."""
    node.catch_up()
    return follow_books(Reports(node.desk).read_books())


def month_after(loans: Sequence[BookLoan]) -> int:
    """Return the first month of which no book tells; 0 without any loan."""
    return max((loan.known_until for loan in loans), default=0)


def learn(loans: Sequence[BookLoan], month: int) -> Lesson:
    """Return what the county's books teach at the beginning of a month.

    Raises:
        Invalid: `report.unripe`.
    """
    return make_lesson(loans, month, levels=LEVELS, monotone=MONOTONE)


def put_in_force(
    node: Node, lesson: Lesson, told: Told | None = None
) -> tuple[Trained, Cid | None]:
    """Train a card; one officer publishes it, another approves it where its probabilities hold.

    Returns:
        The card, and its CID where it was approved.
    """
    card = train("card", lesson.table, monotone=lesson.monotone, told=told)
    report = report_lesson(lesson, card, __version__)
    if not is_calibrated(report["metrics"]):
        return card, None
    models = Models(node.desk, node.positions)
    with _officer(node):
        model = models.publish(card.published)
    with _officer(node):
        models.approve(model, name=_NAME, report=report)
    return card, model


@contextmanager
def _officer(node: Node) -> Iterator[None]:
    """Act as an officer of a member, another one each time, as in a session of that officer."""
    token = ACTING.set(Acting(node.member, node.desk.new_id()))
    try:
        yield
    finally:
        ACTING.reset(token)


def judge_since(node: Node, month: int) -> Judged | None:
    """Return what the model in force was worth since it was approved; None without any loan.

    Args:
        node: of a member that may open the books.
        month: at whose beginning it is judged.
    """
    found = _find_model(node)
    if found is None:
        return None
    model, approved = found
    loans = [
        loan for loan in read_loans(node) if loan.is_over(month) and not loan.is_over(approved)
    ]
    if not loans:
        return None
    ends = [int(loan.failed_month is not None) for loan in loans]
    held = measure_held(score_loans(model, loans), ends)
    if held.auc is None:
        return Judged(held, None)
    error = _Z * auc_error(held.auc, held.bad, held.rows - held.bad)
    return Judged(held, (max(0.0, held.auc - error), min(1.0, held.auc + error)))


def _find_model(node: Node) -> tuple[Model, int] | None:
    """Return the model in force with the month of its approval."""
    cid = node.positions.approved_model()
    if cid is None:
        return None
    row = Models(node.desk, node.positions).find(cid)
    model = check_model(decode(node.desk.get_object(cid), value))
    return model, month_of(row["approved_at"])


def find_due(node: Node) -> dict[str, Any]:
    """Return whether a model is to be trained, with the reasons (`weigh_due`); leaves receipts.

    Raises:
        Invalid: `report.unripe` without a model in force, where no loan is over.
    """
    month, loans = month_of(node.desk.now_ms()), read_loans(node)
    found = _find_model(node)
    if found is None:
        over = sum(loan.is_over(month) for loan in loans)
        if not over:
            raise Invalid(
                "report.unripe",
                f"none of {len(loans)} loans in the books is over, and no model is in force",
                cure="Wait until loans have come to their end, or ask lenders to name you as a"
                " reader.",
            )
        reasons = [{"reason": "no_model", "found": over, "limit": 1}]
        return {
            "trained": 0,
            "granted": 0,
            "matured": over,
            "months": [],
            "due": 1,
            "reasons": reasons,
        }
    model, approved = found
    return weigh_due(model, loans, approved_month=approved, month=month)
