"""What needs a member now: a row of the views in, an item with its reason and its act out.

An item is `{kind, why, values, due_ms?, amount_minor?, act, owner, case?, ...}`: `why` is a code
that `say` words as `due.<why>`, `act` the act of an office that ends it. What is due first comes
first; what has no day comes last, the oldest first.

Laws: a case is due at its owner alone, by its public row: decided and not approved, approved and
not answered, accepted and not paid out, not fitting and nobody's turn but a person's. An offer
lapses `OFFER_LIFE_MS` after its decision, and what can be done with it then is to close it.
Limits: cover, savings and investments end with the household's answer; nothing is paid out here.
Source: the county's practice; for appeals the 15 days of the CBIRC's Measures for Consumer
Complaints of Banks and Insurers (2020), by which an ordinary complaint is answered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import Cid

__all__ = [
    "ENDING_DAYS",
    "OFFER_LIFE_MS",
    "PAYMENT_DAYS",
    "WAITS",
    "Item",
    "Kind",
    "find_appeal_due",
    "find_case_due",
    "find_payment_due",
    "find_term_due",
    "in_due_order",
]

Kind = Literal["case", "loan", "appeal", "feedback", "grant", "mandate", "model", "registration"]
OFFER_LIFE_MS: Final = 90 * DAY_MS
"""How long after its decision an offer may be acted on."""
APPEAL_DAYS: Final = 15
"""Days within which an appeal is answered."""
PAYMENT_DAYS: Final = 7
"""How many days ahead a payment is told of."""
ENDING_DAYS: Final = 14
"""How many days ahead the end of a mandate or grant is told of."""
WAITS: Final = ("decision", "owner", "answer", "payout", "new_owner")
"""What a case's row may wait for (`views`)."""
_LENT: Final = frozenset({"borrow", "lease"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that needs a member.

    Attributes:
        kind: what it is about.
        why: the reason, a code of `due.*`.
        act: the act of an office that ends it (`kernel.access.roles.MATRIX`).
        owner: the member whose case it is, or who recorded it.
        subject: id of the case, loan, appeal, mandate or grant, a model's CID; b"" for none.
        case: id of the case it belongs to; b"" for none.
        since_ms: since when it stands, ms since 1970 UTC.
        due_ms: by when it is to be done; None where nothing says so.
        amount_minor: money it is about, fen; None where it is not known to all.
        values: what the reason's sentence is filled with.
    """

    kind: Kind
    why: str
    act: str
    owner: str
    subject: bytes = b""
    case: bytes = b""
    since_ms: int = 0
    due_ms: int | None = None
    amount_minor: int | None = None
    values: Mapping[str, int | str] = field(default_factory=dict)

    def tree(self) -> dict[str, Any]:
        """Return it as a tree, without what is absent."""
        found: dict[str, Any] = {
            "kind": self.kind,
            "why": self.why,
            "act": self.act,
            "owner": self.owner,
            "values": dict(self.values),
        }
        if self.subject:
            found[self.kind] = Cid(self.subject) if self.kind == "model" else self.subject
        if self.case:
            found["case"] = self.case
        if self.since_ms:
            found["since"] = self.since_ms
        if self.due_ms is not None:
            found["due_ms"] = self.due_ms
        if self.amount_minor is not None:
            found["amount_minor"] = self.amount_minor
        return found


def find_case_due(
    row: Mapping[str, Any], loan: Mapping[str, Any] | None, now_ms: int
) -> Item | None:
    """Return what a case's owner is to do next, None where it is at rest.

    Args:
        row: of the view of cases.
        loan: its newest loan of the view of loans, None without one.
        now_ms: the time, ms since 1970 UTC.
    """
    why, act = _find_step(row, loan, now_ms)
    if not why:
        return None
    has_offer = why in {"approve", "answer", "grant"}
    due = row["decided_at"] + OFFER_LIFE_MS if has_offer else None
    if row["waits"] == "new_owner" and why not in {"expired", "undecided"}:
        # The new owner's own term is the shorter one, and what it took over is named.
        due = row["handed_over_due"]
    return Item(
        kind="case",
        why=why,
        act=act,
        owner=row["owner"],
        subject=row["case"],
        since_ms=max(row[name] or 0 for name in _EVENTS),
        due_ms=due,
        amount_minor=loan["amount"] if loan is not None and why == "disburse" else None,
    )


_EVENTS: Final = ("opened_at", "decided_at", "approved_at", "answered_at", "overridden_at")


def _find_step(
    row: Mapping[str, Any], loan: Mapping[str, Any] | None, now_ms: int
) -> tuple[str, str]:
    """Return why a case needs its owner and what it is to do; nothing where it does not."""
    if row["waits"] is None or row["stage"] in ("refused", "closed"):
        return "", ""
    if row["decided_at"] is None:
        return "undecided", "open_case"
    is_overridden = row["overridden_at"] is not None
    if row["stage"] != ("matched" if is_overridden else "reported"):
        return ("overruled", "refuse") if is_overridden else ("misfit", "hand_over")
    return _find_offer_step(row, loan, now_ms)


def _find_offer_step(
    row: Mapping[str, Any], loan: Mapping[str, Any] | None, now_ms: int
) -> tuple[str, str]:
    """Return the next step of a case that has an offer."""
    if loan is not None and loan["disbursed_at"] is None:
        return "disburse", "disburse"
    if row["accepted"] == 0:
        return "declined", "close_case"
    if row["kind"] not in _LENT and row["accepted"]:
        return "", ""
    if now_ms > row["decided_at"] + OFFER_LIFE_MS:
        return "expired", "close_case"
    if row["approved_at"] is None:
        return "approve", "approve"
    return ("grant", "grant_loan") if row["accepted"] else ("answer", "answer_offer")


def find_appeal_due(row: Mapping[str, Any], owner: str) -> Item | None:
    """Return what answering an open appeal is; None for one that was answered."""
    if row["settled_at"] is not None:
        return None
    return Item(
        kind="appeal",
        why="appeal",
        act="settle_appeal",
        owner=owner,
        subject=row["appeal"],
        case=row["case"],
        since_ms=row["opened_at"],
        due_ms=row["opened_at"] + APPEAL_DAYS * DAY_MS,
    )


def find_payment_due(
    loan: Mapping[str, Any], due_day: int, amount_minor: int, now_ms: int
) -> Item | None:
    """Return what a loan's first payment that has not come asks for; None while it is far.

    Args:
        loan: of the view of loans.
        due_day: when the payment falls due, days since 1970-01-01.
        amount_minor: what is missing of it, fen.
        now_ms: the time, ms since 1970 UTC.
    """
    late = now_ms // DAY_MS - due_day
    if late < -PAYMENT_DAYS:
        return None
    why, values = ("payment_late", {"n": late}) if late > 0 else ("payment", {})
    return Item(
        kind="loan",
        why=why,
        act="repay",
        owner=loan["lender"],
        subject=loan["loan"],
        case=loan["case"],
        since_ms=loan["disbursed_at"],
        due_ms=(due_day + 1) * DAY_MS,
        amount_minor=amount_minor,
        values={**values, "x": amount_minor},
    )


def find_term_due(row: Mapping[str, Any], now_ms: int) -> Item | None:
    """Return what a mandate or grant that ends within `ENDING_DAYS` asks for."""
    left = row["until"] - now_ms
    if row["ended_at"] is not None or not 0 < left <= ENDING_DAYS * DAY_MS:
        return None
    kind: Kind = "mandate" if row["kind"] == "mandate" else "grant"
    return Item(
        kind=kind,
        why=f"{kind}_ends",
        act="add_mandate" if kind == "mandate" else "give_grant",
        owner=row["member"],
        subject=row["term"],
        since_ms=row["from_time"],
        due_ms=row["until"],
        values={"n": -(-left // DAY_MS)},
    )


def in_due_order(items: Iterable[Item]) -> list[Item]:
    """Return items by when they are due; those without a day last, the oldest first."""
    return sorted(
        items,
        key=lambda each: (
            each.due_ms is None,
            each.due_ms or 0,
            each.since_ms,
            each.kind,
            each.subject,
        ),
    )
