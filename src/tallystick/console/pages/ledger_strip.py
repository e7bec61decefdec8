"""Blocks as people see them: a strip of the newest, a table of a page, what a block holds.

Law: nobody is named: of a record stand its type, its writer, its case's number and its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from tallystick.base.errors import NotFound
from tallystick.console.kit import fill, heard, join, table, tag
from tallystick.console.visit import Visit
from tallystick.console.words import case_name, tell_clock
from tallystick.text.phrase import Phrase, phrase_table
from tallystick.text.record import name_record
from tallystick.text.wording import format_count

__all__ = [
    "count_groups",
    "draw_blocks",
    "draw_records",
    "draw_strip",
    "name_records",
    "say_time",
]

TYPES_SHOWN: Final = 3
Block = Mapping[str, Any]

GROUPS: Final[Mapping[str, Phrase]] = phrase_table(
    "",
    {
        "case": ("申请与判断", "Requests and decisions"),
        "money": ("批准、拨付、贷款、还款", "Approvals, payouts, loans, repayments"),
        "party": ("登记、委托与授权", "Registration, mandates, consents"),
        "other": ("目录、模型、公开信息", "Catalogue, models, public notices"),
    },
)
"""What the strip's colours stand for; its legend's order."""

_COLOURS: Final = {"case": "c1", "money": "c3", "party": "c6", "other": "c2"}
_BY_PREFIX: Final = {
    "case": "case",
    "endorsed": "case",
    "decision": "case",
    "feedback": "case",
    "appeal": "case",
    "offer": "case",
    "guidance": "case",
    "money": "money",
    "approval": "money",
    "fund": "money",
    "loan": "money",
    "loans": "money",
    "party": "party",
    "objects": "party",
    "mandate": "party",
    "grant": "party",
    "member": "party",
}


def count_groups(record_types: Mapping[str, int]) -> dict[str, int]:
    """Return how many records of a block belong to each group, in the legend's order.

    >>> count_groups({"loan.repaid": 2, "case.applied": 1})
    {'case': 1, 'money': 2, 'party': 0, 'other': 0}
    """
    found = dict.fromkeys(GROUPS, 0)
    for t, count in record_types.items():
        found[_BY_PREFIX.get(t.split(".")[0], "other")] += count
    return found


def name_records(v: Visit, t: str) -> str:
    """Return what a record type is called; of one that a later version writes, its own name."""
    try:
        return name_record(t, v.language)
    except NotFound:
        return t


def say_time(ms: int) -> str:
    """Return a block's time to the minute, as a tile has room for it."""
    return tell_clock(ms)[:-3]


def draw_strip(v: Visit, blocks: Sequence[Block], newest: int, wrong: Iterable[int]) -> Markup:
    """Return blocks as a chain, from old to new, with the legend of their colours.

    Args:
        v: the visit.
        blocks: as `GET /blocks` tells them, the newest first.
        newest: height of the chain.
        wrong: heights at which some member's copy departs.
    """
    bad = set(wrong)
    tiles = join(_tile(v, each, newest, bad) for each in reversed(blocks))
    legend = join(
        fill('<span><i style="background:var(--{})"></i>{}</span>', _COLOURS[key], v.say(name))
        for key, name in GROUPS.items()
    )
    return fill(
        '<div class="strip-scroll" tabindex="0" role="region" aria-label="{}">'
        '<ol class="strip">{}</ol></div><div class="legend note12 soft">{}</div>',
        v.t("区块，由旧到新", "Blocks, from old to new"),
        tiles,
        legend,
    )


def _tile(v: Visit, block: Block, newest: int, bad: set[int]) -> Markup:
    height = block["height"]
    is_bad = height in bad or "fault" in block
    kind = "bad" if is_bad else "newest" if height == newest else ""
    said = fill("{}", v.t("这一份读不出", "not readable here"))
    if "fault" not in block:
        count = block["records"]
        words = heard(v.t(" 条记录", " record" if count == 1 else " records"))
        said = fill("{} · {}{}", say_time(block["time"]), format_count(count), words)
    return fill(
        '<li class="tile {}"><a href="{}"><b>{}{}</b><span>{}{}</span>{}</a></li>',
        kind,
        v.link(f"/ledger/{height}"),
        heard(v.t("区块 ", "Block ")),
        format_count(height),
        said,
        heard(v.t("，有一份不一致", ", a copy differs")) if is_bad else "",
        _mix(block.get("record_types", {})),
    )


def _mix(record_types: Mapping[str, int]) -> Markup:
    """Return a bar of what kinds of records a block holds."""
    counts = count_groups(record_types)
    whole = sum(counts.values())
    at, parts = 0, []
    for group, count in counts.items():
        if count:
            width = 1_000 * count // whole
            parts.append(
                fill(
                    '<rect x="{}" width="{}" height="7" style="fill:var(--{})"/>',
                    at,
                    width,
                    _COLOURS[group],
                )
            )
            at += width
    return fill(
        '<svg viewBox="0 0 1000 7" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        join(parts),
    )


# ---- tables


def draw_blocks(v: Visit, blocks: Iterable[Block], members: int, wrong: Iterable[int]) -> Markup:
    """Return a page of blocks as a table.

    Args:
        v: the visit.
        blocks: as `GET /blocks` tells them.
        members: how many keep a copy.
        wrong: heights at which some member's copy departs.
    """
    heads = [
        v.t("区块", "Block"),
        v.t("时间", "Time"),
        v.t("记了什么", "What it records"),
        v.t("谁写的", "Written by"),
        ">" + v.t("大小（字节）", "Size (bytes)"),
        v.t("成员联署", "Cosigned"),
    ]
    bad = set(wrong)
    rows = [_block_row(v, each, members, bad) for each in blocks]
    return table(heads, rows, v.t("区块", "Blocks"), classes="tight")


def _block_row(v: Visit, block: Block, members: int, bad: set[int]) -> list[str | Markup]:
    height = block["height"]
    link = _link_block(v, height)
    signed = _signed(v, len(block["cosigned"]), members)
    if "fault" in block:
        said = tag(v.t("本单位这一份读不出", "Our copy is not readable here"), "alarm")
        return [link, "\u2013", said, "\u2013", "\u2013", signed]
    said = _say_types(v, block["record_types"])
    if height in bad:
        said = fill("{} {}", said, tag(v.t("有一份不一致", "A copy differs"), "alarm"))
    writers = [v.name_of(each) for each in block["writers"]]
    return [
        link,
        _clock(block["time"]),
        said,
        v.t("、", ", ").join(writers) or "\u2013",
        format_count(block["bytes"]),
        signed,
    ]


def _signed(v: Visit, count: int, members: int) -> Markup:
    kind = "ok" if count == members else "warn"
    return tag(v.t(f"{count} / {members} 家", f"{count} of {members}"), kind)


def _say_types(v: Visit, record_types: Mapping[str, int]) -> Markup:
    ordered = sorted(record_types.items(), key=lambda each: (-each[1], each[0]))
    parts = [
        name_records(v, t) if count == 1 else f"{name_records(v, t)} ×{count}"
        for t, count in ordered[:TYPES_SHOWN]
    ]
    more = len(ordered) - TYPES_SHOWN
    if more > 0:
        parts.append(v.t(f"另 {more} 种", f"{more} more {'kind' if more == 1 else 'kinds'}"))
    return fill("{}", v.t("、", ", ").join(parts) or v.t("没有记录", "no record"))


def draw_records(v: Visit, records: Iterable[Mapping[str, Any]], caption: str) -> Markup:
    """Return records as a table: type, writer, case and time, nobody's name.

    Args:
        v: the visit.
        records: as `GET /blocks/{height}/records` tells them; `height` is shown where it is given.
        caption: what the table holds.
    """
    rows = list(records)
    has_height = any("height" in each for each in rows)
    heads = [
        v.t("记录", "Record"),
        v.t("成员", "Member"),
        v.t("案件", "Case"),
        ">" + v.t("区块", "Block") if has_height else v.t("时间", "Time"),
    ]
    cells = [
        (
            name_records(v, each["t"]),
            v.name_of(each["member"]),
            _case(v, each.get("case")),
            _link_block(v, each["height"]) if has_height else _clock(each["time"]),
        )
        for each in rows
    ]
    return table(heads, cells, caption, classes="tight")


def _clock(ms: int) -> Markup:
    return fill('<span class="nowrap">{}</span>', tell_clock(ms))


def _link_block(v: Visit, height: int) -> Markup:
    return fill(
        '<a class="link" href="{}">{}</a>', v.link(f"/ledger/{height}"), format_count(height)
    )


def _case(v: Visit, case: str | None) -> Markup:
    if case is None:
        return fill("\u2013")
    name = case_name(v, case)
    if not v.may("read_case"):
        return fill('<span class="nowrap">{}</span>', name)
    return fill('<a class="link nowrap" href="{}">{}</a>', v.link(f"/cases/{case}"), name)
