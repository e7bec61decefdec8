"""What another member claims to hold, and how much of it is shown before any of it is taken.

Laws: a height counts once more than a third of the members have signed it, so that an honest one
has, whoever shows their names, or once this member itself has, as its name is no other's to write;
before a block is asked
for, headers must lead without a gap from the own tip to what was signed; each block must then be
the one that its header names, whoever gives it. Who shows less than it claims, shows another chain
or says nothing is left behind by name with what was wrong, and the next is asked.
Limits: a claim takes three questions; a way takes 32 bytes of memory a height, and is never longer
than what was signed; each answer is bounded by the link, in bytes and in time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Error, Unavailable
from tallystick.chain.block import Tip, read_block
from tallystick.chain.checkpoint import Checkpoint
from tallystick.chain.member import quorum
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.giver import LinkGiver
from tallystick.kernel.ledger.leap import find_lead
from tallystick.kernel.ledger.offer import ask_spans
from tallystick.kernel.ledger.peer import BLOCKS_MAX, ask_blocks, ask_note
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import GRID, Witnesses
from tallystick.kernel.link.base import Link

__all__ = [
    "Asked",
    "Claim",
    "Left",
    "Way",
    "bad_claim",
    "check_heads",
    "fetch_way",
    "find_way",
    "is_backed",
    "list_claims",
]

DIGEST: Final = 32
Accept: TypeAlias = Callable[[str, bytes], object]
"""Runs and keeps a block that a member gave."""


@dataclass(frozen=True, slots=True)
class Left:
    """A member that was left behind.

    Attributes:
        member: who.
        code: of the error: what it said does not hold, or nothing came.
        detail: what was wrong.
    """

    member: str
    code: str
    detail: str


class Asked:
    """Whom there is to ask, in order, and what was wrong with whom.

    Args:
        link: to the members.
        names: whom to ask.
        believed: whose name alone backs a head: this member's own, and whom it follows.
    """

    def __init__(self, link: Link, names: Iterable[str], *, believed: Iterable[str] = ()) -> None:
        self.link = link
        self.believed = frozenset(believed) | {link.member}
        self._names = list(names)
        self._told: dict[str, Left] = {}

    def names(self) -> list[str]:
        """Return who is still asked."""
        return list(self._names)

    def tell(self, member: str, error: Error) -> None:
        """Say what was wrong with a member, which is asked on; the first fault is told."""
        self._told.setdefault(member, Left(member, error.code, error.message))

    def leave(self, member: str, error: Error) -> None:
        """Ask a member no more, since it failed in this way."""
        self.tell(member, error)
        if member in self._names:
            self._names.remove(member)

    def join(self, trial: Asked) -> None:
        """Hold against members what was wrong with them in a trial that began with who is asked."""
        self._names = trial.names()
        for left in trial.left():
            self._told.setdefault(left.member, left)

    def left(self) -> tuple[Left, ...]:
        """Return what was wrong with whom, by name."""
        return tuple(self._told[name] for name in sorted(self._told))


@dataclass(frozen=True, slots=True)
class Claim:
    """A head that a member shows.

    Attributes:
        member: who shows it.
        height: of the head.
        header: of the head.
        names: how many have signed it, as all members together show.
        is_backed: whether that is enough to be believed.
    """

    member: str
    height: int
    header: Cid
    names: int = 0
    is_backed: bool = True


def is_backed(
    replica: Replica, height: int, names: Collection[str], believed: Collection[str]
) -> bool:
    """Tell whether names under a head count: more than a third of the members, or one believed."""
    known = min(height, replica.tip.height + 1)
    voices = replica.members(known).voices(known)
    return any(name in believed for name in names) or len(names) > voices - quorum(voices)


def list_claims(
    asked: Asked, witnesses: Witnesses, replica: Replica, *, least: int = 0
) -> list[Claim]:
    """Return what members show beyond the own tip: the highest that enough have signed first.

    Names under one head count together, whoever shows which. Whoever does not answer, or shows what
    is no note of this chain, is left behind; whoever says that it stands far beyond what is shown
    is told of, and asked on.

    Args:
        asked: the members.
        witnesses: reads notes of the own chain.
        replica: the own chain.
        least: so many names are taken too, after all that enough have signed; 0 for none. For who
            orders: over what it forgot that it had ordered it must not order again.
    """
    shown: dict[tuple[int, Cid], set[str]] = {}
    heads: list[tuple[str, Checkpoint]] = []
    said: dict[str, int] = {}
    for name in asked.names():
        try:
            found, said[name] = _read_heads(asked, witnesses, replica, name)
        except Error as error:
            asked.leave(name, error)
            continue
        heads += [(name, head) for head in found]
        for head in found:
            shown.setdefault((head.body.height, head.body.header), set()).update(head.signers)
    claims = [
        _judge(asked, replica, name, head, shown[head.body.height, head.body.header])
        for name, head in heads
    ]
    claims += _follow_lists(asked, replica, claims)
    _tell_far(asked, said, claims, replica.tip.height)
    kept = [each for each in claims if each.is_backed or each.names >= least > 0]
    return sorted(kept, key=_order)


def _order(claim: Claim) -> tuple[bool, int, int]:
    return not claim.is_backed, 0 if claim.is_backed else -claim.names, -claim.height


def _judge(
    asked: Asked, replica: Replica, name: str, head: Checkpoint, names: Collection[str]
) -> Claim:
    body = head.body
    backed = is_backed(replica, body.height, names, asked.believed)
    return Claim(name, body.height, body.header, len(names), backed)


def _read_heads(
    asked: Asked, witnesses: Witnesses, replica: Replica, name: str
) -> tuple[list[Checkpoint], int]:
    """Return the heads beyond the own tip that a member shows, and where it says that it stands."""
    tip = replica.tip.height
    said = _ask_height(asked.link, name, tip)
    heights = [0, said] if said > tip else [0]
    found = [_ask_head(asked.link, witnesses, name, height) for height in heights]
    return [head for head in found if head is not None and head.body.height > tip], said


def _follow_lists(asked: Asked, replica: Replica, claims: Sequence[Claim]) -> Iterator[Claim]:
    """Yield heads signed by names that the list known here does not tell: others may lead to it."""
    backed = {each.member for each in claims if each.is_backed}
    for name in sorted({each.member for each in claims} - backed):
        with contextlib.suppress(Error):
            marks = find_lead(LinkGiver(asked.link, name), replica.tip).marks
            yield Claim(name, max(marks), marks[max(marks)])


def _tell_far(asked: Asked, said: Mapping[str, int], claims: Sequence[Claim], tip: int) -> None:
    """Tell of members that say much more than is shown, or show what nobody known has signed."""
    for name, height in said.items():
        own = [each for each in claims if each.member == name]
        best = max([each.height for each in own if each.is_backed], default=tip)
        if height > best + GRID or (best == tip and any(not each.names for each in own)):
            why = f"it says that it stands at height {height}, and shows no more than {best}"
            asked.tell(name, bad_claim(name, why))


def _ask_height(link: Link, name: str, tip: int) -> int:
    try:
        return ask_blocks(link, name, tip + 1, 1).height
    except Unavailable:
        raise
    except Error:
        # Its own file is damaged there, which it says; what it shows signed counts all the same.
        return 0


def _ask_head(link: Link, witnesses: Witnesses, name: str, height: int) -> Checkpoint | None:
    """Return a member's note, its signatures checked; None where it has none of that height."""
    try:
        note = ask_note(link, name, height)
    except Unavailable:
        raise
    except Error:
        return None
    if not note:
        return None
    witnesses.look(note)
    return witnesses.read(note)


@dataclass(frozen=True, slots=True)
class Way:
    """The headers that lead from a tip to a signed head, by their digests.

    Attributes:
        begun: the tip's height.
        last: the head's.
        digests: of the headers between, 32 bytes each, the head's last.
    """

    begun: int
    last: int
    digests: bytes

    def digest(self, height: int) -> bytes:
        """Return the digest of a header on the way, b"" for one that is not."""
        at = (height - self.begun - 1) * DIGEST
        return bytes(self.digests[at : at + DIGEST]) if at >= 0 else b""

    def fitting(self, blocks: Sequence[bytes], height: int) -> list[bytes]:
        """Return those blocks from a height on that are the way's, up to the first that is not."""
        found: list[bytes] = []
        for data in blocks:
            try:
                header, _, _ = read_block(data)
            except Error:
                break
            if cid_of(header).digest != self.digest(height + len(found)):
                break
            found.append(data)
        return found


def find_way(link: Link, claim: Claim, tip: Tip) -> Way:
    """Return the headers that lead from a tip to a claim's head, as its member tells them.

    Raises:
        Unavailable: `ledger.bad_claim`, they do not lead there; or no answer.
        Invalid: one has no reading.
    """
    digests, height, prev = bytearray(), tip.height, tip.cid
    while height < claim.height:
        spans = ask_spans(link, claim.member, height + 1)
        if not spans:
            raise bad_claim(claim.member, f"its headers end at height {height}")
        for span in spans[: claim.height - height]:
            fields = layout.header_fields(span.header)
            height += 1
            if (fields["height"], fields["prev"]) != (height, prev):
                raise bad_claim(claim.member, f"its header {height} does not follow")
            prev = cid_of(span.header)
            digests += prev.digest
    if prev != claim.header:
        raise bad_claim(claim.member, f"its header {height} is not what was signed")
    return Way(tip.height, claim.height, bytes(digests))


def fetch_way(asked: Asked, way: Way, height: int, count: int, accept: Accept) -> int:
    """Take the next blocks of a way from the first member that gives them; return how many.

    Args:
        asked: the members; whoever gives another block, or none that runs, is left behind.
        way: the headers.
        height: of the first block, one beyond the tip.
        count: how many are wanted.
        accept: runs and keeps a block.
    """
    taken = 0
    for name in asked.names():
        try:
            answer = ask_blocks(asked.link, name, height, min(count, BLOCKS_MAX))
            fitting = way.fitting(answer.blocks, height)
            if answer.blocks and not fitting:
                raise bad_claim(name, f"its block {height} is not the one that was signed")
            for data in fitting:
                accept(name, data)
                taken += 1
        except (Unavailable, InvalidBlock) as error:
            asked.leave(name, error)
        except Error as error:
            # Its own file is damaged there, which it says; of other blocks it may be asked.
            asked.tell(name, error)
        if taken:
            break
    return taken


def check_heads(asked: Asked, witnesses: Witnesses, replica: Replica) -> None:
    """Hold the own chain against what members show signed.

    More names than a third are no liar's alone; who shows a head that fewer signed is told of.

    Raises:
        Conflict: `ledger.forked`, more than a third cosigned what contradicts this chain, or one
            that is believed did.
    """
    against: set[str] = set()
    for name in asked.names():
        try:
            head = _ask_head(asked.link, witnesses, name, 0)
            if head is None or not _contradicts(replica, head):
                continue
        except Error as error:
            # Away, or nothing readable: it confirms nothing and contradicts nothing.
            asked.tell(name, error)
            continue
        against |= head.signers.keys()
        forked = _forked(replica, name, head)
        if is_backed(replica, head.body.height, against, asked.believed):
            raise forked
        asked.tell(name, forked)


def _contradicts(replica: Replica, head: Checkpoint) -> bool:
    height = head.body.height
    return height <= replica.tip.height and replica.body(height) != head.body


def _forked(replica: Replica, name: str, head: Checkpoint) -> Conflict:
    height = head.body.height
    return Conflict(
        "ledger.forked",
        f"{name} shows {head.body.header} cosigned at height {height},"
        f" here stands {replica.body(height).header}",
        cure="tally verify, and compare with all members.",
        member=name,
        height=height,
    )


def bad_claim(member: str, why: str) -> Unavailable:
    """Return the error of a member whose claim is not shown to hold."""
    return Unavailable(
        "ledger.bad_claim",
        f"{member} does not show what it claims: {why}",
        cure="Ask another member; if it stays, compare with it: tally verify.",
        member=member,
    )
