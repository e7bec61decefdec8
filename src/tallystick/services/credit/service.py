"""Approvals, offers, public funds and loans, as members and households state them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.base.errors import Conflict, NotFound
from tallystick.base.keys import SigningKey
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.sealing import Draft
from tallystick.records.base import Statement
from tallystick.records.loan import (
    ApprovalGiven,
    FundAllocated,
    LoanDisbursed,
    LoanGranted,
    LoanRepaid,
    MoneyReceived,
    OfferAccepted,
    OfferDeclined,
)

__all__ = ["Act", "Credit"]


@dataclass(frozen=True, slots=True)
class Act:
    """By what the household acts: a mandate, or its own key.

    Attributes:
        assent: `{"mandate", "witness"}`, or what the household's signature replaces.
        household: the household's key where it signs itself.
    """

    assent: dict[str, Any]
    household: SigningKey | None = None


class Credit:
    """Money at one member."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def _record(self, statement: Statement, case: bytes, **more: Any) -> bytes:  # noqa: ANN401 - a draft's fields
        desk = self._desk
        identifier = more.pop("identifier", None) or desk.new_id()
        party = more.pop("party", case)
        draft = Draft(identifier=identifier, statement=statement, case=case, party=party, **more)
        desk.record([draft])
        return identifier

    def _case(self, case: bytes) -> dict[str, Any]:
        rows = self._desk.views.rows("case", {"case": case})
        if not rows:
            raise NotFound("case.unknown", "the chain holds no such case", cure="tally case list.")
        return rows[0]

    def approve(self, case: bytes, *, amount_minor: int, notes: str, programme: str = "") -> bytes:
        """Approve what the case's decision offered: an officer's act."""
        row = self._case(case)
        if row["decision"] is None:
            raise Conflict(
                "case.undecided", f"the case stands at {row['stage']}, not at a decision"
            )
        statement = ApprovalGiven(
            decision=row["decision"],
            programme=programme or None,
            amount=amount_minor if programme else None,
            principal=amount_minor,
            notes=notes,
        )
        party = self._desk.party_of(case)
        return self._record(statement, case, party=party, officer=self._desk.officer())

    def answer_offer(self, case: bytes, *, accepted: bool, words: str, act: Act) -> bytes:
        """Record the household's answer."""
        kind = OfferAccepted if accepted else OfferDeclined
        statement = kind(words=words, assent=act.assent)
        return self._act(statement, case, act)

    def receive_money(self, case: bytes, *, amount_minor: int, words: str, act: Act) -> bytes:
        """Record how much the household says it received."""
        statement = MoneyReceived(amount=amount_minor, words=words, assent=act.assent)
        return self._act(statement, case, act)

    def _act(self, statement: Statement, case: bytes, act: Act) -> bytes:
        party = self._desk.party_of(case)
        return self._record(statement, case, party=party, household=act.household)

    def grant_loan(
        self,
        case: bytes,
        *,
        approval: bytes,
        amount_minor: int,
        rate_ppm: int,
        months: int,
        pattern: str,
        programme: str = "",
        terms: Mapping[str, int] | None = None,
    ) -> bytes:
        """Grant a loan under an approval and return its id.

        Args:
            case: whose offer it is.
            approval: the approval it stands on.
            amount_minor: what is lent.
            rate_ppm: yearly interest.
            months: its life.
            pattern: one of `finance.REPAYMENTS`.
            programme: whose public money it is; none where the lender lends its own.
            terms: what else is agreed on, by the names of `finance.LoanTerms`.
        """
        loan = self._desk.new_id()
        statement = LoanGranted(
            loan=loan,
            approval=approval,
            programme=programme or None,
            amount=amount_minor if programme else None,
            principal=amount_minor,
            rate_ppm=rate_ppm,
            months=months,
            pattern=pattern,
            terms=dict(terms) if terms else None,
        )
        party = self._desk.party_of(case)
        return self._record(statement, case, party=party, identifier=loan)

    def _loan(self, loan: bytes) -> dict[str, Any]:
        rows = self._desk.views.rows("loan", {"loan": loan})
        if not rows:
            raise NotFound("loan.unknown", "the chain holds no such loan", cure="tally loan list.")
        return rows[0]

    def disburse_loan(self, loan: bytes, *, amount_minor: int, proof: bytes = b"") -> bytes:
        """Record that money of a loan was paid out: the lender's act.

        Args:
            loan: of this member.
            amount_minor: what is paid out.
            proof: of the approval on another chain, where this one demands it.
        """
        row = self._loan(loan)
        statement = LoanDisbursed(
            loan=loan,
            programme=row["programme"],
            amount=amount_minor if row["programme"] else None,
            proof=proof or None,
            principal=amount_minor,
        )
        return self._of_loan(statement, row)

    def repay_loan(self, loan: bytes, *, principal_minor: int, interest_minor: int = 0) -> bytes:
        """Record that money of a loan came back: the lender's act; fees count as interest."""
        row = self._loan(loan)
        statement = LoanRepaid(
            loan=loan,
            programme=row["programme"],
            amount=principal_minor if row["programme"] and principal_minor else None,
            principal=principal_minor,
            interest=interest_minor,
        )
        return self._of_loan(statement, row)

    def _of_loan(self, statement: Statement, row: Mapping[str, Any]) -> bytes:
        case, desk = row["case"], self._desk
        party = desk.party_of(case)
        return self._record(statement, case, party=party, officer=desk.officer())

    def allocate_fund(self, *, fund: str, to: str, programme: str, amount_minor: int) -> bytes:
        """Put public money of a programme at a member's disposal."""
        desk = self._desk
        identifier = desk.new_id()
        statement = FundAllocated(fund=fund, to=to, programme=programme, amount=amount_minor)
        desk.record([Draft(identifier=identifier, statement=statement)])
        return identifier
