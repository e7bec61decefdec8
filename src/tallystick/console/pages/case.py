"""A case: five block nodes, the judgement beside its thresholds, reasons, what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup
from nicegui import ui

from tallystick.base.errors import Denied
from tallystick.console.icons import icon
from tallystick.console.kit import (
    button,
    card,
    fill,
    grid,
    item,
    join,
    link_button,
    name_in,
    pairs,
    show,
    show_head,
    stack,
    tag,
)
from tallystick.console.live import Health, Live, Officer
from tallystick.console.pages.case_across import draw_across
from tallystick.console.pages.case_acts import list_acts
from tallystick.console.pages.case_judged import show_middle, show_side
from tallystick.console.pages.cases import stage_tag
from tallystick.console.pages.head import put_head
from tallystick.console.visit import Visit
from tallystick.console.words import KINDS, case_name, tell_clock, tell_day
from tallystick.text import say
from tallystick.text.wording import (
    format_count,
    format_money,
    format_months,
)

__all__ = ["show_page"]

Tree = Mapping[str, Any]


async def show_page(v: Visit, live: Live, case: str) -> None:
    """Show a case to whoever holds its keys; to others, what the chain shows to all."""
    try:
        found = await v.client.get(f"/cases/{case}")
    except Denied as error:
        if error.code != "access.no_key":
            raise
        await _show_public(v, case)
        return
    others = show(fill(""))
    whole = ui.element("div").classes("stack")
    seen = [_state(found)]

    def meet() -> None:
        found_here = live.others_at(ui.context.client, case)
        names = [name_in(each, v.language) for each in found_here]
        are = "is" if len(names) == 1 else "are"
        told = v.t(f"{'、'.join(names)} 也在看这个案件", f"{', '.join(names)} {are} here too")
        others.set_content(tag(told, "info", "users") if names else fill(""))

    async def draw(_: Health | None = None) -> None:
        tree = await v.client.get(f"/cases/{case}")
        if _state(tree) != seen[0]:
            seen[0] = _state(tree)
            _draw(v, whole, tree, called)

    called = await _call_providers(v)
    _draw(v, whole, found, called)
    officer = Officer(v.me["officer"], v.me["shown"])
    live.look_at(ui.context.client, case, officer, meet)
    meet()
    live.watch(ui.context.client, "page", draw)


def _state(found: Tree) -> object:
    """Return what the page is drawn anew for: a record of the case, or of another chain."""
    return found["seen"], found.get("across")


async def _show_public(v: Visit, case: str) -> None:
    """Show a case that this member was granted nothing of."""
    rows = (await v.client.get("/cases", q=case, limit=1))["items"]
    show_head(fill("{}", case_name(v, case)), crumb=_crumb(v, case))
    why = v.t(
        "本单位没有这个案件的钥匙，只看得到账本给大家看的部分。要看内容，请主办单位或家庭授权。",
        "This member holds no key of the case, so it sees what the ledger shows to all."
        " Its owner or the household can grant more.",
    )
    body = item("lock", why)
    if rows:
        body += pairs(_public(v, rows[0]))
    show(card(v.t("公开的部分", "What is public"), body))


def _public(v: Visit, row: Tree) -> Iterable[tuple[str, str | Markup]]:
    yield v.t("种类", "Kind"), v.say(KINDS[row["kind"]])
    yield v.t("到哪一步", "Stage"), stage_tag(v, row["stage"])
    yield v.t("承办", "Owner"), v.name_of(row["owner"])
    yield v.t("受理", "Taken in"), tell_day(v, row["opened_at"])
    yield v.t("区块", "Block"), format_count(row["opened_height"])


def _crumb(v: Visit, case: str) -> Markup:
    cases = v.t("案件", "Cases")
    return fill('<a href="{}">{}</a> / <span class="mono">{}</span>', v.link("/cases"), cases, case)


# ---- the page of whoever may read it


async def _call_providers(v: Visit) -> Mapping[str, str]:
    """Return what the catalogue's providers are called."""
    rows = (await v.client.get("/providers", limit=1_000))["items"]
    named = {row["provider"]: row["entry"].get(f"name_{v.language}", "") for row in rows}
    return {code: name for code, name in named.items() if name}


def _draw(v: Visit, whole: ui.element, found: Tree, called: Mapping[str, str]) -> None:
    whole.clear()
    with whole:
        _show_head(v, found)
        show(
            card(
                v.t("五个步骤，每步一个区块节点", "Five steps, each a block node"),
                _nodes(v, found),
                pad=False,
            )
        )
        if "across" in found:
            show(draw_across(v, found))
        if "result" not in found:
            return
        with grid("g-side"):
            with stack():
                show_middle(v, found, called)
            with stack():
                show_side(v, found)


def _demand(found: Tree) -> Tree:
    tree: Tree = found.get("application", {}).get("application", {}).get("demand", {})
    return tree


def _show_head(v: Visit, found: Tree) -> None:
    row = found["row"]
    acts = list_acts(v, found)
    changed = (
        tag(v.t("改判过", "Overridden"), "info", "scale") if row["overridden_at"] else fill("")
    )
    name = case_name(v, row["case"], row["kind"])
    title = fill("{} {} {}", name, stage_tag(v, row["stage"]), changed)
    with put_head(title, _sentence(v, found), crumb=_crumb(v, row["case"])):
        if v.may("export_evidence"):
            href = v.file(f"/evidence/{row['case']}")
            show(link_button(v.t("导出证据", "Evidence"), href, "file-check", leave=True))
        if "result" in found:
            href = v.file(f"/report/{row['case']}/{v.language}")
            show(link_button(v.t("农户报告", "Household's page"), href, "printer", leave=True))
        for place, (words, glyph, act) in enumerate(acts):
            button(words, act, glyph, "first" if place == 0 else "")


def _sentence(v: Visit, found: Tree) -> Markup:
    demand, row = _demand(found), found["row"]
    parts = [v.name_of(row["owner"])]
    if "amount_minor" in demand:
        money = format_money(demand["amount_minor"], v.language)
        parts.append(v.t(f"申请 {money}", f"asks for {money}"))
    term = demand.get("terms_asked", {}).get("term_months")
    if term:
        parts.append(format_months(term, v.language))
    told = fill("{}", " · ".join(parts))
    if demand.get("purpose_text"):
        told += fill(' · <span lang="zh">{}</span>', demand["purpose_text"])
    return told


# ---- five nodes


def _nodes(v: Visit, found: Tree) -> Markup:
    steps = {each["t"]: each for each in found["steps"]}
    result = found.get("result", {})
    demand = _demand(found)
    money = format_money(demand.get("amount_minor", 0), v.language)
    ends = steps.get("case.reported") or steps.get("case.matched")
    judged = v.t("合适", "Fits") if result.get("fits") else v.t("不合适", "Does not fit")
    option = next(iter(result.get("options", ())), None)
    feedback = found.get("feedback", {})
    rows = [
        (
            v.t("受理", "Intake"),
            v.t("家庭与收支，密封", "Household and money, sealed"),
            steps.get("case.applied"),
            "",
        ),
        (
            v.t("需求", "Demand"),
            money if demand.get("amount_minor") else v.say(KINDS[found["row"]["kind"]]),
            steps.get("case.applied"),
            "",
        ),
        (v.t("方案", "Scheme"), _option_words(v, option), steps.get("case.schemed"), ""),
        (v.t("判断", "Judgement"), judged, ends or steps.get("case.judged"), ""),
        (v.t("回访", "Feedback"), _feedback_words(v, feedback), None, _feedback_due(v, feedback)),
    ]
    return fill(
        '<ol class="nodes">{}</ol>',
        join(_node(v, each, is_before_wait=place == 3) for place, each in enumerate(rows)),  # noqa: PLR2004 - the last but one
    )


def _option_words(v: Visit, option: Tree | None) -> str:
    if option is None:
        return v.t("还没有", "None yet")
    name = say(f"scheme.{option['scheme']}", {}, v.language)
    if "amount_minor" not in option:
        return name
    return f"{name} · {format_money(option['amount_minor'], v.language)}"


def _feedback_words(v: Visit, feedback: Tree) -> str:
    count = len(feedback.get("given", ()))
    if not count:
        return v.t("到期自动提醒", "Comes due by itself")
    return v.t(f"已回访 {count} 次", f"Asked {count} {'time' if count == 1 else 'times'}")


def _feedback_due(v: Visit, feedback: Tree) -> str:
    due = feedback.get("due_ms")
    if due is None:
        return v.t("没有到期的", "None due")
    return v.t(f"{tell_day(v, due)} 到期", f"due {tell_day(v, due)}")


def _node(v: Visit, row: tuple[str, str, Tree | None, str], *, is_before_wait: bool) -> Markup:
    name, what, step, when = row
    if step is None:
        return fill(
            '<li class="node wait"><div class="top note12"><span>{}</span></div><h3>{}{}</h3>'
            '<p class="soft small">{}</p><p class="note12 dim">{}</p></li>',
            v.t("还没有上链", "Not recorded yet"),
            icon("clock", "dim"),
            name,
            what,
            when,
        )
    return fill(
        '<li class="node {}"><div class="top note12"><a class="mono" href="{}">#{}</a>'
        '<span class="mono dim">{}</span></div><h3>{}{}</h3><p class="soft small">{}</p>'
        '<p class="note12 dim">{}</p></li>',
        "before-wait" if is_before_wait else "",
        v.link(f"/ledger/{step['height']}"),
        format_count(step["height"]),
        f"{step['cid'][:4]}\u2026{step['cid'][-4:]}",
        icon("circle-check", "t-ok"),
        name,
        what,
        tell_clock(step["time"]),
    )
