"""A survey is counted into parts that point at nobody, and a rule admits no others."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rulings import Floor
from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Invalid
from tallystick.records.programme import COUNTS, LEAST, VILLAGES_MAX
from tallystick.records.refusal import Refusal
from tallystick.services.publication.reach import (
    OTHER,
    Surveyed,
    Village,
    count_reach,
    is_told,
    list_villages,
    sum_counts,
)

Tree = dict[str, Any]
GROUPS: Final = ("grain", "orchard", "migrant", "shop")


def _villages(count: int) -> list[Village]:
    return [
        Village(f"v{at:02}", f"村{at}", f"V{at}", 100_000_000 + at * 10_000, 30_000_000)
        for at in range(count)
    ]


def _homes(count: int, villages: int, seed: int, *, poor_percent: int = 15) -> list[Surveyed]:
    drawn = random.Random(seed)
    return [
        Surveyed(
            village=f"v{drawn.randrange(villages):02}",
            group=drawn.choice(GROUPS),
            is_poor=drawn.randrange(100) < poor_percent,
            is_held=drawn.randrange(100) < 20,
        )
        for _ in range(count)
    ]


def _cells(counts: Mapping[str, int]) -> list[int]:
    both = counts["poor"] - counts["missed"]
    neither = counts["households"] - both - counts["missed"] - counts["wrong"]
    return [both, counts["missed"], counts["wrong"], neither]


@settings(max_examples=60, deadline=None)
@given(
    count=some.integers(0, 1_500),
    villages=some.integers(1, VILLAGES_MAX),
    seed=some.integers(0, 1_000),
    poor_percent=some.integers(0, 100),
)
def test_no_part_shows_a_count_that_is_few_and_parts_make_up_the_whole(
    count: int, villages: int, seed: int, poor_percent: int
) -> None:
    homes = _homes(count, villages, seed, poor_percent=poor_percent)
    if not is_told(_of(homes)):
        with pytest.raises(Invalid, match="together") as caught:
            count_reach(_villages(villages), homes)
        assert caught.value.code == "programme.too_few"
        return
    areas, groups = count_reach(_villages(villages), homes)
    for part in (*areas, *groups):
        assert all(cell == 0 or cell >= LEAST for cell in _cells(part))
        assert part["households"] >= LEAST
    assert sum_counts(areas) == _of(homes)
    assert not groups or sum_counts(groups) == _of(homes)
    assert sorted(code for area in areas for code in area["villages"]) == [
        each.code for each in _villages(villages)
    ]


def _of(homes: list[Surveyed]) -> dict[str, int]:
    return {
        "households": len(homes),
        "poor": sum(home.is_poor for home in homes),
        "held": sum(home.is_held for home in homes),
        "missed": sum(home.is_poor and not home.is_held for home in homes),
        "wrong": sum(home.is_held and not home.is_poor for home in homes),
    }


def test_the_order_of_rows_and_villages_changes_nothing() -> None:
    homes = _homes(600, 30, 1)
    turned = list(reversed(homes))
    assert count_reach(_villages(30), homes) == count_reach(_villages(30)[::-1], turned)


def test_a_large_survey_tells_every_village_by_itself() -> None:
    areas, groups = count_reach(_villages(10), _homes(20_000, 10, 2))
    assert [area["villages"] for area in areas] == [[each.code] for each in _villages(10)]
    assert [group["group"] for group in groups] == sorted(GROUPS)


def test_small_villages_join_their_neighbours_on_a_line() -> None:
    areas, _ = count_reach(_villages(30), _homes(1_500, 30, 3))
    assert 1 < len(areas) < 30
    codes = [each.code for each in _villages(30)]
    spread = [
        after - before
        for area in areas
        for before, after in pairwise(codes.index(code) for code in area["villages"])
    ]
    assert sum(step == 1 for step in spread) > len(spread) // 2


def test_small_groups_are_told_together() -> None:
    homes = _homes(3_000, 3, 4)
    rare = [Surveyed("v00", f"rare-{at}", is_poor=True, is_held=False) for at in range(7)]
    _, groups = count_reach(_villages(3), [*homes, *rare])
    names = [group["group"] for group in groups]
    assert OTHER in names
    assert not [name for name in names if name.startswith("rare")]


def test_a_household_of_a_village_unheard_of_is_refused_without_its_code() -> None:
    home = Surveyed("secret-place", "grain", is_poor=True, is_held=False)
    with pytest.raises(Invalid, match="not in the list") as caught:
        count_reach(_villages(2), [home])
    assert caught.value.code == "programme.village"
    assert "secret" not in str(caught.value)


# ---- the rule


def _pub(floor: Floor, **changes: Any) -> Tree:
    villages = _villages(12)
    areas, groups = count_reach(villages, _homes(3_000, 12, 5))
    return {
        "programme": "relief",
        "cycle": 202_609,
        "day": floor.time // DAY_MS,
        "villages": list_villages(villages),
        "areas": areas,
        "groups": groups,
        **changes,
    }


@pytest.fixture
def floor() -> Floor:
    return Floor()


def test_a_cycle_is_measured_once_by_each_department_and_the_regulator(floor: Floor) -> None:
    assert floor.say("bank-a", "programme.measured", _pub(floor)) == Refusal.ROLE
    assert floor.say("finance", "programme.measured", _pub(floor)) == 0
    assert floor.say("finance", "programme.measured", _pub(floor)) == Refusal.ALREADY_STATED
    assert floor.say("finance", "programme.measured", _pub(floor, cycle=202_610)) == 0
    assert floor.say("regulator", "programme.measured", _pub(floor)) == 0
    assert floor.say("finance", "programme.measured", _pub(floor, programme="aid")) == 0


def test_what_was_measured_is_not_amended(floor: Floor) -> None:
    assert floor.say("finance", "programme.measured", _pub(floor)) == 0
    again = floor.say("finance", "programme.measured", _pub(floor), amends=floor.last)
    assert again == Refusal.NEVER_AMENDED


def test_a_cycle_is_a_month_and_a_survey_is_not_of_tomorrow(floor: Floor) -> None:
    late = Refusal.TIME_OUT_OF_RANGE
    assert floor.say("finance", "programme.measured", _pub(floor, cycle=202_613)) == late
    assert floor.say("finance", "programme.measured", _pub(floor, cycle=202_600)) == late
    tomorrow = floor.time // DAY_MS + 1
    assert floor.say("finance", "programme.measured", _pub(floor, day=tomorrow)) == late


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_that_does_not_agree_with_the_others_is_refused(floor: Floor, name: str) -> None:
    pub = _pub(floor)
    pub["areas"][0] = {**pub["areas"][0], name: pub["areas"][0][name] + 1}
    code = floor.say("finance", "programme.measured", pub)
    assert code in {Refusal.PARTS_DIFFER, Refusal.COUNT_OF_FEW}


def test_a_count_that_points_at_somebody_is_refused(floor: Floor) -> None:
    few = {"households": 40, "poor": 12, "held": 9, "missed": 5, "wrong": 2}
    village = _villages(1)
    pub = _pub(
        floor,
        villages=list_villages(village),
        areas=[{"villages": [village[0].code], **few}],
        groups=[],
    )
    assert floor.say("finance", "programme.measured", pub) == Refusal.COUNT_OF_FEW
    pub["areas"][0]["wrong"] += 4
    pub["areas"][0]["held"] += 4
    assert floor.say("finance", "programme.measured", pub) == 0


def test_parts_that_are_no_parts_of_one_whole_are_refused(floor: Floor) -> None:
    pub = _pub(floor)
    gone = {**pub, "areas": pub["areas"][1:]}
    assert floor.say("finance", "programme.measured", gone) == Refusal.PARTS_DIFFER
    twice = {**pub, "areas": [*pub["areas"], pub["areas"][0]]}
    assert floor.say("finance", "programme.measured", twice) == Refusal.PARTS_DIFFER
    fewer = {**pub, "groups": pub["groups"][1:]}
    assert floor.say("finance", "programme.measured", fewer) == Refusal.PARTS_DIFFER
    turned = {**pub, "villages": pub["villages"][::-1]}
    assert floor.say("finance", "programme.measured", turned) == Refusal.NOT_ASCENDING
