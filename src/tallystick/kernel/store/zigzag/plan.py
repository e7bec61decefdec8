"""What is read, what is written, and which combination of the one gives the other.

A plan is pure arithmetic on row numbers: a row is one sub-chunk of one shard. The code is

    P_l[x] = sum over j of 2^(l j) * a_j[x + l v_j],   l = 0 .. r - 1

for data shards a_j and parity shards P_l. Every plan of this file is that sum, or its solution.

Laws: pure; the same arguments give the same plan. A plan reads no row that it does not need.
Source: docs/spec/zigzag.md, "Recovery" and "Update".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TypeAlias

from tallystick.kernel.store.zigzag.field import invert_matrix, multiply, power
from tallystick.kernel.store.zigzag.profile import Profile

__all__ = ["Plan", "Rows", "Terms", "plan_encoding", "plan_recovery", "plan_update", "touched"]

Row: TypeAlias = tuple[int, int]
"""A shard and one of its sub-chunks."""

Rows: TypeAlias = tuple[tuple[int, tuple[int, ...]], ...]
"""Shards, each with some of its sub-chunks, in the order in which rows are numbered."""

Terms: TypeAlias = tuple[tuple[int, int], ...]
"""A sum: places of rows, ascending, each with the byte by which it is multiplied."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Rows read, rows written, and the sums between them.

    Attributes:
        reads: the rows read; in this order they are numbered from 0.
        middle: sums that later ones are made of; numbered on from the last row read.
        writes: the rows written.
        sums: one for each row written, of rows read and of the middle.
        solves: whether data are solved for, so that coefficients follow from the shards' numbers.
    """

    reads: Rows
    middle: tuple[Terms, ...]
    writes: Rows
    sums: tuple[Terms, ...]
    solves: bool = False


def plan_encoding(profile: Profile) -> Plan:
    """Return how all parity shards follow from all data shards."""
    frame = _Frame.towards(profile, ())
    reads, writes = frame.rows(range(profile.k)), frame.rows(range(profile.k, profile.n))
    number = _numbered(reads)
    sums = tuple(_terms(_parity(profile, row), number) for row in writes)
    return Plan(_grouped(reads), (), _grouped(writes), sums)


def plan_recovery(profile: Profile, wanted: Collection[int], absent: Collection[int]) -> Plan:
    """Return how the wanted shards follow from those that are not absent.

    Where one data shard alone is absent, every helper gives 1/r of its rows (its neighbours of the
    same shift all of them); otherwise k shards are read whole.

    Args:
        profile: the code.
        wanted: shards to give back, each of them absent.
        absent: shards that cannot be read, at most r.
    """
    assert set(wanted) <= set(absent), "a shard that is present need not be recovered"
    assert len(absent) <= profile.r, f"{len(absent)} absent, {profile.r} may be"
    if not wanted:
        return Plan((), (), (), ())
    data = [shard for shard in sorted(absent) if shard < profile.k]
    if len(data) == 1 == len(absent):
        return _plan_rebuilding(profile, data[0])
    return _plan_solving(profile, sorted(wanted), sorted(absent))


def plan_update(profile: Profile, shard: int, sub_chunk: int) -> Plan:
    """Return how parity changes with one data sub-chunk.

    Row 0 is the old sub-chunk and row 1 the new one, both read as the shard's; then follow the r
    parity sub-chunks that it enters, which are written.
    """
    parity = tuple((each, (x,)) for each, x in touched(profile, shard, sub_chunk))
    sums = tuple(
        ((0, power(place * shard)), (1, power(place * shard)), (2 + place, 1))
        for place in range(profile.r)
    )
    return Plan(((shard, (sub_chunk,)), (shard, (sub_chunk,)), *parity), (), parity, sums)


def touched(profile: Profile, shard: int, sub_chunk: int) -> tuple[Row, ...]:
    """Return the r parity sub-chunks that a data sub-chunk enters, one of each parity shard."""
    return tuple(
        (profile.k + place, profile.shift(sub_chunk, shard, -place)) for place in range(profile.r)
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """The code seen from chosen shards, so that what is lost always looks the same.

    Renumbering groups of shards is an affine map of the shifts (0 and the unit vectors are an
    affine frame), hence a renumbering of sub-chunks under which the code is itself. Plans for
    different shards then differ in names of rows and in coefficients, not in shape, and one loop
    in C serves them all.

    Attributes:
        profile: the code.
        order: the data shards, whole groups of `s` together; the chosen ones come first.
    """

    profile: Profile
    order: tuple[int, ...]

    @classmethod
    def towards(cls, profile: Profile, chosen: Collection[int]) -> _Frame:
        """Return the frame in which the chosen data shards stand as far in front as they can."""
        assert profile.k % profile.s == 0, "groups of one size can change places"
        groups = [range(first, first + profile.s) for first in range(0, profile.k, profile.s)]
        groups.sort(key=lambda group: -sum(shard in chosen for shard in group))
        return cls(
            profile,
            tuple(
                shard
                for group in groups
                for shard in sorted(group, key=lambda each: each not in chosen)
            ),
        )

    def data(self, shard: int) -> list[Row]:
        """Return the rows of a data shard in the frame's order."""
        return [(shard, self._place(x)) for x in range(self.profile.alpha)]

    def parity(self, shard: int) -> list[Row]:
        """Return the rows of a parity shard in the frame's order."""
        times = shard - self.profile.k
        return [
            (shard, self.profile.shift(self._place(x), self.order[0], -times))
            for x in range(self.profile.alpha)
        ]

    def rows(self, shards: Iterable[int]) -> list[Row]:
        """Return the rows of shards of both kinds in the frame's order."""
        chosen = set(shards)
        data = [row for shard in self.order if shard in chosen for row in self.data(shard)]
        parity = sorted(shard for shard in chosen if shard >= self.profile.k)
        return data + [row for shard in parity for row in self.parity(shard)]

    def _place(self, x: int) -> int:
        """Return the sub-chunk that the frame numbers x."""
        found, profile = 0, self.profile
        for place in range(1, profile.k // profile.s):
            digit = profile.digit(x, place)
            found = profile.shift(found, self.order[place * profile.s], digit)
            found = profile.shift(found, self.order[0], -digit)
        return found


def _plan_rebuilding(profile: Profile, shard: int) -> Plan:
    """Solve, of each parity, the rows that hold other shards' rows of one set only.

    In the frame of the lost shard the set is that of digits whose sum is 0 (mod r): parity l's
    rows of digit sum -l lead there from every group but the lost shard's own.
    """
    frame = _Frame.towards(profile, [shard])
    solved: dict[Row, dict[Row, int]] = {}
    for place in range(profile.r):
        for x, row in enumerate(frame.parity(profile.k + place)):
            if (_digit_sum(profile, x) + place) % profile.r == 0:
                scale = power(-place * shard)
                known = _parity(profile, row) | {row: 1}
                (own,) = (each for each in known if each[0] == shard)
                del known[own]
                solved[own] = {each: multiply(scale, by) for each, by in known.items()}
    needed = {row for known in solved.values() for row in known}
    order = [row for row in frame.rows(range(profile.n)) if row in needed]
    writes = frame.rows([shard])
    assert set(solved) == set(writes), "the parities cover every row once"
    number = _numbered(order)
    return Plan(
        _grouped(order),
        (),
        _grouped(writes),
        tuple(_terms(solved[row], number) for row in writes),
        solves=True,
    )


def _digit_sum(profile: Profile, x: int) -> int:
    return sum(profile.digit(x, place) for place in range(1, profile.k // profile.s))


def _plan_solving(profile: Profile, wanted: Sequence[int], absent: Sequence[int]) -> Plan:
    """Take what is known out of as many parities as data shards are absent, and solve the rest."""
    data = [shard for shard in absent if shard < profile.k]
    frame = _Frame.towards(profile, data)
    parities = [shard for shard in range(profile.k, profile.n) if shard not in absent][: len(data)]
    helpers = [shard for shard in range(profile.k) if shard not in absent]
    order = frame.rows([*helpers, *parities])
    number = _numbered(order)
    unknown = _numbered(frame.rows(data))
    middle, matrix = [], []
    for row in frame.rows(parities):
        sums = _parity(profile, row)
        matrix.append([sums.get(each, 0) for each in unknown])
        known = {each: by for each, by in sums.items() if each not in unknown}
        middle.append(_terms(known | {row: 1}, number))
    inverse = invert_matrix(matrix)
    solved = {row: dict(enumerate(inverse[place], len(order))) for row, place in unknown.items()}
    if len(data) > 1 and parities[0] == profile.k:
        solved = _by_plain_sum(solved, middle, len(order))
    writes = frame.rows(wanted)
    found = tuple(_substituted(profile, row, number, solved) for row in writes)
    return Plan(_grouped(order), tuple(middle), _grouped(writes), found, solves=bool(data))


def _by_plain_sum(
    solved: dict[Row, dict[int, int]], middle: list[Terms], first: int
) -> dict[Row, dict[int, int]]:
    """Keep the solved rows of all shards but the last in the middle, and take the last from P_0.

    P_0 is the sum of all data rows of one number: without its known ones, of those solved for.
    """
    last = next(reversed(solved))[0]
    # The equations begin with those of P_0, numbered as the frame numbers its rows.
    plain = {row[1]: place for place, row in enumerate(r for r in solved if r[0] == last)}
    kept: dict[Row, dict[int, int]] = {}
    for row, terms in solved.items():
        if row[0] != last:
            kept[row] = {first + len(middle): 1}
            middle.append(_nonzero(terms))
    for x, place in plain.items():
        others = {each: 1 for row, terms in kept.items() if row[1] == x for each in terms}
        kept[last, x] = {first + place: 1} | others
    return kept


def _substituted(
    profile: Profile, row: Row, number: dict[Row, int], solved: dict[Row, dict[int, int]]
) -> Terms:
    """Return the sum of one row, with data that is absent replaced by its solution."""
    if row in solved:
        return _nonzero(solved[row])
    total: dict[int, int] = {}
    for each, by in _parity(profile, row).items():
        for place, factor in solved.get(each, {number.get(each, -1): 1}).items():
            total[place] = total.get(place, 0) ^ multiply(by, factor)
    return _nonzero(total)


def _parity(profile: Profile, row: Row) -> dict[Row, int]:
    """Return the definition of one parity row: its data rows and their coefficients."""
    place, x = row[0] - profile.k, row[1]
    return {(j, profile.shift(x, j, place)): power(place * j) for j in range(profile.k)}


def _grouped(rows: Iterable[Row]) -> Rows:
    return tuple(
        (shard, tuple(x for _, x in found)) for shard, found in groupby(rows, key=itemgetter(0))
    )


def _numbered(rows: Iterable[Row]) -> dict[Row, int]:
    return {row: place for place, row in enumerate(rows)}


def _terms(known: dict[Row, int], number: dict[Row, int]) -> Terms:
    return _nonzero({number[row]: by for row, by in known.items()})


def _nonzero(total: dict[int, int]) -> Terms:
    return tuple(sorted((place, by) for place, by in total.items() if by))
