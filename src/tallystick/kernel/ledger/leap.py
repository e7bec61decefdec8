"""A member that was away takes the state at a later height over, instead of running all blocks.

Laws: what comes is shown to be the chain's before any of it is kept. First come the names: each
change of the list cosigned by a quorum of the list before it, and the last height by one of the
newest list; then headers that lead from the own tip through all of these without a gap; log and
lists follow from the headers, the state from the header of its height. What is believed is those
quorums' word that the blocks between run: so this member cosigns none of them, and what it answers
stands on a floor (`kernel.ledger.floor`) until their bodies have come and were run. All of it is
one transaction: a failure changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Corrupt, Denied, Invalid, Unavailable
from tallystick.chain.block import Tip
from tallystick.chain.checkpoint import (
    Body,
    read_note,
    read_stated,
    verify_checkpoint,
    write_note,
)
from tallystick.chain.member import Members
from tallystick.chain.snapshot import Reader, Snapshot
from tallystick.chain.span import Span, follow_span
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.floor import Below, state_file
from tallystick.kernel.ledger.giver import Giver, LinkGiver
from tallystick.kernel.ledger.offer import PART_BYTES
from tallystick.kernel.ledger.pairs import replace_pairs
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.tables import (
    write_block,
    write_cosignatures,
    write_entries,
    write_fact,
    write_log,
)
from tallystick.kernel.ledger.witness import split_note
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_path

__all__ = ["Lead", "find_lead", "leap", "leap_from"]

IDS_TOGETHER: Final = 32 * 2**20
"""So many bytes of ids are held before they are looked up by: in order, they are written once."""
ROOM: Final = 4
"""The file, the rows in the journal and in the file, and as much to spare."""
SPANS_ROOM: Final = 16
"""Likewise for spans, whose ids and nodes of the log take more in the file than on the way."""


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
    return leap_from(replica, LinkGiver(link, source))


def leap_from(
    replica: Replica, giver: Giver, also: Callable[[Database], None] = lambda _: None
) -> int:
    """Take over the state that a giver offers, as `leap` does.

    Args:
        replica: the own chain; nobody else writes it.
        giver: asked for everything, believed in nothing.
        also: writes what an engine keeps of it, in the same transaction.
    """
    with replica.held():
        begun, old = replica.tip, replica.floor
        part = replica.path.with_name("leap.part")
        try:
            height, size = giver.offer(begun.height)
            lead = find_lead(giver, begun)
            if lead.last < height:
                raise _bad(giver.name, "no quorum has cosigned so far yet")
            _fetch_state(giver, height, size, part)

            def write(database: Database) -> None:
                way = _Way(giver, begun, lead)
                way.room = shutil.disk_usage(part.parent).free // SPANS_ROOM
                _take_over(database, part, way, height)
                also(database)

            place = state_file(replica.path, height)
            replica.rewrite(write, lambda: _move(part, place))
        except (Invalid, Contradicted, Missing, Conflict, Corrupt, Denied) as error:
            raise _bad(giver.name, error.message) from error
        finally:
            part.unlink(missing_ok=True)
        if old:
            with contextlib.suppress(OSError):
                state_file(replica.path, old).unlink(missing_ok=True)
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
    sync_path(place.parent)


def _fetch_state(giver: Giver, height: int, size: int, part: Path) -> None:
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
                data = giver.part(height, at)
                # Each part is as long as it can be: who sends it by the byte is not waited for.
                if len(data) != min(PART_BYTES, size - at):
                    raise _bad(giver.name, f"its state has not the {size} bytes it said")
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Unavailable(
            "ledger.snapshot_disk", f"{part.name}: {error.strerror}", cure="Check the disk."
        ) from error


@dataclass(frozen=True, slots=True)
class Lead:
    """What quorums have signed on the way: known before anything else is asked for.

    Attributes:
        marks: headers by height: of each change of the list, and of the last height.
        lines: cosignatures under them, by (height, member).
    """

    marks: Mapping[int, Cid]
    lines: Sequence[tuple[int, str, str]]

    @property
    def last(self) -> int:
        """The greatest height that a quorum has signed."""
        return max(self.marks)


def find_lead(giver: Giver, begun: Tip) -> Lead:
    """Follow the lists of members to the one in force, each named under its predecessor's names.

    Raises:
        Invalid, Conflict, Contradicted, Missing: a note has no reading, or no quorum's names.
        Unavailable: `ledger.bad_offer`, a note or a list is about another height.
    """
    note = giver.note()
    last, above, members = read_stated(note).height, begun.height, begun.members
    marks: dict[int, Cid] = {}
    lines: list[tuple[int, str, str]] = []
    while last > above:
        found = giver.handover(above)
        if found is None or layout.header_fields(found.header)["height"] >= last:
            break
        fields, signed = (
            layout.header_fields(found.header),
            _read_signed(begun, members, found.note),
        )
        if (signed.height, signed.header) != (fields["height"], cid_of(found.header)):
            raise _bad(giver.name, f"its note of height {fields['height']} is about another")
        if signed.height <= above:
            raise _bad(giver.name, f"it names height {signed.height} after {above}")
        lines += _read_lines(begun, members, found.note)
        marks[signed.height] = signed.header
        above, members = signed.height, Members.read(found.members)
        if members.cid != fields["members"]:
            raise _bad(giver.name, f"its list of members is not that of height {above}")
    signed = _read_signed(begun, members, note)
    marks[signed.height] = signed.header
    return Lead(marks, [*lines, *_read_lines(begun, members, note)])


def _read_signed(begun: Tip, members: Members, note: bytes) -> Body:
    """Return what a note states, if a quorum of a list has cosigned it."""
    name, chain = begun.genesis.fields["name"], begun.genesis.chain
    return verify_checkpoint(note, name=name, chain=chain, members=members).body


def _read_lines(begun: Tip, members: Members, note: bytes) -> list[tuple[int, str, str]]:
    """Return who signed, each line by itself: what others sent along is not kept."""
    name, chain, body = begun.genesis.fields["name"], begun.genesis.chain, read_stated(note)
    found = []
    for line in split_note(note)[1]:
        signers = read_note(write_note(body, [line]), name=name, chain=chain, members=members)
        found += [(body.height, member, line) for member in signers.signers]
    return found


class _Way:
    """The heights from the own tip on, each proven to follow, through all that quorums signed."""

    def __init__(self, giver: Giver, begun: Tip, lead: Lead) -> None:
        self._giver = giver
        self.lead = lead
        self.tip = begun
        self.room = 0
        """How many bytes of spans are taken."""

    def follow(self) -> Iterator[tuple[bytes, Below]]:
        """Yield header and effects of each height up to the last that a quorum signed."""
        last, name = self.lead.last, self._giver.name
        while self.tip.height < last:
            spans = self._giver.spans(self.tip.height + 1)
            if not spans:
                raise _bad(name, f"it ends at height {self.tip.height}")
            for span in spans[: last - self.tip.height]:
                self._take_room(span)
                before, effects = self.tip, follow_span(span, self.tip)
                self.tip = tip = effects.tip
                if self.lead.marks.get(tip.height, tip.cid) != tip.cid:
                    raise _bad(name, f"its header {tip.height} is not what was cosigned")
                if tip.members.cid != before.members.cid and tip.height not in self.lead.marks:
                    raise _bad(name, f"it kept back a change of the list at {tip.height}")
                yield span.header, Below(before, effects)

    def _take_room(self, span: Span) -> None:
        self.room -= sum(map(len, (span.header, span.tids, span.codes, span.members)))
        if self.room < 0:
            raise Unavailable(
                "ledger.snapshot_disk",
                f"what leads from height {self.tip.height} on takes more than the disk has free",
                cure="Make room on the disk, or ask another member.",
            )


def _take_over(database: Database, part: Path, way: _Way, height: int) -> None:
    """Write what stands between the tip and the offer, and the state there."""
    header, first, tids = b"", way.tip.peaks.size, bytearray()
    for found, below in way.follow():
        before, effects = below.before, below.effects
        if effects.tip.height > height:
            # These lead to the quorum's names; their blocks are run as all others are.
            continue
        write_block(database, effects.tip, found, b"")
        write_log(database, before.peaks.size, effects)
        tids += b"".join(effects.tids)
        if len(tids) >= IDS_TOGETHER:
            write_entries(database, first, tids)
            first, tids = effects.tip.peaks.size, bytearray()
        if effects.tip.members.cid != before.members.cid:
            row = (effects.tip.height, effects.tip.members.data)
            database.run("INSERT INTO roster VALUES (?, ?)", row)
        header = found
    write_entries(database, first, tids)
    write_cosignatures(database, [row for row in way.lead.lines if row[0] <= height])
    snapshot = _write_pairs(database, part, header)
    database.run(
        "REPLACE INTO head VALUES (0, ?, ?, ?)", (height, snapshot.lanes, snapshot.writes_root)
    )
    database.run("DELETE FROM aside WHERE height <= ?", (height,))
    write_fact(database, "floor", height)
    write_fact(database, "leapt", height)


def _write_pairs(database: Database, part: Path, header: bytes) -> Snapshot:
    """Put the state of a file, shown to be a header's, in the place of the own."""
    with part.open("rb") as file, ThreadPoolExecutor(1) as beside:
        reader = Reader(file.read, cid_of(header))

        def batches() -> Iterator[Sequence[tuple[bytes, bytes]]]:
            for encoded, pairs in reader.batches():
                # Both leave the interpreter to the other for most of their time.
                added = beside.submit(reader.add, encoded)
                yield pairs
                added.result()

        replace_pairs(database, batches())
        return reader.end()
