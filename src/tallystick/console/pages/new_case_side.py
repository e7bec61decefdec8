"""What can be said while a new case is typed: the same decision, told as an estimate.

Laws: nothing is computed here that the decision did not tell; while a figure is in doubt the
estimate is a dash, for a wrong number is believed; what is not known is named with its field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Error
from tallystick.console.charts import show_summary, write_csv
from tallystick.console.icons import icon
from tallystick.console.kit import boxed, fill, item, join, show, table, tag
from tallystick.console.pages.new_case_questions import QUESTIONS
from tallystick.console.problem import draw_problem
from tallystick.console.visit import Visit
from tallystick.text import PHRASES, say
from tallystick.text.wording import format_count, format_money, format_month

__all__ = ["FOLLOW", "Side"]

MONTHS: Final = 12
TALL: Final = 100
WIDE: Final = 20
GAPS_MAX: Final = 3
_FEN: Final = 100
_INCOME: Final = "profile.income"
_FIELDS: Final[Mapping[str, str]] = {
    _INCOME: "wage",
    **{each.path: each.name for each in QUESTIONS if each.path},
}
FOLLOW: Final = (
    "(e) => { const f = e.target.dataset?.field;"
    " if (f) { e.preventDefault(); e.stopPropagation(); emit(f) } }"
)
"""A link to a field reaches the page, not the browser's address."""
Found = Mapping[str, Any]


class Side:
    """The card beside the form; it is redrawn in place.

    Args:
        v: the visit.
    """

    def __init__(self, v: Visit) -> None:
        self._v = v
        self._csv = ""
        title = v.t("目前能说的", "What we can say so far")
        note = v.t(
            "这是估算，不是决定。提交后按批准的规则和模型算。",
            "An estimate, not a decision. The approved rules and model decide after you submit.",
        )
        with boxed(title, note=note):
            self._said = show(fill(""), "body")
            self._said.props["aria-live"] = "polite"
            self._cash = show(fill(""), "body cash")
            with ui.element("details").classes("figures") as self._figures:
                show_summary(v.t("看数字", "See the figures"))
                self._table = show(fill(""), "scroll")
                with ui.element("div").classes("figures-acts"):
                    self._button(v.t("复制", "Copy"), lambda: ui.clipboard.write(self._csv))
                    self._button(
                        v.t("下载 CSV", "Download CSV"),
                        lambda: ui.download.content("\ufeff" + self._csv, "cash.csv", "text/csv"),
                    )
        self.tell_doubt()

    @staticmethod
    def _button(words: str, act: Any) -> None:  # noqa: ANN401 - NiceGUI's handlers
        ui.button(words, on_click=act, color=None).props("flat no-caps").classes("btn short")

    def tell_doubt(self) -> None:
        """Show a dash: a figure is in doubt."""
        words = self._v.t("改好标红的一项后显示估算", "Fix the marked figure to see the estimate")
        self._set(self._said, _hero(self._v, None) + item("scale", words, "brand"))
        self._hide_cash()

    def on_follow(self, follow: Callable[[str], None]) -> None:
        """Call `follow` with the field that a link in the card names."""
        self._said.on("click", lambda event: follow(event.args), js_handler=FOLLOW)

    def tell_problem(self, error: Error) -> None:
        """Show that there is no estimate, and why."""
        self._set(self._said, _hero(self._v, None) + draw_problem(self._v, error))
        self._hide_cash()

    def tell(self, found: Found) -> None:
        """Show what the decision on what is typed so far tells."""
        missing = list(found.get("missing", ()))
        parts = [_hero(self._v, _free(found, missing))]
        if not any(path.startswith("demand.") for path in missing):
            parts.append(_verdict(self._v, found))
        parts += [_likely(self._v, found), _missing(self._v, missing), _assumed(self._v, found)]
        self._set(self._said, join(parts))
        if _INCOME in missing or "calendar" not in found:
            self._hide_cash()
            return
        self._show_cash(found)

    def _show_cash(self, found: Found) -> None:
        calendar = found["calendar"]
        begin = calendar["from_month"]
        middle, bad = calendar["middle_minor"][:MONTHS], calendar["bad_minor"][:MONTHS]
        self._cash.set_visibility(True)
        self._figures.set_visibility(True)
        self._set(self._cash, _draw_cash(self._v, begin, middle, bad, found))
        columns = [
            self._v.t("月份", "Month"),
            self._v.t(">中等年景（元）", ">Usual year (¥)"),
            self._v.t(">差年景（元）", ">Bad year (¥)"),
        ]
        rows = [
            (
                format_month(begin + at, self._v.language),
                format_count(one // _FEN),
                format_count(two // _FEN),
            )
            for at, (one, two) in enumerate(zip(middle, bad, strict=True))
        ]
        self._csv = write_csv([each.removeprefix(">") for each in columns], rows)
        caption = self._v.t("每月末的现金", "Cash at each month's end")
        self._set(self._table, table(columns, rows, caption, classes="tight"))

    def _hide_cash(self) -> None:
        self._cash.set_visibility(False)
        self._figures.set_visibility(False)

    @staticmethod
    def _set(where: ui.html, drawn: Markup) -> None:
        if where.content != drawn:
            where.set_content(drawn)


def _free(found: Found, missing: Sequence[str]) -> int | None:
    """Return what a usual year leaves the household, None where no income is told."""
    cycle = found.get("cycle", {})
    income = cycle.get("household_income_minor")
    if income is None or (_INCOME in missing and not income):
        return None
    return int(income) - int(cycle["household_spending_minor"])


def _hero(v: Visit, free_minor: int | None) -> Markup:
    label = v.t("不算这个项目，一年能余下", "Left over in a usual year, without this project")
    figure = "\u2014" if free_minor is None else format_money(free_minor, v.language)
    return fill('<div class="note12 dim">{}</div><div class="hero">{}</div>', label, figure)


def _verdict(v: Visit, found: Found) -> Markup:
    """Return whether it fits, by which scheme, and what would change it."""
    if "undecided" in found:
        words = v.t("还判断不了，再补几项", "Not to be judged yet; a few answers are missing")
        return item("circle-dashed", words)
    scheme = say(f"scheme.{found['scheme']}", {}, v.language) if _has("scheme", found) else ""
    mark = (
        tag(v.t("看来合适", "Looks as if it fits"), "ok")
        if found["fits"]
        else tag(v.t("暂不合适", "Does not fit yet"), "warn")
    )
    lines = [fill('<p class="li">{}<span>{}</span></p>', mark, scheme)]
    if not found["fits"]:
        lines += [
            item("triangle-alert", words, "warn")
            for row in found.get("gaps", ())[:GAPS_MAX]
            if (words := _words(v, f"gap.{row['gap']}", row))
        ]
        lines += [
            item("wrench", v.t("可以：", "Would help: ") + words, "brand")
            for row in found.get("changes", ())[:GAPS_MAX]
            if (words := _words(v, f"change.{row['change']}", row))
        ]
    return fill('<div class="verdict">{}</div>', join(lines))


def _has(family: str, found: Found) -> bool:
    return f"{family}.{found.get(family, '')}" in PHRASES


def _words(v: Visit, code: str, row: Mapping[str, Any]) -> str:
    return say(code, row, v.language) if code in PHRASES else ""


def _likely(v: Visit, found: Found) -> Markup:
    """Return the interval in which the project's income most likely lies."""
    interval = found.get("income_interval")
    if not interval or interval["low_minor"] == interval["high_minor"]:
        return fill("")
    low, high = (format_money(interval[f"{end}_minor"], v.language) for end in ("low", "high"))
    words = v.t(
        f"项目净收入多半在 {low} 到 {high} 之间",
        f"The project most likely earns {low} to {high}",
    )
    return item("chart-spline", words)


def _missing(v: Visit, missing: Sequence[str]) -> Markup:
    links = [
        fill(
            '<button type="button" class="link" data-field="{}">{}</button>',
            _FIELDS[path],
            _name(v, path),
        )
        for path in missing
        if path in _FIELDS
    ]
    if not links:
        return fill("")
    between = v.t("、", ", ")
    words = v.t("还差：", "Still needed: ")
    return fill(
        '<div class="li">{}<span>{}{}</span></div>',
        icon("circle-help", "dim"),
        words,
        join(links, between),
    )


def _name(v: Visit, path: str) -> str:
    if path == _INCOME:
        return v.t("收入", "an income")
    return v.say(next(each.label for each in QUESTIONS if each.path == path))


def _assumed(v: Visit, found: Found) -> Markup:
    names = [
        v.say(PHRASES[code])
        for path in found.get("assumed", ())
        if (code := f"field.{path.rsplit('.', 1)[-1]}") in PHRASES
        and path not in found.get("missing", ())
    ]
    if not names:
        return fill("")
    words = v.t("没填、按全县常情算的：", "Taken as usual in the county: ")
    return fill('<p class="note12 dim">{}{}</p>', words, v.t("、", ", ").join(names))


# ---- twelve months


def _draw_cash(
    v: Visit, begin: int, middle: Sequence[int], bad: Sequence[int], found: Found
) -> Markup:
    top, bottom = max(0, *middle, *bad), min(0, *middle, *bad)
    span = max(1, top - bottom)
    zero = top * TALL // span
    bars = join(
        _bar(at * WIDE + inset, kind, _scale(value, span), zero)
        for at, pair in enumerate(zip(middle, bad, strict=True))
        for kind, inset, value in (("m", 2, pair[0]), ("b", 6, pair[1]))
    )
    words = _say_lowest(v, found)
    names = join(fill("<span>{}</span>", (begin + at) % 12 + 1) for at in range(len(middle)))
    legend = fill(
        '<div class="legend note12"><span><i class="m"></i>{}</span>'
        '<span><i class="b"></i>{}</span></div>',
        v.t("一般年景", "Usual year"),
        v.t("差年景", "Bad year"),
    )
    title = v.t("每月末的现金", "Cash at each month's end")
    tallest = v.t("最高 ", "Top ") + format_money(top, v.language)
    return fill(
        '<h3 class="b">{title} <span class="note12 dim">{tallest}</span></h3>'
        '<svg viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img"'
        ' aria-label="{title}. {words}">{bars}<line x1="0" x2="{width}" y1="{zero}" y2="{zero}"/>'
        '</svg><div class="ticks note12 dim" aria-hidden="true">{names}</div>{legend}'
        '<p class="{tone}">{words}</p>',
        title=title,
        tallest=tallest,
        width=WIDE * MONTHS,
        height=TALL + 2,
        words=words,
        bars=bars,
        zero=zero,
        names=names,
        legend=legend,
        tone="t-alarm" if found.get("lowest_minor", 0) < 0 else "soft",
    )


def _scale(value: int, span: int) -> int:
    tall = abs(value) * TALL // span
    return -tall if value < 0 else tall


def _bar(left: int, kind: str, tall: int, zero: int) -> Markup:
    return fill(
        '<rect class="{}" x="{}" width="{}" y="{}" height="{}"/>',
        f"{kind} minus" if tall < 0 else kind,
        left,
        WIDE - 2 * (left % WIDE),
        zero - tall if tall > 0 else zero,
        abs(tall),
    )


def _say_lowest(v: Visit, found: Found) -> str:
    lowest, month = found.get("lowest_minor", 0), format_month(found["lowest_month"], v.language)
    figure = format_money(abs(lowest), v.language)
    if lowest < 0:
        return v.t(f"差年景到 {month}最多缺 {figure}", f"A bad year is {figure} short by {month}")
    return v.t(
        f"差年景最低余 {figure}（{month}）", f"A bad year never has less than {figure} ({month})"
    )
