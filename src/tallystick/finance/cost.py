"""What a loan costs a year, all charges in: the internal rate of return, in integers.

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
_MONTHLY_MAX = 122_462_048_310  # (1.12246204831)^12 is 4: a yearly cost of 300 %.


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
    monthly = _find_monthly(received_minor * PPM, payments)
    yearly = divide_half_even(((_SCALE + monthly) ** 12 - _SCALE**12) * PPM, _SCALE**12)
    return min(yearly, RATE_MAX_PPM)


def _find_monthly(received: int, payments: Sequence[tuple[int, int]]) -> int:
    """Return the monthly rate, in parts of 10^12, at which the payments are worth `received`.

    Newton's method from zero: the value falls and is convex in the rate, so that every step stays
    on the near side of the root and the steps shrink until one is below the precision.
    """
    # At a rate of nothing the value is the plain sum, and each payment falls with its months.
    value = sum(paid for _, paid in payments) * PPM
    slope = sum(month * paid for month, paid in payments) * PPM
    monthly = step = (value - received) * _SCALE // slope
    while step >= _PRECISION and monthly < _MONTHLY_MAX:
        value, slope = _present_value(payments, monthly)
        step = max(0, value - received) * _SCALE // slope
        monthly += step
    return min(monthly, _MONTHLY_MAX)


def _present_value(payments: Sequence[tuple[int, int]], monthly: int) -> tuple[int, int]:
    """Value today of the payments in millionths of a fen, and how fast it falls with the rate.

    Horner's rule from the last payment back keeps one running value and one running slope.
    """
    value = slope = 0
    later = payments[-1][0]
    step = _SCALE + monthly
    for month, paid in (*reversed(payments), (0, 0)):
        while later > month:
            value = value * _SCALE // step
            slope = (slope + value) * _SCALE // step
            later -= 1
        value += paid * PPM
    return value, slope
