"""Service subjects: who is good at what, and who says so.

Laws: praise and accuracy are of households' feedback that this member may read, with intervals and
counts; what the catalogue claims of a subject is told as a claim, apart from it. The order is by
the lower end of the interval, so that few good words never beat many. Feedback is opened when the
page is, and not again after each block: every opening leaves a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    item,
    join,
    link_button,
    scrolled,
    show,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.catalogue_acts import open_provider
from tallystick.console.pages.catalogue_words import (
    DASH,
    find_in_force,
    list_words,
    may_record,
    month_now,
    name_entry,
    name_kind,
    name_word,
)
from tallystick.console.pages.head import put_head
from tallystick.console.pages.share import draw_share
from tallystick.console.problem import notify_problem
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_percent

__all__ = [
    "Said",
    "Told",
    "count_cases",
    "explain_said",
    "read_all",
    "read_later",
    "read_said",
    "said_tag",
    "say_claim",
    "say_reading",
    "say_served",
    "show_page",
]

PAGE_ROWS: Final = 200
_AID: Final = "aid"
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """What households said, as far as this member may read it.

    Attributes:
        cells: by member: of served (False) and of refused (True) households.
        least: groups of fewer cases are not told.
        tolerance_ppm: told income within this much of the expected counts as accurate.
    """

    cells: Mapping[str, Mapping[bool, Tree]]
    least: int
    tolerance_ppm: int


@dataclass(slots=True)
class Told:
    """What of feedback a page has read.

    Attributes:
        said: None before it is read, and where this officer may not.
        is_read: whether nothing more will come.
    """

    said: Said | None = None
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What the page shows: subjects, products in force by scheme, cases by member."""

    providers: Sequence[Tree]
    products: Mapping[str, Tree]
    versions: int
    held: Mapping[str, int]


async def show_page(v: Visit, live: Live, *, kind: str = "", expertise: str = "") -> None:
    """Show the service subjects of the county.

    Args:
        v: the visit.
        live: tells what changed.
        kind: only those with a service of a kind.
        expertise: only those good at a field.
    """
    found, may = await asyncio.gather(
        _read(v), may_record(v, "add_provider", "provider.registered")
    )
    with _put_head(v, found):
        show(link_button(v.t("全部产品", "All products"), v.link("/products"), "list-checks"))
        if may:
            words = v.t("登记机构", "Register a provider")
            button(words, lambda: open_provider(v, found.products), "plus", "first")
    chosen = {"kind": kind, "expertise": expertise}
    with boxed(v.t("机构", "Providers"), right=_say_order(v)):
        filters = show(fill(""))
        _show_expertise(v, chosen, found.providers)
        place = show(say_reading(v)).props("role=status")
    explained = show(fill(""))
    told = Told(is_read=not v.may("sum_feedback"))

    async def draw(again: Health | None = None) -> None:
        now = found if again is None else await _read(v)
        filters.set_content(_segments(v, chosen, now))
        markup = _draw(v, chosen, now, told)
        if place.content != markup:
            place.set_content(markup)
            explained.set_content(explain_said(v, told))

    await draw()
    live.watch(ui.context.client, "page", draw)
    read_later(v, told, draw)


def read_later(v: Visit, told: Told, draw: Callable[[], Awaitable[None]]) -> None:
    """Read what households said once the page stands, and draw again; opening parts takes time."""

    async def read() -> None:
        try:
            told.said = await read_said(v)
        except Error as error:
            notify_problem(v, error)
        told.is_read = True
        await draw()

    if not told.is_read:
        ui.timer(0, read, once=True)


def say_reading(v: Visit) -> Markup:
    """Return what stands where feedback is being read."""
    return fill(
        '<p class="body soft">{}</p>',
        v.t("正在打开回访，要一两秒……", "Opening what households said; a second or two…"),
    )


async def _read(v: Visit) -> _Catalogue:
    providers, products = await asyncio.gather(read_all(v, "/providers"), read_all(v, "/products"))
    members = {name for each in providers for name in each["members"]}
    return _Catalogue(
        providers=providers,
        products=find_in_force(products, month_now(v)),
        versions=len(products),
        held={
            name: sum(counts.values()) for name, counts in (await count_cases(v, members)).items()
        },
    )


async def read_all(v: Visit, path: str) -> list[Tree]:
    """Return all rows of a list, a page at a time."""
    rows: list[Tree] = []
    while True:
        found = await v.client.get(path, limit=PAGE_ROWS, offset=len(rows))
        rows += found["items"]
        if "next" not in found:
            return rows


async def count_cases(v: Visit, members: Iterable[str]) -> dict[str, dict[str, int]]:
    """Return by member how many cases it holds at each stage."""
    names = sorted(members)
    found = await asyncio.gather(*(v.client.get("/cases/counts", owner=each) for each in names))
    return {
        name: {stage: count for stage, count in counts.items() if stage != "all"}
        for name, counts in zip(names, found, strict=True)
    }


async def read_said(v: Visit) -> Said | None:
    """Return what households said of members; None where this officer may not read it."""
    if not v.may("sum_feedback"):
        return None
    found = await v.client.get("/feedback/summary", by="provider")
    said: dict[str, dict[bool, Tree]] = {}
    for cell in found["cells"]:
        said.setdefault(cell["name"], {})[bool(cell["refused"])] = cell
    return Said(said, found["least"], found["tolerance_ppm"])


def _put_head(v: Visit, found: _Catalogue) -> ui.element:
    subjects, schemes = len(found.providers), len(found.products)
    through = sum(1 for each in found.providers if each["members"])
    return put_head(
        v.t("机构与产品", "Providers and products"),
        v.t(
            f"{subjects} 家机构、{schemes} 种产品（{found.versions} 个版本）；"
            f"{through} 家通过账本成员办理。",
            f"{subjects} providers and {schemes} products ({found.versions} versions);"
            f" {through} act through members of the ledger.",
        ),
    )


# ---- filters


def _kinds_of(row: Tree, products: Mapping[str, Tree]) -> set[str]:
    """Return the kinds of a subject's services; aid has no product."""
    services = row["entry"]["services"]
    found = {products[each]["entry"]["kind"] for each in services if each in products}
    return found | ({_AID} if _AID in services else set())


def _segments(v: Visit, chosen: Mapping[str, str], found: _Catalogue) -> Markup:
    by_kind: dict[str, int] = {}
    for row in found.providers:
        for kind in _kinds_of(row, found.products):
            by_kind[kind] = by_kind.get(kind, 0) + 1
    order = [
        ("", len(found.providers)),
        *sorted(by_kind.items(), key=lambda each: (-each[1], each[0])),
    ]
    parts = join(
        fill(
            '<a href="{}"{}>{}<span class="n">{}</span></a>',
            _address(v, chosen, kind=kind),
            Markup(' aria-current="true"') if chosen["kind"] == kind else "",
            name_kind(v, kind) if kind else v.t("全部", "All"),
            format_count(count),
        )
        for kind, count in order
    )
    return fill('<div class="body filters"><div class="k-seg">{}</div></div>', parts)


def _address(v: Visit, chosen: Mapping[str, str], **changed: str) -> str:
    wanted = {name: value for name, value in {**chosen, **changed}.items() if value}
    return v.link("/providers") + (f"?{urlencode(wanted)}" if wanted else "")


def _show_expertise(v: Visit, chosen: Mapping[str, str], providers: Sequence[Tree]) -> None:
    codes = sorted({code for each in providers for code in each["entry"]["expertise"]})
    names = {"": v.t("各种专长", "Any expertise")}
    names |= {code: name_word(v, "expertise", code) for code in codes}
    with ui.element("div").classes("body"):
        box = ui.select(
            names,
            value=chosen["expertise"] if chosen["expertise"] in names else "",
            on_change=lambda event: ui.navigate.to(_address(v, chosen, expertise=event.value)),
        )
        box.props("outlined dense dropdown-icon=svguse:/look/icons.svg#chevron-down")
        box.style("max-width:320px")
        box.props["aria-label"] = v.t("按专长筛选", "Filter by expertise")


# ---- table


def _draw(v: Visit, chosen: Mapping[str, str], found: _Catalogue, told: Told) -> Markup:
    if not told.is_read:
        return say_reading(v)
    said = told.said
    rows = [
        each
        for each in found.providers
        if (not chosen["kind"] or chosen["kind"] in _kinds_of(each, found.products))
        and (not chosen["expertise"] or chosen["expertise"] in each["entry"]["expertise"])
    ]
    if not rows:
        title = v.t("没有这样的机构", "No such provider")
        why = v.t(
            "换一个筛选；没人擅长的事，需要有机构登记。",
            "Choose another filter; a field that nobody is good at waits for a provider.",
        )
        act = link_button(v.t("清除筛选", "Clear the filters"), v.link("/providers"), "x")
        return empty("landmark", title, why, act)
    heads = [
        v.t("机构", "Provider"),
        v.t("专长", "Good at"),
        ">" + v.t("产品", "Products"),
        ">" + v.t("案件", "Cases"),
        v.t("好评 · 95% 区间", "Praise · 95% interval"),
        *([v.t("准确 · 95% 区间", "Accuracy · 95% interval")] if _has_accuracy(said) else []),
        ">" + v.t("答复（天）", "Answers in (d)"),
    ]
    rows.sort(key=lambda each: _order(each, said, found.held))
    cells = [_row(v, each, found, said) for each in rows]
    body = table(heads, cells, v.t("机构", "Providers"), classes="terms")
    return scrolled(body, v.t("机构", "Providers"))


def _has_accuracy(said: Said | None) -> bool:
    """Tell whether incomes were told that this member may read: else there is no such column."""
    return said is not None and any(
        "accuracy" in cell for cells in said.cells.values() for cell in cells.values()
    )


def _order(row: Tree, said: Said | None, held: Mapping[str, int]) -> tuple[int, int, str]:
    cell = _served(row, said)
    sure = cell["praise"]["low_ppm"] if cell else -1
    return -sure, -sum(held.get(each, 0) for each in row["members"]), row["provider"]


def _served(row: Tree, said: Said | None) -> Tree | None:
    """Return what served households said, of a subject that acts through one member."""
    if said is None or len(row["members"]) != 1:
        return None
    return said.cells.get(row["members"][0], {}).get(False)


def _row(v: Visit, row: Tree, found: _Catalogue, said: Said | None) -> Sequence[str | Markup]:
    entry, cell = row["entry"], _served(row, said)
    products = sum(1 for each in entry["services"] if each in found.products)
    held = sum(found.held.get(each, 0) for each in row["members"])
    return (
        fill(
            '<a class="link b" href="{}">{}</a><div class="note12 dim">{}</div>',
            v.link(f"/providers/{row['provider']}"),
            name_entry(v, entry),
            say_served(v, row["members"]),
        ),
        list_words(v, "expertise", entry["expertise"]),
        format_count(products) if products else DASH,
        format_count(held) if row["members"] else DASH,
        draw_share(cell["praise"] if cell else None, why=say_claim(v, entry)),
        *([draw_share(cell.get("accuracy") if cell else None)] if _has_accuracy(said) else []),
        format_count(entry["days_to_yes"]),
    )


def say_served(v: Visit, members: Sequence[str]) -> str:
    """Return through which members a subject acts."""
    if not members:
        return v.t("不是账本成员", "Not a member of the ledger")
    names = v.t("、", ", ").join(v.name_of(each) for each in members)
    return v.t(f"由{names}办理", f"Through {names}")


def say_claim(v: Visit, entry: Tree) -> str:
    """Return how the catalogue says it felt, called what it is: a claim."""
    if not entry["feel_count"]:
        return v.t("目录里没有评分", "none in the catalogue")
    mean, count = f"{entry['feel_milli'] / 1_000:.1f}", format_count(entry["feel_count"])
    return v.t(f"目录自述 {mean}/5（{count} 户）", f"catalogue: {mean} of 5 ({count} asked)")


# ---- who says so


def _say_order(v: Visit) -> str:
    if not v.may("sum_feedback"):
        return v.t("按案件数排列", "By number of cases")
    return v.t("按好评区间的下端排列", "By the lower end of the praise interval")


def explain_said(v: Visit, told: Told) -> Markup:
    """Return the card that tells where praise and accuracy come from."""
    lines = [
        item(
            "message-circle-heart",
            v.t(
                "好评：办了的家庭里，说感觉好或很好的。回访由账本抽定的别家机构做。",
                "Praise: served households that felt well or very well. Another member, drawn by"
                " the ledger, asks them.",
            ),
        ),
        item(
            "info",
            v.t(
                "目录自述是登记时写的，账本没有核对过。",
                "What the catalogue says was written at registration and checked by nobody here.",
            ),
        ),
    ]
    if not v.may("sum_feedback"):
        why = v.t(
            "好评和准确由复核员、风险员、负责人和审计员看。",
            "Praise and accuracy are for reviewers, risk officers, managers and auditors to read.",
        )
        lines.append(item("lock", why))
    else:
        why = v.t(
            "只算本单位看得到的回访；打开一次，留下一次查阅记录。",
            "Only feedback that this member may read; each opening leaves a receipt.",
        )
        lines.append(item("eye", why))
        if told.said is not None:
            lines.insert(1, item("scale", _say_accuracy(v, told.said)))
    return card(v.t("谁说的", "Says who?"), join(lines))


def _say_accuracy(v: Visit, said: Said) -> str:
    part = format_percent(said.tolerance_ppm)
    lack = v.t("本单位还读不到说了的收入。", " None readable here yet.")
    return v.t(
        f"准确：一年后说的收入与预计相差不到 {part} 的。"
        f"{'' if _has_accuracy(said) else lack}少于 {said.least} 案的组不显示。",
        f"Accuracy: a year later, income told within {part} of what was expected."
        f"{'' if _has_accuracy(said) else lack} Groups of fewer than {said.least}"
        " cases are not shown.",
    )


def said_tag(v: Visit, *, is_refused: bool) -> Markup:
    """Return whose words a share is of."""
    if is_refused:
        return tag(v.t("被拒绝的", "Refused"), "warn")
    return tag(v.t("办了的", "Served"), "ok")
