"""Outlines fill the county, share their borders, and hold their village."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as some

from tallystick.base.clock import SeededEntropy
from tallystick.county.county import draw_county
from tallystick.county.outline import draw_outlines

Point = tuple[int, int]
_PLACES = some.lists(
    some.tuples(some.integers(-2_000_000, 2_000_000), some.integers(-2_000_000, 2_000_000)),
    min_size=1,
    max_size=24,
    unique=True,
)


def _area(ring: list[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def _nearest(place: tuple[float, float], points: dict[str, Point]) -> str:
    return min(
        points,
        key=lambda code: (points[code][0] - place[0]) ** 2 + (points[code][1] - place[1]) ** 2,
    )


@settings(max_examples=60, deadline=None)
@given(places=_PLACES)
def test_every_outline_is_closed_turns_left_and_is_nearest_to_its_village(
    places: list[Point],
) -> None:
    points = {f"v{at:02}": place for at, place in enumerate(places)}
    for code, ring in draw_outlines(points).items():
        assert ring[0] == ring[-1]
        if len(ring) > 3 and _area(ring) > 1_000:
            middle = (
                sum(x for x, _ in ring[:-1]) / (len(ring) - 1),
                sum(y for _, y in ring[:-1]) / (len(ring) - 1),
            )
            found = _nearest(middle, points)
            gap = [
                (points[each][0] - middle[0]) ** 2 + (points[each][1] - middle[1]) ** 2
                for each in (code, found)
            ]
            # Corners are rounded to a millionth of a degree.
            assert gap[0] ** 0.5 - gap[1] ** 0.5 <= 4
        assert _area(ring) >= 0


def test_a_countys_outlines_fill_it_without_gap_or_overlap() -> None:
    county = draw_county(SeededEntropy("map"), households=1, months=1)
    points = {each.ident: (each.lon_micro, each.lat_micro) for each in county.villages}
    assert len(set(points.values())) == len(points) == 30
    rings = draw_outlines(points)
    assert list(rings) == sorted(points)
    edges = [edge for ring in rings.values() for edge in pairwise(ring)]
    assert len(edges) == len(set(edges))
    # An edge without its turned twin is the county's own border.
    border = [edge for edge in edges if edge[::-1] not in set(edges)]
    after = dict(border)
    assert len(after) == len(border)
    start = border[0][0]
    around = [start]
    while (place := after[around[-1]]) != start:
        around.append(place)
    assert len(around) == len(border)
    whole = _area([*around, start])
    assert sum(_area(ring) for ring in rings.values()) == whole
    assert draw_outlines(dict(reversed(points.items()))) == rings


def test_villages_of_one_place_or_on_one_line_have_outlines_too() -> None:
    assert draw_outlines({}) == {}
    one = draw_outlines({"a": (0, 0), "b": (0, 0)})
    assert one["a"] == one["b"]
    assert _area(one["a"]) > 0
    line = draw_outlines({"a": (0, 0), "b": (100, 100), "c": (300, 300)})
    assert all(_area(ring) > 0 for ring in line.values())


def test_villages_have_names_in_both_languages_and_lie_as_far_off_as_their_road() -> None:
    villages = draw_county(SeededEntropy("names"), households=1, months=1).villages
    assert len({each.en for each in villages}) == len({each.zh for each in villages}) == 30
    assert all(each.en.isascii() and each.en[0].isupper() for each in villages)
    for each in villages:
        east = (each.lon_micro - 104_500_000) / 10_546
        north = (each.lat_micro - 31_500_000) / 8_993
        assert abs((east**2 + north**2) ** 0.5 - each.km) <= each.km * 0.02 + 0.1
