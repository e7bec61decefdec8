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
from tallystick.text.phrase import Phrase
from tallystick.text.wording import format_count, format_money

__all__ = ["draw_across"]

OFFICER_SIGNS: Final = 8
_NOT_YET: Final = Phrase("还没有", "Not yet")
_AWAITED: Final = Phrase("等锚定", "Waits for its anchor")
_UNKNOWN: Final = Phrase("这里看不到", "Not seen from here")
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """A step: its name, what is told of it, where it stands and when; `height` 0: not yet."""

    name: str
    says: str | Markup
    height: int = 0
    time_ms: int = 0
    chain: str = ""
    waits: Phrase = _NOT_YET


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
        _draw(v, each, is_before_wait=place >= done - 1) for place, each in enumerate(steps)
    )
    note = _say_proof(v, across) if "paid" in across else _say_awaited(v, found, across)
    drawn = fill('<ol class="nodes">{}</ol>', nodes)
    return card(title, drawn, right=right, note=note, pad=False)


def _steps_before(v: Visit, found: Tree) -> Iterator[_Step]:
    steps = {each["t"]: each for each in found["steps"]}
    ends = steps.get("case.reported") or steps.get("case.matched") or steps.get("case.judged")
    owner = v.name_of(found["row"]["owner"])
    for name, says, step in (
        (v.t("受理", "Taken in"), owner, steps.get("case.applied")),
        (v.t("判断", "Decided"), _say_decided(v, found), ends),
    ):
        if step is None:
            yield _Step(name, says)
        else:
            yield _Step(name, says, step["height"], step["time"])


def _say_decided(v: Visit, found: Tree) -> str:
    if "result" not in found:
        return v.t("系统判断", "By the rules")
    return v.t("合适", "It fits") if found["result"]["fits"] else v.t("不合适", "It does not fit")


def _steps_across(v: Visit, across: Tree) -> Iterator[_Step]:
    where, upper = say_chain(v, across["kind"]), name_chain(v, across["kind"])
    name = v.t("部门批准", "Approved")
    if "height" in across:
        yield _Step(name, _say_approval(v, across), across["height"], across["time"], upper)
    elif across["awaits"] == "anchor":
        yield _Step(name, v.t(f"已在{where}上批准", f"It stands on {where}"), waits=_AWAITED)
    else:
        waits = _UNKNOWN if across["awaits"] == "unknown" else _NOT_YET
        yield _Step(name, v.t(f"部门在{where}上批准", f"By a department, on {where}"), waits=waits)
    name, anchor = v.t("锚定到本链", "Anchored here"), across.get("anchored")
    if anchor is None:
        yield _Step(name, v.t("批准以后自动锚定", "By itself, after the approval"))
    else:
        upto = format_count(anchor["height"])
        told = v.t(f"{where}到高度 {upto} 为止", f"{upper} up to {upto}")
        yield _Step(name, told, anchor["anchored_height"], anchor["time"])
    name, paid = v.t("放款", "Paid out"), across.get("paid")
    if paid is None:
        yield _Step(name, v.t("凭批准的证明", "On proof of the approval"))
    else:
        yield _Step(name, v.name_of(paid["member"]), paid["height"], paid["time"])


def _say_approval(v: Visit, across: Tree) -> Markup:
    money = format_money(across["amount_minor"], v.language)
    return fill(
        '{}{}{}<br><span class="nowrap">{} <span class="mono">{}</span></span>',
        v.name_of(across["member"]),
        v.t("，", ", "),
        v.t(f"至多 {money}", f"up to {money}"),
        v.t("经办人", "Officer"),
        across["officer"][:OFFICER_SIGNS],
    )


def _draw(v: Visit, step: _Step, *, is_before_wait: bool) -> Markup:
    if not step.height:
        return fill(
            '<li class="node wait {}"><div class="top note12"><span>{}</span></div><h3>{}{}</h3>'
            '<p class="soft small">{}</p></li>',
            "before-wait" if is_before_wait else "",
            v.say(step.waits),
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


def _say_awaited(v: Visit, found: Tree, across: Tree) -> str | Markup:
    where, row = say_chain(v, across["kind"]), found["row"]
    if across["awaits"] == "payout":
        return v.t(
            "批准已经锚定，证明备好：可以放款了。",
            "The approval is anchored and its proof is ready: the money can be paid out.",
        )
    if across["awaits"] == "anchor":
        return v.t(
            f"{where}的下一次锚定以后就能放款，一般几秒钟。",
            f"It can be paid out after the next anchor of {where}, mostly within seconds.",
        )
    words = v.t(
        "放款前，请部门在{}上批准项目 {} 的这笔钱，案件编号 {}。",
        "Before the payout a department approves the money of {1} on {0}; the case's number is"
        " {2}.",
    )
    number = fill('<span class="mono">{}</span>', row["case"])
    return fill(words, where, fill('<span class="mono">{}</span>', row["programme"]), number)
