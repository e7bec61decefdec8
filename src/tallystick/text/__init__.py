"""What a person reads, in Chinese and English: `say(code, values, language)`. Pure."""

from __future__ import annotations

from tallystick.text.saying import PHRASES, say
from tallystick.text.wording import (
    Language,
    format_area,
    format_count,
    format_day,
    format_day_plain,
    format_money,
    format_month,
    format_months,
    format_percent,
    format_rate,
    format_ratio,
    format_years,
)

__all__ = [
    "PHRASES",
    "Language",
    "format_area",
    "format_count",
    "format_day",
    "format_day_plain",
    "format_money",
    "format_month",
    "format_months",
    "format_percent",
    "format_rate",
    "format_ratio",
    "format_years",
    "say",
]
