"""Drafts of new cases: an officer's own, sealed at rest, never on the chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Body, Header
from starlette.responses import Response

from tallystick.api.act import act
from tallystick.api.shape import STRICT, Identifier, Tree, check_tree
from tallystick.api.turn import LookDep, answer_json

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["drafts"])
IfRevision = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^"?[1-9][0-9]{0,14}"?$',
        description="The revision it was made from; absent for a new draft.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftBody:
    """What was typed so far, in any state: an application or a part of it, and a label."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    tree: Tree = field()
    label: Annotated[str, Body(max_length=120)] = ""


def _checked(body: DraftBody) -> dict[str, Any]:
    tree = {"label": body.label, "tree": body.tree}
    check_tree(tree, "body")
    return tree


@router.post("/drafts", status_code=201, summary="Begin a draft", dependencies=[act("keep_draft")])
def begin_draft(turn: LookDep, body: DraftBody) -> Response:
    """Answers `{draft, revision, made_at, saved_at}` under a fresh id."""
    return answer_json(turn.office.save_draft("", _checked(body)), 201)


@router.put("/drafts/{draft}", summary="Save a draft", dependencies=[act("keep_draft")])
def save_draft(
    turn: LookDep, draft: Identifier, body: DraftBody, if_match: IfRevision = None
) -> Response:
    """Answers as `POST /drafts`; 409 `draft.changed` where it was saved since, with what differs.

    The same saving sent twice is one.
    """
    revision = int(if_match.strip('"')) if if_match else 0
    found = turn.office.save_draft(draft, _checked(body), revision=revision)
    return answer_json(found, headers={"ETag": f'"{found["revision"]}"'})


@router.get("/drafts", summary="List one's drafts", dependencies=[act("keep_draft")])
def list_drafts(turn: LookDep) -> Response:
    """Answers `{items}` of this officer alone, the latest first, without what they say."""
    return answer_json({"items": turn.office.list_drafts()})


@router.get("/drafts/{draft}", summary="Read a draft", dependencies=[act("keep_draft")])
def read_draft(turn: LookDep, draft: Identifier) -> Response:
    """Answers `{draft, revision, made_at, saved_at, label, tree}`."""
    found = turn.office.read_draft(draft)
    return answer_json(found, headers={"ETag": f'"{found["revision"]}"'})


@router.delete("/drafts/{draft}", summary="Delete a draft", dependencies=[act("keep_draft")])
def drop_draft(turn: LookDep, draft: Identifier) -> Response:
    """Answers `{draft, ended: 1}`, also where it was gone already."""
    return answer_json(turn.office.drop_draft(draft))
