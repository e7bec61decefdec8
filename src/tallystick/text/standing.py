"""Why a line of an integrity record counts as it does, in a villager's words."""

from __future__ import annotations

from tallystick.text.phrase import phrase_table

__all__ = ["STANDING"]

STANDING = phrase_table(
    "standing",
    {
        "on_time": ("按时还款", "Paid on time"),
        "settled": ("贷款按时还清", "Loan repaid whole, on time"),
        "slightly_late": ("晚了 {n} 天还款", "Paid {n} days late"),
        "late": ("晚了 {n} 天还款", "Paid {n} days late"),
        "default": ("逾期 {n} 天", "{n} days overdue"),
        "disaster": ("受灾期间的欠款，不计", "Owed in a disaster: not counted"),
        "disputed": ("申诉未结，暂不计", "Under appeal: not counted yet"),
        "full": ("同类记录已计满", "Enough of this kind is counted already"),
        "left": ("结清已满五年，不再计", "Five years past: counted no more"),
    },
)
