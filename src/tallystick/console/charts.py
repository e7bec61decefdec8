"""Pictures of figures: lines, bars, maps, in the stylesheet's colours.

Laws: ECharts draws as SVG, since a canvas knows no CSS variable; a picture has a name and its
figures stand under it as a table that can be copied and downloaded; no map asks for tiles.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import fill, scrolled, show, table
from tallystick.console.visit import Visit

__all__ = ["axis", "line", "show_chart", "show_figures", "show_map", "write_csv"]

_FONTS: Final = {
    # Written out: ECharts measures text on a canvas.
    "zh": '"Tally Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
    "en": '"Tally Sans EN", "Segoe UI", "PingFang SC", "Noto Sans CJK SC", sans-serif',
}
_STILL: Final = {
    "zoomControl": False,
    "attributionControl": False,
    "scrollWheelZoom": False,
    "dragging": False,
    "doubleClickZoom": False,
    "boxZoom": False,
    "keyboard": False,
    "touchZoom": False,
    "zoomSnap": 0.05,
}
Options = dict[str, Any]


def axis(kind: str, name: str = "", *, gap: int = 30, **more: object) -> Options:
    """Return an axis in the console's colours."""
    return {
        "type": kind,
        "name": name,
        "nameLocation": "middle",
        "nameGap": gap,
        "nameTextStyle": {"color": "var(--ink-2)"},
        "axisLine": {"lineStyle": {"color": "var(--line-2)"}},
        "axisTick": {"show": False},
        "axisLabel": {"color": "var(--ink-2)", "hideOverlap": True},
        "splitLine": {"lineStyle": {"color": "var(--line)"}},
        **more,
    }


def line(
    name: str,
    points: Sequence[Sequence[float]],
    colour: str,
    *,
    dashed: bool = False,
    dots: bool = False,
) -> Options:
    """Return a line of (x, y) in a colour such as `var(--c1)`."""
    return {
        "type": "line",
        "name": name,
        "data": [list(each) for each in points],
        "symbol": "circle" if dots else "none",
        "symbolSize": 7,
        "lineStyle": {"color": colour, "width": 2, "type": "dashed" if dashed else "solid"},
        "itemStyle": {"color": colour},
    }


class _Chart(ui.element, component="look/chart.js", default_classes="k-chart"):
    """ECharts as SVG, from the copy that NiceGUI brings."""

    def __init__(self, options: Options) -> None:
        super().__init__()
        self._props["options"] = options


def show_chart(v: Visit, options: Options, *, height: int, name: str) -> None:
    """Put a chart on the page; its figures are to be shown beside it by `show_figures`.

    Args:
        v: the visit.
        options: ECharts'.
        height: px; in a flexible box ECharts would collapse.
        name: what it shows, in one sentence.
    """
    for series in options["series"]:
        # Hovering parses colours, and a variable is none.
        series.setdefault("emphasis", {"disabled": True})
        series.setdefault("silent", True)
    whole = {
        "animation": False,
        "textStyle": {"fontFamily": _FONTS[v.language], "fontSize": 12, "color": "var(--ink-2)"},
        "tooltip": {"show": False},
        "grid": {"left": 56, "right": 18, "top": 30, "bottom": 46},
        **options,
    }
    found = _Chart(whole).style(f"height:{height}px;min-width:0")
    found.props["role"] = "img"
    found.props["aria-label"] = name


def show_figures(
    v: Visit, columns: Sequence[str], rows: Sequence[Sequence[str]], name: str, file: str
) -> None:
    """Put a chart's figures under it: folded, to be copied, to be downloaded.

    Args:
        v: the visit.
        columns: as `kit.table`.
        rows: cells.
        name: what the table holds.
        file: the download's name, without ending.
    """
    text = write_csv([column.removeprefix(">") for column in columns], rows)
    with ui.element("details").classes("figures"):
        show_summary(v.t("看数字", "See the figures"))
        show(scrolled(table(columns, rows, name, classes="tight"), name))
        with ui.element("div").classes("figures-acts"):
            _small(v.t("复制", "Copy")).on_click(lambda: ui.clipboard.write(text))
            _small(v.t("下载 CSV", "Download CSV")).on_click(
                # Spreadsheets take UTF-8 for what it is only behind a mark.
                lambda: ui.download.content("\ufeff" + text, f"{file}.csv", "text/csv")
            )


def show_summary(words: str) -> None:
    """Put the visible line of a folded part on the page."""
    with ui.element("summary").classes("note12 dim"):
        ui.label(words).style("display:inline")


def _small(words: str) -> ui.button:
    return ui.button(words, color=None).props("flat no-caps").classes("btn short")


def write_csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a table as CSV; a cell that a spreadsheet would run as a formula is made text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[_tame(cell) for cell in row] for row in rows])
    return out.getvalue()


def _tame(cell: object) -> str:
    # Markup is for pages: a CSV holds its words.
    plain = cell.striptags() if isinstance(cell, Markup) else str(cell)
    return f"'{plain}" if plain[:1] in {"=", "+", "@", "\t", "\r"} else plain


def show_map(
    v: Visit,
    areas: Mapping[str, Any],
    shades: Mapping[str, int],
    labels: Mapping[str, Sequence[str]],
    *,
    height: int,
    name: str,
) -> None:
    """Put a map of areas on the page, without any tiles.

    Args:
        v: the visit.
        areas: a GeoJSON FeatureCollection; each feature's `properties.code` names it.
        shades: 1 (pale) to 5 (deep) by code; an area without one is blank.
        labels: lines of text by code.
        height: px.
        name: what it shows, in one sentence.
    """
    points = [point for each in areas["features"] for point in _ring(each)]
    if not points:
        return
    west, east = min(x for x, _ in points), max(x for x, _ in points)
    south, north = min(y for _, y in points), max(y for _, y in points)
    found = ui.leaflet(center=((south + north) / 2, (west + east) / 2), zoom=9, options=_STILL)
    # At once: the layer it comes with would ask a server outside for tiles.
    found.clear_layers()
    found.style(f"height:{height}px")
    found.props["role"] = "img"
    found.props["aria-label"] = name
    layers = [
        (_add_area(found, each, shades), each["properties"]["code"]) for each in areas["features"]
    ]

    async def label() -> None:
        await found.initialized()
        found.run_map_method("fitBounds", [[south, west], [north, east]], {"padding": [4, 4]})
        for layer, code in layers:
            words = fill("<br>").join(fill("{}", part) for part in labels.get(code, ()))
            options = {"permanent": True, "direction": "center", "className": "map-label"}
            layer.run_method("bindTooltip", str(words), options)

    ui.timer(0, label, once=True)
    del v


def _ring(feature: Mapping[str, Any]) -> list[tuple[float, float]]:
    shape = feature["geometry"]
    rings = (
        shape["coordinates"]
        if shape["type"] == "Polygon"
        else [r for p in shape["coordinates"] for r in p]
    )
    return [(x, y) for ring in rings for x, y in ring]


def _add_area(found: ui.leaflet, feature: Mapping[str, Any], shades: Mapping[str, int]) -> Any:  # noqa: ANN401 - Leaflet's layer
    shade = shades.get(feature["properties"]["code"], 0)
    style = {
        "fillColor": f"var(--m{shade})" if shade else "var(--mute-tint)",
        "fillOpacity": 1,
        "color": "var(--surface)",
        "weight": 2,
    }
    return found.generic_layer(
        name="geoJSON", args=[dict(feature), {"style": style, "interactive": False}]
    )
