"""Money over time in pure integers: rounding, schedules, yearly cost. Reads no catalogue."""

from __future__ import annotations

from tallystick.finance.cost import RATE_MAX_PPM, find_yearly_cost
from tallystick.finance.rounding import PPM, divide_half_even, part_ppm, ratio_ppm
from tallystick.finance.schedule import (
    PERIOD_MONTHS,
    REPAYMENTS,
    Instalment,
    LoanTerms,
    build_schedule,
    find_level_payment,
)

__all__ = [
    "PERIOD_MONTHS",
    "PPM",
    "RATE_MAX_PPM",
    "REPAYMENTS",
    "Instalment",
    "LoanTerms",
    "build_schedule",
    "divide_half_even",
    "find_level_payment",
    "find_yearly_cost",
    "part_ppm",
    "ratio_ppm",
]
