"""Books: lenders' months and payees' periods told, books read, and whether a model is due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Name, Offset, Tree, check_tree, page
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.records.dues import PERIOD_MOST

__all__ = ["router"]

REPORTS_MAX: Final = 200
"""Most reports of a page: each that is opened leaves a receipt."""

router = APIRouter(prefix="/{member}/v1", tags=["books"])
ReportLimit = Annotated[int, Query(ge=1, le=REPORTS_MAX, description="Most rows of this page.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A month of loans that stand on no chain: `{granted?, repaid?, late?}`; months count from 0.

    `granted` are features by loan, `repaid` [number, paid], `late` [number, days, left], in fen.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    month: Annotated[int, Body(strict=True, ge=0, le=120_000)]
    rows: Tree
    readers: Annotated[list[Name], Body(max_length=16)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DuesReport:
    """A period of small dues by kind: `{opened?, rows?}`; months count from 0, days from 1970.

    A row is [account, day due, day paid or 0] and the amount in fen, of all rows or of none.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    begin: Annotated[int, Body(strict=True, ge=0, le=120_000)]
    months: Annotated[int, Body(strict=True, ge=1, le=PERIOD_MOST)]
    rows: Tree
    readers: Annotated[list[Name], Body(max_length=16)]


@router.post(
    "/dues", status_code=201, summary="Report small dues", dependencies=[act("report_dues")]
)
def report_dues(turn: TurnDep, body: DuesReport) -> Response:
    """A payee's act on a period that is over; answers `{first, records}`.

    Accounts opened in it are numbered from `first`, a number by kind.
    """
    check_tree(body.rows, "rows")
    return turn.write(
        turn.office.report_dues,
        body.begin,
        months=body.months,
        rows=body.rows,
        readers=body.readers,
    )


@router.post(
    "/books", status_code=201, summary="Report a month of loans", dependencies=[act("report_loans")]
)
def report_loans(turn: TurnDep, body: Report) -> Response:
    """A lender's act on a month that is over; answers `{month, first, granted, records}`.

    Loans told here are numbered from `first`; the lender's loans of the chain are added after them.
    """
    check_tree(body.rows, "rows")
    return turn.write(turn.office.report_loans, body.month, rows=body.rows, readers=body.readers)


@router.get("/books", summary="Read lenders' books", dependencies=[act("read_books")])
def read_books(turn: LookDep, limit: ReportLimit = 100, offset: Offset = 0) -> Response:
    """Answers `{items, next?}`: reports as they stand in the chain, with `rows` where they open."""
    return answer_json(page(turn.office.read_books(limit=limit, offset=offset), limit, offset))


@router.get(
    "/models/due", summary="Whether a model is to be trained", dependencies=[act("read_books")]
)
def due_model(turn: LookDep) -> Response:
    """Answers `{due, reasons, trained, granted, matured, months}`; a person trains and approves.

    A reason is `no_model`, `drift`, `matured` or `calibration`, with `found` and its `limit`; a
    month `{month, rows, psi_ppm, chance95_ppm}`.
    """
    return answer_json(turn.office.due_model())
