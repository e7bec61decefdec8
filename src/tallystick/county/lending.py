"""A case's loan on its report's terms, and what records tell of a party, at one node."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from tallystick.base.errors import Conflict, Unavailable
from tallystick.node import Node
from tallystick.services.credit.acts import find_standing
from tallystick.services.credit.claims import Claims
from tallystick.services.credit.integrity import Item
from tallystick.services.credit.payee import Account

__all__ = ["disburse_loan", "grant_loan", "read_offer", "show_standing"]

_AGREED: Final = ("amount_minor", "rate_ppm", "term_months", "repayment")
_TERMS: Final = ("grace_months", "subsidy_ppm", "fee_ppm", "first_due_months")
"""What a report tells of its terms besides amount, rate, months and repayment."""


def read_offer(opened: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the figures of the offer that stands on a case, None where none does.

    It is the report's; where an officer decided otherwise, what was judged and did not fit.
    """
    report: Mapping[str, Any] | None = opened["decisions"].get("report")
    if opened["row"]["overridden_at"] is not None:
        # What fitted and was overridden is no offer any more; what did not fit is one now.
        report = None if report else opened["decisions"].get("judgement")
    return None if report is None else report.get("figures", {})


def disburse_loan(node: Node, loan: bytes, *, amount_minor: int) -> bytes:
    """Record that money of a loan was paid out; public money on the proof that it was approved.

    Raises:
        NotFound: `loan.unknown`; `subsidy.none` or `subsidy.not_anchored`, the approval that this
            chain demands is not there yet.
        Unavailable: `subsidy.elsewhere`, this process does not keep the chain it stands on.
    """
    rows = node.views.rows("loan", {"loan": loan})
    proof = b""
    if rows and rows[0]["programme"] and node.anchoring.demanded():
        if node.across is None:
            raise Unavailable(
                "subsidy.elsewhere",
                "the approval stands on another chain, which is not open here",
                cure="Serve both chains together: tally serve COUNTY.",
            )
        proof = node.across.prove_approval(rows[0]["case"])
    return node.credit.disburse_loan(loan, amount_minor=amount_minor, proof=proof)


def grant_loan(node: Node, case: bytes) -> dict[str, Any]:
    """Grant what was approved and accepted, on the offer's terms: `{case, loan, terms}`.

    Raises:
        Conflict: `case.no_approval`, nothing that lends money is approved on the case.
    """
    opened = node.positions.read_case(case, "credit")
    figures = read_offer(opened) or {}
    approvals = [each for each in opened["records"] if each["t"] == "approval.given"]
    if "repayment" not in figures or not approvals:
        raise Conflict(
            "case.no_approval",
            f"the case stands at {opened['row']['stage']}: no loan is approved on it",
            cure="Approve the offer first: tally case approve.",
        )
    terms = {name: figures[name] for name in _TERMS if name in figures}
    loan = node.credit.grant_loan(
        case,
        approval=approvals[-1]["id"],
        amount_minor=figures["amount_minor"],
        rate_ppm=figures["rate_ppm"],
        months=figures["term_months"],
        pattern=figures["repayment"],
        programme=opened["row"]["programme"] or "",
        terms=terms,
    )
    agreed = {name: figures[name] for name in _AGREED}
    return {"case": case, "loan": loan, "terms": {**agreed, **terms}}


def show_standing(node: Node, party: bytes) -> dict[str, Any]:
    """Return a party's integrity record as a tree; every part opened leaves a receipt.

    An item of a loan has `loan`; one of small dues `payee`, `kind` and `account` instead.
    """
    found = find_standing(node.desk, party, _claims_of(node))
    return {
        "party": party,
        "points": found.integrity.points,
        "loans": found.loans,
        "closed": found.closed,
        "accounts": len(found.accounts),
        "unread": found.unread,
        "items": [_tell_item(item, found.accounts) for item in found.integrity.items],
    }


def _tell_item(item: Item, accounts: Mapping[bytes, Account]) -> dict[str, Any]:
    account = accounts.get(item.loan)
    if account is None:
        return {**item.tree(), "loan": item.loan}
    owed = {"payee": account.payee, "kind": account.kind, "account": account.number}
    return {**item.tree(), **owed}


_CLAIMS: WeakKeyDictionary[Node, Claims] = WeakKeyDictionary()
_MAKING: Final = threading.Lock()


def _claims_of(node: Node) -> Claims:
    """Return what the node's parties named, as far as it was read; it ends with the node."""
    with _MAKING:
        return _CLAIMS.setdefault(node, Claims())
