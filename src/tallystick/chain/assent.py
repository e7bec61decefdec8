"""The household's own word on a record that concerns it: a signature by the party's key.

The signature covers D("assent", m([chain, id, t, rv, member, case or empty bytes, pub, values])),
values = all other sealed fields of the record, of both classes, by name. So it holds for this
record, this writer, these figures, and nothing else. The party's key stands in the sealed
`identity` of its party.registered; where the household acts through an officer, `assent` names a
mandate and a witness instead, and there is no signature to check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Value
from tallystick.base.keys import SigningKey, verify
from tallystick.chain.digest import domain

__all__ = ["FIELD", "assent_message", "is_assented", "sign_assent"]

FIELD: Final = "assent"


def assent_message(
    record: Mapping[str, Any], *, chain: bytes, member: str, values: Mapping[str, Value]
) -> bytes:
    """Return the bytes a party signs.

    Args:
        record: the decoded record; its seals are not covered, the values in them are.
        chain: the chain's digest, 32 bytes.
        member: the writer of the record.
        values: the filled sealed fields of both classes; `assent` itself is left out.
    """
    others = {name: value for name, value in values.items() if name != FIELD}
    parts: list[Value] = [chain, record["id"], record["t"], record["rv"], member]
    return domain("assent", codec.encode([*parts, record.get("case", b""), record["pub"], others]))


def sign_assent(
    key: SigningKey,
    record: Mapping[str, Any],
    *,
    chain: bytes,
    member: str,
    values: Mapping[str, Value],
) -> dict[str, Value]:
    """Return the field `assent` signed by the party's key; arguments as of `assent_message`."""
    message = assent_message(record, chain=chain, member=member, values=values)
    return {"pub": key.public, "sig": key.sign(message)}


def is_assented(
    record: Mapping[str, Any],
    *,
    chain: bytes,
    member: str,
    values: Mapping[str, Any],
    registered: bytes,
) -> bool:
    """Tell whether the party signed this record with the key it is registered with.

    Args:
        record: the decoded record.
        chain: the chain's digest, 32 bytes.
        member: the writer of the record, by the transaction that carries it.
        values: the filled sealed fields of both classes, `assent` among them.
        registered: the public key in the sealed `identity` of the party's registration.

    A mandate in place of a signature is not assented to here: it is for the rule to look up.
    """
    found = values.get(FIELD)
    if type(found) is not dict or "sig" not in found or found["pub"] != registered:
        return False
    message = assent_message(record, chain=chain, member=member, values=values)
    return verify(registered, message, found["sig"])
