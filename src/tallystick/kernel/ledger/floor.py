"""Blocks whose bodies a member does not hold: given away to an archive, or not fetched yet.

Up to the height called the floor bodies may be missing; headers, transaction ids, results, the log
and the lists of members stay, so a member with a floor proves, answers and cosigns as before. The
state at the floor is kept beside the file, so that every block above it can be run again; what is
below is compared with its headers.
Facts in the file: `floor`; `pruned`, up to which bodies were given away and are not asked for;
`archived`, the CID of the archive's node at that height, which the next part's lowest names;
`leapt`, which stays: up to there the state was taken over, so its member witnesses none of it;
`lost`, up to which a repair asked for what is missing beyond `pruned` and nobody gave it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.chain.block import Effects, Genesis, Tip, start
from tallystick.chain.snapshot import verify_snapshot
from tallystick.chain.span import check_body, follow_span
from tallystick.chain.verdict import Contradicted
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.kept import KeptState
from tallystick.kernel.ledger.rows import Rows

__all__ = ["Below", "follow_below", "follow_log", "read_floor", "state_file"]


def state_file(path: Path, height: int) -> Path:
    """Return where the state at a floor is kept, beside `ledger.db`."""
    return path.with_name(f"floor-{height}.state")


def read_floor(rows: Rows, path: Path) -> KeptState:
    """Return the state at a file's floor, which its header there commits to.

    Raises:
        Corrupt: `ledger.corrupt`, the state file is missing, cannot be read, or is another's.
    """
    height, pairs = rows.floor(), dict[bytes, bytes]()
    place = state_file(path, height)
    cid = layout.header_cid(rows.header(height))
    try:
        with place.open("rb") as file:
            found = verify_snapshot(file.read, cid, pairs.update)
    except (OSError, Invalid, Contradicted) as error:
        raise layout.corrupt(f"{place.name} beside it", field="floor", height=height) from error
    return KeptState(found.tip(rows.genesis()), found.writes_root, pairs, b"")


@dataclass(frozen=True, slots=True)
class Below:
    """A height at or below the floor, compared with its header.

    Attributes:
        before: where the log stood before it.
        effects: what it added to the log; of the state nothing is known.
    """

    before: Tip
    effects: Effects


def follow_log(rows: Rows, genesis: Genesis, last: int) -> Iterator[Below]:
    """Yield what the heights 1..last add to the log, each shown to follow from genesis.

    Headers, ids, results and lists are looked at, bodies are not.

    Raises:
        Corrupt: `ledger.corrupt`, a row is not what the header commits to.
    """
    tip = start(genesis)
    for height in range(1, last + 1):
        with _told_as(height):
            effects = follow_span(rows.span(height), tip)
        yield Below(tip, effects)
        tip = effects.tip


def follow_below(rows: Rows, genesis: Genesis, last: int) -> Iterator[Below]:
    """Yield the same as `follow_log`; a body that is held is compared with its header and ids.

    Raises:
        Corrupt: `ledger.corrupt`, a row is not what the header commits to.
    """
    for below in follow_log(rows, genesis, last):
        height, tids = below.effects.tip.height, b"".join(below.effects.tids)
        with _told_as(height):
            if block := _held(rows, height):
                check_body(block, rows.header(height), tids)
        yield below


@contextlib.contextmanager
def _told_as(height: int) -> Iterator[None]:
    """Tell by its height what is wrong with a row that is run by nothing."""
    try:
        yield
    except (Invalid, NotFound) as error:
        raise layout.corrupt(
            f"block {height}: {error.message}", field="block", height=height
        ) from error


def _held(rows: Rows, height: int) -> bytes:
    try:
        return layout.join_block(*rows.block(height))
    except Error as error:
        if error.code != "ledger.pruned":
            raise
        return b""
