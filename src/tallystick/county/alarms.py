"""What is wrong at a served member now, the gravest first: the `alarm` of its health.

Laws: an age is that of the oldest block or record concerned, never of the newest, since a chain
that goes on would else hide for ever what does not; an alarm ends by itself once its cause does.
Limits: a member tells of records that it signed or that came to its own engine; where nothing
waits, it tells who does not answer, and nothing of another's engine that stands still.
"""

from __future__ import annotations

from typing import Final

from tallystick.base.codec import decode
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, Unavailable
from tallystick.chain import schema
from tallystick.chain.member import quorum
from tallystick.county.agreement import list_differing
from tallystick.county.house import House, Seat
from tallystick.county.validating import list_validators
from tallystick.kernel.ledger.pen import CLOCK_AHEAD_MAX_MS
from tallystick.kernel.ledger.replica import Replica

__all__ = ["LAG_MS_MAX", "WAIT_MS_MAX", "find_alarm"]

LAG_MS_MAX: Final = 60_000
"""How old a block may be before it is witnessed, and folded, without an alarm."""
WAIT_MS_MAX: Final = 30_000
"""How long a record may wait for a block without an alarm."""


def find_alarm(house: House, seat: Seat) -> Error | None:
    """Return what is wrong at a member, None if nothing is.

    Args:
        house: whose member it is.
        seat: the member's place.
    """
    return (
        _find_fault(seat)
        or _find_left(seat)
        or house.trouble_of(seat)
        or _find_ended(seat)
        or _find_delay(house, seat)
    )


def _find_fault(seat: Seat) -> Error | None:
    """Return what people must look at: it does not pass by itself."""
    follower = seat.follower
    if follower is not None and follower.fault is not None:
        return Unavailable(
            "ledger.halted",
            f"a block that {follower.orderer} signed does not run here: {follower.fault}",
            cure="Compare program versions with the member that orders; then tally verify.",
        )
    if known := seat.checker.equivocations.known():
        return Conflict(
            "ledger.equivocation",
            f"{len(known)} proofs are known of a member that signed two histories",
            cure="Stop trusting that member's copy; see GET /ledger/equivocations.",
        )
    if differing := list_differing(seat):
        where = ", ".join(f"{each['member']} from {each['height']}" for each in differing)
        return Corrupt(
            "ledger.differs",
            f"a copy departs from the others: {where}",
            cure="tally verify --member NAME for the member named; then tally repair.",
        )
    return None


def _find_left(seat: Seat) -> Error | None:
    """Tell of a leader that was voted out, at every member, though nothing waits for a block yet.

    Whoever has consented to another tells of that.
    """
    return None if seat.terms.is_between else seat.find_left()


def _find_ended(seat: Seat) -> Error | None:
    """Tell of a member whose signing key was revoked: it can record nothing, and vote on nothing.

    One that left is not missed.
    """
    node = seat.node
    if node.member not in node.replica.tip.members.by_name:
        return None
    try:
        node.membership.check_signing(node.outbox.public)
    except Denied as error:
        return error
    return None


def _find_delay(house: House, seat: Seat) -> Error | None:
    """Return what takes longer than it should."""
    if not house.served:
        # Blocks are cut and cosigned when somebody waits for one.
        return None
    replica, now = seat.node.replica, house.clock.now_ms()
    if replica.tip.time > now + CLOCK_AHEAD_MAX_MS:
        # One of the two clocks is wrong; what is beyond this member's own is not cosigned by it.
        return Unavailable(
            "ledger.clock_ahead",
            f"block {replica.tip.height} is more than {CLOCK_AHEAD_MAX_MS} ms ahead of this clock",
            cure="Set the clocks.",
        )
    try:
        return _find_waiting(seat, now) or _find_few(seat, now) or _find_lag(seat, replica, now)
    except Error as error:
        # A row of the own copy that cannot be read has a code of its own.
        return error


def _find_waiting(seat: Seat, now: int) -> Error | None:
    if not seat.has_waited(now - WAIT_MS_MAX):
        return None
    return Unavailable(
        "ledger.stalled",
        f"a record has waited for a block for more than {WAIT_MS_MAX // 1_000} s",
        cure="See who is away: tally county status. Where several order, more than two thirds of"
        " them must run. Nothing is lost, and nothing need be repeated.",
    )


def _find_few(seat: Seat, now: int) -> Error | None:
    """Tell whether too few of those that order together answer: at rest nothing else shows it."""
    tip = seat.node.replica.tip
    voting = list_validators(tip.members, tip.height + 1)
    since = {name: look.silent_ms for name, look in seat.checker.looks.items()}
    away = [
        name
        for name in voting
        if (silent := since.get(name)) is not None and now - silent > WAIT_MS_MAX
    ]
    if not away or len(voting) - len(away) >= quorum(len(voting)):
        return None
    return Unavailable(
        "ledger.too_few",
        f"{', '.join(away)} have not answered for {WAIT_MS_MAX // 1_000} s: of {len(voting)} that"
        f" order together {quorum(len(voting))} must run, or nothing can be recorded",
        cure="Start the members that are away: tally county status.",
    )


def _find_lag(seat: Seat, replica: Replica, now: int) -> Error | None:
    witnessed, folded = seat.witnesses.height, seat.node.views.height()
    if _is_old(replica, witnessed + 1, now):
        return Unavailable(
            "ledger.unwitnessed",
            f"block {witnessed + 1} is not cosigned by two thirds after {LAG_MS_MAX // 1_000} s",
            cure="Start the members that are away: tally county status.",
        )
    if _is_old(replica, folded + 1, now):
        return Unavailable(
            "views.behind",
            f"the views hold nothing of block {folded + 1} after {LAG_MS_MAX // 1_000} s",
            cure="Check the disk; if it stays: tally rebuild. Where that ends with ledger.pruned,"
            " no member holds the old bodies: tally chain import ARCHIVE.",
        )
    return None


def _is_old(replica: Replica, height: int, now: int) -> bool:
    """Tell whether there is a block at a height, and since longer than it may lag."""
    if height > replica.tip.height:
        return False
    made: int = decode(replica.header(height), schema.HEADER)["time"]
    return now - made > LAG_MS_MAX
