"""Whether all copies of the chain agree, as one member sees it: in view, and the alarm if not.

Laws: a figure is this member's own observation unless it says whose word it is; which copy departs
follows from how many hold the other value, never from who spoke first. Limits: on a tie of values
the other copy is named, since this member's own blocks were run here from genesis.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base.errors import Error
from tallystick.county.house import House, Seat
from tallystick.kernel.ledger.sighting import Sighting, ask_sightings

__all__ = ["list_differing", "show_agreement"]

SETTLED_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class _Alarm:
    """A copy that departs: what should stand there, and what stands there."""

    member: str
    height: int
    field: str
    expected: str
    got: str
    first_ms: int
    last_ms: int
    settled_ms: int | None = None

    def tree(self) -> dict[str, Any]:
        found = {name: getattr(self, name) for name in self.__slots__}
        return {name: each for name, each in found.items() if each is not None}


def show_agreement(house: House, seat: Seat) -> dict[str, Any]:
    """Return every member's copy as this member sees it, and what differs.

    Args:
        house: the county's, for what its members are called.
        seat: the member that looks.
    """
    replica, checker = seat.node.replica, seat.checker
    members = list(_members(house, seat))
    standing = checker.sightings.open()
    others = _ask_others(seat) if standing else {}
    peers = len(seat.link.peers())
    alarms = _alarms(standing, seat.node.member, peers)
    settled = _alarms(checker.sightings.settled(SETTLED_MAX), seat.node.member, peers)
    return {
        "member": seat.node.member,
        "chain": replica.genesis.chain,
        "height": replica.tip.height,
        "head": str(replica.tip.cid),
        "witnessed": seat.witnesses.height,
        "copies": len(members),
        "agreeing": sum(each.get("agrees", 0) for each in members),
        "members": members,
        "alarms": [_in_full(each, seat.node.member, others) for each in alarms],
        "settled": [each.tree() for each in settled],
    }


def list_differing(seat: Seat) -> list[dict[str, Any]]:
    """Return whose copy departs as a member sees it, and from which height; asks nobody.

    Args:
        seat: the member that looks.
    """
    lowest: dict[str, int] = {}
    for each in _alarms(seat.checker.sightings.open(), seat.node.member, len(seat.link.peers())):
        lowest[each.member] = min(each.height, lowest.get(each.member, each.height))
    return [{"member": name, "height": height} for name, height in sorted(lowest.items())]


def _members(house: House, seat: Seat) -> Iterator[dict[str, Any]]:
    """Yield a row a member, this one first, the rest as the county lists them."""
    called = {each.name: each for each in house.county.members}
    roles, cosigned = seat.node.roles(), seat.node.replica.cosigned()
    own = seat.node.member
    names = [own, *(name for name in [*called, *sorted(roles)] if name != own)]
    for name in dict.fromkeys(name for name in names if name in roles):
        row: dict[str, Any] = {
            "member": name,
            "zh": called[name].zh if name in called else name,
            "en": called[name].en if name in called else name,
            "role": roles[name],
            "own": int(name == own),
            "cosigned": cosigned.get(name, 0),
        }
        look = seat.checker.looks.get(name)
        if look is not None:
            row |= {"checked_ms": look.at_ms, "checked_blocks": look.blocks}
            row |= {} if look.height is None else {"height": look.height}
            row |= {} if look.agrees is None else {"agrees": int(look.agrees)}
        yield row


def _ask_others(seat: Seat) -> Mapping[str, list[Sighting]]:
    """Return what each other member has seen; one that does not answer is left out."""
    found = {}
    for name in seat.link.peers():
        with contextlib.suppress(Error):
            found[name] = ask_sightings(seat.link, name)
    return found


def _alarms(sightings: Sequence[Sighting], own: str, peers: int) -> list[_Alarm]:
    """Return which copy departs where: the own one, if more than half of the others differ."""
    found: dict[tuple[str, int, str], _Alarm] = {}
    for each in sightings:
        place = (each.height, each.field)
        differing = sum((other.height, other.field) == place for other in sightings)
        is_own = each.member == own or differing * 2 > peers
        member = own if is_own else each.member
        expected, got = (each.theirs, each.ours) if is_own else (each.ours, each.theirs)
        alarm = _Alarm(
            *(member, *place, expected, got),
            first_ms=each.first_ms,
            last_ms=each.last_ms,
            settled_ms=each.settled_ms,
        )
        found.setdefault((member, *place), alarm)
    return list(found.values())


def _in_full(alarm: _Alarm, own: str, others: Mapping[str, Sequence[Sighting]]) -> dict[str, Any]:
    """Return an alarm with who saw it when, and what the damaged copy's own member found in it."""
    seen = {own: alarm.first_ms}
    tree = alarm.tree()
    for name, told in others.items():
        for each in told:
            if (each.member, each.height) != (alarm.member, alarm.height):
                continue
            seen[name] = min(each.first_ms, seen.get(name, each.first_ms))
            if name == alarm.member and alarm.field == "block":
                # A member that will not serve a block says itself in which field it is damaged.
                tree |= {"field": each.field, "expected": each.theirs, "got": each.ours}
    rows = [{"member": name, "at": at} for name, at in seen.items()]
    return {**tree, "seen": sorted(rows, key=lambda row: (row["at"], row["member"]))}
