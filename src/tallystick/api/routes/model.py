"""Models from their publication to their retirement, and what one would have decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import DAYS_MAX, STRICT, Code, Limit, Offset, Tree, check_tree, page
from tallystick.api.turn import LookDep, TurnDep, answer_json

__all__ = ["router"]

SHADOW_MAX: Final = 200
"""Most cases of a page of `shadow`: each is opened, decided anew and leaves a receipt."""

router = APIRouter(prefix="/{member}/v1", tags=["models"])
ModelCid = Annotated[str, Path(pattern=r"^b[a-z2-7]{58}$", description="The model's CID.")]
ShadowLimit = Annotated[int, Query(ge=1, le=SHADOW_MAX, description="Most cases of this page.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A card or trees, as `docs/spec/trained.md` has it under `model`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    model: Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What the model is called, what training found of it, and why it is approved all the same."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    name: Code
    report: Tree
    force: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """A coded reason."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    code: Code | None = None


@router.get("/models", summary="List models", dependencies=[act("read_model")])
def list_models(turn: LookDep, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Answers `{items, next?}`: models ever approved, the latest first; `in_force` decides."""
    return answer_json(page(turn.office.list_models(limit=limit, offset=offset), limit, offset))


@router.post(
    "/models", status_code=201, summary="Publish a model", dependencies=[act("publish_model")]
)
def publish_model(turn: TurnDep, body: NewModel) -> Response:
    """Keeps it as a public object, by which nothing decides yet; answers `{model}`, its CID."""
    check_tree(body.model, "model")
    return turn.write(turn.office.publish_model, body.model)


@router.get("/models/{model}", summary="Show a model", dependencies=[act("read_model")])
def show_model(turn: LookDep, model: ModelCid) -> Response:
    """Answers its row with `{target, features, trees?}`."""
    return answer_json(turn.office.show_model(model))


@router.post(
    "/models/{model}/approve",
    status_code=201,
    summary="Let a model decide",
    dependencies=[act("approve_model")],
)
def approve_model(turn: TurnDep, model: ModelCid, body: Approval) -> Response:
    """An officer's act on a published model; answers `{model, record}`."""
    check_tree(body.report, "report")
    return turn.write(
        turn.office.approve_model, model, name=body.name, report=body.report, force=body.force
    )


@router.post(
    "/models/{model}/retire",
    status_code=201,
    summary="Let a model decide no more",
    dependencies=[act("retire_model")],
)
def retire_model(turn: TurnDep, model: ModelCid, body: Retirement) -> Response:
    """An officer's act, for good; answers `{model, record}`."""
    return turn.write(turn.office.retire_model, model, code=body.code)


@router.get(
    "/models/{model}/shadow",
    summary="What a model would have decided",
    dependencies=[act("shadow_model")],
)
def shadow_model(
    turn: LookDep,
    model: ModelCid,
    days: Annotated[int, Query(ge=0, le=DAYS_MAX, description="0: all; else of that late.")] = 0,
    limit: ShadowLimit = SHADOW_MAX,
    offset: Offset = 0,
) -> Response:
    """Answers `{items, unread, next?}` of this member's own decided cases; leaves receipts.

    An item: `{case, decided_ppm?, shadow_ppm, fits, would_fit}`. Nothing is recorded.
    """
    return answer_json(turn.office.shadow_model(model, days=days, limit=limit, offset=offset))
