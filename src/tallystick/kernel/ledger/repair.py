"""Makes a member's chain whole again: its own blocks where they hold, other members' where not.

Every block, own or fetched, is run again from genesis into a new file; the result must carry what
the peers cosigned; only then does it take the old file's place, which is kept beside it. So a
repair can fetch wrong blocks, or be killed, and nothing is lost. Of other members only what enough
have signed is taken (`kernel.ledger.claim`): one that lies or is silent is left behind by name, and
stops nothing. Own blocks that a quorum did not go on from are dropped (`kernel.ledger.fork`), those
too that run nowhere and that a quorum knows nothing of, and what the member's pen signed there is
let go. What no block tells is taken over too: cosignatures
that hold, from the own file and from all members, and what an engine kept.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Corrupt, Error, NotFound, Unavailable
from tallystick.chain.block import Genesis
from tallystick.chain.record import Charter
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.claim import (
    Asked,
    Claim,
    Left,
    Way,
    check_heads,
    fetch_way,
    find_way,
    list_claims,
)
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.fork import (
    Fork,
    Yielding,
    check_unsigned,
    find_dead_end,
    find_fork,
    let_go,
)
from tallystick.kernel.ledger.gathering import keep_engine, keep_lines
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.refloor import fetch_missing, keep_bodies, keeping_floor, leap_own
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import JOURNALS, put_aside, sync_path

__all__ = ["Repaired", "repair_chain", "repair_open"]

ROWS_READ_MAX: Final = 64
"""So many of the own last rows are read for one that tells its height."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        height: where the chain stands now.
        fetched: heights whose blocks came from other members.
        kept: how many blocks were the member's own.
        damaged: the old file, kept; None where it was sound and stays, or
            there was none.
        left: members that lied or were silent, and how.
    """

    height: int
    fetched: tuple[int, ...]
    kept: int
    damaged: Path | None
    left: tuple[Left, ...] = ()


def repair_chain(
    path: Path,
    charter: Charter,
    *,
    genesis: Genesis,
    link: Link,
    peers: Sequence[str] | None = None,
    trusted: int | None = None,
    sound: Cid | None = None,
    pen: Yielding | None = None,
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
        sound: the head of the file, where an audit found nothing wrong with it: if the others
            stand there too, the file stays as it is.
        pen: the member's; it lets go of what it signed where a quorum did not go on from that.

    Raises:
        Unavailable: `ledger.no_source`, nobody gives a block that fits; nothing was replaced.
        Conflict: `ledger.forked`, peers cosigned what contradicts the repaired chain.
    """
    asked = Asked(link, link.peers() if peers is None else peers)
    built = _build(_Given(path, charter, genesis, asked, pen), trusted)
    if built.header == sound:
        _remove(built.fresh)
        return Repaired(built.height, (), built.height, None, built.left)
    return built.told(_swap(path, built.fresh))


def repair_open(
    replica: Replica, link: Link, trusted: int | None = None, pen: Yielding | None = None
) -> Repaired:
    """Replace the damaged file of a chain that is open, while its member goes on serving.

    Nobody writes the chain meanwhile; whoever reads it at the moment of the exchange asks again.

    Args:
        replica: the chain, of a member that follows: an orderer would go on from another tip.
        link: to the peers.
        trusted: as of `repair_chain`.
        pen: as of `repair_chain`.

    Raises:
        Unavailable: `ledger.no_source`, nobody gives a block that fits; nothing was replaced.
        Conflict: `ledger.forked`, peers cosigned what contradicts the repaired chain.
    """
    with replica.held():
        replica.flush()
        path, asked = replica.path, Asked(link, link.peers())
        built = _build(_Given(path, replica.charter, replica.genesis, asked, pen), trusted)
        return built.told(replica.exchange(lambda: _swap(path, built.fresh)))


@dataclass(frozen=True, slots=True)
class _Given:
    """What a chain is made whole from."""

    path: Path
    charter: Charter
    genesis: Genesis
    asked: Asked
    pen: Yielding | None


@dataclass(frozen=True, slots=True)
class _Built:
    """A whole chain in a file of its own."""

    fresh: Path
    height: int
    header: Cid
    fetched: tuple[int, ...]
    kept: int
    left: tuple[Left, ...]

    def told(self, damaged: Path | None) -> Repaired:
        return Repaired(self.height, self.fetched, self.kept, damaged, self.left)


def _build(given: _Given, trusted: int | None) -> _Built:
    """Make the whole chain in a file beside the own one."""
    fork = None
    while True:
        found = _try(given, trusted, fork)
        if isinstance(found, _Built):
            return found
        # What ran already cannot be taken back: the file is begun anew, and ends where they part.
        fork, trusted = found, found.height


def _try(given: _Given, trusted: int | None, fork: Fork | None) -> _Built | Fork:
    """Make the whole chain, or return where own blocks left what a quorum has signed."""
    path, genesis, asked = given.path, given.genesis, given.asked
    fresh = path.with_name(path.name + ".repair")
    _remove(fresh)
    replica = Replica.create(fresh, genesis.data, genesis.members.data, given.charter)
    try:
        with _own_rows(path) as rows:
            signed = given.pen.height if given.pen is not None else 0
            refill = _Refill(replica, rows, asked, trusted, signed)
            parted = refill.run()
            if parted is not None and not parted.is_dead:
                # Names under the others' blocks fit none of these, and nobody is left out for it.
                keep_lines(replica, rows, Asked(asked.link, asked.names()))
                check_unsigned(replica, parted)
                return parted
            if parted is None:
                keep_lines(replica, rows, asked)
            keep_engine(replica, rows)
            check_heads(asked, Witnesses(replica), replica)
            if given.pen is not None:
                # Before the file is another: a pen that let go goes with either.
                let_go(given.pen, replica, rows, parted or fork, asked.link.member)
        tip = replica.tip
    finally:
        replica.close()
    return _Built(fresh, tip.height, tip.cid, tuple(refill.fetched), refill.kept, asked.left())


def _remove(path: Path) -> None:
    for suffix in ("", *JOURNALS):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


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


class _Refill:
    """Runs own blocks while they hold, and others' where not.

    Args:
        replica: the new file's chain.
        rows: the own file's, None where it cannot be read at all.
        asked: the others.
        trusted: up to which height own blocks count; None for all.
        signed: the last height that the member has signed, 0 if none is known.
    """

    def __init__(
        self, replica: Replica, rows: Rows | None, asked: Asked, trusted: int | None, signed: int
    ) -> None:
        self._replica = replica
        self._witnesses = Witnesses(replica)
        self._rows = rows
        self._asked = asked
        own = _own_height(rows)
        self._own = own if trusted is None else min(own, trusted)
        # What was left to others' blocks is let go of by that.
        self._last = max(self._own, signed) if trusted is None else self._own
        self.fetched: list[int] = []
        self.kept = 0

    def run(self) -> Fork | None:
        """Go as far as own blocks hold, or enough members have signed.

        Returns:
            Where own blocks left what a quorum has signed, if they did: then it went no further,
            unless the blocks that were left run nowhere.

        Raises:
            Unavailable: `ledger.no_source`, a block that is known to be there comes from nobody.
        """
        claims: list[Claim] = []
        link, has_moved = self._asked.link, True
        while has_moved:
            has_moved = self._run_own()
            if has_moved and (fork := find_fork(link, self._asked.names(), self._replica)):
                return fork
            # Others write meanwhile: what lacks is judged by the claims that led nowhere.
            claims = self._claims()
            has_moved |= any(self._follow(claim) for claim in claims)
        claimed = max([claim.height for claim in claims], default=0)
        known, tip = max(self._own, claimed), self._replica.tip.height
        dead = self._find_dead_end() if self._last > tip >= claimed else None
        if dead is None and (tip < known or not (tip or self._asked.names())):
            raise self._no_source(known)
        return dead

    def _find_dead_end(self) -> Fork | None:
        """Return where own blocks that do not run begin; None if others may hold them."""
        asked, replica, rows = self._asked, self._replica, self._rows
        keep_lines(replica, rows, asked)
        return find_dead_end(asked.link, asked.names(), replica, rows, self._last)

    def _run_own(self) -> bool:
        """Run own blocks while they hold, and one that the next own names; True if any ran."""
        begun = self._replica.tip.height
        while (height := self._replica.tip.height + 1) <= self._own:
            if _accept_own(self._replica, self._rows, height):
                self.kept += 1
                continue
            named = self._named(height)
            if named is None or not self._fetch_named(Way(height - 1, height, named.digest)):
                break
        return self._replica.tip.height > begun

    def _fetch_named(self, way: Way) -> bool:
        """Run the block that an own one names; False if nobody gives it.

        Then it may be of blocks that nobody went on from, and nobody lied who gave another.
        """
        trial = Asked(self._asked.link, self._asked.names())
        if not self._fetch(way, trial):
            return False
        self._asked.join(trial)
        return True

    def _named(self, height: int) -> Cid | None:
        """Return the header of an own block that is damaged, by the next one, else by itself."""
        if self._rows is None:
            return None
        with contextlib.suppress(Error):
            found: Cid = layout.header_fields(self._rows.header(height + 1))["prev"]
            return found
        with contextlib.suppress(Error):
            return cid_of(self._rows.header(height))
        return None

    def _claims(self) -> list[Claim]:
        return list_claims(self._asked, self._witnesses, self._replica)

    def _follow(self, claim: Claim) -> bool:
        """Take the blocks that lead to a claim from whoever gives them; False if none came."""
        begun = self._replica.tip.height
        try:
            way = find_way(self._asked.link, claim, self._replica.tip)
        except Error as error:
            self._asked.leave(claim.member, error)
            return False
        while (height := self._replica.tip.height + 1) <= way.last:
            if height <= self._own and _accept_own(self._replica, self._rows, height, way):
                self.kept += 1
            elif not self._fetch(way):
                return self._leap() or self._replica.tip.height > begun
        # What a quorum signed of a claim may be below the own tip: nothing came then.
        return self._replica.tip.height > begun

    def _fetch(self, way: Way, asked: Asked | None = None) -> bool:
        """Run the next blocks of a way; False if nobody gives one."""
        height = self._replica.tip.height + 1
        # Own blocks follow a damaged one; where there are none, as many as come are taken.
        count = 1 if height < self._own else way.last - height + 1
        taken = fetch_way(
            asked or self._asked, way, height, count, lambda _, data: self._replica.accept(data)
        )
        self.fetched += range(height, height + taken)
        return taken > 0

    def _leap(self) -> bool:
        """Go on from a state where nobody holds the next block any more: the own, else another's.

        Own bodies above it are run as ever; own ones below are kept, and others give theirs.
        """
        with keeping_floor(self._replica, self._rows):
            if not (leap_own(self._replica, self._rows, self._asked) or self._leap_theirs()):
                return False
            self.kept += keep_bodies(self._replica, self._rows)
            self.fetched += fetch_missing(self._replica, self._asked)
        return True

    def _leap_theirs(self) -> bool:
        for name in self._asked.names():
            # Whatever one says against it, another may have it.
            with contextlib.suppress(Error):
                leap(self._replica, self._asked.link, name)
                return True
        return False

    def _no_source(self, known: int) -> Unavailable:
        height = self._replica.tip.height + 1
        return Unavailable(
            "ledger.no_source",
            f"no own block and no peer's fits at height {height} of {known}",
            cure="Reach more members, or give a copy of the file.",
            height=height,
        )


def _own_height(rows: Rows | None) -> int:
    """Return the greatest height of the own blocks that a header there tells too."""
    if rows is None:
        return 0
    query = "SELECT height, header FROM block ORDER BY height DESC LIMIT ?"
    with contextlib.suppress(Error):
        for height, header in rows.database.rows(query, (ROWS_READ_MAX,)):
            with contextlib.suppress(Error, TypeError):
                if layout.header_fields(header)["height"] == height:
                    return int(height)
    # The page of the last rows is damaged: the head, on another one, may tell.
    with contextlib.suppress(Error):
        return rows.head()[0]
    return 0


def _accept_own(replica: Replica, rows: Rows | None, height: int, way: Way | None = None) -> bool:
    """Run an own block, if it holds, and is the one of a way that enough signed."""
    if rows is None:
        return False
    try:
        header, body = rows.block(height)
        if way is not None and layout.header_cid(header).digest != way.digest(height):
            return False
        replica.accept(layout.join_block(header, body))
    except (Corrupt, NotFound, InvalidBlock):
        return False
    return True


def _swap(path: Path, fresh: Path) -> Path | None:
    """Put the new file in the old one's place; the old one, if any, is kept under a free name."""
    aside = put_aside(path)
    fresh.replace(path)
    sync_path(path.parent)
    return aside
