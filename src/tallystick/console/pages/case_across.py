"""A case's path across two chains: taken in, decided, approved there, anchored here, paid out.

Law: the approval is told as the payout's proof shows it; before the payout it is told as awaited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from tallystick.console.icons import icon
from tallystick.console.kit import card, fill, join
from tallystick.console.pages.chains_words import count_entries, name_chain, say_chain
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.wording import format_count, format_money

__all__ = ["draw_across"]

OFFICER_SIGNS: Final = 8
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """A step: its name, what is told of it, where it stands and when; `height` 0: not yet."""

    name: str
    says: str | Markup
    height: int = 0
    time_ms: int = 0
    chain: str = ""


def draw_across(v: Visit, found: Tree) -> Markup:
    """Return the card of a case's path; nothing for a case that needs no other chain."""
    across = found.get("across")
    if not across:
        return fill("")
    steps = [*_steps_before(v, found), *_steps_across(v, across)]
    done = sum(1 for each in steps if each.height)
    title = v.t("财政资金跨两条链的经过", "Public money across two chains")
    right = v.t(f"{done} / {len(steps)} 步", f"{done} of {len(steps)} steps")
    nodes = join(
        _draw(v, each, is_before_wait=place == done - 1 and done < len(steps))
        for place, each in enumerate(steps)
    )
    note = _say_proof(v, across) if "paid" in across else _say_awaited(v, found, across)
    drawn = fill('<ol class="nodes across">{}</ol>', nodes)
    return card(title, drawn, right=right, note=note, pad=False)


def _steps_before(v: Visit, found: Tree) -> Iterator[_Step]:
    steps = {each["t"]: each for each in found["steps"]}
    ends = steps.get("case.reported") or steps.get("case.matched") or steps.get("case.judged")
    owner = v.name_of(found["row"]["owner"])
    for name, says, step in (
        (v.t("受理", "Taken in"), owner, steps.get("case.applied")),
        (v.t("判断", "Decided"), v.t("系统判断", "By the rules"), ends),
    ):
        if step is None:
            yield _Step(name, says)
        else:
            yield _Step(name, says, step["height"], step["time"])


def _steps_across(v: Visit, across: Tree) -> Iterator[_Step]:
    approved = v.t("部门批准", "Approved")
    anchored, paid_out = v.t("锚定到本链", "Anchored here"), v.t("放款", "Paid out")
    if "paid" not in across:
        where = say_chain(v, across["kind"])
        yield _Step(approved, v.t(f"部门在{where}上批准", f"By a department, on {where}"))
        yield _Step(anchored, v.t("批准以后自动锚定", "By itself, after the approval"))
        yield _Step(paid_out, v.t("凭批准的证明", "On proof of the approval"))
        return
    anchor, paid = across["anchored"], across["paid"]
    money = format_money(across["amount_minor"], v.language)
    who = fill(
        '{} · {} <span class="mono">{}</span><br>{}',
        v.name_of(across["member"]),
        v.t("经办人", "officer"),
        across["officer"][:OFFICER_SIGNS],
        v.t(f"至多 {money}", f"up to {money}"),
    )
    chain = name_chain(v, across["kind"])
    yield _Step(approved, who, across["height"], across["time"], chain)
    upto = format_count(anchor["height"])
    where = say_chain(v, across["kind"])
    told = v.t(f"{where}到高度 {upto} 为止", f"{name_chain(v, across['kind'])} up to {upto}")
    yield _Step(anchored, told, anchor["anchored_height"], anchor["time"])
    yield _Step(paid_out, v.name_of(paid["member"]), paid["height"], paid["time"])


def _draw(v: Visit, step: _Step, *, is_before_wait: bool) -> Markup:
    if not step.height:
        return fill(
            '<li class="node wait"><div class="top note12"><span>{}</span></div><h3>{}{}</h3>'
            '<p class="soft small">{}</p></li>',
            v.t("还没有", "Not yet"),
            icon("clock", "dim"),
            step.name,
            step.says,
        )
    height = format_count(step.height)
    if step.chain:
        place = fill('<span>{} <span class="mono">#{}</span></span>', step.chain, height)
    else:
        place = fill('<a class="mono" href="{}">#{}</a>', v.link(f"/ledger/{step.height}"), height)
    return fill(
        '<li class="node {} {}"><div class="top note12">{}</div><h3>{}{}</h3>'
        '<p class="soft small">{}</p><p class="note12 dim">{}</p></li>',
        "before-wait" if is_before_wait else "",
        "there" if step.chain else "",
        place,
        icon("circle-check", "t-ok"),
        step.name,
        step.says,
        tell_clock(step.time_ms),
    )


def _say_proof(v: Visit, across: Tree) -> str:
    entries, anchor = count_entries(v, across["size"]), across["anchored"]
    block = format_count(anchor["anchored_height"])
    where = say_chain(v, across["kind"])
    return v.t(
        f"放款记录带着证明：批准在{where}的日志里（共 {entries}），日志的根由本链区块 {block} 的"
        "锚定写明。任何成员都能重验。",
        f"The payout carries the proof: the approval stands in the log of {where} ({entries}),"
        f" whose root the anchor in block {block} states. Any member can check it again.",
    )


def _say_awaited(v: Visit, found: Tree, across: Tree) -> Markup:
    where, row = say_chain(v, across["kind"]), found["row"]
    words = v.t(
        "放款前，请部门在{}上批准项目 {}，案件编号 {}。",
        "Before the payout, a department approves programme {1} on {0}; the case's number is {2}.",
    )
    number = fill('<span class="mono">{}</span>', row["case"])
    return fill(words, where, fill('<span class="mono">{}</span>', row["programme"]), number)
