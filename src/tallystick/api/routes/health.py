"""Whether a member's node is well: no token, no personal data."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from tallystick.api.turn import Member, Settings
from tallystick.base.errors import Error
from tallystick.county.agreement import list_differing
from tallystick.county.alarms import find_alarm
from tallystick.county.house import House, Seat

__all__ = ["router"]

router = APIRouter(tags=["health"])


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
    node, failed = seat.node, None
    if not house.served:
        try:
            node.fold()
        except Error as error:
            # A member's damaged file is its alarm, and hides nothing of the others'.
            failed = error
    tip = node.replica.tip
    alarm, differing = find_alarm(house, seat) or failed, list_differing(seat)
    return {
        "member": node.member,
        "height": tip.height,
        "head": str(tip.cid),
        "witnessed": seat.witnesses.height,
        "folded": node.views.height(),
        "copies": len(node.roles()),
        "agreeing": seat.checker.count_agreeing(),
        "alarm": "" if alarm is None else alarm.code,
        **({"differing": differing} if differing else {}),
    }
