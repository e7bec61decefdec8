"""What every route answers, as JSON Schema: fields told once, rows and decisions from their tables.

Laws: each operation of the API has one line in `ROUTES`, by its name; a field means the same and is
of the same kind wherever it stands, unless its shape says otherwise; rows of the views and sealed
fields of decisions follow from the tables and records that define them.
Source: OpenAPI 3.1; JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from tallystick.api.problem import PROBLEM, PROBLEM_TYPE
from tallystick.charter import TABLES
from tallystick.records.base import spec_of
from tallystick.records.case import CaseReported
from tallystick.records.view import Table

__all__ = ["FIELDS", "PROBLEMS", "ROUTES", "SHAPES", "answers_of", "problems", "schemas"]

Schema = dict[str, Any]
Kind = Literal[
    "cid", "count", "flag", "hash", "id", "ids", "text", "texts", "time", "tree", "trees"
]

_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
_TEXT: Final[Schema] = {"type": "string"}
_TREE: Final[Schema] = {"type": "object"}
_KINDS: Final[Mapping[Kind, Schema]] = {
    "cid": {"type": "string", "pattern": "^b[a-z2-7]{58}$"},
    "count": {"type": "integer", "minimum": 0},
    "flag": {"type": "integer", "enum": [0, 1]},
    "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "id": _ID,
    "ids": {"type": "array", "items": _ID},
    "text": _TEXT,
    "texts": {"type": "array", "items": _TEXT},
    "time": {"type": "integer", "minimum": 0},
    "tree": _TREE,
    "trees": {"type": "array", "items": _TREE},
}

FIELDS: Final[Mapping[str, tuple[Kind, str]]] = {
    "against": ("id", "The record that the appeal is against."),
    "alarm": ("text", "Code of what is wrong; empty if nothing is."),
    "alternatives": ("texts", "Fields of expertise that could serve otherwise."),
    "appeal": ("id", "The appeal's id."),
    "approved_at": ("time", "When it was approved, in ms since 1970 UTC."),
    "application": ("tree", "What was sealed at intake: v, application, defaults."),
    "at": ("time", "When, in ms since 1970 UTC."),
    "case": ("id", "The case's id."),
    "suppressed": ("count", "Groups not shown, for they are too small."),
    "cells": ("trees", "Groups: name, refused, praise, accuracy; shares as hits of a count."),
    "tolerance_ppm": ("count", "Told income within this much of the expected counts as accurate."),
    "least": ("count", "Groups of fewer cases are not shown."),
    "by": ("text", "provider or scheme."),
    "lender": ("text", "The member that lent."),
    "amount": ("count", "Public money, in fen."),
    "granted_at": ("time", "When it was granted, in ms since 1970 UTC."),
    "disbursed_at": ("time", "When money was last paid out, in ms since 1970 UTC."),
    "repaid_at": ("time", "When money last came back, in ms since 1970 UTC."),
    "cases": ("ids", "Ids of the party's cases here."),
    "closed_at": ("time", "When the case was closed, in ms since 1970 UTC."),
    "code": ("count", "Result: 0 = admitted, else why it was refused (docs/records.md)."),
    "conditions": ("trees", "What would make the scheme fit, or must be shown."),
    "data": ("cid", "What it was trained on: the SHA-256 of the file."),
    "decided_at": ("time", "When it was reported or matched, in ms since 1970 UTC."),
    "decided_ppm": ("count", "Probability of a bad end by which it was decided."),
    "decision": ("id", "The record of the report or match."),
    "decisions": ("tree", "Opened decisions by question: scheme, judgement, report or match."),
    "en": ("text", "The name in English."),
    "ended": ("flag", "1: it is in force no more."),
    "entry": ("tree", "The catalogue's entry, as it was published."),
    "features": ("trees", "Points by bin of a card; how often trees ask."),
    "feedback_at": ("time", "When feedback was told last, in ms since 1970 UTC."),
    "field": ("text", "Which part of the block differs."),
    "figures": ("cid", "The reference figures' object."),
    "fits": ("flag", "1: it was found to fit."),
    "folded": ("count", "Height at which the views stand."),
    "forced": ("text", "Why it was approved though its probabilities are not known to hold."),
    "from_height": ("count", "The first height at which it is in force."),
    "grant": ("id", "The grant's id."),
    "grants": ("ids", "Grants under which the inputs were read."),
    "handed_over_due": ("time", "By when the new owner is to act, in ms since 1970 UTC."),
    "head": ("text", "The newest block's header, as a CID."),
    "height": ("count", "Height of the block that holds it; of a member, its newest block's."),
    "id": ("id", "The record's id."),
    "identity": ("tree", "The sealed registration, opened; empty until it has left."),
    "index": ("count", "The transaction's place in its block, from 0."),
    "inputs": ("cid", "CID of the inputs that were decided on."),
    "items": ("trees", "The rows."),
    "kind": ("text", "What is asked for: borrow, save, invest, insure or lease."),
    "loan": ("id", "The loan's id."),
    "mandate": ("id", "The mandate's id."),
    "means_en": ("text", "What it means, in English."),
    "means_zh": ("text", "What it means, in Chinese."),
    "member": ("text", "The member's name."),
    "metrics": ("tree", "What training measured, in ppm and rows."),
    "model": ("cid", "The model's CID."),
    "money_at": ("time", "When the household told of money received, in ms since 1970 UTC."),
    "name": ("text", "What the rules or figures are of."),
    "next": ("count", "Offset of the following page; absent on the last."),
    "objects_closed": ("count", "How many sealed objects no longer open."),
    "officer": ("text", "Who read: an officer, or the member itself."),
    "opened_at": ("time", "When it was taken in, in ms since 1970 UTC."),
    "opened_height": ("count", "Height of the block that took it in."),
    "opener": ("text", "The member that took it in."),
    "ours": ("text", "This member's value."),
    "outcome": ("text", "What was decided, by code."),
    "owner": ("text", "The member whose case it is."),
    "party": ("id", "The party's id, known to its custodian alone."),
    "place": ("count", "The record's place in its transaction, from 0."),
    "position": ("count", "Its leaf's place in the log, from 0."),
    "Standing.items": (
        "trees",
        "Every payment that fell due: day, reason, points, late_days, leaves, record.",
    ),
    "closed": ("count", "Further loans of the party that this member may not open."),
    "loans": ("count", "Loans it is built from."),
    "points": ("count", "0 to 1,000; 500 without any record."),
    "preferred": ("text", "The field of expertise it is led to; empty for none."),
    "preferred_provider": ("text", "The service subject it is led to; empty for none."),
    "product": ("text", "Scheme and version, joined by a point."),
    "products": ("count", "How many products were published."),
    "program": ("text", "Version of the program that trained it."),
    "programme": ("text", "The public programme it belongs to."),
    "provider": ("text", "The service subject's name."),
    "providers": ("count", "How many service subjects were published."),
    "public": ("texts", "Fields that every member reads."),
    "purpose": ("text", "What it was read for."),
    "ranked": ("trees", "What was weighed, the best first."),
    "reason": ("text", "Why it was retired, by code."),
    "reasons": ("trees", "Why, by code and figures."),
    "record": ("id", "The record's id."),
    "records": ("trees", "The case's records, as they stand in the chain."),
    "recovered": ("flag", "1: answered from what was signed before the node died."),
    "refused_at": ("time", "When an officer refused it, in ms since 1970 UTC."),
    "retired_at": ("time", "When it was retired, in ms since 1970 UTC."),
    "retired_by": ("text", "The member that retired it."),
    "role": ("text", "What the member is."),
    "roles": ("texts", "Who may write it."),
    "row": ("tree", "The case as the views have it."),
    "sealed": ("text", "Which sealed part was read: case or party."),
    "sent": ("count", "How many registrations and erasures left now."),
    "service": ("text", "The service that decides by it."),
    "settled_at": ("time", "When it was answered, in ms since 1970 UTC."),
    "settled_by": ("text", "The member that answered it."),
    "shadow_ppm": ("count", "Probability of a bad end by the other model."),
    "since": ("time", "Since when it is due, in ms since 1970 UTC."),
    "stage": ("text", "applied, schemed, judged, reported, matched, refused or closed."),
    "state": ("text", "pending, ordered or witnessed."),
    "status": ("text", "Address at which the transaction's state is told."),
    "subject": ("id", "What the reading was about: a record or a case."),
    "t": ("text", "The record's type."),
    "tables": ("tree", "The canonical digest of each table, by its name."),
    "taken_by": ("text", "The member that took it in."),
    "target": ("text", "The outcome whose probability it states."),
    "terms": ("tree", "What it was granted on: finance.LoanTerms."),
    "theirs": ("text", "The other member's value."),
    "tid": ("hash", "The transaction's id."),
    "time": ("time", "The block's time, in ms since 1970 UTC."),
    "trees": ("count", "How many trees it has."),
    "unread": ("count", "Cases whose inputs this member could not open."),
    "version": ("count", "Its version."),
    "witnessed": ("count", "Height that more than two thirds of the members cosigned."),
    "would_fit": ("flag", "1: it would have been found to fit."),
    "zh": ("text", "The name in Chinese."),
    # Where a shape's field is another thing than elsewhere.
    "FeedbackSummary.unread": ("tree", "How often something could not be opened, by code."),
    "FeedbackSummary.member": ("text", "Whose summary it is."),
    "CaseDecision.figures": ("tree", "Figures it rests on."),
    "CaseDecision.subject": ("id", "The party, known to its custodian alone."),
    "ModelRow.kind": ("text", "card or trees."),
    "ModelRow.name": ("text", "What it is called."),
    "ModelRow.state": ("text", "in_force, approved or retired."),
    "ModelRow.member": ("text", "The member that approved it."),
    "RecordType.case": ("texts", "Fields sealed to the case's members."),
    "RecordType.party": ("texts", "Fields sealed to those whom the party grants them."),
}
"""Kind and meaning of every field, by its name, or by shape and name."""

SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "AppealOpened": ("case appeal", ""),
    "AppealSettled": ("appeal record", ""),
    "CaseActed": ("case record", ""),
    "CaseHandedOver": ("case owner record", ""),
    "CaseOpened": (
        "case kind stage",
        "outcome preferred preferred_provider alternatives decision height",
    ),
    "CaseShown": ("row records application decisions", ""),
    "CataloguePublished": ("providers products figures", ""),
    "Difference": ("member height field ours theirs", ""),
    "FeedbackDue": ("case owner since", ""),
    "FeedbackSummary": ("member by least tolerance_ppm cells suppressed unread", ""),
    "GrantEnded": ("grant ended", ""),
    "GrantGiven": ("grant", ""),
    "Health": ("member height head witnessed folded alarm", ""),
    "MandateEnded": ("mandate ended", ""),
    "MandateGiven": ("mandate", ""),
    "Member": ("member role", ""),
    "ModelActed": ("model record", ""),
    "ModelPublished": ("model", ""),
    "LoanActed": ("loan record", ""),
    "LoanGranted": ("case loan terms", ""),
    "PartyErased": ("party objects_closed", ""),
    "PartyRegistered": ("party", ""),
    "PartyShown": ("party identity cases", ""),
    "ProductPublished": ("product record", ""),
    "ProviderPublished": ("provider record", ""),
    "Receipt": ("at officer purpose record sealed subject", ""),
    "Standing": ("party points loans closed items", ""),
    "RecordType": ("t version zh en means_zh means_en roles public case party", ""),
    "Recorded": ("record", ""),
    "RegistrationsSent": ("sent", ""),
    "ShadowRow": ("case shadow_ppm fits would_fit", "decided_ppm"),
    "Transaction": ("tid state", "height index code position"),
    "ViewsRebuilt": ("member height tables", ""),
}
"""Fields that are always there, and those that may be, by the answer's or row's name."""

ROUTES: Final[Mapping[str, str]] = {
    "add_party": "write PartyRegistered",
    "add_mandate": "write MandateGiven",
    "add_product": "write ProductPublished",
    "add_provider": "write ProviderPublished",
    "allocate_fund": "write Recorded",
    "answer_offer": "write CaseActed",
    "approve": "write CaseActed",
    "approve_model": "write ModelActed",
    "close_case": "write CaseActed",
    "disburse_loan": "write LoanActed",
    "due_feedback": "list FeedbackDue",
    "end_grant": "write GrantEnded",
    "end_mandate": "write MandateEnded",
    "erase_party": "write PartyErased",
    "evaluate_project": "write Recorded",
    "give_feedback": "write CaseActed",
    "give_grant": "write GrantGiven",
    "give_guidance": "write Recorded",
    "grant_loan": "write LoanGranted",
    "hand_over": "write CaseHandedOver",
    "list_appeals": "page AppealRow",
    "list_cases": "page CaseRow",
    "list_differences": "list Difference",
    "list_loans": "page LoanRow",
    "list_members": "list Member",
    "list_models": "page ModelRow",
    "list_products": "page ProductRow",
    "list_providers": "page ProviderRow",
    "list_receipts": "list Receipt",
    "list_rules": "page RulesRow",
    "open_appeal": "write AppealOpened",
    "open_cases": "write_list CaseOpened",
    "override": "write CaseActed",
    "publish_catalogue": "write CataloguePublished",
    "publish_model": "write ModelPublished",
    "publish_news": "write Recorded",
    "read_block": "bytes application/vnd.ipld.dag-cbor",
    "read_checkpoint": "text text/plain",
    "rebuild_views": "write ViewsRebuilt",
    "receive_money": "write CaseActed",
    "refuse": "write CaseActed",
    "repay_loan": "write LoanActed",
    "retire_model": "write ModelActed",
    "send_registrations": "write RegistrationsSent",
    "settle_appeal": "write AppealSettled",
    "sum_feedback": "one FeedbackSummary",
    "shadow_model": "shadow ShadowRow",
    "show_all": "members Health",
    "show_case": "one CaseShown",
    "show_charter": "list RecordType",
    "show_model": "one ModelShown",
    "show_one": "one Health",
    "show_party": "one PartyShown",
    "show_report": "text text/html",
    "show_standing": "one Standing",
    "show_transaction": "one Transaction",
}
"""By operation: how it answers, and with what."""

PROBLEMS: Final[Mapping[int, str]] = {
    401: "No token of this county: `api.token`.",
    403: "Denied: the member, or its copy of the keys, may not.",
    404: "Not found: the member, case, party, record or height is not known here.",
    409: "In conflict: another owner or stage, an Idempotency-Key used before or being worked on.",
    413: "The body is too large: `api.body_size`.",
    421: "The request names another host: `api.host`.",
    422: "Invalid: the form of the request, or a rule's refusal (`record.refused`, `code_number`).",
    500: "A file or an object is corrupt, or the node failed: `api.failure`.",
    503: "Not now: repeat it after `Retry-After`, a write with the same Idempotency-Key.",
}
"""What each status of a problem means."""
_ALWAYS: Final = (401, 403, 404, 421, 422, 500, 503)
_OF_WRITES: Final = (409, 413)
_OF_HEALTH: Final = (404, 421, 422, 500, 503)
_WRITTEN: Final = ("height", "tid")
_RECOVERED: Final = (
    *("height", "tid", "record", "case", "mandate", "grant", "appeal", "loan", "items"),
)


def _told(shape: str, name: str) -> Schema:
    kind, text = FIELDS.get(f"{shape}.{name}") or FIELDS[name]
    return {**_KINDS[kind], "description": text}


def _object(properties: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    return {"type": "object", "required": sorted(required), "properties": dict(properties)}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _row(table: Table, shape: str, *, nulls: bool = False) -> Schema:
    """Return the schema of a view's row; what is empty is left out, or null."""
    cells = {name: _told(shape, name) for name in table.columns}
    if nulls:
        cells = {name: {**cell, "type": [cell["type"], "null"]} for name, cell in cells.items()}
    return _object(cells, table.columns if nulls else table.key)


def _decision() -> Schema:
    """Return the schema of an opened decision: party-sealed fields as far as they are granted."""
    spec, shape = spec_of(CaseReported), "CaseDecision"
    names = [*spec.of_class("case"), *spec.of_class("party"), "record"]
    required = [each for each in spec.of_class("case") if each in spec.required]
    return _object({each: _told(shape, each) for each in names}, [*required, "record"])


def schemas() -> dict[str, Schema]:
    """Return every named schema of answers, by name."""
    found = {name: _shape(name) for name in SHAPES}
    tables = {table.name: table for table in TABLES}
    for name in ("appeal", "case", "loan", "model", "product", "provider", "rules"):
        shape = f"{name.capitalize()}Row"
        found[shape] = _row(tables[name], shape)
    shown = found["CaseShown"]["properties"]
    shown["row"] = _row(tables["case"], "CaseRow", nulls=True)
    shown["records"]["items"] = _row(tables["record"], "RecordRow", nulls=True)
    shown["decisions"]["additionalProperties"] = _ref("CaseDecision")
    found["CaseDecision"] = _decision()
    row = found["ModelRow"]
    more = {each: _told("ModelShown", each) for each in ("target", "features", "trees")}
    required = (*row["required"], "target", "features")
    found["ModelShown"] = _object({**row["properties"], **more}, required)
    recovered = {name: _told("", name) for name in _RECOVERED}
    recovered["items"]["items"] = _ref("CaseOpened")
    recovered["recovered"] = {"const": 1, "description": FIELDS["recovered"][1]}
    found["Recovered"] = _object(recovered, ["height", "recovered", "tid"])
    found["Pending"] = _object({name: _told("", name) for name in ("tid", "status")}, ["tid"])
    found["Problem"] = PROBLEM["content"][PROBLEM_TYPE]["schema"]
    return found


def _shape(name: str) -> Schema:
    always, maybe = (names.split() for names in SHAPES[name])
    return _object({each: _told(name, each) for each in (*always, *maybe)}, always)


def answers_of(operation: str) -> dict[str, Any]:
    """Return the `responses` of an operation: what it answers, and every problem it may tell."""
    how, what = ROUTES[operation].split()
    found = {str(status): each for status, each in _answers(how, what)}
    statuses = _OF_HEALTH if what == "Health" else _ALWAYS
    if how.startswith("write"):
        statuses = (*statuses, *_OF_WRITES)
    for status in sorted(statuses):
        found[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    found["default"] = _told_problem("Any other problem.")
    return found


def _told_problem(text: str) -> Schema:
    return {"description": text, "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}}}


def problems() -> dict[str, Schema]:
    """Return the named responses that tell problems, by name."""
    return {f"Problem{status}": _told_problem(text) for status, text in PROBLEMS.items()}


def _answers(how: str, what: str) -> Iterator[tuple[int, Schema]]:
    if how in {"bytes", "text"}:
        form: Schema = {"type": "string", **({"format": "binary"} if how == "bytes" else {})}
        yield 200, {"description": "The document.", "content": {what: {"schema": form}}}
    elif how.startswith("write"):
        one = _listed(what) if how == "write_list" else _ref(what)
        written = _object({name: _told("", name) for name in _WRITTEN})
        form = {"anyOf": [{"allOf": [one, written]}, _ref("Recovered")]}
        yield 201, _json("Done, and durable where something was recorded at once.", form)
        text = "Signed; its block, or two thirds of the members, were waited for in vain."
        yield 202, _json(text, _ref("Pending"))
    else:
        forms = {
            "list": _listed(what),
            "page": _listed(what, "next"),
            "shadow": _listed(what, "next", "unread"),
            "one": _ref(what),
        }
        members = _object({"members": {"type": "array", "items": _ref(what)}}, ["members"])
        yield 200, _json("What was asked for.", {**forms, "members": members}[how])


def _json(text: str, form: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": form}}}


def _listed(what: str, *more: str) -> Schema:
    items = {"type": "array", "items": _ref(what), "description": FIELDS["items"][1]}
    return _object({"items": items, **{name: _told("", name) for name in more}}, ["items"])
