"""Products: terms by version, who offers them, and what of them is paid publicly."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    grid,
    join,
    link_button,
    pairs,
    scrolled,
    show,
    stack,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.catalogue_acts import open_product
from tallystick.console.pages.catalogue_words import (
    DASH,
    block_link,
    find_in_force,
    list_words,
    may_record,
    month_now,
    name_entry,
    name_kind,
    name_word,
    say_amount,
    say_from_to,
    say_rate,
    say_subsidy,
    say_term,
    state_of,
)
from tallystick.console.pages.head import put_head
from tallystick.console.pages.providers import read_all
from tallystick.console.visit import Visit
from tallystick.text.wording import format_count, format_money, format_percent, format_rate

__all__ = ["show_page", "show_product"]

Tree = Mapping[str, Any]
_STATES: Final = {"now": "ok", "later": "info", "past": "", "replaced": ""}


async def show_page(v: Visit, live: Live, *, kind: str = "") -> None:
    """Show the products; `kind` is the kind of need they serve, empty for all."""
    rows, providers, may = await asyncio.gather(
        read_all(v, "/products"),
        read_all(v, "/providers"),
        may_record(v, "add_product", "product.published"),
    )
    crumb = _crumb(v)
    head = put_head(
        v.t("产品", "Products"),
        v.t(
            "每种产品现行的条款。点名称看各个版本。",
            "The terms of each product now in force. Its name leads to all versions.",
        ),
        crumb=crumb,
    )
    if may:
        with head:
            words = v.t("公布产品", "Publish a product")
            button(words, lambda: open_product(v, None, month_now(v)), "plus", "first")
    with boxed(v.t("产品", "Products"), note=_note(v)):
        place = show(fill(""))

    async def draw(again: Health | None = None) -> None:
        now = rows if again is None else await read_all(v, "/products")
        markup = _draw(v, kind, now, providers)
        if place.content != markup:
            place.set_content(markup)

    await draw()
    live.watch(ui.context.client, "page", draw)


def _crumb(v: Visit) -> Markup:
    words = v.t("机构与产品", "Providers and products")
    return fill('<a href="{}">{}</a>', v.link("/providers"), words)


def _note(v: Visit) -> str:
    return v.t(
        "贴息由财政付给机构，家庭只付余下的。横线表示条款没有写。",
        "A subsidy is paid to the provider by the public; the household pays the rest. A dash:"
        " the terms do not say.",
    )


def _draw(v: Visit, kind: str, rows: Sequence[Tree], providers: Sequence[Tree]) -> Markup:
    month = month_now(v)
    current = find_in_force(rows, month)
    shown = [row for row in current.values() if not kind or row["entry"]["kind"] == kind]
    segments = _segments(v, kind, list(current.values()))
    if not shown:
        why = v.t("换一个筛选，或者公布一种产品。", "Choose another filter, or publish one.")
        return segments + empty("list-checks", v.t("没有这样的产品", "No such product"), why)
    heads = [
        v.t("产品", "Product"),
        v.t("种类", "Kind"),
        ">" + v.t("金额（元）", "Amount (¥)"),
        ">" + v.t("期限（月）", "Months"),
        ">" + v.t("年利率", "Rate a year"),
        ">" + v.t("贴息", "Subsidy"),
        v.t("谁提供", "Who offers it"),
        ">" + v.t("版本", "Versions"),
    ]
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["entry"]["scheme"]] = counts.get(row["entry"]["scheme"], 0) + 1
    cells = [_row(v, row, providers, counts, month) for row in shown]
    whole = table(heads, cells, v.t("产品", "Products"), classes="terms")
    return segments + scrolled(whole, v.t("产品", "Products"))


def _segments(v: Visit, kind: str, rows: Sequence[Tree]) -> Markup:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["entry"]["kind"]] = counts.get(row["entry"]["kind"], 0) + 1
    order = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    parts = join(
        fill(
            '<a href="{}"{}>{}<span class="n">{}</span></a>',
            v.link("/products") + (f"?{urlencode({'kind': code})}" if code else ""),
            Markup(' aria-current="true"') if code == kind else "",
            name_kind(v, code) if code else v.t("全部", "All"),
            format_count(count),
        )
        for code, count in (("", len(rows)), *order)
    )
    return fill('<div class="body filters"><div class="k-seg">{}</div></div>', parts)


def _row(
    v: Visit, row: Tree, providers: Sequence[Tree], counts: Mapping[str, int], month: int
) -> Sequence[str | Markup]:
    entry = row["entry"]
    state = state_of(entry, month)
    note = "" if state == "now" else state_tag(v, state)
    return (
        fill(
            '<a class="link b" href="{}">{}</a> {}',
            v.link(f"/products/{entry['scheme']}"),
            name_entry(v, entry),
            note,
        ),
        name_kind(v, entry["kind"]),
        say_amount(entry),
        say_term(entry),
        say_rate(entry),
        say_subsidy(v, entry),
        _offered_by(v, entry["scheme"], providers),
        format_count(counts[entry["scheme"]]),
    )


def _offered_by(v: Visit, scheme: str, providers: Sequence[Tree]) -> Markup:
    found = [each for each in providers if scheme in each["entry"]["services"]]
    if not found:
        return fill('<span class="unsure">{}</span>', v.t("还没有机构", "nobody yet"))
    return join((_provider_link(v, each) for each in found), v.t("、", ", "))


def _provider_link(v: Visit, row: Tree) -> Markup:
    return fill(
        '<a class="link" href="{}">{}</a>',
        v.link(f"/providers/{row['provider']}"),
        name_entry(v, row["entry"]),
    )


def state_tag(v: Visit, state: str) -> Markup:
    """Return whether terms are in force, as a tag."""
    names = {
        "now": v.t("现行", "In force"),
        "later": v.t("还没开始", "Not yet"),
        "past": v.t("已过期", "Ended"),
        "replaced": v.t("已被取代", "Replaced"),
    }
    return tag(names[state], _STATES[state])


# ---- one product


async def show_product(v: Visit, live: Live, product: str) -> None:
    """Show a product: the terms in force, all versions, who offers it."""
    may = await may_record(v, "add_product", "product.published")
    whole = ui.element("div").classes("stack")
    shown: list[Any] = [None]

    async def draw(_: Health | None = None) -> None:
        found, providers = await asyncio.gather(
            v.client.get(f"/products/{product}"), read_all(v, "/providers")
        )
        if (found, providers) == shown[0]:
            return
        shown[0] = (found, providers)
        whole.clear()
        with whole:
            _draw_product(v, found, providers, may=may)

    await draw()
    live.watch(ui.context.client, "page", draw)


def _draw_product(v: Visit, found: Tree, providers: Sequence[Tree], *, may: bool) -> None:
    month, versions = month_now(v), found["versions"]
    row = next((each for each in versions if each["version"] == found.get("in_force")), versions[0])
    entry = row["entry"]
    name, number = name_kind(v, entry["kind"]), row["version"]
    head = put_head(
        fill("{}{}", name_entry(v, entry), state_tag(v, state_of(entry, month))),
        v.t(f"{name}，第 {number} 版。", f"{name}, version {number}."),
        crumb=fill(
            '{} / <a href="{}">{}</a>', _crumb(v), v.link("/products"), v.t("产品", "Products")
        ),
    )
    if may:
        with head:
            words = v.t("公布新版本", "Publish a version")
            button(words, lambda: open_product(v, versions[0]["entry"], month), "plus", "first")
    with grid("g-side"):
        with stack():
            show(card(v.t("条款", "Terms"), pairs(_terms(v, entry))))
            show(_versions(v, versions, number, month))
        with stack():
            show(_offers(v, found["product"], providers))
            show(_who_may(v, entry))


def _terms(v: Visit, entry: Tree) -> list[tuple[str, str | Markup]]:
    per_mu = [entry.get(f"amount_per_mu_{end}_minor", 0) for end in ("min", "max")]
    found = [
        (v.t("金额（元）", "Amount (¥)"), say_amount(entry)),
        (
            v.t("每亩（元）", "A mu (¥)"),
            f"{format_count(per_mu[0] // 100)}{DASH}{format_count(per_mu[1] // 100)}"
            if per_mu[1]
            else "",
        ),
        (v.t("期限（月）", "Term (months)"), say_term(entry)),
        (v.t("年利率", "Rate a year"), say_rate(entry)),
        (v.t("贴息", "Subsidy"), say_subsidy(v, entry)),
        (v.t("费用", "Fee"), _rate_of(entry, "fee_ppm")),
        (v.t("自己出", "Own share"), _part_of(entry, "own_share_ppm")),
        (v.t("按订单", "Of the order"), _part_of(entry, "order_share_ppm")),
        (v.t("怎么还", "Repaid"), list_words(v, "repayment", entry.get("repayments", ()))),
        (v.t("用途", "For"), list_words(v, "purpose", entry.get("purposes", ()))),
        (v.t("最适合", "Made for"), list_words(v, "purpose", entry.get("made_for", ()))),
        (
            v.t("承保", "Covers"),
            list_words(v, "crop", entry["covers"]) if "covers" in entry else "",
        ),
        (
            v.t("放款前要看", "Shown before payout"),
            list_words(v, "show", entry["shows"]) if entry.get("shows") else "",
        ),
        (v.t("有效", "In force"), say_from_to(v, entry)),
    ]
    return [(name, value) for name, value in found if value]


def _rate_of(entry: Tree, name: str) -> str:
    return format_rate(entry[name]) if entry.get(name) else ""


def _part_of(entry: Tree, name: str) -> str:
    return format_percent(entry[name]) if entry.get(name) else ""


def _who_may(v: Visit, entry: Tree) -> Markup:
    low, high = entry.get("age_min", 0), entry.get("age_max", 0)
    ages = f"{low or DASH} {DASH} {high or DASH}" if low or high else v.t("不限", "Any")
    anybody = v.t("谁都可以", "Anybody")
    caps = entry.get("level_caps", {})
    rows: list[tuple[str, str | Markup]] = [
        (
            v.t("家庭", "Households"),
            list_words(v, "category", entry["categories"]) if entry.get("categories") else anybody,
        ),
        (v.t("年龄", "Age"), ages),
        (v.t("需要的专长", "Needs expertise"), name_word(v, "expertise", entry["expertise"])),
    ]
    if caps:
        most = max(caps.values())
        rows.append((v.t("按学历最多", "By level, at most"), format_money(most, v.language)))
    if entry.get("means_tested"):
        rows.append((v.t("收入", "Income"), v.t("要看家庭收入", "Tested")))
    return card(v.t("谁能申请", "Who may ask"), pairs(rows))


def _offers(v: Visit, product: str, providers: Sequence[Tree]) -> Markup:
    title = v.t("谁提供", "Who offers it")
    found = [each for each in providers if product in each["entry"]["services"]]
    if not found:
        why = v.t("等一家机构把它登记为服务。", "It waits for a provider to offer it.")
        act = link_button(v.t("看机构", "See providers"), v.link("/providers"), "landmark")
        return card(title, empty("landmark", v.t("还没有机构", "Nobody yet"), why, act), pad=False)
    rows = [
        (
            _provider_link(v, each),
            v.t(f"{each['entry']['days_to_yes']} 天", f"{each['entry']['days_to_yes']} d"),
        )
        for each in found
    ]
    heads = [v.t("机构", "Provider"), ">" + v.t("答复", "Answers in")]
    return card(title, table(heads, rows, title), pad=False)


def _versions(v: Visit, versions: Sequence[Tree], shown: int, month: int) -> Markup:
    title = v.t("各个版本", "Versions")
    heads = [
        ">" + v.t("版本", "Version"),
        v.t("有效", "In force"),
        ">" + v.t("金额（元）", "Amount (¥)"),
        ">" + v.t("期限（月）", "Months"),
        ">" + v.t("年利率", "Rate a year"),
        ">" + v.t("贴息", "Subsidy"),
        ">" + v.t("区块", "Block"),
    ]
    rows = [
        (
            str(each["version"]),
            fill("{} {}", say_from_to(v, each["entry"]), state_tag(v, _state(each, shown, month))),
            say_amount(each["entry"]),
            say_term(each["entry"]),
            say_rate(each["entry"]),
            say_subsidy(v, each["entry"]),
            block_link(v, each["height"]),
        )
        for each in versions
    ]
    here = next((i for i, each in enumerate(versions) if each["version"] == shown), -1)
    whole = table(heads, rows, title, classes="terms", here=here)
    return card(title, scrolled(whole, title), pad=False)


def _state(row: Tree, shown: int, month: int) -> str:
    """Return a version's state: of two in force in a month the higher one decides."""
    state = state_of(row["entry"], month)
    return "replaced" if state == "now" and row["version"] < shown else state
