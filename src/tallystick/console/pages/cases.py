"""Cases: who waits for what, by stage and kind, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup
from nicegui import ui

from tallystick.console.kit import (
    boxed,
    empty,
    fill,
    join,
    link_button,
    show,
    show_head,
    table,
    tag,
)
from tallystick.console.live import Health, Live
from tallystick.console.visit import Visit
from tallystick.console.words import KINDS, tell_day
from tallystick.text.column import STAGES
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import format_count

__all__ = ["show_page", "stage_tag"]

PAGE_ROWS: Final = 50
_SHOWN: Final = ("reported", "matched", "refused", "closed")
_TONES: Final = {"reported": "ok", "matched": "warn", "refused": "alarm", "applied": "info"}
_WAITS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "decision": ("等判断", "a decision"),
        "owner": ("等本单位办", "its owner"),
        "answer": ("等家庭答复", "the household's answer"),
        "payout": ("等放款", "the payout"),
        "new_owner": ("等接手的成员", "its new owner"),
    },
)


def stage_tag(v: Visit, stage: str) -> Markup:
    """Return how far a case has come, as a tag."""
    return tag(v.say(STAGES[f"stage.{stage}"]), _TONES.get(stage, ""))


async def show_page(
    v: Visit,
    live: Live,
    *,
    stage: str = "",
    kind: str = "",
    mine: str = "",
    q: str = "",
    after: str = "",
) -> None:
    """Show a page of cases.

    Args:
        v: the visit.
        live: tells what changed.
        stage: only those that have come so far.
        kind: only those of a kind.
        mine: "1" for those that this member owns.
        q: beginning of a case's number.
        after: the cursor of the page before.
    """
    chosen = {"stage": stage, "kind": kind, "mine": mine, "q": q}
    acts = (
        link_button(v.t("新建案件", "New case"), v.link("/new"), "plus", "first")
        if v.may("open_case")
        else fill("")
    )
    show_head(
        v.t("案件", "Cases"),
        v.t("每个案件走到哪一步，在等什么。", "How far each case has come, and what it waits for."),
        acts=acts,
    )
    with boxed(v.t("全部案件", "All cases")):
        _show_search(v, chosen)
        place = show(fill(""))

    async def draw(_: Health | None = None) -> None:
        counts = await v.client.get("/cases/counts")
        found = await v.client.get(
            "/cases",
            stage=stage,
            kind=kind,
            owner=v.member if mine else "",
            q=q,
            after=after,
            limit=PAGE_ROWS,
        )
        place.set_content(_draw(v, chosen, counts, found))

    await draw()
    live.watch(ui.context.client, "page", draw)


def _address(v: Visit, chosen: Mapping[str, str], **changed: str) -> str:
    wanted = {name: value for name, value in {**chosen, **changed}.items() if value}
    return v.link("/cases") + (f"?{urlencode(wanted)}" if wanted else "")


def _show_search(v: Visit, chosen: Mapping[str, str]) -> None:
    with ui.element("div").classes("body"):
        box = ui.input(
            value=chosen["q"], placeholder=v.t("案件编号的开头", "Beginning of a number")
        )
        box.props("outlined dense clearable").style("max-width:320px")
        box.props["aria-label"] = v.t("按编号找案件", "Find a case by its number")

        def look() -> None:
            typed = (box.value or "").strip().lower()
            ui.navigate.to(_address(v, chosen, q=typed))

        box.on("keydown.enter", look)


def _draw(
    v: Visit, chosen: Mapping[str, str], counts: Mapping[str, int], found: Mapping[str, Any]
) -> Markup:
    segments = _segments(v, chosen, counts)
    if not found["items"]:
        why = v.t("换一个筛选，或者新建一个案件。", "Choose another filter, or take a case in.")
        return segments + empty("inbox", v.t("没有这样的案件", "No such cases"), why)
    heads = [
        v.t("案件", "Case"),
        v.t("种类", "Kind"),
        v.t("到哪一步", "Stage"),
        v.t("在等", "Waits for"),
        v.t("承办", "Owner"),
        v.t("受理", "Taken in"),
        ">" + v.t("区块", "Block"),
    ]
    rows = [_row(v, each) for each in found["items"]]
    whole = table(heads, rows, v.t("案件", "Cases"))
    return segments + fill('<div class="scroll">{}</div>{}', whole, _more(v, chosen, found))


def _segments(v: Visit, chosen: Mapping[str, str], counts: Mapping[str, int]) -> Markup:
    stages = [("", v.t("全部", "All"), counts["all"])]
    stages += [(each, v.say(_SHORT[each]), counts[each]) for each in _SHOWN]
    by_stage = join(
        _segment(_address(v, chosen, stage=each), name, chosen["stage"] == each, count)
        for each, name, count in stages
    )
    kinds = [("", v.t("各种", "Any kind")), *((each, v.say(name)) for each, name in KINDS.items())]
    by_kind = join(
        _segment(_address(v, chosen, kind=each), name, chosen["kind"] == each)
        for each, name in kinds
    )
    owners = (("", v.t("全县", "The county")), ("1", v.t("本单位", "Ours")))
    by_owner = join(
        _segment(_address(v, chosen, mine=each), name, chosen["mine"] == each)
        for each, name in owners
    )
    return fill(
        '<div class="body filters">{}</div>',
        join(fill('<div class="k-seg">{}</div>', each) for each in (by_stage, by_kind, by_owner)),
    )


_SHORT: Final = phrase_table(
    "",
    {
        "reported": ("合适", "Fits"),
        "matched": ("另行匹配", "Matched"),
        "refused": ("已拒绝", "Refused"),
        "closed": ("已结案", "Closed"),
    },
)


def _segment(href: str, name: str, is_here: bool, count: int | None = None) -> Markup:  # noqa: FBT001 - beside its name
    return fill(
        '<a href="{}"{}>{}{}</a>',
        href,
        Markup(' aria-current="true"') if is_here else "",
        name,
        fill('<span class="n">{}</span>', format_count(count)) if count is not None else "",
    )


def _row(v: Visit, row: Mapping[str, Any]) -> Sequence[str | Markup]:
    waits = _WAITS.get(row.get("waits") or "")
    return (
        fill(
            '<a class="link mono" href="{}">{}</a>',
            v.link(f"/cases/{row['case']}"),
            row["case"][:8],
        ),
        v.say(KINDS[row["kind"]]),
        stage_tag(v, row["stage"]),
        v.say(waits) if waits else "\u2013",
        v.name_of(row["owner"]),
        tell_day(v, row["opened_at"]),
        format_count(row["opened_height"]),
    )


def _more(v: Visit, chosen: Mapping[str, str], found: Mapping[str, Any]) -> Markup:
    if "after" not in found:
        return fill("")
    href = _address(v, chosen, after=found["after"])
    words = v.t("更早的", "Earlier ones")
    return fill('<div class="note"><a class="link" href="{}">{}</a></div>', href, words)
