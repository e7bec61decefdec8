"""How validators tell each other what waits in their own pools: batches over the members' link.

Laws: only a validator in force is listened to, and the link proves who speaks; a member tells what
it took in itself, to each other validator once, and nobody passes on what another told, so that a
transaction crosses the link n - 1 times and no more; it is told again only when its own member
offers it again because it is not final. What a validator may cost the others has a bound: one call
at a time, a share of the pool (`pool`), an allowance for what was of no use; after anything that
nobody signed it is not heard for a while. Telling one peer what fills no batch takes at most a
tenth of the time, so that batches grow with the load, and once full follow each other at once; a
peer that is away delays nobody else.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import encode
from tallystick.base.errors import Denied, Error, Unavailable
from tallystick.chain import schema
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.engines.pool import SharedPool, Verdict
from tallystick.kernel.ledger.engines.validators import list_validators
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Link

__all__ = ["Intake", "Spreader", "serve_offers"]

METHOD: Final = "ledger.offer"
BATCH_MAX: Final = 500
BATCH_BYTES_MAX: Final = 1024 * 1024
QUEUE_MAX: Final = 4_000
"""Told to one peer later, at most: what is beyond is told when it is offered again."""
RETRY_S: Final = 0.5
GAP_MIN_S: Final = 0.02
SHARE_OF_TIME: Final = 10
IDLE_MAX: Final = 2_000
"""Offers of no use that a peer may make at once: all it had told before it restarted, and more."""
IDLE_PER_S: Final = 1_000
PAUSE_MS: Final = 10_000
_OFFER: Final = codec.list_of(codec.octets(schema.TRANSACTION_BYTES_MAX), BATCH_MAX, 1)
_TAKEN: Final = codec.integer(0, BATCH_MAX)


def now_ms() -> int:
    """Return milliseconds since some moment, never set back."""
    return time.monotonic_ns() // 1_000_000


class _Guest:
    """One validator as it is listened to."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.allowance = IDLE_MAX
        self.refilled_ms = now_ms()
        self.deaf_until_ms = 0

    def refill(self) -> None:
        """Give back the allowance of the time that has passed."""
        now = now_ms()
        more = (now - self.refilled_ms) * IDLE_PER_S // 1_000
        if more > 0:
            self.allowance = min(IDLE_MAX, self.allowance + more)
            self.refilled_ms = now


class Intake:
    """Takes in what other validators offer.

    Args:
        pool: where it waits.
        replica: tells who validates.
    """

    def __init__(self, pool: SharedPool, replica: Replica) -> None:
        self._pool = pool
        self._replica = replica
        self._guests: dict[str, _Guest] = {}
        # Batches of several peers in turn: their signatures checked at once by as many threads
        # would only keep the engine's own calls waiting.
        self._turn = threading.Lock()

    def take(self, caller: str, payload: bytes) -> bytes:
        """Take in a batch; return how many of it, from its beginning, need not be told again.

        Raises:
            Denied: `ledger.not_heard`, the caller does not validate, or forged something lately.
            Unavailable: `ledger.busy`, an earlier batch of the caller's is still being looked at.
            Invalid: `codec.form`, the payload is no batch.
        """
        tip = self._replica.tip
        if caller not in list_validators(tip.members, tip.height + 1):
            raise _not_heard(caller, f"it does not validate block {tip.height + 1}")
        guest = self._guests.setdefault(caller, _Guest())
        if not guest.lock.acquire(blocking=False):
            raise Unavailable(
                "ledger.busy",
                f"a batch of {caller} is being looked at, and one at a time is",
                cure="Offer the next once this one is answered.",
            )
        try:
            left_ms = guest.deaf_until_ms - now_ms()
            if left_ms > 0:
                raise _not_heard(
                    caller, f"it offered what nobody signed; heard again in {left_ms} ms"
                )
            guest.refill()
            if guest.allowance <= 0:
                # Nothing of it would be looked at: it is not read, and keeps nobody waiting.
                return encode(0)
            batch = codec.decode(payload, _OFFER)
            with self._turn:
                return encode(self._take(caller, guest, batch))
        finally:
            guest.lock.release()

    def _take(self, caller: str, guest: _Guest, batch: Sequence[bytes]) -> int:
        for index, data in enumerate(batch):
            verdict = self._pool.take_in(caller, data) if guest.allowance > 0 else Verdict.FULL
            if verdict is Verdict.FULL:
                return index
            if verdict is Verdict.FORGED:
                guest.deaf_until_ms = now_ms() + PAUSE_MS
                raise _not_heard(caller, f"transaction {index} of its batch was signed by nobody")
            guest.allowance -= verdict is Verdict.IDLE
        return len(batch)


def _not_heard(caller: str, why: str) -> Denied:
    return Denied(
        "ledger.not_heard",
        f"{caller} may not offer transactions here: {why}",
        cure="Compare the members' lists and program versions of the two.",
        member=caller,
    )


def serve_offers(link: Link, intake: Intake) -> None:
    """Take in what other validators offer over the link."""
    link.serve({METHOD: intake.take})


class _Teller:
    """Tells one peer."""

    def __init__(self, link: Link, peer: str, is_waiting: Callable[[Transaction], bool]) -> None:
        self.trouble: Error | None = None
        self._link = link
        self._peer = peer
        self._is_waiting = is_waiting
        self._queue: deque[Transaction] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._serve, name=f"tell {peer}", daemon=True)

    def add(self, found: Sequence[Transaction]) -> None:
        with self._changed:
            self._queue.extend(found[: max(0, QUEUE_MAX - len(self._queue))])
            self._changed.notify()

    def tell(self) -> float:
        """Offer one batch; return for how many seconds none is to follow."""
        batch, is_full = self._cut()
        if not batch:
            return 0
        began = time.monotonic()
        try:
            answer = self._link.call(self._peer, METHOD, encode([each.data for each in batch]))
            taken: int = codec.decode(answer, _TAKEN)
        except Error as error:
            self.trouble = error
            taken = 0
        else:
            self.trouble = None
        if taken < len(batch):
            self._put_back(batch[taken:])
            return RETRY_S
        if is_full:
            return 0
        return max(GAP_MIN_S, SHARE_OF_TIME * (time.monotonic() - began))

    def _cut(self) -> tuple[list[Transaction], bool]:
        """Return the next batch without what has been ordered, and whether more is left."""
        batch: list[Transaction] = []
        size = 0
        with self._changed:
            while self._queue and len(batch) < BATCH_MAX:
                each = self._queue.popleft()
                if not self._is_waiting(each):
                    continue
                size += len(each.data)
                if batch and size > BATCH_BYTES_MAX:
                    self._queue.appendleft(each)
                    break
                batch.append(each)
            return batch, bool(self._queue)

    def _put_back(self, batch: Sequence[Transaction]) -> None:
        with self._changed:
            self._queue.extendleft(reversed(batch))

    def start(self) -> None:
        self._thread.start()

    def _serve(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_closed or self._queue)
                if self._is_closed:
                    return
            pause = self.tell()
            with self._changed:
                if self._changed.wait_for(lambda: self._is_closed, pause):
                    return

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()


class Spreader:
    """Tells the other validators what this member offers.

    Args:
        link: to the other members.
        pool: this member's; its own offers are told.
        replica: tells who validates.
    """

    def __init__(self, link: Link, pool: SharedPool, replica: Replica) -> None:
        self._link = link
        self._pool = pool
        self._replica = replica
        self._tellers: dict[str, _Teller] = {}
        self._is_started = False
        self._lock = threading.Lock()
        pool.tell = self.add

    def add(self, found: Sequence[Transaction]) -> None:
        """Have some transactions told to whoever validates besides this member."""
        tip = self._replica.tip
        for name in list_validators(tip.members, tip.height + 1):
            if found and name != self._link.member:
                self._teller(name).add(found)

    def _teller(self, name: str) -> _Teller:
        with self._lock:
            teller = self._tellers.get(name)
            if teller is None:
                teller = self._tellers[name] = _Teller(self._link, name, self._pool.holds)
                if self._is_started:
                    teller.start()
            return teller

    def work(self) -> None:
        """Tell each peer one batch, where no threads do."""
        for teller in list(self._tellers.values()):
            teller.tell()

    def start(self) -> None:
        """Tell each peer in a thread of its own until `close`."""
        with self._lock:
            self._is_started = True
            for teller in self._tellers.values():
                teller.start()

    def close(self) -> None:
        """End the threads; what was not told is offered again by whoever submitted it."""
        self._pool.tell = lambda _: None
        with self._lock:
            tellers = list(self._tellers.values())
        for teller in tellers:
            teller.close()
