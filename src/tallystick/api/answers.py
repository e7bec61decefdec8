"""What every route answers, as JSON Schema: fields told once, rows and decisions from their tables.

Laws: each operation of the API has one line in `ROUTES`, by its name; a field means the same and is
of the same kind wherever it stands, unless its shape says otherwise; rows of the views and sealed
fields of decisions follow from the tables and records that define them.
Source: OpenAPI 3.1; JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from tallystick.api.fields import FIELDS, KINDS, Schema
from tallystick.api.problem import PROBLEM, PROBLEM_TYPE
from tallystick.charter import TABLES
from tallystick.kernel.store.gateway import CAR, IPNS_RECORD, RAW_BLOCK
from tallystick.records.base import spec_of
from tallystick.records.case import CaseReported
from tallystick.records.view import Table

__all__ = ["FIELDS", "PROBLEMS", "ROUTES", "SHAPES", "answers_of", "problems", "schemas"]

_ME = "officer name shown role must_change acts"
_USER = "officer name shown role enabled must_change made_at password_at"
SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "Me": (_ME, ""),
    "Session": (f"token csrf {_ME}", ""),
    "SessionEnded": ("ended", ""),
    "User": (_USER, ""),
    "UserIssued": (f"password {_USER}", ""),
    "AppealOpened": ("case appeal", ""),
    "AppealSettled": ("appeal record", ""),
    "BlockRecord": ("t member time index place", "case"),
    "BlockRow": (
        "height is_witnessed cosigned",
        "time cid proposer transactions refused record_types records writers bytes fault",
    ),
    "ChainRow": ("chain name kind size demanded anchors", "height behind"),
    "ChangeActed": ("change", ""),
    "ChangeVoted": ("change record state", ""),
    "ChangeRow": (
        "change by height kind until state",
        "yes no needed voices settled_height member role name keys limit value",
    ),
    "Limits": ("block_bytes block_transactions vote_ppm", ""),
    "CaseActed": ("case record", ""),
    "CaseHandedOver": ("case owner record", ""),
    "CaseOpened": (
        "case kind stage",
        "outcome preferred preferred_provider alternatives decision height",
    ),
    "CaseCounts": ("applied schemed judged reported matched refused closed all", ""),
    "CaseShown": (
        "row records application decisions seen steps result hand_overs loans appeals feedback",
        "due across",
    ),
    "LoanShown": ("row terms schedule moves paid_minor balance_minor", ""),
    "DraftEnded": ("draft ended", ""),
    "DraftKept": ("draft revision made_at saved_at", ""),
    "DraftRow": ("draft revision made_at saved_at label", ""),
    "DraftShown": ("draft revision made_at saved_at label tree", ""),
    "Estimate": (
        "missing",
        (
            "undecided assumed fits scheme outcome cycle thresholds gaps changes reasons options"
            " providers calendar lowest_minor lowest_month terms repay_ppm income_interval"
            " need_interval"
        ),
    ),
    "Prefill": ("party leaves", ""),
    "Replay": ("case equal decisions", ""),
    "Today": ("items counts month", ""),
    "CataloguePublished": ("providers products figures", ""),
    "Check": (
        "kind state blocks target started_ms findings code fetched kept left_out ms sound",
        "ended_ms",
    ),
    "Equivocation": ("digest member known_ms bodies", ""),
    "EquivocationsProven": ("items", ""),
    "Difference": ("member height field ours theirs", ""),
    "FeedbackDue": ("case owner since", ""),
    "FeedbackSummary": ("member by least tolerance_ppm cells suppressed unread", ""),
    "GrantEnded": ("grant ended", ""),
    "GrantGiven": ("grant", ""),
    "Health": ("member height head witnessed folded copies agreeing alarm", "differing"),
    "GeoMap": ("type features", ""),
    "LedgerState": (
        "member chain height head witnessed copies agreeing members alarms settled",
        "",
    ),
    "MandateEnded": ("mandate ended", ""),
    "MandateGiven": ("mandate", ""),
    "Member": ("member role keys", ""),
    "ModelActed": ("model record", ""),
    "ModelPublished": ("model", ""),
    "LoanActed": ("loan record", ""),
    "LoanGranted": ("case loan terms", ""),
    "PartyErased": ("party objects_closed", ""),
    "PartyRegistered": ("party", ""),
    "PartyShown": ("party identity cases", ""),
    "ProductPublished": ("product record", ""),
    "ProductShown": ("product versions providers", "in_force"),
    "ProgrammeMeasured": ("programme cycle record", ""),
    "ProgrammeRow": (
        "programme allocated_minor lent_minor loans",
        (
            "cycles cycle day member record height at households poor held missed wrong exclusion"
            " inclusion"
        ),
    ),
    "ProgrammeShown": (
        "programme allocated_minor lent_minor loans lenders cycles",
        "villages groups",
    ),
    "ProviderFeedback": ("provider member by least tolerance_ppm cells", ""),
    "ProviderShown": ("provider entry record height capacity_minor products members", ""),
    "ProviderPublished": ("provider record", ""),
    "Receipt": ("at officer purpose record sealed subject", ""),
    "Standing": ("party points loans closed accounts unread items", ""),
    "DuesReported": ("first records", ""),
    "LoansReported": ("month first granted records", ""),
    "BookRow": (
        "lender height month part first granted repayments overdues",
        "lent arrears readers rows",
    ),
    "ModelDue": ("due reasons trained granted matured months", ""),
    "RecordType": ("t version zh en means_zh means_en roles public case party", ""),
    "Pin": ("chain origin list size root", ""),
    "PublicChain": ("chain name kind size", "height anchored_height time by record note"),
    "PublicRecord": ("record t member time height pub", "amends state"),
    "TallyPublished": ("record figures", ""),
    "Recorded": ("record", ""),
    "RegistrationsSent": ("sent", ""),
    "ShadowRow": ("case shadow_ppm fits would_fit", "decided_ppm"),
    "ObjectPut": ("cid name code bytes is_sealed holders lacking", ""),
    "ObjectRow": (
        "cid member stored is_sealed at is_erased is_own present left holders",
        "code shards needed name bytes",
    ),
    "ObjectShown": (
        "cid member stored is_sealed at is_erased is_own present left holders",
        "code shards needed name bytes readers receipts departed",
    ),
    "ObjectErased": ("cid receipts waiting departed", ""),
    "ObjectGranted": ("cid to until_at", "is_told"),
    "StoreHealth": (
        "objects whole short bare lost members answering used quota liars",
        "report",
    ),
    "StoreLiar": (
        "member cid shard segment sub_chunk at digest",
        "bytes caller answered_at",
    ),
    "StorePeer": ("member answers lies", "used quota objects shards"),
    "StoreScrubbed": ("bytes used rotten pieces_mended", "next"),
    "StoreRepaired": ("objects done repaired pieces_mended read_bytes lacking failed", "next"),
    "Transaction": ("tid state", "height index code position"),
    "ViewsRebuilt": ("member height tables", ""),
}
"""Fields that are always there, and those that may be, by the answer's or row's name."""

ROUTES: Final[Mapping[str, str]] = {
    "add_user": "made UserIssued",
    "change_password": "made Session",
    "change_role": "made User",
    "disable_user": "made User",
    "enable_user": "made User",
    "list_users": "list User",
    "log_in": "made Session",
    "log_out": "one SessionEnded",
    "reset_user": "made UserIssued",
    "show_me": "one Me",
    "add_party": "write PartyRegistered",
    "add_mandate": "write MandateGiven",
    "add_product": "write ProductPublished",
    "add_provider": "write ProviderPublished",
    "allocate_fund": "write Recorded",
    "answer_offer": "write CaseActed",
    "approve": "write CaseActed",
    "approve_model": "write ModelActed",
    "begin_draft": "made DraftKept",
    "list_chains": "list ChainRow",
    "approve_subsidy": "write CaseActed",
    "show_limits": "one Limits",
    "list_changes": "list ChangeRow",
    "show_change": "one ChangeRow",
    "propose_change": "write ChangeActed",
    "vote_change": "write ChangeVoted",
    "close_case": "write CaseActed",
    "count_cases": "one CaseCounts",
    "disburse_loan": "write LoanActed",
    "due_model": "one ModelDue",
    "drop_draft": "one DraftEnded",
    "due_feedback": "list FeedbackDue",
    "end_grant": "write GrantEnded",
    "end_mandate": "write MandateEnded",
    "erase_party": "write PartyErased",
    "estimate": "one Estimate",
    "evaluate_project": "write Recorded",
    "export_evidence": "bytes application/vnd.ipld.car",
    "give_feedback": "write CaseActed",
    "give_grant": "write GrantGiven",
    "give_guidance": "write Recorded",
    "grant_loan": "write LoanGranted",
    "hand_over": "write CaseHandedOver",
    "list_appeals": "page AppealRow",
    "list_block_records": "list BlockRecord",
    "list_blocks": "page BlockRow",
    "list_cases": "search CaseRow",
    "list_drafts": "list DraftRow",
    "list_today": "one Today",
    "look_at_content": f"content {RAW_BLOCK},{CAR}",
    "look_at_content_path": f"content {CAR}",
    "look_at_name": f"content {RAW_BLOCK},{CAR},{IPNS_RECORD}",
    "look_at_name_path": f"content {CAR}",
    "list_differences": "list Difference",
    "list_equivocations": "list Equivocation",
    "list_liars": "list StoreLiar",
    "list_loans": "page LoanRow",
    "show_loan": "one LoanShown",
    "list_members": "list Member",
    "list_models": "page ModelRow",
    "list_products": "page ProductRow",
    "list_programmes": "list ProgrammeRow",
    "list_providers": "page ProviderRow",
    "list_receipts": "list Receipt",
    "list_rules": "page RulesRow",
    "measure_programme": "write ProgrammeMeasured",
    "open_appeal": "write AppealOpened",
    "open_cases": "write_list CaseOpened",
    "override": "write CaseActed",
    "prefill": "one Prefill",
    "prove_block": "bytes application/vnd.ipld.car",
    "publish_catalogue": "write CataloguePublished",
    "publish_model": "write ModelPublished",
    "publish_news": "write Recorded",
    "publish_bulletin": "write Recorded",
    "withdraw_bulletin": "write Recorded",
    "publish_tally": "write TallyPublished",
    "list_public_chains": "list PublicChain",
    "list_public_records": "scroll PublicRecord",
    "show_public_record": "one PublicRecord",
    "prove_public_record": "bytes application/vnd.ipld.car",
    "read_public_block": "bytes application/vnd.ipld.dag-cbor",
    "read_public_members": "one Pin",
    "read_block": "bytes application/vnd.ipld.dag-cbor",
    "read_content": f"content {RAW_BLOCK},{CAR}",
    "read_content_path": f"content {CAR}",
    "read_name": f"content {RAW_BLOCK},{CAR},{IPNS_RECORD}",
    "read_name_path": f"content {CAR}",
    "read_draft": "one DraftShown",
    "read_checkpoint": "text text/plain",
    "prove_equivocation": "made EquivocationsProven",
    "read_equivocation": "bytes application/vnd.ipld.dag-cbor",
    "read_liar": "bytes application/vnd.ipld.dag-cbor",
    "read_log_checkpoint": "text text/plain",
    "read_log_tile": "bytes application/octet-stream",
    "read_books": "page BookRow",
    "rebuild_views": "write ViewsRebuilt",
    "receive_money": "write CaseActed",
    "refuse": "write CaseActed",
    "repair_chain": "job Check",
    "repay_loan": "write LoanActed",
    "report_dues": "write DuesReported",
    "report_loans": "write LoansReported",
    "replay_case": "one Replay",
    "retire_model": "write ModelActed",
    "save_draft": "kept DraftKept",
    "send_registrations": "write RegistrationsSent",
    "settle_appeal": "write AppealSettled",
    "sum_provider": "one ProviderFeedback",
    "sum_feedback": "one FeedbackSummary",
    "shadow_model": "shadow ShadowRow",
    "show_all": "members Health",
    "show_case": "one CaseShown",
    "show_charter": "list RecordType",
    "show_check": "job Check",
    "show_map": "geo GeoMap",
    "show_model": "one ModelShown",
    "show_one": "one Health",
    "show_party": "one PartyShown",
    "show_product": "one ProductShown",
    "show_programme": "one ProgrammeShown",
    "show_provider": "one ProviderShown",
    "show_report": "text text/html",
    "show_standing": "one Standing",
    "show_state": "one LedgerState",
    "show_transaction": "one Transaction",
    "verify_chain": "job Check",
    "put_object": "write ObjectPut",
    "list_objects": "page ObjectRow",
    "show_object": "one ObjectShown",
    "read_object": "bytes application/octet-stream",
    "erase_object": "write ObjectErased",
    "grant_object": "made ObjectGranted",
    "show_store": "one StoreHealth",
    "list_store_peers": "list StorePeer",
    "scrub_store": "made StoreScrubbed",
    "repair_store": "made StoreRepaired",
}
"""By operation: how it answers, and with what."""

PROBLEMS: Final[Mapping[int, str]] = {
    400: "Not a request of a trustless gateway: `gateway.request`, `gateway.dnslink`.",
    401: "No token of this county and none of an open session: `api.token`.",
    403: "Denied: the member, its copy of the keys, or the officer's role, may not.",
    404: "Not found: the member, case, party, record or height is not known here.",
    406: "A form that a gateway does not give: `gateway.accept`.",
    409: "In conflict: another owner or stage, an Idempotency-Key used before or being worked on.",
    412: "Not at hand, and only that was wanted: `gateway.not_cached`.",
    413: "The body is too large: `api.body_size`.",
    416: "All of a `Range` lies outside the block: `gateway.range`.",
    421: "The request names another host: `api.host`.",
    422: "Invalid: the form of the request, or a rule's refusal (`record.refused`, `code_number`).",
    429: "Too many asks of this session, or log-ins of this address: `api.rate`, `Retry-After`.",
    500: "A file or an object is corrupt, or the node failed: `api.failure`.",
    501: "A path that ends within a document, at what is no link: `gateway.inside`.",
    503: "Not now: repeat it after `Retry-After`, a write with the same Idempotency-Key.",
}
"""What each status of a problem means."""
_OF_CONTENT: Final = (400, 404, 406, 412, 416, 421, 422, 429, 500, 501, 503)
_ALWAYS: Final = (401, 403, 404, 421, 422, 429, 500, 503)
_OF_WRITES: Final = (409, 413)
_OF_HEALTH: Final = (404, 421, 422, 500, 503)
_WRITTEN: Final = ("height", "tid")
_RECOVERED: Final = (
    *("height", "tid", "record", "case", "mandate", "grant", "appeal", "loan", "items"),
)


def _told(shape: str, name: str) -> Schema:
    kind, text = FIELDS.get(f"{shape}.{name}") or FIELDS[name]
    return {**KINDS[kind], "description": text}


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
    found["ProviderRow"]["properties"]["members"] = _told("ProviderRow", "members")
    shown = found["CaseShown"]["properties"]
    shown["row"] = _row(tables["case"], "CaseRow", nulls=True)
    shown["records"]["items"] = _row(tables["record"], "RecordRow", nulls=True)
    shown["decisions"]["additionalProperties"] = _ref("CaseDecision")
    found["CaseDecision"] = _decision()
    row = found["ModelRow"]
    more = {each: _told("ModelShown", each) for each in ("target", "features", "trees", "charts")}
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
    statuses: tuple[int, ...] = _OF_HEALTH if what == "Health" else _ALWAYS
    if how == "content":
        statuses = _OF_CONTENT
    if how.startswith("write") or how in {"job", "kept", "made"}:
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
    elif how == "content":
        form = {"type": "string", "format": "binary"}
        kinds = {kind: {"schema": form} for kind in what.split(",")}
        yield 200, {"description": "The block, the archive or the record.", "content": kinds}
        if RAW_BLOCK in kinds:
            part = {RAW_BLOCK: kinds[RAW_BLOCK]}
            yield 206, {"description": "A part of the block: `Range`.", "content": part}
        yield 304, {"description": "The asker has it: `If-None-Match`."}
    elif how == "geo":
        content = {"application/geo+json": {"schema": _ref(what)}}
        yield 200, {"description": "What was asked for.", "content": content}
    elif how == "job":
        yield 200, _json("It has ended.", _ref(what))
        yield 202, _json("It goes on; ask again.", _ref(what))
    elif how == "made":
        yield 201, _json("Done; nothing of it stands on the chain.", _ref(what))
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
            "scroll": _listed(what, "after"),
            "search": _listed(what, "next", "after"),
            "shadow": _listed(what, "next", "unread"),
            "one": _ref(what),
            "kept": _ref(what),
        }
        members = _object({"members": {"type": "array", "items": _ref(what)}}, ["members"])
        yield 200, _json("What was asked for.", {**forms, "members": members}[how])


def _json(text: str, form: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": form}}}


def _listed(what: str, *more: str) -> Schema:
    items = {"type": "array", "items": _ref(what), "description": FIELDS["items"][1]}
    return _object({"items": items, **{name: _told("", name) for name in more}}, ["items"])
