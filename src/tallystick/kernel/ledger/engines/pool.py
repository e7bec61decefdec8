"""A validator's own pool, where the engine keeps none: what may be proposed next, bounded by owner.

Laws: nothing enters but what the gate admits, so that whatever has no reading, no key in force, no
free number or no valid signature never waits here; each validator has a share of the room, and no
share takes another's; what is proposed is taken from the shares in turn, so that whoever offers
most delays nobody else; what was ordered leaves, and so does what may not stand any more. It is
memory alone: who took a transaction in offers it again until it is final (`cometbft`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain, islice, zip_longest
from typing import Final

from tallystick.base.errors import Conflict, Invalid
from tallystick.chain import schema
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.engines.comet_rpc import Taken
from tallystick.kernel.ledger.engines.gate import Gate

__all__ = ["POOL_BYTES_MAX", "SHARE_MAX", "SharedPool", "Verdict"]

POOL_BYTES_MAX: Final = 64 * 1024 * 1024
"""Of all shares; each validator may fill an equal part of it."""
SHARE_MAX: Final = 4_000
"""Transactions of one share: twice what an honest member hands over at a time."""
SWEEP_MS: Final = 1_000
"""By the chain's time: how long something may wait here that cannot be ordered any more."""

Place = tuple[str, int]
"""Whose transaction it is, and its number: two of one place can never both be ordered."""


class Verdict(Enum):
    """What became of a transaction that another validator offered."""

    NEW = "it waits here from now on"
    IDLE = "it was known, or may not stand any more: nobody's fault, and no use"
    FULL = "the other's share is full; nothing of it was kept"
    FORGED = "nobody who keeps the laws offers it: it has no reading, or nobody signed it"


@dataclass(slots=True, eq=False)
class _Share:
    """What one validator offered, in its order."""

    rows: dict[Place, Transaction] = field(default_factory=dict)
    size: int = 0


class SharedPool:
    """One validator's pool; safe to share between threads.

    Args:
        gate: judges what comes in.
        own: this member's name.
        seats: returns how many validators share the room.
    """

    def __init__(self, gate: Gate, own: str, seats: Callable[[], int]) -> None:
        self.tell: Callable[[Sequence[Transaction]], None] = lambda _: None
        """Told what this member offers, each time it does: it is for the other validators too."""
        self._gate = gate
        self._own = own
        self._seats = seats
        self._share_bytes = self._count_share()
        self._lock = threading.Lock()
        self._shares: dict[str, _Share] = {}
        self._held: dict[Place, tuple[bytes, str]] = {}
        self._swept_ms = 0

    def _count_share(self) -> int:
        return POOL_BYTES_MAX // max(1, self._seats())

    def offer(self, txs: Sequence[bytes]) -> list[Taken]:
        """Take in this member's own transactions, or tell of them again; never Unavailable.

        What the gate refuses is passed over in silence, as a node does: the ledger judges again.
        """
        told: list[Transaction] = []
        answers = [self._offer(data, told) for data in txs]
        self.tell(told)
        return answers

    def _offer(self, data: bytes, told: list[Transaction]) -> Taken:
        try:
            found = self._gate.read(data)
            if self._is_new(found):
                if not self._has_room(self._own, found):
                    return Taken.FULL
                self._gate.admit(data)
                self._hold(self._own, found)
        except (Invalid, Conflict):
            return Taken.IN
        told.append(found)
        return Taken.IN

    def take_in(self, owner: str, data: bytes) -> Verdict:
        """Take in a transaction that another validator, `owner`, offers."""
        try:
            found = self._gate.read(data)
        except Invalid:
            return Verdict.FORGED
        # What is known or has no room costs no signature.
        if not self._is_new(found):
            return Verdict.IDLE
        if not self._has_room(owner, found):
            return Verdict.FULL
        try:
            self._gate.admit(data)
        except Conflict:
            return Verdict.IDLE
        except Invalid:
            return Verdict.FORGED if self._is_forged(found) else Verdict.IDLE
        self._hold(owner, found)
        return Verdict.NEW

    def _is_forged(self, found: Transaction) -> bool:
        """Tell whether its key is in force here and did not sign it; a stale one is no forgery."""
        tip = self._gate.replica.tip
        key = tip.members.key(found.member, found.key, "tx", tip.height + 1)
        return key is not None and not self._gate.is_signed(found)

    def _is_new(self, found: Transaction) -> bool:
        held = self._held.get((found.member, found.seq))
        return held is None or held[0] != found.tid

    def _has_room(self, owner: str, found: Transaction) -> bool:
        share = self._shares.get(owner)
        if share is None:
            return True
        size = share.size + len(found.data)
        return len(share.rows) < SHARE_MAX and size <= self._share_bytes

    def _hold(self, owner: str, found: Transaction) -> None:
        place = (found.member, found.seq)
        with self._lock:
            if place in self._held:
                # Another thread was first; of two with one number the gate let in one.
                return
            share = self._shares.setdefault(owner, _Share())
            share.rows[place] = found
            share.size += len(found.data)
            self._held[place] = (found.tid, owner)

    def choose(self) -> list[bytes]:
        """Return what may be proposed now, at most a block's count, from each share in turn."""
        with self._lock:
            rows = [list(share.rows.values()) for share in self._shares.values()]
        turns = chain.from_iterable(zip_longest(*rows))
        found = (each.data for each in turns if each is not None)
        return list(islice(found, schema.BLOCK_TRANSACTIONS_MAX))

    def leave(self, found: Iterable[Transaction], now_ms: int) -> None:
        """Let go of what a block ordered, and now and then of what has ended meanwhile.

        Args:
            found: the block's transactions.
            now_ms: the block's time.
        """
        with self._lock:
            for each in found:
                self._let_go((each.member, each.seq))
        if now_ms - self._swept_ms >= SWEEP_MS:
            self._swept_ms = now_ms
            self._share_bytes = self._count_share()
            self._sweep()

    def drop(self, found: Iterable[Transaction]) -> None:
        """Let go of what turned out not to stand in the next block; who owns it offers it again."""
        with self._lock:
            for each in found:
                self._let_go((each.member, each.seq))
                self._gate.leave(each)

    def _sweep(self) -> None:
        with self._lock:
            rows = [each for share in self._shares.values() for each in share.rows.values()]
        ended = [each for each in rows if not self._may_stand(each)]
        with self._lock:
            for each in ended:
                self._let_go((each.member, each.seq))

    def _may_stand(self, found: Transaction) -> bool:
        try:
            self._gate.readmit(found.data)
        except (Invalid, Conflict):
            return False
        return True

    def _let_go(self, place: Place) -> None:
        _, owner = self._held.pop(place, (b"", ""))
        if owner:
            share = self._shares[owner]
            share.size -= len(share.rows.pop(place).data)
            if not share.rows:
                del self._shares[owner]

    def holds(self, found: Transaction) -> bool:
        """Tell whether a transaction waits here."""
        return not self._is_new(found)

    def waiting(self) -> int:
        """Return how many transactions wait here, of all validators."""
        return len(self._held)

    def close(self) -> None:
        """Do nothing: there is no connection."""
