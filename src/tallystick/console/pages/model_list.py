"""Models: which one decides, what was measured of each, and whether it is time to train anew."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Error
from tallystick.console.kit import card, empty, fill, item, join, show, show_head, table, tag
from tallystick.console.live import Health, Live
from tallystick.console.pages.model_file import show_upload
from tallystick.console.pages.model_part import is_calibrated
from tallystick.console.pages.model_words import say_kind, state_tag, write_ppm
from tallystick.console.visit import Visit
from tallystick.console.words import tell_day
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import format_count

__all__ = ["show_page"]

MODELS_SHOWN: Final = 100
UNRIPE: Final = "report.unripe"
"""What is answered while no loan is over that could teach anything."""
_REASONS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "no_model": (
            "没有模型在用，已到期的贷款有 {found} 笔",
            "No model is in force, and {found} loans are over",
        ),
        "drift": (
            "批准以后的申请与训练时不同：PSI {found}，机会所致至多 {limit}",
            "Requests since are other than those trained on: PSI {found}, by chance up to {limit}",
        ),
        "matured": (
            "新到期的贷款有 {found} 笔，达到 {limit} 笔",
            "{found} further loans have come to their end; {limit} are enough",
        ),
        "calibration": (
            "新到期的贷款上概率误差 {found}，机会所致至多 {limit}",
            "On loans that ended since, probabilities are off by {found}; by chance up to {limit}",
        ),
    },
)
_SHARES: Final = frozenset({"drift", "calibration"})
Model = Mapping[str, Any]


async def show_page(v: Visit, live: Live) -> None:
    """Show the models, whether training is due, and where a trained file is brought."""
    show_head(
        v.t("模型", "Models"),
        v.t(
            "给还款概率打分的模型。只有批准过的才做决定，最新批准的那个在用。",
            "What scores the chance of repayment. Only an approved model decides; the latest"
            " approved is in force.",
        ),
    )
    place, told = show(fill("")), show(fill(""))

    async def draw(_: Health | None = None) -> None:
        found, waiting = await asyncio.gather(
            v.client.get("/models", limit=MODELS_SHOWN), _find_waiting(v)
        )
        markup = _draw(v, found["items"], waiting)
        if place.content != markup:
            place.set_content(markup)

    async def weigh() -> None:
        # In a place of its own: a row drawn anew under somebody's finger would lose the click.
        due = await _find_due(v)
        if due is not None:
            told.set_content(_draw_due(v, due))

    await draw()
    live.watch(ui.context.client, "page", draw)
    # To weigh it, lenders' books are read: the page does not wait for that.
    ui.timer(0, weigh, once=True)
    if v.may("publish_model") or v.may("approve_model"):
        show_upload(v)


_DUE: Final[dict[str, tuple[tuple[int, int], Mapping[str, Any] | Error]]] = {}
"""What was weighed last, by member, with the height and day it holds for: the same books opened
again would tell the same, and leave receipts again."""


async def _find_waiting(v: Visit) -> list[Model]:
    """Return the models that were published here and that nobody has approved."""
    if not v.may("read_case"):
        return []
    found = await v.client.get("/today", limit=200)
    return [each for each in found["items"] if each["kind"] == "model"]


async def _find_due(v: Visit) -> Mapping[str, Any] | Error | None:
    """Return whether training is due; what keeps it from being told; None for other roles."""
    if not v.may("read_books"):
        return None
    height = (await v.client.show_health())["height"]
    now = (height, v.office.now_ms() // DAY_MS)
    held = _DUE.get(v.member)
    if held is not None and held[0] == now:
        return held[1]
    found: Mapping[str, Any] | Error
    try:
        found = await v.client.get("/models/due")
    except Error as error:
        if error.code != UNRIPE:
            raise
        found = error
    _DUE[v.member] = (now, found)
    return found


def _draw(v: Visit, models: Sequence[Model], waiting: Sequence[Model]) -> Markup:
    parts = [_draw_waiting(v, waiting)] if waiting else []
    parts.append(_draw_models(v, models))
    return fill('<div class="stack">{}</div>', join(parts))


def _draw_waiting(v: Visit, waiting: Iterable[Model]) -> Markup:
    rows = join(
        item("clock", fill('<span class="mono">{}</span>', _identity(each)), "warn")
        for each in waiting
    )
    note = v.t(
        "负责人在下面选训练写出的同一个文件，看清楚后批准。公布的人不能批准。",
        "A manager chooses the same file below, looks at it and approves. Whoever published it may"
        " not.",
    )
    right = tag(v.t("等批准", "Waits for approval"), "warn")
    return card(
        v.t("已公布，还没有批准", "Published, not approved yet"), rows, right=right, note=note
    )


def _identity(each: Model) -> str:
    return str(each.get("model", each.get("subject", "")))


def _draw_models(v: Visit, models: Sequence[Model]) -> Markup:
    title = v.t("批准过的模型", "Models ever approved")
    if not models:
        why = v.t(
            "还没有批准过模型：现在只看收支和规则。"
            "有了到期的贷款，可以用 tally model train 训练一个。",
            "No model was approved yet: income, spending and rules alone decide. Once loans have"
            " come to their end, train one with tally model train.",
        )
        return card(
            title,
            empty("chart-spline", v.t("没有模型", "No model"), why),
            pad=False,
        )
    heads = [
        v.t("模型", "Model"),
        v.t("状态", "State"),
        v.t("种类", "Kind"),
        ">AUC",
        ">KS",
        ">ECE",
        ">" + v.t("机会所致 ECE", "ECE by chance"),
        ">" + v.t("笔数", "Loans"),
        v.t("批准", "Approved"),
    ]
    rows = [_model_row(v, each) for each in models]
    note = v.t(
        "AUC、KS 越大越能分开好坏；ECE 是概率的平均误差，旁边是完全准确的模型因机会也会有的误差。",
        "AUC and KS: the larger, the better it tells apart. ECE: by how much its probabilities are"
        " off; beside it what a perfect model shows by chance.",
    )
    return card(title, table(heads, rows, title, classes="tight"), note=note, pad=False)


def _model_row(v: Visit, row: Model) -> Sequence[str | Markup]:
    metrics = row["metrics"]
    ece = fill("{}", write_ppm(metrics.get("ece_ppm")))
    if not is_calibrated(metrics):
        ece = fill("{} {}", tag(v.t("超出", "beyond"), "warn"), ece)
    return (
        fill(
            '<a class="link b mono name" href="{}">{}</a>',
            v.link(f"/models/{row['model']}"),
            row["name"],
        ),
        state_tag(v, row["state"]),
        say_kind(v, row.get("kind")),
        write_ppm(metrics.get("auc_ppm")),
        write_ppm(metrics.get("ks_ppm"), 2),
        ece,
        write_ppm(metrics.get("ece_null95_ppm")),
        format_count(metrics["rows"]) if "rows" in metrics else "\u2013",
        fill(
            '<span class="nowrap">{}</span><br><span class="note12 dim">{}</span>',
            tell_day(v, row["approved_at"]),
            v.name_of(row["member"]),
        ),
    )


def _draw_due(v: Visit, due: Mapping[str, Any] | Error) -> Markup:
    """Return whether it is time to train anew: proposed only, persons decide."""
    title = v.t("该不该重新训练", "Is it time to train anew?")
    if isinstance(due, Error):
        why = v.t(
            "本单位能读到的贷款月报里，还没有到期的贷款，暂时无从判断。",
            "No loan in the books that this member may read is over yet, so it cannot be told.",
        )
        return card(title, item("info", why))
    if not due["due"] and not (due["trained"] or due["granted"]):
        why = v.t(
            "本单位能读到的贷款月报里没有贷款，无从判断。",
            "The books that this member may read hold no loan, so it cannot be told.",
        )
        return card(title, item("info", why))
    over, granted, matured = (format_count(due[each]) for each in ("trained", "granted", "matured"))
    counted = v.t(
        f"批准时已到期 {over} 笔；此后放出 {granted} 笔，到期 {matured} 笔。",
        f"{over} loans were over at its approval; since then {granted} were granted and {matured}"
        " came to their end.",
    )
    reasons = join(item("info", _say_reason(v, each), "warn") for each in due["reasons"])
    right = (
        tag(v.t("建议重新训练", "Training is proposed"), "warn")
        if due["due"]
        else tag(v.t("还不用", "Not yet"), "ok")
    )
    note = v.t("这里只提议；训练和批准都由人做。", "This only proposes; persons train and approve.")
    body = fill('{}<p class="soft">{}</p>', reasons, counted)
    return card(title, body, right=right, note=note)


def _say_reason(v: Visit, reason: Mapping[str, Any]) -> str:
    name = reason["reason"]
    phrase = _REASONS.get(name)
    if phrase is None:
        return str(name)
    values = {
        each: write_ppm(reason[each]) if name in _SHARES else format_count(reason[each])
        for each in ("found", "limit")
        if each in reason
    }
    return v.say(phrase).format(**values)
