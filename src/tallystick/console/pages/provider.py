"""One service subject: what it offers, what became of its cases, what households said.

Laws: counts are of public facts; shares have intervals; what the catalogue claims is told apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

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
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.catalogue_acts import open_provider
from tallystick.console.pages.catalogue_words import (
    DASH,
    block_link,
    find_in_force,
    find_writers,
    list_words,
    may_record,
    month_now,
    name_entry,
    name_kind,
    name_writers,
    say_amount,
    say_rate,
    say_subsidy,
    say_term,
)
from tallystick.console.pages.head import put_head
from tallystick.console.pages.providers import (
    Said,
    Told,
    explain_said,
    read_all,
    read_later,
    said_tag,
    say_claim,
    say_reading,
    say_served,
)
from tallystick.console.pages.share import draw_share, say_interval
from tallystick.console.visit import Visit
from tallystick.text.column import STAGES
from tallystick.text.wording import format_count, format_money, format_percent

__all__ = ["show_page"]

_ORDER: Final = ("reported", "matched", "refused", "closed", "applied", "schemed", "judged")
Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live, provider: str) -> None:
    """Show a service subject."""
    found, may = await asyncio.gather(
        v.client.get(f"/providers/{provider}"),
        may_record(v, "add_provider", "provider.registered"),
    )
    writers = await find_writers(v, found["height"], "provider.registered")
    whole = ui.element("div").classes("stack")
    shown: list[Any] = [None]
    told = Told(is_read=not v.may("sum_feedback"))

    async def draw(again: Health | None = None) -> None:
        now = found if again is None else await v.client.get(f"/providers/{provider}")
        if (now, told.is_read) == shown[0]:
            return
        shown[0] = (now, told.is_read)
        whole.clear()
        with whole:
            with _put_head(v, now):
                if may and v.member in writers:
                    words = v.t("更改登记", "Change the entry")
                    button(words, lambda: _change(v, now["entry"]), "pencil", "first")
            _draw(v, now, told, writers)

    await draw()
    live.watch(ui.context.client, "page", draw)
    read_later(v, told, draw)


async def _change(v: Visit, entry: Tree) -> None:
    products = find_in_force(await read_all(v, "/products"), month_now(v))
    open_provider(v, products, entry)


def _put_head(v: Visit, found: Tree) -> ui.element:
    names = [each["member"] for each in found["members"]]
    state = (
        tag(v.t("账本成员", "Member"), "ok", "shield-check")
        if names
        else tag(v.t("不是成员", "Not a member"))
    )
    crumb = fill(
        '<a href="{}">{}</a>', v.link("/providers"), v.t("机构与产品", "Providers and products")
    )
    good = list_words(v, "expertise", found["entry"]["expertise"])
    served = say_served(v, names)
    return put_head(
        fill("{}{}", name_entry(v, found["entry"]), state),
        v.t(f"擅长：{good}。{served}。", f"Good at: {good}. {served}."),
        crumb=crumb,
    )


def _draw(v: Visit, found: Tree, told: Told, writers: Sequence[str]) -> None:
    show(stats(_figures(v, found, told.said)))
    with grid("g-side"):
        with stack():
            _show_products(v, found)
            show(_draw_cases(v, found["members"]))
            show(_draw_said(v, found, told))
        with stack():
            show(
                card(
                    v.t("登记", "Entry"),
                    _draw_entry(v, found, writers),
                    note=v.t(
                        "只有登记它的成员能改。",
                        "Only the member that registered it may change it.",
                    ),
                )
            )
            show(explain_said(v, told))


# ---- figures


def _figures(
    v: Visit, found: Tree, said: Said | None
) -> Sequence[tuple[str, str | Markup, str, str | Markup]]:
    members, entry = found["members"], found["entry"]
    held = sum(each["held"] for each in members)
    granted = sum(each["granted"] for each in members)
    settled = sum(each["settled"] for each in members)
    cells = _cells(found, said)
    praise = next((cell["praise"] for cell in cells if not cell["refused"]), None)
    return [
        (
            v.t("好评", "Praise"),
            format_percent(praise["ppm"]) if praise else DASH,
            "",
            f"{say_interval(praise)} · {praise['hits']}/{praise['count']}"
            if praise
            else say_claim(v, entry),
        ),
        (
            v.t("案件", "Cases"),
            format_count(held) if members else DASH,
            "",
            v.t(f"放款 {granted} 笔", f"{format_count(granted)} loans granted")
            if members
            else v.t("不在账本上", "not on this ledger"),
        ),
        (
            v.t("答复的申诉", "Appeals answered"),
            format_count(settled) if members else DASH,
            "",
            v.t("它作的答复", "by it, of all who appealed") if members else "",
        ),
        (
            v.t("自述能办", "Says it can take on"),
            format_money(found["capacity_minor"], v.language),
            "",
            v.t(f"{entry['days_to_yes']} 天内答复", f"answers within {entry['days_to_yes']} days"),
        ),
    ]


def _cells(found: Tree, said: Said | None) -> list[Tree]:
    """Return what was said of its members, the served before the refused."""
    if said is None:
        return []
    by_member = [said.cells.get(each["member"], {}) for each in found["members"]]
    return [cells[key] for cells in by_member for key in sorted(cells)]


# ---- cards


def _show_products(v: Visit, found: Tree) -> None:
    title = v.t("产品", "Products")
    rows = list(find_in_force(found["products"], month_now(v)).values())
    if not rows:
        why = v.t(
            "它的服务还没有公布条款，案件只能由人办。",
            "No terms of its services are published: its cases are for a person.",
        )
        show(card(title, empty("list-checks", v.t("没有产品", "No products"), why), pad=False))
        return
    heads = [
        v.t("产品", "Product"),
        v.t("种类", "Kind"),
        ">" + v.t("金额（元）", "Amount (¥)"),
        ">" + v.t("期限（月）", "Months"),
        ">" + v.t("年利率", "Rate a year"),
        ">" + v.t("贴息", "Subsidy"),
    ]
    cells = [
        (
            fill(
                '<a class="link b" href="{}">{}</a>',
                v.link(f"/products/{row['scheme']}"),
                name_entry(v, row["entry"]),
            ),
            name_kind(v, row["entry"]["kind"]),
            say_amount(row["entry"]),
            say_term(row["entry"]),
            say_rate(row["entry"]),
            say_subsidy(v, row["entry"]),
        )
        for row in rows
    ]
    right = v.t(f"{len(found['products'])} 个版本", _versions(len(found["products"])))
    whole = scrolled(table(heads, cells, title, classes="terms"), title)
    show(card(title, whole, right=right, pad=False))


def _versions(count: int) -> str:
    return f"{count} version" if count == 1 else f"{count} versions"


def _draw_cases(v: Visit, members: Sequence[Tree]) -> Markup:
    title = v.t("案件到哪一步", "How far its cases came")
    held = sum(each["held"] for each in members)
    if not held:
        why = v.t("它不在这个账本上办案。", "It takes no cases on this ledger.")
        return card(title, empty("folder-open", v.t("没有案件", "No cases"), why), pad=False)
    counts = {stage: sum(each["stages"].get(stage, 0) for each in members) for stage in _ORDER}
    rows = join(
        fill(
            '<div class="spent"><span>{}</span><b>{}</b><span class="track" aria-hidden="true">'
            '<i style="width:{}%"></i></span></div>',
            _capital(v.say(STAGES[f"stage.{stage}"])),
            v.t(
                f"{format_count(count)} 件 · {format_percent(count * 1_000_000 // held)}",
                f"{format_count(count)} · {format_percent(count * 1_000_000 // held)}",
            ),
            count * 100 // held,
        )
        for stage, count in counts.items()
        if count
    )
    right = v.t(f"共 {format_count(held)} 件", f"{format_count(held)} in all")
    return card(title, rows, right=right)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _draw_said(v: Visit, found: Tree, told: Told) -> Markup:
    title, said = v.t("家庭怎么说", "What households say"), told.said
    if not told.is_read:
        return card(title, say_reading(v), pad=False)
    if said is None:
        why = v.t(
            "复核员、风险员、负责人和审计员可以看。",
            "Reviewers, risk officers, managers and auditors read it.",
        )
        return card(title, empty("lock", v.t("不归您的岗位", "Not for your role"), why), pad=False)
    cells = _cells(found, said)
    if not cells:
        why = v.t(
            f"本单位看得到的回访还不到 {said.least} 案。回访由账本抽定的成员去问。",
            f"Fewer than {said.least} cases that this member may read. The ledger draws who asks.",
        )
        nothing = v.t("还说不出什么", "Nothing to tell yet")
        return card(title, empty("message-circle-heart", nothing, why), pad=False)
    heads = [
        v.t("哪些家庭", "Households"),
        v.t("好评 · 95% 区间", "Praise · 95% interval"),
        v.t("准确 · 95% 区间", "Accuracy · 95% interval"),
    ]
    rows = [
        (
            said_tag(v, is_refused=bool(cell["refused"])),
            draw_share(cell["praise"]),
            draw_share(cell.get("accuracy")),
        )
        for cell in cells
    ]
    return card(title, scrolled(table(heads, rows, title), title), pad=False)


def _draw_entry(v: Visit, found: Tree, writers: Sequence[str]) -> Markup:
    entry = found["entry"]
    whole = v.t("全县", "The whole county")
    least, most = entry["ticket_min_minor"], entry["ticket_max_minor"]
    return pairs(
        [
            (v.t("代码", "Code"), fill('<span class="mono">{}</span>', found["provider"])),
            (v.t("提供", "Offers"), list_words(v, "scheme", entry["services"])),
            (v.t("擅长", "Good at"), list_words(v, "expertise", entry["expertise"])),
            (
                v.t("一笔多少", "Sums"),
                f"{format_money(least, v.language)} {DASH} {format_money(most, v.language)}",
            ),
            (v.t("服务的村", "Villages"), v.t("、", ", ").join(entry.get("villages", ())) or whole),
            (
                v.t("懂的作物", "Crops it knows"),
                list_words(v, "crop", entry["crops"]) if entry.get("crops") else v.t("不限", "Any"),
            ),
            (v.t("自述评分", "Its own claim"), say_claim(v, entry)),
            (v.t("谁登记的", "Registered by"), name_writers(v, writers)),
            (v.t("登记于", "Recorded in"), block_link(v, found["height"])),
        ]
    )
