"""Pictures of a model's curves: does it mean what it says, can it tell them apart.

Laws: what is drawn are rows that the judged model had not seen; an interval stands at every point,
and the band in which a perfect model would lie; every picture's figures stand under it as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from tallystick.console.charts import Options, axis, line, show_chart, show_figures
from tallystick.console.kit import boxed, fill, show
from tallystick.console.pages.model_words import write_ppm
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_month

__all__ = ["show_calibration", "show_drift", "show_roc", "show_scores"]

HEIGHT: Final = 268
_PERCENT: Final = 10_000
"""Parts per million in a percent."""
Tree = Mapping[str, Any]


def _percent(ppm: int) -> float:
    return round(ppm / _PERCENT, 2)


def _legend(names: Sequence[str]) -> Options:
    return {
        "top": 0,
        "right": 14,
        "itemWidth": 16,
        "itemHeight": 8,
        "textStyle": {"color": "var(--ink-2)"},
        "data": list(names),
    }


def show_calibration(v: Visit, bins: Sequence[Tree]) -> None:
    """Put on the page what the model says beside what came true, by tenths of the rows.

    Args:
        v: the visit.
        bins: `calibration` of the curves.
    """
    title = v.t("说多少，真是多少吗", "Does it mean what it says?")
    with boxed(title, right=v.t("竖线为 95% 区间", "Bars: 95% interval")):
        name = v.t(
            "预测的变坏比例与实际比例，十等分", "Share that ended badly, said and seen, by tenths"
        )
        show_chart(v, _draw_calibration(v, bins), height=HEIGHT, name=name)
        show(fill('<p class="body soft small">{}</p>', _say_calibration(v, bins)))
        _show_calibration_figures(v, bins)


def _draw_calibration(v: Visit, bins: Sequence[Tree]) -> Options:
    seen, perfect = v.t("实际", "Seen"), v.t("完全准确", "Perfect")
    band = v.t("完全准确时机会所致", "By chance, if perfect")
    ends = [max(each["expected_ppm"], each["observed"]["high_ppm"]) for each in bins]
    top = min(100, max(10, -(-max(ends, default=0) // 100_000) * 10))
    xs = [_percent(each["expected_ppm"]) for each in bins]
    low = [[x, _percent(each["null_low_ppm"])] for x, each in zip(xs, bins, strict=True)]
    # The band is a line at its lower end, and on it an area as high as the band is wide.
    width = [
        [x, _percent(each["null_high_ppm"] - each["null_low_ppm"])]
        for x, each in zip(xs, bins, strict=True)
    ]
    bars = [
        line(
            "",
            [
                [x, _percent(each["observed"]["low_ppm"])],
                [x, _percent(each["observed"]["high_ppm"])],
            ],
            "var(--c1)",
        )
        for x, each in zip(xs, bins, strict=True)
    ]
    hidden = {"symbol": "none", "lineStyle": {"opacity": 0}, "stack": "band", "type": "line"}
    return {
        "grid": {"left": 52, "right": 18, "top": 30, "bottom": 46},
        "legend": _legend([seen, perfect, band]),
        "xAxis": axis("value", v.t("预测变坏 %", "Said to end badly, %"), min=0, max=top),
        "yAxis": axis("value", v.t("实际变坏 %", "Ended badly, %"), gap=36, min=0, max=top),
        "series": [
            {**hidden, "data": low, "silent": True},
            {
                **hidden,
                "name": band,
                "data": width,
                "itemStyle": {"color": "var(--line-2)"},
                "areaStyle": {"color": "var(--line-2)", "opacity": 0.45},
            },
            line(perfect, [[0, 0], [top, top]], "var(--c6)", dashed=True),
            *bars,
            line(
                seen,
                [[x, _percent(each["observed"]["ppm"])] for x, each in zip(xs, bins, strict=True)],
                "var(--c1)",
                dots=True,
            ),
        ],
    }


def _say_calibration(v: Visit, bins: Sequence[Tree]) -> str:
    out = sum(
        not each["null_low_ppm"] <= each["observed"]["ppm"] <= each["null_high_ppm"]
        for each in bins
    )
    count = len(bins)
    if not out:
        return v.t(
            f"{count} 段都在机会能解释的范围内。",
            f"All {count} parts lie where chance can take them.",
        )
    return v.t(
        f"{count} 段中有 {out} 段超出机会能解释的范围。",
        f"{out} of {count} parts {'lies' if out == 1 else 'lie'} beyond what chance explains.",
    )


def _show_calibration_figures(v: Visit, bins: Sequence[Tree]) -> None:
    columns = [
        ">" + v.t("笔数", "Rows"),
        ">" + v.t("预测 %", "Said %"),
        ">" + v.t("实际 %", "Seen %"),
        ">" + v.t("95% 区间", "95% interval"),
        ">" + v.t("机会范围 %", "By chance %"),
    ]
    rows = [
        (
            format_count(each["observed"]["rows"]),
            f"{each['expected_ppm'] / _PERCENT:.1f}",
            f"{each['observed']['ppm'] / _PERCENT:.1f}",
            _range(each["observed"]["low_ppm"], each["observed"]["high_ppm"]),
            _range(each["null_low_ppm"], each["null_high_ppm"]),
        )
        for each in bins
    ]
    show_figures(v, columns, rows, v.t("校准", "Calibration"), "calibration")


def _range(low_ppm: int, high_ppm: int) -> str:
    return f"{low_ppm / _PERCENT:.1f}\u2013{high_ppm / _PERCENT:.1f}"


def show_roc(v: Visit, points: Sequence[Sequence[int]], widest: Tree) -> None:
    """Put the ROC curve on the page, with the widest gap between the two shares.

    Args:
        v: the visit.
        points: `roc` of the curves.
        widest: `ks` of the curves.
    """
    title = v.t("能分开好坏吗", "Can it tell them apart?")
    with boxed(title, right=v.t("五折合在一起", "All folds pooled")):
        note = f"KS {write_ppm(widest['ppm'], 2)}"
        name = v.t(f"ROC 曲线，{note}", f"ROC curve, {note}")
        show_chart(v, _draw_roc(v, points, widest, note), height=HEIGHT, name=name)
        at, bad, good = (widest[each] / _PERCENT for each in ("from_ppm", "bad_ppm", "good_ppm"))
        said = v.t(
            f"变坏的有 {bad:.0f}% 得到 {at:.1f}% 以上的概率，正常的只有 {good:.0f}%。",
            f"At or above a chance of {at:.1f}% lie {bad:.0f}% of those that ended badly, and"
            f" {good:.0f}% of the others.",
        )
        show(fill('<p class="body soft small">{}</p>', said))
        columns = [
            ">" + v.t("误判的正常 %", "Good taken for bad %"),
            ">" + v.t("认出的变坏 %", "Bad found %"),
        ]
        rows = [(f"{x / _PERCENT:.1f}", f"{y / _PERCENT:.1f}") for x, y in points]
        show_figures(v, columns, rows, "ROC", "roc")


def _draw_roc(v: Visit, points: Sequence[Sequence[int]], widest: Tree, note: str) -> Options:
    curve = line("", [[_percent(x), _percent(y)] for x, y in points], "var(--c1)")
    x, y = _percent(widest["good_ppm"]), _percent(widest["bad_ppm"])
    label = {
        "show": True,
        "position": "right",
        "distance": 10,
        "offset": [0, 22],
        "formatter": note,
        "color": "var(--ink)",
        "fontWeight": 600,
    }
    gap = line("", [], "var(--c2)", dots=True)
    return {
        "grid": {"left": 52, "right": 18, "top": 14, "bottom": 46},
        "xAxis": axis("value", v.t("误判的正常 %", "Good taken for bad, %"), min=0, max=100),
        "yAxis": axis("value", v.t("认出的变坏 %", "Bad found, %"), gap=36, min=0, max=100),
        "series": [
            {**curve, "areaStyle": {"color": "var(--brand-tint)", "opacity": 1}},
            line("", [[0, 0], [100, 100]], "var(--c6)", dashed=True),
            {**gap, "data": [{"value": [x, x]}, {"value": [x, y], "label": label}]},
        ],
    }


def show_scores(v: Visit, histogram: Tree) -> None:
    """Put on the page how many good and bad rows have which probability.

    Args:
        v: the visit.
        histogram: `histogram` of the curves.
    """
    good, bad = v.t("正常", "Ended well"), v.t("变坏", "Ended badly")
    title = v.t("分数怎样分布", "How its probabilities spread")
    edges = histogram["edges_ppm"]
    names = [_range_short(low, high) for low, high in pairwise(edges)]
    with boxed(title, right=v.t("各自的 %", "% of each")):
        options = {
            "grid": {"left": 52, "right": 18, "top": 30, "bottom": 46},
            "legend": _legend([good, bad]),
            "xAxis": axis("category", v.t("预测变坏 %", "Said to end badly, %"), data=names),
            "yAxis": axis("value", "%", gap=36),
            "series": [
                _bars(good, histogram["good"], "var(--c3)"),
                _bars(bad, histogram["bad"], "var(--c2)"),
            ],
        }
        show_chart(v, options, height=HEIGHT - 28, name=title)
        columns = [v.t("预测变坏 %", "Said to end badly, %"), ">" + good, ">" + bad]
        rows = [
            (name, format_count(one), format_count(other))
            for name, one, other in zip(names, histogram["good"], histogram["bad"], strict=True)
        ]
        show_figures(v, columns, rows, title, "scores")


def _range_short(low_ppm: int, high_ppm: int) -> str:
    return f"{low_ppm / _PERCENT:g}\u2013{high_ppm / _PERCENT:g}"


def _bars(name: str, counts: Sequence[int], colour: str) -> Options:
    whole = sum(counts) or 1
    return {
        "type": "bar",
        "name": name,
        "data": [round(100 * each / whole, 2) for each in counts],
        "itemStyle": {"color": colour},
    }


def show_drift(v: Visit, months: Sequence[Tree]) -> None:
    """Put on the page how far each month's requests have moved from those trained on.

    Args:
        v: the visit.
        months: `months` of `GET /models/due`.
    """
    title = v.t("每月漂移", "Drift by month")
    psi, chance = "PSI", v.t("机会所致（95%）", "By chance (95%)")
    names = [format_month(each["month"], v.language) for each in months]
    with boxed(title, right=v.t("与训练时的申请相比", "Against the requests it was trained on")):
        options = {
            "grid": {"left": 52, "right": 18, "top": 30, "bottom": 46},
            "legend": _legend([psi, chance]),
            "xAxis": axis("category", data=names),
            "yAxis": axis("value", "PSI", gap=38),
            "series": [
                _by_month(psi, [each["psi_ppm"] for each in months], "var(--c1)", "solid"),
                _by_month(chance, [each["chance95_ppm"] for each in months], "var(--c6)", "dashed"),
            ],
        }
        show_chart(v, options, height=HEIGHT - 48, name=title)
        columns = [v.t("月份", "Month"), ">" + v.t("笔数", "Rows"), ">PSI", ">" + chance]
        rows = [
            (
                name,
                format_count(each["rows"]),
                write_ppm(each["psi_ppm"]),
                write_ppm(each["chance95_ppm"]),
            )
            for name, each in zip(names, months, strict=True)
        ]
        show_figures(v, columns, rows, title, "drift")


def _by_month(name: str, values: Sequence[int], colour: str, kind: str) -> Options:
    return {
        "type": "line",
        "name": name,
        "data": [round(each / 1_000_000, 4) for each in values],
        "symbol": "circle" if kind == "solid" else "none",
        "symbolSize": 7,
        "lineStyle": {"color": colour, "width": 2, "type": kind},
        "itemStyle": {"color": colour},
    }
