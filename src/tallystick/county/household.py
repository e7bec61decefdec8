"""A household drawn: its people, its land and work, its money, and what its file states of them.

Laws: income is drawn first and land, animals and wages follow from it, so that parts add up to
the whole within rounding; the file states income times e to a normal of mean -.08 and deviation
.30 and leaves out debts in 35 % of indebted households. Source: the county's practice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.holding import draw_holding
from tallystick.county.livelihood import LIVELIHOODS, Livelihood
from tallystick.county.member import INTAKE_SHARES
from tallystick.county.name import address_of, identity_number, name_person, phone_number
from tallystick.county.party import Party, Truth
from tallystick.county.village import VILLAGES_COUNT, Village

__all__ = ["draw_household"]

_YUAN: Final = 100
_STATED_MEDIAN_PPM: Final = 923_116  # e to the -.08
_STATED_SPREAD_PPM: Final = 300_000
_PERSONS: Final = ((1, 8), (2, 22), (3, 27), (4, 22), (5, 12), (6, 6), (7, 2), (8, 1))
_LIVING_LOW: Final = 560_000
_LIVING_HIGH: Final = 1_500_000
_SCHOOL_COST: Final = 260_000
_OLD: Final = 60
_WAGE_LEAST: Final = 200_000


@dataclass(frozen=True, slots=True)
class _People:
    persons: int
    workers: int
    away: int
    students: int
    age: int
    schooling: int
    able: bool


def draw_household(
    number: int, draws: Draws, villages: tuple[Village, ...], start_month: int, offset: int
) -> Party:
    """Return the household of a number from 0, its category not yet entered.

    Args:
        number: place among the county's parties, from 0.
        draws: its own draws.
        villages: the county's villages.
        start_month: month number at which files are as of.
        offset: the county's own starting point in the tables of names.
    """
    place = draws.below("village", VILLAGES_COUNT)
    village = villages[place]
    kind = LIVELIHOODS[
        draws.choose("livelihood", [(row.ident, row.share) for row in LIVELIHOODS.values()])
    ]
    people = _draw_people(draws.under("people"), kind)
    truth = _draw_truth(draws.under("truth"), kind, people, village)
    profile = {
        **_state_people(draws.under("people"), people, kind, village),
        **_state_work(draws.under("work"), people, kind, village, truth),
        **_state_money(draws.under("money"), people, truth, start_month),
    }
    return Party(
        ident=f"h{number + 1:05d}",
        kind="household",
        livelihood=kind.ident,
        village=place,
        language=_draw_language(draws, village, people.age),
        identity={
            "name": name_person(number, offset),
            "id_number": identity_number(number, offset),
        },
        contacts={
            "phone": phone_number(number, offset),
            "address": address_of(village.zh, number),
        },
        custodian=draws.choose("custodian", INTAKE_SHARES),
        own_key=draws.happens("own key", 500_000),
        profile=profile,
        truth=truth,
        draws=draws,
    )


def _draw_language(draws: Draws, village: Village, age: int) -> str:
    """Yi is spoken in some far villages, dialect by the old."""
    if draws.happens("yi", village.remote_ppm * 3 // 10):
        return "ii"
    return "zh_dialect" if draws.happens("dialect", 350_000 if age > _OLD else 80_000) else "zh"


def _draw_people(draws: Draws, kind: Livelihood) -> _People:
    persons = draws.choose("persons", _PERSONS)
    age = min(80, max(22, draws.normal("age", kind.age_years, 8)))
    workers = sum(draws.happens(f"worker {at}", 570_000) for at in range(persons))
    workers = 0 if kind.ident == "no_labour" else min(6, max(1, workers))
    young = sum(draws.happens(f"student {at}", 420_000) for at in range(persons - workers))
    if kind.ident == "migrant":
        away = min(workers, 1 + draws.happens("away", 400_000))
    else:
        away = int(workers > 1 and draws.happens("away", 200_000))
    schooling = draws.normal("schooling", 8_200 - 60 * (age - 45), 2_500)
    return _People(
        persons=persons,
        workers=workers,
        away=min(3, away),
        students=min(4, young) if age < _OLD else min(1, young),
        age=age,
        schooling=min(16, max(0, schooling // 1_000)),
        able=kind.ident != "no_labour",
    )


def _draw_truth(draws: Draws, kind: Livelihood, people: _People, village: Village) -> Truth:
    median = kind.income_minor - kind.income_minor * 77 * village.remote_ppm // (1_000 * PPM)
    each = draws.lognormal("income", median, kind.spread_ppm)
    income = each * people.persons
    indebted = draws.happens("indebted", 380_000)
    debts = draws.lognormal("debts", income * 368 // 1_000, 800_000) if indebted else 0
    farms = kind.ident in ("elder_grain", "livestock", "family_farm")
    insured = 350_000 + 250_000 * farms + 100_000 * (people.schooling > 8)  # noqa: PLR2004
    return Truth(
        income_minor=income,
        poverty_minor=each,
        discipline_ppm=draws.normal_ppm("discipline"),
        kin_ppm=draws.normal_ppm("kin") - village.remote_ppm // 5,
        skill_ppm=draws.normal_ppm("skill"),
        debts_minor=min(debts, 3 * income),
        hides_debt=indebted and draws.happens("hides", 350_000),
        insured=draws.happens("insured", insured),
        cadre_kin=draws.happens("cadre kin", 60_000),
    )


def _state_people(
    draws: Draws, people: _People, kind: Livelihood, village: Village
) -> dict[str, Any]:
    return {
        "category": "farm_entity" if kind.ident == "family_farm" else "ordinary",
        "age_years": people.age,
        "sex": draws.choose("sex", (("m", 74), ("f", 26))),
        "schooling_years": people.schooling,
        "persons": people.persons,
        "workers": people.workers,
        "workers_away": people.away,
        "students": people.students,
        "able_to_work": int(people.able),
        "village": village.ident,
        "km_to_town": village.km + draws.below("way", 4),
        "returnee": int(people.age < 50 and draws.happens("returnee", 150_000)),  # noqa: PLR2004
        "has_helper": int(draws.happens("helper", 120_000)),
    }


def _state_work(
    draws: Draws, people: _People, kind: Livelihood, village: Village, truth: Truth
) -> dict[str, Any]:
    """Land, animals, business, wages and transfers as the file states them."""
    stated = draws.lognormal("stated", _STATED_MEDIAN_PPM, _STATED_SPREAD_PPM)
    wages = truth.income_minor * kind.wage_ppm // PPM if people.workers else 0
    transfers = truth.income_minor * kind.transfer_ppm // PPM
    rest = truth.income_minor - wages - transfers
    profile = draw_holding(draws.under("holding"), kind.ident, village, rest, insured=truth.insured)
    months = draws.between("months", 9, 11) if people.away else draws.between("months", 3, 9)
    monthly = wages * stated // PPM // months
    if monthly >= _WAGE_LEAST or people.away:
        profile["wage_minor_month"] = _round(max(monthly, _WAGE_LEAST), 100 * _YUAN)
        profile["wage_months"] = months
    else:
        profile["wage_minor_month"] = _WAGE_LEAST if monthly else 0
        profile["wage_months"] = min(12, wages * stated // PPM // _WAGE_LEAST)
    profile["transfers_minor_year"] = _round(transfers, 100 * _YUAN)
    profile["coop_member"] = int(bool(profile["crops"]) and draws.happens("coop", 300_000))
    return profile


def _state_money(
    draws: Draws, people: _People, truth: Truth, start_month: int
) -> Mapping[str, Any]:
    """Spending, savings, debts and the record of credit as the file states them."""
    each = truth.income_minor * 50 // 100 // people.persons
    living = _round(min(_LIVING_HIGH, max(_LIVING_LOW, each)), 100 * _YUAN)
    medical = draws.lognormal("medical", truth.income_minor // 32, 600_000)
    ill_chance = 190_000 if people.age > _OLD else 130_000
    if draws.happens("ill", ill_chance):
        medical += draws.lognormal("illness", truth.income_minor // 6, 500_000)
    fixed = min(6_000_000, medical + people.students * _SCHOOL_COST)
    savings = draws.lognormal("savings", truth.income_minor * 45 // 100, 650_000)
    return {
        "living_minor_person_year": living,
        "medical_school_minor_year": _round(fixed, 100 * _YUAN),
        "savings_minor": _round(savings, 1_000 * _YUAN),
        "debts": [] if truth.hides_debt else _list_debts(draws, truth, start_month),
        "guarantees_minor": 3_000_000 if draws.happens("guarantee", 40_000) else 0,
        "credit_record": draws.choose(
            "record", (("none", 26), ("thin", 34), ("good", 38), ("bad", 2))
        ),
    }


def _list_debts(draws: Draws, truth: Truth, start_month: int) -> list[dict[str, Any]]:
    """The debts of a household that has any, kin's without a date."""
    balance = _round(truth.debts_minor, 500 * _YUAN)
    if not balance:
        return []
    lender = draws.choose(
        "lender",
        (("kin", 50), ("rural_credit_coop", 25), ("agricultural_bank", 12), ("online_lender", 13)),
    )
    if lender == "kin":
        return [{"lender": lender, "balance_minor": balance, "rate_ppm": 0}]
    months = draws.between("debt months", 14, 36)
    rate = 150_000 if lender == "online_lender" else 55_000
    return [
        {
            "lender": lender,
            "balance_minor": balance,
            "due_month": start_month + months,
            "monthly_minor": balance // months + balance * rate // PPM // 24,
            "rate_ppm": rate,
        }
    ]


def _round(value: int, step: int) -> int:
    return (value + step // 2) // step * step
