"""A node's desk as an `Office`: ids in hex, trees of the codec's values out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import Cid, decode, value
from tallystick.base.errors import Conflict, Invalid
from tallystick.charter import TABLES
from tallystick.county.lending import grant_loan, show_standing
from tallystick.county.summary import sum_feedback
from tallystick.kernel.access.sealing import UNSIGNED, Draft
from tallystick.node import Node
from tallystick.records.base import Statement
from tallystick.records.catalogue import ProductPublished, ProviderRegistered
from tallystick.services.credit.service import Act
from tallystick.services.positioning.catalogue import compile_catalogue
from tallystick.services.positioning.model import Models
from tallystick.services.positioning.service import Case, Request
from tallystick.services.positioning.shadow import compare_cases
from tallystick.services.positioning.told import By

__all__ = ["LocalOffice", "read_id", "read_link", "told"]

ID_BYTES: Final = 16
VISIT_DAYS: Final = 1


def read_id(text: str) -> bytes:
    """Return the 16 bytes of a hex id; Invalid if it is none."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != ID_BYTES:
        raise Invalid("id.form", "an id is 32 hex digits", cure="Copy it whole.")
    return found


def read_link(text: object) -> Cid:
    """Return the CID of its text; Invalid if it is none."""
    try:
        return Cid.parse(text if isinstance(text, str) else "")
    except Invalid as error:
        raise Invalid(
            "cid.form", "a link is 59 letters and digits", cure="Copy it whole."
        ) from error


def told(found: Any) -> Any:  # noqa: ANN401 - a tree of values
    """Return a tree with bytes as hex and links as text, as JSON can hold it."""
    if isinstance(found, bytes):
        return found.hex()
    if isinstance(found, Cid):
        return str(found)
    if isinstance(found, Mapping):
        return {name: told(each) for name, each in found.items()}
    if isinstance(found, Sequence) and not isinstance(found, str):
        return [told(each) for each in found]
    return found


class LocalOffice:
    """The office of a node in this process."""

    def __init__(self, node: Node) -> None:
        self._of = node

    @property
    def _node(self) -> Node:
        """The node, its copy of the chain and its views up to date: read once in each act."""
        self._of.catch_up()
        return self._of

    def add_party(
        self, kind: str, identity: Mapping[str, Any], contacts: Mapping[str, Any] | None = None
    ) -> str:
        """Register a party; its record leaves in the day's bundle."""
        return self._node.consent.add_party(kind, identity, contacts).hex()

    def show_party(self, party: str) -> dict[str, Any]:
        """Return a party's identity and cases; leaves a receipt."""
        return _told(self._node.consent.show_party(read_id(party)))

    def erase_party(self, party: str) -> dict[str, Any]:
        """Forget a party's keys for good."""
        gone = self._node.consent.erase(read_id(party))
        return {"party": party, "objects_closed": len(gone)}

    def add_mandate(self, party: str, *, witness: str, days: int, text: str) -> str:
        """Record a witnessed mandate."""
        consent = self._node.consent
        return consent.add_mandate(read_id(party), witness=witness, days=days, text=text).hex()

    def end_mandate(self, mandate: str) -> dict[str, Any]:
        """Take a mandate back."""
        self._node.consent.end_mandate(read_id(mandate))
        return {"mandate": mandate, "ended": 1}

    def send_registrations(self) -> dict[str, Any]:
        """Let registrations and erasures that wait leave now, in their shuffled bundle."""
        return {"sent": self._node.desk.record_pending()}

    def list_receipts(self, party: str) -> list[Any]:
        """Return who read what of a party at this member, oldest first."""
        node = self._node
        keys, receipts = node.keys.of_party(read_id(party)), node.desk.receipts
        subjects = {subject for key in keys for subject in (key.record, key.case) if subject}
        rows = [{**row, "subject": each} for each in subjects for row in receipts.of(each)]
        return [told(row) for row in sorted(rows, key=lambda row: (row["at"], row["record"]))]

    def rebuild_views(self) -> dict[str, Any]:
        """Make the views anew from the chain; return each table's digest at its height."""
        node = self._node
        node.rebuild()
        tables = {table.name: node.views.digest(table.name).hex() for table in TABLES}
        return {"member": node.member, "height": node.views.height(), "tables": tables}

    def give_grant(
        self, party: str, *, recipient: str, classes: Sequence[str], purpose: str, days: int
    ) -> dict[str, Any]:
        """Record a party's consent."""
        grant = self._node.consent.give_grant(
            read_id(party),
            recipient=recipient,
            classes=classes,
            purpose=purpose,
            basis="consent",
            days=days,
        )
        return {"grant": grant.hex()}

    def end_grant(self, grant: str) -> dict[str, Any]:
        """Take a grant back."""
        self._node.consent.end_grant(read_id(grant))
        return {"grant": grant, "ended": 1}

    def open_cases(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Take requests in and run the five steps on each."""
        found = self._node.positions.open_cases([self._request(each) for each in requests])
        return [
            _case(case, request["application"]["demand"]["kind"])
            for case, request in zip(found, requests, strict=True)
        ]

    def _request(self, told_request: Mapping[str, Any]) -> Request:
        application, party = told_request["application"], read_id(told_request["party"])
        inputs = {
            "v": 1,
            "application": {name: dict(part) for name, part in application.items()},
            "defaults": list(told_request.get("defaults", ())),
        }
        mandate = told_request.get("mandate")
        model = told_request.get("model")
        return Request(
            inputs=inputs,
            party=party,
            assent=self._assent(mandate) if mandate else None,
            household=None if mandate else self._of.consent.own_key(party),
            programme=told_request.get("programme", ""),
            model=Cid.parse(model) if model else None,
        )

    def _assent(self, mandate: str) -> dict[str, Any]:
        found = self._of.find(read_id(mandate))
        if found.record["t"] != "mandate.given":
            raise Invalid("mandate.unknown", "that record is no mandate", cure="tally mandate add.")
        return {"mandate": found.record["id"], "witness": found.record["pub"]["witness"]}

    def show_case(self, case: str) -> dict[str, Any]:
        """Return the case with what this member may open."""
        return _told(self._node.positions.read_case(read_id(case)))

    def list_cases(
        self, *, stage: str = "", owner: str = "", limit: int = 100, offset: int = 0
    ) -> list[Any]:
        """Return cases as the views have them, newest first."""
        where = {name: value for name, value in (("stage", stage), ("owner", owner)) if value}
        return self._list("case", where, "-opened_height", limit, offset)

    def list_appeals(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return appeals, newest first."""
        where = {"case": read_id(case)} if case else {}
        return self._list("appeal", where, "-opened_at", limit, offset)

    def list_providers(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return service subjects by name, with their services and fields of expertise."""
        return self._list("provider", {}, "", limit, offset)

    def list_products(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return published products by name and version, with their terms."""
        return self._list("product", {}, "", limit, offset)

    def list_rules(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return which versions of which rules are in force from which height on."""
        return self._list("rules", {}, "", limit, offset)

    def _list(
        self, table: str, where: Mapping[str, Any], order: str, limit: int, offset: int
    ) -> list[Any]:
        rows = self._node.views.rows(table, where, order=order, limit=limit, offset=offset)
        return [_listed(row) for row in rows]

    def publish_catalogue(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Publish providers, products and reference figures: a department's act."""
        compile_catalogue(tree)
        figures = self._node.positions.publish_catalogue(tree)
        return {
            "providers": len(tree["providers"]),
            "products": len(tree["products"]),
            "figures": str(figures),
        }

    def add_provider(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Publish one service subject; the county's catalogue must stand already."""
        self._check_entry("providers", ("provider",), entry)
        statement = ProviderRegistered(
            provider=entry["provider"],
            services=sorted(entry["services"]),
            expertise=sorted(entry["expertise"]),
            entry=dict(entry),
        )
        return {"provider": entry["provider"], "record": self._publish(statement)}

    def add_product(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Publish one version of a product; the county's catalogue must stand already."""
        self._check_entry("products", ("scheme", "version"), entry)
        product = f"{entry['scheme']}.{entry['version']}"
        statement = ProductPublished(product=product, entry=dict(entry))
        return {"product": product, "record": self._publish(statement)}

    def _check_entry(self, kind: str, key: Sequence[str], entry: Mapping[str, Any]) -> None:
        """Refuse an entry with which the catalogue would no longer have a reading."""
        node = self._node
        tree = decode(node.desk.get_object(node.positions.catalogue()), value)
        name = [entry.get(part) for part in key]
        kept = [row for row in tree[kind] if [row.get(part) for part in key] != name]
        compile_catalogue({**tree, kind: [*kept, dict(entry)]})

    def _publish(self, statement: Statement) -> str:
        desk = self._node.desk
        identifier = desk.new_id()
        desk.record([Draft(identifier=identifier, statement=statement)])
        return identifier.hex()

    def hand_over(self, case: str, *, to: str, days: int, notes: str = "") -> dict[str, Any]:
        """Give the case to another member."""
        record = self._node.acts.hand_over(read_id(case), to=to, days=days, notes=notes)
        return {"case": case, "owner": to, "record": record.hex()}

    def approve(self, case: str, *, notes: str = "") -> dict[str, Any]:
        """Approve what the report offered."""
        node = self._node
        opened = node.positions.read_case(read_id(case), "credit")
        if "report" not in opened["decisions"]:
            raise Conflict(
                "case.no_offer",
                f"the case stands at {opened['row']['stage']}: it has no offer",
                cure="Override the decision with a due-diligence file, or refuse in person.",
            )
        demand = opened["application"]["application"]["demand"]
        record = node.credit.approve(
            read_id(case),
            amount_minor=demand.get("amount_minor", 0),
            notes=notes,
            programme=opened["row"]["programme"] or "",
        )
        return {"case": case, "record": record.hex()}

    def grant_loan(self, case: str) -> dict[str, Any]:
        """Grant what was approved and accepted, on the report's terms."""
        return _told(grant_loan(self._node, read_id(case)))

    def list_loans(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return loans as this member's views have them, newest first."""
        where = {"case": read_id(case)} if case else {}
        return self._list("loan", where, "-granted_at", limit, offset)

    def disburse_loan(self, loan: str, *, amount_minor: int) -> dict[str, Any]:
        """Record that money of a loan was paid out."""
        record = self._node.credit.disburse_loan(read_id(loan), amount_minor=amount_minor)
        return {"loan": loan, "record": record.hex()}

    def repay_loan(
        self, loan: str, *, principal_minor: int, interest_minor: int = 0
    ) -> dict[str, Any]:
        """Record that money of a loan came back."""
        record = self._node.credit.repay_loan(
            read_id(loan), principal_minor=principal_minor, interest_minor=interest_minor
        )
        return {"loan": loan, "record": record.hex()}

    def show_standing(self, party: str) -> dict[str, Any]:
        """Return a party's integrity record; leaves receipts."""
        return _told(show_standing(self._node.desk, read_id(party)))

    def refuse(self, case: str, *, code: str, words: str) -> dict[str, Any]:
        """Refuse in person."""
        record = self._node.acts.refuse(read_id(case), code=code, words=words)
        return {"case": case, "record": record.hex()}

    def close_case(self, case: str, *, code: str, words: str = "") -> dict[str, Any]:
        """Close the case."""
        record = self._node.acts.close(read_id(case), code=code, words=words)
        return {"case": case, "record": record.hex()}

    def override(self, case: str, *, code: str, outcome: str, file: str) -> dict[str, Any]:
        """Decide otherwise than the decision."""
        record = self._node.acts.override(read_id(case), code=code, outcome=outcome, file=file)
        return {"case": case, "record": record.hex()}

    def answer_offer(self, case: str, *, accepted: bool, words: str = "") -> dict[str, Any]:
        """Record the household's answer."""
        identifier = read_id(case)
        record = self._node.credit.answer_offer(
            identifier, accepted=accepted, words=words, act=self._act(identifier)
        )
        return {"case": case, "record": record.hex()}

    def receive_money(self, case: str, *, amount_minor: int, words: str = "") -> dict[str, Any]:
        """Record how much the household says it received."""
        identifier = read_id(case)
        record = self._node.credit.receive_money(
            identifier,
            amount_minor=amount_minor,
            words=words,
            act=self._act(identifier),
        )
        return {"case": case, "record": record.hex()}

    def _act(self, case: bytes) -> Act:
        """Return by what the household of a case acts: as it did at intake."""
        desk = self._of.desk
        opened = desk.open(desk.permit("credit", case), case, "party").values
        if "mandate" in opened["assent"]:
            return Act(opened["assent"])
        return Act(UNSIGNED, self._of.consent.own_key(opened["party"]))

    def sum_feedback(self, by: By = "provider") -> dict[str, Any]:
        """Return what feedback says by provider or scheme; leaves receipts."""
        return sum_feedback(self._node.desk, by)

    def due_feedback(self) -> list[dict[str, Any]]:
        """Return cases this member is to ask about now."""
        return [told(row) for row in self._node.acts.due_feedback()]

    def give_feedback(
        self, case: str, *, felt: int, income_minor: int | None = None, words: str = ""
    ) -> dict[str, Any]:
        """Record what the household says became of it."""
        record = self._node.acts.give_feedback(
            read_id(case), felt=felt, income_minor=income_minor, words=words
        )
        return {"case": case, "record": record.hex()}

    def open_appeal(self, case: str, *, code: str, words: str) -> dict[str, Any]:
        """Take in an appeal, under a mandate for this visit."""
        identifier = read_id(case)
        appeal = self._node.acts.open_appeal(
            identifier, code=code, words=words, assent=self._visit(identifier)
        )
        return {"case": case, "appeal": appeal.hex()}

    def _visit(self, case: bytes) -> dict[str, Any]:
        """Record the household's mandate for one visit, before a member that is not concerned."""
        node = self._node
        concerned = {node.member, node.positions.find_case(case)["owner"]}
        witness = next(name for name in sorted(node.roles()) if name not in concerned)
        mandate = node.consent.add_mandate(case, witness=witness, days=VISIT_DAYS, text="appeal")
        return {"mandate": mandate, "witness": witness}

    def settle_appeal(self, appeal: str, *, outcome: str, words: str) -> dict[str, Any]:
        """Answer an appeal."""
        record = self._node.acts.settle_appeal(read_id(appeal), outcome=outcome, words=words)
        return {"appeal": appeal, "record": record.hex()}

    def allocate_fund(
        self, *, fund: str, to: str, programme: str, amount_minor: int
    ) -> dict[str, Any]:
        """Put public money at a member's disposal."""
        record = self._node.credit.allocate_fund(
            fund=fund, to=to, programme=programme, amount_minor=amount_minor
        )
        return {"record": record.hex()}

    @property
    def _models(self) -> Models:
        node = self._node
        return Models(node.desk, node.positions)

    def list_models(self, *, limit: int = 100, offset: int = 0) -> list[Any]:
        """Return models ever approved, the latest first; the one `in_force` decides."""
        return [_listed(row) for row in self._models.list_rows(limit=limit, offset=offset)]

    def show_model(self, model: str) -> dict[str, Any]:
        """Return a model's approval, figures and features."""
        return _listed(self._models.show(read_link(model)))

    def publish_model(self, tree: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a model as a public object; nothing decides by it yet."""
        return {"model": str(self._models.publish(tree))}

    def approve_model(
        self, model: str, *, name: str, report: Mapping[str, Any], force: str | None = None
    ) -> dict[str, Any]:
        """Let a published model decide."""
        found = {**report, "data": read_link(report.get("data"))}
        record = self._models.approve(read_link(model), name=name, report=found, forced=force)
        return {"model": model, "record": record.hex()}

    def retire_model(self, model: str, *, code: str | None = None) -> dict[str, Any]:
        """Let a model decide no more."""
        record = self._models.retire(read_link(model), reason=code)
        return {"model": model, "record": record.hex()}

    def shadow_model(
        self, model: str, *, days: int = 0, limit: int = 200, offset: int = 0
    ) -> dict[str, Any]:
        """Return a page of what a model would have decided of this member's own cases."""
        node = self._node
        found = compare_cases(
            node.desk,
            node.positions,
            read_link(model),
            since_ms=node.desk.now_ms() - days * DAY_MS if days else 0,
            limit=limit,
            offset=offset,
        )
        items = [told(each.tree()) for each in found.rows]
        tree: dict[str, Any] = {"items": items, "unread": found.unread}
        return {**tree, "next": offset + limit} if found.seen == limit else tree

    def publish_news(self, text: str, *, language: str = "zh") -> dict[str, Any]:
        """Publish as the newspaper."""
        return {"record": self._node.publication.publish_news(text, language).hex()}

    def give_guidance(self, *, topic: str, text: str, case: str | None = None) -> dict[str, Any]:
        """Advise on a topic or a case."""
        about = read_id(case) if case else None
        return {"record": self._node.publication.give_guidance(topic, text, about).hex()}

    def evaluate_project(self, project: str, *, score: int, text: str) -> dict[str, Any]:
        """Score a project, 0..100."""
        record = self._node.publication.evaluate_project(read_id(project), score, text)
        return {"record": record.hex()}


def _listed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the views, with a public entry opened and what is empty left out."""
    found = {name: each for name, each in row.items() if each is not None}
    for name in found.keys() & {"entry", "metrics"}:
        found[name] = decode(found[name], value)
    for name in found.keys() & {"figures", "model", "data"}:
        found[name] = Cid(found[name])
    return _told(found)


def _told(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told(each) for name, each in found.items()}


def _case(case: Case, kind: str) -> dict[str, Any]:
    """Return an opened case in short: where it stands and whom it was led to."""
    result = case.positioning.result
    fits = result.question == "report"
    led = [row for row in result.ranked if row["role"] == "preferred"]
    others = [row for row in result.ranked if row["role"] == "alternative"]
    return {
        "case": case.identifier.hex(),
        "kind": kind,
        "stage": "reported" if fits else "matched",
        "outcome": result.outcome,
        "preferred": led[0]["expertise"] if led else "",
        "preferred_provider": led[0].get("provider", "") if led else "",
        "alternatives": [row["expertise"] for row in others],
        "decision": case.decision.hex(),
        "height": case.height,
    }
