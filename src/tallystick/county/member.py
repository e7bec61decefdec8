"""The county's twelve members: names, roles, and who serves which need.

The finance bureau orders the chain. Fields of expertise are those of the county's catalogue of
providers; a field without an entry here (a lessor's, a merchant lender's) is served by no member.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = [
    "APPROVERS",
    "ASKERS",
    "INTAKE_SHARES",
    "MEMBERS",
    "ORDERER",
    "SERVED_BY",
    "Member",
    "find_witness",
]


@dataclass(frozen=True, slots=True)
class Member:
    """One institution.

    Attributes:
        name: identifier on the chain, at most 24 bytes.
        role: a role of the charter.
        zh: name in Chinese.
        en: name in English.
    """

    name: str
    role: str
    zh: str
    en: str


MEMBERS: Final = (
    Member("finance", "department", "县财政局", "Finance bureau"),
    Member("agriculture", "department", "县农业农村局", "Agriculture and rural affairs bureau"),
    Member("civil-affairs", "department", "县民政局", "Civil affairs bureau"),
    Member("agricultural-bank", "bank", "农业银行县支行", "Agricultural bank, county branch"),
    Member("postal-bank", "bank", "邮政储蓄银行县支行", "Postal savings bank, county branch"),
    Member("credit-union", "credit_cooperative", "农村信用社", "Rural credit co-operative"),
    Member("guarantor", "guarantor", "农业担保公司", "Farm guarantee company"),
    Member("insurer", "insurer", "农业保险公司", "Farm insurer"),
    Member("cooperative", "cooperative", "供销合作社", "Supply co-operative"),
    Member("village", "village", "村民委员会", "Village committees' office"),
    Member("newspaper", "media", "县报社", "County newspaper"),
    Member("regulator", "regulator", "金融监管支局", "Financial regulator, county office"),
)
ORDERER: Final = "finance"
"""The member that orders the chain."""

SERVED_BY: Final[dict[str, str]] = {
    "village_line": "credit-union",
    "seasonal": "credit-union",
    "policy": "agricultural-bank",
    "medium_term": "agricultural-bank",
    "savings": "postal-bank",
    "student": "postal-bank",
    "entity_guarantee": "guarantor",
    "crop_insurance": "insurer",
    "livestock_insurance": "insurer",
    "orders": "cooperative",
    "aid": "civil-affairs",
}
"""Field of expertise -> the member that has it."""

APPROVERS: Final = frozenset({"agricultural-bank", "postal-bank", "credit-union"})
"""Members that lend, so that their officers approve and override."""

ASKERS: Final = (
    "village",
    "agriculture",
    "newspaper",
    "cooperative",
    "civil-affairs",
    "finance",
    "regulator",
)
"""Members that ask how it went; never the one rated."""

INTAKE_SHARES: Final = (
    ("credit-union", 40),
    ("village", 24),
    ("agricultural-bank", 20),
    ("postal-bank", 10),
    ("cooperative", 6),
)
"""Where parties that ask for no loan are known and apply, with shares."""


def find_witness(holder: str) -> str:
    """Return before whom a household gives its mandate: the village, or for it, civil affairs."""
    return "civil-affairs" if holder == "village" else "village"
