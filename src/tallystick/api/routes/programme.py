"""Public programmes: how far they reach, by village and group; and the villages' map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Code, Tree, check_tree
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.records.programme import VILLAGES_MAX

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["programmes"])
MAP_TYPE = "application/geo+json"
Programme = Annotated[str, Path(pattern=r"^[a-z0-9._-]{1,40}$", description="Its code.")]
Rows = Annotated[list[Tree], Body(max_length=VILLAGES_MAX)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One cycle's counts, as docs/records.md has them under `programme.measured`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    programme: Code
    cycle: Annotated[int, Body(strict=True, ge=190_001, le=999_912)]
    villages: Rows
    areas: Rows
    groups: Rows
    day: Annotated[int, Body(strict=True, ge=0, le=10_000_000)] | None = None


@router.get("/programmes", summary="List programmes", dependencies=[act("read_programme")])
def list_programmes(turn: LookDep) -> Response:
    """Answers `{items}`: each with its newest reach as a whole, and sums of public money."""
    return answer_json({"items": turn.office.list_programmes()})


@router.get(
    "/programmes/{programme}", summary="Show a programme", dependencies=[act("read_programme")]
)
def show_programme(turn: LookDep, programme: Programme) -> Response:
    """Answers its reach over time (`cycles`), the newest by village and group, and its money.

    A village that is too small to be told alone has its area's figures; `area` names the villages.
    """
    return answer_json(turn.office.show_programme(programme))


@router.post(
    "/programmes",
    status_code=201,
    summary="Publish a cycle's reach",
    dependencies=[act("measure_programme")],
)
def measure_programme(turn: TurnDep, body: Measurement) -> Response:
    """A department's or the regulator's act; answers `{programme, cycle, record}`.

    Counts alone: households are counted where they were surveyed (`tally programme measure`).
    """
    for name in ("villages", "areas", "groups"):
        for row in getattr(body, name):
            check_tree(row, name)
    return turn.write(
        turn.office.measure_programme,
        body.programme,
        cycle=body.cycle,
        villages=body.villages,
        areas=body.areas,
        groups=body.groups,
        day=body.day,
    )


@router.get("/map", summary="The villages' map", dependencies=[act("read_programme")])
def show_map(turn: LookDep) -> Response:
    """Answers a GeoJSON FeatureCollection of village areas, from the villages' points alone."""
    answer = answer_json(turn.office.show_map())
    answer.headers["Content-Type"] = MAP_TYPE
    return answer
