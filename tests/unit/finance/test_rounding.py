"""Rounding of money."""

from __future__ import annotations

import pytest

from tallystick.finance import divide_half_even, part_ppm, ratio_ppm


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 10, 0), (15, 10, 2), (25, 10, 2), (-5, 10, 0), (-15, 10, -2), (26, 10, 3), (-26, 10, -3)],
)
def test_halves_go_to_the_even_neighbour(numerator: int, denominator: int, expected: int) -> None:
    assert divide_half_even(numerator, denominator) == expected


def test_a_part_of_an_amount_is_rounded_to_the_fen() -> None:
    assert part_ppm(39_375, 500_000) == 19_688


def test_a_ratio_is_never_shown_as_reaching_what_it_misses() -> None:
    assert ratio_ppm(1_249_999_999, 1_000_000_000) == 1_249_999


def test_division_by_nothing_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        divide_half_even(1, 0)
