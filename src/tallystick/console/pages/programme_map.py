"""A programme's errors as pictures: villages shaded by figure, and how they changed over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.charts import Options, axis, line, show_chart, show_figures, show_map
from tallystick.console.kit import boxed, fill, join, show
from tallystick.console.pages.programme_words import ERRORS, ErrorKind, say_cycle
from tallystick.console.pages.share import share_cells
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_percent

__all__ = ["LIMITS_PPM", "find_shade", "measure_label", "show_reach_map", "show_time"]

LIMITS_PPM: Final = (100_000, 250_000, 400_000, 550_000)
"""Where one shade ends and the next begins: the same for every cycle, so that maps compare."""
MAP_HEIGHT: Final = 560
MAP_WIDTH: Final = 560
"""How wide the county is drawn at least on a large screen, in px."""
LETTER: Final = 7
TIME_HEIGHT: Final = 250
_PERCENT: Final = 10_000
Tree = Mapping[str, Any]


def find_shade(share: Tree) -> int:
    """Return 1 (few) to 5 (many) of a share, 0 where nothing was counted.

    >>> find_shade({"ppm": 99_999}), find_shade({"ppm": 550_000}), find_shade({})
    (1, 5, 0)
    """
    if "ppm" not in share:
        return 0
    return 1 + sum(1 for limit in LIMITS_PPM if share["ppm"] >= limit)


def show_reach_map(
    v: Visit,
    found: Tree,
    areas: Tree,
    shade: ErrorKind,
    *,
    parts: Sequence[Tree],
    links: Mapping[str, str],
) -> None:
    """Put the map on the page: villages shaded by an error, its legend, its figures.

    Args:
        v: the visit.
        found: the programme as the API tells it, measured.
        areas: the villages' areas as GeoJSON.
        shade: which error.
        parts: areas with their letters: a village on the map bears its area's.
        links: the address of this page for each error.
    """
    villages = found["villages"]
    letters = {code: part["letter"] for part in parts for code in part["area"]}
    codes = {each["properties"]["code"] for each in areas["features"]}
    shown = [each for each in villages if each["code"] in codes]
    title = v.t("漏了谁，在哪里", "Whom it misses, and where")
    with boxed(title, right=_switch(v, shade, links)):
        name = v.say(ERRORS[shade])
        show_map(
            v,
            areas,
            {each["code"]: find_shade(each[shade]) for each in shown},
            _labels(v, areas, shown, letters),
            height=MAP_HEIGHT,
            name=v.t(f"各村的地图：{name}", f"Map of the villages: {name}"),
        )
        show(_keys(v))
        show_figures(
            v, _columns(v), _figures(v, villages, letters), title, f"{found['programme']}-reach"
        )


def _labels(
    v: Visit, areas: Tree, villages: Sequence[Tree], letters: Mapping[str, str]
) -> dict[str, list[str]]:
    """Return what stands on each village: its name and its area's letter, or the letter alone."""
    boxes = {each["properties"]["code"]: _box(each) for each in areas["features"]}
    west = min(box[0] for box in boxes.values())
    east = max(box[1] for box in boxes.values())
    found = {}
    for each in villages:
        code, name = each["code"], str(v.t(each["zh"], each["en"]))
        room = (boxes[code][1] - boxes[code][0]) * MAP_WIDTH // max(east - west, 1)
        whole = f"{name} {letters[code]}"
        found[code] = [whole if measure_label(whole) <= room else letters[code]]
    return found


def _box(feature: Tree) -> tuple[int, int]:
    """Return how far an area reaches to the west and east, in millionths of a degree."""
    edge = [round(x * 1_000_000) for x, _ in feature["geometry"]["coordinates"][0]]
    return min(edge), max(edge)


def measure_label(text: str) -> int:
    """Return how wide a label is drawn at most, in px: a Chinese character is twice a letter.

    >>> measure_label("Matou D"), measure_label("\u9a6c\u5934 D")
    (49, 38)
    """
    return sum(LETTER if each.isascii() else 2 * LETTER - 2 for each in text)


def _switch(v: Visit, shade: ErrorKind, links: Mapping[str, str]) -> Markup:
    names = {"exclusion": v.t("漏了", "Missed"), "inclusion": v.t("错了", "Wrong")}
    parts = join(
        fill(
            '<a href="{}"{}>{}</a>',
            links[kind],
            Markup(' aria-current="true"') if kind == shade else "",
            name,
        )
        for kind, name in names.items()
    )
    return fill('<span class="k-seg">{}</span>', parts)


def _keys(v: Visit) -> Markup:
    ends = [format_percent(limit) for limit in LIMITS_PPM]
    names = [
        f"< {ends[0]}",
        *(f"{low}\u2013{high}" for low, high in pairwise(ends)),
        f"\u2265 {ends[-1]}",
    ]
    keys = join(
        fill('<span><i class="m{}"></i>{}</span>', number, name)
        for number, name in enumerate(names, 1)
    )
    none = fill('<span><i class="m0"></i>{}</span>', v.t("没有可数的", "nothing to count"))
    return fill('<div class="map-keys">{}{}</div>', keys, none)


def _columns(v: Visit) -> list[str]:
    return [
        v.t("村", "Village"),
        v.t("片区", "Area"),
        v.t("一起数的村", "Counted together"),
        ">" + v.t("调查（户）", "Surveyed"),
        ">" + v.t("贫困（户）", "Poor"),
        ">" + v.t("在册（户）", "Held"),
        *(
            ">" + each
            for each in (
                v.t("漏了（%）", "Missed (%)"),
                v.t("95% 区间", "95% interval"),
                v.t("漏了（户）", "Missed (count)"),
                v.t("错了（%）", "Wrong (%)"),
                v.t("95% 区间", "95% interval"),
                v.t("错了（户）", "Wrong (count)"),
            )
        ),
    ]


def _figures(v: Visit, villages: Sequence[Tree], letters: Mapping[str, str]) -> list[list[str]]:
    names = {each["code"]: str(v.t(each["zh"], each["en"])) for each in villages}
    return [
        [
            names[each["code"]],
            letters[each["code"]],
            v.t("、", ", ").join(names[code] for code in each["area"]),
            *(format_count(each[name]) for name in ("households", "poor", "held")),
            *share_cells(each["exclusion"]),
            *share_cells(each["inclusion"]),
        ]
        for each in villages
    ]


# ---- over time


def show_time(v: Visit, cycles: Sequence[Tree]) -> None:
    """Put both errors over time on the page, each with its interval."""
    title = v.t("变好了吗", "Is it getting better?")
    with boxed(title, right=v.t("竖线为 95% 区间", "Bars: 95% interval")):
        name = v.t("各期漏了和错了的比例", "Shares missed and wrong, by cycle")
        show_chart(v, _draw_time(v, cycles), height=TIME_HEIGHT, name=name)
        columns = [v.t("期", "Cycle"), v.t("谁测的", "Measured by")]
        for kind in ("漏了", "Missed"), ("错了", "Wrong"):
            columns += [
                ">" + v.t(*kind),
                ">" + v.t("95% 区间", "95% interval"),
                ">" + v.t("户数", "Count"),
            ]
        rows = [
            [
                say_cycle(v, each["cycle"]),
                v.name_of(each["member"]),
                *share_cells(each["exclusion"]),
                *share_cells(each["inclusion"]),
            ]
            for each in cycles
        ]
        show_figures(v, columns, rows, name, "reach-over-time")


def _draw_time(v: Visit, cycles: Sequence[Tree]) -> Options:
    names = {"exclusion": v.t("漏了", "Missed"), "inclusion": v.t("错了", "Wrong")}
    colours = {"exclusion": "var(--c1)", "inclusion": "var(--c2)"}
    series: list[Options] = []
    for shift, kind in ((-0.03, "exclusion"), (0.03, "inclusion")):
        told = [(at + shift, each[kind]) for at, each in enumerate(cycles) if "ppm" in each[kind]]
        points = [[at, share["ppm"] / _PERCENT] for at, share in told]
        series.append(
            line(names[kind], points, colours[kind], dots=True, dashed=kind == "inclusion")
        )
        # An interval is a line of its own from end to end: a chart of lines needs no other kind.
        series += [
            line(
                "",
                [[at, share["low_ppm"] / _PERCENT], [at, share["high_ppm"] / _PERCENT]],
                colours[kind],
            )
            for at, share in told
        ]
    return {
        "legend": {
            "top": 0,
            "right": 14,
            "itemWidth": 24,
            "textStyle": {"color": "var(--ink-2)"},
            "data": list(names.values()),
        },
        # The figures lie on numbers, which keep two errors apart; a second axis names the cycles.
        "xAxis": [
            axis("value", min=-0.5, max=len(cycles) - 0.5, show=False),
            axis(
                "category",
                data=[say_cycle(v, each["cycle"]) for each in cycles],
                position="bottom",
            ),
        ],
        "yAxis": axis(
            "value", v.t("占比（%）", "Share (%)"), gap=36, min=0, axisLine={"show": False}
        ),
        "series": series,
    }
