"""What a lender sees of a household on the day of a request: the features that models learn from.

Laws: features are those of the county's past (`history.loan.read_features`), read from what the
file and the demand state; what no file states, the village's rating and an earlier record of
repayment, is observed with the past's own error. Nothing of the truth enters but through these
errors. A firm or project, and a request for no loan, has no features: no model learnt from such.
Source: the county's practice (observed features).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.county.draws import PPM, Draws
from tallystick.county.history.loan import Loan, read_features
from tallystick.county.history.season import KINDS, RETURN_PPM, fits_season
from tallystick.county.party import Party
from tallystick.county.village import Village

__all__ = ["observe"]

_MU: Final = 100
_STEP_MINOR: Final = 10_000
_TENTH_PPM: Final = 100_000
_PRIOR_SPREAD_PPM: Final = 600_000
_RATING_SPREAD_PPM: Final = 750_000
_CADRE_RATING_PPM: Final = 400_000
_PLAN_SPREAD_PPM: Final = 20_000
_PLAN_STEP_PPM: Final = 5_000
_HELD: Final = frozenset(
    {
        "dibao",
        "out_of_poverty",
        "monitored_relapse",
        "monitored_marginal",
        "monitored_sudden",
    }
)


def observe(party: Party, village: Village, application: Mapping[str, Any]) -> dict[str, int]:
    """Return the features of a request; none where no model could have learnt from such.

    Args:
        party: who asks.
        village: where it lives.
        application: `{profile, demand, ..}` as records.applicant has it.
    """
    profile, demand = application["profile"], application["demand"]
    terms = demand.get("terms_asked")
    if party.kind != "household" or terms is None or party.livelihood not in KINDS:
        return {}
    kind, draws = party.livelihood, party.draws.under("observed")
    term = max(1, terms["term_months"])
    loan = Loan(
        number=0,
        month=demand["as_of_month"],
        lender=0,
        officer=0,
        village=party.village,
        remote_ppm=village.remote_ppm,
        livelihood=KINDS.index(kind),
        age_years=profile["age_years"],
        schooling_years=profile["schooling_years"],
        persons=profile["persons"],
        workers=profile["workers"],
        woman=int(profile["sex"] == "f"),
        income_minor=_sum_income(profile),
        debt_minor=sum(debt["balance_minor"] for debt in profile["debts"]),
        savings_minor=profile["savings_minor"],
        prior_tenths=_see_record(party, draws),
        rating_tenths=_see_rating(party, draws),
        internal_rating=draws.between("internal", 1, 9),
        insured=int(bool(profile["insurance"])),
        registered=int(profile["category"] in _HELD),
        subsidised=int(terms["interest_subsidy_ppm"] > 0),
        amount_minor=demand["amount_minor"],
        term_months=term,
        bullet=int(terms["repayment"] == "bullet"),
        fits_harvest=int(fits_season(kind, demand["as_of_month"] + term)),
        plan_return_ppm=_see_plan(kind, draws),
        granted=0,
    )
    return read_features(loan)


def _sum_income(profile: Mapping[str, Any]) -> int:
    """Return a year's net income as the file states it, from all its parts."""
    income = profile["wage_minor_month"] * profile["wage_months"]
    income += profile["transfers_minor_year"] + profile["business_minor_year"]
    for crop in profile["crops"]:
        sales = crop["yield_kg_per_mu"] * crop["price_minor_per_kg"]
        income += (sales - crop["cost_minor_per_mu"]) * crop["area_centimu"] // _MU
    for herd in profile["livestock"]:
        income += herd["sales_minor_year"] - herd["cost_minor_year"]
    return max(_STEP_MINOR, int(income))


def _see_record(party: Party, draws: Draws) -> int | None:
    """Return the earlier record of repayment, tenths; None where the file is thin."""
    if party.profile["credit_record"] in ("none", "thin"):
        return None
    return draws.normal("prior", party.truth.discipline_ppm, _PRIOR_SPREAD_PPM) // _TENTH_PPM


def _see_rating(party: Party, draws: Draws) -> int:
    """Return the village's rating, tenths: .6 will + .3 kin + .4 for officials' kin + noise."""
    truth = party.truth
    seen = 6 * truth.discipline_ppm // 10 + 3 * truth.kin_ppm // 10
    seen += _CADRE_RATING_PPM * truth.cadre_kin
    return draws.normal("rating", seen, _RATING_SPREAD_PPM) // _TENTH_PPM


def _see_plan(kind: str, draws: Draws) -> int:
    """Return what the plan states as a year's return: its kind's usual one, with its own error."""
    stated = draws.normal("plan", RETURN_PPM[kind], _PLAN_SPREAD_PPM)
    return max(0, stated // _PLAN_STEP_PPM * _PLAN_STEP_PPM) if stated < PPM else PPM
