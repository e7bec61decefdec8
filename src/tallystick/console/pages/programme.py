"""One programme: its errors by village on a map and as a table, over time, and its money.

Laws: a village that is too small to be told alone has its area's figures and says so; a part is
called above or below the county only where the county's figure lies outside its interval; what the
map shades, the table says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, cast
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import (
    button,
    card,
    empty,
    fill,
    grid,
    join,
    pairs,
    scrolled,
    show,
    stack,
    stats,
    table,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.catalogue_words import DASH, block_link, may_record
from tallystick.console.pages.head import put_head
from tallystick.console.pages.programme_map import show_reach_map, show_time
from tallystick.console.pages.programme_measure import open_measure
from tallystick.console.pages.programme_words import (
    ERRORS,
    ErrorKind,
    apart_tag,
    find_areas,
    list_lenders,
    name_area,
    name_group,
    name_programme,
    say_cycle,
)
from tallystick.console.pages.programmes import say_law
from tallystick.console.pages.share import draw_share, say_interval
from tallystick.console.visit import Visit
from tallystick.console.words import tell_day
from tallystick.text.wording import format_count, format_day_plain, format_money, format_percent

__all__ = ["show_page", "sort_areas"]

SORTS: Final = ("missed", "exclusion", "inclusion", "households")
Tree = Mapping[str, Any]


async def show_page(
    v: Visit, live: Live, programme: str, *, by: str = "exclusion", sort: str = "missed"
) -> None:
    """Show a programme.

    Args:
        v: the visit.
        live: tells what changed.
        programme: its code.
        by: which error the map shades: `exclusion` or `inclusion`.
        sort: by which figure the areas stand, the greatest first.
    """
    shade = cast("ErrorKind", by if by in ERRORS else "exclusion")
    order = sort if sort in SORTS else "missed"
    found, may = await asyncio.gather(
        v.client.get(f"/programmes/{programme}"),
        may_record(v, "measure_programme", "programme.measured"),
    )
    whole = ui.element("div").classes("stack")
    shown: list[Any] = [None]

    async def draw(again: Health | None = None) -> None:
        now = found if again is None else await v.client.get(f"/programmes/{programme}")
        if now == shown[0]:
            return
        shown[0] = now
        areas = await v.client.get("/map")
        whole.clear()
        with whole:
            with _put_head(v, now):
                if may:
                    words = v.t("公布一期测算", "Publish a measure")
                    act = partial(open_measure, v, [programme], here=programme)
                    button(words, act, "upload", "first")
            _draw(v, now, areas, shade, order)

    await draw()
    live.watch(ui.context.client, "page", draw)


def _put_head(v: Visit, found: Tree) -> ui.element:
    crumb = fill('<a href="{}">{}</a>', v.link("/programmes"), v.t("项目", "Programmes"))
    cycles = found["cycles"]
    if not cycles:
        said = v.t("没有人测过它覆盖到谁。", "Nobody has measured whom it reaches.")
    else:
        newest = cycles[-1]
        who, when = v.name_of(newest["member"]), say_cycle(v, newest["cycle"])
        said = v.t(
            f"最新一期 {when}，{who}调查了 {format_count(newest['households'])} 户。",
            f"Newest cycle {when}: {who} surveyed {format_count(newest['households'])} households.",
        )
    return put_head(name_programme(v, found["programme"]), said, crumb=crumb)


def _draw(v: Visit, found: Tree, areas: Tree, shade: ErrorKind, order: str) -> None:
    show(stats(_figures(v, found)))
    parts = find_areas(found.get("villages", ()))
    with grid("g-side"):
        with stack():
            if found["cycles"]:
                show_reach_map(
                    v,
                    found,
                    areas,
                    shade,
                    parts=parts,
                    links=_address(v, found["programme"], order),
                )
                show_time(v, found["cycles"])
            else:
                show(_draw_unmeasured(v))
        with stack():
            show(_draw_money(v, found))
            if found["cycles"]:
                show(card(v.t("最新一期", "Newest cycle"), _draw_cycle(v, found["cycles"][-1])))
            show(card(v.t("怎么读", "How to read it"), say_law(v)))
    if found["cycles"]:
        show(_draw_areas(v, found, parts, shade, order))
        show(_draw_groups(v, found))


def _address(v: Visit, programme: str, order: str) -> Mapping[str, str]:
    """Return the address of the page by which error the map shades."""
    place = v.link(f"/programmes/{programme}")
    return {each: f"{place}?{urlencode({'by': each, 'sort': order})}" for each in ERRORS}


def _figures(v: Visit, found: Tree) -> Sequence[tuple[str, str | Markup, str, str | Markup]]:
    cycles = found["cycles"]
    newest = cycles[-1] if cycles else None
    before = cycles[-2] if len(cycles) > 1 else None
    shares = [
        (
            v.say(ERRORS[kind]),
            format_percent(newest[kind]["ppm"]) if newest and "ppm" in newest[kind] else DASH,
            say_interval(newest[kind]) if newest else "",
            _since(v, before, kind) if newest else v.t("没有测过", "never measured"),
        )
        for kind in ERRORS
    ]
    missed = (
        v.t("漏了", "Missed"),
        format_count(newest["missed"]) if newest else DASH,
        v.t("户", "households") if newest else "",
        v.t(f"贫困 {newest['poor']} 户", f"of {format_count(newest['poor'])} poor")
        if newest
        else "",
    )
    lent = (
        v.t("贷出", "Lent"),
        format_money(found["lent_minor"], v.language),
        "",
        v.t(
            f"拨款 {format_money(found['allocated_minor'], v.language)}",
            f"of {format_money(found['allocated_minor'], v.language)} allocated",
        ),
    )
    return [*shares, missed, lent]


def _since(v: Visit, before: Tree | None, kind: str) -> str:
    if before is None or "ppm" not in before[kind]:
        return v.t("第一期", "first cycle")
    then, when = before[kind], say_cycle(v, before["cycle"])
    figure = f"{format_percent(then['ppm'])} ({say_interval(then)})"
    return v.t(f"{when} {figure}", f"{figure} in {when}")


# ---- areas


def sort_areas(areas: Sequence[Tree], order: str) -> list[Tree]:
    """Return areas by a figure, the greatest first; a share of nothing comes last."""

    def rank(area: Tree) -> tuple[int, int, list[str]]:
        value = area[order].get("ppm", -1) if order in ERRORS else area[order]
        return -value, -area["missed"], area["area"]

    return sorted(areas, key=rank)


def _draw_areas(
    v: Visit, found: Tree, parts: Sequence[Tree], shade: ErrorKind, order: str
) -> Markup:
    title = v.t("各片区", "By area")
    whole = found["cycles"][-1]
    heads = (
        ("", v.t("村", "Villages"), ""),
        ("households", v.t("调查（户）", "Surveyed"), "num"),
        ("missed", v.t("漏了（户）", "Missed"), "num"),
        ("exclusion", v.t("漏了 · 95% 区间", "Missed · 95% interval"), ""),
        ("inclusion", v.t("错了 · 95% 区间", "Wrong · 95% interval"), ""),
        ("", v.t("与全县比", "Against the county"), ""),
    )
    place = f"{v.link('/programmes')}/{found['programme']}?by={shade}&sort="
    head = join(_head(code, name, side, place, order) for code, name, side in heads)
    body = join(_area_row(v, each, whole, shade) for each in sort_areas(parts, order))
    joined = sum(1 for each in parts if len(each["area"]) > 1)
    note = v.t(
        f"{len(found['villages'])} 个村，{len(parts)} 片，其中 {joined} 片是合并的："
        "单独数会有一至四户的数。虚线是全县。",
        f"{len(found['villages'])} villages in {len(parts)} areas; {joined} are of several"
        " villages, since alone they would show a count of one to four. The dashed line is the"
        " county.",
    )
    markup = fill(
        '<table class="tbl terms"><caption class="heard">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table>",
        title,
        head,
        body,
    )
    return card(
        title,
        scrolled(markup, title),
        right=v.t("点表头排序", "Sort by a heading"),
        note=note,
        pad=False,
    )


def _head(code: str, name: str, side: str, place: str, order: str) -> Markup:
    if not code:
        return fill('<th scope="col" class="{}">{}</th>', side, name)
    here = Markup(' aria-sort="descending"') if code == order else ""
    return fill(
        '<th scope="col" class="{}"{}><a href="{}">{}</a></th>', side, here, place + code, name
    )


def _area_row(v: Visit, area: Tree, whole: Tree, shade: ErrorKind) -> Markup:
    marks = {kind: whole[kind].get("ppm") for kind in ERRORS}
    why = v.t("没有贫困户", "no poor surveyed"), v.t("没有在册的", "none held")
    return fill(
        '<tr><td>{}</td><td class="num">{}</td><td class="num">{}</td>'
        "<td>{}</td><td>{}</td><td>{}</td></tr>",
        name_area(v, area),
        format_count(area["households"]),
        format_count(area["missed"]),
        draw_share(area["exclusion"], mark_ppm=marks["exclusion"], why=why[0]),
        draw_share(area["inclusion"], mark_ppm=marks["inclusion"], why=why[1]),
        apart_tag(v, area[shade], marks[shade]),
    )


# ---- groups, money, who measured


def _draw_groups(v: Visit, found: Tree) -> Markup:
    title = v.t("各类家庭", "By group")
    if not found["groups"]:
        why = v.t(
            "分组以后户数太少，不公布。", "By group the counts would be too small to be told."
        )
        return card(title, empty("users", v.t("不分组", "Not by group"), why), pad=False)
    whole = found["cycles"][-1]
    heads = [
        v.t("家庭", "Households"),
        ">" + v.t("调查（户）", "Surveyed"),
        ">" + v.t("漏了（户）", "Missed"),
        v.t("漏了 · 95% 区间", "Missed · 95% interval"),
        v.t("错了 · 95% 区间", "Wrong · 95% interval"),
    ]
    rows = [
        (
            name_group(v, each["group"]),
            format_count(each["households"]),
            format_count(each["missed"]),
            draw_share(
                each["exclusion"],
                mark_ppm=whole["exclusion"].get("ppm"),
                why=v.t("没有贫困户", "no poor surveyed"),
            ),
            draw_share(
                each["inclusion"],
                mark_ppm=whole["inclusion"].get("ppm"),
                why=v.t("没有在册的", "none held"),
            ),
        )
        for each in sorted(found["groups"], key=lambda each: -each["missed"])
    ]
    note = v.t(
        "太小的组合在一起；村和组不交叉着数。",
        "Groups that are too small stand together; areas and groups are never crossed.",
    )
    return card(
        title,
        scrolled(table(heads, rows, title, classes="terms"), title),
        note=note,
        pad=False,
    )


def _draw_money(v: Visit, found: Tree) -> Markup:
    title = v.t("钱", "Money")
    if not found["lenders"]:
        why = v.t("没有给它拨过款。", "No public money was allocated to it.")
        return card(title, empty("banknote", v.t("没有拨款", "No money"), why), pad=False)
    return card(
        title, list_lenders(v, found["lenders"]), right=v.t("贷出，占拨款", "Lent, of allocated")
    )


def _draw_cycle(v: Visit, cycle: Tree) -> Markup:
    return pairs(
        [
            (v.t("哪一期", "Cycle"), say_cycle(v, cycle["cycle"])),
            (v.t("谁测的", "Measured by"), v.name_of(cycle["member"])),
            (v.t("调查", "Surveyed"), format_day_plain(cycle["day"])),
            (v.t("公布", "Published"), tell_day(v, cycle["at"])),
            (v.t("区块", "Block"), block_link(v, cycle["height"])),
            (v.t("调查户", "Households"), format_count(cycle["households"])),
            (v.t("贫困", "Poor"), format_count(cycle["poor"])),
            (v.t("在册", "Held"), format_count(cycle["held"])),
            (v.t("漏了", "Missed"), format_count(cycle["missed"])),
            (v.t("错了", "Wrong"), format_count(cycle["wrong"])),
        ]
    )


def _draw_unmeasured(v: Visit) -> Markup:
    why = v.t(
        "钱在用，但没有人测过它漏了谁、错了谁。民政等部门或监管调查以后公布。",
        "Its money is in use, and nobody has measured whom it misses. A department or the regulator"
        " publishes a measure after a survey.",
    )
    return card(
        v.t("覆盖到谁", "Whom it reaches"),
        empty("map", v.t("没有测过", "Never measured"), why),
        pad=False,
    )
