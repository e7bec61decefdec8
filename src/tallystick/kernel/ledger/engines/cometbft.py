"""The ledger's port before a CometBFT node: takes in, hands over, and tells what became final.

Laws: the port's own; besides, what was taken in is handed over again until it is final or may not
stand any more, since a node's pool is memory alone and dies with it; the node is given a bounded
number at a time, since at saturation waiting is that number divided by the rate; a result is told
when this member has kept the block, never when somebody says so.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Conflict, Error, Invalid, Unavailable
from tallystick.chain.block import Effects
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.base import WAIT_MS_MAX, Result, late
from tallystick.kernel.ledger.engines.comet_rpc import BATCH_BYTES_MAX, BATCH_MAX, Pool, Taken
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.waiting import (
    BAD,
    QUEUE_MAX,
    REFUSALS_MAX,
    check_space,
    closed,
    conflict,
    is_ordered,
    refused,
    unknown,
)

__all__ = [
    "FAST_PACE",
    "PACE",
    "CometLedger",
    "Pace",
]

RETRY_MS: Final = 100
LINGER_MS: Final = 5


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is handed over, and how often.

    Attributes:
        window: transactions of this member that are handed over and not yet final, at most.
        resend_ms: after how long what is not final is handed over again.
    """

    window: int
    resend_ms: int


PACE: Final = Pace(1_000, 2_000)
"""To a node: of four members' 4,000 a tenth more a second stand in blocks than of 2,000."""
FAST_PACE: Final = Pace(2_000, 5_000)
"""To the member's own pool, which loses nothing itself: only the others may have."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A transaction that is not final; `sent_ms` is when the node had it last, None if never."""

    found: Transaction
    sent_ms: int | None = None


class CometLedger:
    """One member's `Ledger`; its application tells it every block by `settle`.

    Args:
        gate: judges what comes in, on this member's own chain.
        pool: the node's, or the member's own.
        pace: how much the pool is given, and how often.
    """

    def __init__(self, gate: Gate, pool: Pool, pace: Pace = PACE) -> None:
        self.gate = gate
        self.replica = gate.replica
        self.trouble: Error | None = None
        """Why the node could not be reached; None once it is."""
        self._pool = pool
        self._pace = pace
        self._waiting: dict[bytes, _Waiting] = {}
        self._unsent: deque[bytes] = deque()
        self._places: dict[tuple[str, int], bytes] = {}
        self._refusals: dict[bytes, Error] = {}
        self._results: dict[bytes, Result] = {}
        self._bytes = 0
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        # Apart from those who wait for results: not each of them is woken by each submission.
        self._arrived = threading.Condition(lock)
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, data: bytes) -> bytes:
        """Take in a transaction's bytes and return its id; a known one is not taken in again."""
        found = self.gate.read(data)
        with self._changed:
            if found.tid in self._waiting:
                return found.tid
        if is_ordered(found, self.replica):
            return found.tid
        self.gate.check(found)
        signed = self.gate.is_signed(found)
        with self._changed:
            if self._closed:
                raise closed()
            if not signed:
                self._refuse(found.tid, refused(found, BAD))
            elif found.tid not in self._waiting:
                self._admit(found)
        return found.tid

    def _refuse(self, tid: bytes, error: Error) -> None:
        self._refusals[tid] = error
        while len(self._refusals) > REFUSALS_MAX:
            del self._refusals[next(iter(self._refusals))]

    def _admit(self, found: Transaction) -> None:
        place = (found.member, found.seq)
        if place in self._places:
            raise conflict(found)
        size = len(found.data)
        check_space(len(self._waiting), self._bytes, size)
        self._refusals.pop(found.tid, None)
        self._waiting[found.tid] = _Waiting(found)
        self._places[place] = found.tid
        self._bytes += size
        self._unsent.append(found.tid)
        if len(self._unsent) == 1:
            # While more is unsent it is awake, or waits for room.
            self._arrived.notify_all()

    def wait(self, tid: bytes, timeout_ms: int) -> Result:
        """Return the result of a submitted transaction once its block is durable here."""
        with self._changed:
            settled = self._changed.wait_for(
                lambda: tid not in self._waiting, min(timeout_ms, WAIT_MS_MAX) / 1_000
            )
            refusal, known = self._refusals.get(tid), self._results.get(tid)
        if not settled:
            raise late(tid, timeout_ms)
        result = known or self.replica.find(tid)
        if result is not None:
            return result
        if refusal is not None:
            raise refusal
        raise unknown(tid)

    def find(self, tid: bytes) -> Result | None:
        """Return the result of an ordered transaction, None if it is in no block kept here."""
        return self.replica.find(tid)

    def waiting(self) -> int:
        """Return how many transactions are not final."""
        with self._changed:
            return len(self._waiting)

    def settle(self, effects: Effects) -> None:
        """Let go of what a block of this member's chain made final."""
        tip, count = effects.tip, len(effects.tids)
        first = tip.peaks.size - count
        with self._changed:
            for index, (tid, code) in enumerate(zip(effects.tids, effects.codes, strict=True)):
                if tid in self._waiting:
                    # Whoever submitted asks soon: a search of the file for each would cost more.
                    self._results[tid] = Result(tid, tip.height, index, code, first + index)
                    self._drop(tid)
            while len(self._results) > QUEUE_MAX:
                del self._results[next(iter(self._results))]
            self._changed.notify_all()
            self._arrived.notify_all()

    def _drop(self, tid: bytes) -> None:
        each = self._waiting.pop(tid, None)
        if each is not None:
            self._bytes -= len(each.found.data)
            self._places.pop((each.found.member, each.found.seq), None)

    def send(self) -> int:
        """Hand over what fits into the node's window, once; return how many it took in.

        Raises:
            Unavailable: `engine.away`; what it had is handed over again.
        """
        batch = self._take()
        if not batch:
            return 0
        try:
            answers = self._pool.offer([each.found.data for each in batch])
        except Unavailable:
            self._put_back(batch, lost=True)
            raise
        full = [each for each, answer in zip(batch, answers, strict=True) if answer is Taken.FULL]
        self._put_back(full)
        return len(batch) - len(full)

    def _take(self) -> list[_Waiting]:
        """Return what the node has not had, or has had for too long, and mark it as handed over."""
        now_ms = _now_ms()
        batch: list[_Waiting] = []
        with self._changed:
            self._renew(now_ms)
            sent = len(self._waiting) - len(self._unsent)
            size = 0
            while self._unsent and len(batch) < min(BATCH_MAX, self._pace.window - sent):
                each = self._waiting.get(self._unsent[0])
                if each is not None:
                    size += len(each.found.data)
                    if batch and size > BATCH_BYTES_MAX:
                        break
                    each.sent_ms = now_ms
                    batch.append(each)
                self._unsent.popleft()
        return batch

    def _renew(self, now_ms: int) -> None:
        """Have handed over again what is not final after a while, and drop what cannot be."""
        due: list[tuple[bytes, _Waiting]] = []
        for tid, each in self._waiting.items():
            if each.sent_ms is None or now_ms - each.sent_ms < self._pace.resend_ms:
                # They stand in the order they came in: those behind were handed over later.
                break
            due.append((tid, each))
        for tid, each in due:
            if not self._is_over(each.found):
                each.sent_ms = None
                # To the end: what was never handed over goes first next time.
                self._waiting[tid] = self._waiting.pop(tid)
                self._unsent.append(tid)
            else:
                self._drop(tid)
                self._changed.notify_all()

    def _is_over(self, found: Transaction) -> bool:
        """Tell whether a transaction need not be handed over again.

        Of a block that was taken over with the state at a later height nobody told (`restoring`).
        """
        try:
            self.gate.check(found)
            return is_ordered(found, self.replica)
        except (Invalid, Conflict) as error:
            self._refuse(found.tid, error)
            return True

    def _put_back(self, batch: Sequence[_Waiting], *, lost: bool = False) -> None:
        """Have a batch handed over again; all that was, where the node's pool may be `lost`."""
        with self._changed:
            found = list(self._waiting.values()) if lost else batch
            for each in reversed([each for each in found if each.sent_ms is not None]):
                if each.found.tid in self._waiting:
                    each.sent_ms = None
                    self._unsent.appendleft(each.found.tid)

    def start(self) -> None:
        """Hand over in a thread of its own until `close`."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._serve, name="ledger", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._is_closed():
            sent = 0
            try:
                sent = self.send()
                self.trouble = None
            except Unavailable as error:
                self.trouble = error
            with self._changed:
                if not (sent and self._unsent) and not self._is_closed():
                    # New work wakes it; a node that is full or away is asked again soon.
                    self._arrived.wait(RETRY_MS / 1_000)
                few = 0 < len(self._unsent) < BATCH_MAX
            if few:
                # What comes in together goes out together: one costs nearly as much as many.
                time.sleep(LINGER_MS / 1_000)

    def _is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """End the thread; what is not final is answered `ledger.closed`."""
        with self._changed:
            self._closed = True
            left = list(self._waiting)
            for tid in left:
                self._drop(tid)
                self._refuse(tid, closed())
            self._unsent.clear()
            self._changed.notify_all()
            self._arrived.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._pool.close()


def _now_ms() -> int:
    """Return milliseconds since some moment, never set back."""
    return time.monotonic_ns() // 1_000_000
