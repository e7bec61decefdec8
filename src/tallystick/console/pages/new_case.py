"""New case: an officer's drafts, and the way to begin another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.icons import icon
from tallystick.console.kit import (
    boxed,
    button,
    card,
    empty,
    fill,
    grid,
    item,
    join,
    show,
    show_head,
    stack,
)
from tallystick.console.pages.new_case_sheet import Sheet
from tallystick.console.problem import notify_problem
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.phrase import Phrase

__all__ = ["show_draft", "show_page"]

_KINDS: Final = {
    "borrow": (
        "hand-coins",
        Phrase("借钱", "Borrow"),
        Phrase("种养、开店、上学、周转", "For fields, a shop, school, stock"),
    ),
    "lease": (
        "settings",
        Phrase("租农机、大棚", "Lease"),
        Phrase("租来用，或卖了再租回", "A machine or greenhouse; or sold and leased back"),
    ),
    "insure": (
        "shield-check",
        Phrase("上保险", "Insure"),
        Phrase("给地里的庄稼", "What stands in the field"),
    ),
    "save": (
        "landmark",
        Phrase("存钱", "Save"),
        Phrase("到日子要用，一点不能亏", "For the day when it is needed"),
    ),
    "invest": (
        "chart-spline",
        Phrase("理财", "Invest"),
        Phrase("多点收益，能亏一点", "More yield, with a little risk"),
    ),
}


async def show_page(v: Visit) -> None:
    """Show one's drafts, and begin a new case."""
    found = (await v.client.get("/drafts"))["items"]
    show_head(
        v.t("新建案件", "New case"),
        v.t(
            "五步，随写随存；提交之前什么都不进账本。",
            "Five steps, saved as you type; nothing is on the ledger until you submit.",
        ),
    )
    with grid("g-side"):
        with stack():
            with boxed(v.t("要办什么", "What is needed")), ui.element("div").classes("kinds"):
                for kind in _KINDS:
                    _put_kind(v, kind)
            _show_drafts(v, found)
        show(card(v.t("先准备好", "Have ready"), _draw_ready(v)))


def _put_kind(v: Visit, kind: str) -> None:
    glyph, name, hint = _KINDS[kind]

    async def begin() -> None:
        tree = {"v": 1, "step": 0, "answers": {"kind": kind, **_first(kind)}}
        try:
            found = await v.client.send("/drafts", {"tree": tree})
        except Error as error:
            notify_problem(v, error)
            return
        ui.navigate.to(v.link(f"/new/{found['draft']}"))

    with ui.button(on_click=begin, color=None).props("flat no-caps").classes("kind"):
        show(
            fill(
                '<span class="dot info">{}</span>'
                '<span><b>{}</b><span class="note12 dim">{}</span></span>',
                icon(glyph),
                v.say(name),
                v.say(hint),
            )
        )


def _first(kind: str) -> dict[str, str]:
    """Return what most cases say, so that it need not be chosen: each can be changed."""
    found = {"party_known": "no", "party_kind": "household", "assent": "mandate", "days": "365"}
    return found | ({"category": "ordinary"} if kind in {"borrow", "lease"} else {})


def _show_drafts(v: Visit, found: Iterable[Mapping[str, Any]]) -> None:
    rows = list(found)
    title = v.t("没写完的", "Not finished")
    if not rows:
        words = v.t(
            "选一样开始。写到一半可以走开，这里会等您。",
            "Choose one to begin. You may leave half-way; it waits here.",
        )
        show(card(title, empty("inbox", v.t("没有草稿", "No drafts"), words), pad=False))
        return
    with boxed(
        title, note=v.t("30 天不动的草稿会自己删掉。", "A draft left alone goes after 30 days.")
    ):
        listed = ui.element("ul").classes("drafts")
        with listed:
            for row in rows:
                _put_draft(v, row)


def _put_draft(v: Visit, row: Mapping[str, Any]) -> None:
    with ui.element("li") as line:
        show(
            fill(
                '<a class="link" href="{}">{}</a><span class="note12 dim">{}{}</span>',
                v.link(f"/new/{row['draft']}"),
                _name(v, row),
                v.t("存于 ", "Saved "),
                tell_clock(row["saved_at"])[:-3],
            ),
            "grow",
        )

        async def drop() -> None:
            try:
                await v.client.send(f"/drafts/{row['draft']}", method="DELETE")
            except Error as error:
                notify_problem(v, error)
                return
            line.delete()

        gone = button(v.t("删掉", "Delete"), lambda: _ask_drop(v, drop), "trash-2", "short")
        gone.props["aria-label"] = v.t("删掉这份草稿", "Delete this draft")


def _name(v: Visit, row: Mapping[str, Any]) -> Markup:
    if row["label"]:
        return fill('<span lang="zh">{}</span>', row["label"])
    return fill("{}", v.t("还没写名字", "No name yet"))


def _ask_drop(v: Visit, drop: Any) -> None:  # noqa: ANN401 - NiceGUI's handlers
    with ui.dialog() as dialog, ui.element("section").classes("card dialog") as box:
        title = v.t("删掉这份草稿？", "Delete this draft?")
        box.props["role"] = "dialog"
        box.props["aria-label"] = title
        show(fill("<h2>{}</h2>", title), "h")
        words = v.t(
            "写过的都没有了，账本上什么都没有。",
            "What was typed is gone; the ledger has none of it.",
        )
        show(fill("{}", words), "body soft")
        with ui.element("div").classes("form-foot"):
            button(v.t("留着", "Keep it"), dialog.close)

            async def go() -> None:
                dialog.close()
                await drop()

            button(v.t("删掉", "Delete"), go, kind="grave")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _draw_ready(v: Visit) -> Markup:
    return join(
        item(glyph, v.t(zh, en))
        for glyph, zh, en in (
            ("user", "身份证，在册的户类型", "Identity card; category on the register"),
            ("sprout", "种了几亩、养了几头", "How many mu, how many animals"),
            ("banknote", "一年的收入、开支、欠债", "A year's income, costs, debts"),
            ("calendar-days", "几月要钱，几月能卖", "When money is needed, when there are sales"),
            ("users", "一位见证人", "A witness"),
        )
    )


async def show_draft(v: Visit, draft: str) -> None:
    """Show a draft of one's own as the form of five steps."""
    found = await v.client.get(f"/drafts/{draft}")
    members = (await v.client.get("/members"))["items"]
    await Sheet(v, found, members).show()
