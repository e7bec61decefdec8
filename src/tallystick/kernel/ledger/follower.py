"""How a member keeps up: it pulls blocks, verifies all of them itself, and cosigns.

Laws: nothing is believed: a block counts when it was run here; a block that does not run counts
against the orderer only if the orderer cosigned its header, else it was damaged on the way and is
asked for again; a chain that halted says where and why until the members have settled it.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Final

from tallystick.base.codec import Cid, cid_of
from tallystick.base.errors import Conflict, Error, Invalid, NotFound, Unavailable
from tallystick.chain.block import read_block
from tallystick.chain.checkpoint import read_stated, write_note
from tallystick.kernel.ledger.base import Result, late
from tallystick.kernel.ledger.bodies import fetch_bodies
from tallystick.kernel.ledger.claim import (
    Asked,
    Claim,
    Left,
    bad_claim,
    check_heads,
    fetch_way,
    find_way,
    list_claims,
)
from tallystick.kernel.ledger.fault import InvalidBlock
from tallystick.kernel.ledger.fork import find_fork, is_held_by, size_signed
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.learning import learn_term
from tallystick.kernel.ledger.peer import (
    Blocks,
    Peer,
    ask_blocks,
    ask_note,
    ask_submit,
    ask_wait,
    send_cosignatures,
)
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.term import Terms, superseded
from tallystick.kernel.ledger.witness import Witnesses, list_to_sign, list_unwitnessed, split_note
from tallystick.kernel.link.base import Link

__all__ = ["Follower"]

IDLE_MS: Final = 50
LEAP_MIN: Final = 1_024
"""Fewer blocks than this are run: that takes a second, and believes nobody."""
FILL_REST: Final = 200
"""So many pulls nobody is asked for bodies again that nobody has."""
ROUNDS_MAX: Final = 10_000
"""One pull ends after this many answers, whatever the other member claims its height to be."""


class Follower:
    """One member's copy, following the orderer's; also its `Ledger` to submit to.

    Args:
        replica: the member's chain; the follower alone writes to it.
        witnesses: its cosignatures.
        link: to other members.
        orderer: whom to follow; the founder's choice where there are terms.
        terms: who orders, where members may agree on another.
        pen: the member's note key; None for a member that does not witness.
        leaps: where many blocks are missing, take the state over on a quorum's word, and their
            bodies later; else every block is run.
        pick: where several order together, returns the one to follow and submit to now.
    """

    def __init__(
        self,
        replica: Replica,
        witnesses: Witnesses,
        link: Link,
        orderer: str,
        pen: Pen | None = None,
        *,
        terms: Terms | None = None,
        leaps: bool = False,
        pick: Callable[[], str] | None = None,
    ) -> None:
        self.replica = replica
        self.witnesses = witnesses
        self.link = link
        self._founder = orderer
        self._pen = pen
        self.terms = terms
        self.leaps = leaps
        self._pick = pick
        self._pulling = threading.Lock()
        # What was signed before a restart may not have reached the orderer.
        tip = replica.tip.height
        own = replica.cosignatures(tip).get(link.member)
        self._unsent: dict[int, str] = {} if own is None else {tip: own}
        self._handovers = 0
        self._passed = 0
        self._rest = 0
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.owes = False
        """Whether blocks were taken over that are still to be signed: the next pull does it."""
        self.trouble: Error | None = None
        """Why the last pull failed; None once one succeeds."""
        self.fault: InvalidBlock | None = None
        """Why the chain stands still: a block that the orderer cosigned and that does not run."""

    @property
    def orderer(self) -> str:
        """Whom it follows: the leader of the newest term known here, or who is picked of many."""
        if self._pick is not None:
            return self._pick()
        return self.terms.leader if self.terms is not None else self._founder

    def learn(self, *names: str) -> bool:
        """Ask some members, else all, for a later term and go on under it; True if there is one.

        Raises:
            Conflict: `ledger.superseded`, this copy holds blocks that the members left behind.
        """
        asked = names or self.link.peers()
        if self.terms is None or not learn_term(self.terms, self.replica, self.link, asked):
            return False
        self.take_term()
        return True

    def take_term(self) -> None:
        """Go on under the newest term: let the pen let go of what its base left behind."""
        assert self.terms is not None
        assert self.terms.term is not None
        height, header = self.terms.term.base
        if self._pen is not None:
            self._pen.yield_to(height, header, size_signed(self.replica, self._pen, height))
        self._check_beyond(height, header)

    def _check_beyond(self, height: int, header: Cid) -> None:
        """Refuse to go on from a tip that holds blocks of the term before beyond its base.

        One below the base may hold blocks that an earlier term left behind, which names tell.
        """
        tip = self.replica.tip
        if self.orderer == self.link.member:
            # Others go on from whatever it holds beyond the base (`Terms.check_base`).
            return
        if tip.height < height or (tip.height, tip.cid) == (height, header):
            self._check_parted(self.orderer)
        elif not is_held_by(self.link, self.orderer, self.replica):
            raise superseded(self.link.member, height)

    def _check_parted(self, member: str) -> None:
        """Refuse to go on from a tip that a head, signed by a quorum, does not lead to."""
        fork = find_fork(self.link, [member], self.replica)
        if fork is not None:
            raise superseded(self.link.member, fork.height)

    def pull(self, source: str | None = None, *, sign: bool = True) -> int:
        """Take over what `source` (the orderer) has beyond the tip; return how many blocks.

        Args:
            source: whom to ask; None for the orderer.
            sign: whether to cosign now; what is put off is cosigned by the next pull that signs.

        Raises:
            InvalidBlock: the orderer cosigned a block that may not follow; the chain stands still.
            Unavailable: the link failed, or what came was damaged; a retry may succeed.
        """
        try:
            found = self._pull(source or self.orderer, sign=sign)
        except Error as error:
            self.trouble = error
            raise
        self.trouble = None
        return found

    def _pull(self, source: str, *, sign: bool) -> int:
        if self.terms is not None:
            self.terms.check()
        with self._pulling:
            first, leaps = self.replica.tip.height + 1, self.leaps
            for _ in range(ROUNDS_MAX):
                answer = ask_blocks(self.link, source, self.replica.tip.height + 1)
                if self._is_far(source, answer, leaps=leaps):
                    leaps = self._leap(source, answer)
                    continue
                self._accept(source, answer.blocks)
                self._check_note(source, answer.note)
                self._keep_note(answer.note)
                if not answer.blocks or self.replica.tip.height >= answer.height:
                    break
            taken = self.replica.tip.height + 1 - first
            if sign:
                self._cosign()
            elif taken and self._pen is not None:
                self.owes = True
            self._keep_handovers(source)
            self._fill(source)
            return taken

    def _leap(self, source: str, answer: Blocks) -> bool:
        """Take the state over; False if that failed and there are blocks to run instead."""
        try:
            leap(self.replica, self.link, source)
        except (Unavailable, NotFound):
            # A quorum's names come only when enough members that are behind have run its blocks.
            if not answer.blocks:
                raise
            return False
        return True

    def _is_far(self, source: str, answer: Blocks, *, leaps: bool) -> bool:
        """Tell whether to take the state over; NotFound where blocks are not to be had."""
        tip = self.replica.tip.height
        is_held = bool(answer.blocks) or answer.height <= tip
        if leaps and (not is_held or answer.height - tip > LEAP_MIN):
            return True
        if not is_held:
            raise NotFound(
                "ledger.pruned",
                f"{source} holds blocks from height {answer.lowest} on, here {tip} is the last",
                cure="Follow a member that holds them, take in an archive (tally chain import),"
                " or take the state over: tally serve --by-snapshot.",
                height=tip + 1,
            )
        return False

    def _fill(self, source: str) -> None:
        """Fetch some of the bodies that are missing since the state was taken over."""
        self._rest -= 1
        if self._rest > 0 or not self.replica.holes(1):
            return
        for name in dict.fromkeys([source, *self.link.peers()]):
            # Away, or what it gave is wrong or damaged: the next member's to better.
            with contextlib.suppress(Error):
                if fetch_bodies(self.replica, self.link, name):
                    return
        self._rest = FILL_REST

    def _accept(self, source: str, blocks: Sequence[bytes]) -> None:
        """Run what came in one answer, and keep it together."""
        if not blocks:
            return
        try:
            self.replica.accept(*blocks)
        except InvalidBlock as error:
            self._check_left_behind(source, error.data)
            self._judge(error.data, error)
            raise Unavailable(
                "ledger.bad_block", f"{source} sent no valid block: {error}", cure="Ask again."
            ) from error
        self.fault = None

    def _check_left_behind(self, source: str, data: bytes) -> None:
        """Tell a block of a newer term from a fault, where the own tip is of a term before."""
        term, tip = self.terms.term if self.terms is not None else None, self.replica.tip
        if term is None:
            return
        with contextlib.suppress(Invalid):
            _, fields, _ = read_block(data)
            if fields["prev"] == tip.cid:
                return
            if tip.height > term.base[0]:
                raise superseded(self.link.member, term.base[0])
            self._check_parted(source)

    def _check_note(self, source: str, note: bytes) -> None:
        """Tell a copy that goes on beyond what it is given from one that was left behind."""
        if self.terms is None or self.terms.term is None:
            return
        with contextlib.suppress(Invalid):
            stated = read_stated(note)
            held = 0 < stated.height <= self.replica.tip.height
            if held and cid_of(self.replica.header(stated.height)) != stated.header:
                self._check_parted(source)

    def _judge(self, data: bytes, error: InvalidBlock) -> None:
        """Raise `error` itself if the orderer put its name to the block."""
        try:
            header, fields, _ = read_block(data)
            told = ask_note(self.link, self.orderer, fields["height"])
            self.witnesses.look(told)
            note = self.witnesses.read(told)
        except Error:
            # No reading, or no cosignature to be had: nothing shows that the orderer said this.
            return
        # One of another height shows nothing: a repair may have moved this copy on meanwhile.
        is_next = fields["height"] == error.fault.height
        if is_next and note.body.header == cid_of(header) and self.orderer in note.signers:
            self.fault = error
            raise error

    def _keep_note(self, note: bytes) -> None:
        """Keep what others cosigned, where it is this chain's; a forged line is not kept."""
        try:
            height, lines = split_note(note)
            if height > self.replica.tip.height:
                return
            body = self.replica.body(height)
            if not note.startswith(f"{body.text()}\n".encode()):
                self.witnesses.look(note)
                return
            known = self.replica.cosignatures(height)
            for line in [line for line in lines if line not in known.values()]:
                found = self.witnesses.read(write_note(body, [line]))
                for member in found.signers.keys() - known.keys():
                    self.replica.keep_cosignature(height, member, line)
            self.witnesses.count(height)
        except (Invalid, Conflict, NotFound):
            return

    def _keep_handovers(self, source: str) -> None:
        """Keep a quorum's names under each height that changed the list: evidence needs them."""
        if self._handovers != (handovers := len(self.replica.handovers())):
            for height in list_unwitnessed(self.replica):
                with contextlib.suppress(Unavailable, NotFound):
                    self._keep_note(ask_note(self.link, source, height))
            if not list_unwitnessed(self.replica):
                self._handovers = handovers

    def _cosign(self) -> None:
        """Sign what was taken over since the last signature, by an earlier pull too."""
        self.owes = False
        if self._pen is None:
            return
        # What was taken over on others' word bears their names alone.
        begun = max(self._pen.height, self._passed, self.replica.leapt)
        for height in list_to_sign(self.replica, begun + 1):
            try:
                self._unsent[height] = self._pen.sign(height)
            except (Unavailable, Conflict) as error:
                if error.code in {"ledger.no_note_key", "ledger.signed_beyond"}:
                    # Of before it joined, or after it left; or let go of: not its own to sign.
                    self._passed = height
                    continue
                # Behind its own signature or ahead of its clock: it follows, and signs later.
                self.owes = True
                break
        self._send()

    def _send(self) -> None:
        if self._unsent and self.orderer != self.link.member:
            send_cosignatures(self.link, self.orderer, sorted(self._unsent.items()))
        self._unsent.clear()

    def take_signed(self) -> Asked:
        """Take over what others show beyond the tip, signed by enough; return who lied or is away.

        A member that claims more than it shows, or gives other blocks, stops nothing: the next is
        asked. Whoever orders takes over what one alone has signed too: else it might order again
        what it has forgotten.

        Raises:
            InvalidBlock: the orderer cosigned a block that may not follow.
        """
        asked = Asked(self.link, self.link.peers(), believed=[self.orderer])
        least = int(self.orderer == self.link.member)
        for claim in list_claims(asked, self.witnesses, self.replica, least=least):
            if claim.height > self.replica.tip.height:
                self.take(asked, claim)
        return asked

    def take(self, asked: Asked, claim: Claim) -> None:
        """Take over the blocks that lead to a head, from whoever gives them, and cosign.

        Raises:
            InvalidBlock: the orderer cosigned a block that may not follow.
            Unavailable: `ledger.between_terms`.
        """
        if self.terms is not None:
            self.terms.check()
        with self._pulling:
            try:
                self._take(asked, claim)
            except InvalidBlock:
                raise
            except Error as error:
                asked.leave(claim.member, error)
                return
            with contextlib.suppress(Error):
                # The names stand here; who orders may be away, and is told later.
                self._keep_note(ask_note(self.link, claim.member))
                self._cosign()

    def _take(self, asked: Asked, claim: Claim) -> None:
        if self.leaps and claim.height - self.replica.tip.height > LEAP_MIN:
            with contextlib.suppress(Unavailable, NotFound):
                leap(self.replica, self.link, claim.member)
        way = find_way(self.link, claim, self.replica.tip)
        while (height := self.replica.tip.height + 1) <= way.last:
            count = way.last - height + 1
            taken = fetch_way(
                asked, way, height, count, lambda name, data: self._accept(name, [data])
            )
            if self.fault is not None:
                raise self.fault
            if not taken:
                raise bad_claim(claim.member, f"nobody gives block {height}")

    def catch_up(self) -> tuple[Left, ...]:
        """Take over what others show beyond the head, and hold the head against theirs.

        Returns:
            Who lied or did not answer, and how.

        Raises:
            Conflict: `ledger.forked`, heads that enough cosigned contradict this chain.
        """
        asked = self.take_signed()
        check_heads(asked, self.witnesses, self.replica)
        if self._pen is not None:
            self._pen.check()
        return asked.left()

    def take_own(self) -> None:
        """Take over what this member's own pen has signed beyond the tip, from whoever holds it."""
        assert self._pen is not None
        asked = Asked(self.link, self.link.peers())
        for name in asked.names():
            if self._pen.header is not None and self._pen.height > self.replica.tip.height:
                self.take(asked, Claim(name, self._pen.height, self._pen.header))
        self._pen.check()

    def submit(self, data: bytes) -> bytes:
        """Hand a transaction to the orderer and return its id."""
        return ask_submit(self.link, self.orderer, data)

    def wait(self, tid: bytes, timeout_ms: int) -> Result:
        """Return a transaction's result once this member has verified and kept its block."""
        found = self.replica.find(tid)
        if found is None:
            ask_wait(self.link, self.orderer, tid, timeout_ms)
            # Whoever asks waits for its own record, not for this member's name under it.
            self.pull(sign=False)
            found = self.replica.find(tid)
        if found is None:
            raise late(tid, timeout_ms)
        return found

    def find(self, tid: bytes) -> Result | None:
        """Return the result of a transaction ordered on this member's chain."""
        return self.replica.find(tid)

    def start(self) -> None:
        """Pull in a thread of its own until `close`."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._serve, name="follower", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            pulled = 0
            # The link is down, the disk is full or the chain has halted: told, and tried later.
            with contextlib.suppress(Error):
                pulled = self.pull()
            if not pulled:
                self._ended.wait(IDLE_MS / 1_000)

    def close(self) -> None:
        """End the thread; a second call does nothing."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def peer(self) -> Peer:
        """This member's chain as it answers others."""
        return Peer(self.replica, self.witnesses)
