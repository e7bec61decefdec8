"""The field of 256 elements in which shards are combined.

A byte is a polynomial over GF(2), reduced by x^8 + x^4 + x^3 + x^2 + 1 (0x11d), of which x (the
byte 2) is a generator. Addition is exclusive or.

Laws: pure, total but for the inverse of 0, which is a bug of the caller.
Source: docs/spec/zigzag.md, "Field".
"""

from __future__ import annotations

from typing import Final

__all__ = ["POLYNOMIAL", "invert", "invert_matrix", "logarithm", "multiply", "power"]

POLYNOMIAL: Final = 0x11D
_ORDER: Final = 255

Matrix = list[list[int]]


def _powers() -> tuple[int, ...]:
    """Return 2^0 .. 2^509, twice round, so that a sum of two logarithms needs no remainder."""
    found = [1]
    for _ in range(2 * _ORDER - 1):
        doubled = found[-1] << 1
        found.append(doubled ^ POLYNOMIAL if doubled > _ORDER else doubled)
    return tuple(found)


_POWER: Final = _powers()
_LOGARITHM: Final = {_POWER[exponent]: exponent for exponent in range(_ORDER)}


def power(exponent: int) -> int:
    """Return 2^exponent; the exponent may be negative."""
    return _POWER[exponent % _ORDER]


def logarithm(a: int) -> int:
    """Return the exponent from 0 to 254 for which 2^exponent is `a`; 0 has none."""
    return _LOGARITHM[a]


def multiply(a: int, b: int) -> int:
    """Return the product of two bytes."""
    if a == 0 or b == 0:
        return 0
    return _POWER[_LOGARITHM[a] + _LOGARITHM[b]]


def invert(a: int) -> int:
    """Return the byte whose product with `a` is 1."""
    assert a != 0, "0 has no inverse"
    return _POWER[_ORDER - _LOGARITHM[a]]


def invert_matrix(matrix: Matrix) -> Matrix:
    """Return the inverse of a square matrix of bytes, by elimination.

    The codes' proof says which matrices have one; a singular one is a bug.
    """
    size = len(matrix)
    work = [
        [*row, *(int(column == place) for column in range(size))]
        for place, row in enumerate(matrix)
    ]
    for column in range(size):
        pivot = next((row for row in range(column, size) if work[row][column]), None)
        assert pivot is not None, f"column {column} of {size} depends on those before it"
        work[column], work[pivot] = work[pivot], work[column]
        scale = invert(work[column][column])
        work[column] = [multiply(scale, each) for each in work[column]]
        for row in range(size):
            factor = work[row][column]
            if row != column and factor:
                work[row] = [
                    mine ^ multiply(factor, its)
                    for mine, its in zip(work[row], work[column], strict=True)
                ]
    return [row[size:] for row in work]
