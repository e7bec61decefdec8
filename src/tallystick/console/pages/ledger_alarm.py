"""A copy that departs from the others, told calmly: whose, where, which field, who saw it.

Laws: both values stand side by side, with what differs marked; what to do follows from whose copy
it is: a member repairs its own alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup
from nicegui import ui

from tallystick.console.acts import open_act
from tallystick.console.icons import icon
from tallystick.console.kit import button, card, fill, item, join, link_button, show, table
from tallystick.console.visit import Visit
from tallystick.console.words import tell_clock
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.wording import format_count

__all__ = [
    "can_repair",
    "draw_settled",
    "mark_difference",
    "say_field",
    "show_alarm",
]

SEEN_SHOWN: Final = 4
VALUE_SHOWN: Final = 200
"""Most characters shown of a value; digests have 64."""
Alarm = Mapping[str, Any]
Follow = Callable[[Mapping[str, Any]], Awaitable[None]]

FIELDS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "header": ("区块头", "The block's header"),
        "block": ("整个区块", "The whole block"),
        "entry": ("某一笔", "An entry"),
        "head": ("账本末端", "The head of the chain"),
        "height": ("高度", "Its height"),
        "prev": ("前一区块的指纹", "Digest of the block before"),
        "chain": ("所属的链", "Which chain it is of"),
        "time": ("时间", "Its time"),
        "target": ("目标间隔", "Target"),
        "proposer": ("排序成员", "Who ordered it"),
        "tx_count": ("笔数", "How many transactions"),
        "merkle_root": ("全部交易的指纹", "Digest of its transactions"),
        "state_root": ("记账后状态的指纹", "Digest of the state after it"),
        "log_root": ("历史的指纹", "Digest of the history"),
        "log_size": ("历史的长度", "Length of the history"),
        "unchecked": ("其后未能核对", "Not checked beyond"),
    },
)
"""What a finding's field is called; another stands as it is."""


def say_field(v: Visit, field: str) -> str:
    """Return what a field of a block is called."""
    found = FIELDS.get(field)
    return v.say(found) if found else field


def mark_difference(value: str, other: str) -> Markup:
    """Return a value with the characters marked in which it differs from another.

    Only values of one length are compared by character; else all of it is marked.
    """
    if len(value) != len(other):
        return fill("<b>{}</b>", _shorten(value))
    parts: list[Markup] = []
    at = 0
    while at < min(len(value), VALUE_SHOWN):
        differs = value[at] != other[at]
        end = at
        while end < len(value) and (value[end] != other[end]) == differs:
            end += 1
        parts.append(fill("<b>{}</b>" if differs else "{}", _shorten(value[at:end])))
        at = end
    return join(parts)


def _shorten(value: str) -> str:
    return value if len(value) <= VALUE_SHOWN else value[: VALUE_SHOWN - 1] + "\u2026"


def can_repair(v: Visit, alarm: Alarm) -> bool:
    """Tell whether this officer may repair what is wrong."""
    return alarm["member"] == v.member and v.may("repair_chain")


def show_alarm(v: Visit, alarm: Alarm, copies: int, follow: Follow) -> None:
    """Put an alarm on the page.

    Args:
        v: the visit.
        alarm: as `GET /state` tells it.
        copies: how many members keep the chain.
        follow: follows a repair that began.
    """
    box = ui.element("section").classes("alarm-box")
    box.props["role"] = "alert"
    box.props["aria-label"] = v.t("账本警报", "Ledger alarm")
    with box:
        with ui.element("div"):
            show(_draw_what(v, alarm, copies))
            with ui.element("div").classes("acts"):
                _show_acts(v, alarm, follow)
        show(fill("{}{}", _draw_values(v, alarm, copies), _draw_seen(v, alarm)))


def _draw_what(v: Visit, alarm: Alarm, copies: int) -> Markup:
    who, figure = v.name_of(alarm["member"]), format_count(alarm["height"])
    facts = (
        (v.t("成员", "Member"), fill("{}", who)),
        (v.t("账本", "Chain"), fill("{}", v.say(v.office.county))),
        (v.t("区块", "Block"), fill("{}", figure)),
        (v.t("字段", "Field"), _draw_field(v, alarm["field"])),
    )
    return fill(
        '<h2>{}<span>{}</span></h2><p>{}</p><dl class="facts">{}</dl>{}',
        icon("octagon-alert", "big"),
        v.t("有一份账本与其他的不一致", "One copy of the ledger differs from the others"),
        v.t(
            f"{who}的账本，区块 {figure} 与其余 {copies - 1} 份不同。其余各份仍然一致，"
            "各成员只按自己核对过的账本办事。",
            f"In the copy of {who}, block {figure} is not what the other {copies - 1} hold. They"
            " still agree, and each member acts on the copy it has checked itself.",
        ),
        join(fill("<div><dt>{}</dt><dd>{}</dd></div>", *each) for each in facts),
        item("wrench", _say_cure(v, alarm), "alarm"),
    )


def _draw_field(v: Visit, field: str) -> Markup:
    name = say_field(v, field)
    if name == field:
        return fill('<span class="mono">{}</span>', field)
    return fill('{} <span class="mono soft">{}</span>', name, field)


def _say_cure(v: Visit, alarm: Alarm) -> str:
    if alarm["member"] != v.member:
        who = v.name_of(alarm["member"])
        return v.t(
            f"怎么办：请{who}的负责人打开它自己的账本页修复；你这一份不用动。",
            f"What to do: ask a manager of {who} to repair it on its own ledger page; yours stays"
            " as it is.",
        )
    if not v.may("repair_chain"):
        return v.t(
            "怎么办：请本单位的负责人或风控员在这一页修复。",
            "What to do: ask your manager or risk officer to repair it on this page.",
        )
    return v.t(
        "怎么办：从其他成员取回这个区块，验过签名后换上；损坏的文件留作证据。",
        "What to do: take the block from the others, check it against what members signed, and"
        " put it in place; the damaged file is kept as evidence.",
    )


def _show_acts(v: Visit, alarm: Alarm, follow: Follow) -> None:
    if can_repair(v, alarm):
        words = v.t("从其他成员修复", "Repair from the others")
        button(words, lambda: _ask_repair(v, follow), "wrench", "grave")
    if alarm["member"] != v.member:
        show(
            link_button(
                v.t("下载证明", "Download proof"),
                v.file(f"/proof/{alarm['height']}"),
                "download",
                leave=True,
            )
        )
    show(link_button(v.t("看这个区块", "See the block"), v.link(f"/ledger/{alarm['height']}")))


def _ask_repair(v: Visit, follow: Follow) -> None:
    async def send(_: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        del key  # One repair runs at a time: asking twice follows the same one.
        return await v.client.send("/repair", {})

    open_act(
        v,
        title=v.t("从其他成员修复", "Repair from the others"),
        says=v.t(
            "不符的区块从其他成员取来，逐块对照三分之二以上成员签过的指纹，再换下损坏的文件。"
            "损坏的文件改名保留。期间照常办理。账本上不记任何内容。",
            "Blocks that do not hold come from the other members; each is checked against what"
            " more than two thirds of them signed. The damaged file is kept under another name."
            " Work goes on meanwhile. Nothing is recorded on the ledger.",
        ),
        send=send,
        then=follow,
        confirm=v.t("开始修复", "Begin the repair"),
        is_grave=True,
    )


def _draw_values(v: Visit, alarm: Alarm, copies: int) -> Markup:
    expected, got = str(alarm["expected"]), str(alarm["got"])
    who = v.name_of(alarm["member"])
    empty = fill('<span class="dim">{}</span>', v.t("（空）", "(empty)"))
    return fill(
        '<div class="values"><div><div class="note12 dim">{}</div><div class="mono">{}</div></div>'
        '<div class="wrong"><div class="note12 dim">{}</div><div class="mono">{}</div></div></div>',
        v.t(f"其余 {copies - 1} 份", f"The other {copies - 1} copies"),
        fill("{}", _shorten(expected)) if expected else empty,
        v.t(f"{who}这一份", f"The copy of {who}"),
        mark_difference(got, expected) if got else empty,
    )


def _draw_seen(v: Visit, alarm: Alarm) -> Markup:
    seen = alarm["seen"]
    first = v.name_of(seen[0]["member"]) if seen else ""
    count = len(seen)
    said = v.t(
        f"{count} 家各自发现，最早是{first}。",
        f"Found by {count} {'member' if count == 1 else 'members'} on their own; first by {first}.",
    )
    rows = [
        fill("<li><b>{}</b>{}</li>", tell_clock(each["at"]), v.name_of(each["member"]))
        for each in seen[:SEEN_SHOWN]
    ]
    if count > SEEN_SHOWN:
        more = v.t(f"另 {count - SEEN_SHOWN} 家", f"{count - SEEN_SHOWN} more")
        rows[-1] = fill("<li><b>{}</b>{}</li>", tell_clock(seen[-1]["at"]), more)
    return fill(
        '<p class="li">{}<span>{}</span></p><ol class="seen">{}</ol>',
        icon("users"),
        said,
        join(rows),
    )


def draw_settled(v: Visit, settled: Sequence[Alarm]) -> Markup:
    """Return the alarms that are gone, the latest first."""
    heads = [
        v.t("成员", "Member"),
        ">" + v.t("区块", "Block"),
        v.t("字段", "Field"),
        v.t("发现", "Seen"),
        v.t("恢复", "Gone"),
    ]
    rows = [
        (
            v.name_of(each["member"]),
            format_count(each["height"]),
            say_field(v, each["field"]),
            fill('<span class="nowrap">{}</span>', tell_clock(each["first_ms"])),
            fill('<span class="nowrap">{}</span>', tell_clock(each["settled_ms"])),
        )
        for each in settled
    ]
    title = v.t("已经恢复的", "Alarms that are gone")
    return card(title, table(heads, rows, title, classes="tight"), pad=False)
