"""The log's nodes as proofs ask for them: what was read once and never changes is not read again.

A proof in a long log asks for a few low nodes, which stand in one or two blocks' rows, and for high
ones, which every proof shares. Limits: of the low nodes the last two blocks' rows are kept, of the
high ones 65,536, some 8 MB, before all are forgotten.
"""

from __future__ import annotations

from typing import Final

from tallystick.kernel.ledger.rows import Rows, cut_node

__all__ = ["Nodes"]

_Block = tuple[int, int, bytes]
HIGH: Final = 8
KEPT_MAX: Final = 65_536


class Nodes:
    """Reads the nodes of one file; any number of threads may ask.

    Args:
        rows: the file's tables.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._high: dict[tuple[int, int], bytes] = {}
        # The first place, the place behind the last, and the nodes of a block; twice.
        self._blocks: tuple[_Block, _Block] = ((0, 0, b""), (0, 0, b""))

    def node(self, level: int, index: int) -> bytes:
        """Return the root of the 2^level leaves from index 2^level on; Corrupt if it is gone."""
        if level < HIGH:
            return self._low(level, index)
        found = self._high.get((level, index))
        if found is None:
            found = self._rows.node(level, index)
            if len(self._high) >= KEPT_MAX:
                self._high.clear()
            self._high[(level, index)] = found
        return found

    def _low(self, level: int, index: int) -> bytes:
        last = ((index + 1) << level) - 1
        blocks = self._blocks
        for first, behind, nodes in blocks:
            if first <= last < behind:
                return cut_node(first, nodes, level, last)
        first, behind, nodes = self._rows.nodes(last)
        self._blocks = (first, behind, nodes), blocks[0]
        return cut_node(first, nodes, level, last)
