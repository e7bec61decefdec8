"""Loans: what was lent, what is due and by whom, what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Denied
from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.kit import (
    button,
    card,
    empty,
    fill,
    grid,
    item,
    pairs,
    scrolled,
    show,
    show_head,
    stack,
    stats,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.pages.head import put_head
from tallystick.console.visit import Visit
from tallystick.console.words import COUNTY_MS, tell_clock, tell_day, write_yuan
from tallystick.text import say
from tallystick.text.record import name_record
from tallystick.text.wording import (
    format_count,
    format_day_plain,
    format_money,
    format_months,
    format_rate,
)

__all__ = ["show_loan", "show_page"]

PAGE_ROWS: Final = 100
Tree = Mapping[str, Any]


# ---- the list


async def show_page(v: Visit, live: Live, *, offset: str = "0") -> None:
    """Show loans, newest first, with what is late on top."""
    show_head(
        v.t("贷款", "Loans"),
        v.t("放出去的钱、到期的还款。", "Money lent, and payments that fall due."),
    )
    place = show(fill(""))
    start = int(offset) if offset.isdigit() else 0

    async def draw(_: Health | None = None) -> None:
        due = (await v.client.get("/today", limit=200))["items"]
        late = {each["loan"]: each for each in due if each["kind"] == "loan"}
        found = await v.client.get("/loans", limit=PAGE_ROWS, offset=start)
        place.set_content(_draw_list(v, found, late))

    await draw()
    live.watch(ui.context.client, "page", draw)


def _draw_list(v: Visit, found: Tree, due: Mapping[str, Tree]) -> Markup:
    rows = sorted(found["items"], key=lambda row: (row["loan"] not in due, -row["granted_at"]))
    if not rows:
        why = v.t("批准并签下的贷款会出现在这里。", "Loans that are granted appear here.")
        return card(v.t("贷款", "Loans"), empty("banknote", v.t("还没有贷款", "No loans yet"), why))
    heads = [
        v.t("贷款", "Loan"),
        v.t("放款成员", "Lender"),
        v.t("签下", "Granted"),
        v.t("放款", "Paid out"),
        ">" + v.t("公共资金（元）", "Public money (¥)"),
        v.t("现在", "Now"),
    ]
    body = table(
        heads, [_list_row(v, row, due.get(row["loan"])) for row in rows], v.t("贷款", "Loans")
    )
    more: str | Markup = ""
    if "next" in found:
        href = v.link(f"/loans?offset={found['next']}")
        more = fill('<a class="link" href="{}">{}</a>', href, v.t("更早的", "Earlier ones"))
    note = v.t(
        "商业贷款的金额只有案件的成员看得到。",
        "Sums of commercial loans are for the case's members.",
    )
    return card(v.t("全部贷款", "All loans"), body, pad=False, right=note, note=more)


def _list_row(v: Visit, row: Tree, due: Tree | None) -> Sequence[str | Markup]:
    amount = row.get("amount")
    return (
        fill(
            '<a class="link mono" href="{}">{}</a>',
            v.link(f"/loans/{row['loan']}"),
            row["loan"][:8],
        ),
        v.name_of(row["lender"]),
        tell_day(v, row["granted_at"]),
        tell_day(v, row["disbursed_at"]) if row.get("disbursed_at") else "\u2013",
        format_count(amount // 100) if amount is not None else "\u2013",
        _state(v, row, due),
    )


def _state(v: Visit, row: Tree, due: Tree | None) -> Markup:
    if due is not None:
        words = say(f"due.{due['why']}", due["values"], v.language)
        return tag(words, "alarm" if due["why"] == "payment_late" else "warn")
    if row.get("disbursed_at") is None:
        return tag(v.t("等放款", "To be paid out"), "info")
    return tag(v.t("在还", "Being repaid"), "ok")


# ---- one loan


async def show_loan(v: Visit, live: Live, *, loan: str) -> None:
    """Show one loan: what is paid and due, where its money stands."""
    try:
        found = await v.client.get(f"/loans/{loan}")
    except Denied as error:
        if error.code != "access.no_key":
            raise
        show_head(v.t("贷款 ", "Loan ") + loan[:8])
        why = v.t(
            "本单位没有这笔贷款的钥匙，看不到金额和还款。",
            "This member holds no key of the loan, so it sees no sums and no payments.",
        )
        show(card(v.t("公开的部分", "What is public"), item("lock", why)))
        return
    whole = ui.element("div").classes("stack")
    _draw_loan(v, whole, found)

    async def draw(_: Health | None = None) -> None:
        fresh = await v.client.get(f"/loans/{loan}")
        if len(fresh["moves"]) != len(found["moves"]):
            found.update(fresh)
            _draw_loan(v, whole, found)

    live.watch(ui.context.client, "page", draw)


def _draw_loan(v: Visit, whole: ui.element, found: Tree) -> None:
    row, terms = found["row"], found["terms"]
    today = (v.office.now_ms() + COUNTY_MS) // DAY_MS
    late = [
        each for each in found["schedule"] if _missing(each) and each.get("due_day", today) < today
    ]
    whole.clear()
    with whole:
        _show_loan_head(v, found, late)
        show(stats(_loan_stats(v, found, late)))
        with grid("g-side"):
            with stack():
                show(card(v.t("还款计划", "Payments"), _schedule(v, found, today), pad=False))
            with stack():
                rows = [
                    (v.t("金额", "Sum"), format_money(terms["amount_minor"], v.language)),
                    (v.t("期限", "Term"), format_months(terms["term_months"], v.language)),
                    (
                        v.t("还款", "Repayment"),
                        say(f"repayment.{terms['repayment']}", {}, v.language),
                    ),
                    (v.t("年利率", "Rate a year"), format_rate(terms["rate_ppm"])),
                    (v.t("放款成员", "Lender"), v.name_of(row["lender"])),
                    (v.t("案件", "Case"), _case_link(v, row["case"])),
                ]
                show(card(v.t("条件", "Terms"), pairs(rows)))
                show(card(v.t("钱的进出", "Money moved"), _moves(v, found), pad=False))


def _case_link(v: Visit, case: str) -> Markup:
    return fill('<a class="link mono" href="{}">{}</a>', v.link(f"/cases/{case}"), case[:8])


def _missing(row: Tree) -> int:
    return int(row["payment_minor"] - row["paid_minor"])


def _show_loan_head(v: Visit, found: Tree, late: Sequence[Tree]) -> None:
    row = found["row"]
    state = (
        tag(v.t(f"逾期 {len(late)} 期", f"{len(late)} late"), "alarm")
        if late
        else tag(v.t("等放款", "To be paid out"), "info")
        if row["disbursed_at"] is None
        else tag(v.t("正常", "In order"), "ok")
    )
    crumb = fill('<a href="{}">{}</a>', v.link("/loans"), v.t("贷款", "Loans"))
    title = fill("{} {}", v.t("贷款 ", "Loan ") + row["loan"][:8], state)
    with put_head(title, crumb=crumb):
        if row["disbursed_at"] is not None and v.may("repay") and row["lender"] == v.member:
            words = v.t("收一笔还款", "Take a payment in")
            button(words, lambda: _take_payment(v, found), "hand-coins", "first")


def _loan_stats(v: Visit, found: Tree, late: Sequence[Tree]) -> list[tuple[str, str, str, str]]:
    owed = sum(_missing(each) for each in late)
    coming = next((each for each in found["schedule"] if _missing(each)), None)
    when = format_day_plain(coming["due_day"]) if coming and "due_day" in coming else "\u2013"
    money = format_money
    return [
        (
            v.t("还没还的本金", "Principal still lent"),
            money(found["balance_minor"], v.language),
            "",
            money(found["terms"]["amount_minor"], v.language),
        ),
        (
            v.t("已还", "Paid back"),
            money(found["paid_minor"], v.language),
            "",
            v.t("本金、利息和费用", "principal, interest and fees"),
        ),
        (
            v.t("下一期", "Next payment"),
            money(_missing(coming), v.language) if coming else "\u2013",
            "",
            when,
        ),
        (
            v.t("已逾期", "Overdue"),
            money(owed, v.language),
            "",
            v.t(f"{len(late)} 期", f"{len(late)} payments"),
        ),
    ]


def _schedule(v: Visit, found: Tree, today: int) -> Markup:
    heads = [
        v.t("到期", "Due"),
        ">" + v.t("本金（元）", "Principal (¥)"),
        ">" + v.t("利息（元）", "Interest (¥)"),
        ">" + v.t("应还（元）", "Payment (¥)"),
        ">" + v.t("已还（元）", "Paid (¥)"),
        v.t("现在", "Now"),
    ]
    rows = [
        (
            format_day_plain(each["due_day"]) if "due_day" in each else "\u2013",
            write_yuan(each["principal_minor"]),
            write_yuan(each["interest_minor"]),
            write_yuan(each["payment_minor"]),
            write_yuan(each["paid_minor"]),
            _payment_state(v, each, today),
        )
        for each in found["schedule"]
    ]
    return scrolled(
        table(heads, rows, v.t("还款计划", "Payments"), classes="tight"),
        v.t("还款计划", "Payments"),
    )


def _payment_state(v: Visit, row: Tree, today: int) -> Markup:
    if not _missing(row):
        return tag(v.t("已还", "Paid"), "ok")
    due = row.get("due_day")
    if due is None or due >= today:
        return tag(v.t("未到期", "Not due"))
    return tag(v.t(f"逾期 {today - due} 天", f"{today - due} d late"), "alarm")


def _moves(v: Visit, found: Tree) -> Markup:
    heads = [
        v.t("时间", "Time"),
        v.t("记录", "Record"),
        ">" + v.t("元", "¥"),
        ">" + v.t("区块", "Block"),
    ]
    rows = [
        (
            tell_clock(each["time"])[:5],
            name_record(each["t"], v.language),
            write_yuan(each["amount_minor"] + each["principal_minor"] + each["interest_minor"]),
            fill(
                '<a class="link" href="{}">{}</a>',
                v.link(f"/ledger/{each['height']}"),
                format_count(each["height"]),
            ),
        )
        for each in reversed(found["moves"])
    ]
    if not rows:
        return empty(
            "hand-coins",
            v.t("还没有进出", "No money moved yet"),
            v.t("放款后会出现。", "The payout comes first."),
        )
    return scrolled(
        table(heads, rows, v.t("钱的进出", "Money moved"), classes="tight"),
        v.t("钱的进出", "Money moved"),
    )


def _take_payment(v: Visit, found: Tree) -> None:
    coming = next((each for each in found["schedule"] if _missing(each)), None)
    interest = max(0, coming["interest_minor"] - coming["paid_minor"]) if coming else 0
    principal = max(0, _missing(coming) - interest) if coming else 0
    loan = found["row"]["loan"]

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        return await v.client.send(f"/loans/{loan}/repay", dict(filled), key=key)

    open_act(
        v,
        title=v.t("收一笔还款", "Take a payment in"),
        says=v.t(
            "记下收到的钱；按到期先后抵各期还款。",
            "The money is recorded; it covers payments in their order.",
        ),
        blanks=[
            Blank(
                "principal_minor",
                v.t("本金（元）", "Principal (¥)"),
                "money",
                value=write_yuan(principal),
            ),
            Blank(
                "interest_minor",
                v.t("利息（元）", "Interest (¥)"),
                "money",
                value=write_yuan(interest),
                is_needed=False,
            ),
        ],
        send=send,
        then=lambda _: None,
    )
