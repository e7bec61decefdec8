"""Who has cosigned which height: lines verified, kept, and counted.

A height is witnessed when more than two thirds of the members with a note key have cosigned it or a
later one: each later header names all before it.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid
from tallystick.base.errors import Conflict, Corrupt, Denied, NotFound
from tallystick.chain import schema
from tallystick.chain.block import Genesis
from tallystick.chain.car import CarIndex
from tallystick.chain.checkpoint import (
    COSIGNATURES_MAX,
    Body,
    Checkpoint,
    origin_of,
    read_body,
    read_note,
    read_stated,
    verify_checkpoint,
    write_note,
)
from tallystick.chain.export import NODE
from tallystick.chain.member import Members, quorum
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows

__all__ = [
    "GRID",
    "Witnesses",
    "find_witnessed",
    "grid",
    "list_handover_notes",
    "list_to_sign",
    "list_unwitnessed",
    "split_note",
]

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


def list_handover_notes(rows: Rows, below: int) -> dict[int, bytes]:
    """Return the notes that lead from the founding list of members to the one in force at a height.

    Args:
        rows: a member's file, verified.
        below: the height; changes at lower ones count.

    Returns:
        By the height of each change, ascending, the note that a quorum of the list before it has
        signed; b"" where the file does not hold so many names.
    """
    genesis, found = rows.genesis(), dict[int, bytes]()
    for height in rows.handovers():
        if height >= below:
            continue
        lines = list(rows.cosignatures(height).values())[:COSIGNATURES_MAX]
        note = write_note(rows.body(height, genesis), lines) if lines else b""
        with contextlib.suppress(Missing, Contradicted):
            if note:
                _check_authority(note, genesis, rows.members(height - 1))
                found[height] = note
        found.setdefault(height, b"")
    return found


def find_witnessed(car: CarIndex, head: Cid, note: bytes) -> Checkpoint:
    """Return what a note proves of a whole chain's archive: it holds the block that was witnessed.

    Args:
        car: the archive, verified.
        head: the header that it was verified up to.
        note: of an earlier day, from who kept it.

    Raises:
        Invalid: `codec.form`, it is no note.
        Conflict: `verify.other_note`, the archive's chain is not the note's at that height, or no
            quorum of the members of that height signed the note.
    """
    stated, nodes = read_stated(note), _walk(car)
    node, fields = next(nodes)
    if node["header"] != head:
        raise _other_note(stated, "the archive changed meanwhile")
    if stated.height > fields["height"]:
        raise _other_note(stated, f"the archive ends at height {fields['height']}")
    while fields["height"] > stated.height:
        node, fields = next(nodes)
    ((bottom, _),) = deque(itertools.chain([(node, fields)], nodes), maxlen=1)
    data = car.block(bottom["below"])
    genesis = Genesis.read(data, car.block(codec.decode(data, schema.GENESIS)["members"]))
    origin = origin_of(genesis.fields["name"], genesis.chain)
    body = Body(origin, fields["log_size"], fields["log_root"], stated.height, node["header"])
    if body != stated:
        is_foreign = body.origin != stated.origin
        raise _other_note(stated, "it is of another chain" if is_foreign else "the blocks differ")
    form = schema.HEADER if stated.height > 1 else schema.GENESIS
    named = codec.decode(car.block(fields["prev"]), form)["members"]
    try:
        return _check_authority(note, genesis, Members.read(car.block(named)))
    except (Missing, Contradicted) as error:
        raise _other_note(stated, f"its signatures do not hold: {error.message}") from error


def _walk(car: CarIndex) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield the nodes of a whole chain's archive, highest first, each with its header's fields."""
    at, height = car.root, 0
    while height != 1:
        node: dict[str, Any] = codec.decode(car.block(at), NODE)
        fields: dict[str, Any] = codec.decode(car.block(node["header"]), schema.HEADER)
        yield node, fields
        at, height = node["below"], fields["height"]


def _check_authority(note: bytes, genesis: Genesis, members: Members) -> Checkpoint:
    name, chain = genesis.fields["name"], genesis.chain
    return verify_checkpoint(note, name=name, chain=chain, members=members)


def _other_note(stated: Body, why: str) -> Conflict:
    return Conflict(
        "verify.other_note",
        f"the checkpoint of height {stated.height} does not bear out the archive: {why}",
        cure="If the checkpoint is yours, take nothing in from the archive: show both to the"
        " members.",
        height=stated.height,
    )


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
