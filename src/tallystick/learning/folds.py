"""Split rows into folds: stratified by outcome, whole groups, the same on any machine.

Method: a group's stratum is bad if any row of it is bad, else good. Within a stratum groups
are ordered by BLAKE2b-128 of `seed/group` and dealt out in turn, the good continuing where
the bad ended, so that folds differ by at most one group per stratum. Groups without any
outcome get no fold.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import numpy as np

from tallystick.exact.batch import Integers
from tallystick.learning.table import UNKNOWN, Table

__all__ = ["NO_FOLD", "assign_folds", "worst_outcomes"]

NO_FOLD: Final = -1
"""The fold of a row whose group has no outcome."""


def assign_folds(table: Table, *, folds: int, seed: int) -> Integers:
    """Return the fold of every row, 0 to `folds` - 1, or `NO_FOLD`.

    Args:
        table: rows with outcomes and groups.
        folds: at least 2.
        seed: another seed, another split.
    """
    assert folds > 1, "a split has at least two folds"
    worst = worst_outcomes(table)
    fold_of = np.full(len(worst), NO_FOLD, dtype=np.int64)
    dealt = 0
    for outcome in (1, 0):
        members = sorted(np.flatnonzero(worst == outcome).tolist(), key=lambda g: _rank(seed, g))
        fold_of[members] = (np.arange(len(members)) + dealt) % folds
        dealt += len(members)
    result: Integers = fold_of[table.groups]
    return result


def worst_outcomes(table: Table) -> Integers:
    """Return the stratum of every group number: 1 bad, 0 good, `UNKNOWN`; by number."""
    worst = np.full(int(table.groups.max()) + 1, UNKNOWN, dtype=np.int64)
    np.maximum.at(worst, table.groups, table.outcomes)
    return worst


def _rank(seed: int, group: int) -> bytes:
    """Return a group's place in the deal."""
    return blake2b(f"{seed}/{group}".encode(), digest_size=16).digest()
