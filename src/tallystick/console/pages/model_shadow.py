"""Champion and challenger: what a model that does not decide would have decided of our own cases.

Law: reading a case leaves a receipt, so it runs only when asked, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui
from nicegui.elements.html import Html

from tallystick.base.errors import Error
from tallystick.console.kit import boxed, button, fill, item, show, table, tag
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.console.words import case_name
from tallystick.text.wording import format_count

__all__ = ["Compared", "draw_compared", "show_shadow"]

PAGE_CASES: Final = 200
CASES_MAX: Final = 2_000
LARGEST: Final = 10
Row = Mapping[str, Any]


@dataclass(slots=True)
class Compared:
    """What came of the cases looked at so far.

    Attributes:
        rows: as `GET /models/{model}/shadow` tells them.
        unread: cases whose inputs could not be opened.
        is_whole: whether there are no further cases.
    """

    rows: list[Row] = field(default_factory=list)
    unread: int = 0
    is_whole: bool = False

    @property
    def differing(self) -> list[Row]:
        """Cases whose outcome would have been another."""
        return [each for each in self.rows if each["fits"] != each["would_fit"]]

    def largest(self) -> list[Row]:
        """Return the cases that differ most: other outcomes first, then by probability."""
        return sorted(self.rows, key=_difference, reverse=True)[:LARGEST]


def _difference(row: Row) -> tuple[bool, int, str]:
    gap = abs(row["shadow_ppm"] - row["decided_ppm"]) if "decided_ppm" in row else 0
    return row["fits"] != row["would_fit"], gap, row["case"]


def show_shadow(v: Visit, model: str) -> None:
    """Put the comparison on the page: a button, then what came of it.

    Args:
        v: the visit.
        model: the model's CID.
    """
    title = v.t("与做决定的模型相比", "Champion and challenger")
    with boxed(title):
        place = show(
            fill(
                '<p class="body soft">{}</p>',
                v.t(
                    "让这个模型把本单位判断过的案件重看一遍，看结论有没有不同。不改动任何案件。",
                    "Let this model look again at the cases we have decided, and see where the"
                    " outcome would differ. No case is changed.",
                ),
            )
        )
        with ui.element("div").classes("body shadow-acts"):
            act = button(v.t("重看一遍", "Run it"), None, "git-compare")
            note = v.t(
                "每打开一个案件都留下阅读回执。", "Each case that is opened leaves a receipt."
            )
            show(fill('<p class="soft small">{}</p>', note))

    async def run() -> None:
        act.disable()
        try:
            await _run(v, model, place)
        finally:
            act.enable()

    act.on_click(run)


async def _run(v: Visit, model: str, place: Html) -> None:
    """Look at all cases, a page at a time, and show what has come of it so far."""
    found = Compared()
    offset: int | None = 0
    try:
        while offset is not None and offset < CASES_MAX:
            page = await v.client.get(f"/models/{model}/shadow", limit=PAGE_CASES, offset=offset)
            found.rows += page["items"]
            found.unread += page["unread"]
            offset = page.get("next")
            found.is_whole = offset is None
            place.set_content(draw_compared(v, found))
    except Error as error:
        place.set_content(fill('<div class="body">{}</div>', draw_problem(v, error)))


def draw_compared(v: Visit, found: Compared) -> Markup:
    """Return what came of the comparison."""
    count, other = len(found.rows), len(found.differing)
    if not count:
        why = v.t("没有判断过的案件可以比较。", "There is no decided case to compare.")
        return fill('<div class="body">{}</div>', item("info", why))
    share = f"{100 * other / count:.1f}%"
    said = v.t(
        f"看了 {format_count(count)} 个案件，{format_count(other)} 个结论会不同（{share}）。",
        f"{format_count(count)} cases; the outcome of {format_count(other)} would differ"
        f" ({share}).",
    )
    if found.unread:
        said += v.t(f" 打不开的 {found.unread} 个。", f" {found.unread} could not be opened.")
    if not found.is_whole:
        said += v.t(" 还没有看完。", " Not all were looked at yet.")
    return fill(
        '<p class="body"><b>{}</b></p><div class="scroll">{}</div>',
        said,
        _draw_rows(v, found.largest()),
    )


def _draw_rows(v: Visit, rows: Sequence[Row]) -> Markup:
    heads = [
        v.t("案件", "Case"),
        ">" + v.t("当时的概率 %", "Chance then %"),
        ">" + v.t("这个模型 %", "By this one %"),
        v.t("当时", "Then"),
        v.t("会是", "Would be"),
    ]
    cells = [
        (
            fill(
                '<a class="link nowrap" href="{}">{}</a>',
                v.link(f"/cases/{each['case']}"),
                case_name(v, each["case"]),
            ),
            f"{each['decided_ppm'] / 10_000:.1f}" if "decided_ppm" in each else "\u2013",
            f"{each['shadow_ppm'] / 10_000:.1f}",
            _fits(v, each["fits"]),
            _fits(v, each["would_fit"]),
        )
        for each in rows
    ]
    return table(heads, cells, v.t("差别最大的案件", "Cases that differ most"), classes="tight")


def _fits(v: Visit, fits: int) -> Markup:
    return tag(v.t("合适", "Fits"), "ok") if fits else tag(v.t("不合适", "Does not fit"), "warn")
