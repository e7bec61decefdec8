"""Thirty villages: where they lie, what grows there, and the weather that befalls them.

Laws: a village-year has weather loss with a chance of 10 %, its size Beta(2, 3); the farther a
village lies, the more remote. Villages lie around the town by the golden angle, as far off as their
road is long, so that no two lie on one another. The place of the county is made up.
Source: the county's practice (planted truth; five-year mean of area hit by weather about 10 %).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.county.crop import BRANCHES
from tallystick.county.draws import PPM, Draws, exponential_ppm

__all__ = ["VILLAGES_COUNT", "Village", "Weather", "draw_price_ppm", "draw_village", "draw_weather"]

VILLAGES_COUNT: Final = 30
_NAMES: Final = (
    *(("柳树湾", "Liushuwan"), ("石桥", "Shiqiao"), ("白杨坡", "Baiyangpo"), ("大泉", "Daquan")),
    *(("王家岭", "Wangjialing"), ("青石", "Qingshi"), ("马头", "Matou"), ("南河", "Nanhe")),
    *(("双庙", "Shuangmiao"), ("老营", "Laoying"), ("杏花", "Xinghua"), ("红土沟", "Hongtugou")),
    *(("榆林", "Yulin"), ("下川", "Xiachuan"), ("七里铺", "Qilipu"), ("龙王庙", "Longwangmiao")),
    *(("东岔", "Dongcha"), ("北塬", "Beiyuan"), ("梨园", "Liyuan"), ("沙窝", "Shawo")),
    *(("高坪", "Gaoping"), ("清水", "Qingshui"), ("桃花坞", "Taohuawu"), ("黑松", "Heisong")),
    *(("羊圈沟", "Yangjuangou"), ("云台", "Yuntai"), ("两河口", "Lianghekou")),
    *(("箭竹", "Jianzhu"), ("金盆", "Jinpen"), ("寨子", "Zhaizi")),
)
_TOWN_MICRO: Final = (104_500_000, 31_500_000)
"""Longitude and latitude of the town."""
_MICRO_PER_KM: Final = (10_546, 8_993)
"""Millionths of a degree of longitude and latitude in a kilometre, at the town's latitude."""
_GOLDEN_PPM: Final = (-737_369, 675_490)
"""Cosine and sine of the golden angle, 137.5 degrees."""
_SWAY_PPM: Final = 150_000
"""How far a village's direction sways, as a part of its distance."""
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
        en: name in English.
        lon_micro: longitude in millionths of a degree, made up.
        lat_micro: latitude likewise.
        km: distance to town, 2..57.
        remote_ppm: 0 near the town to 1,000,000 at the far end.
        grains: the pair of crops its fields carry in a year.
        fruit: what its orchards bear.
        field: its vegetable or herb of the open field.
    """

    ident: str
    zh: str
    en: str
    lon_micro: int
    lat_micro: int
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
    zh, en = _NAMES[number]
    lon_micro, lat_micro = _place(number, km, draws)
    return Village(
        ident=f"v{number + 1:02d}",
        zh=f"{zh}村",
        en=en,
        lon_micro=lon_micro,
        lat_micro=lat_micro,
        km=km,
        remote_ppm=(km - 2) * PPM // (_KM_MAX - 2),
        grains=draws.pick("grains", _GRAINS),
        fruit=draws.pick("fruit", _FRUITS),
        field=draws.pick("field", _FIELDS),
    )


def _place(number: int, km: int, draws: Draws) -> tuple[int, int]:
    """Return longitude and latitude of a village at a distance from town."""
    east, north = PPM, 0
    for _ in range(number):
        cosine, sine = _GOLDEN_PPM
        east, north = (
            (east * cosine - north * sine) // PPM,
            (east * sine + north * cosine) // PPM,
        )
    sway = draws.between("sway", -_SWAY_PPM, _SWAY_PPM)
    # A turn by a small angle; what it adds to the length is less than the road is longer anyway.
    east, north = east - north * sway // PPM, north + east * sway // PPM
    return (
        _TOWN_MICRO[0] + km * _MICRO_PER_KM[0] * east // PPM,
        _TOWN_MICRO[1] + km * _MICRO_PER_KM[1] * north // PPM,
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
