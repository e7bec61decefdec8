"""Cases from intake to appeal, and what positioning chooses from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Body, Depends, Query
from starlette.responses import HTMLResponse, Response

from tallystick.api.act import act
from tallystick.api.application import check_application
from tallystick.api.seen import Seen, write_seen
from tallystick.api.shape import (
    STRICT,
    CaseId,
    Code,
    Days,
    Identifier,
    Limit,
    Name,
    Offset,
    RecordId,
    Tree,
    Words,
    check_tree,
    page,
)
from tallystick.api.turn import LookDep, TurnDep, answer_json
from tallystick.base.codec import INTEGER_MAX
from tallystick.county.case_list import case_cursor
from tallystick.county.report import write_report
from tallystick.services.positioning.service import CHUNK_CASES

__all__ = ["router"]

router = APIRouter(prefix="/{member}/v1", tags=["positioning"])
REQUESTS_MAX = 256
_PLACE = Annotated[str, Body(max_length=120)]
_CID = r"^b[a-z2-7]{58}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """One request; without a mandate the household signs with the key this member keeps for it.

    `defaults` are the paths of the application whose values nobody stated.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    application: Tree
    party: RecordId
    defaults: Annotated[list[_PLACE], Body(max_length=256)] = field(default_factory=list)
    mandate: RecordId | None = None
    programme: Code | None = None
    model: Annotated[str, Body(pattern=_CID, description="A published model's CID.")] | None = None

    def tree(self) -> Tree:
        """Return it as the office takes it, without what is absent."""
        names = ("application", "party", "defaults", "mandate", "programme", "model")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCases:
    """Requests to be taken in together."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    requests: Annotated[list[NewCase], Body(min_length=1, max_length=REQUESTS_MAX)] = field()


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """To whom the case goes, and within how many days it is to act."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    to: Name
    days: Days
    notes: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodedWords:
    """A coded reason and words to the household."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    code: Code
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A coded reason, the other outcome, and the due-diligence file."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    code: Code
    outcome: Code
    file: Annotated[str, Body(min_length=1, max_length=600)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """How it felt, 1..5, the year's income in fen where it is told, and words."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    felt: Annotated[int, Body(strict=True, ge=1, le=5)]
    income_minor: Annotated[int, Body(strict=True, ge=-INTEGER_MAX, le=INTEGER_MAX)] | None = None
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an appeal is answered."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    outcome: Code
    words: Words = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases a list shows; what is empty shows all."""

    stage: Annotated[str, Query(max_length=24)] = ""
    owner: Annotated[str, Query(max_length=24)] = ""
    kind: Annotated[str, Query(max_length=24)] = ""
    q: Annotated[
        str, Query(pattern=r"^([0-9a-f]{4,32})?$", description="How the id begins: 4 hex or more.")
    ] = ""
    after: Annotated[str, Query(max_length=48, description="The `after` of the page before.")] = ""


@router.post("/cases", status_code=201, summary="Open cases", dependencies=[act("open_case")])
def open_cases(turn: TurnDep, body: NewCases) -> Response:
    """Runs the five steps on each; answers `{items}`, in the order of the requests.

    An item: `{case, kind, stage, outcome, preferred, preferred_provider, alternatives, decision,
    height}`.
    """
    for index, each in enumerate(body.requests):
        check_application(each.application, f"requests[{index}].application")
        check_tree(each.application, f"requests[{index}].application")
    requests = [each.tree() for each in body.requests]
    return turn.write_list(turn.office.open_cases, requests, CHUNK_CASES)


@router.get("/cases", summary="List cases", dependencies=[act("read_case")])
def list_cases(
    turn: LookDep,
    shown: Annotated[CaseFilter, Depends()],
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Answers `{items, next?, after?}`: public parts only, newest first.

    `after` of one page asked with the next costs the same at any depth; `q` finds ids by how they
    begin. Nobody's name is searched.
    """
    rows = turn.office.list_cases(**asdict(shown), limit=limit, offset=offset)
    tree = page(rows, limit, offset)
    if "next" in tree and not shown.q:
        tree["after"] = case_cursor(rows[-1])
    return answer_json(tree)


@router.get("/cases/counts", summary="Count cases by stage", dependencies=[act("read_case")])
def count_cases(
    turn: LookDep,
    owner: Annotated[str, Query(max_length=24)] = "",
    kind: Annotated[str, Query(max_length=24)] = "",
) -> Response:
    """Answers a number for each stage, and `all`."""
    return answer_json(turn.office.count_cases(owner=owner, kind=kind))


@router.get("/cases/{case}", summary="Show a case", dependencies=[act("read_case")])
def show_case(turn: LookDep, case: CaseId) -> Response:
    """Answers `{row, records, application, decisions}`, opened; leaves receipts."""
    return answer_json(turn.office.show_case(case))


@router.get(
    "/cases/{case}/report",
    summary="The household's report",
    response_class=HTMLResponse,
    dependencies=[act("read_case")],
)
def show_report(turn: LookDep, case: CaseId, language: Literal["zh", "en"] = "zh") -> Response:
    """Answers one HTML page that fetches nothing; leaves receipts."""
    return HTMLResponse(
        write_report(turn.seat.node, case, language),
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


@router.post(
    "/cases/{case}/hand-over",
    status_code=201,
    summary="Hand a case over",
    dependencies=[act("hand_over")],
)
def hand_over(turn: TurnDep, case: CaseId, body: HandOver, seen: Seen = None) -> Response:
    """Answers `{case, owner, record}`."""
    return write_seen(
        turn, case, seen, turn.office.hand_over, to=body.to, days=body.days, notes=body.notes
    )


@router.post(
    "/cases/{case}/refuse",
    status_code=201,
    summary="Refuse in person",
    dependencies=[act("refuse")],
)
def refuse(turn: TurnDep, case: CaseId, body: CodedWords, seen: Seen = None) -> Response:
    """An officer's act; answers `{case, record}`."""
    return write_seen(turn, case, seen, turn.office.refuse, code=body.code, words=body.words)


@router.post(
    "/cases/{case}/close", status_code=201, summary="Close a case", dependencies=[act("close_case")]
)
def close_case(turn: TurnDep, case: CaseId, body: CodedWords, seen: Seen = None) -> Response:
    """An officer's act; answers `{case, record}`."""
    return write_seen(turn, case, seen, turn.office.close_case, code=body.code, words=body.words)


@router.post(
    "/cases/{case}/override",
    status_code=201,
    summary="Decide otherwise",
    dependencies=[act("override")],
)
def override(turn: TurnDep, case: CaseId, body: Override, seen: Seen = None) -> Response:
    """An officer's act, with a due-diligence file; answers `{case, record}`."""
    return write_seen(
        turn, case, seen, turn.office.override, code=body.code, outcome=body.outcome, file=body.file
    )


@router.get("/feedback/due", summary="Whom to ask now", dependencies=[act("give_feedback")])
def due_feedback(turn: LookDep) -> Response:
    """Answers `{items: [{case, owner, since}]}`: cases of others that this member asks about."""
    return answer_json({"items": turn.office.due_feedback()})


@router.get("/feedback/summary", summary="What feedback says", dependencies=[act("sum_feedback")])
def sum_feedback(turn: LookDep, by: Literal["provider", "scheme"] = "provider") -> Response:
    """Praise and accuracy in groups of five cases or more; every part opened leaves a receipt."""
    return answer_json(turn.office.sum_feedback(by))


@router.post(
    "/cases/{case}/feedback",
    status_code=201,
    summary="Record feedback",
    dependencies=[act("give_feedback")],
)
def give_feedback(turn: TurnDep, case: CaseId, body: Feedback) -> Response:
    """Answers `{case, record}`; the case's owner may not ask."""
    return turn.write(
        turn.office.give_feedback,
        case,
        felt=body.felt,
        income_minor=body.income_minor,
        words=body.words,
    )


@router.post(
    "/cases/{case}/appeals",
    status_code=201,
    summary="Open an appeal",
    dependencies=[act("open_appeal")],
)
def open_appeal(turn: TurnDep, case: CaseId, body: CodedWords) -> Response:
    """Answers `{case, appeal}`."""
    return turn.write(turn.office.open_appeal, case, code=body.code, words=body.words)


@router.get("/appeals", summary="List appeals", dependencies=[act("read_case")])
def list_appeals(
    turn: LookDep,
    case: Annotated[str, Query(pattern=r"^([0-9a-f]{32})?$")] = "",
    limit: Limit = 100,
    offset: Offset = 0,
) -> Response:
    """Answers `{items, next?}`, newest first."""
    rows = turn.office.list_appeals(case=case, limit=limit, offset=offset)
    return answer_json(page(rows, limit, offset))


@router.post(
    "/appeals/{appeal}/settle",
    status_code=201,
    summary="Settle an appeal",
    dependencies=[act("settle_appeal")],
)
def settle_appeal(turn: TurnDep, appeal: Identifier, body: Settlement) -> Response:
    """An officer's act; answers `{appeal, record}`."""
    return turn.write(turn.office.settle_appeal, appeal, outcome=body.outcome, words=body.words)


@router.get("/providers", summary="List service subjects", dependencies=[act("read_catalogue")])
def list_providers(turn: LookDep, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Answers `{items, next?}` by name."""
    return answer_json(page(turn.office.list_providers(limit=limit, offset=offset), limit, offset))


@router.post(
    "/providers",
    status_code=201,
    summary="Publish a service subject",
    dependencies=[act("add_provider")],
)
def add_provider(turn: TurnDep, body: Tree) -> Response:
    """Takes a `[[providers]]` entry of the catalogue; answers `{provider, record}`."""
    check_tree(body, "body")
    return turn.write(turn.office.add_provider, body)


@router.get("/products", summary="List products", dependencies=[act("read_catalogue")])
def list_products(turn: LookDep, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Answers `{items, next?}` by name and version."""
    return answer_json(page(turn.office.list_products(limit=limit, offset=offset), limit, offset))


@router.post(
    "/products", status_code=201, summary="Publish a product", dependencies=[act("add_product")]
)
def add_product(turn: TurnDep, body: Tree) -> Response:
    """Takes a `[[products]]` entry of the catalogue; answers `{product, record}`."""
    check_tree(body, "body")
    return turn.write(turn.office.add_product, body)


@router.post(
    "/catalogue",
    status_code=201,
    summary="Publish a whole catalogue",
    dependencies=[act("add_product")],
)
def publish_catalogue(turn: TurnDep, body: Tree) -> Response:
    """Takes `{v, products, providers, reference}`; answers `{products, providers, figures}`."""
    check_tree(body, "body")
    return turn.write(turn.office.publish_catalogue, body)


@router.get("/rules", summary="Rules and figures in force", dependencies=[act("read_catalogue")])
def list_rules(turn: LookDep, limit: Limit = 100, offset: Offset = 0) -> Response:
    """Answers `{items: [{name, version, from_height, figures}], next?}`."""
    return answer_json(page(turn.office.list_rules(limit=limit, offset=offset), limit, offset))
