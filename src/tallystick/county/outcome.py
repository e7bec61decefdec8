"""What became of a request: the season's harvest and price, the income, and how it felt.

Laws: weather and price are the village's and the branch's of that year, so neighbours share them;
a loss is borne in full without insurance and to 45 % with it; feeling follows from how the case
went and how the season went, with a little temper. Source: the county's practice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from tallystick.county.county import County
from tallystick.county.crop import CROPS
from tallystick.county.demand import Request
from tallystick.county.draws import PPM

__all__ = ["Course", "Season", "find_season", "weigh_feeling"]

Course = Literal["carried", "declined", "refused", "led", "short", "waiting"]
"""How a case went: money or cover came; offer declined; refused; led elsewhere; money came short;
nothing yet."""

_BORNE_PPM: Final = 450_000
_EXPOSED: Final = frozenset({"grain", "field", "orchard", "greenhouse"})
_BASE: Final[dict[Course, int]] = {
    "carried": 45,
    "declined": 30,
    "refused": 26,
    "led": 38,
    "short": 20,
    "waiting": 36,
}
_LOSS_HURTS_PPM: Final = 300_000
_PRICE_HURTS_PPM: Final = 850_000


@dataclass(frozen=True, slots=True)
class Season:
    """A request's season: its branch, harvest kept and price, ppm of the usual, and its income."""

    branch: str
    kept_ppm: int
    price_ppm: int
    income_minor: int | None


def find_season(county: County, request: Request) -> Season:
    """Return how the season of a request went; income is None where no project was to earn."""
    demand, party = request.demand, county.parties[request.party]
    end = demand.get("last_sale_month", request.month + 11)
    branch = _branch(request)
    hit = county.weather.get((party.village, end // 12))
    loss = hit.loss_ppm if hit and branch in _EXPOSED and request.month <= hit.month <= end else 0
    borne = loss * _BORNE_PPM // PPM if party.truth.insured else loss
    price = county.prices.get((branch, end // 12), PPM)
    likely = demand.get("income_likely_minor", 0)
    income = None
    if likely:
        skill = PPM + party.truth.skill_ppm // 20
        revenue = demand.get("revenue_likely_minor", 0)
        swing = (PPM - borne) * price // PPM - PPM
        income = likely * skill // PPM + revenue * swing // PPM
    return Season(branch, PPM - borne, price, income)


def _branch(request: Request) -> str:
    """The branch that carries the request: its crop's, its animal's, else trade."""
    profile = request.application["profile"]
    for row in profile["crops"]:
        if row["in_project"]:
            return CROPS[row["crop"]].branch
    if request.demand["purpose"] == "livestock_buy":
        return "livestock"
    if request.demand["purpose"] == "insure_crop":
        return "grain"
    return "greenhouse" if request.demand["purpose"] == "greenhouse_build" else "trade"


def weigh_feeling(course: Course, season: Season, request: Request) -> int:
    """Return how it felt, 1 (bad) to 5 (good)."""
    tenths = _BASE[course]
    if season.kept_ppm < PPM - _LOSS_HURTS_PPM:
        tenths -= 8
    if season.price_ppm < _PRICE_HURTS_PPM:
        tenths -= 5
    if request.programme and course == "carried":
        tenths += 4
    if request.planted.aid_suits and course == "led":
        tenths += 5
    tenths += request.draws.normal("temper", 0, 6)
    return min(5, max(1, (tenths + 5) // 10))
