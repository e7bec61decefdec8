"""What a loan costs a year, all charges in: the internal rate of return, by integer bisection.

Limits: one sum received, payments at whole months; the answer is within 1 ppm of the exact root
in 0..300 %. Source: PBoC announcement 2021 No. 3 (annualised rate, IRR, compound).
"""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.finance.rounding import PPM, divide_half_even

__all__ = ["RATE_MAX_PPM", "find_yearly_cost"]

RATE_MAX_PPM = 3_000_000
_SCALE = 10**12
_PRECISION = 1_000
_MONTHLY_MAX = 122_461_000_000  # (1.122461)^12 is just above 4: a yearly cost of 300 %.


def find_yearly_cost(received_minor: int, payments: Sequence[tuple[int, int]]) -> int:
    """Return the yearly cost in ppm, compounded from its monthly rate.

    Args:
        received_minor: what reaches the borrower at month 0, > 0.
        payments: (month, minor units) in ascending months, months >= 1.

    Returns:
        0 where the payments do not exceed what was received; at most `RATE_MAX_PPM`.

    >>> find_yearly_cost(100_000, [(12, 106_000)])
    60000
    """
    assert received_minor > 0, "a loan pays something out"
    if sum(paid for _, paid in payments) <= received_minor:
        return 0
    low, high = 0, _MONTHLY_MAX
    while high - low > _PRECISION:
        middle = (low + high) >> 1
        if _present_value(payments, middle) > received_minor * PPM:
            low = middle
        else:
            high = middle
    yearly = divide_half_even(((_SCALE + high) ** 12 - _SCALE**12) * PPM, _SCALE**12)
    return min(yearly, RATE_MAX_PPM)


def _present_value(payments: Sequence[tuple[int, int]], monthly: int) -> int:
    """Value today, in millionths of a fen, at `monthly` parts of 10^12 a month, rounded down.

    Horner's rule from the last payment back keeps one running number.
    """
    value, later = 0, payments[-1][0]
    step = _SCALE + monthly
    for month, paid in reversed(payments):
        for _ in range(later - month):
            value = value * _SCALE // step
        value += paid * PPM
        later = month
    for _ in range(later):
        value = value * _SCALE // step
    return value
