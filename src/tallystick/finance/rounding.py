"""Division of money: integers only, halves to the even neighbour.

One rounding rule serves interest, subsidies and shares, so two members never differ by a fen.
Source: banker's rounding (IEEE 754 roundTiesToEven), here on exact integer quotients.
"""

from __future__ import annotations

__all__ = ["PPM", "divide_half_even", "part_ppm", "ratio_ppm"]

PPM = 1_000_000


def divide_half_even(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded to the nearest integer, halves to even.

    Args:
        numerator: any integer.
        denominator: > 0.

    >>> [divide_half_even(n, 2) for n in (1, 3, 5, -1, -3)]
    [0, 2, 2, 0, -2]
    """
    assert denominator > 0, "a denominator is positive"
    quotient, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


def part_ppm(amount_minor: int, ppm: int) -> int:
    """Return `ppm` parts per million of an amount, in minor units.

    >>> part_ppm(10_001, 500_000)
    5000
    """
    return divide_half_even(amount_minor * ppm, PPM)


def ratio_ppm(numerator: int, denominator: int) -> int:
    """Return numerator / denominator in parts per million, rounded down.

    A ratio is floored so that a figure is never shown as reaching a threshold it misses.

    Args:
        numerator: any integer.
        denominator: > 0.
    """
    assert denominator > 0, "a denominator is positive"
    return numerator * PPM // denominator
