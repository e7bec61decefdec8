"""Keys of objects that members hold for one another, lent by who put the object to who may read.

A key travels as one of a case's part does (`lending`): made over by HPKE to the borrower's seal
key, bound to chain, borrower, object and date; and leaves a receipt. Who may read is the owner's
own note; whoever is not named there gets none. That a reader may read no more its owner tells it:
its node forgets the key then, which takes back nothing of what was read or copied before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import Cid, decode, encode
from tallystick.base.errors import Denied, Error
from tallystick.chain import schema
from tallystick.chain.wrap import WIRE_SIZES, unwrap, wrap, wrap_info
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.lending import find_own_alg, find_seal_key
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.permit import grant_permit

__all__ = [
    "PURPOSE",
    "SPREAD",
    "borrow_object_key",
    "lend_object_key",
    "not_a_reader",
    "serve_object_keys",
    "tell_ended",
]

METHOD: Final = "spread.key"
ENDED: Final = "spread.ended"
PURPOSE: Final = "object"
SPREAD: Final = "spread"
"""What such a key is of, as the key ring calls it, and what a wrap of it is for."""
_ASKED: Final = codec.tuple_of(codec.cid)
_LENT: Final = codec.tuple_of(codec.integer(), schema.u32, codec.octets(max(WIRE_SIZES.values())))
Until = Callable[[Cid, str], int]
"""Until when a member may read an object, ms since 1970 UTC; 0 for never."""
End = Callable[[str, Cid], None]
"""Forgets a key that a member lent and takes back."""


def serve_object_keys(line: Line, until_of: Until, end: End) -> None:
    """Answer members that ask for the key of an object of this member's, or take theirs back."""

    def handle(caller: str, payload: bytes) -> bytes:
        (cid,) = decode(payload, _ASKED)
        return lend_object_key(line, caller, cid, until_of(cid, caller))

    def handle_end(caller: str, payload: bytes) -> bytes:
        (cid,) = decode(payload, _ASKED)
        end(caller, cid)
        return b""

    line.link.serve({METHOD: handle, ENDED: handle_end})


def tell_ended(line: Line, member: str, cid: Cid) -> bool:
    """Tell a reader that it may read an object no more; tell whether it answered."""
    try:
        line.link.call(member, ENDED, encode([cid]))
    except Error:
        return False
    return True


def lend_object_key(line: Line, caller: str, cid: Cid, until_ms: int) -> bytes:
    """Return an object's key made over to `caller`, who may read it until then.

    Raises:
        Denied: `spread.reader`, it may not, or may no more, or is no member; or the key is gone.
    """
    desk = line.desk
    key = desk.keys.find(cid)
    is_own = key is not None and key.sealed == SPREAD and not key.until
    may_read = caller in line.chain.tip.members.by_name and until_ms > desk.now_ms()
    if key is None or not (is_own and may_read):
        raise not_a_reader(caller, cid)
    seal_key = find_seal_key(line, caller)
    info = _info(line, (caller, seal_key.number), cid, until_ms)
    wire = wrap(key.key, alg=seal_key.alg, public=seal_key.pub, info=info)
    permit = grant_permit(officer=caller, purpose=PURPOSE, subject=key.record, now_ms=desk.now_ms())
    desk.receipts.leave(permit, key.record, "party", desk.now_ms())
    return encode([until_ms, seal_key.number, wire])


def borrow_object_key(line: Line, cid: Cid, identifier: bytes, owner: str) -> DataKey:
    """Ask an object's owner for its key, and return it as it is to be kept until it is over.

    Args:
        line: this member's.
        cid: the object.
        identifier: the one drawn for it, under which the key is kept.
        owner: who put it.

    Raises:
        Denied: `spread.reader`, or what came is over already; Unavailable: the owner cannot be
            reached.
        Invalid: what came was made for another key, object or date.
    """
    desk = line.desk
    until_ms, number, wire = decode(line.link.call(owner, METHOD, encode([cid])), _LENT)
    if until_ms <= desk.now_ms():
        # By this member's clock; by the owner's it is over in a moment.
        raise not_a_reader(desk.member, cid)
    info = _info(line, (desk.member, number), cid, until_ms)
    key = unwrap(wire, alg=find_own_alg(line, number), private=line.seal, info=info)
    return DataKey(cid, key, identifier, SPREAD, b"", identifier, until_ms)


def _info(line: Line, recipient: tuple[str, int], cid: Cid, until_ms: int) -> bytes:
    return wrap_info(
        chain=line.desk.chain,
        recipient=recipient[0],
        key=recipient[1],
        obj=cid,
        purpose=SPREAD,
        grant=b"",
        until_ms=until_ms,
    )


def not_a_reader(member: str, cid: Cid) -> Denied:
    """Return the error for a member that may not open an object."""
    return Denied(
        "spread.reader",
        f"{member} may not open {cid}, or may no more",
        cure="Ask the member that put it to let you read: tally store grant CID MEMBER.",
        cid=str(cid),
    )
