"""A member that was away takes the state at a later height over, instead of running all blocks.

Laws: what comes is shown to be the chain's before any of it is kept: headers lead without a gap
from the own tip to one that a quorum has cosigned, through every list of members on the way, each
change cosigned by a quorum of the list before it; log and lists follow from the headers, the state
from the header of its height. What is believed is that quorum's word that the blocks between run:
so this member cosigns none of them, and what it answers stands on a floor (`kernel.ledger.floor`)
until their bodies have come and were run. All of it is one transaction: a failure changes nothing.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tallystick.base.codec import cid_of, encode
from tallystick.base.errors import Conflict, Invalid, Unavailable
from tallystick.chain.block import Tip
from tallystick.chain.checkpoint import read_note, read_stated, verify_checkpoint, write_note
from tallystick.chain.snapshot import Snapshot, verify_snapshot
from tallystick.chain.span import follow_span
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.ledger.bodies import keep_floor
from tallystick.kernel.ledger.floor import Below, state_file
from tallystick.kernel.ledger.offer import ask_offer, ask_part, ask_spans
from tallystick.kernel.ledger.peer import ask_note
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.tables import (
    write_block,
    write_cosignatures,
    write_log,
    write_state,
)
from tallystick.kernel.ledger.witness import split_note
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_folder

__all__ = ["leap"]

ROOM: Final = 4
"""The file, the rows in the journal and in the file, and as much to spare."""
_PAIRS_TOGETHER: Final = 4_096


def leap(replica: Replica, link: Link, source: str) -> int:
    """Take over the state that a member offers beyond the own tip; return the height reached.

    Args:
        replica: the own chain; nobody else writes it.
        link: to the source.
        source: the member who is asked for everything.

    Raises:
        NotFound: `ledger.no_offer`, it offers nothing later.
        Unavailable: `ledger.bad_offer`, what came is not the chain's, or the link failed; nothing
            was kept, and another member may have it.
    """
    with replica.held():
        begun = replica.tip
        height, size = ask_offer(link, source, begun.height)
        note = ask_note(link, source)
        part = replica.path.with_name("leap.part")
        try:
            witnessed = read_stated(note).height
            if witnessed < height:
                raise _bad(source, "no quorum has cosigned so far yet")
            _fetch_state(link, source, height, size, part)

            def write(database: Database) -> None:
                _take_over(database, part, _Way(link, source, begun, note), (height, witnessed))

            place = state_file(replica.path, height)
            replica.rewrite(write, lambda: _move(part, place))
        except (Invalid, Contradicted, Missing, Conflict) as error:
            raise _bad(source, error.message) from error
        finally:
            part.unlink(missing_ok=True)
        return replica.tip.height


def _bad(source: str, why: str) -> Unavailable:
    return Unavailable(
        "ledger.bad_offer",
        f"what {source} offers is not shown to be the chain's: {why}",
        cure="Ask another member, or follow by blocks.",
        member=source,
    )


def _move(part: Path, place: Path) -> None:
    part.replace(place)
    sync_folder(place.parent)


def _fetch_state(link: Link, source: str, height: int, size: int, part: Path) -> None:
    """Copy the offered file; who sends more or less than was said is refused."""
    free = shutil.disk_usage(part.parent).free
    if size * ROOM > free:
        raise Unavailable(
            "ledger.snapshot_disk",
            f"a state of {size} bytes takes {size * ROOM} to be taken over, {free} are free",
            cure="Make room on the disk.",
        )
    try:
        with part.open("wb") as file:
            while (at := file.tell()) < size:
                data = ask_part(link, source, height, at)
                if not data or at + len(data) > size:
                    raise _bad(source, f"its state has not the {size} bytes it said")
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            "ledger.snapshot_disk", f"{part.name}: {error.strerror}", cure="Check the disk."
        ) from error


class _Way:
    """The heights from the own tip on, each proven to follow; lists by their quorums' names."""

    def __init__(self, link: Link, source: str, begun: Tip, note: bytes) -> None:
        self._link = link
        self._source = source
        self._note = note
        self.tip = begun
        self.lines: list[tuple[int, str, str]] = []
        """Cosignatures under the heights that changed the list."""

    def follow(self, last: int) -> Iterator[tuple[bytes, Below]]:
        """Yield header and effects of each height up to `last`, which the note is about."""
        while self.tip.height < last:
            spans = ask_spans(self._link, self._source, self.tip.height + 1)
            if not spans:
                raise _bad(self._source, f"it ends at height {self.tip.height}")
            for span in spans[: last - self.tip.height]:
                before, effects = self.tip, follow_span(span, self.tip)
                self.tip = effects.tip
                if self.tip.members.cid != before.members.cid:
                    note = ask_note(self._link, self._source, self.tip.height)
                    self._check(note, before)
                    self._keep_lines(note, before)
                if self.tip.height == last:
                    self._check(self._note, before)
                yield span.header, Below(before, effects)

    def _check(self, note: bytes, before: Tip) -> None:
        """Refuse a note that is not of the present tip, or not cosigned by a quorum of its list."""
        genesis = before.genesis
        found = verify_checkpoint(
            note,
            name=genesis.fields["name"],
            chain=genesis.chain,
            members=before.members,
        )
        if (found.body.height, found.body.header) != (self.tip.height, self.tip.cid):
            raise _bad(self._source, f"its note of height {self.tip.height} is about another")

    def _keep_lines(self, note: bytes, before: Tip) -> None:
        """Keep who signed, each line by itself: what others sent along is not kept."""
        body = read_stated(note)
        for line in split_note(note)[1]:
            found = read_note(
                write_note(body, [line]),
                name=before.genesis.fields["name"],
                chain=before.genesis.chain,
                members=before.members,
            )
            self.lines += [(body.height, member, line) for member in found.signers]


def _take_over(database: Database, part: Path, way: _Way, goal: tuple[int, int]) -> None:
    """Write what stands between the tip and the offer, and the state there."""
    height, witnessed = goal
    header = b""
    for found, below in way.follow(witnessed):
        before, effects = below.before, below.effects
        if effects.tip.height > height:
            # These lead to the quorum's names; their blocks are run as all others are.
            continue
        write_block(database, effects.tip, found, b"")
        write_log(database, before.peaks.size, effects)
        if effects.tip.members.cid != before.members.cid:
            row = (effects.tip.height, effects.tip.members.data)
            database.run("INSERT INTO roster VALUES (?, ?)", row)
        header = found
    write_cosignatures(database, [row for row in way.lines if row[0] <= height])
    snapshot = _write_pairs(database, part, header)
    database.run(
        "REPLACE INTO head VALUES (0, ?, ?, ?)", (height, snapshot.lanes, snapshot.writes_root)
    )
    database.run("DELETE FROM aside WHERE height <= ?", (height,))
    keep_floor(database, height)
    database.run("REPLACE INTO fact VALUES ('leapt', ?)", (encode(height),))


def _write_pairs(database: Database, part: Path, header: bytes) -> Snapshot:
    """Put the state of a file, shown to be a header's, in the place of the own."""
    database.run("DELETE FROM state")
    waiting: dict[bytes, bytes | None] = {}

    def take(key: bytes, value: bytes) -> None:
        waiting[key] = value
        if len(waiting) == _PAIRS_TOGETHER:
            write_state(database, waiting)
            waiting.clear()

    with part.open("rb") as file:
        found = verify_snapshot(file.read, cid_of(header), take)
    write_state(database, waiting)
    return found
