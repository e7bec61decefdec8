"""Approvals, offers answered, loans and public money, at a node in this process."""

from __future__ import annotations

from typing import Any

from tallystick.base.errors import Conflict
from tallystick.county.lending import disburse_loan, grant_loan, read_offer, show_standing
from tallystick.county.loan_told import tell_loan
from tallystick.county.local_base import NodeOffice
from tallystick.county.telling import read_id, told_tree
from tallystick.kernel.access.sealing import UNSIGNED
from tallystick.services.credit.service import Act

__all__ = ["CreditOffice"]


class CreditOffice(NodeOffice):
    """What an officer does with money."""

    def approve(self, case: str, *, notes: str = "") -> dict[str, Any]:
        """Approve what the report offered."""
        node = self._node
        opened = node.positions.read_case(read_id(case), "credit")
        if read_offer(opened) is None:
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
        return told_tree(grant_loan(self._node, read_id(case)))

    def list_loans(self, *, case: str = "", limit: int = 100, offset: int = 0) -> list[Any]:
        """Return loans as this member's views have them, newest first."""
        where = {"case": read_id(case)} if case else {}
        return self._list("loan", where, "-granted_at", limit, offset)

    def show_loan(self, loan: str) -> dict[str, Any]:
        """Return a loan's terms, payments and moves of money, as far as this member may read."""
        return told_tree(tell_loan(self._node.desk, read_id(loan)))

    def disburse_loan(self, loan: str, *, amount_minor: int) -> dict[str, Any]:
        """Record that money of a loan was paid out, with the approval that public money needs."""
        record = disburse_loan(self._node, read_id(loan), amount_minor=amount_minor)
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
        return told_tree(show_standing(self._node, read_id(party)))

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

    def allocate_fund(
        self, *, fund: str, to: str, programme: str, amount_minor: int
    ) -> dict[str, Any]:
        """Put public money at a member's disposal."""
        record = self._node.credit.allocate_fund(
            fund=fund, to=to, programme=programme, amount_minor=amount_minor
        )
        return {"record": record.hex()}
