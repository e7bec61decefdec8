"""Who has cosigned which height: lines verified, kept, and counted.

A height is witnessed when more than two thirds of the members with a note key have cosigned it or a
later one: each later header names all before it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Final

from tallystick.base.errors import Corrupt, Denied, NotFound
from tallystick.chain.checkpoint import (
    COSIGNATURES_MAX,
    Checkpoint,
    read_body,
    read_note,
    write_note,
)
from tallystick.chain.member import quorum
from tallystick.kernel.ledger.replica import Replica

__all__ = ["GRID", "Witnesses", "grid", "list_to_sign", "list_unwitnessed", "split_note"]

GRID: Final = 16


def grid(first: int, last: int) -> list[int]:
    """Return which of the heights first..last a member cosigns after accepting them together.

    All of a few; of many, those on a common grid and the last, so that members who stop at
    different heights still sign the same ones.

    >>> grid(3, 5), grid(1, 40)
    ([3, 4, 5], [16, 32, 40])
    """
    if last - first < GRID:
        return list(range(first, last + 1))
    return [height for height in range(first, last + 1) if height % GRID == 0 or height == last]


def list_to_sign(replica: Replica, first: int) -> list[int]:
    """Return which heights from `first` to the tip a member cosigns.

    The grid's, and each that changed the members: the names under it lead an outsider from the
    old list to the new.
    """
    last = replica.tip.height
    handovers = [height for height in replica.handovers() if first <= height <= last]
    return sorted({*grid(first, last), *handovers})


def list_unwitnessed(replica: Replica) -> list[int]:
    """Return the heights that changed the members and bear no quorum's names here yet."""
    return [
        height
        for height in replica.handovers()
        if len(replica.cosignatures(height)) < quorum(replica.members(height).voices(height))
    ]


def split_note(note: bytes) -> tuple[int, list[str]]:
    """Return height and signature lines that a note claims; Invalid `codec.form` if it has none."""
    body, _, lines = note.decode(errors="replace").partition("\n\n")
    found = read_body(body + "\n")
    return found.height, [f"{line}\n" for line in lines.split("\n") if line]


class Witnesses:
    """The cosignatures a member knows for its chain.

    Args:
        replica: the member's chain.
    """

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._moved = threading.Condition()
        self._height = 0
        self._look: Callable[[bytes], object] | None = None

    def tell(self, look: Callable[[bytes], object]) -> None:
        """Have `look` told of every note that shows another body than this member's copy."""
        self._look = look

    def look(self, note: bytes) -> None:
        """Tell of a note; what it shows of its signers is for whoever was named by `tell`."""
        if self._look is not None:
            self._look(note)

    @property
    def height(self) -> int:
        """The greatest height known to be witnessed, 0 if none is."""
        return self._height

    def read(self, note: bytes) -> Checkpoint:
        """Return a note of this chain, its known signatures checked.

        A note beyond the tip is read under the newest list known here.

        Raises:
            Invalid: it is no note; Conflict: it is of another chain, or a signature is bad.
        """
        genesis = self._replica.genesis
        height = min(split_note(note)[0], self._replica.tip.height + 1)
        return read_note(
            note,
            name=genesis.fields["name"],
            chain=genesis.chain,
            members=self._replica.members(height),
        )

    def add(self, member: str, height: int, line: str) -> None:
        """Keep a member's cosignature of this chain at `height` <= tip.

        Raises:
            Denied: `ledger.not_cosigned`, the line is not that member's signature of this chain.
        """
        note = write_note(self._replica.body(height), [line])
        if member not in self.read(note).signers:
            raise Denied(
                "ledger.not_cosigned",
                f"the line is no cosignature of height {height} by {member}",
                cure="Compare the two chains: one of them is damaged or forged.",
                member=member,
                height=height,
            )
        self._replica.keep_cosignature(height, member, line)
        self.count(height)

    def count(self, height: int) -> None:
        """Move on if `height` has a quorum of cosignatures now."""
        if height <= self._height:
            return
        voices = self._replica.members(height).voices(height)
        if len(self._replica.cosignatures(height)) >= quorum(voices):
            with self._moved:
                self._height = max(self._height, height)
                self._moved.notify_all()

    def recount(self, back: int = 4 * GRID) -> None:
        """Find the witnessed height again after a start, among the last `back` heights.

        One whose rows are damaged is passed over, for it has an alarm of its own.
        """
        tip = self._replica.tip.height
        for height in range(max(1, tip - back + 1), tip + 1):
            with contextlib.suppress(Corrupt):
                self.count(height)

    def wait(self, height: int, timeout_ms: int) -> bool:
        """Wait until `height` is witnessed; False if that takes longer than `timeout_ms`."""
        with self._moved:
            return self._moved.wait_for(lambda: self._height >= height, timeout_ms / 1_000)

    def note(self, height: int) -> bytes:
        """Return the checkpoint at `height` with all cosignatures known; NotFound if none is."""
        lines = list(self._replica.cosignatures(height).values())
        if not lines:
            raise NotFound(
                "ledger.no_note", f"nobody cosigned height {height} yet", cure="Try a later one."
            )
        return write_note(self._replica.body(height), lines[:COSIGNATURES_MAX])
