"""Whom the county's register misses and whom it holds wrongly, on the day it was drawn up.

The snapshot is frozen: the register and the truth of one day, so that a later cycle is compared
with it and not with what has changed since. Exclusion = the truly poor who are not held, of all the
truly poor; inclusion = those held who are not truly poor, of all held. Intervals are Wilson's at
95 %; a village with few poor has a wide one, and says so.
Limits: truth is known of a synthetic county alone; a real one asks a sample of households anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.county.agenda import day_of
from tallystick.county.county import County
from tallystick.county.house import House
from tallystick.county.party import Party
from tallystick.county.register import find_poor
from tallystick.services.positioning.share import Share
from tallystick.services.publication.reach import Surveyed, Village, count_reach, list_villages

__all__ = ["PROGRAMME", "Reach", "Targeting", "is_held", "measure_targeting", "publish_reach"]

PROGRAMME: Final = "poverty_microcredit"
"""The programme whose list the register is, as its public money is named."""
_MEASURER: Final = "civil-affairs"
_MONTHS: Final = 12
_HELD: Final = ("dibao", "out_of_poverty")
_MONITORED: Final = "monitored_"


@dataclass(frozen=True, slots=True)
class Reach:
    """Errors of the register in one part of the county.

    Attributes:
        name: the village or group.
        exclusion: truly poor and not held, of the truly poor.
        inclusion: held and not truly poor, of those held.
    """

    name: str
    exclusion: Share
    inclusion: Share


@dataclass(frozen=True, slots=True)
class Targeting:
    """The register against the truth.

    Attributes:
        whole: of all households.
        villages: by village, the greatest number of missed households first.
        livelihoods: by what households live on, likewise.
        missed: idents of the truly poor who are not held, in the county's order.
    """

    whole: Reach
    villages: tuple[Reach, ...]
    livelihoods: tuple[Reach, ...]
    missed: tuple[str, ...]


def measure_targeting(county: County) -> Targeting:
    """Return the register's errors on the county's first day."""
    homes = [party for party in county.parties if party.kind == "household"]
    poor = find_poor(homes)
    return Targeting(
        whole=_reach("all", homes, poor),
        villages=_split(homes, poor, lambda home: f"v{home.village:02}"),
        livelihoods=_split(homes, poor, lambda home: home.livelihood),
        missed=tuple(home.ident for home in homes if home.ident in poor and not is_held(home)),
    )


def publish_reach(house: House, county: County) -> dict[str, Any]:
    """Publish the register's reach of the county's first month, as civil affairs surveyed it.

    Counts alone leave the office: villages and groups too small to be told stand together.

    Args:
        house: the county's open members; the clock is past the first day of `county`.
        county: whose register and truth are compared.

    Returns:
        `{programme, cycle, record}`.

    Raises:
        Invalid: `programme.too_few`, the county is too small for any figure.
    """
    homes = [party for party in county.parties if party.kind == "household"]
    poor = find_poor(homes)
    villages = [
        Village(each.ident, each.zh, each.en, each.lon_micro, each.lat_micro)
        for each in county.villages
    ]
    areas, groups = count_reach(
        villages,
        (
            Surveyed(
                village=county.villages[home.village].ident,
                group=home.livelihood,
                is_poor=home.ident in poor,
                is_held=is_held(home),
            )
            for home in homes
        ),
    )
    month = county.start_month
    return house.office(_MEASURER).measure_programme(
        PROGRAMME,
        cycle=month // _MONTHS * 100 + month % _MONTHS + 1,
        day=day_of(month, 1),
        villages=list_villages(villages),
        areas=areas,
        groups=groups,
    )


def is_held(home: Party) -> bool:
    """Tell whether the register holds a household."""
    category = str(home.profile["category"])
    return category in _HELD or category.startswith(_MONITORED)


def _split(
    homes: Sequence[Party], poor: frozenset[str], name_of: Callable[[Party], str]
) -> tuple[Reach, ...]:
    groups: dict[str, list[Party]] = {}
    for home in homes:
        groups.setdefault(name_of(home), []).append(home)
    found = [_reach(name, group, poor) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda each: (-each.exclusion.hits, each.name)))


def _reach(name: str, homes: Sequence[Party], poor: frozenset[str]) -> Reach:
    held = {home.ident for home in homes if is_held(home)}
    here = {home.ident for home in homes if home.ident in poor}
    return Reach(name, Share(len(here - held), len(here)), Share(len(held - here), len(held)))
