"""Loans, funds, lenders' monthly reports and payees' of small dues: public sums and counts.

Commercial lending shows that a loan stands, not how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.records.view import Admitted, Fold, Put, Table

__all__ = ["FOLDS", "TABLES"]

_LOAN: Final = Table(
    "loan",
    {
        "loan": "blob",
        "case": "blob",
        "lender": "text",
        "programme": "text",
        "amount": "integer",
        "granted_at": "integer",
        "disbursed_at": "integer",
        "repaid_at": "integer",
    },
    ("loan",),
    ("case", "lender"),
)
_ALLOCATION: Final = Table(
    "allocation",
    {
        "record": "blob",
        "fund": "text",
        "programme": "text",
        "to": "text",
        "amount": "integer",
        "at": "integer",
    },
    ("record",),
    ("programme",),
)
_REPORT: Final = Table(
    "report",
    {
        "record": "blob",
        "lender": "text",
        "month": "integer",
        "part": "integer",
        "first": "integer",
        "granted": "integer",
        "repayments": "integer",
        "overdues": "integer",
        "lent": "integer",
        "arrears": "integer",
        "height": "integer",
        "at": "integer",
    },
    ("record",),
    ("lender", "month", "height"),
)
_DUES: Final = Table(
    "dues",
    {
        "record": "blob",
        "payee": "text",
        "kind": "text",
        "begin": "integer",
        "months": "integer",
        "part": "integer",
        "first": "integer",
        "opened": "integer",
        "payers": "integer",
        "dues": "integer",
        "cleared": "integer",
        "owed": "integer",
        "height": "integer",
        "at": "integer",
    },
    ("record",),
    ("payee", "kind", "height"),
)
TABLES: Final = (_LOAN, _ALLOCATION, _REPORT, _DUES)


def _granted(admitted: Admitted) -> list[Put]:
    record, pub = admitted.record, admitted.record["pub"]
    row: dict[str, Any] = {
        "loan": pub["loan"],
        "case": record["case"],
        "lender": admitted.member,
        "programme": pub.get("programme"),
        "amount": pub.get("amount"),
        "granted_at": admitted.time,
    }
    return [Put("loan", row)]


def _moved(column: str) -> Fold:
    def fold(admitted: Admitted) -> list[Put]:
        return [Put("loan", {"loan": admitted.record["pub"]["loan"], column: admitted.time})]

    return fold


def _received(admitted: Admitted) -> list[Put]:
    return [Put("case", {"case": admitted.record["case"], "money_at": admitted.time})]


def _allocated(admitted: Admitted) -> list[Put]:
    pub = admitted.record["pub"]
    row = {"record": admitted.record["id"], **pub, "at": admitted.time}
    return [Put("allocation", row)]


def _reported(admitted: Admitted) -> list[Put]:
    pub = {name: each for name, each in admitted.record["pub"].items() if name != "readers"}
    row = {"record": admitted.record["id"], "lender": admitted.member, **pub}
    return [Put("report", {**row, "height": admitted.height, "at": admitted.time})]


def _told(admitted: Admitted) -> list[Put]:
    pub = {name: each for name, each in admitted.record["pub"].items() if name != "readers"}
    row = {"record": admitted.record["id"], "payee": admitted.member, **pub}
    return [Put("dues", {**row, "height": admitted.height, "at": admitted.time})]


FOLDS: Final[Mapping[str, Fold]] = {
    "loan.granted": _granted,
    "loan.disbursed": _moved("disbursed_at"),
    "loan.repaid": _moved("repaid_at"),
    "loans.reported": _reported,
    "dues.reported": _told,
    "money.received": _received,
    "fund.allocated": _allocated,
}
