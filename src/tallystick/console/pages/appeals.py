"""Appeals: what households do not accept, by when it is to be answered, and how it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.clock import DAY_MS
from tallystick.console.acts import Blank, Filled, open_act
from tallystick.console.kit import boxed, button, card, empty, fill, show, show_head, table, tag
from tallystick.console.live import Health, Live
from tallystick.console.visit import Visit
from tallystick.console.words import case_name, tell_day, tell_due

__all__ = ["show_page"]

Tree = Mapping[str, Any]
APPEAL_DAYS: Final = 15
"""Days within which an appeal is answered (CBIRC measures for consumer complaints, 2020)."""


async def show_page(v: Visit, live: Live) -> None:
    """Show open appeals with their clock, then those that were answered."""
    show_head(
        v.t("申诉", "Appeals"),
        v.t(
            "家庭不同意时可以申诉；拒绝、改判或批准过的人不能答复。",
            "A household that disagrees may appeal; whoever refused, overrode or approved cannot"
            " answer it.",
        ),
    )
    whole = ui.element("div").classes("stack")

    async def draw(_: Health | None = None) -> None:
        found = (await v.client.get("/appeals", limit=200))["items"]
        whole.clear()
        with whole:
            _show_open(v, [each for each in found if "settled_at" not in each])
            _show_settled(v, [each for each in found if "settled_at" in each])

    await draw()
    live.watch(ui.context.client, "page", draw)


def _show_open(v: Visit, found: Sequence[Tree]) -> None:
    title = v.t("等答复的", "Waiting for an answer")
    if not found:
        why = v.t("新的申诉会自己出现在这里。", "New ones appear here by themselves.")
        show(card(title, empty("scale", v.t("没有等答复的申诉", "No appeal waits"), why)))
        return
    now = v.office.now_ms()
    with boxed(
        title, right=v.t(f"{APPEAL_DAYS} 天内答复", f"to be answered within {APPEAL_DAYS} days")
    ):
        for row in sorted(found, key=lambda each: each["opened_at"]):
            due = row["opened_at"] + APPEAL_DAYS * DAY_MS
            with ui.element("div").classes("ask-line"):
                taken = v.t(
                    f"{v.name_of(row['taken_by'])}受理", f"taken in by {v.name_of(row['taken_by'])}"
                )
                link = fill(
                    '<a class="link b" href="{}">{}</a>',
                    v.link(f"/cases/{row['case']}"),
                    case_name(v, row["case"]),
                )
                kind = "alarm" if due < now else "info"
                clock = tag(tell_due(v, due, now), kind)
                opened = tell_day(v, row["opened_at"])
                show(fill('{} {}<div class="soft small">{} · {}</div>', link, clock, taken, opened))
                if v.may("settle_appeal") and row["taken_by"] != v.member:
                    button(v.t("答复", "Answer"), lambda row=row: _settle(v, row), "scale", "short")


def _settle(v: Visit, row: Tree) -> None:
    async def send(filled: Filled, key: str) -> Mapping[str, Any]:
        return await v.client.send(f"/appeals/{row['appeal']}/settle", dict(filled), key=key)

    open_act(
        v,
        title=v.t("答复申诉", "Answer the appeal"),
        says=v.t(
            "写明维持还是改变，理由家庭会读到。",
            "Say whether it stands or changes; the household reads why.",
        ),
        blanks=[
            Blank(
                "outcome",
                v.t("结论", "Outcome"),
                "choice",
                choices={
                    "confirmed": v.t("维持原决定", "The decision stands"),
                    "changed": v.t("改变原决定", "The decision changes"),
                },
            ),
            Blank("words", v.t("对家庭说的话", "Words to the household"), "words"),
        ],
        send=send,
        then=lambda _: None,
    )


def _show_settled(v: Visit, found: Sequence[Tree]) -> None:
    if not found:
        return
    heads = [
        v.t("案件", "Case"),
        v.t("受理", "Taken in by"),
        v.t("提出", "Opened"),
        v.t("答复", "Answered"),
        v.t("由谁答复", "Answered by"),
        ">" + v.t("用了几天", "Days"),
    ]
    rows = [_settled_row(v, each) for each in found]
    show(card(v.t("已答复", "Answered"), table(heads, rows, v.t("已答复", "Answered")), pad=False))


def _settled_row(v: Visit, row: Tree) -> Sequence[str | Markup]:
    days = (row["settled_at"] - row["opened_at"]) // DAY_MS
    return (
        fill(
            '<a class="link mono" href="{}">{}</a>',
            v.link(f"/cases/{row['case']}"),
            row["case"][:8],
        ),
        v.name_of(row["taken_by"]),
        tell_day(v, row["opened_at"]),
        tell_day(v, row["settled_at"]),
        v.name_of(row["settled_by"]),
        str(days),
    )
