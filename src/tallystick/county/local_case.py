"""Cases from intake to appeal, at a node in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Invalid
from tallystick.county.case_list import count_cases, find_cases, read_cursor
from tallystick.county.case_page import show_case_page
from tallystick.county.local_base import NodeOffice
from tallystick.county.summary import sum_feedback
from tallystick.county.telling import read_id, told, told_row, told_tree
from tallystick.services.positioning.service import Case, Request
from tallystick.services.positioning.told import By

__all__ = ["CaseOffice"]

VISIT_DAYS: Final = 1


class CaseOffice(NodeOffice):
    """What an officer does with cases."""

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
        return told_tree(show_case_page(self._node, read_id(case)))

    def list_cases(
        self,
        *,
        stage: str = "",
        owner: str = "",
        limit: int = 100,
        offset: int = 0,
        **more: str,
    ) -> list[Any]:
        """Return cases as the views have them, newest first.

        Args:
            stage: of the view of cases; empty for all.
            owner: a member; empty for all.
            limit: most rows.
            offset: rows to pass over; not beside `q`.
            **more: `kind`; `q`, how ids begin, 4 to 32 hex digits; `after`, the cursor of the page
                before (`case_cursor`).

        Raises:
            Invalid: `case.cursor`, `after` is no cursor.
        """
        where = {"stage": stage, "owner": owner, "kind": more.get("kind", "")}
        where = {name: each for name, each in where.items() if each}
        if begins := more.get("q", ""):
            found = find_cases(self._node.views, begins, where)
            return [told_row(row) for row in found[offset : offset + limit]]
        after = read_cursor(more.get("after", ""))
        rows = self._node.views.rows(
            "case", where, order="-opened_height", limit=limit, offset=offset, after=after
        )
        return [told_row(row) for row in rows]

    def count_cases(self, *, owner: str = "", kind: str = "") -> dict[str, Any]:
        """Return how many cases stand at each stage, and in all."""
        return count_cases(self._node.views, owner, kind)

    def list_appeals(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return appeals, newest first."""
        where = {"case": read_id(case)} if case else {}
        return self._list("appeal", where, "-opened_at", limit, offset)

    def hand_over(self, case: str, *, to: str, days: int, notes: str = "") -> dict[str, Any]:
        """Give the case to another member."""
        record = self._node.acts.hand_over(read_id(case), to=to, days=days, notes=notes)
        return {"case": case, "owner": to, "record": record.hex()}

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
