"""How far two models' probabilities of the same rows agree: in order, and in how they spread.

Laws: pure; the same for any order of the rows. The order is compared by Spearman's correlation,
ties at their mean rank; the spread by the population stability index over tenths of the first
model's probabilities (`learning.drift`). A model that only states other figures keeps the order;
one that ranks others worst does not, however alike the spreads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tallystick.learning.drift import cut_deciles, psi
from tallystick.learning.leakage import rank_correlation
from tallystick.learning.table import Column

__all__ = ["Agreement", "compare_scores"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two models agree.

    Attributes:
        rank_correlation: -1 to 1; 0 below 30 rows, or where one says the same of all.
        psi: 0 or more; 0 where both spread alike over the first one's tenths.
    """

    rank_correlation: float
    psi: float


def compare_scores(first_ppm: Sequence[int], second_ppm: Sequence[int]) -> Agreement:
    """Return how far two models agree on the same rows.

    Args:
        first_ppm: probabilities by the model in use, in ppm; at least one row.
        second_ppm: those by the other, in the same order.
    """
    assert len(first_ppm) == len(second_ppm) > 0, "a probability a row by both"
    first, second = (np.asarray(each, dtype=np.int64) for each in (first_ppm, second_ppm))
    known = np.ones(len(first), dtype=bool)
    columns = [Column("score", "number", values, known) for values in (first, second)]
    cuts = cut_deciles(first)
    bins = [
        np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1)
        for values in (first, second)
    ]
    return Agreement(rank_correlation(*columns), psi(*bins))
