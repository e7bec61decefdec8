"""What survives the loss of members is what trying every loss says."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest

from tallystick.kernel.store.spread.survival import count_share


@pytest.mark.parametrize(
    ("members", "width", "needed"), [(7, 6, 4), (7, 3, 1), (7, 7, 1), (6, 6, 4), (1, 1, 1)]
)
def test_a_share_is_the_one_of_all_losses_tried(members: int, width: int, needed: int) -> None:
    for lost in range(members + 1):
        tried = [
            width - sum(each < width for each in gone) >= needed
            for gone in combinations(range(members), lost)
        ]
        assert count_share(members, width, needed, lost) == Fraction(sum(tried), len(tried))
