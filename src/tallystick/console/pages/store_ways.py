"""How many members may be lost before a file is, and how many bytes that takes, in three ways.

They are the ledger's, copies, and the code that files are kept in.

Laws: counted, not measured: all sets of so many lost members are equally likely, nothing is mended
between. Bytes are the content's alone; what manifests and heads add is `tally bench bizi`'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.console.charts import Options, axis, line, show_chart, show_figures
from tallystick.console.kit import boxed, fill, show
from tallystick.console.visit import Visit
from tallystick.kernel.store.spread.survival import count_share
from tallystick.kernel.store.zigzag.profile import PROFILES, Profile

__all__ = ["Way", "list_ways", "say_ways", "show_ways"]

HEIGHT: Final = 268
CODE: Final = "zz-4+2"
"""What files are kept in where nobody chooses."""
_COLOURS: Final = ("var(--c2)", "var(--c3)", "var(--c1)")


@dataclass(frozen=True, slots=True)
class Way:
    """One way of keeping a file.

    Attributes:
        name: for people.
        width: how many members hold a part of it.
        needed: how many of these give it back.
    """

    name: str
    width: int
    needed: int

    @property
    def taken(self) -> str:
        """Bytes that all members hold for a byte of content."""
        return f"{self.width / self.needed:.4g}"


def list_ways(v: Visit, members: int, profile: Profile = PROFILES[CODE]) -> list[Way]:
    """Return the ledger's way, and copies and a code that can lose as many as each other.

    Args:
        v: the visit.
        members: how many there are; fewer than the code has shards give none.
        profile: the code.
    """
    if members < profile.n:
        return []
    copies, parts = profile.r + 1, f"{profile.k}+{profile.r}"
    return [
        Way(v.t("账本，每家一份", "The ledger, with everybody"), members, 1),
        Way(v.t(f"{copies} 份副本", f"{copies} copies"), copies, 1),
        Way(v.t(f"切成 {parts} 份", f"Parts, {parts}"), profile.n, profile.k),
    ]


def say_ways(v: Visit, members: int, ways: list[Way]) -> str:
    """Return what the picture says, in words."""
    ledger, copies, code = ways
    lost = code.width - code.needed
    return v.t(
        f"{members} 家中任何 {lost} 家同时丢了磁盘，每份文件都还读得出，"
        f"和 {copies.width} 份副本一样；每字节占 {code.taken} 字节，"
        f"副本占 {copies.taken}，账本占 {ledger.taken}。"
        "一次丢得更多时，副本活下来的多得多；丢一家就补齐一家，则可以接着丢。",
        f"Any {lost} of {members} members may lose their disks at once and every file is still"
        f" readable, as with {copies.width} copies; a byte takes {code.taken} bytes, {copies.taken}"
        f" as copies and {ledger.taken} in the ledger. Of more lost at once copies survive far more"
        " often; where parts are made anew after each loss, more may be lost one by one.",
    )


def show_ways(v: Visit, members: int) -> None:
    """Put the picture, its words and its figures on the page; nothing where members are too few."""
    ways = list_ways(v, members)
    if not ways:
        return
    title = v.t("能丢几家，占多少空间", "How many may be lost, and what it takes")
    with boxed(title, right=v.t("按定义精确计数", "Counted exactly")):
        name = v.t(
            "丢失若干成员之后仍读得出的文件比例，三种方式",
            "Share of files still readable after losses of members, for three ways",
        )
        show_chart(v, _draw(v, members, ways), height=HEIGHT, name=name)
        show(fill('<p class="body soft small">{}</p>', say_ways(v, members, ways)))
        columns = [
            v.t(">丢了几家", ">Members lost"),
            *(v.t(f">{each.name} %", f">{each.name}, %") for each in ways),
        ]
        rows = [
            [str(lost), *(f"{_percent(members, each, lost):.4g}" for each in ways)]
            for lost in range(members + 1)
        ]
        show_figures(v, columns, rows, name, "store-ways")


def _percent(members: int, way: Way, lost: int) -> float:
    return float(100 * count_share(members, way.width, way.needed, lost))


def _draw(v: Visit, members: int, ways: list[Way]) -> Options:
    legend = {"color": "var(--ink-2)"}
    return {
        "grid": {"left": 52, "right": 18, "top": 34, "bottom": 46},
        "legend": {
            "top": 0,
            "right": 14,
            "itemWidth": 16,
            "itemHeight": 8,
            "textStyle": legend,
            "data": [each.name for each in ways],
        },
        "xAxis": axis("value", v.t("同时丢失的成员", "Members lost at once"), min=0, max=members),
        "yAxis": axis("value", v.t("还读得出 %", "Still readable, %"), gap=36, min=0, max=100),
        "series": [
            line(
                each.name,
                [[lost, _percent(members, each, lost)] for lost in range(members + 1)],
                colour,
                dots=True,
            )
            for each, colour in zip(ways, _COLOURS, strict=True)
        ],
    }
