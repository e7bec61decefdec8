"""The officer's thresholds, dated data with the county's figures as first version.

A rule set is a mapping from these names to integers; another version is a new mapping with the
same names, never an edit. Ratios are parts per million.
Source: the county's practice (judgement of a rural credit officer), to be calibrated in use.
"""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.base.errors import Invalid

__all__ = ["RULES_V1", "check_rules"]

RULES_V1: Mapping[str, int] = {
    "bad_business_ppm": 850_000,  # of a middle year, in the year worse than four of five
    "bad_farm_ppm": 850_000,
    "bad_livestock_ppm": 600_000,
    "bad_living_ppm": 800_000,
    "bad_wage_ppm": 900_000,
    "buyer_deposit_ppm": 300_000,  # stands in for a finished season with the buyer
    "calendar_months": 36,
    "debt_first_rate_ppm": 80_000,  # debt this dear is repaid before money is put by
    "debt_ratio_ppm": 1_500_000,  # of a year's net income
    "default_ppm": 200_000,  # expected default above which a person must decide
    "dscr_bad_ppm": 1_000_000,
    "dscr_middle_ppm": 1_250_000,
    "flow_circular_ppm": 200_000,
    "flow_months": 12,
    "flow_refund_ppm": 150_000,
    "flow_top3_ppm": 800_000,
    "flow_turnovers": 3,  # months of turnover that may be lent
    "guarantee_weight_ppm": 500_000,
    "harvest_due_months": 3,  # latest due month after the last sale, seasonal products
    "instalment_monitored_ppm": 300_000,
    "instalment_ppm": 400_000,
    "insure_above_minor": 5_000_000,
    "own_share_above_minor": 5_000_000,
    "own_share_ppm": 200_000,
    "price_drop_ppm": 300_000,
    "rate_over_lpr": 4,  # dearer than this many times the one-year LPR is too dear
    "round_minor": 100_000,  # step in which another amount is proposed
    "yield_ppm": 40_000,  # a safe product that promises more is not believed
}


def check_rules(rules: Mapping[str, int]) -> None:
    """Refuse a rule set that lacks a threshold, has a stranger or a value that is no integer.

    Raises:
        Invalid: `positioning.rules`.
    """
    missing = sorted(set(RULES_V1) - set(rules))
    strangers = sorted(set(rules) - set(RULES_V1))
    wrong = sorted(name for name, value in rules.items() if type(value) is not int or value < 0)
    if missing or strangers or wrong:
        raise Invalid(
            "positioning.rules",
            f"thresholds missing: {missing}, unknown: {strangers}, not integers >= 0: {wrong}",
            cure="Start from RULES_V1 and change values only.",
        )
