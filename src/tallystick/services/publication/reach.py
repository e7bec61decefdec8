"""A survey's households counted into parts that point at nobody.

Villages that would show a small count are joined with the nearest other area until none does;
groups that would are joined into `OTHER`. Every household is in one area and, where groups are
told, in one group, so that both make up the same whole.
Laws: pure; the same rows in any order give the same counts.
Source: the rule of a least count per cell, as statistical offices use it for frequency tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.errors import Invalid
from tallystick.records.programme import COUNTS, LEAST

__all__ = ["OTHER", "Surveyed", "Village", "count_reach", "is_told", "list_villages", "sum_counts"]

OTHER: Final = "other"
"""The group of all that are too small to be told apart."""
Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Village:
    """A village as a programme's record lists it.

    Attributes:
        code: its code, ascending in the list.
        zh: name in Chinese.
        en: name in English.
        lon_micro: longitude in millionths of a degree.
        lat_micro: latitude likewise.
    """

    code: str
    zh: str
    en: str
    lon_micro: int
    lat_micro: int

    def tree(self) -> dict[str, Any]:
        """Return it as the record holds it."""
        place = {"lon": self.lon_micro, "lat": self.lat_micro}
        return {"code": self.code, "zh": self.zh, "en": self.en, **place}


@dataclass(frozen=True, slots=True)
class Surveyed:
    """One household of the survey, without a name.

    Attributes:
        village: its village's code.
        group: the group it is counted in.
        is_poor: what the survey found.
        is_held: whether the programme's list holds it.
    """

    village: str
    group: str
    is_poor: bool
    is_held: bool


def list_villages(villages: Iterable[Village]) -> list[dict[str, Any]]:
    """Return villages as the record lists them, by code."""
    return [each.tree() for each in sorted(villages, key=lambda each: each.code)]


def count_reach(
    villages: Sequence[Village], surveyed: Iterable[Surveyed]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return areas and groups with their counts, as `programme.measured` holds them.

    Raises:
        Invalid: `programme.village`, a household is of no village listed; `programme.too_few`,
            even the whole shows a small count.
    """
    by_village: dict[str, Counter[str]] = {each.code: Counter() for each in villages}
    by_group: dict[str, Counter[str]] = {}
    for each in surveyed:
        if each.village not in by_village:
            raise Invalid(
                "programme.village",
                "a household is of a village that is not in the list of villages",
                cure="Add the village with its names and place, or correct its code.",
            )
        counts = _count(each)
        by_village[each.village].update(counts)
        by_group.setdefault(each.group, Counter()).update(counts)
    areas = _join_villages(villages, by_village)
    groups = _join_groups(by_group)
    return (
        [{"villages": codes, **_whole(counts)} for codes, counts in areas],
        [{"group": name, **_whole(counts)} for name, counts in groups],
    )


def _count(each: Surveyed) -> Counter[str]:
    return Counter(
        {
            "households": 1,
            "poor": int(each.is_poor),
            "held": int(each.is_held),
            "missed": int(each.is_poor and not each.is_held),
            "wrong": int(each.is_held and not each.is_poor),
        }
    )


def _whole(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in COUNTS}


def is_told(counts: Counts) -> bool:
    """Tell whether counts agree with one another and none of their cells is small.

    The four cells are: poor and held, poor and missed, held wrongly, and neither.

    >>> is_told({"households": 40, "poor": 12, "held": 13, "missed": 5, "wrong": 6})
    True
    >>> is_told({"households": 40, "poor": 12, "held": 9, "missed": 5, "wrong": 2})
    False
    """
    both = counts["poor"] - counts["missed"]
    if both != counts["held"] - counts["wrong"]:
        return False
    neither = counts["households"] - both - counts["missed"] - counts["wrong"]
    cells = (both, counts["missed"], counts["wrong"], neither)
    return counts["households"] >= LEAST and all(cell == 0 or cell >= LEAST for cell in cells)


def sum_counts(parts: Iterable[Counts]) -> dict[str, int]:
    """Return the counts of the whole that parts make up."""
    whole = dict.fromkeys(COUNTS, 0)
    for each in parts:
        for name in COUNTS:
            whole[name] += each[name]
    return whole


_Area = tuple[list[str], Counter[str]]


def _join_villages(villages: Sequence[Village], found: Mapping[str, Counter[str]]) -> list[_Area]:
    """Return areas: each village its own, joined with the nearest while it would be too small."""
    places = {each.code: (each.lon_micro, each.lat_micro) for each in villages}
    areas: list[_Area] = [([code], found[code]) for code in sorted(found)]
    while True:
        few = [area for area in areas if not is_told(_whole(area[1]))]
        if not few:
            return sorted(areas, key=lambda area: area[0])
        # Two that are too small come out finer than one that is drawn into a large one.
        small = few[0]
        others = [area for area in (few if len(few) > 1 else areas) if area is not small]
        if not others:
            raise Invalid(
                "programme.too_few",
                f"all households together still show a count below {LEAST}",
                cure="Survey more households, or measure several townships at once.",
            )
        near = min(others, key=lambda area: (_distance(small[0], area[0], places), area[0]))
        joined = (sorted(small[0] + near[0]), small[1] + near[1])
        areas = [*(area for area in areas if area is not near and area is not small), joined]


def _distance(
    codes: Sequence[str], others: Sequence[str], places: Mapping[str, tuple[int, int]]
) -> int:
    """Return the least squared distance between villages of two areas."""
    return min(
        (places[a][0] - places[b][0]) ** 2 + (places[a][1] - places[b][1]) ** 2
        for a in codes
        for b in others
    )


def _join_groups(found: Mapping[str, Counter[str]]) -> list[tuple[str, Counter[str]]]:
    """Return groups by name, the small ones as one; none where only one would be left."""
    told = {name: counts for name, counts in found.items() if is_told(_whole(counts))}
    pool = Counter[str]()
    for name in found.keys() - told.keys():
        pool.update(found[name])
    if not +pool:
        return sorted(told.items())
    pool.update(told.pop(OTHER, Counter()))
    while told and not is_told(_whole(pool)):
        least = min(told, key=lambda name: (told[name]["households"], name))
        pool.update(told.pop(least))
    return sorted([*told.items(), (OTHER, pool)]) if told else []
