"""Rules of changes that members decide together: of their list, their keys and the chain's limits.

Laws: a change takes effect once more members than the limit `vote_ppm` says have said yes, and from
the next height on, so history stays verifiable under the keys of its time; each member of the list
in force that can sign transactions has one voice and uses it once; only voices that still count
when the deciding vote is cast are counted; a change that could not stand now is refused at once,
and again when it would take effect.
State: `change/`id -> an open `HeldChange`; `changes/`member -> the ids of those it proposed;
`changed/`id -> how and at which height a change was settled, for ever; `linked/`, `listed/`,
`begun` and `demand/` (`chain.crossing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any, Final, NamedTuple

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import encode, read_admitted, refuse
from tallystick.base.errors import Invalid
from tallystick.chain.crossing import (
    DEMAND_KEY,
    end_list,
    find_chain,
    hold_chain,
    keep_chain,
    whole_list,
)
from tallystick.chain.limits import VOTE_PPM, check_limit, count_needed, limit_key, read_limit
from tallystick.chain.membership import remove, restate
from tallystick.chain.record import Admission
from tallystick.chain.state import Overlay, Read
from tallystick.records.refusal import Refusal

__all__ = [
    "OPEN_MAX",
    "OPEN_MS_MAX",
    "HeldChange",
    "Outcome",
    "admit_proposal",
    "admit_vote",
    "find_change",
    "find_outcome",
    "list_open",
]

OPEN_MAX: Final = 8
"""Most changes of one proposer that wait for votes."""

OPEN_MS_MAX: Final = 90 * DAY_MS
_CHANGE: Final = b"change/"
_CHANGES: Final = b"changes/"
_CHANGED: Final = b"changed/"
_ID_SIZE: Final = 16
_FIELDS: Final = {
    "join": frozenset({"kind", "until", "member", "role", "name", "keys"}),
    "keys": frozenset({"kind", "until", "member", "role", "name", "keys"}),
    "leave": frozenset({"kind", "until", "member"}),
    "limit": frozenset({"kind", "until", "limit", "value"}),
    "link": frozenset({"kind", "until", "genesis", "listed", "demand"}),
}


class HeldChange(NamedTuple):
    """A change that waits for votes: who proposed it, what, and who said what."""

    member: str
    pub: dict[str, Any]
    yes: list[str]
    no: list[str]


class Outcome(IntEnum):
    """How a change was settled."""

    REJECTED = 0
    IN_FORCE = 1
    TAKEN_BACK = 2


def find_outcome(read: Read, identifier: bytes) -> tuple[Outcome, int] | None:
    """Return how a change was settled and at which height; None while it is open or expired."""
    held = read(_CHANGED + identifier)
    if held is None:
        return None
    outcome, height = read_admitted(held)
    return Outcome(outcome), height


def find_change(read: Read, identifier: bytes) -> HeldChange | None:
    """Return an open change, or None."""
    held = read(_CHANGE + identifier)
    return None if held is None else HeldChange(*read_admitted(held))


def list_open(read: Read, members: Iterable[str]) -> Iterator[HeldChange]:
    """Yield the open changes that members proposed, expired ones among them."""
    for member in members:
        for identifier in _list_ids(read, member):
            found = find_change(read, identifier)
            assert found is not None
            yield found


def admit_proposal(offered: Admission) -> int:
    """Open a change that could stand now, with its proposer's yes."""
    pub, state = offered.record["pub"], offered.state
    if not read_limit(state.get, VOTE_PPM):
        return Refusal.NO_VOTES_HERE
    if not offered.time < pub["until"] <= offered.time + OPEN_MS_MAX:
        return Refusal.TIME_OUT_OF_RANGE
    if frozenset(pub) != _FIELDS[pub["kind"]]:
        return Refusal.NOT_A_CHANGE
    own, ended = _list_open(offered)
    if len(own) >= OPEN_MAX:
        return Refusal.TOO_MANY_CHANGES
    if pub["kind"] == "link":
        # Votes come in bundles of their own, so the whole list waits with the change.
        pub = {**pub, "listed": whole_list(state.get, pub["listed"])}
    if not _take_effect(offered._replace(state=Overlay(state.get)), pub):
        return Refusal.CHANGE_CANNOT_STAND
    if pub["kind"] == "link":
        end_list(state)
    for each in ended:
        state.delete(_CHANGE + each)
    identifier = offered.record["id"]
    state.put(_CHANGES + offered.member.encode(), b"".join([*own, identifier]))
    return _count(offered, identifier, HeldChange(offered.member, pub, [offered.member], []))


def admit_vote(offered: Admission) -> int:
    """Count a member's one voice, and let the change take effect or end if that decides it."""
    pub = offered.record["pub"]
    change = find_change(offered.state.get, pub["change"])
    if change is None or change.pub["until"] < offered.time:
        return Refusal.NO_CHANGE
    if offered.member == change.member:
        if pub["vote"]:
            return Refusal.ALREADY_VOTED
        _settle(offered, pub["change"], change, Outcome.TAKEN_BACK)
        return 0
    if offered.member in (*change.yes, *change.no):
        return Refusal.ALREADY_VOTED
    voices = change.yes if pub["vote"] else change.no
    voices.append(offered.member)
    return _count(offered, pub["change"], change)


def _count(offered: Admission, identifier: bytes, change: HeldChange) -> int:
    """Keep the change, bring it about or end it, as its votes stand among the voices of now."""
    voices = _list_voices(offered)
    needed = count_needed(read_limit(offered.state.get, VOTE_PPM), len(voices))
    if len(voices.intersection(change.yes)) >= needed:
        if not _take_effect(offered, change.pub):
            return Refusal.CHANGE_CANNOT_STAND
        _settle(offered, identifier, change, Outcome.IN_FORCE)
    elif len(voices.difference(change.no)) < needed:
        _settle(offered, identifier, change, Outcome.REJECTED)
    else:
        offered.state.put(_CHANGE + identifier, encode(list(change)))
    return 0


def _list_voices(offered: Admission) -> set[str]:
    """Return the members of the list in force that can sign a transaction at this height."""
    members, height = offered.members, offered.height
    return {name for name in members.by_name if any(members.keys(name, "tx", height))}


def _take_effect(offered: Admission, pub: dict[str, Any]) -> bool:
    """Write what the change brings about; False, with nothing written, if it cannot stand."""
    kind = pub["kind"]
    try:
        if kind == "leave":
            remove(offered, pub["member"])
        elif kind == "limit":
            check_limit(pub["limit"], pub["value"])
            offered.state.put(limit_key(pub["limit"]), encode(pub["value"]))
        elif kind == "link":
            _link(offered, pub)
        else:
            restate(offered, pub, itself=kind == "keys")
    except Invalid:
        return False
    return True


def _link(offered: Admission, pub: dict[str, Any]) -> None:
    """Hold another chain; Invalid if it is this one, known already, or no chain."""
    state = offered.state
    chain, held = hold_chain(pub["genesis"], pub["listed"])
    if chain == offered.chain or find_chain(state.get, chain) is not None:
        raise refuse("linked")
    keep_chain(state, chain, held)
    if pub["demand"] == "approval":
        state.put(DEMAND_KEY, chain)


def _list_open(offered: Admission) -> tuple[list[bytes], list[bytes]]:
    """Return the ids of the writer's changes that still wait, and of those whose time is over."""
    waiting: list[bytes] = []
    ended: list[bytes] = []
    for identifier in _list_ids(offered.state.get, offered.member):
        change = find_change(offered.state.get, identifier)
        assert change is not None
        is_over = change.pub["until"] < offered.time
        (ended if is_over else waiting).append(identifier)
    return waiting, ended


def _list_ids(read: Read, member: str) -> list[bytes]:
    """Return the ids of the changes a member proposed that are held as open."""
    held = read(_CHANGES + member.encode()) or b""
    return [held[at : at + _ID_SIZE] for at in range(0, len(held), _ID_SIZE)]


def _settle(offered: Admission, identifier: bytes, change: HeldChange, outcome: Outcome) -> None:
    """Let go of a change and hold how it ended."""
    state, key = offered.state, _CHANGES + change.member.encode()
    own = _list_ids(state.get, change.member)
    left = b"".join(each for each in own if each != identifier)
    if left:
        state.put(key, left)
    else:
        state.delete(key)
    state.delete(_CHANGE + identifier)
    state.put(_CHANGED + identifier, encode([int(outcome), offered.height]))
