"""Feedback: whom this member is to ask, and what was said so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.console.acts import Blank, Filled, open_act
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
    show_head,
    stack,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.visit import Visit
from tallystick.console.words import case_name, tell_day
from tallystick.text import say
from tallystick.text.wording import format_percent

__all__ = ["show_page"]

Tree = Mapping[str, Any]
_FELT: Final = (
    ("1", "很不好", "Very bad"),
    ("2", "不好", "Bad"),
    ("3", "一般", "So so"),
    ("4", "好", "Good"),
    ("5", "很好", "Very good"),
)


async def show_page(v: Visit, live: Live, *, by: str = "provider") -> None:
    """Show who is due to be asked, and praise by provider or scheme."""
    show_head(
        v.t("回访", "Feedback"),
        v.t(
            "谁来问由账本定，办案的单位从不自己问；被拒绝的家庭也问。",
            "The ledger draws who asks: never the member that decided. Refused households are"
            " asked too.",
        ),
    )
    whole = ui.element("div").classes("stack")
    shown = by if by in {"provider", "scheme"} else "provider"

    async def draw(_: Health | None = None) -> None:
        due = (await v.client.get("/feedback/due"))["items"] if v.may("give_feedback") else []
        told = await v.client.get("/feedback/summary", by=shown) if v.may("sum_feedback") else None
        whole.clear()
        with whole, grid("g-side"):
            with stack():
                _show_due(v, due)
                if told is not None:
                    _show_said(v, told, shown)
            show(card(v.t("问什么", "What to ask"), _questions(v)))

    await draw()
    live.watch(ui.context.client, "page", draw)


def _show_due(v: Visit, due: Sequence[Tree]) -> None:
    title = v.t("现在该问的", "To be asked now")
    if not due:
        why = v.t("到期的回访会自己出现。", "What falls due appears by itself.")
        nobody = v.t("现在没有要问的人", "Nobody is to be asked now")
        show(card(title, empty("message-circle-heart", nobody, why)))
        return
    with boxed(
        title,
        right=v.t(f"{len(due)} 户", f"{len(due)} {'household' if len(due) == 1 else 'households'}"),
    ):
        for row in due:
            with ui.element("div").classes("ask-line"):
                name = fill("<b>{}</b>", case_name(v, row["case"]))
                owner = v.t(
                    f"由{v.name_of(row['owner'])}办理", f"served by {v.name_of(row['owner'])}"
                )
                since = v.t(
                    f"{tell_day(v, row['since'])} 到期", f"due since {tell_day(v, row['since'])}"
                )
                show(fill('{}<div class="soft small">{} · {}</div>', name, owner, since))
                words = v.t("回访", "Ask")
                button(words, lambda row=row: _ask(v, row), "message-circle-heart", "short")


def _ask(v: Visit, row: Tree) -> None:
    case = row["case"]

    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        body = {**filled, "felt": int(filled["felt"])}
        return await v.client.send(f"/cases/{case}/feedback", body, key=key)

    open_act(
        v,
        title=v.t("回访", "Ask how it went"),
        says=v.t(
            "先说明您是谁、为什么问，对方可以不答。说的话会密封，只有案件的成员看得到。",
            "Say who you are and why you ask; the household need not answer. Its words are sealed"
            " to the members of the case.",
        ),
        blanks=[
            Blank(
                "felt",
                v.t("感觉怎样", "How did it feel"),
                "choice",
                choices={code: v.t(zh, en) for code, zh, en in _FELT},
            ),
            Blank(
                "income_minor",
                v.t("这一年净收入（元）", "Net income this year (¥)"),
                "money",
                v.t("记不清就空着", "Leave it empty if unsure"),
                is_needed=False,
            ),
            Blank("words", v.t("家庭的话", "The household's words"), "words", is_needed=False),
        ],
        send=send,
        then=lambda _: None,
    )


def _questions(v: Visit) -> Markup:
    codes = ("understood", "money_used", "shock", "harvest", "repaid", "what_happened")
    return join(item("circle-help", say(f"feedback.{code}", {}, v.language)) for code in codes)


# ---- what was said


def _show_said(v: Visit, told: Tree, by: str) -> None:
    names = (("provider", v.t("按机构", "By provider")), ("scheme", v.t("按方案", "By scheme")))
    segments = join(
        fill(
            '<a href="{}"{}>{}</a>',
            v.link(f"/feedback?by={code}"),
            Markup(' aria-current="true"') if code == by else "",
            name,
        )
        for code, name in names
    )
    note = v.t(
        f"少于 {told['least']} 案的组不显示（{told['suppressed']} 组）。",
        f"Groups of fewer than {told['least']} cases are not shown ({told['suppressed']}).",
    )
    head = fill('<div class="body filters"><div class="k-seg">{}</div></div>', segments)
    if not told["cells"]:
        why = v.t("案子多了才看得出来。", "It takes more cases to tell.")
        body = head + empty("message-circle-heart", v.t("还说不出什么", "Nothing to tell yet"), why)
    else:
        body = head + _said_table(v, told["cells"], by)
    show(card(v.t("家庭怎么说", "What households say"), body, pad=False, note=note))


def _said_table(v: Visit, cells: Sequence[Tree], by: str) -> Markup:
    heads = [
        v.t("机构", "Provider") if by == "provider" else v.t("方案", "Scheme"),
        v.t("案件", "Cases"),
        ">" + v.t("好评", "Praise"),
        ">" + v.t("95% 区间", "95% interval"),
        ">" + v.t("准确", "Accuracy"),
        ">" + v.t("95% 区间", "95% interval"),
    ]
    rows = [
        (
            v.name_of(each["name"])
            if by == "provider"
            else say(f"scheme.{each['name']}", {}, v.language),
            tag(v.t("被拒绝的", "Refused"), "warn")
            if each["refused"]
            else tag(v.t("办了的", "Served"), "ok"),
            *_share(each.get("praise")),
            *_share(each.get("accuracy")),
        )
        for each in cells
    ]
    return scrolled(
        table(heads, rows, v.t("家庭怎么说", "What households say")),
        v.t("家庭怎么说", "What households say"),
    )


def _share(share: Tree | None) -> tuple[str, str]:
    if share is None or "ppm" not in share:
        return "\u2013", "\u2013"
    low, high = format_percent(share["low_ppm"]), format_percent(share["high_ppm"])
    return (
        f"{format_percent(share['ppm'])} ({share['hits']}/{share['count']})",
        f"{low}\u2013{high}",
    )
