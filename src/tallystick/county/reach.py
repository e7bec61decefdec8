"""Programmes as a member sees them: what was measured, what public money was given and lent.

Shares and their intervals are worked out on reading, from counts alone; of several members that
measured a cycle, each stands for itself. Sums of public money are of records that every member has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tallystick.base.codec import decode, value
from tallystick.base.errors import NotFound
from tallystick.county.outline import draw_outlines
from tallystick.county.telling import tell_share
from tallystick.kernel.views.base import PAGE_MAX, Views
from tallystick.records.programme import COUNTS
from tallystick.services.positioning.share import Share
from tallystick.services.publication.reach import sum_counts

__all__ = ["list_programmes", "show_map", "show_programme", "tell_reach"]

Tree = dict[str, Any]
_MICRO: Final = 1_000_000


def list_programmes(views: Views) -> list[Tree]:
    """Return programmes by code: the newest cycle's reach as a whole, and sums of public money."""
    measured: dict[str, list[Tree]] = {}
    for row in _all(views, "measurement", {}):
        measured.setdefault(row["programme"], []).append(row)
    money = _sum_money(views)
    found = []
    for programme in sorted({*measured, *money}):
        tree: Tree = {"programme": programme, **_total(money.get(programme, {}))}
        rows = sorted(measured.get(programme, []), key=_newest_last)
        if rows:
            tree |= {"cycles": len({row["cycle"] for row in rows}), **_cycle(rows[-1])}
        found.append(tree)
    return found


def show_programme(views: Views, programme: str) -> Tree:
    """Return a programme: its reach over time, the newest by village and group, its money.

    Raises:
        NotFound: `programme.unknown`, nobody measured it and no public money has its name.
    """
    rows = sorted(_all(views, "measurement", {"programme": programme}), key=_newest_last)
    money = _sum_money(views).get(programme, {})
    if not rows and not money:
        raise NotFound(
            "programme.unknown",
            "no programme of that name was measured or given money",
            cure="List them: tally programme list.",
        )
    lenders = [{"member": name, **sums} for name, sums in sorted(money.items())]
    tree: Tree = {"programme": programme, **_total(money), "lenders": lenders}
    tree["cycles"] = [_cycle(row) for row in rows]
    if rows:
        entry = _entry(rows[-1])
        tree["villages"] = list(_villages(entry))
        tree["groups"] = [{"group": each["group"], **tell_reach(each)} for each in entry["groups"]]
    return tree


def show_map(views: Views) -> Tree:
    """Return the villages of the newest measurement as a GeoJSON FeatureCollection of areas.

    Coordinates are degrees with six digits; no features where nobody has listed villages yet.
    Source: RFC 7946.
    """
    rows = views.rows("measurement", order="-at", limit=1)
    villages = _entry(rows[0])["villages"] if rows else []
    rings = draw_outlines({each["code"]: (each["lon"], each["lat"]) for each in villages})
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": each["code"],
                "properties": {
                    **{name: each[name] for name in ("code", "zh", "en")},
                    "lon_micro": each["lon"],
                    "lat_micro": each["lat"],
                },
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[x / _MICRO, y / _MICRO] for x, y in rings[each["code"]]]],
                },
            }
            for each in villages
        ],
    }


def tell_reach(counts: Mapping[str, int]) -> Tree:
    """Return counts with the errors that follow: the poor not held, and the held not poor."""
    return {
        **{name: counts[name] for name in COUNTS},
        "exclusion": tell_share(Share(counts["missed"], counts["poor"])),
        "inclusion": tell_share(Share(counts["wrong"], counts["held"])),
    }


def _newest_last(row: Mapping[str, Any]) -> tuple[int, int, str]:
    return row["cycle"], row["at"], row["member"]


def _entry(row: Mapping[str, Any]) -> Tree:
    found: Tree = decode(row["entry"], value)
    return found


def _cycle(row: Mapping[str, Any]) -> Tree:
    told = {name: row[name] for name in ("cycle", "day", "member", "record", "height", "at")}
    return {**told, **tell_reach(sum_counts(_entry(row)["areas"]))}


def _villages(entry: Mapping[str, Any]) -> Iterator[Tree]:
    """Yield each village with the figures of the area that it is counted in."""
    area_of = {code: area for area in entry["areas"] for code in area["villages"]}
    for each in entry["villages"]:
        area = area_of[each["code"]]
        names = {name: each[name] for name in ("code", "zh", "en")}
        place = {"lon_micro": each["lon"], "lat_micro": each["lat"]}
        yield {**names, **place, "area": area["villages"], **tell_reach(area)}


def _sum_money(views: Views) -> dict[str, dict[str, dict[str, int]]]:
    """Return by programme and lender what was allocated, what was lent, and by how many loans."""
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(
        lambda: defaultdict(lambda: {"allocated_minor": 0, "lent_minor": 0, "loans": 0})
    )
    for row in _all(views, "allocation", {}):
        found[row["programme"]][row["to"]]["allocated_minor"] += row["amount"]
    for row in _all(views, "loan", {}):
        if row["programme"] is not None:
            sums = found[row["programme"]][row["lender"]]
            sums["lent_minor"] += row["amount"] or 0
            sums["loans"] += 1
    return {name: dict(each) for name, each in found.items()}


def _total(money: Mapping[str, Mapping[str, int]]) -> Tree:
    names = ("allocated_minor", "lent_minor", "loans")
    return {name: sum(each[name] for each in money.values()) for name in names}


def _all(views: Views, table: str, where: Mapping[str, Any]) -> Iterator[Tree]:
    """Yield all rows of a table, a page at a time."""
    last: Tree | None = None
    while rows := views.rows(table, where, after=last):
        yield from rows
        last = rows[-1]
        if len(rows) < PAGE_MAX:
            return
