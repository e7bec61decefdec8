"""How a model that never saw a protected column treats its groups.

Held-out probabilities are cut where as many rows lie at or below as ended well: those rows are
*selected*. Of every group are told, with Wilson's 95 % intervals:

- selection: the share selected; `ratio` is it over that of the most selected group, and below
  `RATIO_LEAST` (the four-fifths rule) a group is selected markedly less;
- true positive rate: of those who ended well, the share selected (equal opportunity);
- calibration: the mean probability of a bad end beside the share that did end badly.

A number is cut into `NUMBER_GROUPS` groups of near equal size. A missing entry is a group. Groups
of fewer than `GROUP_LEAST` rows are told without a ratio. No figure of these proves or excludes
discrimination; they say where to look.

A protected column is *ordered* where its entries stand in runs that no shuffled file shows: at
most half the runs that chance gives, and `RUNS_DEVIATIONS` standard deviations below. Such a
column was sorted apart from its rows, or the file was sorted by it; in the first case it belongs
to nobody, and its figures mean nothing. Runs: Wald and Wolfowitz (1940), k kinds (Mood, 1940).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from tallystick.exact.batch import Bools, Integers
from tallystick.exact.calibration import PPM
from tallystick.learning.evaluation import HeldOut, Share, share
from tallystick.learning.table import Column

__all__ = [
    "GROUP_LEAST",
    "NUMBER_GROUPS",
    "RATIO_LEAST",
    "RUNS_DEVIATIONS",
    "ColumnAudit",
    "Group",
    "GroupAudit",
    "audit_columns",
    "is_ordered",
]

GROUP_LEAST: Final = 30
"""Fewest rows of a group that is compared with others."""

NUMBER_GROUPS: Final = 4
"""Groups that a protected number is cut into."""

RATIO_LEAST: Final = 0.8
"""Ratio of selection below which a group is selected markedly less."""

RUNS_DEVIATIONS: Final = 6.0
"""Standard deviations below the expected runs from which an order is no chance."""


@dataclass(frozen=True, slots=True)
class Group:
    """Whose rows.

    Attributes:
        kind: `level`, `number` or `missing`.
        low: the level's code, or the least value; 0 where missing.
        high: the level's code, or the greatest value; 0 where missing.
    """

    kind: Literal["level", "number", "missing"]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class GroupAudit:
    """How one group fares.

    Attributes:
        group: whose rows.
        rows: how many.
        selected: share of them at or below the cut.
        true_positive: share selected of those who ended well.
        expected: mean probability of a bad end, 0 to 1.
        observed: share that ended badly.
        ratio: selection over that of the most selected group; None below `GROUP_LEAST` rows.
    """

    group: Group
    rows: int
    selected: Share
    true_positive: Share
    expected: float
    observed: Share
    ratio: float | None

    @property
    def is_selected_less(self) -> bool:
        """Whether the ratio breaks the four-fifths rule."""
        return self.ratio is not None and self.ratio < RATIO_LEAST

    @property
    def is_calibrated(self) -> bool:
        """Whether the mean probability lies in the interval of what came."""
        return self.observed.low <= self.expected <= self.observed.high


@dataclass(frozen=True, slots=True)
class ColumnAudit:
    """How a model treats the groups of one protected column.

    Attributes:
        column: its name.
        ordered: whether its entries stand in the file as if sorted.
        groups: by value, missing last.
    """

    column: str
    ordered: bool
    groups: tuple[GroupAudit, ...]


def audit_columns(held: HeldOut, columns: Sequence[Column]) -> tuple[ColumnAudit, ...]:
    """Return how held-out probabilities treat the groups of protected columns.

    Args:
        held: probabilities of labelled rows.
        columns: protected columns of the same rows, in the file's order.
    """
    cut = _find_cut(held)
    selected = held.default_ppm <= cut
    found = []
    for column in columns:
        assert len(column.values) == len(selected), f"{column.name} is of other rows"
        groups = [(group, rows) for group, rows in _split(column) if rows.any()]
        audits = tuple(_audit(group, rows, held, selected) for group, rows in groups)
        found.append(ColumnAudit(column.name, is_ordered(column), _compare(audits)))
    return tuple(found)


def is_ordered(column: Column) -> bool:
    """Return whether entries stand in far fewer runs than a shuffled file would show."""
    _, codes = np.unique(np.where(column.known, column.values, 0), return_inverse=True)
    codes = np.where(column.known, codes + 1, 0)
    count = len(codes)
    parts = np.bincount(codes).astype(np.float64)
    parts = parts[parts > 0]
    if count < GROUP_LEAST or len(parts) < 2:  # noqa: PLR2004 - one kind has no order
        return False
    runs = 1 + int(np.sum(codes[1:] != codes[:-1]))
    squares, cubes = float(np.sum(parts**2)), float(np.sum(parts**3))
    mean = (count * (count + 1) - squares) / count
    spread = squares * (squares + count * (count + 1)) - 2 * count * cubes - count**3
    deviation = np.sqrt(max(0.0, spread / (count * count * (count - 1))))
    return bool(runs <= mean / 2 and mean - runs >= RUNS_DEVIATIONS * deviation)


def _find_cut(held: HeldOut) -> int:
    """Return the probability at or below which as many rows lie as ended well."""
    good = int(np.sum(held.outcomes == 0))
    return int(np.sort(held.default_ppm)[max(0, good - 1)])


def _split(column: Column) -> list[tuple[Group, Bools]]:
    """Return the groups of a column and which rows are theirs."""
    known = column.values[column.known]
    if column.kind == "level":
        edges = [(code, code) for code in np.unique(known).tolist()]
    else:
        edges = _number_edges(known)
    kind: Literal["level", "number"] = column.kind
    groups = [
        (Group(kind, low, high), column.known & (column.values >= low) & (column.values <= high))
        for low, high in edges
    ]
    return [*groups, (Group("missing", 0, 0), ~column.known)]


def _number_edges(known: Integers) -> list[tuple[int, int]]:
    """Return least and greatest value of groups of near equal size; equal values stay together."""
    if len(known) == 0:
        return []
    ordered = np.sort(known)
    ends = [len(ordered) * step // NUMBER_GROUPS - 1 for step in range(1, NUMBER_GROUPS + 1)]
    highs = np.unique(ordered[[end for end in ends if end >= 0]])
    starts = np.searchsorted(ordered, np.concatenate(([ordered[0] - 1], highs[:-1])), side="right")
    return list(zip(ordered[starts].tolist(), highs.tolist(), strict=True))


def _audit(group: Group, rows: Bools, held: HeldOut, selected: Bools) -> GroupAudit:
    """Return how one group of at least one row fares, not yet compared."""
    good = rows & (held.outcomes == 0)
    count = int(rows.sum())
    return GroupAudit(
        group=group,
        rows=count,
        selected=share(int(np.sum(rows & selected)), count),
        true_positive=share(int(np.sum(good & selected)), int(good.sum())),
        expected=float(held.default_ppm[rows].mean()) / PPM,
        observed=share(count - int(good.sum()), count),
        ratio=None,
    )


def _compare(audits: tuple[GroupAudit, ...]) -> tuple[GroupAudit, ...]:
    """Return the audits with every large group's ratio to the most selected large one."""
    most = max((each.selected.value for each in audits if each.rows >= GROUP_LEAST), default=0.0)
    return tuple(
        replace(each, ratio=each.selected.value / most)
        if each.rows >= GROUP_LEAST and most > 0
        else each
        for each in audits
    )
