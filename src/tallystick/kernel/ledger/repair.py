"""Makes a member's chain whole again: its own blocks where they hold, other members' where not.

Every block, own or fetched, is run again from genesis into a new file; the result must carry what
the peers cosigned; only then does it take the old file's place, which is kept beside it. So a
repair can fetch wrong blocks, or be killed, and nothing is lost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.errors import Conflict, Corrupt, Error, NotFound, Unavailable
from tallystick.chain.block import Genesis
from tallystick.chain.record import Charter
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.peer import ask_blocks, ask_note
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_path

__all__ = ["Repaired", "repair_chain", "repair_open"]

JOURNALS: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        height: where the chain stands now.
        fetched: heights whose blocks came from other members.
        kept: how many blocks were the member's own.
        damaged: the old file, kept.
    """

    height: int
    fetched: tuple[int, ...]
    kept: int
    damaged: Path


def repair_chain(
    path: Path,
    charter: Charter,
    *,
    genesis: Genesis,
    link: Link,
    peers: Sequence[str] | None = None,
    trusted: int | None = None,
) -> Repaired:
    """Replace a member's damaged `ledger.db`; nobody may have it open.

    Args:
        path: the file; it may be missing.
        charter: every record type with its rule.
        genesis: of the chain, from the member's settings, not from the damaged file.
        link: to the peers.
        peers: whom to ask; None for all.
        trusted: up to which height own blocks are to stay; beyond it others' alone count, as
            after a change of who orders (`kernel.ledger.term`). None trusts all that hold.

    Raises:
        Unavailable: `ledger.no_source`, nobody gives a block that fits; nothing was replaced.
        Conflict: `ledger.forked`, peers cosigned what contradicts the repaired chain.
    """
    names = list(peers) if peers is not None else link.peers()
    source = _Source(link, names, trusted)
    fresh, fetched, kept, height = _build(path, charter, genesis, source)
    return Repaired(height, fetched, kept, _swap(path, fresh))


@dataclass(frozen=True, slots=True)
class _Source:
    """Where blocks come from: others by name, and own ones as far as they are trusted."""

    link: Link
    names: Sequence[str]
    trusted: int | None = None

    def trusts(self, height: int) -> bool:
        return self.trusted is None or height <= self.trusted


def repair_open(replica: Replica, link: Link, trusted: int | None = None) -> Repaired:
    """Replace the damaged file of a chain that is open, while its member goes on serving.

    Nobody writes the chain meanwhile; whoever reads it at the moment of the exchange asks again.

    Args:
        replica: the chain, of a member that follows: an orderer would go on from another tip.
        link: to the peers.
        trusted: as of `repair_chain`.

    Raises:
        Unavailable: `ledger.no_source`, nobody gives a block that fits; nothing was replaced.
        Conflict: `ledger.forked`, peers cosigned what contradicts the repaired chain.
    """
    with replica.held():
        replica.flush()
        path, genesis = replica.path, replica.genesis
        source = _Source(link, link.peers(), trusted)
        fresh, fetched, kept, height = _build(path, replica.charter, genesis, source)
        return Repaired(height, fetched, kept, replica.exchange(lambda: _swap(path, fresh)))


def _build(
    path: Path, charter: Charter, genesis: Genesis, source: _Source
) -> tuple[Path, tuple[int, ...], int, int]:
    """Make the whole chain in a file beside `path`; return it, heights fetched, kept, height."""
    fresh = path.with_name(path.name + ".repair")
    for suffix in ("", *JOURNALS):
        fresh.with_name(fresh.name + suffix).unlink(missing_ok=True)
    replica = Replica.create(fresh, genesis.data, genesis.members.data, charter)
    try:
        with _own_rows(path) as rows:
            fetched, kept = _refill(replica, rows, source)
            _keep_lines(replica, rows)
        _confirm(replica, source.link, source.names)
        height = replica.tip.height
    except Error:
        replica.close()
        raise
    replica.close()
    return fresh, tuple(fetched), kept, height


@contextlib.contextmanager
def _own_rows(path: Path) -> Iterator[Rows | None]:
    try:
        database = Database.read(path)
    except (NotFound, Corrupt, Unavailable):
        yield None
        return
    try:
        yield Rows(database)
    finally:
        database.close()


def _refill(replica: Replica, rows: Rows | None, source: _Source) -> tuple[list[int], int]:
    """Run own blocks while they hold and others' where not; return heights fetched, count kept."""
    fetched, kept, link, names = [], 0, source.link, source.names
    own = _own_height(rows) if source.trusted is None else min(_own_height(rows), source.trusted)
    target = max([own, *(_height_of(link, name) for name in names)])
    while (height := replica.tip.height + 1) <= target:
        if source.trusts(height) and _accept_own(replica, rows, height):
            kept += 1
        elif _accept_fetched(replica, link, names, height):
            fetched.append(height)
        elif not _leap(replica, link, names):
            raise Unavailable(
                "ledger.no_source",
                f"no own block and no peer's fits at height {height} of {target}",
                cure="Reach more members, or give a copy of the file.",
                height=height,
            )
    return fetched, kept


def _own_height(rows: Rows | None) -> int:
    """Return the greatest height of the own blocks that can still be told."""
    if rows is None:
        return 0
    try:
        found = rows.database.value("SELECT max(height) FROM block")
    except Error:
        return 0
    return found if type(found) is int and 0 < found < 2**40 else 0


def _height_of(link: Link, name: str) -> int:
    """Return a peer's height.

    What it holds beyond its witnesses counts too: an orderer repaired without it would order those
    heights again.
    """
    try:
        return ask_blocks(link, name, 1, 1).height
    except Error:
        return 0


def _accept_own(replica: Replica, rows: Rows | None, height: int) -> bool:
    if rows is None:
        return False
    try:
        replica.accept(layout.join_block(*rows.block(height)))
    except (Corrupt, NotFound, InvalidBlock):
        return False
    return True


def _accept_fetched(replica: Replica, link: Link, names: Sequence[str], height: int) -> bool:
    for name in names:
        try:
            for data in ask_blocks(link, name, height, 1).blocks:
                replica.accept(data)
                return True
        except (Unavailable, InvalidBlock):
            continue
    return False


def _leap(replica: Replica, link: Link, names: Sequence[str]) -> bool:
    """Take the state over from a member, where nobody holds the next block any more."""
    for name in names:
        # Whatever one says against it, another may have it.
        with contextlib.suppress(Error):
            leap(replica, link, name)
            return True
    return False


def _keep_lines(replica: Replica, rows: Rows | None) -> None:
    """Take over the cosignatures that are still good."""
    witnesses = Witnesses(replica)
    for height in range(1, replica.tip.height + 1):
        try:
            lines = rows.cosignatures(height) if rows is not None else {}
        except Error:
            continue
        for member, line in lines.items():
            with contextlib.suppress(Error):
                witnesses.add(member, height, line)
    replica.flush()


def _confirm(replica: Replica, link: Link, names: Sequence[str]) -> None:
    """Refuse a chain that contradicts a head its peers cosigned."""
    witnesses = Witnesses(replica)
    for name in names:
        try:
            head = witnesses.read(ask_note(link, name))
        except Error:
            # Away, or nothing readable: it confirms nothing and contradicts nothing.
            continue
        height = head.body.height
        if head.signers and height <= replica.tip.height and replica.body(height) != head.body:
            raise Conflict(
                "ledger.forked",
                f"{name} shows {head.body.header} cosigned at height {height},"
                f" the repaired chain holds {replica.body(height).header}",
                cure="Compare with all members.",
                member=name,
                height=height,
            )


def _swap(path: Path, fresh: Path) -> Path:
    """Put the new file in the old one's place; the old one is kept under a free name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    # The journal goes first: a file without it is behind, never a mixture of two chains.
    for suffix in (*JOURNALS, ""):
        old = path.with_name(path.name + suffix)
        if old.exists():
            old.rename(aside.with_name(aside.name + suffix))
    fresh.replace(path)
    sync_path(path.parent)
    return aside
