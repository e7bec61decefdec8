"""The cash of a case month by month: a middle year and a bad one, as a picture and as figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.console.charts import axis, show_chart, show_figures
from tallystick.console.kit import boxed
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_money, format_month

__all__ = ["show_cash"]

FEN: Final = 100


def show_cash(v: Visit, terms: Mapping[str, Any]) -> None:
    """Show the calendar of a report: cash at each month's end, and when payments fall due."""
    calendar = terms["calendar"]
    begin, middle, bad = calendar["from_month"], calendar["middle_minor"], calendar["bad_minor"]
    months = [format_month(begin + place, v.language) for place in range(len(middle))]
    due = {each["month"] for each in terms.get("schedule", ()) if each["payment_minor"]}
    lowest = min(bad)
    when = format_month(begin + bad.index(lowest), v.language)
    money = format_money(lowest, v.language)
    words = v.t(f"差年景最低 {money}（{when}）", f"Lowest in a bad year: {money} ({when})")
    title = v.t("逐月现金", "Cash, month by month")
    names = (v.t("中等年景", "Middle year"), v.t("差年景", "Bad year"))
    with boxed(title, right=v.t("元，月末", "¥, end of month"), note=words):
        options = _options(v, months, (middle, bad), names)
        show_chart(v, options, height=240, name=f"{title}. {words}")
        rows = [
            (
                month,
                format_count(one // FEN),
                format_count(two // FEN),
                v.t("还款", "payment") if begin + place in due else "",
            )
            for place, (month, one, two) in enumerate(zip(months, middle, bad, strict=True))
        ]
        heads = [v.t("月份", "Month"), *(f">{each}" for each in names), v.t("到期", "Due")]
        show_figures(v, heads, rows, title, "cash")


def _options(
    v: Visit, months: list[str], series: tuple[list[int], list[int]], names: tuple[str, str]
) -> dict[str, Any]:
    colours = ("var(--c1)", "var(--c2)")
    return {
        "legend": {"top": 0, "right": 14, "textStyle": {"color": "var(--ink-2)"}},
        "grid": {"left": 72, "right": 18, "top": 32, "bottom": 34},
        "xAxis": axis("category", data=months),
        "yAxis": axis("value", v.t("元", "¥"), gap=54),
        "series": [
            {
                "type": "line",
                "name": name,
                "data": [each // FEN for each in line],
                "symbol": "none",
                "step": "end",
                "lineStyle": {"color": colour, "width": 2, "type": kind},
                "itemStyle": {"color": colour},
            }
            for name, line, colour, kind in zip(
                names, series, colours, ("solid", "dashed"), strict=True
            )
        ],
    }
