"""The charter: every record type with who may write it, its rule, and what decides.

One literal table. Every member carries every rule; a height that brings a type or version this
table lacks halts the member with a cure, never with a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from types import CodeType, FunctionType
from typing import Any, Final

from tallystick.base.codec import Check, Cid, decode, value
from tallystick.base.errors import Invalid, NotFound
from tallystick.chain.amendment import alone, amendable, belonging, final
from tallystick.chain.decided import Asked
from tallystick.chain.membership import MEMBER_JOINED
from tallystick.chain.record import Admission, Admit, Charter, RecordType
from tallystick.records import (
    book,
    bulletin,
    case,
    catalogue,
    chains,
    change,
    dues,
    loan,
    party,
    programme,
    public,
    spread,
)
from tallystick.records.base import Class, Spec, Statement, spec_of
from tallystick.records.chains import PUBLIC_KIND
from tallystick.records.held import Stage
from tallystick.records.refusal import Refusal
from tallystick.records.table import shape_of, table_of
from tallystick.records.view import Admitted, Op, Put, Table
from tallystick.services.anchoring import rules as anchoring
from tallystick.services.anchoring import views as anchoring_views
from tallystick.services.consent import rules as consent
from tallystick.services.consent import views as consent_views
from tallystick.services.credit import rules as credit
from tallystick.services.credit import views as credit_views
from tallystick.services.membership import rules as membership
from tallystick.services.positioning import rules as positioning
from tallystick.services.positioning import views as positioning_views
from tallystick.services.positioning.decide import RULES_V1, Positioning, decide_v1
from tallystick.services.publication import rules as publication
from tallystick.services.publication import views as publication_views
from tallystick.services.storing import rules as storing
from tallystick.services.storing import views as storing_views
from tallystick.text.record import RECORDS
from tallystick.text.refusal import REFUSALS

__all__ = [
    "CHARTER",
    "DECIDES",
    "PUBLISHER",
    "ROLES",
    "STATEMENTS",
    "TABLES",
    "Row",
    "codes_of",
    "describe_records",
    "describe_types",
    "fold_record",
    "record_types",
    "replay",
]

ANY: Final = frozenset[str]()
DEPARTMENT: Final = frozenset({"department"})
LENDER: Final = frozenset({"bank", "credit_cooperative", "microloan", "lessor", "asset_manager"})
INTAKE: Final = LENDER | {"cooperative", "guarantor", "insurer", "department", "village"}
OVERSEER: Final = DEPARTMENT | {"regulator"}
MEDIA: Final = frozenset({"media"})
PUBLISHER: Final = OVERSEER | MEDIA | {"village", "credit_cooperative"}
"""Who keeps the public chain: whoever serves the public, and the lender its members own."""
CUSTODIAN: Final = INTAKE | {"project_owner", "bureau"}
# Who supplies on account, or collects at its counter for those who do.
PAYEE: Final = INTAKE | {"project_owner"}
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


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the charter: a statement's class, its writers' roles, its rule.

    Attributes:
        spaces: the spaces of state keys the rule writes, besides `id`, `in` and `named`.
    """

    statement: type[Statement]
    roles: frozenset[str]
    admit: Admit
    spaces: frozenset[str] = frozenset()


_PUBLIC_ALONE: Final = frozenset({"bulletin.published", "bulletin.withdrawn", "tally.published"})
_PUBLIC_TOO: Final = frozenset(
    {"change.proposed", "change.voted", "chain.anchored", "chain.listed"}
)
"""What a public chain carries besides: who keeps it, and how far the other chains have come."""


def _row(statement: type[Statement], roles: frozenset[str], admit: Admit, *spaces: str) -> Row:
    return Row(statement, roles, _where(statement.t, admit), frozenset(spaces))


def _where(t: str, admit: Admit) -> Admit:
    """Return a type's rule on the chains that carry the type; on others it refuses."""
    if t in _PUBLIC_TOO:
        return admit
    is_public = t in _PUBLIC_ALONE

    @wraps(admit)
    def rule(offered: Admission) -> int:
        if (offered.kind == PUBLIC_KIND) != is_public:
            return Refusal.WRONG_CHAIN
        return admit(offered)

    return rule


def _step(statement: type[Statement], question: str, after: Stage, becomes: Stage) -> Row:
    admit = positioning.admit_decision(question, after, becomes)
    return _row(statement, INTAKE, final(admit), "case")


def _admit_closing(offered: Admission) -> int:
    """Close one's own case in person; public money not paid out goes back into its fund."""
    return positioning.admit_closing(offered) or credit.release_undisbursed(offered)


_LINKS: Final = ("begun", "linked", "listed")
_LISTS: Final = ("changed", "demand", "keys", "limits", "members", "pub", *_LINKS)
"""What a change that takes effect writes, besides the change itself."""

_ROWS: Final = (
    _row(
        change.ChangeProposed,
        ANY,
        final(alone(membership.admit_proposal)),
        *("change", "changes", *_LISTS),
    ),
    _row(
        change.ChangeVoted,
        ANY,
        final(alone(membership.admit_vote)),
        *("change", "changes", *_LISTS),
    ),
    _row(chains.ChainListed, ANY, final(alone(anchoring.admit_listing)), "begun"),
    _row(chains.ChainLinked, ANY, final(alone(anchoring.admit_link)), *_LINKS),
    _row(chains.ChainAnchored, ANY, final(alone(anchoring.admit_anchor)), *_LINKS),
    _row(chains.SubsidyApproved, DEPARTMENT, final(alone(anchoring.admit_subsidy)), "subsidy"),
    _row(spread.ObjectKept, ANY, final(alone(storing.admit_keeping)), "kept"),
    _row(spread.ObjectErased, ANY, final(alone(storing.admit_erasing)), "kept"),
    _row(party.PartyRegistered, CUSTODIAN, final(alone(consent.admit_party))),
    _row(party.PartyErased, CUSTODIAN, final(alone(consent.admit_erasure))),
    _row(party.ObjectsDropped, CUSTODIAN, final(alone(consent.admit_objects))),
    _row(party.MandateGiven, ANY, final(alone(consent.admit_start("mandate"))), "mandate"),
    _row(party.MandateEnded, ANY, final(alone(consent.admit_end("mandate"))), "mandate"),
    _row(party.GrantGiven, CUSTODIAN, final(alone(consent.admit_start("grant"))), "grant"),
    _row(party.GrantEnded, CUSTODIAN, final(alone(consent.admit_end("grant"))), "grant"),
    _row(
        catalogue.ProviderRegistered,
        INTAKE,
        amendable(alone(positioning.admit_provider)),
        "provider",
    ),
    _row(
        catalogue.ProductPublished,
        INTAKE,
        amendable(alone(positioning.admit_product)),
        "product",
    ),
    _row(catalogue.ModelApproved, INTAKE, final(alone(positioning.admit_model)), "model", "models"),
    _row(
        catalogue.ModelRetired,
        INTAKE,
        final(alone(positioning.admit_model_retirement)),
        "retired",
        "models",
    ),
    _row(catalogue.RulesActivated, OVERSEER, final(alone(positioning.admit_rules)), "rules"),
    _row(case.CaseApplied, INTAKE, final(alone(positioning.admit_application)), "case"),
    _step(case.CaseSchemed, "scheme", Stage.APPLIED, Stage.SCHEMED),
    _step(case.CaseJudged, "judgement", Stage.SCHEMED, Stage.JUDGED),
    _step(case.CaseReported, "report", Stage.JUDGED, Stage.REPORTED),
    _step(case.CaseMatched, "match", Stage.JUDGED, Stage.MATCHED),
    _row(case.CaseRefused, INTAKE, final(positioning.admit_refusal), "case"),
    _row(case.CaseClosed, INTAKE, final(_admit_closing), "case", "fund", "loan"),
    _row(case.CaseHandedOver, INTAKE, final(positioning.admit_hand_over(INTAKE)), "case"),
    _row(case.Endorsed, ANY, final(belonging(positioning.admit_endorsement)), "endorsed"),
    _row(case.DecisionOverridden, INTAKE, final(positioning.admit_override), "case"),
    _row(case.FeedbackGiven, ANY, final(belonging(positioning.admit_feedback)), "feedback"),
    _row(case.AppealOpened, ANY, final(belonging(positioning.admit_appeal)), "appeal"),
    _row(
        case.AppealSettled,
        INTAKE | {"regulator"},
        final(belonging(positioning.admit_settlement)),
        "appeal",
    ),
    _row(loan.OfferAccepted, INTAKE, final(credit.admit_answer(accepted=True)), "case"),
    _row(loan.OfferDeclined, INTAKE, final(credit.admit_answer(accepted=False)), "case"),
    _row(loan.MoneyReceived, CUSTODIAN, final(belonging(credit.admit_receipt))),
    _row(loan.ApprovalGiven, LENDER | DEPARTMENT, final(credit.admit_approval), "case"),
    _row(loan.FundAllocated, DEPARTMENT, final(alone(credit.admit_allocation)), "fund"),
    _row(loan.LoanGranted, LENDER, final(credit.admit_grant), "case", "fund", "loan"),
    _row(loan.LoanDisbursed, LENDER, final(belonging(credit.admit_disbursement)), "loan"),
    _row(loan.LoanRepaid, LENDER, final(belonging(credit.admit_repayment)), "fund", "loan"),
    _row(book.LoansReported, LENDER, final(alone(credit.admit_report)), "book"),
    _row(dues.DuesReported, PAYEE, final(alone(credit.admit_dues)), "dues"),
    _row(
        public.NoticePosted,
        DEPARTMENT | {"village"},
        amendable(alone(publication.admit_statement)),
    ),
    _row(
        public.NoticeWithdrawn,
        DEPARTMENT | {"village"},
        final(alone(publication.admit_withdrawal("notice.posted", "notice"))),
        "withdrawn",
    ),
    _row(
        public.GuidanceGiven,
        OVERSEER | {"village", "cooperative"},
        amendable(belonging(publication.admit_guidance)),
    ),
    _row(public.ProjectEvaluated, OVERSEER, amendable(alone(publication.admit_evaluation))),
    _row(
        programme.ProgrammeMeasured,
        OVERSEER,
        final(alone(publication.admit_measurement)),
        "measured",
    ),
    _row(public.NewsPublished, MEDIA, amendable(alone(publication.admit_statement))),
    _row(public.NewsCorrected, MEDIA, final(alone(publication.admit_correction))),
    _row(bulletin.BulletinPublished, PUBLISHER, amendable(alone(publication.admit_bulletin))),
    _row(
        bulletin.BulletinWithdrawn,
        PUBLISHER,
        final(alone(publication.admit_withdrawal("bulletin.published", "bulletin"))),
        "withdrawn",
    ),
    _row(bulletin.TallyPublished, OVERSEER, final(alone(publication.admit_tally)), "tallied"),
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


_RULES: Final = (anchoring, consent, credit, membership, positioning, publication, storing)


def codes_of(admit: Admit) -> list[Refusal]:
    """Return every code from 100 on that a rule can end with: those its program names."""
    found: set[Refusal] = set()
    seen: set[CodeType] = set()
    waiting: list[tuple[CodeType, Mapping[str, Any]]] = []

    def visit(function: object) -> None:
        if isinstance(function, FunctionType):
            waiting.append((function.__code__, function.__globals__))
            for cell in function.__closure__ or ():
                visit(cell.cell_contents)

    visit(admit)
    while waiting:
        code, names = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        found.update(Refusal[name] for name in code.co_names if name in Refusal.__members__)
        waiting += [(each, names) for each in code.co_consts if isinstance(each, CodeType)]
        for name in code.co_names:
            visit(names.get(name))
            for rules in _RULES:
                visit(vars(rules).get(name))
    return sorted(found)


_CLASSES: Final[Mapping[Class, str]] = {
    "public": "public / \u516c\u5f00",
    "case": "case / \u6848\u4ef6",
    "party": "party / \u4e3b\u4f53",
}


def describe_types() -> str:
    """Return the part of docs/records.md that follows from the charter: types, then codes."""
    lines = ["## Types"]
    for t in sorted(STATEMENTS):
        lines += _describe_type(STATEMENTS[t])
    lines += [
        "",
        "## Codes",
        "| code | zh | en | \u542b\u4e49 | meaning |",
        "|---|---|---|---|---|",
    ]
    for code in Refusal:
        name, meaning = REFUSALS[code].name, REFUSALS[code].meaning
        ident = f"{int(code)} `{code.name.lower()}`"
        lines.append(f"| {ident} | {name.zh} | {name.en} | {meaning.zh} | {meaning.en} |")
    return "\n".join(lines) + "\n"


def _describe_type(row: Row) -> list[str]:
    spec = spec_of(row.statement)
    word = RECORDS[spec.t]
    writers = ", ".join(role for role in ROLES if role in row.roles) or "any role"
    rule = (row.admit.__doc__ or "").partition("\n")[0]
    codes = ", ".join(f"{int(code)} `{code.name.lower()}`" for code in codes_of(row.admit))
    lines = ["", f"### `{spec.t}` {word.name.zh} / {word.name.en}"]
    lines += [f"{word.meaning.zh}  ", f"{word.meaning.en}", "", f"- Writers: {writers}."]
    for sealed, title in _CLASSES.items():
        names = [f"`{each}`{_mark(spec, each)}" for each in spec.of_class(sealed)]
        lines += [f"- {title}: {', '.join(names)}"] if names else []
    return [*lines, f"- Rule: {rule}", f"- Codes: {codes}."]


def _mark(spec: Spec, name: str) -> str:
    return "" if name in spec.required else "?"


def describe_records() -> str:
    """Return docs/spec/records.csv: every field of every record type, by type name."""
    fields, required = shape_of(MEMBER_JOINED.pub)
    public_fields: dict[str, tuple[Class, Check]] = {
        name: ("public", check) for name, check in fields.items()
    }
    specs = [spec_of(row.statement) for row in _ROWS]
    joined = Spec("member.joined", 1, public_fields, required)
    return table_of(sorted([joined, *specs], key=lambda spec: spec.t))


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
TABLES: Final = (
    _RECORD,
    *positioning_views.TABLES,
    *credit_views.TABLES,
    *consent_views.TABLES,
    *publication_views.TABLES,
    *anchoring_views.TABLES,
    *storing_views.TABLES,
)
_FOLDS: Final = (
    positioning_views.FOLDS,
    credit_views.FOLDS,
    consent_views.FOLDS,
    publication_views.FOLDS,
    anchoring_views.FOLDS,
    storing_views.FOLDS,
)


def fold_record(admitted: Admitted) -> list[Op]:
    """Return what an admitted record changes in the views: its own row, and its services'."""
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
    found = [folds[record["t"]] for folds in _FOLDS if record["t"] in folds]
    return [Put("record", row), *(op for fold in found for op in fold(admitted))]


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
    raise Invalid(
        "decision.question",
        f"the decision answers no {asked.question}",
        cure="Ask who decided for the true record.",
    )
