"""The one member that orders: a bounded queue, blocks cut from it, results once they are durable.

Laws: a transaction enters a block only if it may stand there, each answered once; a block is cut by
an explicit `cut` in simulation, by one thread in service: at 1,000 transactions, 4 MB or 5 ms, at
once when nobody else waits. Header time = max(previous + 1, clock), so that a clock set back costs
nothing but accuracy. One fsync serves all who wait (group commit).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import Clock, Entropy
from tallystick.base.errors import Conflict, Error, Invalid, Unavailable
from tallystick.chain import schema
from tallystick.chain.block import Effects, Execution, Tip, propose_block
from tallystick.chain.member import quorum
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.base import WAIT_MS_MAX, Result, late
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.room import Room
from tallystick.kernel.ledger.signatures import Beside
from tallystick.kernel.ledger.term import Terms
from tallystick.kernel.ledger.waiting import (
    BAD,
    REFUSALS_MAX,
    check_space,
    check_standing,
    closed,
    conflict,
    is_ordered,
    is_signed,
    refused,
    unknown,
)
from tallystick.kernel.ledger.witness import Witnesses

__all__ = [
    "CUT_BYTES_MAX",
    "CUT_TRANSACTIONS_MAX",
    "LINGER_MS",
    "Orderer",
    "find_left",
]

CUT_TRANSACTIONS_MAX: Final = 1_000
# A block's own bytes: its header, and a length before each transaction.
CUT_BYTES_MAX: Final = schema.BLOCK_BYTES_MAX - 64 * 1024
LINGER_MS: Final = 5


def find_left(leader: str, tip: Tip) -> Unavailable | None:
    """Return the error of waiting for a leader that was voted out, None while it is a member.

    Nobody would read a block of its own.
    """
    if leader in tip.members.by_name:
        return None
    return Unavailable(
        "ledger.left",
        f"{leader} orders the chain and is no member any more, by the list after height"
        f" {tip.height}: nothing can be recorded",
        cure="Let another member order: tally county lead OTHER; on machines of their own"
        " tally member agree, then tally member lead. Reading goes on meanwhile.",
        member=leader,
    )


@dataclass(slots=True, eq=False)
class _Ticket:
    """A transaction that waits, and its answer."""

    found: Transaction
    result: Result | None = None
    error: Error | None = None

    def is_answered(self) -> bool:
        return self.result is not None or self.error is not None


class Orderer:
    """Orders for all members, on its own replica.

    Args:
        replica: the orderer's copy of the chain; only the orderer writes to it.
        member: the orderer's name.
        clock: gives header times.
        entropy: gives header nonces, label `nonce`.
        pen: the orderer's note key: it signs each block, and orders nothing while the chain is
            behind what it signed.
        witnesses: where cosignatures are counted.
        terms: who orders, where members may agree on another: it cuts in its own term alone.
        behind: returns the members that its machine's clock is ahead of: they would not sign yet.
    """

    def __init__(
        self,
        replica: Replica,
        member: str,
        clock: Clock,
        entropy: Entropy,
        *,
        pen: Pen | None = None,
        witnesses: Witnesses | None = None,
        terms: Terms | None = None,
        behind: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.replica = replica
        self.member = member
        self._clock = clock
        self._entropy = entropy
        self._pen = pen
        self._witnesses = witnesses
        self._terms = terms
        self._behind = behind
        self._queue: dict[bytes, _Ticket] = {}
        self._taken: dict[bytes, _Ticket] = {}
        self._places: dict[tuple[str, int], bytes] = {}
        self._refusals: dict[bytes, Error] = {}
        self._bytes = 0
        self._changed = threading.Condition()
        self._answered = threading.Condition()
        self._cutting = threading.Lock()
        self._signatures = Beside()
        self._closed = False
        # After a start nobody knows whether the last change of the list was witnessed.
        self._handover = max(replica.handovers(), default=0)
        self._thread: threading.Thread | None = None
        self.trouble: Error | None = None
        """Why the thread's last cut failed; None once one succeeds."""
        self.unsigned: Error | None = None
        """Why the newest block lacks this member's name; None once it signs again."""

    def submit(self, data: bytes) -> bytes:
        """Take in a transaction's bytes and return its id; a known one is not taken in again.

        Raises:
            Unavailable: `ledger.left`, the members voted this one out; see `Ledger.submit`.
        """
        found = Transaction.read(data)
        with self._changed:
            if found.tid in self._queue or found.tid in self._taken:
                return found.tid
        if is_ordered(found, self.replica):
            return found.tid
        self._check_left()
        check_standing(found, self.replica, self._clock.now_ms())
        with self._changed:
            self._admit(found)
            # The thread needs to know that there is work, and that there is a block's worth.
            if len(self._queue) == 1 or self._is_block_full():
                self._changed.notify_all()
        return found.tid

    def _admit(self, found: Transaction) -> None:
        if self._closed:
            raise closed()
        if found.tid in self._queue or found.tid in self._taken:
            return
        place = (found.member, found.seq)
        other = self._places.get(place)
        if other is not None:
            self._settle_place(found, (self._queue.get(other) or self._taken[other]).found)
        size = len(found.data)
        check_space(len(self._queue), self._bytes, size)
        self._refusals.pop(found.tid, None)
        self._queue[found.tid] = _Ticket(found)
        self._places[place] = found.tid
        self._bytes += size

    def _settle_place(self, found: Transaction, held: Transaction) -> None:
        """Let a signed transaction have its number; two signed ones are their member's fault."""
        if not is_signed(found, self.replica):
            raise refused(found, BAD)
        if is_signed(held, self.replica) or held.tid in self._taken:
            raise conflict(found)
        ticket = self._queue.pop(held.tid)
        self._bytes -= len(held.data)
        self._answer([(ticket, None, refused(held, BAD))])

    def wait(self, tid: bytes, timeout_ms: int) -> Result:
        """Return the result of a submitted transaction once its block is durable."""
        with self._changed:
            ticket = self._queue.get(tid) or self._taken.get(tid)
        if ticket is None:
            return self._settled(tid)
        with self._answered:
            if not self._answered.wait_for(
                ticket.is_answered, min(timeout_ms, WAIT_MS_MAX) / 1_000
            ):
                raise late(tid, timeout_ms)
        if ticket.error is not None:
            raise ticket.error
        assert ticket.result is not None
        return ticket.result

    def _answer(self, rows: Sequence[tuple[_Ticket, Result | None, Error | None]]) -> None:
        with self._answered:
            for ticket, result, error in rows:
                ticket.result, ticket.error = result, error
            self._answered.notify_all()

    def _settled(self, tid: bytes) -> Result:
        found = self.replica.find(tid)
        if found is not None:
            return found
        with self._changed:
            refusal = self._refusals.get(tid)
        if refusal is not None:
            raise refusal
        raise unknown(tid)

    def find(self, tid: bytes) -> Result | None:
        """Return the result of an ordered transaction, None if it is in no block."""
        return self.replica.find(tid)

    def waiting(self) -> int:
        """Return how many transactions wait."""
        with self._changed:
            return len(self._queue)

    def cut(self) -> Effects | None:
        """Make one block of what waits and keep it; None if nothing that waits may stand in one.

        Raises:
            Unavailable: the block could not be kept; everything taken waits again. `ledger.left`,
                the members voted this one out. `ledger.clock_ahead`, see `find_ahead`.
            Corrupt: `ledger.corrupt`, the file's state is not its head's.
        """
        with self._cutting:
            self._check_term()
            self._check_left()
            self.check_ahead()
            if self._pen is not None:
                self._pen.check()
            self.replica.check_state()
            if self.awaited():
                # Nothing is ordered beyond it, so it is the newest block.
                early_s = (self.replica.tip.time - self._clock.now_ms()) // 1_000
                when = f"; its time is {early_s} s ahead" if early_s > 0 else ""
                raise Unavailable(
                    "ledger.handover",
                    f"height {self._handover} changed the members and is not witnessed yet{when}",
                    cure="It goes on once more than two thirds of the old list have cosigned it;"
                    " made by a clock that was ahead, not before real time has come to its own.",
                    height=self._handover,
                )
            tickets = self._take()
            try:
                effects = self._order(tickets)
            except BaseException:
                self._put_back(tickets)
                raise
            self._forget(tickets)
            return effects

    def _check_left(self) -> None:
        left = find_left(self.member, self.replica.tip)
        if left is not None:
            raise left

    def check_ahead(self) -> None:
        """Raise `find_ahead`'s error, if there is one."""
        if (ahead := self.find_ahead()) is not None:
            raise ahead

    def find_ahead(self) -> Unavailable | None:
        """Return the error of a clock too far ahead of others for a quorum to sign by, else None.

        Its blocks would stand unsigned until real time has come to theirs.
        """
        tip = self.replica.tip
        voices = tip.members.voices(tip.height + 1)
        behind = sorted(tip.members.by_name.keys() & {*self._behind()})
        if not behind or voices - len(behind) >= quorum(voices):
            return None
        return Unavailable(
            "ledger.clock_ahead",
            f"the clock of {self.member}, which orders, is ahead of those of {', '.join(behind)}:"
            " nothing is ordered by it",
            cure="Set the clocks.",
            member=self.member,
        )

    def _check_term(self) -> None:
        """Refuse to order in another's term, between two, or before all of the base is held."""
        if self._terms is None:
            return
        self._terms.check()
        if self._terms.leader != self.member:
            raise Unavailable(
                "ledger.deposed",
                f"{self._terms.leader} orders in term {self._terms.number}, not {self.member}",
                cure="Start this member again: it follows.",
                member=self._terms.leader,
            )
        self._terms.check_base()

    def awaited(self) -> int:
        """Return the height that a quorum must cosign before anything is ordered beyond it, or 0.

        It is one that changed the list of members: signed by those it was in the hands of, it
        leads an outsider from a list he knows to the next.
        """
        if self._witnesses is None or self._witnesses.height >= self._handover:
            return 0
        return self._handover

    def _take(self) -> list[_Ticket]:
        """Take the oldest transactions that fit into one block."""
        taken: list[_Ticket] = []
        room = Room(
            self.replica.read,
            transactions=CUT_TRANSACTIONS_MAX,
            bytes_max=CUT_BYTES_MAX,
            records=schema.BLOCK_RECORDS_MAX,
        )
        with self._changed:
            for ticket in self._queue.values():
                found = ticket.found
                if not room.holds(found.data, found.records):
                    break
                room.take(found.data, found.records)
                taken.append(ticket)
            for ticket in taken:
                del self._queue[ticket.found.tid]
                self._taken[ticket.found.tid] = ticket
                self._bytes -= len(ticket.found.data)
        return taken

    def _order(self, tickets: list[_Ticket]) -> Effects | None:
        tip = self.replica.tip
        self.replica.expect(ticket.found.data for ticket in tickets)
        check = self._signatures.check([ticket.found for ticket in tickets], tip)
        with self._changed:
            waiting = list(itertools.islice(self._queue.values(), CUT_TRANSACTIONS_MAX))
        self._signatures.begin([ticket.found for ticket in waiting], tip)
        time = self._next_time()
        replica = self.replica
        run = Execution(
            tip, replica.read, replica.charter, time, check=check, expect=replica.expect_pairs
        )
        ordered: list[_Ticket] = []
        answers: list[tuple[_Ticket, Result | None, Error | None]] = []
        for ticket in tickets:
            try:
                run.add(ticket.found)
                ordered.append(ticket)
            except Invalid as error:
                answers.append((ticket, None, refused(ticket.found, error.message)))
            except Unavailable as error:
                if error.code != "rules.unknown":
                    raise
                # Nobody orders what its program cannot run; the others go on.
                answers.append((ticket, None, error))
        effects = self._seal(run, [ticket.found for ticket in ordered]) if ordered else None
        if effects is not None:
            first, height = tip.peaks.size, effects.tip.height
            for index, (ticket, code) in enumerate(zip(ordered, effects.codes, strict=True)):
                result = Result(ticket.found.tid, height, index, code, first + index)
                answers.append((ticket, result, None))
        self._answer(answers)
        return effects

    def _seal(self, run: Execution, found: list[Transaction]) -> Effects:
        nonce = self._entropy.draw("nonce", 16)
        data, effects = propose_block(
            run, found, tip=self.replica.tip, proposer=self.member, nonce=nonce
        )
        before = self.replica.tip.members
        self.replica.commit(data, effects)
        if effects.tip.members.cid != before.cid:
            self._handover = effects.tip.height
        self._sign(effects.tip.height)
        return effects

    def _sign(self, height: int) -> None:
        """Cosign the block that has just become durable; a fault of the pen only delays it."""
        if self._pen is not None:
            self.sign(self._pen, height)
        if self._witnesses is not None:
            self._witnesses.count(height)

    def sign(self, pen: Pen, height: int) -> str | None:
        """Return the own line under a durable block, None where the pen refuses it for now.

        Others' names count without this one; why it is missing is told as an alarm.
        """
        try:
            line = pen.sign(height)
        except (Unavailable, Conflict) as error:
            if isinstance(error, Conflict) and error.code != "ledger.signed_beyond":
                raise
            # What is of the future has an alarm of its own, which ends with it; a height that a
            # repair let go of bears no second name of this member's, and the others' count.
            passing = {"ledger.clock_ahead", "ledger.signed_beyond"}
            self.unsigned = None if error.code in passing else error
            return None
        self.unsigned = None
        return line

    def _next_time(self) -> int:
        return max(self.replica.tip.time + 1, self._clock.now_ms())

    def _put_back(self, tickets: list[_Ticket]) -> None:
        """Let taken transactions wait again, before those that came later."""
        with self._changed:
            back = {each.found.tid: each for each in tickets if not each.is_answered()}
            self._bytes += sum(len(each.found.data) for each in back.values())
            self._queue = {**back, **self._queue}
        self._forget(tickets, keep=back)

    def _forget(self, tickets: list[_Ticket], keep: dict[bytes, _Ticket] | None = None) -> None:
        with self._changed:
            for each in tickets:
                found = each.found
                self._taken.pop(found.tid, None)
                if each.error is not None:
                    self._refusals[found.tid] = each.error
                if found.tid not in (keep or {}):
                    self._places.pop((found.member, found.seq), None)
            while len(self._refusals) > REFUSALS_MAX:
                del self._refusals[next(iter(self._refusals))]

    def start(self) -> None:
        """Cut in a thread of its own until `close`."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._serve, name="ledger", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        crowded = False
        while self._await_work(crowded):
            try:
                self.cut()
                self.trouble = None
            except Error as error:
                self.trouble = error
                # The disk is full or the chain is behind: what waits keeps waiting, and is told
                # `ledger.late`; the pause keeps a lasting fault from burning the processor.
                with self._changed:
                    self._changed.wait(LINGER_MS * 20 / 1_000)
            crowded = self.waiting() > 0

    def _await_work(self, crowded: bool) -> bool:  # noqa: FBT001 - the caller's one fact
        """Wait until there is something to cut; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if crowded and not self._closed:
                self._changed.wait_for(
                    lambda: self._closed or self._is_block_full(), LINGER_MS / 1_000
                )
            return not self._closed

    def _is_block_full(self) -> bool:
        return len(self._queue) >= CUT_TRANSACTIONS_MAX or self._bytes >= CUT_BYTES_MAX

    def close(self) -> None:
        """End the thread; what still waits is answered `ledger.closed`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._changed:
            left, self._queue, self._bytes = list(self._queue.values()), {}, 0
            self._places.clear()
        self._answer([(ticket, None, closed()) for ticket in left])
        self._signatures.close()
