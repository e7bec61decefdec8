"""Bodies of old blocks, given away and taken in again.

Laws: a body goes only after an archive of it was written and read again, and the state at the tip
stands in a file of its own; a body that comes is the header's by `merkle_root` and the log's by its
ids, whoever gives it. What a file without all bodies is: `kernel.ledger.floor`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from tallystick.base.codec import Cid
from tallystick.base.errors import Error
from tallystick.chain.block import read_block
from tallystick.chain.span import check_body
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.floor import state_file
from tallystick.kernel.ledger.peer import ask_blocks
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.snapshot import save_snapshot
from tallystick.kernel.ledger.tables import write_fact
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_path

__all__ = ["fetch_block", "fetch_bodies", "fill_bodies", "prune_bodies"]


def fetch_block(replica: Replica, link: Link, height: int) -> bytes:
    """Return the block at a height from a member that holds it, proven; b"" if none answers so."""
    span = replica.span(height)
    for name in link.peers():
        # Whatever is wrong with that member or its answer, the next one is asked.
        with contextlib.suppress(Error):
            for data in ask_blocks(link, name, height, 1).blocks:
                check_body(data, span.header, span.tids)
                return data
    return b""


def fill_bodies(replica: Replica, blocks: Sequence[bytes]) -> int:
    """Keep the bodies of blocks that were missing; return how many were.

    Args:
        replica: a chain with a floor.
        blocks: their bytes, from elsewhere, believed in nothing.

    Raises:
        Invalid: `codec.form`, one is not the block of its height; none is kept.
    """
    rows = []
    for data in blocks:
        header, fields, _ = read_block(data)
        height = fields["height"]
        if height <= replica.tip.height and not replica.holds(height):
            span = replica.span(height)
            check_body(data, span.header, span.tids)
            _, body = layout.split_block(data)
            rows.append((body, layout.block_check(header, body), height))

    def write(database: Database) -> None:
        database.run_many("UPDATE block SET body = ?, tally = ? WHERE height = ?", rows)

    if rows:
        replica.keep(write)
        _end_if_whole(replica)
    return len(rows)


def fetch_bodies(replica: Replica, link: Link, name: str) -> int:
    """Keep what a member has of the lowest bodies that are missing here and held there.

    Returns:
        How many came; 0 if it has none.

    Raises:
        Invalid: `codec.form`, one is not the block of its height; none is kept.
        Error: whatever is wrong with that member, or with the link to it.
    """
    first = 1
    # The second question is for what the first answer says is held.
    for _ in range(2):
        holes = replica.holes(1, first)
        if not holes:
            break
        answer = ask_blocks(link, name, holes[0])
        if answer.blocks:
            return fill_bodies(replica, answer.blocks)
        first = answer.lowest
    return 0


def _end_if_whole(replica: Replica) -> None:
    """Forget the floor once no body is missing: all blocks can be run from genesis again."""
    if replica.lowest() > 1:
        return
    floor = replica.floor

    def write(database: Database) -> None:
        database.run("DELETE FROM fact WHERE name IN ('floor', 'pruned', 'archived', 'lost')")

    replica.rewrite(write)
    with contextlib.suppress(OSError):
        state_file(replica.path, floor).unlink(missing_ok=True)


def prune_bodies(replica: Replica, below: int, archived: Cid) -> int:
    """Give away the bodies of the heights up to `below`; return how many were held.

    Args:
        replica: the chain; nobody else writes it meanwhile.
        below: the greatest height whose body goes, 1 <= below <= tip.
        archived: the archive's node at that height, as it was read again.

    Raises:
        Corrupt: the state is not the head's; nothing was given away.
        Unavailable: there is no room for the state's file.
    """
    assert 1 <= below <= replica.tip.height
    old, tip = replica.floor, replica.tip
    with replica.held():
        place = state_file(replica.path, tip.height)
        part = place.with_suffix(".part")
        part.unlink(missing_ok=True)
        saved = save_snapshot(replica.path, part)
        assert saved.snapshot.fields["height"] == tip.height
        part.replace(place)
        sync_path(place.parent)
        # What was emptied before has its check already.
        rows = [
            (layout.block_check(replica.header(height), b""), height)
            for height in range(1, below + 1)
            if replica.holds(height)
        ]

        def write(database: Database) -> None:
            database.run_many("UPDATE block SET body = x'', tally = ? WHERE height = ?", rows)
            write_fact(database, "floor", tip.height)
            write_fact(database, "pruned", below)
            write_fact(database, "archived", archived)

        replica.rewrite(write)
    if old not in (0, tip.height):
        with contextlib.suppress(OSError):
            state_file(replica.path, old).unlink(missing_ok=True)
    return len(rows)
