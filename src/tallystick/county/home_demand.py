"""Demands of the house and the shop: stock, a first shop, school, feasts, illness, weather.

Each builder returns a demand (records.applicant) as of a month, or None where the party has no
such need. Source: the county's practice (schemes 1, 2, 4, 8, 10, 11; loans that aid suits better).
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.county.asking import Asking, carry_out, heap, lend, state_income
from tallystick.county.village import Weather

__all__ = [
    "ask_after_shock",
    "ask_feast",
    "ask_illness",
    "ask_living",
    "ask_shop",
    "ask_stock",
    "ask_tuition",
]

_YUAN: Final = 100
_THOUSAND: Final = 1_000 * _YUAN
_STUDY_YEARS: Final = {"undergraduate": 4, "junior_college": 3, "postgraduate": 3}
_STOCK_MONTHS: Final = 12


def ask_stock(asking: Asking) -> dict[str, Any] | None:
    """Ask for stock against what the shop turns over by its payment codes."""
    net = asking.party.profile["business_minor_year"]
    if net < 10 * _THOUSAND:
        return None
    draws = asking.draws
    turnover = net * draws.between("turnover", 30, 60) // 120
    amount = heap(draws, turnover * draws.between("months", 6, 22) // 20)
    cost = amount * 13 // 10
    demand = lend(asking, "merchant", "shop_stock", amount, cost)
    demand["purpose_text"] = draws.pick("goods", ("小超市进货", "农资店备货", "豆腐坊添料"))
    begin = asking.month
    demand |= {
        "first_outlay_month": begin,
        "first_sale_month": begin + 1,
        "last_sale_month": begin + 11,
        "working_capital": 1,
        "payable_months": list(range(1, 13)),
        "flows": {
            "months_on_record": draws.between("record", 6, 40),
            "monthly_turnover_minor": turnover,
            "buyers_top3_share_ppm": draws.between("buyers", 10, 85) * 10_000,
            "circular_share_ppm": draws.choose("circle", ((0, 85), (50_000, 10), (320_000, 5))),
            "refunds_ppm": draws.between("refunds", 0, 6) * 10_000,
        },
    }
    demand["terms_asked"] |= {
        "term_months": _STOCK_MONTHS,
        "repayment": "monthly",
        "start_month": begin,
    }
    return demand | state_income(asking, amount * 3 // 10, cost * 14 // 10)


def ask_shop(asking: Asking) -> dict[str, Any] | None:
    """Ask for a first shop or workshop of one's own."""
    draws = asking.draws
    cost = draws.lognormal("cost", 75 * _THOUSAND, 350_000) // _THOUSAND * _THOUSAND
    amount = heap(draws, cost * draws.between("part", 45, 75) // 100)
    demand = lend(asking, _shop_scheme(asking), "shop_open", amount, cost)
    demand["purpose_text"] = draws.pick("shop", ("开理发店", "开农村电商服务点", "开早餐铺"))
    carry_out(asking, demand, wait_months=3, term_months=36)
    net = cost * draws.between("net", 30, 55) // 100
    return demand | state_income(asking, net, net * 3)


def _shop_scheme(asking: Asking) -> str:
    """Women and returnees have the start-up loan; some others ask for it all the same."""
    if asking.may_have_microcredit:
        return "poverty_microcredit"
    profile = asking.party.profile
    meant = profile["sex"] == "f" or profile["returnee"]
    mistaken = asking.draws.happens("mistaken scheme", 250_000)
    return "startup_guarantee" if meant or mistaken else "village_line"


def ask_tuition(asking: Asking) -> dict[str, Any] | None:
    """Ask for a student's fees and lodging before the school year."""
    profile = asking.party.profile
    if not profile["students"]:
        return None
    draws = asking.draws
    shares = (("undergraduate", 5), ("junior_college", 3), ("postgraduate", 1))
    level = draws.choose("level", (*shares, ("secondary_vocational", 1)))
    years = _STUDY_YEARS.get(level, 2)
    passed = draws.below("year", years)
    fees = draws.between("fees", 42, 92) * 100 * _YUAN
    lodging = draws.between("lodging", 8, 16) * 100 * _YUAN
    amount = heap(draws, fees + lodging + draws.between("living", 0, 6) * _THOUSAND)
    demand = lend(asking, "student", "tuition", amount, amount)
    demand |= {
        "purpose_text": "孩子上学的学费和住宿费",
        "payee": "school",
        "guarantor": "parent",
        "payable_months": list(range(1, 13)),
        "study": {
            "level": level,
            "year_of_study": passed + 1,
            "years_left": years - passed,
            "on_ministry_list": 1,
            "tuition_minor_year": fees,
            "lodging_minor_year": lodging,
        },
    }
    demand["terms_asked"] |= {
        "term_months": 12 * draws.between("term", 10, 18),
        "repayment": "int_after_study",
        "start_month": asking.month,
    }
    return demand | state_income(asking, 0, 0)


def ask_feast(asking: Asking) -> dict[str, Any] | None:
    """Ask for a wedding or a house, which no subsidised loan is for."""
    draws = asking.draws
    purpose, zh, thousand = draws.choose(
        "feast", ((("wedding", "儿子结婚", 44), 6), (("house", "翻修房子", 70), 4))
    )
    amount = heap(draws, draws.lognormal("cost", thousand * _THOUSAND, 300_000) // 2)
    scheme = "poverty_microcredit" if asking.may_have_microcredit else "village_line"
    demand = lend(asking, scheme, purpose, amount, amount * 3 // 2)
    demand["purpose_text"] = zh
    return _pay_from_wages(asking, demand, payee="self" if purpose == "wedding" else "builder")


def ask_illness(asking: Asking) -> dict[str, Any] | None:
    """Ask for a hospital's bill: aid suits most who do."""
    return _ask_living(asking, "medical", "住院自付的费用", 18)


def ask_living(asking: Asking) -> dict[str, Any] | None:
    """Ask for living until the next money comes: aid suits those who cannot work."""
    return _ask_living(asking, "living", "家里日常开销", 12)


def _ask_living(asking: Asking, purpose: str, zh: str, thousand: int) -> dict[str, Any]:
    draws = asking.draws
    amount = heap(draws, draws.lognormal("cost", thousand * _THOUSAND, 400_000))
    scheme = "poverty_microcredit" if asking.may_have_microcredit else "village_line"
    demand = lend(asking, scheme, purpose, amount, amount)
    demand["purpose_text"] = zh
    return _pay_from_wages(asking, demand, payee="self")


def _pay_from_wages(asking: Asking, demand: dict[str, Any], *, payee: str) -> dict[str, Any]:
    demand |= {"payee": payee, "payable_months": list(range(1, 13)), "working_capital": 0}
    demand["terms_asked"] |= {
        "term_months": asking.draws.pick("term", (24, 36)),
        "repayment": asking.draws.pick("repayment", ("quarterly", "semiannual")),
        "start_month": asking.month,
    }
    return demand | state_income(asking, 0, 0)


def ask_after_shock(asking: Asking, weather: Weather) -> dict[str, Any] | None:
    """Ask to renew a loan that falls due after hail, flood, frost or drought."""
    profile, draws = asking.party.profile, asking.draws
    crops = profile["crops"]
    if not crops:
        return None
    value = sum(
        row["area_centimu"] * row["yield_kg_per_mu"] * row["price_minor_per_kg"] // 100
        for row in crops
    )
    amount = heap(draws, min(value // 3, 60 * _THOUSAND))
    demand = lend(asking, "disaster_bridge", "renew_after_shock", amount, amount)
    due = asking.month + 1
    shown = draws.choose("shown", (("insurer", 4), ("village", 4), ("nobody", 2)))
    insured = bool(profile["insurance"])
    shock = {
        "kind": weather.kind,
        "month": weather.month,
        "loss_ppm": weather.loss_ppm,
        "shown_by": shown if insured or shown != "insurer" else "village",
    }
    if insured:
        claim = value * weather.loss_ppm // 1_000_000 * 55 // 100
        shock |= {"claim_minor": claim // _THOUSAND * _THOUSAND, "claim_month": asking.month + 4}
    demand |= {
        "purpose_text": "受灾减产，原贷款到期还不上，请求展期",
        "payee": "old_loan",
        "first_outlay_month": due,
        "first_sale_month": due + 8,
        "last_sale_month": due + 11,
        "payable_months": list(range(1, 13)),
        "working_capital": 0,
        "old_loan": {
            "lender": "rural_credit_coop",
            "scheme": "seasonal_crop",
            "due_month": due,
            "overdue_days": 0,
            "extensions_used": draws.choose("extended", ((0, 9), (1, 1))),
            "use_of_money": "as_agreed",
        },
        "shock": shock,
    }
    demand["terms_asked"] |= {"term_months": 12, "repayment": "bullet", "start_month": due}
    return demand | state_income(asking, value // 4, value * 7 // 10)
