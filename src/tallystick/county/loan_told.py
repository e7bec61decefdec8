"""One loan as a member that holds its keys may read it: terms, payments due, money that moved.

Law: terms and sums are sealed to the case, so reading them leaves receipts. What comes back covers
the payments in their order; fees count as interest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any, Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import NotFound
from tallystick.finance import LoanTerms, build_schedule
from tallystick.kernel.access.desk import Desk
from tallystick.services.credit.dues import due_day

__all__ = ["MOVED", "list_loan_records", "read_terms", "tell_loan"]

PURPOSE: Final = "credit"
MOVED: Final = ("loan.granted", "loan.disbursed", "loan.repaid")
"""Records of a loan's money."""
Tree = Mapping[str, Any]


def tell_loan(desk: Desk, loan: bytes) -> dict[str, Any]:
    """Return a loan's row, terms, payments due and moves of money.

    Raises:
        NotFound: `loan.unknown`, the chain holds no such loan.
        Denied: `access.no_key`, this member holds no key of the case.
    """
    rows = desk.views.rows("loan", {"loan": loan})
    if not rows:
        raise NotFound("loan.unknown", "the chain holds no such loan", cure="tally loan list.")
    row = rows[0]
    records = list(list_loan_records(desk, row))
    opened = {each["id"]: _open(desk, each) for each in records}
    granted = next(each for each in records if each["t"] == "loan.granted")
    terms = read_terms(opened[granted["id"]])
    moves = [_tell_move(each, opened[each["id"]]) for each in records if each is not granted]
    paid_out = next((each["time"] // DAY_MS for each in records if _is_payout(each)), 0)
    paid = sum(each["principal_minor"] + each["interest_minor"] for each in moves)
    schedule = list(_tell_schedule(terms, paid_out, paid))
    principal = sum(each["principal_minor"] for each in moves)
    return {
        "row": row,
        "terms": {
            "amount_minor": terms.amount_minor,
            "rate_ppm": terms.rate_ppm,
            "term_months": terms.term_months,
            "repayment": terms.repayment,
        },
        "schedule": schedule,
        "moves": moves,
        "paid_minor": paid,
        "balance_minor": terms.amount_minor - principal if paid_out else 0,
    }


def list_loan_records(desk: Desk, row: Tree) -> Iterator[dict[str, Any]]:
    """Yield the rows of a loan's records, in the order of the chain."""
    for record in desk.views.rows("record", {"case": row["case"]}, order="height"):
        if record["t"] in MOVED:
            pub = desk.records.find(record["id"]).record["pub"]
            if pub.get("loan", record["id"]) == row["loan"]:
                yield record


def read_terms(sealed: Tree) -> LoanTerms:
    """Return the terms that a grant's sealed part tells."""
    return LoanTerms(
        sealed["principal"],
        sealed.get("rate_ppm", 0),
        sealed.get("months", 1),
        sealed.get("pattern", "bullet"),
        **sealed.get("terms", {}),
    )


def _is_payout(record: Tree) -> bool:
    return bool(record["t"] == "loan.disbursed")


def _open(desk: Desk, record: Tree) -> Tree:
    permit = desk.permit(PURPOSE, record["case"])
    return desk.open(permit, record["id"], "case").values


def _tell_move(record: Tree, sealed: Tree) -> dict[str, Any]:
    is_payout = _is_payout(record)
    return {
        "t": record["t"],
        "time": record["time"],
        "height": record["height"],
        "amount_minor": sealed.get("principal", 0) if is_payout else 0,
        "principal_minor": 0 if is_payout else sealed.get("principal", 0),
        "interest_minor": 0 if is_payout else sealed.get("interest", 0),
    }


def _tell_schedule(terms: LoanTerms, paid_out: int, paid_minor: int) -> Iterator[dict[str, Any]]:
    """Yield each payment with its day, once the money is out, and what of it came."""
    rows = [row for row in build_schedule(terms) if row.payment]
    for row, owed in zip(rows, accumulate(each.payment for each in rows), strict=True):
        came = max(0, min(row.payment, paid_minor - (owed - row.payment)))
        yield {
            **({"due_day": due_day(paid_out, row.month)} if paid_out else {}),
            "payment_minor": row.payment,
            "principal_minor": row.principal,
            "interest_minor": row.interest,
            "paid_minor": came,
        }
