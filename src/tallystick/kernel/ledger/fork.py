"""Where a copy left the chain that the members went on with, and what its pen then lets go of.

Laws: own blocks are left behind only for a head that a quorum of the list in force where the two
part has signed, with headers that lead to it from there without a gap; and never where more than a
third have signed one of them: both then bear an honest member's name, which people must settle. Own
blocks that do not run, or are lost, are left behind too where a quorum, all of whom have signed
this chain, answers that it stands no further, under the same condition. No word of fewer members
drops anything. A pen lets go of its last signature only where a quorum signed another block there
or knows of none, and signs nothing of its height or size again (`kernel.ledger.pen`).
Limits: asking a member that agrees takes two questions; one that does not, some twenty and headers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Error
from tallystick.chain import schema
from tallystick.chain.block import Tip
from tallystick.chain.checkpoint import Body, read_stated
from tallystick.chain.member import quorum
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.claim import Claim, Way, find_way, is_backed
from tallystick.kernel.ledger.giver import LinkGiver
from tallystick.kernel.ledger.leap import find_lead
from tallystick.kernel.ledger.offer import ask_spans
from tallystick.kernel.ledger.peer import LINE_HEIGHTS, ask_blocks, ask_note
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.link.base import Link

__all__ = [
    "Fork",
    "Yielding",
    "check_unsigned",
    "find_dead_end",
    "find_fork",
    "is_held_by",
    "let_go",
    "size_signed",
]


@dataclass(frozen=True, slots=True)
class Fork:
    """Where the own copy and what a quorum signed part.

    Attributes:
        member: who showed it; the own one, of own blocks that run nowhere.
        height: of the last block that both hold.
        header: of that block; genesis' at height 0.
        last: the height that the quorum signed.
        is_dead: whether no block is left to run of those that the own copy went on with.
    """

    member: str
    height: int
    header: Cid
    last: int
    is_dead: bool = False


class Yielding(Protocol):
    """What a pen is to whoever finds its last signature left behind."""

    @property
    def height(self) -> int:
        """The last height signed, 0 if none was."""

    @property
    def header(self) -> Cid | None:
        """The header signed at that height, None if none was."""

    def yield_to(self, height: int, header: Cid, size: int) -> None:
        """Let go of what was signed beyond a height, and sign nothing of it anew."""


def find_fork(link: Link, names: Iterable[str], replica: Replica) -> Fork | None:
    """Return where the own copy left what a quorum has signed, None if nobody shows that it did.

    Args:
        link: to the members.
        names: whom to ask.
        replica: the own copy, run up to its tip.
    """
    for name in names if replica.tip.height else ():
        # Who is away, lies or shows too few names proves nothing: another may.
        with contextlib.suppress(Error):
            found = _find(link, name, replica)
            if found is not None:
                return found
    return None


def _find(link: Link, name: str, replica: Replica) -> Fork | None:
    """Return the fork that one member shows, proven by the quorum's names and headers."""
    note = ask_note(link, name)
    stated = read_stated(note)
    top = min(replica.tip.height, stated.height)
    if _is_same(link, name, replica, top, stated):
        return None
    begun = _tip_at(replica, _last_common(link, name, replica, top))
    lead = find_lead(LinkGiver(link, name), begun)
    if lead.last <= begun.height:
        return None
    way = find_way(link, Claim(name, lead.last, lead.marks[lead.last]), begun)
    if any(way.digest(height) != mark.digest for height, mark in lead.marks.items()):
        return None
    # The member alone said where the two part; by the headers it may be later, or nowhere.
    height = _last_on(replica, way)
    if height == min(replica.tip.height, lead.last):
        return None
    return Fork(name, height, cid_of(replica.header(height)), lead.last)


def _is_same(link: Link, name: str, replica: Replica, height: int, stated: Body) -> bool:
    if height == stated.height:
        return cid_of(replica.header(height)) == stated.header
    return _holds(link, name, replica, height)


def _holds(link: Link, name: str, replica: Replica, height: int) -> bool:
    """Tell whether a member says that it holds the own block of a height."""
    spans = ask_spans(link, name, height)
    return bool(spans) and cid_of(spans[0].header) == cid_of(replica.header(height))


def _last_common(link: Link, name: str, replica: Replica, top: int) -> int:
    """Return the greatest height below `top` of which a member says that it holds the own block."""
    low, high = 0, top
    while high - low > 1:
        middle = (low + high) // 2
        if _holds(link, name, replica, middle):
            low = middle
        else:
            high = middle
    return low


def _tip_at(replica: Replica, height: int) -> Tip:
    """Return the tip as far as a lead and a way ask for it, as it was at an earlier height."""
    header = cid_of(replica.header(height))
    return replace(replica.tip, height=height, cid=header, members=replica.members(height + 1))


def _last_on(replica: Replica, way: Way) -> int:
    height, top = way.begun, min(replica.tip.height, way.last)
    while height < top and cid_of(replica.header(height + 1)).digest == way.digest(height + 1):
        height += 1
    return height


def is_held_by(link: Link, name: str, replica: Replica) -> bool:
    """Tell whether a member says that it holds the own newest block; False if it says nothing."""
    with contextlib.suppress(Error):
        return _holds(link, name, replica, replica.tip.height)
    return False


def check_unsigned(replica: Replica, fork: Fork) -> None:
    """Refuse to leave blocks behind that more than a third of the members have signed.

    Args:
        replica: the own copy, with all names that are known under its blocks.
        fork: from where on they would be left behind.

    Raises:
        Conflict: `ledger.forked`.
    """
    for height in range(fork.height + 1, replica.tip.height + 1):
        if is_backed(replica, height, replica.cosignatures(height), ()):
            raise Conflict(
                "ledger.forked",
                f"{fork.member} shows another chain from height {fork.height + 1} on, signed by"
                f" two thirds, and more than a third have signed the own block {height}",
                cure="tally verify, and compare with all members.",
                member=fork.member,
                height=height,
            )


def find_dead_end(
    link: Link, names: Iterable[str], replica: Replica, rows: Rows | None, last: int
) -> Fork | None:
    """Return where the own copy left what is left of the chain, None where too few confirm its end.

    Args:
        link: to the members.
        names: whom to ask.
        replica: the chain as far as any block runs, with all names that are known under it.
        rows: of the own file, which goes on with what does not run; None if it cannot be read.
        last: the height of the own file, or what its member has signed beyond that.
    """
    tip = replica.tip
    common = tip.height if rows is None else _last_shared(replica, rows)
    if rows is not None and _is_signed_beyond(replica, rows, range(common + 1, last + 1)):
        return None
    voices = tip.members.voices(tip.height + 1)
    ended = {name for name in names if _ends_by(link, name, tip.height)} - {link.member}
    if len(ended & _signers(replica)) < quorum(voices):
        return None
    return Fork(link.member, common, cid_of(replica.header(common)), tip.height, is_dead=True)


def _last_shared(replica: Replica, rows: Rows) -> int:
    """Return the last height at which the own file is known to hold the chain's block."""
    for height in range(replica.tip.height, 0, -1):
        with contextlib.suppress(Error):
            if cid_of(rows.header(height)) == cid_of(replica.header(height)):
                return height
    return 0


def _is_signed_beyond(replica: Replica, rows: Rows, heights: range) -> bool:
    """Tell whether more than a third have signed an own block that the chain does not hold.

    Names count unchecked: what they stand under may be damaged.
    """
    signed: dict[int, set[str]] = {}
    height = heights.start
    while height in heights:
        try:
            found, then = rows.lines(height, LINE_HEIGHTS)
        except Error:
            # A page of them is damaged: what is beyond it may be read.
            found, then = [], height + 1
        for at, member, _ in found:
            if at > replica.tip.height or member not in replica.cosignatures(at):
                signed.setdefault(at, set()).add(member)
        height = then
    return any(is_backed(replica, at, names, ()) for at, names in signed.items())


def _ends_by(link: Link, name: str, height: int) -> bool:
    """Tell whether a member says that it holds nothing beyond a height."""
    with contextlib.suppress(Error):
        found = ask_blocks(link, name, height + 1, 1)
        return found.height <= height and not found.blocks
    return False


def _signers(replica: Replica) -> set[str]:
    """Return who is known to have signed some height of this chain."""
    found: set[str] = set()
    for height in range(replica.tip.height, 0, -1):
        found |= replica.cosignatures(height).keys()
        if len(found) >= replica.tip.members.voices(replica.tip.height + 1):
            break
    return found & replica.tip.members.by_name.keys()


def size_signed(replica: Replica, pen: Yielding, base: int) -> int:
    """Return the log's size at the last height signed, or more than it can be where it is not held.

    Args:
        replica: the own copy.
        pen: what signed.
        base: a height up to which what was signed is on this copy, if it reaches so far.
    """
    height, tip = pen.height, replica.tip
    if 0 < height <= tip.height and cid_of(replica.header(height)) == pen.header:
        return replica.body(height).size
    below = min(base, tip.height)
    begun = replica.body(below).size if below else 0
    return begun + (height - below) * schema.BLOCK_TRANSACTIONS_MAX


def let_go(
    pen: Yielding, replica: Replica, rows: Rows | None, fork: Fork | None, member: str
) -> None:
    """Let a pen's last signature go, where a quorum signed another block than it did.

    Args:
        pen: the member's.
        replica: its chain as it is to be, with all names that are known.
        rows: of its file as it was, None where that cannot be read.
        fork: where the file left what a quorum signed, if it is known to have.
        member: whose pen it is.
    """
    if pen.header is None:
        return
    height, own = pen.height, _own_size(rows, pen)
    is_left = fork is not None and (own is not None or fork.is_dead) and height > fork.height
    if height <= replica.tip.height:
        if cid_of(replica.header(height)) == pen.header or not _is_witnessed(replica, height):
            return
    elif not is_left:
        # Nothing tells whose block it signed there: the chain is behind its signature.
        return
    if fork is not None and fork.height < height:
        below = fork.height
    else:
        below = _last_signed(replica, member, height)
    if own is None:
        own = size_signed(replica, pen, below)
    pen.yield_to(below, cid_of(replica.header(below)), own)


def _last_signed(replica: Replica, member: str, height: int) -> int:
    """Return the last height below one that bears a member's name: up to it, it held this chain."""
    signed = (at for at in range(height - 1, 0, -1) if member in replica.cosignatures(at))
    return next(signed, 0)


def _own_size(rows: Rows | None, pen: Yielding) -> int | None:
    """Return the log's size at the block that a pen signed last, None where it is not held."""
    if rows is None:
        return None
    with contextlib.suppress(Error):
        header = rows.header(pen.height)
        if cid_of(header) == pen.header:
            return int(layout.header_fields(header)["log_size"])
    return None


def _is_witnessed(replica: Replica, first: int) -> bool:
    """Tell whether a quorum has signed a height from `first` on."""
    return any(
        len(replica.cosignatures(height)) >= quorum(replica.members(height).voices(height))
        for height in range(replica.tip.height, first - 1, -1)
    )
