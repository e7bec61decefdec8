"""Money: offers answered, approvals, public funds, loans and what is paid back.

An amount is public exactly where the record names a programme (public money); commercial lending is
sealed to the members of the case.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tallystick.base import codec
from tallystick.records.base import (
    ID,
    MONEY,
    NAME,
    PUBLIC_MONEY,
    RATE,
    TEXT,
    Statement,
    assent,
    case_sealed,
    party_sealed,
    public,
)

__all__ = [
    "ApprovalGiven",
    "FundAllocated",
    "LoanDisbursed",
    "LoanGranted",
    "LoanRepaid",
    "MoneyReceived",
    "OfferAccepted",
    "OfferDeclined",
]

_IDENT = codec.ident(40)
PROOF_BYTES_MAX = 6 * 1024
# grace_months, subsidy_ppm, fee_ppm, first_due_months, study_months: what else is agreed on.
_TERMS = codec.map_of(codec.integer(0, 10**7), 8)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAccepted(Statement):
    """The household takes the offer."""

    t = "offer.accepted"
    amount: int | None = party_sealed(MONEY)
    words: str | None = party_sealed(TEXT)
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferDeclined(Statement):
    """The household does not take the offer."""

    t = "offer.declined"
    amount: int | None = party_sealed(MONEY)
    words: str | None = party_sealed(TEXT)
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReceived(Statement):
    """The household says how much reached it."""

    t = "money.received"
    amount: int = party_sealed(MONEY, optional=False)
    words: str | None = party_sealed(TEXT)
    assent: dict[str, Any] = assent()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven(Statement):
    """An officer approves what a decision offered."""

    t = "approval.given"
    decision: bytes = public(ID)
    conditions: list[str] | None = public(codec.list_of(_IDENT, 16, 1), optional=True)
    programme: str | None = public(_IDENT, optional=True)
    amount: int | None = public(PUBLIC_MONEY, optional=True)
    principal: int | None = case_sealed(MONEY)
    notes: str | None = case_sealed(TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundAllocated(Statement):
    """Public money goes from a fund to a member under a programme."""

    t = "fund.allocated"
    fund: str = public(_IDENT)
    to: str = public(NAME)
    programme: str = public(_IDENT)
    amount: int = public(PUBLIC_MONEY)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanGranted(Statement):
    """A loan under an approval; the record's id is the loan's.

    `pattern` is its form of repayment; `terms` what else it is agreed on (`finance.LoanTerms`).
    """

    t = "loan.granted"
    loan: bytes = public(ID)
    approval: bytes = public(ID)
    programme: str | None = public(_IDENT, optional=True)
    amount: int | None = public(PUBLIC_MONEY, optional=True)
    principal: int | None = case_sealed(MONEY)
    rate_ppm: int | None = case_sealed(RATE)
    months: int | None = case_sealed(codec.integer(1, 600))
    pattern: str | None = case_sealed(_IDENT)
    terms: dict[str, int] | None = case_sealed(_TERMS)
    accounts: dict[str, Any] | None = party_sealed(codec.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDisbursed(Statement):
    """Money of a loan is paid out; `proof` shows another chain's approval where one must be."""

    t = "loan.disbursed"
    loan: bytes = public(ID)
    programme: str | None = public(_IDENT, optional=True)
    amount: int | None = public(PUBLIC_MONEY, optional=True)
    proof: bytes | None = public(codec.octets(PROOF_BYTES_MAX, 1), optional=True)
    payment: bytes | None = case_sealed(ID)
    principal: int | None = case_sealed(MONEY)
    accounts: dict[str, Any] | None = party_sealed(codec.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRepaid(Statement):
    """Money of a loan comes back."""

    t = "loan.repaid"
    loan: bytes = public(ID)
    programme: str | None = public(_IDENT, optional=True)
    amount: int | None = public(PUBLIC_MONEY, optional=True)
    payment: bytes | None = case_sealed(ID)
    principal: int | None = case_sealed(MONEY)
    interest: int | None = case_sealed(MONEY)
    accounts: dict[str, Any] | None = party_sealed(codec.value)
