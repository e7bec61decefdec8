"""Why a line of an integrity record counts as it does, and for what, in a villager's words."""

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
        "claimed_twice": (
            "这个户号有两家都说是自己的，都不计",
            "Two parties name this account as theirs: counted for neither",
        ),
        "full": ("同类记录已计满", "Enough of this kind is counted already"),
        "left": ("结清已满五年，不再计", "Five years past: counted no more"),
        "of_power": ("电费", "Power"),
        "of_phone": ("话费", "Telephone"),
        "of_water": ("水费", "Water"),
        "of_share": ("社员份金", "Co-operative share"),
        "of_medical": ("医保", "Medical insurance"),
        "of_credit": ("农资赊账", "Inputs on credit"),
        "of_premium": ("保险费", "Insurance premium"),
        "of_rent": ("地租", "Rent of land"),
    },
)
