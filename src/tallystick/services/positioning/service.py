"""Positioning at one member: from a request to a decided case on the chain, and what follows.

Five steps: intake (one transaction, the first block node); service cycle and income, scheme,
judgement, and report or match (a second transaction, all or nothing); feedback when it falls due.
The decision itself is pure (`decide`); this file is the only one here that touches the kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.codec import DAG_CBOR, Cid, cid_of, decode, encode, value
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import UNFILLED, UNSIGNED, Draft
from tallystick.records.case import (
    CaseApplied,
    CaseJudged,
    CaseMatched,
    CaseReported,
    CaseSchemed,
    Decision,
)
from tallystick.records.catalogue import ProductPublished, ProviderRegistered, RulesActivated
from tallystick.services.positioning.answers import Answer, Positioning
from tallystick.services.positioning.decide import Decider
from tallystick.services.positioning.due import OFFER_LIFE_MS
from tallystick.services.positioning.thresholds import RULES_V1

__all__ = ["OFFER_LIFE_MS", "SERVICE", "Case", "Positions", "Request", "in_order"]

# One bundle of intake and one of decisions a chunk: 384 small records fit into 256 KiB.
CHUNK_CASES: Final = 128
PUBLISHERS: Final = frozenset({"department", "regulator"})
SERVICE: Final = "positioning"
VERSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What intake takes in.

    Attributes:
        inputs: `{"v", "application": {"profile", "demand", "features"}, "defaults"}`.
        party: the applicant's id.
        assent: a mandate `{"mandate", "witness"}`; None where the household signs itself.
        household: the household's own key, if it signs itself.
        model: the published model that scores it; None for the one in force, if any, where it has
            features.
    """

    inputs: Mapping[str, Any]
    party: bytes
    assent: Mapping[str, Any] | None = None
    household: SigningKey | None = None
    programme: str = ""
    model: Cid | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A decided case: its id, its decisions, and what they said."""

    identifier: bytes
    positioning: Positioning
    decision: bytes
    height: int


class Positions:
    """The positioning service of one member."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._deciders: dict[tuple[Cid | None, Cid], Decider] = {}
        self._catalogue: tuple[tuple[int, ...], Cid] | None = None

    # ---- what positioning chooses from

    def publish_catalogue(self, tree: Mapping[str, Any]) -> Cid:
        """Record every provider and product of a catalogue, and its reference figures.

        Raises:
            Denied: `positioning.not_department`, nothing was recorded.
        """
        desk = self._desk
        if desk.role not in PUBLISHERS:
            raise Denied(
                "positioning.not_department",
                f"a {desk.role} may not put reference figures in force",
                cure="Have a department or the regulator publish the catalogue.",
            )
        (figures,) = desk.store.put_many([encode(tree["reference"])], DAG_CBOR)
        statements = [
            *(
                ProviderRegistered(
                    provider=entry["provider"],
                    services=sorted(entry.get("services", [])),
                    expertise=sorted(entry.get("expertise", [])),
                    entry=dict(entry),
                )
                for entry in tree["providers"]
            ),
            *(
                ProductPublished(product=f"{entry['scheme']}.{entry['version']}", entry=dict(entry))
                for entry in tree["products"]
            ),
        ]
        drafts = [Draft(identifier=desk.new_id(), statement=each) for each in statements]
        desk.record(drafts)
        self._activate("reference", figures)
        return figures

    def _activate(self, name: str, figures: Cid) -> None:
        """Put reference figures in force; the height it names is the one after its own block."""
        desk = self._desk
        rows = desk.views.rows("rules", {"name": name}, order="-version", limit=1)
        statement = RulesActivated(
            name=name,
            version=rows[0]["version"] + 1 if rows else 1,
            from_height=desk.views.height() + 2,
            figures=figures,
        )
        desk.record([Draft(identifier=desk.new_id(), statement=statement)])

    def catalogue(self) -> Cid:
        """Return the CID of the catalogue as the chain has it, and keep it as a public object."""
        desk = self._desk
        version = self._catalogue_version()
        if self._catalogue is None or self._catalogue[0] != version:
            tree = self._catalogue_tree()
            cid = cid_of(encode(tree))
            if not desk.store.has(cid):
                desk.store.put_many([encode(tree)], DAG_CBOR)
            self._catalogue = (version, cid)
        return self._catalogue[1]

    def _catalogue_version(self) -> tuple[int, ...]:
        """Return what changes whenever a provider, a product or the reference figures do."""
        views = self._desk.views
        heights = []
        for table in ("provider", "product"):
            rows = views.rows(table, order="-height", limit=1)
            heights += [rows[0]["height"] if rows else 0, views.count(table)]
        figures = views.rows("rules", {"name": "reference"}, order="-version", limit=1)
        return (*heights, figures[0]["version"] if figures else 0)

    def _catalogue_tree(self) -> dict[str, Any]:
        desk = self._desk
        rules = desk.views.rows("rules", {"name": "reference"}, order="-version", limit=1)
        if not rules:
            raise NotFound(
                "positioning.no_catalogue",
                "the chain holds no products yet",
                cure="Publish them: tally product add examples/products.toml.",
            )
        return {
            "v": 1,
            "providers": [decode(row["entry"], value) for row in desk.views.rows("provider")],
            "products": [decode(row["entry"], value) for row in desk.views.rows("product")],
            "reference": decode(desk.get_object(Cid(rules[0]["figures"])), value),
        }

    def decider(self, model: Cid | None, catalogue: Cid) -> Decider:
        """Return what decides by this model and catalogue; both are public objects."""
        found = self._deciders.get((model, catalogue))
        if found is None:
            desk = self._desk
            scoring = decode(desk.get_object(model), value) if model else None
            tree = decode(desk.get_object(catalogue), value)
            found = self._deciders[model, catalogue] = Decider(scoring, tree, RULES_V1)
        return found

    def approved_model(self) -> Cid | None:
        """Return the model in force: the latest approved and not retired, None without any.

        Of those approved at one height it is the one whose CID comes first.
        """
        where = {"service": SERVICE, "state": "approved"}
        rows = self._desk.views.rows("model", where, order="-height", limit=1)
        return Cid(rows[0]["model"]) if rows else None

    def model_for(self, inputs: Mapping[str, Any]) -> Cid | None:
        """Return the model in force that decides a request; None where it has no features.

        Of a request without any, such as to save, a model could say what it says of everybody.
        """
        return self.approved_model() if _has_features(inputs) else None

    # ---- the five steps

    def open_cases(self, requests: Sequence[Request]) -> list[Case]:
        """Take requests in and decide each: two transactions for every 128 of them.

        Both are signed and stored at once: no kill leaves a case taken in and never decided.

        Raises:
            Invalid: a request has no assent, cannot be decided, or a value breaks its field's
                check; nothing of its 128 was recorded.
        """
        return [
            case
            for at in range(0, len(requests), CHUNK_CASES)
            for case in self._open_chunk(requests[at : at + CHUNK_CASES])
        ]

    def _open_chunk(self, requests: Sequence[Request]) -> list[Case]:
        desk, catalogue, approved = self._desk, self.catalogue(), self.approved_model()
        # Sealing checks every value, before anything is decided by it.
        intake = desk.prepare([self._intake(request) for request in requests])
        models = [
            request.model or (approved if _has_features(request.inputs) else None)
            for request in requests
        ]
        decided = [
            (request, self.decider(model, catalogue).decide(request.inputs))
            for request, model in zip(requests, models, strict=True)
        ]
        steps = [
            self.steps(request, found, draft, model, catalogue)
            for (request, found), draft, model in zip(decided, intake.drafts, models, strict=True)
        ]
        _, recorded = desk.record(intake, [draft for each in steps for draft in each])
        return [
            Case(draft.identifier, found, each[-1].identifier, recorded.settled.height)
            for (_, found), draft, each in zip(decided, intake.drafts, steps, strict=True)
        ]

    def _intake(self, request: Request) -> Draft:
        if request.assent is None and request.household is None:
            raise Invalid(
                "case.no_assent",
                "the household has not assented",
                cure="Name a mandate, or let the household sign with its own key.",
            )
        demand = request.inputs["application"]["demand"]
        statement = CaseApplied(
            kind=demand["kind"],
            programme=request.programme or None,
            amount=demand.get("amount_minor"),
            cycle_months=_cycle(demand),
            purpose=demand.get("purpose"),
            party=request.party,
            profile=dict(request.inputs),
            expected_income=demand.get("income_likely_minor"),
            assent=dict(request.assent) if request.assent else UNSIGNED,
        )
        return Draft(
            identifier=self._desk.new_id(),
            statement=statement,
            party=request.party,
            household=request.household,
        )

    def steps(
        self,
        request: Request,
        found: Positioning,
        intake: Draft,
        model: Cid | None,
        catalogue: Cid,
    ) -> list[Draft]:
        """Return the three decision records of a case, each a step of the service."""
        result = CaseReported if found.result.question == "report" else CaseMatched
        common = {
            "model": model,
            "catalogue": catalogue,
            "not_after": self._desk.now_ms() + OFFER_LIFE_MS,
            "inputs": cid_of(encode(request.inputs)),
            "subject": request.party,
        }
        return [
            Draft(
                identifier=self._desk.new_id(),
                statement=_decision(kind, answer, common),
                case=intake.identifier,
                party=request.party,
            )
            for kind, answer in (
                (CaseSchemed, found.scheme),
                (CaseJudged, found.judgement),
                (result, found.result),
            )
        ]

    # ---- what a case holds

    def find_case(self, case: bytes) -> dict[str, Any]:
        """Return the case's row of the views; NotFound if the chain holds none."""
        rows = self._desk.views.rows("case", {"case": case})
        if not rows:
            raise NotFound(
                "case.unknown", "the chain holds no such case", cure="List them: tally case list."
            )
        return rows[0]

    def read_case(self, case: bytes, purpose: str = "report") -> dict[str, Any]:
        """Return a case with all that this member may open of it; leaves receipts.

        The answer: `{"row", "records", "application", "decisions": {question: {outcome, ranked,
        conditions, figures, reasons, record}}}`.
        """
        desk = self._desk
        row = self.find_case(case)
        permit = desk.permit(purpose, case)
        records = in_order(desk.views.rows("record", {"case": case}))
        application = desk.open(permit, case, "party").values["profile"]
        decisions = {}
        for record in records:
            if record["t"] in _DECISIONS:
                opened = {
                    **desk.open(permit, record["id"], "case").values,
                    **desk.open(permit, record["id"], "party").values,
                }
                decisions[_DECISIONS[record["t"]]] = {**opened, "record": record["id"]}
        return {
            "row": row,
            "records": records,
            "application": application,
            "decisions": decisions,
        }

    def need_owner(self, case: bytes) -> dict[str, Any]:
        """Return the case's row if this member owns it; else Conflict naming the owner."""
        row = self.find_case(case)
        if row["owner"] != self._desk.member:
            raise Conflict(
                "case.not_owner",
                f"the case is owned by {row['owner']}, not {self._desk.member}",
                cure="Ask its owner, or for a hand-over.",
            )
        return row


def in_order(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the record view as they stand in the chain."""
    return sorted(records, key=lambda row: (row["height"], row["index"], row["place"]))


_DECISIONS: Final = {
    "case.schemed": "scheme",
    "case.judged": "judgement",
    "case.reported": "report",
    "case.matched": "match",
}


def _has_features(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs["application"].get("features"))


def _cycle(demand: Mapping[str, Any]) -> int | None:
    """Return the months from first outlay to last sale, None where the demand has no project."""
    first, last = demand.get("first_outlay_month"), demand.get("last_sale_month")
    return None if first is None or last is None or last < first else last - first


def _decision(kind: type[Decision], answer: Answer, common: Mapping[str, Any]) -> Decision:
    return kind(
        service=SERVICE,
        version=VERSION,
        question=answer.question,
        rules=VERSION,
        inputs_com=UNFILLED,
        **answer.sealed(),
        **common,
    )
