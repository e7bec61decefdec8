"""One service subject, one product: what is offered, in which versions, and how it did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.turn import LookDep, answer_json

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["catalogue"])
Subject = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,40}$", description="Its name.")]
Scheme = Annotated[
    str, Path(pattern=r"^[a-z0-9._-]{1,40}$", description="The product, without a version.")
]


@router.get(
    "/providers/{provider}",
    summary="Show a service subject",
    dependencies=[act("read_catalogue")],
)
def show_provider(turn: LookDep, provider: Subject) -> Response:
    """Answers its entry, its products' versions, its capacity, and its members' cases in counts."""
    return answer_json(turn.office.show_provider(provider))


@router.get(
    "/providers/{provider}/feedback",
    summary="What households said of a service subject",
    dependencies=[act("sum_feedback")],
)
def sum_provider(turn: LookDep, provider: Subject) -> Response:
    """Answers praise and accuracy with intervals and counts; every part opened leaves a receipt."""
    return answer_json(turn.office.sum_provider(provider))


@router.get("/products/{product}", summary="Show a product", dependencies=[act("read_catalogue")])
def show_product(turn: LookDep, product: Scheme) -> Response:
    """Answers its versions, the newest first, which is in force this month, and who offers it."""
    return answer_json(turn.office.show_product(product))
