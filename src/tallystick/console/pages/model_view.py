"""The curves of a model as cards: what a person wants to see of it before it decides.

Law: what a report lacks is told as lacking; nothing is drawn that was not measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.console.kit import card, empty, fill, grid, show, stack
from tallystick.console.pages.model_chart import show_calibration, show_roc, show_scores
from tallystick.console.pages.model_part import (
    draw_fairness,
    draw_features,
    draw_leakage,
    draw_points,
    draw_reasons,
)
from tallystick.console.visit import Visit

__all__ = ["show_curves"]


def show_curves(
    v: Visit,
    charts: Mapping[str, Any] | None,
    metrics: Mapping[str, int],
    features: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Put a model's curves on the page.

    Args:
        v: the visit.
        charts: as `learning.curves` draws them; None where training did not keep them.
        metrics: what training measured.
        features: a card's points, or how often trees ask; empty where they are not told.
    """
    if charts is None:
        _show_lack(v)
        if features:
            show(draw_points(v, features))
        return
    with grid("g-two even"):
        show_calibration(v, charts["calibration"])
        show_roc(v, charts["roc"], charts["ks"])
    with grid("g-side"):
        with stack():
            show(draw_fairness(v, charts["fairness"]))
            show_scores(v, charts["histogram"])
            show(draw_reasons(v, charts["reasons"]))
        with stack():
            show(draw_features(v, charts))
            show(draw_leakage(v, charts["leakage"], metrics.get("leaks", 0)))
            if features:
                show(draw_points(v, features))


def _show_lack(v: Visit) -> None:
    title = v.t("没有曲线", "No curves")
    why = v.t(
        "批准它的时候，训练还没有保存曲线，所以校准、区分、公平都看不到。用现在的版本重新训练就有。",
        "When it was approved, training kept no curves: calibration, separation and fairness cannot"
        " be shown. Train it anew with today's version to see them.",
    )
    show(card("", fill("{}", empty("chart-spline", title, why)), pad=False))
