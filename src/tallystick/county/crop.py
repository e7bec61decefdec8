"""What grows and is kept in the county: crops by season, animals, and what they usually bring.

Money is in fen, area in mu, months are calendar months in the order of the season (a sale that
begins in November and ends in June is [11, 12, 1, .. 6]). `net_*` are a middle, bad and good
year's net income per mu or head (P50, P20, P80). `price_spread_ppm` is the standard deviation of
the yearly price, by branch. Source: the county's practice (planted truth; yields and prices).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ANIMALS", "BRANCHES", "CROPS", "Animal", "Crop"]


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop per mu and season."""

    ident: str
    zh: str
    branch: str
    yield_kg: int
    price_minor: int
    cost_minor: int
    outlay_months: tuple[int, ...]
    sale_months: tuple[int, ...]
    net_p20_minor: int
    net_p50_minor: int
    net_p80_minor: int


@dataclass(frozen=True, slots=True)
class Animal:
    """An animal (or hive) per head: bought once, sold and fed by the year."""

    ident: str
    zh: str
    price_minor: int
    sales_minor: int
    cost_minor: int
    wait_months: int
    sale_months: tuple[int, ...]
    net_p20_minor: int
    net_p50_minor: int
    net_p80_minor: int


_YUAN: Final = 100
_WINTER: Final = (11, 12, 1, 2, 3, 4, 5, 6)

# ident, name, branch; kg per mu, fen per kg, yuan of cost per mu; outlays, sales; net yuan per mu.
_ROWS: Final = (
    ("wheat", "小麦", "grain", (450, 240, 520), (10, 3), (6,), (380, 560, 720)),
    ("maize", "玉米", "grain", (550, 220, 490), (4, 6), (10,), (480, 720, 930)),
    ("rice", "水稻", "grain", (550, 270, 655), (4, 6), (10,), (550, 830, 1080)),
    ("rapeseed", "油菜", "grain", (160, 600, 400), (10, 2), (5,), (350, 560, 750)),
    ("potato", "土豆", "field", (1800, 120, 1100), (3, 5), (8, 9), (550, 1060, 1600)),
    ("chili", "辣椒", "field", (1500, 300, 2200), (3, 5), (8, 9, 10), (1000, 2300, 3600)),
    ("herb", "药材", "field", (350, 2000, 3000), (3,), (11,), (1800, 4000, 6500)),
    ("apple", "苹果", "orchard", (2000, 400, 3500), (3, 5, 7), (9, 10, 11), (2200, 4500, 6800)),
    ("pear", "梨", "orchard", (2200, 250, 2600), (3, 5), (9, 10), (1400, 2900, 4500)),
    ("peach", "桃", "orchard", (1800, 350, 2800), (2, 4), (7, 8), (1700, 3500, 5400)),
    ("citrus", "柑橘", "orchard", (2000, 300, 2800), (3, 7), (11, 12), (1500, 3200, 5000)),
    (
        "gh_tomato",
        "番茄",
        "greenhouse",
        (8000, 320, 12000),
        (8, 9, 12),
        _WINTER,
        (7500, 13600, 19500),
    ),
    (
        "gh_cucumber",
        "黄瓜",
        "greenhouse",
        (9000, 280, 12000),
        (8, 9, 12),
        _WINTER,
        (7000, 13200, 18800),
    ),
    (
        "strawberry",
        "草莓",
        "greenhouse",
        (2000, 1600, 17000),
        (8, 9),
        (12, 1, 2, 3, 4),
        (7500, 15000, 22500),
    ),
)
_EVERY: Final = tuple(range(1, 13))

CROPS: Final[dict[str, Crop]] = {
    ident: Crop(
        *(ident, zh, branch, kg, price, cost * _YUAN, outlays, sales),
        *(value * _YUAN for value in nets),
    )
    for ident, zh, branch, (kg, price, cost), outlays, sales, nets in _ROWS
}
"""Crops by ident."""

ANIMALS: Final[dict[str, Animal]] = {
    animal.ident: animal
    for animal in (
        Animal("hog", "猪", 60_000, 190_000, 165_000, 6, (1, 4, 7, 10), -8_000, 25_000, 52_000),
        Animal("cattle", "牛", 900_000, 560_000, 360_000, 12, (1, 12), 60_000, 200_000, 330_000),
        Animal("ewe", "羊", 110_000, 92_000, 40_000, 8, (1, 9, 12), 25_000, 52_000, 80_000),
        Animal("layer", "蛋鸡", 3_500, 13_000, 11_000, 2, _EVERY, 500, 2_000, 3_400),
        Animal("bee", "蜂", 60_000, 70_000, 18_000, 4, (5, 7), 25_000, 52_000, 80_000),
    )
}
"""Animals by ident."""

BRANCHES: Final[tuple[tuple[str, int], ...]] = (
    ("grain", 60_000),
    ("field", 160_000),
    ("orchard", 180_000),
    ("greenhouse", 200_000),
    ("livestock", 280_000),
    ("trade", 100_000),
)
"""Branches with the standard deviation of their yearly price, ppm."""
