"""Acts that a custodian has begun, marked among its keys, so that what was cut off is ended.

A registration and an erasure take durable steps in several files, and a kill may come between any
two. The first step of each is a mark, the last one takes it back, so what stands marked is to be
ended. A mark may also say for which request it stands, so that a repetition within 24 hours finds
what became of the first. Marks lie in the key ring, because nothing else may hold a party's id.

Limits: a request's mark stays until its party is erased; that of an ended erasure with an
Idempotency-Key stays, naming nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from tallystick.base import codec
from tallystick.base.clock import DAY_MS
from tallystick.base.codec import RAW, Cid, cid_of, decode, encode, sha256
from tallystick.base.keys import SigningKey
from tallystick.kernel.access.keyring import DataKey, KeyRing
from tallystick.kernel.ledger.outbox import Request, key_reused

__all__ = [
    "ERASING",
    "begun_erasures",
    "begun_registrations",
    "count_closed",
    "is_ended",
    "is_mark",
    "mark_erasure",
    "mark_request",
    "own_key_begun",
    "recall",
    "settle",
    "target_of",
]

# In a record's place, where an act's own record would be named: no record has these ids.
_REGISTERING: Final = b"~registering~~~~"
ERASING: Final = b"~erasing~~~~~~~~"
"""In a record's place, of a mark: an erasure is decided and has not ended."""
_REMEMBER_MS: Final = DAY_MS
_ASKED: Final = "asked"
_ERASURE: Final = "erasure"
_REMEMBERED: Final = codec.tuple_of(codec.octets(32), codec.integer(0), codec.integer(0))


def is_mark(key: DataKey) -> bool:
    """Tell whether a row of the ring is a mark, and no key of anything."""
    return key.sealed in {_ASKED, _ERASURE}


def _remember(request: Request | None, now_ms: int, count: int) -> bytes:
    return encode([b"" if request is None else sha256(request.body), now_ms, count])


def recall(keys: KeyRing, request: Request | None, now_ms: int) -> DataKey | None:
    """Return the mark of a request seen within 24 hours, None if it is new or has no key.

    Raises:
        Conflict: `outbox.key_reused`, it came with another body.
    """
    found = None if request is None else keys.find(_name_of(request))
    if request is None or found is None:
        return None
    digest, made_ms, _ = decode(found.key, _REMEMBERED)
    if made_ms + _REMEMBER_MS <= now_ms:
        return None
    if digest != sha256(request.body):
        raise key_reused()
    return found


def _name_of(request: Request) -> Cid:
    return cid_of(request.name, RAW)


# ---- registrations


def own_key_begun(key: SigningKey, registration: bytes, party: bytes) -> DataKey:
    """Return a party's own key as it stands until its registration is sure to leave."""
    return DataKey(cid_of(key.public, RAW), key.seed, _REGISTERING, "own", registration, party)


def mark_request(request: Request, registration: bytes, party: bytes, now_ms: int) -> DataKey:
    """Return the mark by which a repeated request finds the party it registered."""
    told = _remember(request, now_ms, 0)
    return DataKey(_name_of(request), told, registration, _ASKED, b"", party)


def begun_registrations(keys: KeyRing) -> list[DataKey]:
    """Return the own keys of parties whose registration is not known to have ended."""
    return keys.of_record(_REGISTERING)


# ---- erasures


def mark_erasure(
    request: Request | None, party: bytes, handle: bytes, *, count: int, now_ms: int
) -> DataKey:
    """Return the mark that an erasure is decided.

    It goes with the party's keys, by one commit; where a request may be repeated, it outlives them.

    Args:
        request: what asked for it; None for a request without a key.
        party: whose it is.
        handle: 16 random bytes, under which a mark is kept that outlives its party.
        count: how many objects will no longer open, >= 0.
        now_ms: the present time.
    """
    told = _remember(request, now_ms, count)
    if request is None:
        return DataKey(cid_of(handle, RAW), told, ERASING, _ERASURE, party, party)
    return DataKey(_name_of(request), told, ERASING, _ERASURE, party, handle)


def begun_erasures(keys: KeyRing, party: bytes = b"") -> list[DataKey]:
    """Return the marks of erasures that have not ended: all, or those of one party."""
    found = keys.of_record(ERASING)
    return [mark for mark in found if not party or mark.case == party]


def target_of(mark: DataKey) -> bytes:
    """Return the party that an erasure under way is of."""
    return mark.case


def count_closed(mark: DataKey) -> int:
    """Return how many objects an erasure closes."""
    _, _, count = decode(mark.key, _REMEMBERED)
    assert isinstance(count, int)
    return count


# ---- both


def is_ended(mark: DataKey) -> bool:
    """Tell whether an act has been ended."""
    return mark.record not in {_REGISTERING, ERASING}


def settle(keys: KeyRing, marks: Iterable[DataKey]) -> None:
    """Put down durably that acts have ended: an own key stands as such, an erasure names nobody.

    The mark of an erasure that nobody can repeat has gone with its party's keys.
    """
    keys.put(
        replace(mark, record=mark.case if mark.sealed == "own" else mark.party, case=b"")
        for mark in marks
        if mark.party != mark.case
    )
