"""What was decided of a case: figures beside thresholds, who serves it, why, what else would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.kit import (
    against,
    as_points,
    boxed,
    button,
    card,
    fill,
    item,
    join,
    pairs,
    scrolled,
    show,
    table,
    tag,
)
from tallystick.console.pages.case_cash import show_cash
from tallystick.console.pages.case_party import show_party
from tallystick.console.problem import notify_problem
from tallystick.console.visit import Visit
from tallystick.console.words import write_yuan
from tallystick.text import say
from tallystick.text.record import name_record
from tallystick.text.wording import (
    format_count,
    format_money,
    format_month,
    format_months,
    format_percent,
    format_rate,
    format_ratio,
)

__all__ = ["show_middle", "show_side"]

_BEYOND_PPM: Final = 99_000_000
Tree = Mapping[str, Any]


# ---- the middle


def show_middle(v: Visit, found: Tree, called: Mapping[str, str]) -> None:
    """Show the judgement, the cash, who serves it and the payments."""
    result = found["result"]
    outcome = v.t("合适", "It fits") if result["fits"] else v.t("不合适", "It does not fit")
    right = v.t("每个数字都和门槛放在一起", "Each figure beside its threshold")
    with boxed(v.t(f"判断：{outcome}", f"Judgement: {outcome}"), right=right):
        show(fill('<div class="body">{}</div>', _judgement(v, result)))
        _show_replay(v, found["row"]["case"])
    terms = found["decisions"].get("report", {}).get("figures", {})
    if "calendar" in terms:
        show_cash(v, terms)
    if result["preferred"] or result["alternatives"]:
        show(
            card(
                _helpers_title(v, result),
                _helpers(v, result, called),
                right=v.t("按服务和专长匹配", "By service and expertise"),
            )
        )
    if "schedule" in terms:
        show(card(v.t("还款计划", "Payments"), _schedule(v, terms), pad=False))


def _judgement(v: Visit, result: Tree) -> Markup:
    rows = join(_figure(v, each) for each in result["figures"])
    gaps = join(
        item("octagon-alert", _say_gap(v, gap), "alarm")
        for gap in result["gaps"]
        if gap["gap"] not in {each["figure"] for each in result["figures"]}
    )
    if not rows and not gaps:
        return fill(
            '<p class="soft">{}</p>', v.t("这一类没有收支门槛。", "No thresholds for this kind.")
        )
    return rows + gaps


def _say_gap(v: Visit, gap: Tree) -> str:
    return say(
        f"gap.{gap['gap']}", {k: x for k, x in gap.items() if k not in {"gap", "unit"}}, v.language
    )


def _figure(v: Visit, row: Tree) -> Markup:
    need = _write(v, row["figure"], row["need"])
    side = (
        v.t(f"至少 {need}", f"at least {need}")
        if row["side"] == "least"
        else v.t(f"至多 {need}", f"at most {need}")
    )
    is_bad = not row["holds"]
    verdict = tag(v.t("不符合", "Misses"), "alarm") if is_bad else tag(v.t("符合", "Holds"), "ok")
    top = max(row["need"] * 3, 1)
    return against(
        say(f"figure.{row['figure']}", {}, v.language),
        "",
        value=max(0, min(row["have"], top)),
        mark=row["need"],
        said=_write(v, row["figure"], row["have"]),
        mark_said=side,
        verdict=verdict,
        is_bad=is_bad,
    )


def _write(v: Visit, figure: str, value: int) -> str:
    if figure == "bearable_instalment":
        return format_money(value, v.language)
    if value < 0:
        return v.t("没有余钱", "nothing left")
    if value >= _BEYOND_PPM:
        return v.t("99 倍以上", "over 99x")
    if figure == "instalment_share":
        return format_percent(value)
    return format_ratio(value, v.language)


def _show_replay(v: Visit, case: str) -> None:
    with ui.element("div").classes("note replay"):
        told = show(
            fill(
                "{}",
                v.t(
                    "用当时封存的输入再算一遍，看结果是否逐字节一致。",
                    "Decide again from the sealed inputs: are the bytes the same?",
                ),
            )
        )

        async def replay() -> None:
            try:
                found = await v.client.get(f"/cases/{case}/replay")
            except Error as error:
                notify_problem(v, error)
                return
            same = tag(v.t("已重算，逐字节一致", "Replayed: same bytes"), "ok", "shield-check")
            other = tag(v.t("重算结果不同", "Replayed: bytes differ"), "alarm")
            told.set_content(same if found["equal"] else other)

        button(v.t("重算", "Replay"), replay, "rotate-ccw", "short")


def _helpers_title(v: Visit, result: Tree) -> str:
    return v.t("谁来办", "Who serves it") if result["fits"] else v.t("谁更合适", "Who fits better")


def _helpers(v: Visit, result: Tree, called: Mapping[str, str]) -> Markup:
    rows = [*result["preferred"], *result["alternatives"]][:3]
    return fill(
        '<div class="g g-three even">{}</div>',
        join(_helper(v, each, n, called) for n, each in enumerate(rows)),
    )


def _helper(v: Visit, row: Tree, place: int, called: Mapping[str, str]) -> Markup:
    mark = (
        tag(v.t("首选", "Preferred"), "info", "badge-check")
        if place == 0
        else tag(v.t(f"备选 {place}", f"Alternative {place}"))
    )
    parts = join(
        item(
            "circle-check",
            fill("{} +{}", say(f"part.{each['part']}", {}, v.language), each["points"]),
            "ok",
        )
        for each in sorted(row["parts"], key=lambda each: -each["points"])[:4]
    )
    days = row.get("days_to_yes")
    note = v.t(f"{days} 天内答复", f"answers within {days} days") if days else ""
    return fill(
        '<article class="offer {}"><div class="li">{}<span class="score">{}</span></div>'
        '<h3 class="b">{}</h3><p class="soft">{} · {}</p>{}'
        '<p class="note12 dim end">{}</p></article>',
        "preferred" if place == 0 else "",
        mark,
        row["score"],
        called.get(row["provider"], row["provider"].replace("_", " ")),
        say(f"scheme.{row['service']}", {}, v.language),
        say(f"expertise.{row['expertise']}", {}, v.language),
        parts,
        note,
    )


def _schedule(v: Visit, terms: Tree) -> Markup:
    heads = [
        v.t("月份", "Month"),
        ">" + v.t("本金（元）", "Principal (¥)"),
        ">" + v.t("利息（元）", "Interest (¥)"),
        ">" + v.t("政府贴息（元）", "Subsidy (¥)"),
        ">" + v.t("您付（元）", "Household pays (¥)"),
    ]
    names = ("principal_minor", "interest_minor", "subsidy_minor", "payment_minor")
    rows = [
        [format_month(each["month"], v.language), *(write_yuan(each[name]) for name in names)]
        for each in terms["schedule"]
        if each["payment_minor"]
    ]
    return scrolled(
        table(heads, rows, v.t("还款计划", "Payments"), classes="tight"),
        v.t("还款计划", "Payments"),
    )


# ---- the side


def show_side(v: Visit, found: Tree) -> None:
    """Show the scheme, the reasons, what would change the answer, and the history."""
    result = found["result"]
    option = next(iter(result["options"]), None)
    if option is not None and "amount_minor" in option:
        show(card(v.t("方案", "Scheme"), _scheme(v, option, found)))
    subject = found["decisions"].get("scheme", {}).get("subject")
    if subject and v.may("read_party"):
        show_party(v, subject)
    reasons = _reasons(v, found)
    if reasons:
        show(card(v.t("理由", "Reasons"), reasons))
    points = option.get("parts") if option else None
    if points:
        rows = [(say(f"part.{each['part']}", {}, v.language), each["points"]) for each in points]
        show(card(v.t("方案得分", "What scored"), as_points(rows), right=v.t("分", "points")))
    if result["changes"]:
        show(card(v.t("怎样会改变结论", "What would change the answer"), _changes(v, result)))
    show(card(v.t("经过", "History"), _history(v, found), pad=False))


def _scheme(v: Visit, option: Tree, found: Tree) -> Markup:
    rows = [
        (v.t("期限", "Term"), format_months(option["term_months"], v.language)),
        (v.t("还款", "Repayment"), say(f"repayment.{option['repayment']}", {}, v.language)),
        (v.t("年利率", "Rate a year"), format_rate(option["rate_ppm"])),
    ]
    terms = found["decisions"].get("report", {}).get("figures", {})
    if "yearly_cost_ppm" in terms:
        rows.append(
            (v.t("一年的全部成本", "Yearly cost, all in"), format_rate(terms["yearly_cost_ppm"]))
        )
    interval = found["decisions"]["scheme"]["figures"].get("income_interval")
    if interval:
        low = format_money(interval["low_minor"], v.language)
        high = format_money(interval["high_minor"], v.language)
        rows.append(
            (v.t("净收入（十回约八回）", "Net income, 8 times in 10"), f"{low}\u2013{high}")
        )
    return fill(
        '<div class="hero">{}</div><p class="soft">{}</p>{}',
        format_money(option["amount_minor"], v.language),
        say(f"scheme.{option['scheme']}", {}, v.language),
        pairs(rows),
    )


def _reasons(v: Visit, found: Tree) -> Markup:
    seen: list[tuple[str, Tree]] = []
    for decision in found["decisions"].values():
        for each in decision["reasons"]:
            # The scheme that was asked for serves nobody whom it does not fit.
            if each["code"] == "asked_scheme" and not found["result"]["fits"]:
                continue
            if all(each["code"] != code for code, _ in seen):
                seen.append((each["code"], each["values"]))
    return join(item("chevron-right", say(code, values, v.language)) for code, values in seen)


def _changes(v: Visit, result: Tree) -> Markup:
    return join(
        item(
            "arrow-right",
            say(
                f"change.{each['change']}",
                {k: x for k, x in each.items() if k != "change"},
                v.language,
            ),
            "brand",
        )
        for each in result["changes"]
    )


def _history(v: Visit, found: Tree) -> Markup:
    rows = [
        (
            name_record(each["t"], v.language),
            v.name_of(each["member"]),
            fill(
                '<a class="link" href="{}">{}</a>',
                v.link(f"/ledger/{each['height']}"),
                format_count(each["height"]),
            ),
        )
        for each in reversed(found["records"])
    ]
    heads = [v.t("记录", "Record"), v.t("成员", "Member"), ">" + v.t("区块", "Block")]
    return scrolled(
        table(heads, rows, v.t("经过", "History"), classes="tight"), v.t("经过", "History")
    )
