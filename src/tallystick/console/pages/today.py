"""Today: what needs this officer, in the order in which it should be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.clock import DAY_MS
from tallystick.console.icons import icon
from tallystick.console.kit import (
    card,
    empty,
    fill,
    grid,
    join,
    link_button,
    person,
    show,
    show_head,
    stack,
    stats,
)
from tallystick.console.live import Health, Live
from tallystick.console.visit import Visit
from tallystick.console.words import ACTS, COUNTY_MS, case_name, tell_day, tell_due
from tallystick.text import say
from tallystick.text.wording import format_count, format_money, format_rate

__all__ = ["show_page"]

ROWS_MAX: Final = 50
_GLYPHS: Final = {
    "case": "folder-open",
    "loan": "banknote",
    "appeal": "scale",
    "feedback": "message-circle-heart",
    "grant": "key-round",
    "mandate": "handshake",
    "registration": "send",
    "model": "chart-spline",
}
_WEEK: Final = 7
Item = Mapping[str, Any]


async def show_page(v: Visit, live: Live) -> None:
    """Show the queue, the month's figures, and what is due to be asked."""
    whole = ui.element("div").classes("stack")

    async def draw(_: Health | None = None) -> None:
        found = await v.client.get("/today", role=v.me["role"], limit=ROWS_MAX)
        whole.clear()
        with whole:
            _draw(v, found, v.office.now_ms())

    await draw()
    live.watch(ui.context.client, "page", draw)


def _draw(v: Visit, found: Mapping[str, Any], now_ms: int) -> None:
    items, counts = found["items"], found["counts"]
    due = sum(1 for each in items if _group_of(each, now_ms) in {"late", "today"})
    waiting = sum(each for each in counts.values())
    show_head(_greet(v, now_ms), _sum_up(v, now_ms, waiting, due))
    show(stats(_figures(v, found["month"], waiting, due)))
    if not items:
        show(card(v.t("等我处理", "Needs me"), _nothing(v), pad=False))
        return
    with grid("g-side"):
        show(
            card(
                v.t("等我处理", "Needs me"),
                _queue(v, items, now_ms),
                pad=False,
                note=_rest(v, waiting, len(items)),
            )
        )
        with stack():
            _show_side(v, items, counts, now_ms)


def _greet(v: Visit, now_ms: int) -> Markup:
    hour = (now_ms + COUNTY_MS) // 3_600_000 % 24
    words = (
        v.t("早上好", "Good morning")
        if 5 <= hour < 12  # noqa: PLR2004 - hours
        else v.t("下午好", "Good afternoon")
        if 12 <= hour < 18  # noqa: PLR2004 - hours
        else v.t("晚上好", "Good evening")
    )
    return fill("{}{}{}", words, v.t("，", ", "), person(v.me["shown"], v.language))


def _sum_up(v: Visit, now_ms: int, waiting: int, due: int) -> str:
    day = tell_day(v, now_ms, sentence=True)
    if not waiting:
        return v.t(f"{day} · 没有等您的事。", f"{day} · Nothing needs you.")
    return v.t(
        f"{day} · 有 {waiting} 件事等您，其中 {due} 件今天到期或已过期。",
        f"{day} · {waiting} {'thing needs' if waiting == 1 else 'things need'} you;"
        f" {due} due today or overdue.",
    )


def _figures(
    v: Visit, month: Mapping[str, Any], waiting: int, due: int
) -> Iterable[tuple[str, str, str, str]]:
    yield (
        v.t("等我处理", "Needs me"),
        format_count(waiting),
        v.t("件", "items"),
        v.t(f"{due} 件今天到期", f"{due} due today"),
    )
    before = month["opened_before"]
    yield (
        v.t("本月受理", "Opened this month"),
        format_count(month["opened"]),
        v.t("件", "cases"),
        v.t(f"上月 {before} 件", f"{before} last month"),
    )
    if "paid_out_minor" in month:
        part = format_money(month["paid_out_subsidised_minor"], v.language)
        yield (
            v.t("本月放款", "Paid out this month"),
            format_money(month["paid_out_minor"], v.language),
            "",
            v.t(f"其中贴息 {part}", f"{part} of it with subsidy"),
        )
    if "late_ppm" in month:
        yield (
            v.t("逾期贷款", "Loans that are late"),
            format_rate(month["late_ppm"]),
            "",
            v.t("占在贷笔数", "of all open loans"),
        )


def _group_of(found: Item, now_ms: int) -> str:
    due = found.get("due_ms")
    if due is None:
        return "someday"
    days = (due - 1 + COUNTY_MS) // DAY_MS - (now_ms + COUNTY_MS) // DAY_MS
    if days < 0:
        return "late"
    return "today" if days == 0 else "week" if days < _WEEK else "later"


def _queue(v: Visit, items: Iterable[Item], now_ms: int) -> Markup:
    names = {
        "late": v.t("已过期", "Overdue"),
        "today": v.t("今天到期", "Due today"),
        "week": v.t("七天内", "Within a week"),
        "later": v.t("以后", "Later"),
        "someday": v.t("没有期限", "No date"),
    }
    parts: list[Markup] = []
    first = True
    for group, name in names.items():
        rows = [each for each in items if _group_of(each, now_ms) == group]
        if not rows:
            continue
        heads = (
            fill(
                '<span class="num wide">{}</span><span class="wide">{}</span>',
                v.t("金额（元）", "Amount (¥)"),
                v.t("期限", "Due"),
            )
            if not parts
            else fill("")
        )
        parts.append(fill('<li class="group"><h3>{} · {}</h3>{}</li>', name, len(rows), heads))
        for each in rows:
            parts.append(_row(v, each, group, now_ms, is_first=first))
            first = False
    return fill('<ul class="queue">{}</ul>', join(parts))


def _row(v: Visit, found: Item, group: str, now_ms: int, *, is_first: bool) -> Markup:
    tone = {"late": "alarm", "today": "warn"}.get(group, "info")
    amount = found.get("amount_minor")
    act = ACTS.get(found["act"])
    return fill(
        '<li><span class="dot {}">{}</span><div><div class="b ellipsis">{}</div>'
        '<div class="soft small ellipsis">{}</div></div><div class="num wide">{}</div>'
        '<div class="wide soft small nowrap">{}</div>{}</li>',
        tone,
        icon(_GLYPHS.get(found["kind"], "info")),
        _name(v, found),
        say(f"due.{found['why']}", found["values"], v.language),
        format_count(amount // 100) if amount is not None else "\u2013",
        tell_due(v, found.get("due_ms"), now_ms),
        link_button(
            v.say(act) if act else v.t("查看", "Look"),
            v.link(_place_of(found)),
            kind="short first" if is_first else "short",
        ),
    )


def _name(v: Visit, found: Item) -> str:
    if found["kind"] == "loan":
        return v.t("贷款 ", "Loan ") + str(found["loan"])[:8]
    if found["kind"] == "appeal":
        return v.t("申诉 ", "Appeal ") + str(found["appeal"])[:8]
    if "case" in found:
        return case_name(v, found["case"])
    names = {
        "grant": v.t("授权", "Consent"),
        "mandate": v.t("委托", "Mandate"),
        "registration": v.t("登记", "Registrations"),
        "model": v.t("模型", "Model"),
    }
    return names.get(found["kind"]) or str(found["kind"])


def _place_of(found: Item) -> str:
    if found["kind"] == "feedback":
        return "/feedback"
    if found["kind"] == "loan":
        return f"/loans/{found['loan']}"
    if "case" in found:
        return f"/cases/{found['case']}"
    return {"model": "/models", "grant": "/settings", "mandate": "/settings"}.get(found["kind"], "")


def _rest(v: Visit, waiting: int, shown: int) -> Markup | str:
    if waiting <= shown:
        return ""
    words = v.t(f"还有 {waiting - shown} 件，查看全部", f"{waiting - shown} more; see all")
    return fill('<a class="link" href="{}">{}</a>', v.link("/cases"), words)


def _nothing(v: Visit) -> Markup:
    acts = (
        link_button(v.t("新建案件", "New case"), v.link("/new"), "plus", "first")
        if v.may("open_case")
        else link_button(v.t("查看案件", "See the cases"), v.link("/cases"), "folder-open")
    )
    why = v.t(
        "到期的事会自己出现在这里，不用刷新。",
        "What falls due appears here by itself; no need to reload.",
    )
    return empty("list-checks", v.t("没有等您的事", "Nothing needs you"), why, acts)


def _show_side(v: Visit, items: Iterable[Item], counts: Mapping[str, int], now_ms: int) -> None:
    asked = [each for each in items if each["kind"] == "feedback"][:6]
    if asked:
        rows = join(
            fill(
                '<a class="li" href="{}">{}<span class="ellipsis">{}</span>'
                '<span class="dim nowrap" style="margin-left:auto">{}</span></a>',
                v.link("/feedback"),
                icon("calendar-clock", "dim"),
                case_name(v, each["case"]),
                tell_due(v, each.get("due_ms"), now_ms),
            )
            for each in asked
        )
        right = format_count(counts.get("feedback", 0))
        show(card(v.t("到期回访", "Feedback due"), rows, right=right))
    rows = join(
        fill("<dt>{}</dt><dd>{}</dd>", name, format_count(counts[key]))
        for key, name in (
            ("cases", v.t("案件", "Cases")),
            ("loans", v.t("贷款", "Loans")),
            ("feedback", v.t("回访", "Feedback")),
            ("appeals", v.t("申诉", "Appeals")),
        )
        if counts.get(key)
    )
    if rows:
        show(card(v.t("按种类", "By kind"), fill('<dl class="kv">{}</dl>', rows)))
