"""Shares of what people said or what a survey found, as a figure with its interval.

Law: a share never stands without its 95 % interval and its count; of nothing counted there is a
dash and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tallystick.console.kit import fill
from tallystick.text.wording import format_count, format_percent

__all__ = ["draw_share", "is_apart", "say_interval", "share_cells"]

_PERCENT = 10_000
"""Parts per million in a percent."""
Share = Mapping[str, Any]


def say_interval(share: Share) -> str:
    """Return the interval of a share: 62%–81%."""
    return f"{format_percent(share['low_ppm'])}\u2013{format_percent(share['high_ppm'])}"


def draw_share(share: Share | None, *, mark_ppm: int | None = None, why: str = "") -> Markup:
    """Return a share with its interval as a bar, its count under it.

    Args:
        share: hits, count, low_ppm, high_ppm, and ppm where anything was counted.
        mark_ppm: what it is compared with, such as the county's; drawn as a dashed line.
        why: what is told where there is no share.
    """
    if share is None or "ppm" not in share:
        return fill('<span class="unsure">\u2013 {}</span>', why)
    low, high = share["low_ppm"] // _PERCENT, -(-share["high_ppm"] // _PERCENT)
    mark = fill('<em style="left:{}%"></em>', mark_ppm // _PERCENT) if mark_ppm is not None else ""
    return fill(
        '<span class="share"><b>{}</b><span class="reach" aria-hidden="true">'
        '<i style="left:{}%;width:{}%"></i>{}<u style="left:{}%"></u></span>'
        '<span class="of">{} · {}/{}</span></span>',
        format_percent(share["ppm"]),
        low,
        high - low,
        mark,
        share["ppm"] // _PERCENT,
        say_interval(share),
        format_count(share["hits"]),
        format_count(share["count"]),
    )


def share_cells(share: Share | None) -> tuple[str, str, str]:
    """Return a share as cells of a plain table: percent, interval, count.

    >>> share_cells({"hits": 1, "count": 4, "ppm": 250_000, "low_ppm": 40_000, "high_ppm": 700_000})
    ('25%', '4%–70%', '1/4')
    """
    if share is None or "ppm" not in share:
        return "\u2013", "\u2013", "\u2013"
    counted = f"{format_count(share['hits'])}/{format_count(share['count'])}"
    return format_percent(share["ppm"]), say_interval(share), counted


def is_apart(share: Share, whole_ppm: int | None) -> int:
    """Tell whether a share is told apart from the whole's: 1 above, -1 below, 0 not told apart.

    It is where the whole's figure lies outside its 95 % interval.

    >>> is_apart({"ppm": 500_000, "low_ppm": 400_000, "high_ppm": 600_000}, 300_000)
    1
    """
    if whole_ppm is None or "ppm" not in share:
        return 0
    if share["low_ppm"] > whole_ppm:
        return 1
    return -1 if share["high_ppm"] < whole_ppm else 0
