"""What lenders' books teach: the training table of loans that are over, and when to train anew.

Laws: features are as of the request; a loan counts once its life is over, whatever is known of it
before; what was told after a month is not in that month's table. That training is due is only
ever proposed, with reasons; a person trains, and another approves. Figures are integers, ppm.
Limits: which loans a model in force was trained on is told by the month of its approval; a model
trained long before it was approved is compared with more than it saw.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from tallystick.base.codec import RAW, Cid, Value, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.exact.model import Model, score_model
from tallystick.learning.screening import Idle, find_idle
from tallystick.learning.since import measure_held, measure_months, measure_moved
from tallystick.learning.table import Table, table_from_rows
from tallystick.learning.training import Trained, tell_metrics
from tallystick.services.credit.book import BookLoan

__all__ = [
    "MATURED_LEAST",
    "MATURED_PPM",
    "Lesson",
    "make_lesson",
    "report_lesson",
    "score_loans",
    "table_of",
    "weigh_due",
]

MATURED_LEAST: Final = 200
"""Fewest loans whose end became known since, for which training anew is proposed."""

MATURED_PPM: Final = 200_000
"""And the least part of those trained on that they must be."""

_PPM: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What there is to learn from at the beginning of a month.

    Attributes:
        table: loans that are over, by lender and number, without idle columns.
        unripe: loans that are not over yet.
        idle: columns that do not help.
        monotone: direction by column of `table`: 1 or -1.
        data: SHA-256 of the loans learnt from, as a raw CID: the same at every reader.
        mapping: SHA-256 of what columns mean, hexadecimal.
    """

    table: Table
    unripe: int
    idle: tuple[Idle, ...]
    monotone: Mapping[str, int]
    data: Cid
    mapping: str


def table_of(loans: Sequence[BookLoan], month: int, levels: Collection[str]) -> Table:
    """Return the loans that were over at the beginning of a month, each a row, in their order.

    Args:
        loans: as `follow_books` returns them.
        month: month number.
        levels: features whose integers are codes without an order.

    Raises:
        Invalid: `report.unripe`, no loan was over.
    """
    over = [loan for loan in loans if loan.is_over(month)]
    if not over:
        raise Invalid(
            "report.unripe",
            f"none of {len(loans)} loans in the books was over in month {month}",
            cure="Wait until loans have come to their end, or ask lenders to name you as a reader.",
        )
    ends = [int(loan.failed_month is not None) for loan in over]
    return table_from_rows([loan.features for loan in over], ends, levels)


def make_lesson(
    loans: Sequence[BookLoan], month: int, *, levels: Collection[str], monotone: Mapping[str, int]
) -> Lesson:
    """Return what there is to learn from at the beginning of a month.

    Args:
        loans: as `follow_books` returns them.
        month: month number.
        levels: features whose integers are codes without an order.
        monotone: direction in which a feature may move the chance of a bad end.

    Raises:
        Invalid: `report.unripe`.
    """
    table = table_of(loans, month, levels)
    idle = find_idle(table)
    left_out = {each.column for each in idle if each.is_left_out}
    kept = tuple(column for column in table.columns if column.name not in left_out)
    names = {column.name for column in kept}
    over = [loan for loan in loans if loan.is_over(month)]
    rows: list[Value] = [
        [loan.lender, loan.number, int(loan.failed_month is not None), dict(loan.features)]
        for loan in over
    ]
    meaning = encode({"levels": sorted(levels), "monotone": dict(monotone)})
    return Lesson(
        table=replace(table, columns=kept),
        unripe=len(loans) - len(over),
        idle=idle,
        monotone={name: way for name, way in monotone.items() if name in names},
        data=cid_of(encode(rows), RAW),
        mapping=hashlib.sha256(meaning).hexdigest(),
    )


def report_lesson(lesson: Lesson, trained: Trained, program: str) -> dict[str, Any]:
    """Return what is told of a training when its model is approved (`records.trained.REPORT`)."""
    return {
        "program": program,
        "data": lesson.data,
        "mapping": lesson.mapping,
        "curves": trained.curves,
        "metrics": tell_metrics(trained, rows=len(lesson.table)),
    }


def score_loans(model: Model, loans: Sequence[BookLoan]) -> list[int]:
    """Return a model's probability of a bad end of each loan, as of its request, in ppm."""
    return [score_model(model, loan.features).default_ppm for loan in loans]


def weigh_due(
    model: Model, loans: Sequence[BookLoan], *, approved_month: int, month: int
) -> dict[str, Any]:
    """Return whether a model in force is to be trained anew, with the reasons.

    Args:
        model: the one in force.
        loans: as `follow_books` returns them.
        approved_month: in which it was approved.
        month: at whose beginning it is asked.

    Returns:
        `trained`: loans that were over when it was approved; `granted`: loans since, `matured`:
        loans whose end is known since; `months`: how far each month's scores have moved; `due`, and
        `reasons`: `drift`, `matured`, `calibration`, each with what was found and its limit.
    """
    before = [loan for loan in loans if loan.is_over(approved_month)]
    since = [loan for loan in loans if approved_month <= loan.month < month]
    matured = [loan for loan in loans if loan.is_over(month) and not loan.is_over(approved_month)]
    reasons, months = _weigh_drift(model, before, since) if before and since else ([], [])
    enough = max(MATURED_LEAST, len(before) * MATURED_PPM // _PPM)
    if len(matured) >= enough:
        reasons.append({"reason": "matured", "found": len(matured), "limit": enough})
    if len(matured) >= MATURED_LEAST:
        reasons += _weigh_calibration(model, matured)
    return {
        "trained": len(before),
        "granted": len(since),
        "matured": len(matured),
        "months": months,
        "due": int(bool(reasons)),
        "reasons": reasons,
    }


def _weigh_drift(
    model: Model, before: Sequence[BookLoan], since: Sequence[BookLoan]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the drift of scores where it is more than chance explains, and that of each month."""
    reference, scores = score_loans(model, before), score_loans(model, since)
    whole = measure_moved(scores, reference)
    found, limit = round(_PPM * whole.psi), round(_PPM * whole.chance95)
    reasons = [{"reason": "drift", "found": found, "limit": limit}] if found > limit else []
    months = [
        {
            "month": each.month,
            "rows": each.rows,
            "psi_ppm": round(_PPM * each.psi),
            "chance95_ppm": round(_PPM * each.chance95),
        }
        for each in measure_months([loan.month for loan in since], scores, reference)
    ]
    return reasons, months


def _weigh_calibration(model: Model, matured: Sequence[BookLoan]) -> list[dict[str, Any]]:
    """Return by how much probabilities were off, where it is more than chance explains."""
    ends = [int(loan.failed_month is not None) for loan in matured]
    held = measure_held(score_loans(model, matured), ends)
    found, limit = round(_PPM * held.ece), round(_PPM * held.null95)
    return [{"reason": "calibration", "found": found, "limit": limit}] if found > limit else []
