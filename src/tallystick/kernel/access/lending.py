"""Keys of case-sealed parts, lent by who wrote the record to who owns the case or took it in.

A record outside any case names its own `readers`, and to them alone its key is lent.

A key travels made over by HPKE to the borrower's seal key, bound to chain, borrower, object and
date, and comes with the sealed object; the borrower opens it and checks it against the record
before it keeps either. Who owned the case before is lent nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.clock import DAY_MS
from tallystick.base.codec import RAW, Cid, decode, encode
from tallystick.base.errors import Denied, Invalid, Unavailable
from tallystick.chain import schema
from tallystick.chain.member import Key
from tallystick.chain.wrap import WIRE_SIZES, public_of, unwrap, wrap, wrap_info
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.permit import grant_permit

__all__ = ["LENT_MS", "WRAP", "borrow_keys", "find_own_alg", "find_seal_key", "lend_keys"]

WRAP: Final = "access.wrap"
LENT_MS: Final = 30 * DAY_MS
"""How long a key is lent; who still owns the case then is lent it again."""
PURPOSE: Final = "case"
_ROWS_MAX: Final = 1_000
_OBJECT_MAX: Final = 2**17
_ROW: Final = codec.tuple_of(
    schema.b16, codec.octets(max(WIRE_SIZES.values())), codec.octets(_OBJECT_MAX), schema.u32
)
_ROWS: Final = codec.tuple_of(codec.integer(), codec.list_of(_ROW, _ROWS_MAX))


def lend_keys(line: Line, caller: str, case: bytes) -> bytes:
    """Return the keys of what this member sealed to the members of a case, made over to `caller`.

    Raises:
        Denied: `access.not_of_case`, the caller neither owns the case nor took it in, nor is a
            reader of the record.
    """
    desk = line.desk
    if caller not in _find_readers(line, case):
        raise Denied(
            "access.not_of_case",
            f"{caller} neither owns this case nor took it in, nor is named as a reader",
            cure="Ask its owner for a hand-over, or the writer to name you.",
        )
    until = desk.now_ms() + LENT_MS
    permit = grant_permit(officer=caller, purpose="positioning", subject=case, now_ms=desk.now_ms())
    rows: list[Any] = []
    for record, obj, key in _sealed_here(line, case):
        seal_key = find_seal_key(line, caller)
        info = _info(line, caller, seal_key.number, obj, until)
        wire = wrap(key.key, alg=seal_key.alg, public=seal_key.pub, info=info)
        desk.receipts.leave(permit, record, "case", desk.now_ms())
        rows.append([record, wire, desk.store.get(obj), seal_key.number])
    return encode([until, rows[:_ROWS_MAX]])


def _find_readers(line: Line, subject: bytes) -> frozenset[str]:
    """Return to whom keys are lent: a case's owner and opener, or a record's own readers."""
    desk = line.desk
    if owner := desk.owner_of(subject):
        return frozenset({owner, line.opener_of(subject)})
    if not line.record(subject):
        return frozenset()
    record = desk.records.find(subject).record
    return frozenset(() if "case" in record else record["pub"].get("readers", ()))


def _sealed_here(line: Line, case: bytes) -> Iterator[tuple[bytes, Cid, DataKey]]:
    """Yield what this member itself sealed to the members of a case and still has the key of.

    Where the id is a record's outside any case, that is the record alone.
    """
    desk = line.desk
    for row in line.records_of(case) if desk.owner_of(case) else line.record(case):
        if row["member"] == desk.member:
            stated = desk.records.find(row["id"]).record.get("seals", {}).get("case")
            key = desk.keys.find(stated["obj"]) if stated else None
            if key is not None:
                yield row["id"], key.obj, key


def find_seal_key(line: Line, member: str) -> Key:
    """Return a member's key of use `seal` in force; Unavailable `access.no_seal_key`."""
    tip = line.chain.tip
    keys = list(tip.members.keys(member, "seal", tip.height + 1))
    if not keys:
        raise Unavailable(
            "access.no_seal_key", f"{member} has no seal key in force", cure="It must join one."
        )
    return keys[-1]


def _info(line: Line, recipient: str, number: int, obj: Cid, until_ms: int) -> bytes:
    return wrap_info(
        chain=line.desk.chain,
        recipient=recipient,
        key=number,
        obj=obj,
        purpose=PURPOSE,
        grant=b"",
        until_ms=until_ms,
    )


def borrow_keys(line: Line, case: bytes, lender: str) -> None:
    """Ask a member for the keys of what it sealed to the members of a case, and keep them.

    Where this member may have none it does not ask.

    Raises:
        Corrupt: the lender sent what its own record does not commit to.
        Invalid: the lender sent a wrap for another key, object or date.
        Unavailable: it cannot be reached.
    """
    desk = line.desk
    if desk.member not in _find_readers(line, case):
        return
    until, rows = decode(line.ask(lender, WRAP, case), _ROWS)
    is_case = bool(desk.owner_of(case))
    handle, of_case = (desk.party_of(case), case) if is_case else (case, b"")
    keys, objects = [], []
    for record, wire, data, number in rows:
        key = _received(line, (record, wire, data, number), lender, until)
        keys.append(DataKey(key[0], key[1], record, "case", of_case, handle, until))
        objects.append(data)
    desk.store.put_many(objects, RAW)
    desk.keys.put(keys)


def _received(
    line: Line, row: tuple[bytes, bytes, bytes, int], lender: str, until: int
) -> tuple[Cid, bytes]:
    """Return (object, data key) of a row, once the object has opened as its record says."""
    record, wire, data, number = row
    desk, found = line.desk, line.desk.records.find(record)
    if found.member != lender or "case" not in found.record.get("seals", {}):
        raise Invalid("access.lent", f"{lender} lends a key of a record that is not its own")
    obj = found.record["seals"]["case"]["obj"]
    alg = find_own_alg(line, number)
    info = _info(line, desk.member, number, obj, until)
    key = unwrap(wire, alg=alg, private=line.seal, info=info)
    desk.unseal(found, "case", data, key)
    return obj, key


def find_own_alg(line: Line, number: int) -> int:
    """Return the algorithm of this member's own seal key of a number."""
    tip, member = line.chain.tip, line.desk.member
    key = tip.members.key(member, number, "seal", tip.height + 1)
    if key is None or public_of(line.seal, key.alg) != key.pub:
        raise Invalid("access.lent", "a key was made over to another seal key than this member's")
    return key.alg
