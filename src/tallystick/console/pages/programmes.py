"""Public programmes: whom each reaches and misses, and where its money went.

Laws: errors have intervals; what nobody measured is told as not measured, never as nought.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    grid,
    item,
    join,
    scrolled,
    show,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.catalogue_words import DASH, block_link, may_record
from tallystick.console.pages.head import put_head
from tallystick.console.pages.programme_measure import open_measure
from tallystick.console.pages.programme_words import (
    draw_spent,
    name_programme,
    say_cycle,
)
from tallystick.console.pages.share import draw_share
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_day_plain

__all__ = ["say_law", "show_page"]

Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live) -> None:
    """Show the programmes."""
    found, may = await asyncio.gather(
        v.client.get("/programmes"), may_record(v, "measure_programme", "programme.measured")
    )
    head = put_head(
        v.t("项目", "Programmes"),
        v.t(
            "公共项目覆盖到谁、漏了谁，钱拨了多少、贷出多少。",
            "Whom public programmes reach and whom they miss; money allocated and lent.",
        ),
    )
    if may:
        with head:
            words = v.t("公布一期测算", "Publish a measure")
            codes = [each["programme"] for each in found["items"]]
            button(words, lambda: open_measure(v, codes), "upload", "first")
    with boxed(v.t("全部项目", "All programmes")):
        place = show(fill(""))
    with grid("g-two"):
        money = show(fill(""))
        show(card(v.t("怎么读", "How to read it"), say_law(v)))

    async def draw(again: Health | None = None) -> None:
        items = (found if again is None else await v.client.get("/programmes"))["items"]
        markup = _draw(v, items)
        if place.content != markup:
            place.set_content(markup)
            money.set_content(_money(v, items))

    await draw()
    live.watch(ui.context.client, "page", draw)


def _draw(v: Visit, items: Sequence[Tree]) -> Markup:
    if not items:
        why = v.t(
            "财政拨了款，或民政公布了第一期测算，就会出现在这里。",
            "They appear once public money is allocated, or a department publishes a measure.",
        )
        return empty("sprout", v.t("还没有项目", "No programmes yet"), why)
    heads = [
        v.t("项目", "Programme"),
        v.t("最新一期", "Newest cycle"),
        v.t("漏了 · 95% 区间", "Missed · 95% interval"),
        v.t("错了 · 95% 区间", "Wrong · 95% interval"),
        ">" + v.t("漏了（户）", "Missed (households)"),
        v.t("谁测的", "Measured by"),
        ">" + v.t("区块", "Block"),
    ]
    rows = [_row(v, each) for each in items]
    whole = table(heads, rows, v.t("项目", "Programmes"), classes="terms")
    return scrolled(whole, v.t("项目", "Programmes"))


def _row(v: Visit, row: Tree) -> Sequence[str | Markup]:
    name = fill(
        '<a class="link b" href="{}">{}</a><div class="note12 dim mono">{}</div>',
        v.link(f"/programmes/{row['programme']}"),
        name_programme(v, row["programme"]),
        row["programme"],
    )
    if "cycle" not in row:
        never = tag(v.t("没有测过", "Never measured"), "warn")
        why = v.t("没有人测过", "nobody measured it")
        return name, never, draw_share(None, why=why), draw_share(None, why=why), DASH, DASH, DASH
    day = format_day_plain(row["day"])
    return (
        name,
        fill(
            '{}<div class="note12 dim">{}</div>',
            say_cycle(v, row["cycle"]),
            v.t(
                f"{day} 调查 · 共 {row['cycles']} 期",
                f"surveyed {day} · {row['cycles']} {'cycle' if row['cycles'] == 1 else 'cycles'}",
            ),
        ),
        draw_share(row["exclusion"]),
        draw_share(row["inclusion"]),
        format_count(row["missed"]),
        v.name_of(row["member"]),
        block_link(v, row["height"]),
    )


def _money(v: Visit, items: Sequence[Tree]) -> Markup:
    title = v.t("钱到了哪里", "Where the money is")
    if not items:
        return fill("")
    rows = join(draw_spent(v, name_programme(v, each["programme"]), each) for each in items)
    return card(title, rows, right=v.t("贷出，占拨款", "Lent, of what was allocated"))


def say_law(v: Visit) -> Markup:
    """Return what the errors mean, and what is not told."""
    return join(
        [
            item(
                "users",
                v.t(
                    "漏了：调查认定贫困、名单里却没有的，占全部贫困户。",
                    "Missed: poor by the survey and not on the list, of all the poor.",
                ),
            ),
            item(
                "user-check",
                v.t(
                    "错了：在名单里、调查认定不贫困的，占名单。",
                    "Wrong: on the list and not poor by the survey, of the list.",
                ),
            ),
            item(
                "scale",
                v.t(
                    "区间是 95% 的；户数少，区间就宽，不要拿它比。",
                    "Intervals are of 95 %. Where households are few they are wide: do not compare"
                    " by them.",
                ),
            ),
            item(
                "lock",
                v.t(
                    "一至四户的数不公布：这样的村与最近的村合成一片再数。公布的只有数，没有人。",
                    "Counts of one to four are never told: such villages are counted together with"
                    " the nearest. Counts alone are published, nobody's name.",
                ),
            ),
        ]
    )
