"""Thirty villages: where they lie, what grows there, and the weather that befalls them.

Laws: a village-year has weather loss with a chance of 10 %, its size Beta(2, 3); the farther a
village lies, the more remote. Source: the county's practice (planted truth; five-year mean of
area hit by weather about 10 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.crop import BRANCHES
from tallystick.county.draws import PPM, Draws, exponential_ppm

__all__ = ["VILLAGES_COUNT", "Village", "Weather", "draw_price_ppm", "draw_village", "draw_weather"]

VILLAGES_COUNT: Final = 30
_NAMES: Final = (
    *("柳树湾", "石桥", "白杨坡", "大泉", "王家岭", "青石", "马头", "南河", "双庙", "老营"),
    *("杏花", "红土沟", "榆林", "下川", "七里铺", "龙王庙", "东岔", "北塬", "梨园", "沙窝"),
    *("高坪", "清水", "桃花坞", "黑松", "羊圈沟", "云台", "两河口", "箭竹", "金盆", "寨子"),
)
_KM_MAX: Final = 57
_WEATHER_PPM: Final = 100_000
_GRAINS: Final = (("wheat", "maize"), ("rice", "rapeseed"))
_FRUITS: Final = ("apple", "pear", "peach", "citrus")
_FIELDS: Final = ("potato", "chili", "herb")


@dataclass(frozen=True, slots=True)
class Village:
    """A village.

    Attributes:
        ident: v01..v30.
        zh: name in Chinese.
        km: distance to town, 2..57.
        remote_ppm: 0 near the town to 1,000,000 at the far end.
        grains: the pair of crops its fields carry in a year.
        fruit: what its orchards bear.
        field: its vegetable or herb of the open field.
    """

    ident: str
    zh: str
    km: int
    remote_ppm: int
    grains: tuple[str, str]
    fruit: str
    field: str


@dataclass(frozen=True, slots=True)
class Weather:
    """A loss that befell a village: kind, month number and share of the harvest, ppm."""

    kind: str
    month: int
    loss_ppm: int


def draw_village(number: int, draws: Draws) -> Village:
    """Return the village of a number 0..29."""
    km = 2 + draws.beta_two_three_ppm("km") * (_KM_MAX - 2) // PPM
    return Village(
        ident=f"v{number + 1:02d}",
        zh=f"{_NAMES[number]}村",
        km=km,
        remote_ppm=(km - 2) * PPM // (_KM_MAX - 2),
        grains=draws.pick("grains", _GRAINS),
        fruit=draws.pick("fruit", _FRUITS),
        field=draws.pick("field", _FIELDS),
    )


def draw_weather(draws: Draws, year: int) -> Weather | None:
    """Return what befell a village in a calendar year, None in nine years of ten."""
    of_year = draws.under(f"weather {year}")
    if not of_year.happens("hit", _WEATHER_PPM):
        return None
    month = year * 12 + of_year.between("month", 4, 9) - 1
    kind = of_year.pick("kind", ("flood", "hail", "drought", "frost"))
    return Weather(kind, month, of_year.beta_two_three_ppm("loss"))


def draw_price_ppm(draws: Draws, branch: str, year: int) -> int:
    """Return a branch's price of a year in ppm of the usual one."""
    spread = dict(BRANCHES)[branch]
    return exponential_ppm(spread * draws.normal_ppm(f"price {branch} {year}") // PPM)
