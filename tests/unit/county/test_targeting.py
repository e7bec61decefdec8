"""The register's errors on a county whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.base.clock import DAY_MS, ManualClock, SeededEntropy
from tallystick.county.agenda import day_of
from tallystick.county.county import County, draw_county
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.register import find_poor
from tallystick.county.targeting import PROGRAMME, is_held, measure_targeting, publish_reach


@pytest.fixture(scope="module")
def county() -> County:
    return draw_county(SeededEntropy("targeting"), households=3_000, months=1)


def test_errors_are_those_of_the_countys_practice(county: County) -> None:
    found = measure_targeting(county).whole
    low, high = found.exclusion.interval_ppm
    assert low < 420_000, "about two in five of the poor are left out"
    assert high > 380_000
    assert abs((found.inclusion.ppm or 0) - (found.exclusion.ppm or 0)) < 60_000


def test_a_true_register_misses_nobody_and_holds_nobody_wrongly(county: County) -> None:
    poor = find_poor([each for each in county.parties if each.kind == "household"])
    true = [
        replace(
            party,
            profile={**party.profile, "category": "dibao" if party.ident in poor else "ordinary"},
        )
        for party in county.parties
    ]
    found = measure_targeting(replace(county, parties=tuple(true)))
    assert (found.whole.exclusion.hits, found.whole.inclusion.hits, found.missed) == (0, 0, ())


def test_parts_sum_to_the_whole_and_the_missed_are_named(county: County) -> None:
    found = measure_targeting(county)
    for parts in (found.villages, found.livelihoods):
        assert sum(each.exclusion.hits for each in parts) == found.whole.exclusion.hits
        assert sum(each.exclusion.count for each in parts) == found.whole.exclusion.count
        assert sum(each.inclusion.count for each in parts) == found.whole.inclusion.count
    assert len(found.missed) == found.whole.exclusion.hits
    by_ident = {party.ident: party for party in county.parties}
    assert not any(is_held(by_ident[ident]) for ident in found.missed)


def test_a_village_with_few_poor_says_how_little_it_knows(county: County) -> None:
    villages = measure_targeting(county).villages
    few = min(villages, key=lambda each: each.exclusion.count)
    many = max(villages, key=lambda each: each.exclusion.count)
    width = [high - low for low, high in (few.exclusion.interval_ppm, many.exclusion.interval_ppm)]
    assert width[0] > width[1]


def test_the_published_reach_is_the_measured_one_and_every_member_reads_it(
    county: County, tmp_path: Path
) -> None:
    clock = ManualClock(day_of(county.start_month, 2) * DAY_MS)
    found_county(tmp_path / "county", seed="targeting", clock=clock)
    truth = measure_targeting(county)
    with open_house(tmp_path / "county", clock) as house:
        publish_reach(house, county)
        house.spread()
        found = house.office("newspaper").show_programme(PROGRAMME)
        drawn = house.office("newspaper").show_map()
        record = house.node("civil-affairs").views.rows("measurement")[0]
    (cycle,) = found["cycles"]
    for name in ("exclusion", "inclusion"):
        share = getattr(truth.whole, name)
        assert (cycle[name]["hits"], cycle[name]["count"]) == (share.hits, share.count)
        assert (cycle[name]["low_ppm"], cycle[name]["high_ppm"]) == share.interval_ppm
    assert [each["code"] for each in found["villages"]] == [
        village.ident for village in county.villages
    ]
    areas = {tuple(each["area"]): each["missed"] for each in found["villages"]}
    assert sum(areas.values()) == len(truth.missed)
    assert all(missed == 0 or missed >= 5 for missed in areas.values())
    assert [each["id"] for each in drawn["features"]] == [each.ident for each in county.villages]
    # No household's own name, nor one it bears, stands in what is published.
    homes = [party.ident for party in county.parties]
    assert not [ident for ident in homes if ident.encode() in record["entry"]]
