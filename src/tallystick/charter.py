"""The charter: every record type with who may write it, its rule, and what decides.

One literal table. Every member carries every rule; a height that brings a type or version this
table lacks halts the member with a cure, never with a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.amendment import amendable, final
from tallystick.chain.decided import Asked
from tallystick.chain.membership import MEMBER_JOINED
from tallystick.chain.record import Admit, Charter, RecordType
from tallystick.records import case, catalogue, loan, party, public
from tallystick.records.base import Statement, spec_of
from tallystick.records.view import Admitted, Op, Put, Table
from tallystick.services.consent import rules as consent
from tallystick.services.credit import rules as credit
from tallystick.services.credit import views as credit_views
from tallystick.services.positioning import rules as positioning
from tallystick.services.positioning import views as positioning_views
from tallystick.services.positioning.decide import RULES_V1, Positioning, decide_v1
from tallystick.services.positioning.rules import Stage
from tallystick.services.publication import rules as publication

__all__ = [
    "CHARTER",
    "DECIDES",
    "ROLES",
    "STATEMENTS",
    "TABLES",
    "Row",
    "fold_record",
    "record_types",
    "replay",
]

ANY: Final = frozenset[str]()
DEPARTMENT: Final = frozenset({"department"})
LENDER: Final = frozenset({"bank", "credit_cooperative", "microloan", "lessor", "asset_manager"})
INTAKE: Final = LENDER | {"cooperative", "guarantor", "insurer", "department", "village"}
CUSTODIAN: Final = INTAKE | {"project_owner", "bureau"}
ROLES: Final = (
    "department",
    "bank",
    "credit_cooperative",
    "microloan",
    "cooperative",
    "guarantor",
    "insurer",
    "lessor",
    "asset_manager",
    "village",
    "project_owner",
    "media",
    "bureau",
    "regulator",
    "operator",
)
_BEFORE_END: Final = frozenset({Stage.REPORTED, Stage.MATCHED, Stage.REFUSED, Stage.JUDGED})
_UNDECIDED: Final = frozenset({Stage.JUDGED, Stage.REPORTED, Stage.MATCHED})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the charter: a statement's class, its writers' roles, its rule."""

    statement: type[Statement]
    roles: frozenset[str]
    admit: Admit


def _step(question: str, after: Stage, becomes: Stage) -> Admit:
    return final(positioning.admit_decision(question, after, becomes))


_ROWS: Final = (
    Row(party.PartyRegistered, CUSTODIAN, final(consent.admit_party)),
    Row(party.PartyErased, CUSTODIAN, final(consent.admit_own)),
    Row(party.ObjectsDropped, CUSTODIAN, final(consent.admit_objects)),
    Row(party.MandateGiven, ANY, final(consent.admit_start("mandate"))),
    Row(party.MandateEnded, ANY, final(consent.admit_end("mandate"))),
    Row(party.GrantGiven, CUSTODIAN, final(consent.admit_start("grant"))),
    Row(party.GrantEnded, CUSTODIAN, final(consent.admit_end("grant"))),
    Row(catalogue.ProviderRegistered, INTAKE, amendable(positioning.admit_member_entry)),
    Row(catalogue.ProductPublished, INTAKE, amendable(positioning.admit_member_entry)),
    Row(catalogue.ModelApproved, INTAKE, final(positioning.admit_member_entry)),
    Row(catalogue.RulesActivated, DEPARTMENT | {"regulator"}, final(positioning.admit_rules)),
    Row(case.CaseApplied, INTAKE, final(positioning.admit_application)),
    Row(case.CaseSchemed, INTAKE, _step("scheme", Stage.APPLIED, Stage.SCHEMED)),
    Row(case.CaseJudged, INTAKE, _step("judgement", Stage.SCHEMED, Stage.JUDGED)),
    Row(case.CaseReported, INTAKE, _step("report", Stage.JUDGED, Stage.REPORTED)),
    Row(case.CaseMatched, INTAKE, _step("match", Stage.JUDGED, Stage.MATCHED)),
    Row(
        case.CaseRefused,
        INTAKE,
        final(positioning.admit_officer_act(Stage.REFUSED, _UNDECIDED)),
    ),
    Row(
        case.CaseClosed,
        INTAKE,
        final(positioning.admit_officer_act(Stage.CLOSED, _BEFORE_END)),
    ),
    Row(case.CaseHandedOver, INTAKE, final(positioning.admit_hand_over)),
    Row(case.Endorsed, ANY, final(positioning.admit_endorsement)),
    Row(case.DecisionOverridden, INTAKE, final(positioning.admit_override)),
    Row(case.FeedbackGiven, ANY, final(positioning.admit_feedback)),
    Row(case.AppealOpened, ANY, final(positioning.admit_appeal)),
    Row(case.AppealSettled, ANY, final(positioning.admit_settlement)),
    Row(loan.OfferAccepted, INTAKE, final(credit.admit_household_act)),
    Row(loan.OfferDeclined, INTAKE, final(credit.admit_household_act)),
    Row(loan.MoneyReceived, CUSTODIAN, final(credit.admit_household_act)),
    Row(loan.ApprovalGiven, LENDER | DEPARTMENT, final(credit.admit_approval)),
    Row(loan.FundAllocated, DEPARTMENT, final(credit.admit_allocation)),
    Row(loan.LoanGranted, LENDER, final(credit.admit_grant)),
    Row(loan.LoanDisbursed, LENDER, final(credit.admit_payment(back=False))),
    Row(loan.LoanRepaid, LENDER, final(credit.admit_payment(back=True))),
    Row(public.NoticePosted, DEPARTMENT | {"village"}, amendable(publication.admit_statement)),
    Row(
        public.NoticeWithdrawn,
        DEPARTMENT | {"village"},
        final(publication.admit_of_own("notice", "notice.posted")),
    ),
    Row(
        public.GuidanceGiven,
        DEPARTMENT | {"village", "cooperative", "regulator"},
        amendable(publication.admit_statement),
    ),
    Row(
        public.ProjectEvaluated,
        DEPARTMENT | {"regulator"},
        amendable(publication.admit_statement),
    ),
    Row(public.NewsPublished, frozenset({"media"}), amendable(publication.admit_statement)),
    Row(
        public.NewsCorrected,
        frozenset({"media"}),
        final(publication.admit_of_own("news", "news.published")),
    ),
)

STATEMENTS: Final[Mapping[str, Row]] = {row.statement.t: row for row in _ROWS}


def record_types() -> dict[tuple[str, int], RecordType]:
    """Return the table the chain runs on: (type, version) -> record type."""
    table = {("member.joined", 1): MEMBER_JOINED}
    for row in _ROWS:
        spec = spec_of(row.statement)
        table[spec.t, spec.rv] = RecordType(
            pub=spec.public_shape(),
            case=spec.of_class("case"),
            party=spec.of_class("party"),
            roles=row.roles,
            admit=row.admit,
        )
    return table


CHARTER: Final[Charter] = record_types()

_RECORD: Final = Table(
    "record",
    {
        "id": "blob",
        "t": "text",
        "case": "blob",
        "member": "text",
        "height": "integer",
        "index": "integer",
        "place": "integer",
        "time": "integer",
        "tid": "blob",
    },
    ("id",),
    ("case", "t", "height"),
)
TABLES: Final = (_RECORD, *positioning_views.TABLES, *credit_views.TABLES)
_FOLDS: Final = {**positioning_views.FOLDS, **credit_views.FOLDS}


def fold_record(admitted: Admitted) -> list[Op]:
    """Return what an admitted record changes in the views: its own row, and its service's."""
    record = admitted.record
    row = {
        "id": record["id"],
        "t": record["t"],
        "case": record.get("case") or (record["id"] if record["t"] == "case.applied" else None),
        "member": admitted.member,
        "height": admitted.height,
        "index": admitted.index,
        "place": admitted.place,
        "time": admitted.time,
        "tid": admitted.tid,
    }
    fold = _FOLDS.get(record["t"])
    return [Put("record", row), *(fold(admitted) if fold else [])]


DECIDES: Final[Mapping[tuple[str, int], Callable[..., Positioning]]] = {
    ("positioning", 1): decide_v1,
}
# Figures of each rules version, for ever: a decision is replayed by those it was made under.
_FIGURES: Final = {("positioning", 1): RULES_V1}


def replay(asked: Asked, inputs: bytes, objects: Mapping[Cid, bytes]) -> Mapping[str, Any]:
    """Run a decision again and return the fields it seals.

    Raises:
        NotFound: `decision.version`, this program lacks the decision's version or rules.
        Invalid: inputs, model or catalogue have not the form of any.
    """
    decide = DECIDES.get((asked.service, asked.version))
    figures = _FIGURES.get((asked.service, asked.rules))
    if decide is None or figures is None:
        raise NotFound(
            "decision.version",
            f"{asked.service} {asked.version} under rules {asked.rules} is not known here",
            cure="Verify with a later version of tallystick.",
        )
    model = decode(objects[asked.model], value) if asked.model is not None else None
    catalogue = decode(objects[asked.catalogue], value)
    found = decide(decode(inputs, value), model, catalogue, figures)
    for answer in (found.scheme, found.judgement, found.result):
        if answer.question == asked.question:
            return answer.sealed()
    raise Invalid("decision.question", f"the decision answers no {asked.question}")
