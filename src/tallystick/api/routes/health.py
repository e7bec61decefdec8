"""Whether a member's node is well: no token, no personal data."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from tallystick.api.turn import Member, Settings
from tallystick.county.house import House, Seat
from tallystick.kernel.ledger.pen import CLOCK_AHEAD_MAX_MS

__all__ = ["router"]

router = APIRouter(tags=["health"])
LAG_MS_MAX = 60_000


@router.get("/healthz", summary="All members' health")
def show_all(request: Request) -> dict[str, Any]:
    """Return every served member's health."""
    settings: Settings = request.app.state.settings
    names = sorted(settings.members)
    return {"members": [_health(settings.house, settings.seat(name)) for name in names]}


@router.get("/{member}/healthz", summary="One member's health")
def show_one(request: Request, member: Member) -> dict[str, Any]:
    """Return heights, how many copies agree, and what is wrong (`alarm`, empty if nothing is)."""
    settings: Settings = request.app.state.settings
    return _health(settings.house, settings.seat(member))


def _health(house: House, seat: Seat) -> dict[str, Any]:
    node = seat.node
    if not house.served:
        node.fold()
    tip = node.replica.tip
    return {
        "member": node.member,
        "height": tip.height,
        "head": str(tip.cid),
        "witnessed": seat.witnesses.height,
        "folded": node.views.height(),
        "copies": len(node.roles()),
        "agreeing": seat.checker.count_agreeing(),
        "alarm": _alarm(house, seat),
    }


def _alarm(house: House, seat: Seat) -> str:
    """Return the code of what is wrong, "" if nothing is."""
    if seat.follower is not None and seat.follower.fault is not None:
        return "ledger.halted"
    if seat.checker.equivocations.known():
        return "ledger.equivocation"
    if seat.checker.sightings.open():
        return "ledger.differs"
    trouble = house.trouble_of(seat)
    if trouble is not None:
        return trouble.code
    tip = seat.node.replica.tip
    if house.served and tip.time > house.clock.now_ms() + CLOCK_AHEAD_MAX_MS:
        # One of the two clocks is wrong; what is beyond this member's own is not cosigned by it.
        return "ledger.clock_ahead"
    late = house.clock.now_ms() - tip.time > LAG_MS_MAX
    if house.served and late and seat.witnesses.height < tip.height:
        return "ledger.unwitnessed"
    if house.served and late and seat.node.views.height() < tip.height:
        return "views.behind"
    return ""
