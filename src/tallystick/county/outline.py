"""Outlines for a map where only points are known: each village has what lies nearest to it.

Voronoi cells of the villages' points, clipped to the county: the hull of all points, swollen from
their middle. Laws: exact fractions inside, so that neighbours share every corner to the last digit
and the same points give the same outlines on any machine; corners are rounded once, at the end.
Limits: a degree of longitude is taken as long as one of latitude, and villages do not have these
borders: the map says where a figure belongs, not whose land it is.
Source: Voronoi (1908); Andrew (1979), the monotone chain; Sutherland and Hodgman (1974), clipping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

__all__ = ["SWELL_PPM", "draw_outlines"]

SWELL_PPM: Final = 1_180_000
"""How far the county reaches beyond its outermost villages, from the middle of all."""
_PPM: Final = 1_000_000
_ALONE_MICRO: Final = 50_000
"""Half the side of the square that stands for a county whose points span no area."""

Point: TypeAlias = tuple[int, int]
_Corner: TypeAlias = tuple[Fraction, Fraction]


def draw_outlines(points: Mapping[str, Point]) -> dict[str, list[Point]]:
    """Return a closed ring for each village: counter-clockwise, the first corner again last.

    Args:
        points: longitude and latitude in millionths of a degree by code; two of one place share
            its outline.

    >>> draw_outlines({"a": (0, 0), "b": (200_000, 0)})["a"][:3]
    [(-77000, -59000), (100000, -59000), (100000, 59000)]
    """
    if not points:
        return {}
    places = sorted(set(points.values()))
    hull = _swell(_hull(places))
    rings = {place: _ring(_cell(place, places, hull)) for place in places}
    return {code: rings[points[code]] for code in sorted(points)}


def _hull(places: Sequence[Point]) -> list[Point]:
    """Return the corners of the convex hull, counter-clockwise; a square where there is none."""
    lower, upper = _half(places), _half(list(reversed(places)))
    hull = [*lower[:-1], *upper[:-1]]
    if len(hull) > 2:  # noqa: PLR2004 - a triangle
        return hull
    low_x, high_x = min(x for x, _ in places), max(x for x, _ in places)
    low_y, high_y = min(y for _, y in places), max(y for _, y in places)
    side = _ALONE_MICRO
    return [
        (low_x - side, low_y - side),
        (high_x + side, low_y - side),
        (high_x + side, high_y + side),
        (low_x - side, high_y + side),
    ]


def _half(places: Sequence[Point]) -> list[Point]:
    found: list[Point] = []
    for place in places:
        while len(found) > 1 and _turn(found[-2], found[-1], place) <= 0:
            found.pop()
        found.append(place)
    return found


def _turn(first: Point, second: Point, third: Point) -> int:
    """Return twice the signed area of a triangle; above 0 for a turn to the left."""
    ahead = (second[0] - first[0], second[1] - first[1])
    aside = (third[0] - first[0], third[1] - first[1])
    return ahead[0] * aside[1] - ahead[1] * aside[0]


def _swell(hull: Sequence[Point]) -> list[_Corner]:
    count = len(hull)
    middle = (
        Fraction(sum(x for x, _ in hull), count),
        Fraction(sum(y for _, y in hull), count),
    )
    factor = Fraction(SWELL_PPM, _PPM)
    return [
        (middle[0] + (x - middle[0]) * factor, middle[1] + (y - middle[1]) * factor)
        for x, y in hull
    ]


def _cell(place: Point, places: Sequence[Point], hull: Sequence[_Corner]) -> list[_Corner]:
    """Return what of the county lies nearer to a place than to any other."""
    cell = list(hull)
    for other in sorted(places, key=lambda each: (_square(place, each), each)):
        if other == place:
            continue
        # One that is more than twice as far as the farthest corner cuts nothing off any more.
        if _square(place, other) > 4 * max(_square(place, corner) for corner in cell):
            break
        cell = _clip(cell, place, other)
    return cell


def _square(
    place: tuple[int | Fraction, int | Fraction], other: tuple[int | Fraction, int | Fraction]
) -> Fraction:
    return Fraction((place[0] - other[0]) ** 2 + (place[1] - other[1]) ** 2)


def _clip(cell: Sequence[_Corner], place: Point, other: Point) -> list[_Corner]:
    """Return the part of a cell on a place's side of the line midway to another."""
    normal = (other[0] - place[0], other[1] - place[1])
    bound = Fraction(
        other[0] ** 2 - place[0] ** 2 + other[1] ** 2 - place[1] ** 2,
        2,
    )
    beyond = [corner[0] * normal[0] + corner[1] * normal[1] - bound for corner in cell]
    found: list[_Corner] = []
    for at, corner in enumerate(cell):
        before = at - 1
        if (beyond[before] < 0 < beyond[at]) or (beyond[at] < 0 < beyond[before]):
            part = beyond[before] / (beyond[before] - beyond[at])
            start = cell[before]
            found.append(
                (
                    start[0] + (corner[0] - start[0]) * part,
                    start[1] + (corner[1] - start[1]) * part,
                )
            )
        if beyond[at] <= 0:
            found.append(corner)
    return found


def _ring(cell: Sequence[_Corner]) -> list[Point]:
    """Return a cell's corners in whole millionths, without repetitions, closed."""
    rounded = list(dict.fromkeys((round(x), round(y)) for x, y in cell))
    start = rounded.index(min(rounded))
    ring = [*rounded[start:], *rounded[:start]]
    return [*ring, ring[0]]
