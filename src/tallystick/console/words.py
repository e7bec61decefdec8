"""Words that several pages share: kinds of need, stages, acts, and how times are told."""

from __future__ import annotations

from typing import Final

from tallystick.base.clock import DAY_MS
from tallystick.console.visit import Visit
from tallystick.text.phrase import phrase_table
from tallystick.text.wording import format_day, format_day_plain

__all__ = [
    "ACTS",
    "KINDS",
    "case_name",
    "say_bytes",
    "tell_clock",
    "tell_day",
    "tell_due",
    "write_yuan",
]

_WEEK: Final = 7
COUNTY_MS: Final = 8 * 3_600_000
"""County time is UTC+8, all year."""
_UNITS: Final = ("B", "KB", "MB", "GB", "TB")

KINDS: Final = phrase_table(
    "",
    {
        "borrow": ("借款", "Borrowing"),
        "save": ("储蓄", "Savings"),
        "invest": ("投资", "Investment"),
        "insure": ("保险", "Insurance"),
        "lease": ("租赁", "Lease"),
    },
)
ACTS: Final = phrase_table(
    "",
    {
        "open_case": ("受理", "Take in"),
        "approve": ("批准", "Approve"),
        "answer_offer": ("记答复", "Answer"),
        "grant_loan": ("签贷款", "Grant"),
        "disburse": ("放款", "Pay out"),
        "repay": ("收款", "Take in"),
        "close_case": ("结案", "Close"),
        "hand_over": ("移交", "Hand over"),
        "override": ("改判", "Override"),
        "refuse": ("拒绝", "Refuse"),
        "settle_appeal": ("答复", "Answer"),
        "give_feedback": ("回访", "Ask"),
        "add_mandate": ("续委托", "Renew"),
        "give_grant": ("续授权", "Renew"),
        "add_party": ("送出", "Send"),
        "approve_model": ("审阅", "Review"),
    },
)


def case_name(v: Visit, case: str, kind: str = "") -> str:
    """Return how a case is called where nobody may be named: its kind and its number."""
    word = v.say(KINDS[kind]) if kind in KINDS else v.t("案件", "Case")
    return f"{word} {case[:8]}"


def _day(ms: int) -> int:
    return (ms + COUNTY_MS) // DAY_MS


def tell_day(v: Visit, ms: int, *, sentence: bool = False) -> str:
    """Return a day of county time: 2026-11-18, or as a sentence says it."""
    return format_day(_day(ms), v.language) if sentence else format_day_plain(_day(ms))


def tell_clock(ms: int) -> str:
    """Return day and time of county time: 11-18 09:14:07."""
    seconds = (ms + COUNTY_MS) // 1_000 % 86_400
    hour, minute, second = seconds // 3_600, seconds // 60 % 60, seconds % 60
    return f"{format_day_plain(_day(ms))[5:]} {hour:02d}:{minute:02d}:{second:02d}"


def tell_due(v: Visit, due_ms: int | None, now_ms: int) -> str:
    """Return by when something is due, as one says it."""
    if due_ms is None:
        return "\u2013"
    # What is due at the first moment of a day is due until the end of the day before.
    days = _day(due_ms - 1) - _day(now_ms)
    if days < 0:
        return v.t(f"已过 {-days} 天", f"{-days} d overdue")
    if days == 0:
        return v.t("今天", "Today")
    if days > _WEEK:
        return tell_day(v, due_ms)
    return v.t(f"还有 {days} 天", f"in {days} d")


def say_bytes(count: int) -> str:
    """Return how large something is, in the unit that leaves up to three digits before the point.

    >>> say_bytes(999), say_bytes(2_400_625), say_bytes(68_719_476_736)
    ('999 B', '2.4 MB', '68.7 GB')
    """
    power = 0
    while power + 1 < len(_UNITS) and count >= 1_000 ** (power + 1):
        power += 1
    if not power:
        return f"{count} B"
    tenths = count * 10 // 1_000**power
    return f"{tenths // 10:,}.{tenths % 10} {_UNITS[power]}"


def write_yuan(minor: int) -> str:
    """Return a sum for a column whose head names the yuan: 1,234.56."""
    return f"{minor // 100:,}.{minor % 100:02d}"
