"""One model: does it mean what it says, separate, treat groups alike, may it decide?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.acts import Blank, open_act
from tallystick.console.icons import icon
from tallystick.console.kit import (
    button,
    card,
    fill,
    join,
    pairs,
    scrolled,
    show,
    stats,
    table,
)
from tallystick.console.pages.model_chart import show_drift
from tallystick.console.pages.model_list import UNRIPE
from tallystick.console.pages.model_part import tell_figures
from tallystick.console.pages.model_shadow import show_shadow
from tallystick.console.pages.model_view import show_curves
from tallystick.console.pages.model_words import say_kind, state_tag, write_ppm
from tallystick.console.visit import Visit
from tallystick.console.words import tell_day
from tallystick.text.wording import format_count

__all__ = ["show_page"]

Model = Mapping[str, Any]


async def show_page(v: Visit, model: str) -> None:
    """Show a model.

    Args:
        v: the visit.
        model: its CID.

    Raises:
        NotFound: `model.unknown`, it was never approved.
    """
    found = await v.client.get(f"/models/{model}")
    deciding = await _find_deciding(v)
    metrics, charts = found["metrics"], found.get("charts")
    _show_head(v, found)
    if "forced" in found:
        show(_draw_forced(v, found))
    show(stats(tell_figures(v, metrics)))
    show_curves(v, charts, metrics, found["features"])
    if deciding is not None and deciding["model"] != model:
        show(_draw_versus(v, found, deciding))
    if v.may("shadow_model") and found["state"] != "in_force":
        show_shadow(v, model)
    if found["state"] == "in_force" and v.may("read_books"):
        await _show_moved(v)
    show(card(v.t("记录", "On record"), pairs(_facts(v, found))))


async def _find_deciding(v: Visit) -> Model | None:
    rows = (await v.client.get("/models", limit=100))["items"]
    found: list[Model] = [each for each in rows if each["state"] == "in_force"]
    return found[0] if found else None


def _show_head(v: Visit, found: Model) -> None:
    kind = say_kind(v, found.get("kind"))
    day = tell_day(v, found["approved_at"], sentence=True)
    said = v.t(
        f"{kind}，{day}由{v.name_of(found['member'])}批准。只有已批准的模型可以做决定。",
        f"{kind}, approved {day} by {v.name_of(found['member'])}. Only an approved model decides.",
    )
    with ui.element("div").classes("k-head"):
        show(
            fill(
                '<nav class="crumb" aria-label="/"><a href="{}">{}</a></nav>'
                '<h1 tabindex="-1"><span class="mono name">{}</span> {}</h1><p class="soft">{}</p>',
                v.link("/models"),
                v.t("模型", "Models"),
                found["name"],
                state_tag(v, found["state"]),
                said,
            )
        )
        if v.may("retire_model") and found["state"] != "retired":
            with ui.element("div").classes("act"):
                button(v.t("停用", "Retire"), lambda: _retire(v, found), "history")


def _retire(v: Visit, found: Model) -> None:
    model = found["model"]

    async def send(typed: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        return await v.client.send(f"/models/{model}/retire", dict(typed), key=key)

    def then(_: Mapping[str, Any]) -> None:
        ui.navigate.to(v.link("/models"))

    open_act(
        v,
        title=v.t("停用模型", "Retire the model"),
        says=v.t(
            f"“{found['name']}”以后不再评分，不能恢复。正在用的被停用以后，由上一个已批准的接替；"
            "没有别的，就只看收支。账本记下您的编号和原因，各成员都能看到。",
            f"\u201c{found['name']}\u201d scores no more, for good. If it is the one in force, the"
            " approved one before it takes over; if there is none, income and spending alone"
            " decide. The ledger records your number and the reason, for all members to read.",
        ),
        send=send,
        then=then,
        blanks=[
            Blank(
                "code",
                v.t("原因（代码）", "Reason (a code)"),
                hint=v.t("例如 drift.seen", "Such as drift.seen"),
                is_needed=False,
            )
        ],
        confirm=v.t("停用", "Retire"),
        is_grave=True,
    )


def _draw_forced(v: Visit, found: Model) -> Markup:
    said = v.t(
        "它的概率误差超出机会能解释的，仍然批准了。原因：",
        "It was approved though its probabilities are off by more than chance. Reason: ",
    )
    return fill(
        '<div class="problem"><p class="li">{}<span>{}<b class="mono">{}</b></span></p></div>',
        icon("triangle-alert", "t-warn"),
        said,
        found["forced"],
    )


def _draw_versus(v: Visit, found: Model, deciding: Model) -> Markup:
    """Return this model beside the one that decides."""
    heads = [
        v.t("模型", "Model"),
        ">AUC",
        ">KS",
        ">ECE",
        ">" + v.t("布里尔得分", "Brier"),
        ">" + v.t("笔数", "Loans"),
    ]
    rows = [
        (
            fill('<span class="mono name">{}</span> {}', each["name"], state_tag(v, each["state"])),
            write_ppm(each["metrics"].get("auc_ppm")),
            write_ppm(each["metrics"].get("ks_ppm"), 2),
            write_ppm(each["metrics"].get("ece_ppm")),
            write_ppm(each["metrics"].get("brier_ppm")),
            format_count(each["metrics"].get("rows", 0)),
        )
        for each in (deciding, found)
    ]
    title = v.t("与在用的相比", "Beside the one in force")
    note = v.t(
        "各自在没见过的数据上测得；训练数据不同的，不能直接相比。",
        "Each measured on rows it had not seen; those trained on other data do not compare.",
    )
    return card(
        title, scrolled(table(heads, rows, title, classes="tight"), title), note=note, pad=False
    )


async def _show_moved(v: Visit) -> None:
    """Show drift by month, where there are months to show."""
    try:
        found = await v.client.get("/models/due")
    except Error as error:
        if error.code != UNRIPE:
            raise
        # There is nothing to compare with yet; the page of models says so.
        return
    if found["months"]:
        show_drift(v, found["months"])


def _facts(v: Visit, found: Model) -> list[tuple[str, str | Markup]]:
    mono = '<span class="mono">{}</span>'
    block = fill(
        '<a class="link" href="{}">{}</a>',
        v.link(f"/ledger/{found['height']}"),
        format_count(found["height"]),
    )
    rows: list[tuple[str, str | Markup]] = [(v.t("区块", "Block"), block)]
    if "program" in found:
        rows.append((v.t("程序版本", "Program version"), str(found["program"])))
    if "data" in found:
        rows.append((v.t("训练数据的 SHA-256", "SHA-256 of its data"), fill(mono, found["data"])))
    rows.append(("CID", fill(mono, found["model"])))
    if "retired_at" in found:
        who = v.name_of(found["retired_by"])
        day = tell_day(v, found["retired_at"])
        reason = fill(" {}", join([fill(mono, found["reason"])])) if "reason" in found else fill("")
        rows.append((v.t("停用", "Retired"), fill("{} {}{}", day, who, reason)))
    return rows
