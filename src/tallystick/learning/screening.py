"""Columns that cannot help a model, told before it is fitted.

- `missing`: no row knows it; `constant`: one value, and none missing; `duplicate`: the very
  entries of an earlier column (by name). These are left out.
- `many_levels`: a level with more codes than a card tells apart; the rarest share one bin. It
  stays in.

Law: pure; the same for any order of the columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np

from tallystick.learning.binning import BinningRule
from tallystick.learning.table import Column, Table

__all__ = ["Idle", "find_idle"]


@dataclass(frozen=True, slots=True)
class Idle:
    """A column that does not help, or not as much as it seems.

    Attributes:
        column: its name.
        why: see the module.
        of: the column it duplicates, or empty.
        count: codes of a column of many levels; 0 otherwise.
    """

    column: str
    why: Literal["missing", "constant", "duplicate", "many_levels"]
    of: str = ""
    count: int = 0

    @property
    def is_left_out(self) -> bool:
        """Whether no model gets to see it."""
        return self.why != "many_levels"


def find_idle(table: Table) -> tuple[Idle, ...]:
    """Return the columns that do not help, by name."""
    found, first = [], dict[bytes, str]()
    for column in sorted(table.columns, key=lambda column: column.name):
        other = first.setdefault(_digest(column), column.name)
        idle = _judge(column, other)
        if idle is not None:
            found.append(idle)
    return tuple(found)


def _judge(column: Column, first: str) -> Idle | None:
    """Return what is wrong with a column whose entries the column `first` has before it."""
    known = column.values[column.known]
    if len(known) == 0:
        return Idle(column.name, "missing")
    if len(known) == len(column.values) and known.min() == known.max():
        return Idle(column.name, "constant")
    if first != column.name:
        return Idle(column.name, "duplicate", first)
    count = len(np.unique(known)) if column.kind == "level" else 0
    if count > BinningRule().prebins:
        return Idle(column.name, "many_levels", count=count)
    return None


def _digest(column: Column) -> bytes:
    """Return a digest of kind and entries."""
    values = np.where(column.known, column.values, 0).astype("<i8").tobytes()
    found = blake2b(column.kind.encode(), digest_size=32)
    found.update(values)
    found.update(column.known.tobytes())
    return found.digest()
