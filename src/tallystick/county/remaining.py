"""What a repaired chain leaves of what hangs on its bodies: which are gone, and what of the views.

Law: views stay where the repaired chain bears them out, and, damaged, where nobody gives the bodies
to fold them anew from; whatever nobody gives any more is named, and that nobody told at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from tallystick.base.codec import Cid
from tallystick.base.errors import Error, Unavailable
from tallystick.charter import CHARTER
from tallystick.kernel.ledger.bodies import fetch_block, fetch_bodies
from tallystick.kernel.ledger.finding import Finding, finding_of
from tallystick.kernel.ledger.layout import header_cid
from tallystick.kernel.ledger.pen import read_signed
from tallystick.kernel.ledger.repair import Repaired
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import write_fact
from tallystick.kernel.link.base import Link
from tallystick.kernel.store.database import Database

__all__ = [
    "NOBODY_HOLDS",
    "UNASKED",
    "bears_out",
    "can_fold",
    "fill_holes",
    "find_lost",
    "find_unasked",
    "find_unfoldable",
    "mark_lost",
]

NOBODY_HOLDS: Final = "nobody who was asked holds"
UNASKED: Final = "no other member gave an answer that counts: "
_VIEWS: Final = "views.db"


def bears_out(home: Path, damaged: Path | None) -> bool | None:
    """Tell whether the views are of the chain that stands now; None where nothing tells.

    Args:
        home: the member's folder.
        damaged: the chain's file that they were folded from, put aside; None where it is gone.
    """
    height = _views_height(home)
    if height is None:
        return None
    if not height:
        return True
    own = _header_at(home / "ledger.db", height)
    before = None if damaged is None or own is None else _header_at(damaged, height)
    if own is None or before is not None:
        return own is not None and own == before
    with contextlib.suppress(Error):
        # Its row is damaged: the member signed a later head, of which the views are a part.
        signed = read_signed(home / "signed.bin")
        if signed is not None and signed.height >= height:
            return _header_at(home / "ledger.db", signed.height) == signed.header
    return None


def _header_at(ledger: Path, height: int) -> Cid | None:
    try:
        with contextlib.closing(Database.read(ledger)) as database:
            return header_cid(Rows(database).header(height))
    except Error:
        return None


def _views_height(home: Path) -> int | None:
    """Return the height of the views, 0 where there are none; None where they cannot be read."""
    if not (home / _VIEWS).is_file():
        return 0
    try:
        with contextlib.closing(Database.read(home / _VIEWS)) as database:
            found = database.value("SELECT height FROM fold")
    except Error:
        return None
    return found if type(found) is int else None


def can_fold(home: Path, link: Link, begun: int = 0) -> bool:
    """Tell whether views can be folded from a height on, from own bodies and the others'."""
    return next(_find_unfolded(home, link, begun), None) is None


def _find_unfolded(home: Path, link: Link, begun: int) -> Iterator[int]:
    """Yield the heights beyond one whose bodies neither this member nor another gives."""
    with _opened(home) as replica:
        for height in range(begun + 1, replica.floor + 1):
            if not replica.holds(height) and not fetch_block(replica, link, height):
                yield height


@contextlib.contextmanager
def _opened(home: Path) -> Iterator[Replica]:
    replica = Replica.open(home / "ledger.db", CHARTER)
    try:
        yield replica
    finally:
        replica.close()


def fill_holes(home: Path, link: Link) -> int:
    """Fetch the bodies that are missing and were not given away for good; return how many came."""
    count = 0
    with _opened(home) as replica:
        for name in link.peers() if replica.holes(1) else ():
            # Whatever is wrong with one, another may have them.
            with contextlib.suppress(Error):
                while found := fetch_bodies(replica, link, name):
                    count += found
    return count


def mark_lost(home: Path) -> None:
    """Keep in a repaired file that bodies were asked for in vain: else they pass for on their way.

    Args:
        home: the member's folder, at rest, its chain repaired, and `fill_holes` done.
    """
    with _opened(home) as replica:
        holes = replica.holes(replica.tip.height)
        if holes:
            replica.keep(lambda database: write_fact(database, "lost", holes[-1]))


def find_lost(home: Path) -> Iterator[Finding]:
    """Yield the bodies that a repair found nobody to give, as long as they are missing."""
    lost: list[int] = []
    # What has no reading is the audit's to name.
    with (
        contextlib.suppress(Error),
        contextlib.closing(Database.read(home / "ledger.db")) as database,
    ):
        lost = Rows(database).lost()
    for first, last in _runs(lost):
        which = f"bodies of blocks {first} to {last}" if last > first else f"body of block {first}"
        yield Finding(first, "body", f"{NOBODY_HOLDS} the {which}")


def find_unfoldable(home: Path, link: Link, *, anew: bool) -> Iterator[Finding]:
    """Yield that views cannot be folded on, if nobody who was asked gives the bodies they need.

    Args:
        home: the member's folder, at rest, its chain repaired.
        link: to the other members.
        anew: the views are to be folded from the beginning, not only from where they stand.
    """
    begun = 0 if anew else _views_height(home) or 0
    for height in _find_unfolded(home, link, begun):
        whence = f"beyond height {begun}" if begun else "anew"
        why = f"it cannot be folded {whence}: {NOBODY_HOLDS} the body of block {height}"
        yield Finding(height, _VIEWS, why)
        return


def find_unasked(link: Link, repaired: Repaired, others: Collection[str]) -> Iterator[Finding]:
    """Yield that nobody told whether the chain goes on, where others are elsewhere and none did.

    Args:
        link: to the other members.
        repaired: what the repair did, with all that it left out.
        others: the other members, none of whose folders is here.
    """
    silent = {each.member: each.code for each in repaired.left}
    if not others or repaired.fetched or not silent.keys() >= set(link.peers()):
        return
    told = {name: silent.get(name, "member.elsewhere") for name in sorted({*others, *silent})}
    named = ", ".join(f"{name} ({code})" for name, code in told.items())
    error = Unavailable(
        "ledger.unasked",
        f"{UNASKED}{named}",
        cure="Let one of the members named answer, then tally repair again.",
    )
    yield finding_of(error, -1, "ledger.db")


def _runs(heights: list[int]) -> Iterator[tuple[int, int]]:
    """Yield ascending heights as the ends of what hangs together."""
    first = last = -1
    for height in heights:
        if height != last + 1 and first >= 0:
            yield first, last
        if height != last + 1 or first < 0:
            first = height
        last = height
    if first >= 0:
        yield first, last
