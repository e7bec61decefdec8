"""A Byzantine engine's door: what may wait in its pool, and a memory of what was looked at there.

What it asks of a transaction is `kernel.ledger.waiting`'s; it is asked twice, by the member that
submits and by the engine. The memory of transactions and signatures spares reading and checking
them again when they are proposed, judged and decided.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final, NamedTuple

from tallystick.base.clock import Clock
from tallystick.base.errors import Conflict, Invalid
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.engines.verified import Verified
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.signatures import THREADS_FROM, check_both, list_signatures
from tallystick.kernel.ledger.waiting import (
    BAD,
    check_standing,
    conflict,
    find_signed,
    is_ordered,
    refused,
)

__all__ = ["READ_BYTES_MAX", "Gate"]

READ_BYTES_MAX: Final = 32_000_000
"""Transactions of one generation that are kept read; there are two."""
PLACES_MAX: Final = 200_000


class _Held(NamedTuple):
    """A transaction that was admitted, and when it first was, by the member's clock."""

    found: Transaction
    since_ms: int


class Gate:
    """Judges transactions against a member's own chain; safe to share between threads.

    Args:
        replica: the chain.
        clock: what has ended by it, or would live too long, is refused.
        verified: remembers signatures.
    """

    def __init__(self, replica: Replica, clock: Clock, verified: Verified | None = None) -> None:
        self.replica = replica
        self.verified = verified or Verified()
        self._clock = clock
        self._lock = threading.Lock()
        self._young: dict[bytes, Transaction] = {}
        self._old: dict[bytes, Transaction] = {}
        self._size = 0
        self._signed: dict[bytes, bytes] = {}
        """By a transaction's bytes, the key under which all of it was found signed."""
        self._places: dict[tuple[str, int], _Held] = {}

    def read(self, data: bytes) -> Transaction:
        """Return the transaction of `data`; Invalid if its size or shape is wrong."""
        found = self._young.get(data)
        if found is not None:
            return found
        found = self._old.get(data) or Transaction.read(data)
        with self._lock:
            if self._size > READ_BYTES_MAX:
                self._old, self._young, self._size = self._young, {}, 0
                self._signed = {}
            self._young[data] = found
            self._size += len(data)
        return found

    def warm(self, found: Sequence[Transaction]) -> None:
        """Check the signatures of many that were not met before on two threads, and remember them.

        A block that was never proposed here has all of its signatures to be checked at once;
        libsodium lets other threads run meanwhile. Whoever runs the block asks the memory.
        """
        rows = list_signatures(found, self.replica.tip)
        cold = [row for row in rows if not self.verified.knows(*row)]
        if len(cold) >= THREADS_FROM:
            self.verified.take(cold, check_both(cold))

    def admit(self, data: bytes) -> Transaction:
        """Return a transaction that may wait in the engine's pool.

        Raises:
            Invalid: it may not stand in a block, or stands in one.
            Conflict: `ledger.seq_conflict`, another one that waits has its number.
        """
        found = self.read(data)
        self.check(found)
        place = (found.member, found.seq)
        held = self._places.get(place)
        if held is not None and held.found.tid != found.tid and self._is_waiting(held):
            raise conflict(found) if self.is_signed(found) else refused(found, BAD)
        if is_ordered(found, self.replica):
            raise refused(found, "a block holds it")
        if not self.is_signed(found):
            raise refused(found, BAD)
        if held is None or held.found.tid != found.tid:
            self._hold(place, found)
        return found

    def readmit(self, data: bytes) -> Transaction:
        """Return a transaction that was admitted and may wait for another block.

        Its signature is not looked at again: whoever proposes it does that.

        Raises:
            Invalid: it may not stand in a block any more, or stands in one.
            Conflict: `ledger.seq_conflict`, another one of its number was ordered.
        """
        found = self.read(data)
        try:
            self.check(found)
            if is_ordered(found, self.replica):
                raise refused(found, "a block holds it")
        except (Invalid, Conflict):
            self._places.pop((found.member, found.seq), None)
            raise
        return found

    def check(self, found: Transaction) -> None:
        """Refuse what cannot stand in the next block, by all that costs no signature."""
        check_standing(found, self.replica, self._clock.now_ms())

    def is_signed(self, found: Transaction) -> bool:
        """Tell whether its key is in force, its signature valid and its records those signed."""
        known = self._signed.get(found.data)
        if known is not None:
            tip = self.replica.tip
            key = tip.members.key(found.member, found.key, "tx", tip.height + 1)
            return key is not None and key.pub == known
        key = find_signed(found, self.replica, self.verified.check)
        if key is not None:
            self._signed[found.data] = key.pub
        return key is not None

    def has_waited(self, before_ms: int) -> bool:
        """Tell whether something admitted before a moment may still stand in a block, in none yet.

        The engine's pool lets go of some without a word: of what no block holds, only that counts
        whose time is not over by clock and chain.
        """
        now = max(self._clock.now_ms(), self.replica.tip.time)
        for place, held in list(self._places.items()):
            if held.since_ms >= before_ms:
                # They stand in the order they came in.
                break
            if held.found.not_after > now:
                if self.replica.find(held.found.tid) is None:
                    return True
                # Of a block that was taken over with the state nobody told (`restoring`).
                self._places.pop(place, None)
        return False

    def _is_waiting(self, held: _Held) -> bool:
        return held.found.not_after > self.replica.tip.time

    def _hold(self, place: tuple[str, int], found: Transaction) -> None:
        if len(self._places) >= PLACES_MAX:
            # The engine may have dropped some without a word: what has ended holds no place.
            waiting = {key: row for key, row in self._places.items() if self._is_waiting(row)}
            self._places = waiting if len(waiting) < PLACES_MAX else {}
        # One whose time is over had the number: the new one stands last.
        self._places.pop(place, None)
        self._places[place] = _Held(found, self._clock.now_ms())

    def leave(self, found: Transaction) -> None:
        """Forget a transaction that was ordered."""
        self._places.pop((found.member, found.seq), None)
