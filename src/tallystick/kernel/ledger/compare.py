"""Compares a member's chain with what other members keep, block by block, over the link.

Two files that differ do not say which is damaged: the report gives both values, and a quorum's
cosigned header decides.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.clock import Entropy
from tallystick.base.codec import cid_of
from tallystick.base.errors import Corrupt, Error, Unavailable
from tallystick.chain.block import read_block
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.fault import show
from tallystick.kernel.ledger.peer import ask_blocks
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database

__all__ = ["Difference", "check_own", "compare_blocks", "compare_chains", "sample_heights"]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where another member's chain differs from one's own.

    Attributes:
        member: whose chain differs.
        height: of the block.
        field: the header's field; `transaction I`, `transaction I record J`; or `block`.
        ours: the own value, "" if there is none.
        theirs: the other's.
    """

    member: str
    height: int
    field: str
    ours: str
    theirs: str


def sample_heights(entropy: Entropy, tip: int, count: int) -> list[int]:
    """Return `count` random heights of 1..tip, ascending, all of them if there are no more.

    Drawn with label `audit`, so that nobody can prepare for the question.
    """
    if count >= tip:
        return list(range(1, tip + 1))
    found: set[int] = set()
    while len(found) < count:
        found.add(1 + int.from_bytes(entropy.draw("audit", 8), "big") % tip)
    return sorted(found)


def check_own(
    replica: Replica, link: Link, heights: Sequence[int]
) -> tuple[list[Difference], list[int]]:
    """Read the own file's blocks afresh; where one is not what was written, tell in what.

    An open connection does not see what changed below it, so the file is opened anew. What should
    stand there is what most other members have.

    Args:
        replica: the own chain.
        link: to the others.
        heights: 1 <= height <= own tip; those whose bodies are not held are passed over.

    Returns:
        Differences, the own name as the member's; and the heights that are sound.
    """
    differences, sound = [], []
    heights = list(filter(replica.holds, heights))
    database = Database.read(replica.path)
    try:
        rows = Rows(database)
        for height in heights:
            try:
                rows.block(height)
            except Corrupt as error:
                differences += _compare_stored(rows, link, height, error)
            else:
                sound.append(height)
    finally:
        database.close()
    return differences, sound


def _compare_stored(rows: Rows, link: Link, height: int, error: Corrupt) -> list[Difference]:
    """Return where an own block that fails its check differs from what most others have."""
    others: Counter[bytes] = Counter()
    for name in link.peers():
        with contextlib.suppress(Error):
            others.update(ask_blocks(link, name, height, 1).blocks[:1])
    here = Difference(link.member, height, "block", error.message, "")
    if not others:
        return [here]
    ((theirs, _),) = others.most_common(1)
    try:
        found = compare_blocks(link.member, height, rows.stored(height), theirs)
    except Error:
        # The own one has no reading at all.
        found = []
    return found or [here]


def compare_chains(
    replica: Replica, link: Link, heights: Sequence[int], members: Sequence[str] | None = None
) -> tuple[list[Difference], list[str]]:
    """Compare the blocks at `heights` with other members'.

    Args:
        replica: the own chain.
        link: to the others.
        heights: 1 <= height <= own tip; those whose bodies are not held are passed over.
        members: whom to ask; None for all peers.

    Returns:
        Every difference, and the members that could not be asked about all heights.
    """
    heights = list(filter(replica.holds, heights))
    differences: list[Difference] = []
    silent = []
    for name in members if members is not None else link.peers():
        try:
            for height in heights:
                differences += _compare_height(replica, link, name, height)
        except Unavailable:
            silent.append(name)
    return differences, silent


def _compare_height(replica: Replica, link: Link, name: str, height: int) -> list[Difference]:
    try:
        answer = ask_blocks(link, name, height, 1)
    except Corrupt as error:
        # The other reads its own file and will not serve what it says.
        return [
            Difference(name, height, "block", str(cid_of(replica.header(height))), error.message)
        ]
    if not answer.blocks:
        return [Difference(name, height, "block", "a block", "")] if answer.height < height else []
    return compare_blocks(name, height, replica.block(height), answer.blocks[0])


def compare_blocks(member: str, height: int, ours: bytes, theirs: bytes) -> list[Difference]:
    """Return where another member's block differs from one's own, field by field."""
    if ours == theirs:
        return []
    _, own_fields, own_rows = read_block(ours)
    try:
        _, fields, rows = read_block(theirs)
    except Error as error:
        return [Difference(member, height, "block", "", error.message)]
    found = [
        Difference(member, height, name, show(own_fields[name]), show(fields[name]))
        for name in own_fields
        if own_fields[name] != fields[name]
    ]
    for index in range(max(len(own_rows), len(rows))):
        a = own_rows[index] if index < len(own_rows) else None
        b = rows[index] if index < len(rows) else None
        found += _compare_transactions(member, height, f"transaction {index}", (a, b))
    return found


_PARTS: Final = ("header", "signature")


def _compare_transactions(
    member: str, height: int, place: str, pair: tuple[Transaction | None, Transaction | None]
) -> list[Difference]:
    ours, theirs = pair
    if ours is None or theirs is None:
        return [Difference(member, height, place, _tid(ours), _tid(theirs))]
    parts: dict[str, tuple[Any, Any]] = {
        f"{place} {name}": (getattr(ours, name), getattr(theirs, name)) for name in _PARTS
    }
    for index in range(max(len(ours.records), len(theirs.records))):
        both = [each.records[index : index + 1] for each in pair if each is not None]
        parts[f"{place} record {index}"] = (b"".join(both[0]), b"".join(both[1]))
    return [
        Difference(member, height, name, show(a), show(b))
        for name, (a, b) in parts.items()
        if a != b
    ]


def _tid(found: Transaction | None) -> str:
    return "" if found is None else found.tid.hex()
