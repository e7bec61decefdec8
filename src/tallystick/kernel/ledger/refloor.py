"""What a repair takes over from a file whose old bodies nobody holds any more.

Laws: the own state at the floor counts where the header of its height, to which a quorum's names
lead, commits to it; an own body counts where it is the header's and the log's, whatever else of its
row is damaged; what the repaired file then lacks, others are asked for.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from tallystick.base.errors import Error, NotFound
from tallystick.chain.checkpoint import COSIGNATURES_MAX, write_note
from tallystick.chain.span import Span, check_body
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.bodies import fetch_bodies, fill_bodies
from tallystick.kernel.ledger.claim import Asked
from tallystick.kernel.ledger.floor import state_file
from tallystick.kernel.ledger.giver import LinkGiver
from tallystick.kernel.ledger.kept import newest_note
from tallystick.kernel.ledger.leap import leap_from
from tallystick.kernel.ledger.offer import PART_BYTES, Handover
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import write_fact
from tallystick.kernel.store.database import Database

__all__ = ["fetch_missing", "keep_bodies", "keeping_floor", "leap_own"]

SPANS_TOGETHER: Final = 256
BYTES_TOGETHER: Final = 8 * 2**20
"""So many bytes of bodies are kept by one transaction."""


@dataclass(frozen=True, slots=True)
class _OwnLead:
    """What leads to the own floor, by the rows of the own file."""

    rows: Rows
    name: str = "the own file"

    def note(self) -> bytes:
        """Return the newest note of it that a quorum signed."""
        found = newest_note(self.rows)
        if found is None:
            raise _no_floor("no quorum's names stand in the own file")
        return found[1]

    def handover(self, above: int) -> Handover | None:
        """Return the first change of the list beyond a height."""
        for height in self.rows.handovers():
            if height > above:
                lines = list(self.rows.cosignatures(height).values())[:COSIGNATURES_MAX]
                note = write_note(self.rows.body(height, self.rows.genesis()), lines)
                return Handover(self.rows.header(height), self.rows.span(height).members, note)
        return None

    def spans(self, first: int) -> Sequence[Span]:
        """Return its spans from a height on, up to the head."""
        last = min(self.rows.head()[0], first + SPANS_TOGETHER - 1)
        return [self.rows.span(height) for height in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class _OwnFloor:
    """Gives the own state at the floor; what leads to it, the own file or another member."""

    height: int
    path: Path
    lead: _OwnLead | LinkGiver

    @property
    def name(self) -> str:
        """Who leads to it."""
        return self.lead.name

    def offer(self, above: int) -> tuple[int, int]:
        """Return the floor and the size of its state."""
        if self.height <= above or not self.path.is_file():
            raise _no_floor(f"no own state beyond height {above}")
        return self.height, self.path.stat().st_size

    def part(self, height: int, offset: int) -> bytes:
        """Return bytes of the own state."""
        del height
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(PART_BYTES)

    def note(self) -> bytes:
        """Return the newest note of who leads."""
        return self.lead.note()

    def handover(self, above: int) -> Handover | None:
        """Return the first change of the list that who leads tells of."""
        return self.lead.handover(above)

    def spans(self, first: int) -> Sequence[Span]:
        """Return spans of who leads."""
        return self.lead.spans(first)


def leap_own(replica: Replica, rows: Rows | None, asked: Asked) -> bool:
    """Begin from the own state at the floor, if that is sound and beyond the tip; False if not.

    Args:
        replica: the new file's chain, beside the own file.
        rows: the own file's, None where it cannot be read at all.
        asked: who may lead to it where the own rows do not.
    """
    if rows is None:
        return False
    leads: list[_OwnLead | LinkGiver] = [
        _OwnLead(rows),
        *(LinkGiver(asked.link, name) for name in asked.names()),
    ]
    for lead in leads:
        # Whatever is wrong with one, another may lead there.
        with contextlib.suppress(Error):
            floor = rows.floor()
            if floor <= replica.tip.height:
                return False
            leap_from(replica, _OwnFloor(floor, state_file(replica.path, floor), lead))
            return True
    return False


@contextlib.contextmanager
def keeping_floor(replica: Replica, rows: Rows | None) -> Iterator[None]:
    """Keep the state at the own file's floor, whichever floors the new file has in between.

    Until the new file takes its place the own one stands on it, and afterwards the one put aside.
    """
    floor = 0
    with contextlib.suppress(Error):
        floor = rows.floor() if rows is not None else 0
    place = state_file(replica.path, floor)
    spare = place.with_name(f"own-{place.name}.part")
    if spare.exists() and not place.exists():
        # An earlier repair was killed here.
        spare.replace(place)
    spare.unlink(missing_ok=True)
    if place.is_file():
        _link(place, spare)
    try:
        yield
    finally:
        if spare.exists() and not place.exists():
            spare.replace(place)
        spare.unlink(missing_ok=True)


def _link(place: Path, spare: Path) -> None:
    """Give a file another name, or copy it where a file has one name alone."""
    try:
        os.link(place, spare)
    except OSError:
        shutil.copyfile(place, spare)


def keep_bodies(replica: Replica, rows: Rows | None) -> int:
    """Take the own bodies over that the new file, which has a floor, lacks; return how many.

    What the own file gave away for good stays given away.
    """
    if rows is None:
        return 0
    kept, size, held = 0, 0, list[bytes]()
    for height in range(1, replica.floor + 1):
        data = b"" if replica.holds(height) else _own_block(replica, rows, height)
        if data:
            held.append(data)
            size += len(data)
        if size >= BYTES_TOGETHER:
            kept += fill_bodies(replica, held)
            size, held = 0, []
    kept += fill_bodies(replica, held)
    with contextlib.suppress(Error):
        facts = {name: rows.fact(name) for name in ("pruned", "archived")}
        if 0 < rows.pruned() <= replica.floor and facts["archived"] is not None:
            replica.keep(partial(_write_facts, facts))
    return kept


def _write_facts(facts: dict[str, Any], database: Database) -> None:
    for name, value in facts.items():
        write_fact(database, name, value)


def _own_block(replica: Replica, rows: Rows, height: int) -> bytes:
    """Return the own block of a height, if its body is the proven header's; else b""."""
    span = replica.span(height)
    try:
        body = rows.database.value("SELECT body FROM block WHERE height = ?", (height,))
        if type(body) is not bytes or not body:
            return b""
        data = layout.join_block(span.header, body)
        check_body(data, span.header, span.tids)
    except Error:
        return b""
    return data


def fetch_missing(replica: Replica, asked: Asked) -> list[int]:
    """Fetch bodies that are missing and were not given away for good; return the heights.

    Args:
        replica: a chain at whose floor nobody else writes.
        asked: the members; who gives another body than the header's is asked no more for bodies.
    """
    before = replica.holes(replica.tip.height)
    for name in asked.names():
        try:
            while fetch_bodies(replica, asked.link, name):
                pass
        except Error as error:
            asked.tell(name, error)
    return sorted(set(before) - set(replica.holes(replica.tip.height)))


def _no_floor(why: str) -> NotFound:
    return NotFound("ledger.no_offer", why, cure="Ask another member.")
