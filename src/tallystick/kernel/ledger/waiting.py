"""What may wait for a block, told by all that needs no block to be run, and how it is refused.

Whoever takes transactions in asks the same questions, the one that orders for all and a member
before its engine, so they are answered here, with the same codes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.base.keys import verify
from tallystick.chain.member import Key
from tallystick.chain.merkle import root_of
from tallystick.chain.transaction import EMPTY_WINDOW, LIFE_MAX_MS, Transaction, check_window
from tallystick.kernel.ledger.replica import Replica

__all__ = [
    "BAD",
    "QUEUE_BYTES_MAX",
    "QUEUE_MAX",
    "REFUSALS_MAX",
    "check_space",
    "check_standing",
    "closed",
    "conflict",
    "find_signed",
    "is_ordered",
    "is_signed",
    "refused",
    "unknown",
]

QUEUE_MAX: Final = 10_000
QUEUE_BYTES_MAX: Final = 16_000_000
# Whoever submitted asks for the result soon after; refusals stand in no block to be found again.
REFUSALS_MAX: Final = 4_096
BAD: Final = "its signature is bad, or not over these records"


def is_ordered(found: Transaction, replica: Replica) -> bool:
    """Tell whether a block holds it; its number, where unused, says no without a search.

    Raises:
        Invalid: `tx.window`, the number is too old or too far ahead.
        Conflict: another transaction of its member used up the number.
    """
    window = replica.read(b"seq/" + found.member.encode()) or EMPTY_WINDOW
    try:
        check_window(window, found.seq)
    except Invalid as error:
        if replica.find(found.tid) is not None:
            return True
        if error.code == "tx.seq_repeated" and is_signed(found, replica):
            raise conflict(found) from error
        raise
    return False


def check_standing(found: Transaction, replica: Replica, now_ms: int) -> None:
    """Refuse what cannot stand in the next block, by all that costs no signature.

    Raises:
        Invalid: `ledger.refused`.
    """
    tip = replica.tip
    if found.chain != tip.genesis.chain:
        raise refused(found, "it names another chain")
    if tip.members.key(found.member, found.key, "tx", tip.height + 1) is None:
        raise _refuse_key(found)
    if found.not_after <= tip.time or found.not_after < now_ms:
        raise refused(found, f"it ended at {found.not_after}, now it is {now_ms}")
    if found.not_after > max(now_ms, tip.time + 1) + LIFE_MAX_MS:
        raise refused(found, "it would live longer than 24 hours")


def is_signed(found: Transaction, replica: Replica) -> bool:
    """Tell whether its key is in force, its signature valid and its records those signed."""
    return find_signed(found, replica) is not None


def find_signed(
    found: Transaction,
    replica: Replica,
    check: Callable[[bytes, bytes, bytes], bool] = verify,
) -> Key | None:
    """Return the key in force under which it and its records are signed, None if there is none."""
    tip = replica.tip
    key = tip.members.key(found.member, found.key, "tx", tip.height + 1)
    if (
        key is not None
        and check(key.pub, found.signed, found.signature)
        and found.count == len(found.records)
        and found.root == root_of(found.records)
    ):
        return key
    return None


def check_space(waiting: int, held_bytes: int, size: int) -> None:
    """Refuse another `size` bytes where as many transactions wait as may.

    Raises:
        Unavailable: `ledger.busy`.
    """
    if waiting >= QUEUE_MAX or held_bytes + size > QUEUE_BYTES_MAX:
        raise Unavailable(
            "ledger.busy",
            f"{waiting} transactions of {held_bytes} bytes wait,"
            f" most is {QUEUE_MAX} of {QUEUE_BYTES_MAX}",
            cure="Submit the same bytes again in a second.",
        )


def refused(found: Transaction, reason: str) -> Invalid:
    """Return the error for what may not stand in a block."""
    return Invalid(
        "ledger.refused",
        f"transaction {found.tid.hex()} may not stand in a block: {reason}",
        cure="Sign it anew with the next sequence number.",
        tid=found.tid.hex(),
    )


def _refuse_key(found: Transaction) -> Invalid:
    return Invalid(
        "ledger.refused",
        f"transaction {found.tid.hex()} may not stand in a block: its key is not in force",
        cure="If the member's keys were changed, sign it anew by the one in force. If its signing"
        " key was revoked, fresh ones are voted in by a card: tally member renew, then at another"
        " member tally change join.",
        tid=found.tid.hex(),
    )


def conflict(found: Transaction) -> Conflict:
    """Return the error for two signed transactions of one number."""
    return Conflict(
        "ledger.seq_conflict",
        f"{found.member} signed two transactions with sequence number {found.seq}",
        cure="Run one outbox per member; after a restore let it skip ahead.",
        member=found.member,
        seq=found.seq,
    )


def unknown(tid: bytes) -> NotFound:
    """Return the error for an id that nothing has that waits or is ordered."""
    return NotFound(
        "ledger.unknown",
        f"no transaction {tid.hex()} waits or is ordered",
        cure="Submit its bytes.",
    )


def closed() -> Unavailable:
    """Return the error for what still waits when a ledger ends."""
    return Unavailable("ledger.closed", "the ledger ends", cure="Submit the same bytes again.")
