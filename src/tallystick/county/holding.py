"""What a household works with: land, crops by season, animals, a business, machines, insurance.

Laws: areas and heads are those that bring the given net income in a usual year; the file states
yields and prices with a spread of 8 % and 4 %, and one household in twelve praises its yield.
Source: the county's practice.
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.county.crop import ANIMALS, CROPS, Crop
from tallystick.county.draws import PPM, Draws
from tallystick.county.village import Village

__all__ = ["draw_holding"]

_MU: Final = 100
_STEP: Final = 50  # half a mu
_LEAST: Final = 50
_YUAN: Final = 100
_GREENHOUSES: Final = ("gh_tomato", "gh_cucumber", "strawberry")
_GRAIN_MU_MAX: Final = {"family_farm": 300, "elder_grain": 40}


def draw_holding(
    draws: Draws, livelihood: str, village: Village, income_minor: int, *, insured: bool
) -> dict[str, Any]:
    """Return the farm and business part of a profile for a net income of fen a year."""
    crops = _list_crops(draws, livelihood, village, income_minor)
    animals = _list_animals(draws, income_minor) if livelihood == "livestock" else []
    business = income_minor if livelihood == "shop" else 0
    area = _land_of(crops)
    own = min(area, draws.between("own land", 4, 24) * _STEP) if area else 200
    covered = {"greenhouse" if row["crop"] in _GREENHOUSES else row["crop"] for row in crops}
    return {
        "land_own_centimu": own,
        "land_leased_centimu": max(0, area - own),
        "greenhouse_centimu": sum(r["area_centimu"] for r in crops if r["crop"] in _GREENHOUSES),
        "crops": crops,
        "livestock": animals,
        "business_minor_year": business // (100 * _YUAN) * (100 * _YUAN),
        "machines": _list_machines(draws, livelihood),
        "insurance": sorted(covered | {row["kind"] for row in animals}) if insured else [],
    }


def _land_of(crops: list[dict[str, Any]]) -> int:
    """Crops of one year share their field where their seasons follow each other."""
    grains = [row["area_centimu"] for row in crops if CROPS[row["crop"]].branch == "grain"]
    other = [row["area_centimu"] for row in crops if CROPS[row["crop"]].branch != "grain"]
    return int(max(grains, default=0) + sum(other))


def _list_crops(
    draws: Draws, livelihood: str, village: Village, income_minor: int
) -> list[dict[str, Any]]:
    if livelihood in ("orchard", "greenhouse"):
        main = village.fruit if livelihood == "orchard" else draws.pick("greenhouse", _GREENHOUSES)
        grain_minor = min(200_000, income_minor // 5)
        found = [(main, income_minor - grain_minor)]
        return _grow(draws, found) + _grow_grains(draws, village, grain_minor, 20)
    if livelihood == "livestock":
        return _grow_grains(draws, village, income_minor // 6, 20)
    if livelihood in ("elder_grain", "family_farm") and draws.happens("field", 300_000):
        part = income_minor // 3
        rest = _grow_grains(draws, village, income_minor - part, _GRAIN_MU_MAX[livelihood])
        return rest + _grow(draws, [(village.field, part)])
    if livelihood in ("elder_grain", "migrant", "no_labour", "family_farm"):
        return _grow_grains(draws, village, income_minor, _GRAIN_MU_MAX.get(livelihood, 20))
    return []


def _grow_grains(
    draws: Draws, village: Village, income_minor: int, mu_max: int
) -> list[dict[str, Any]]:
    """Both crops of the year on the same field."""
    net = sum(CROPS[name].net_p50_minor for name in village.grains)
    part = [(name, income_minor * CROPS[name].net_p50_minor // net) for name in village.grains]
    rows = _grow(draws, part)
    for row in rows:
        row["area_centimu"] = min(row["area_centimu"], mu_max * _MU)
    return rows


def _grow(draws: Draws, parts: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [
        _state_crop(draws.under(name), CROPS[name], income)
        for name, income in parts
        if income * _MU >= CROPS[name].net_p50_minor * _LEAST
    ]


def _state_crop(draws: Draws, crop: Crop, income_minor: int) -> dict[str, Any]:
    area = income_minor * _MU // crop.net_p50_minor // _STEP * _STEP
    praised = 1_300_000 if draws.happens("praise", 80_000) else PPM
    yield_kg = draws.lognormal("yield", crop.yield_kg, 80_000) * praised // PPM
    return {
        "crop": crop.ident,
        "area_centimu": max(_LEAST, area),
        "yield_kg_per_mu": max(1, yield_kg // 10 * 10),
        "price_minor_per_kg": draws.lognormal("price", crop.price_minor, 40_000) // 5 * 5,
        "cost_minor_per_mu": draws.lognormal("cost", crop.cost_minor, 50_000) // 1_000 * 1_000,
        "sale_months": list(crop.sale_months),
        "outlay_months": list(crop.outlay_months),
        "in_project": 0,
    }


def _list_animals(draws: Draws, income_minor: int) -> list[dict[str, Any]]:
    shares = (("hog", 35), ("cattle", 25), ("ewe", 25), ("layer", 9), ("bee", 6))
    animal = ANIMALS[draws.choose("animal", shares)]
    heads = max(1, income_minor * 5 // 6 // animal.net_p50_minor)
    return [
        {
            "kind": animal.ident,
            "heads": heads,
            "sales_minor_year": heads * animal.sales_minor,
            "cost_minor_year": heads * animal.cost_minor,
            "sale_months": list(animal.sale_months),
            "in_project": 0,
        }
    ]


def _list_machines(draws: Draws, livelihood: str) -> list[str]:
    if livelihood == "family_farm":
        return ["combine", "tractor"] if draws.happens("machines", 500_000) else ["tractor"]
    if livelihood in ("shop", "migrant", "no_labour"):
        return []
    return ["tractor_small"] if draws.happens("machines", 180_000) else []
