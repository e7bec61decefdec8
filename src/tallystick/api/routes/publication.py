"""News, guidance, evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Body
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Code, RecordId, Words
from tallystick.api.turn import TurnDep

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["publication"])


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A text for everybody."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    text: Annotated[str, Body(min_length=1, max_length=20_000)]
    language: Literal["zh", "en", "ii"] = "zh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """Advice on a topic, or on a case to its members alone."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    topic: Code
    text: Words
    case: RecordId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A project's score, 0..100."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    project: RecordId
    score: Annotated[int, Body(strict=True, ge=0, le=100)]
    text: Words = ""


@router.post("/news", status_code=201, summary="Publish news", dependencies=[act("publish_news")])
def publish_news(turn: TurnDep, body: News) -> Response:
    """The newspaper's act; answers `{record}`."""
    return turn.write(turn.office.publish_news, body.text, language=body.language)


@router.post(
    "/guidance", status_code=201, summary="Give guidance", dependencies=[act("give_guidance")]
)
def give_guidance(turn: TurnDep, body: Guidance) -> Response:
    """Answers `{record}`."""
    return turn.write(turn.office.give_guidance, topic=body.topic, text=body.text, case=body.case)


@router.post(
    "/evaluations",
    status_code=201,
    summary="Evaluate a project",
    dependencies=[act("evaluate_project")],
)
def evaluate_project(turn: TurnDep, body: Evaluation) -> Response:
    """Answers `{record}`."""
    return turn.write(turn.office.evaluate_project, body.project, score=body.score, text=body.text)
