"""Demands that are no debt: putting money by, a safe product, insuring a harvest.

Each builder returns a demand (records.applicant) as of a month, or None where the party has no
such need. Source: the county's practice (schemes 9 and 12).
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.county.asking import Asking, heap, next_month
from tallystick.county.crop import CROPS

__all__ = ["ask_insurance", "ask_investment", "ask_saving"]

_YUAN: Final = 100
_THOUSAND: Final = 1_000 * _YUAN
_SUM_USUAL: Final = 1_000 * _YUAN
_PREMIUM_PPM: Final = 45_000
_SUBSIDY_PPM: Final = 800_000
_PPM: Final = 1_000_000


def ask_saving(asking: Asking) -> dict[str, Any] | None:
    """Put money by for a date."""
    return _put_by(
        asking, "save", "save_goal", ("一年后孩子上学用", "攒着看病养老", "明年翻新棚膜")
    )


def ask_investment(asking: Asking) -> dict[str, Any] | None:
    """Look for more than a deposit gives."""
    return _put_by(asking, "invest", "invest_goal", ("卖房的钱想买点理财", "打工存款想多点收益"))


def _put_by(
    asking: Asking, kind: str, purpose: str, texts: tuple[str, ...]
) -> dict[str, Any] | None:
    draws, savings = asking.draws, asking.party.profile["savings_minor"]
    if savings < 5 * _THOUSAND:
        return None
    product, risk, rate, worst = draws.choose(
        "product",
        (
            (("term_deposit", "deposit", 16_000, 0), 55),
            (("fixed_income_R1", "R1", 22_000, 5_000), 20),
            (("fixed_income_R2", "R2", 28_000, 15_000), 18),
            (("mixed_R3", "R3", 52_000, 120_000), 7),
        ),
    )
    lockup = draws.pick("lockup", (3, 6, 12))
    return {
        "kind": kind,
        "as_of_month": asking.month,
        "language": asking.party.language,
        "scheme_asked": "savings_wealth",
        "purpose": purpose,
        "purpose_text": draws.pick("text", texts),
        "amount_minor": heap(draws, savings * draws.between("part", 40, 90) // 100),
        "needed_by_month": asking.month,
        "date_needed_month": asking.month + draws.choose("date", ((6, 2), (12, 4), (18, 4))),
        "bearable_loss_ppm": 0 if draws.happens("anxious", 120_000) else min(20_000, worst),
        "yield_wanted_ppm": rate,
        "payee": "self",
        "user_of_money": "self",
        "product": {
            "type": product.lower(),
            "risk": risk,
            "lockup_months": lockup,
            "yield_ppm": rate,
            "worst_loss_ppm": worst,
            "deposit_insured": int(risk == "deposit"),
        },
    }


def ask_insurance(asking: Asking) -> dict[str, Any] | None:
    """Insure the grain that is about to stand in the field."""
    row = next((r for r in asking.party.profile["crops"] if r["crop"] != "rapeseed"), None)
    if row is None or CROPS[row["crop"]].branch != "grain":
        return None
    crop, area, draws = CROPS[row["crop"]], row["area_centimu"], asking.draws
    begin = next_month(asking.month, crop.outlay_months[0])
    end = next_month(begin, crop.sale_months[-1])
    units = area * (130 if draws.happens("too much", 60_000) else 100) // 100
    sum_unit = _SUM_USUAL * draws.choose("sum", ((90, 2), (100, 5), (120, 3), (180, 1))) // 100
    insured = sum_unit * units // 100
    premium = insured * _PREMIUM_PPM // _PPM
    late = draws.happens("late", 80_000)
    return {
        "kind": "insure",
        "as_of_month": asking.month,
        "language": asking.party.language,
        "scheme_asked": "crop_insurance",
        "purpose": "insure_crop",
        "purpose_text": f"给{area // 100 or 1}亩{crop.zh}上保险",
        "amount_minor": 0,
        "cost_minor": 0,
        "needed_by_month": begin,
        "first_outlay_month": begin,
        "first_sale_month": end,
        "last_sale_month": end,
        "scale_centi": area,
        "scale_unit": "mu",
        "payee": "insurer",
        "user_of_money": "self",
        "insure": {
            "object": crop.ident,
            "unit": "mu",
            "units_centi": units,
            "units_own_grown_centi": area,
            "sum_minor_per_unit": sum_unit,
            "sum_insured_minor": insured,
            "premium_rate_ppm": _PREMIUM_PPM,
            "premium_total_minor": premium,
            "subsidy_ppm": _SUBSIDY_PPM,
            "own_premium_minor": premium * (_PPM - _SUBSIDY_PPM) // _PPM,
            "cover_from_month": begin + (2 if late else 0),
            "cover_to_month": end,
            "exposure_from_month": begin,
            "exposure_to_month": end,
            "already_insured": int(draws.happens("twice", 40_000)),
        },
    }
