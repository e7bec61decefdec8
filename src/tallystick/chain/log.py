"""Proofs over a log whose perfect subtrees can be read, wherever they are kept, in O(log n) reads.

Perfect subtrees never change, so a proof can be made for any earlier size too.
Source: RFC 6962 section 2.1.1 and 2.1.2.
"""

from __future__ import annotations

from collections.abc import Callable

from tallystick.base.errors import Invalid
from tallystick.chain.merkle import EMPTY_ROOT, Peaks, node_hash

__all__ = ["Log", "Node", "perfect_parts"]

Node = Callable[[int, int], bytes]
"""Returns the root of the 2^level leaves from index 2^level on, of (level, index)."""


def perfect_parts(start: int, size: int) -> list[tuple[int, int]]:
    """Return (level, index) of the perfect subtrees of `size` leaves from `start`, in order."""
    found = []
    while size:
        level = size.bit_length() - 1
        found.append((level, start >> level))
        start, size = start + (1 << level), size - (1 << level)
    return found


class Log:
    """Proofs over the kept nodes.

    Args:
        node: returns the root of a perfect subtree; Corrupt if it is not there.
        size: returns how many leaves there are now.
    """

    def __init__(self, node: Node, size: Callable[[], int]) -> None:
        self._node = node
        self._size = size

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the 2^level leaves from index 2^level on."""
        return self._node(level, index)

    def leaf_hash(self, position: int) -> bytes:
        """Return the hash of the leaf at `position`."""
        return self._node(0, position)

    def peaks(self, size: int) -> Peaks:
        """Return the log of its first `size` leaves."""
        return Peaks(size, tuple(self._node(*part) for part in perfect_parts(0, size)))

    def root(self, size: int) -> bytes:
        """Return the root of the first `size` leaves."""
        return self._subroot(0, self._bounded(size))

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Return the path of the leaf at `position` in the log of the first `size`, lowest first.

        Raises:
            Invalid: `ledger.size`, unless 0 <= position < size <= leaves now.
        """
        if not 0 <= position < self._bounded(size):
            raise _size_error(position, size)
        path, start = [], 0
        while size > 1:
            split = 1 << (size - 1).bit_length() - 1
            if position - start < split:
                path.append(self._subroot(start + split, size - split))
                size = split
            else:
                path.append(self._subroot(start, split))
                start, size = start + split, size - split
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the first `new` leaves extend the first `old`, 1 <= old <= new."""
        if not 1 <= old <= self._bounded(new):
            raise _size_error(old, new)
        path, start, size, whole = [], 0, new, True
        while old != size:
            split = 1 << (size - 1).bit_length() - 1
            if old <= split:
                path.append(self._subroot(start + split, size - split))
                size = split
            else:
                path.append(self._subroot(start, split))
                start, size, old, whole = start + split, size - split, old - split, False
        if not whole:
            path.append(self._subroot(start, size))
        return path[::-1]

    def _subroot(self, start: int, size: int) -> bytes:
        if size and not size & (size - 1) and not start & (size - 1):
            # One perfect subtree, as most steps of a proof are.
            level = size.bit_length() - 1
            return self._node(level, start >> level)
        hashes = [self._node(*part) for part in perfect_parts(start, size)]
        if not hashes:
            return EMPTY_ROOT
        found = hashes.pop()
        while hashes:
            found = node_hash(hashes.pop(), found)
        return found

    def _bounded(self, size: int) -> int:
        if not 0 <= size <= self._size():
            raise _size_error(size, self._size())
        return size


def _size_error(asked: int, size: int) -> Invalid:
    return Invalid(
        "ledger.size", f"{asked} asked of a log of {size} leaves", cure="Ask within the log."
    )
