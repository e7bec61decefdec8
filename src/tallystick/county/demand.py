"""Who asks for what, and when: requests of a year, some of them ill-timed, too large or misled.

Laws: a party asks at most twice a year; each request follows from the party's draws of that year
and slot alone; a request falls into a month in which its purpose makes sense, unless it is
planted as ill-timed. Source: the county's practice (planted truth, biases).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tallystick.county.asking import Asking
from tallystick.county.draws import Draws
from tallystick.county.farm_demand import (
    ask_animals,
    ask_greenhouse,
    ask_inputs,
    ask_leaseback,
    ask_machine,
    ask_processing,
    find_input_months,
)
from tallystick.county.home_demand import (
    ask_after_shock,
    ask_feast,
    ask_illness,
    ask_living,
    ask_shop,
    ask_stock,
    ask_tuition,
)
from tallystick.county.livelihood import LIVELIHOODS
from tallystick.county.party import Party
from tallystick.county.plain_demand import ask_insurance, ask_investment, ask_saving
from tallystick.county.village import Weather

__all__ = ["PROGRAMMES", "Planted", "Request", "draw_requests"]

PROGRAMMES: Final = frozenset({"poverty_microcredit", "startup_guarantee"})
"""Schemes whose interest the county pays in part or in full: their loans are public money."""
_SLOTS: Final = 2
_DAYS: Final = 28
_LATE_PPM: Final = 130_000
_LARGE_PPM: Final = 90_000
_NAME_PPM: Final = 15_000
_TWICE_PPM: Final = 25_000
_ENTITY_ASKS_PPM: Final = 700_000
_ATTEMPTS: Final = 4
_BOLD_PPM: Final = 200_000
_MEANS_TESTED: Final = frozenset({"poverty_microcredit", "student"})
_EVERY: Final = tuple(range(1, 13))

Build = Callable[[Asking], dict[str, Any] | None]


class _Errand(NamedTuple):
    build: Build
    months: tuple[int, ...]


_ERRANDS: Final[dict[str, _Errand]] = {
    "inputs": _Errand(ask_inputs, ()),
    "animals": _Errand(ask_animals, (2, 3, 4, 8, 9)),
    "greenhouse": _Errand(ask_greenhouse, (5, 6, 7)),
    "machine": _Errand(ask_machine, (1, 2, 3, 8)),
    "leaseback": _Errand(ask_leaseback, (1, 2, 12)),
    "processing": _Errand(ask_processing, (2, 3, 4, 5)),
    "stock": _Errand(ask_stock, (1, 4, 8, 11, 12)),
    "shop": _Errand(ask_shop, (2, 3, 9, 10)),
    "tuition": _Errand(ask_tuition, (7, 8)),
    "feast": _Errand(ask_feast, (1, 9, 10, 11, 12)),
    "illness": _Errand(ask_illness, _EVERY),
    "living": _Errand(ask_living, _EVERY),
    "saving": _Errand(ask_saving, (1, 2, 7, 10, 11)),
    "investment": _Errand(ask_investment, (1, 2, 11)),
    "insurance": _Errand(ask_insurance, (3, 4, 9, 10)),
}
_GRAIN: Final = (("inputs", 46), ("insurance", 24), ("saving", 10), ("illness", 4), ("tuition", 4))
_WEIGHTS: Final[dict[str, tuple[tuple[str, int], ...]]] = {
    "elder_grain": (*_GRAIN, ("living", 4), ("animals", 4)),
    "orchard": (("inputs", 64), ("saving", 10), ("tuition", 10), ("feast", 6), ("illness", 4)),
    "greenhouse": (("inputs", 50), ("greenhouse", 22), ("saving", 12), ("tuition", 16)),
    "livestock": (("animals", 70), ("saving", 8), ("tuition", 8), ("feast", 6), ("inputs", 8)),
    "migrant": (
        *(("shop", 16), ("tuition", 20), ("saving", 22), ("investment", 10), ("feast", 8)),
        *(("inputs", 16), ("illness", 3)),
    ),
    "shop": (("stock", 62), ("investment", 12), ("saving", 10), ("tuition", 10), ("feast", 6)),
    "no_labour": (("illness", 46), ("living", 44), ("feast", 10)),
    "family_farm": (
        *(("inputs", 40), ("machine", 20), ("leaseback", 12), ("processing", 18)),
        ("insurance", 10),
    ),
    "firm": (("processing", 60), ("leaseback", 10), ("machine", 30)),
    "project": (("processing", 70), ("greenhouse", 30)),
}


@dataclass(frozen=True, slots=True)
class Planted:
    """What is wrong with a request, known to the county alone."""

    ill_timed: bool = False
    too_large: bool = False
    aid_suits: bool = False
    borrowed_name: bool = False
    asked_twice: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One request.

    Attributes:
        party: its place among the county's parties.
        month: month number; `day` is the day of the month, 1..28.
        day: see `month`.
        programme: name where public money is asked for, else None.
        application: `{profile, demand, features}` as records.applicant has it.
        planted: what is wrong with it.
        draws: its draws, for what becomes of it.
    """

    party: int
    month: int
    day: int
    programme: str | None
    application: Mapping[str, Any]
    planted: Planted
    draws: Draws

    @property
    def demand(self) -> Mapping[str, Any]:
        """The demand's tree."""
        found: Mapping[str, Any] = self.application["demand"]
        return found


def draw_requests(
    parties: Sequence[Party],
    weather: Mapping[tuple[int, int], Weather],
    *,
    start_month: int,
    months: int,
) -> tuple[Request, ...]:
    """Return the requests of `months` months by date.

    Args:
        parties: all parties; a request names its party by place.
        weather: losses by (village, calendar year).
        start_month: first month number.
        months: number of months.
    """
    found = []
    years = range(start_month // 12, (start_month + months - 1) // 12 + 1)
    for place, party in enumerate(parties):
        for year in years:
            for slot in range(_SLOTS):
                request = _draw_request(place, party, slot, year, weather)
                if request and start_month <= request.month < start_month + months:
                    found.append(request)
    return tuple(sorted(found, key=lambda each: (each.month, each.day, each.party)))


def _draw_request(
    place: int, party: Party, slot: int, year: int, weather: Mapping[tuple[int, int], Weather]
) -> Request | None:
    """The request of a year's slot: the second slot is asked in by one in three."""
    draws = party.draws.under(f"request {year} {slot}")
    chance = _asks_ppm(party) // (1 if slot == 0 else 3)
    if not draws.happens("asks", chance):
        return None
    asking = Asking(party, 0, draws)
    hit = weather.get((party.village, year))
    if hit and draws.happens("bridge", hit.loss_ppm):
        asking.month = hit.month + 1
        demand = ask_after_shock(asking, hit)
    else:
        demand = _ask(asking, year)
    return None if demand is None else _finish(place, asking, demand)


def _asks_ppm(party: Party) -> int:
    """Chance of a request in a year; the poor and the far ask less, officials' kin more."""
    if party.kind != "household":
        return _ENTITY_ASKS_PPM
    chance = LIVELIHOODS[party.livelihood].asks_ppm
    if party.profile["category"] in ("dibao", "out_of_poverty"):
        chance = chance * 7 // 10
    return chance * 3 // 2 if party.truth.cadre_kin else chance


def _ask(asking: Asking, year: int) -> dict[str, Any] | None:
    """Choose what for and when, and ask; what the party has no use for is drawn again."""
    draws = asking.draws
    for attempt in range(_ATTEMPTS):
        name = draws.choose(f"errand {attempt}", _WEIGHTS[asking.party.livelihood])
        errand = _ERRANDS[name]
        months = errand.months or find_input_months(asking)
        if not months:
            continue
        asking.month = year * 12 + draws.pick(f"month {attempt}", months) - 1
        demand = errand.build(asking)
        if demand is not None and (_is_prudent(asking, demand) or draws.happens("bold", _BOLD_PPM)):
            return demand
        asking.in_project.clear()
    return None


def _is_prudent(asking: Asking, demand: Mapping[str, Any]) -> bool:
    """Whether savings pay what is not borrowed, and help for the poor is not asked with means."""
    savings, cost = asking.party.profile["savings_minor"], demand.get("cost_minor", 0)
    if demand["scheme_asked"] in _MEANS_TESTED and savings >= cost:
        return False
    return bool(cost - demand["amount_minor"] <= savings)


def _finish(place: int, asking: Asking, demand: dict[str, Any]) -> Request:
    """Plant what goes wrong, name the crops of the project, and date the request."""
    draws, party = asking.draws, asking.party
    lent = "terms_asked" in demand and demand["scheme_asked"] != "student"
    planted = Planted(
        ill_timed=lent and draws.happens("ill-timed", _LATE_PPM) and _mistime(asking, demand),
        too_large=lent and draws.happens("too large", _LARGE_PPM) and _enlarge(asking, demand),
        aid_suits=lent and not party.profile["able_to_work"],
        borrowed_name=lent and draws.happens("borrowed name", _NAME_PPM),
        asked_twice=lent and draws.happens("asked twice", _TWICE_PPM),
    )
    if planted.borrowed_name:
        demand["user_of_money"] = draws.pick("user", ("cousin", "neighbour"))
    if planted.asked_twice:
        other = {"lender": "village_bank", "amount_minor": demand["amount_minor"]}
        demand["applied_elsewhere"] = [{**other, "same_purpose": 1, "status": "pending"}]
    crops = [
        {**row, "in_project": int(row["crop"] in asking.in_project)}
        for row in party.profile["crops"]
    ]
    scheme = demand["scheme_asked"]
    return Request(
        party=place,
        month=asking.month,
        day=draws.between("day", 1, _DAYS),
        programme=scheme if scheme in PROGRAMMES else None,
        application={
            "profile": {**party.profile, "crops": crops},
            "demand": demand,
            "features": {},
        },
        planted=planted,
        draws=draws,
    )


def _mistime(asking: Asking, demand: dict[str, Any]) -> bool:
    """Let one payment fall due before the harvest; False where there is none to miss."""
    terms = demand["terms_asked"]
    if terms["repayment"] != "bullet" or not demand.get("working_capital"):
        return False
    due = demand["first_sale_month"] - asking.draws.between("early", 1, 3)
    if due <= terms["start_month"]:
        return False
    terms["term_months"] = due - terms["start_month"]
    demand["payable_months"] = [due % 12 + 1]
    return True


def _enlarge(asking: Asking, demand: dict[str, Any]) -> bool:
    """Ask for two to four times what the same project needs."""
    times = asking.draws.between("times", 20, 40)
    for name in ("amount_minor", "cost_minor"):
        demand[name] = demand[name] * times // 10 // 100_000 * 100_000 or demand[name]
    demand.pop("bearable_instalment_minor", None)
    return True
