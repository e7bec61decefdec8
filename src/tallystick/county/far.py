"""A member whose orderer is on another machine: what it submits, and how it keeps up.

Laws: what was signed and may or may not have reached the orderer is told `ledger.late`, not as a
failure: it is sent again by itself and counts once. While the orderer is away the member goes on to
verify what other members hold, says whom it misses, and sends again once it is back.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from tallystick.base.errors import Conflict, Denied, Error, Invalid, Unavailable
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger.base import Result, late
from tallystick.kernel.ledger.courier import Courier
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.news import ask_news

if TYPE_CHECKING:
    from tallystick.county.house import Seat
    from tallystick.county.opening import Apart

__all__ = ["FarLedger", "check_heard", "follow_far"]

NEWS_MS: Final = 1_000
"""How long one question for news waits at the orderer; a member that ends waits as long."""
NOTE_PAUSE_MS: Final = 20
"""How soon a member asks again for cosignatures of a block it has."""
RESEND_MS: Final = 250
"""How long it waits for the result of what it sends again: following goes on."""
_NO_METHOD: Final = "link.method"
AWAY_MS: Final = 500
"""How long a member waits before it asks others again what they hold, while the orderer is away."""


class FarLedger:
    """A follower as the `Ledger` of a member whose orderer may be cut off at any moment.

    Args:
        follower: the member's copy.
    """

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    def submit(self, data: bytes) -> bytes:
        """Hand a transaction to the orderer and return its id.

        Raises:
            Unavailable: `ledger.late`, it is not known whether it came there.
        """
        try:
            return self._submit(data)
        except Error as error:
            raise _told(error, Transaction.read(data).tid, 0) from error

    def _submit(self, data: bytes) -> bytes:
        follower = self._follower
        asked = follower.orderer
        try:
            return follower.submit(data)
        except Error as error:
            if error.code == _NO_METHOD:
                # It orders no more, and follows another itself.
                _ask_who_orders(follower)
            if follower.orderer == asked:
                raise
            return follower.submit(data)

    def wait(self, tid: bytes, timeout_ms: int) -> Result:
        """Return a transaction's result once this member has verified and kept its block."""
        try:
            return self._follower.wait(tid, timeout_ms)
        except Unavailable as error:
            # Its block may have come meanwhile by the thread that follows: that of a vote by which
            # who orders leaves makes that one's own answer nobody's.
            found = self._follower.find(tid)
            if found is not None:
                return found
            raise _told(error, tid, timeout_ms) from error

    def find(self, tid: bytes) -> Result | None:
        """Return the result of a transaction ordered on this member's chain."""
        return self._follower.find(tid)

    def close(self) -> None:
        """Nothing to end: the follower is its seat's."""


def _told(error: Error, tid: bytes, timeout_ms: int) -> Error:
    """Return what an error of the link means for what was signed; any other as it is.

    What was signed is kept, and sent again once both ends speak to each other: also where one
    refused the other, by its clock or a key.
    """
    is_link = error.code.startswith("link.") and not isinstance(error, Invalid | Conflict)
    return late(tid, timeout_ms) if is_link else error


def check_heard(follower: Follower, apart: Apart) -> None:
    """Refuse what is about to be signed where who orders is away, or refuses this member.

    What was signed meanwhile would be recorded once its clock, or its key, is right.

    Args:
        follower: the member's copy.
        apart: how it is linked to who orders.

    Raises:
        Unavailable: `ledger.away`.
        Denied: what its last question was refused by, such as `link.future`.
    """
    told = follower.trouble
    if isinstance(told, Denied) and told.code.startswith("link."):
        raise told.with_traceback(None)
    if apart.is_away(follower.orderer):
        raise Unavailable(
            "ledger.away",
            f"{follower.orderer}, which orders the chain, cannot be reached; nothing signed",
            cure="Repeat it when that member answers again; reading goes on meanwhile.",
            member=follower.orderer,
        )


def follow_far(seat: Seat, ended: threading.Event) -> None:
    """Verify, keep, cosign and fold what the orderer has, until `ended`."""
    follower, own = seat.follower, seat.node.replica
    assert follower is not None
    is_away, pause = True, NOTE_PAUSE_MS
    while not ended.is_set():
        try:
            if is_away:
                # Whoever ordered may be back, and follow another: it is the one to tell.
                follower.learn(follower.orderer)
            begun = own.tip.height
            is_late = follower.owes or seat.witnesses.height < begun
            wait_ms = 0 if is_away else pause if is_late else NEWS_MS
            height = ask_news(seat.link, follower.orderer, begun, wait_ms)
            # Whoever waits for its own record may have taken the block over meanwhile, unsigned.
            is_moved = max(height, own.tip.height) > begun
            if is_moved or is_late or is_away:
                follower.pull()
                seat.node.fold()
            pause = min(pause * 2, NEWS_MS) if is_late and not is_moved else NOTE_PAUSE_MS
            if is_away or not is_moved:
                is_away = False
                _resend(seat)
        except Error as error:
            # The orderer is away, the disk is full or the chain has halted: told by its health.
            is_away = True
            _ask_who_orders(follower)
            _ask_others(seat, follower)
            follower.trouble = error
            ended.wait(AWAY_MS / 1_000)


def _ask_who_orders(follower: Follower) -> None:
    """Learn from the others whether they have agreed on another leader meanwhile."""
    try:
        follower.learn()
    except Error as error:
        # Its copy was left behind: told by its health until it is repaired.
        follower.trouble = error


def _resend(seat: Seat) -> None:
    """Send again what was signed and has no result yet: not taken in, or its answer was lost."""
    with contextlib.suppress(Error):
        if seat.node.outbox.pending():
            Courier(seat.node.outbox, seat.ledger).resend(RESEND_MS)


def _ask_others(seat: Seat, follower: Follower) -> None:
    """Take over what any other member holds beyond this copy; verified like all else."""
    with contextlib.suppress(Error):
        follower.take_signed()
    with contextlib.suppress(Error):
        seat.node.fold()
