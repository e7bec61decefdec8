"""Demands of fields and stables: inputs of a season, orchards, greenhouses, animals, machines.

Each builder returns a demand (records.applicant) as of a month, or None where the party has
nothing of the kind. Inputs are asked for before the outlay and due after the sale; what lasts is
asked for over years. Source: the county's practice (schemes 1-7).
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.county.asking import (
    Asking,
    carry_out,
    heap,
    lend,
    next_month,
    state_income,
)
from tallystick.county.crop import ANIMALS, CROPS

__all__ = [
    "ask_animals",
    "ask_greenhouse",
    "ask_inputs",
    "ask_leaseback",
    "ask_machine",
    "ask_processing",
    "find_input_months",
]

_MU: Final = 100
_YUAN: Final = 100
_THOUSAND: Final = 1_000 * _YUAN
_ENTITY_LEAST: Final = 100 * _THOUSAND
_LINE_LEAST: Final = 10 * _THOUSAND
_SEASON_LEAST: Final = 300 * _YUAN  # per mu
_PURPOSES: Final = {
    "grain": "crop_inputs",
    "field": "crop_inputs",
    "orchard": "orchard_upkeep",
    "greenhouse": "greenhouse_inputs",
}
_TEXTS: Final = {
    "crop_inputs": "{mu}亩{crop}的种子、化肥和机耕",
    "orchard_upkeep": "{mu}亩{crop}的肥料、套袋和雇工",
    "greenhouse_inputs": "{mu}亩{crop}大棚的种苗、棚膜和肥料",
}


def find_input_months(asking: Asking) -> tuple[int, ...]:
    """Return the calendar months in which this party's crops call for money."""
    firsts = {CROPS[row["crop"]].outlay_months[0] for row in asking.party.profile["crops"]}
    return tuple(sorted({month for first in firsts for month in ((first - 2) % 12 + 1, first)}))


def ask_inputs(asking: Asking) -> dict[str, Any] | None:
    """Ask for the inputs of the crop whose season begins now."""
    row = _crop_in_season(asking)
    if row is None:
        return None
    crop, area = CROPS[row["crop"]], row["area_centimu"]
    purpose = _PURPOSES[crop.branch]
    cost = row["cost_minor_per_mu"] * area // _MU
    amount = heap(asking.draws, cost * asking.draws.between("part", 62, 82) // 100)
    scheme = _input_scheme(asking, crop.branch, amount)
    if scheme == "seasonal_crop":
        amount = max(amount, -(-area * _SEASON_LEAST // _MU // _THOUSAND) * _THOUSAND)
    if cost < _THOUSAND or (scheme == "village_line" and amount < _LINE_LEAST):
        return None
    asking.mark_crop(crop.ident)
    begin = next_month(asking.month, crop.outlay_months[0])
    first = next_month(begin, crop.sale_months[0])
    last = next_month(first, crop.sale_months[-1])
    due = last + asking.draws.between("after sale", 1, 2)
    demand = lend(asking, scheme, purpose, amount, max(cost, amount))
    demand["purpose_text"] = _TEXTS[purpose].format(mu=area // _MU or 1, crop=crop.zh)
    demand["terms_asked"] |= {
        "term_months": due - begin,
        "repayment": "bullet",
        "start_month": begin,
    }
    demand |= {
        "needed_by_month": begin,
        "first_outlay_month": begin,
        "first_sale_month": first,
        "last_sale_month": last,
        "scale_centi": area,
        "scale_unit": "mu",
        "working_capital": 1,
        "payable_months": sorted({due % 12 + 1, (due + 1) % 12 + 1, (due + 2) % 12 + 1}),
        "bearable_instalment_minor": amount * 115 // 100,
    }
    revenue = row["yield_kg_per_mu"] * row["price_minor_per_kg"] * area // _MU
    demand |= state_income(asking, revenue - cost, revenue)
    nets = (crop.net_p20_minor, crop.net_p50_minor, crop.net_p80_minor)
    names = ("county_p20_minor", "county_p50_minor", "county_p80_minor")
    demand |= {name: net * area // _MU for name, net in zip(names, nets, strict=True)}
    if scheme == "coop_order":
        demand["order"] = _order(asking, revenue, due)
    return demand


def _crop_in_season(asking: Asking) -> dict[str, Any] | None:
    """The largest crop whose first outlay is this month or the next."""
    now = asking.month % 12 + 1
    rows: list[dict[str, Any]] = [
        row
        for row in asking.party.profile["crops"]
        if CROPS[row["crop"]].outlay_months[0] in (now, now % 12 + 1)
    ]
    return max(rows, key=lambda row: (row["area_centimu"], row["crop"]), default=None)


def _input_scheme(asking: Asking, branch: str, amount: int) -> str:
    if asking.may_have_microcredit:
        return "poverty_microcredit"
    profile = asking.party.profile
    if profile["coop_member"] and branch == "field" and asking.draws.happens("order", 600_000):
        return "coop_order"
    if profile["category"] == "farm_entity" and amount >= _ENTITY_LEAST:
        return "farm_guarantee"
    return "seasonal_crop" if branch in ("grain", "field") else "village_line"


def _order(asking: Asking, revenue: int, due: int) -> dict[str, Any]:
    draws = asking.draws.under("order")
    return {
        "buyer": f"f{draws.between('firm', 1, 60):03d}",
        "value_minor": revenue * draws.between("share", 55, 95) // 100,
        "pays_month": due,
        "contract": int(draws.happens("contract", 900_000)),
        "buyer_related": int(draws.happens("related", 60_000)),
        "deposit_ppm": draws.pick("deposit", (0, 100_000, 300_000)),
        "seasons_with_buyer": draws.below("seasons", 5),
    }


def ask_animals(asking: Asking) -> dict[str, Any] | None:
    """Ask for animals, some more than the stable holds now."""
    rows = asking.party.profile["livestock"]
    draws = asking.draws
    if not rows and not asking.may_have_microcredit:
        return None
    animal = ANIMALS[rows[0]["kind"] if rows else draws.pick("animal", ("ewe", "hog", "bee"))]
    now = rows[0]["heads"] if rows else 20
    price = animal.price_minor
    heads = max(now * draws.between("more", 12, 32) // 100, 6 * _THOUSAND // price)
    cost = heads * price * 11 // 10
    amount = heap(draws, cost * draws.between("part", 60, 80) // 100)
    scheme = "poverty_microcredit" if asking.may_have_microcredit else "village_line"
    if asking.party.profile["category"] == "farm_entity" and amount >= _ENTITY_LEAST:
        scheme = "farm_guarantee"
    if scheme == "village_line" and amount < _LINE_LEAST:
        return None
    demand = lend(asking, scheme, "livestock_buy", amount, cost)
    demand["purpose_text"] = f"添{heads}{'箱' if animal.ident == 'bee' else '头只'}{animal.zh}"
    carry_out(asking, demand, wait_months=animal.wait_months, term_months=36)
    demand |= state_income(asking, heads * animal.net_p50_minor, heads * animal.sales_minor)
    nets = (animal.net_p20_minor, animal.net_p50_minor, animal.net_p80_minor)
    names = ("county_p20_minor", "county_p50_minor", "county_p80_minor")
    demand |= {name: net * heads for name, net in zip(names, nets, strict=True)}
    return demand | {"scale_centi": heads * 100, "scale_unit": "head"}


def ask_greenhouse(asking: Asking) -> dict[str, Any] | None:
    """Lease the frame of another greenhouse."""
    crop = CROPS["gh_tomato"]
    area = asking.draws.between("area", 3, 6) * 50
    cost = 52 * _THOUSAND * area // _MU
    revenue = crop.yield_kg * crop.price_minor * area // _MU
    demand = _lease(asking, "greenhouse_build", cost, "greenhouse_frame", 120)
    demand["purpose_text"] = f"租建{area // _MU or 1}亩大棚骨架和卷帘机"
    return demand | state_income(asking, crop.net_p50_minor * area // _MU, revenue)


def ask_machine(asking: Asking) -> dict[str, Any] | None:
    """Lease a machine, paid from mowing and ploughing for others."""
    draws = asking.draws
    name, zh, price, mu = draws.pick(
        "machine",
        (
            ("tractor", "拖拉机", 120, 900),
            ("combine", "联合收割机", 180, 1_500),
            ("drone", "植保无人机", 80, 1_100),
        ),
    )
    cost = price * _THOUSAND
    demand = _lease(asking, "machine_buy", cost, name, 96)
    demand["purpose_text"] = f"融资租一台{zh}，给乡邻作业约{mu}亩"
    net = mu * 3_400
    return demand | state_income(asking, net, net * 2)


def ask_leaseback(asking: Asking) -> dict[str, Any] | None:
    """Sell machines to a lessor and rent them back."""
    if "tractor" not in asking.party.profile["machines"]:
        return None
    draws = asking.draws
    value = draws.between("value", 80, 220) * _THOUSAND
    demand = _lease(asking, "machine_leaseback", value, "tractor", 60)
    amount = value * draws.between("back", 55, 95) // 100 // _THOUSAND * _THOUSAND
    demand |= {"amount_minor": amount, "cost_minor": amount, "own_share_ppm": 0}
    demand["asset"] |= {"leaseback": 1}
    demand["purpose_text"] = "机器回租，周转农资款"
    return demand | state_income(asking, value // 4, value // 2)


def _lease(asking: Asking, purpose: str, cost: int, asset: str, life: int) -> dict[str, Any]:
    share = asking.draws.between("own share", 26, 42)
    amount = cost * (100 - share) // 100 // _THOUSAND * _THOUSAND
    demand = lend(asking, "equipment_lease", purpose, amount, cost)
    carry_out(asking, demand, wait_months=4, term_months=36)
    demand["terms_asked"] |= {"repayment": "semiannual"}
    demand["asset"] = {
        "kind": asset,
        "value_minor": cost,
        "life_left_months": life,
        "leaseback": 0,
        "seasons_per_year": asking.draws.between("seasons", 1, 3),
        "revenue_minor_per_mu": 6_500,
    }
    return demand


def ask_processing(asking: Asking) -> dict[str, Any] | None:
    """Ask for a drying floor, a store or a workshop, with the county's guarantee."""
    draws = asking.draws
    purpose, zh, thousand = draws.pick(
        "plant",
        (
            ("drying_storage", "粮食烘干和仓储", 420),
            ("processing", "农产品分拣加工线", 560),
            ("agritourism", "采摘园和农家乐", 340),
        ),
    )
    cost = draws.lognormal("size", thousand * _THOUSAND, 350_000) // _THOUSAND * _THOUSAND
    amount = heap(draws, cost * draws.between("part", 45, 75) // 100)
    net = cost * draws.between("net", 16, 34) // 100
    demand = lend(asking, "farm_guarantee", purpose, amount, cost)
    demand["purpose_text"] = zh
    demand["guarantor"] = "fund"
    carry_out(asking, demand, wait_months=5, term_months=36)
    return demand | state_income(asking, net, net * 4)
