"""Blocks that were run one on another and are kept together, by one commit, or not at all.

A page of the file is then written once for all of them, and the disk waited for once.
"""

from __future__ import annotations

from tallystick.chain.block import Effects, Tip, apply_block
from tallystick.chain.record import Charter
from tallystick.chain.state import Changes, Expect, Overlay, Read
from tallystick.kernel.ledger.layout import split_block
from tallystick.kernel.ledger.pairs import change_pairs
from tallystick.kernel.ledger.signatures import Coming
from tallystick.kernel.ledger.tables import write_block, write_entries, write_log
from tallystick.kernel.store.database import Database

__all__ = ["Ahead"]


class Ahead:
    """Blocks beyond a tip that are not durable yet.

    Args:
        tip: the last block that is durable.
        read: reads the state there.
        expect: told what will be read of it next.

    Attributes:
        tip: where the chain stands after these blocks.
    """

    __slots__ = ("_below", "_blocks", "_expect", "_first", "_rosters", "_state", "tip")

    def __init__(self, tip: Tip, read: Read, expect: Expect) -> None:
        self.tip = tip
        self._expect = expect
        self._below = read
        self._state = Overlay(read)
        self._first = tip.peaks.size
        self._blocks: list[tuple[bytes, Effects]] = []
        self._rosters: list[tuple[int, bytes]] = []

    @property
    def changes(self) -> Changes:
        """What these leave of the state's pairs that they change."""
        return self._state.changed

    @property
    def effects(self) -> Effects:
        """What the last of these does."""
        return self._blocks[-1][1]

    def run(self, coming: Coming, charter: Charter) -> None:
        """Verify a block completely on the last of these.

        Raises:
            Invalid: it may not follow; these stay as they are.
        """
        read = self._state.get if self._blocks else self._below
        effects = apply_block(
            coming.data,
            self.tip,
            read,
            charter,
            coming.ahead,
            opened=coming.opened,
            expect=self._expect,
        )
        self.add(coming.data, effects)

    def add(self, data: bytes, effects: Effects) -> None:
        """Add a block that was run on the last of these."""
        assert effects.tip.height == self.tip.height + 1
        if effects.tip.members.cid != self.tip.members.cid:
            self._rosters.append((effects.tip.height, effects.tip.members.data))
        self._blocks.append((data, effects))
        self._state.changed.update(effects.changes)
        self.tip = effects.tip

    def handovers(self) -> list[int]:
        """Return the heights of those that changed the list of members, ascending."""
        return [height for height, _ in self._rosters]

    def write(self, database: Database) -> None:
        """Write all that follows from the blocks."""
        first = self._first
        for data, effects in self._blocks:
            write_block(database, effects.tip, *split_block(data))
            write_log(database, first, effects)
            first = effects.tip.peaks.size
        tids = b"".join(tid for _, effects in self._blocks for tid in effects.tids)
        write_entries(database, self._first, tids)
        held = {key for key in self.changes if self._below(key) is not None}
        change_pairs(database, self.changes, held)
        height, lanes, writes = self.tip.height, self.tip.lanes, self.effects.writes_root
        database.run("REPLACE INTO head VALUES (0, ?, ?, ?)", (height, lanes, writes))
        database.run_many("INSERT INTO roster VALUES (?, ?)", self._rosters)
        database.run("DELETE FROM aside WHERE height <= ?", (height,))
