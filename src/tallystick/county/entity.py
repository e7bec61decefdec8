"""Firms and projects of the county: parties that ask like households do, for larger sums.

A project is a plan of a department or a co-operative with its own account (a drying floor, a
greenhouse park); a firm is a small enterprise. Source: the county's practice (schemes 5 and 6).
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.county.draws import Draws
from tallystick.county.name import address_of, identity_number, name_firm, phone_number
from tallystick.county.party import Party, PartyKind, Truth
from tallystick.county.village import VILLAGES_COUNT, Village

__all__ = ["draw_entity"]

_YUAN: Final = 100
_THOUSAND: Final = 1_000 * _YUAN
_INCOME: Final = 320 * _THOUSAND
_PLANS: Final = ("粮食烘干中心", "设施农业园", "冷链分拣中心", "乡村旅游点", "养殖小区")


def draw_entity(
    number: int, kind: PartyKind, draws: Draws, villages: tuple[Village, ...], offset: int
) -> Party:
    """Return the firm or project of a number that no other party has."""
    place = draws.below("village", VILLAGES_COUNT)
    village = villages[place]
    income = draws.lognormal("income", _INCOME, 500_000)
    name = name_firm(number, offset)
    if kind == "project":
        name = f"{village.zh}{draws.pick('plan', _PLANS)}{number + 1}期"
    return Party(
        ident=f"{kind[0]}{number + 1:05d}",
        kind=kind,
        livelihood=kind,
        village=place,
        language="zh",
        identity={"name": name, "id_number": identity_number(number, offset)},
        contacts={
            "phone": phone_number(number, offset),
            "address": address_of(village.zh, number),
        },
        custodian=draws.choose("custodian", (("agricultural-bank", 5), ("cooperative", 5))),
        own_key=True,
        profile=_state_profile(draws.under("profile"), village, income),
        truth=Truth(
            income_minor=income,
            poverty_minor=income,
            discipline_ppm=draws.normal_ppm("discipline"),
            kin_ppm=draws.normal_ppm("kin"),
            skill_ppm=draws.normal_ppm("skill"),
            debts_minor=0,
            hides_debt=False,
            insured=draws.happens("insured", 500_000),
            cadre_kin=draws.happens("cadre kin", 100_000),
        ),
        draws=draws,
    )


def _state_profile(draws: Draws, village: Village, income: int) -> dict[str, Any]:
    """A firm's file in the fields of a household's: its owner's family lives on it."""
    return {
        "category": "farm_entity",
        "age_years": draws.between("age", 30, 58),
        "sex": draws.choose("sex", (("m", 7), ("f", 3))),
        "schooling_years": draws.between("schooling", 8, 16),
        "persons": draws.between("persons", 2, 5),
        "workers": 2,
        "workers_away": 0,
        "students": draws.below("students", 2),
        "able_to_work": 1,
        "village": village.ident,
        "km_to_town": village.km,
        "returnee": int(draws.happens("returnee", 300_000)),
        "has_helper": 0,
        "land_own_centimu": 1_000,
        "land_leased_centimu": draws.between("leased", 0, 30) * 1_000,
        "greenhouse_centimu": 0,
        "crops": [],
        "livestock": [],
        "business_minor_year": income // _THOUSAND * _THOUSAND,
        "machines": ["combine", "tractor"] if draws.happens("machines", 600_000) else [],
        "insurance": [],
        "wage_minor_month": 0,
        "wage_months": 0,
        "transfers_minor_year": 0,
        "coop_member": int(draws.happens("coop", 400_000)),
        "living_minor_person_year": 1_200_000,
        "medical_school_minor_year": draws.between("fixed", 4, 20) * _THOUSAND,
        "savings_minor": income * draws.between("savings", 40, 160) // 100 // _THOUSAND * _THOUSAND,
        "debts": [],
        "guarantees_minor": 0,
        "credit_record": draws.choose("record", (("thin", 5), ("good", 5))),
    }
