"""The shapes of every structure on a chain, as checks of the codec.

Limits are those of an empty `limits` map in genesis; docs/spec lists each structure.
"""

from __future__ import annotations

from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Check, Cid, refuse
from tallystick.records.change import KEY_FIELDS

__all__ = [
    "BLOCK",
    "BLOCK_BYTES_MAX",
    "BLOCK_RECORDS_MAX",
    "BLOCK_TRANSACTIONS_MAX",
    "BUNDLE_RECORDS_MAX",
    "GENESIS",
    "HEADER",
    "KEY",
    "KEYS_PER_MEMBER_MAX",
    "LEAF",
    "MEMBERS",
    "MEMBERS_BYTES_MAX",
    "NAMESPACE_ID",
    "NAME_MAX",
    "NOTE_MEMBERS_MAX",
    "RECORD",
    "RECORD_BYTES_MAX",
    "RECORD_FRAME",
    "ROLE",
    "SEAL",
    "TRANSACTION",
    "TRANSACTION_BYTES_MAX",
    "TX_HEADER",
    "WINDOW",
    "b16",
    "b32",
    "u16",
    "u32",
    "version",
]

RECORD_BYTES_MAX: Final = 8 * 1024
TRANSACTION_BYTES_MAX: Final = 256 * 1024
BLOCK_BYTES_MAX: Final = 4_000_000
BLOCK_TRANSACTIONS_MAX: Final = 4_096
BLOCK_RECORDS_MAX: Final = 32_768
BUNDLE_RECORDS_MAX: Final = 1_024
MEMBERS_MAX: Final = 256
MEMBERS_BYTES_MAX: Final = 1024 * 1024
KEYS_PER_MEMBER_MAX: Final = 16
# A checkpoint carries at most 64 cosignatures, and 64 of 95 are a quorum.
NOTE_MEMBERS_MAX: Final = 95
REFS_MAX: Final = 16
NAME_MAX: Final = 24
TYPE_MAX: Final = 40

b16: Final = codec.exact_bytes(16)
b32: Final = codec.exact_bytes(32)
u16: Final = codec.integer(0, 2**16 - 1)
u32: Final = codec.integer(0, 2**32 - 1)
count: Final = codec.integer()
version: Final = codec.choice(1)
NAME: Final = codec.ident(NAME_MAX)
ROLE: Final = codec.ident(NAME_MAX)
NAMESPACE_ID: Final = codec.ident(TYPE_MAX)
_NAMED_INTEGERS: Final = codec.map_of(codec.integer(-codec.INTEGER_MAX), 256)

GENESIS: Final = codec.shape(
    {
        "v": version,
        "suite": codec.choice(1),
        "kind": NAME,
        "name": NAME,
        "time": count,
        "salt": b32,
        "target": b32,
        "limits": _NAMED_INTEGERS,
        "rules": _NAMED_INTEGERS,
        "seeded": codec.choice(0, 1),
        "members": codec.cid,
    }
)

KEY: Final = codec.shape({**KEY_FIELDS, "from": count}, {"to": count})
MEMBERS: Final = codec.shape(
    {
        "v": version,
        "members": codec.list_of(
            codec.shape(
                {"member": NAME, "role": ROLE, "keys": codec.list_of(KEY, KEYS_PER_MEMBER_MAX, 1)}
            ),
            MEMBERS_MAX,
            1,
        ),
    }
)

TX_HEADER: Final = codec.shape(
    {
        "v": version,
        "chain": b32,
        "member": NAME,
        "key": u32,
        "seq": codec.integer(1),
        "not_after": count,
        "count": codec.integer(1, BUNDLE_RECORDS_MAX),
        "root": b32,
    }
)
TRANSACTION: Final = codec.tuple_of(
    codec.octets(TRANSACTION_BYTES_MAX),
    codec.exact_bytes(64),
    codec.list_of(codec.octets(TRANSACTION_BYTES_MAX), BUNDLE_RECORDS_MAX, 1),
)


_DIGEST: Final = 32
_SEAL_SIZES: Final = frozenset(1024 << j for j in range(1, 7))


def _seal_size(found: Any) -> None:  # noqa: ANN401 - a check reads whatever was decoded
    if type(found) is not int or found not in _SEAL_SIZES:
        raise refuse("value")


_SEAL: Final = codec.shape({"com": b32, "obj": codec.cid, "size": _seal_size})
_SEAL_KEYS: Final = ("com", "obj", "size")


def SEAL(found: Any) -> None:  # noqa: ANN401, N802 - a check beside the others
    """Admit `{com, obj, size}`; written out, for it stands twice in most records."""
    if type(found) is dict and tuple(found) == _SEAL_KEYS:
        com, obj, size = found.values()
        if type(com) is bytes and len(com) == _DIGEST and type(obj) is Cid:
            _seal_size(size)
            return
    _SEAL(found)


_SEALS_OPTIONAL: Final = codec.shape({}, {"case": SEAL, "party": SEAL})


def _seals(found: Any) -> None:  # noqa: ANN401 - a check reads whatever was decoded
    _SEALS_OPTIONAL(found)
    if not found:
        raise refuse("map")


_RECORD_OPTIONAL: Final[dict[str, Check]] = {
    "case": b16,
    "on": count,
    "refs": codec.list_of(b16, REFS_MAX, 1),
    "seals": _seals,
    "officer": b16,
    "amends": b16,
}
_PUBLIC: Final = codec.map_of(codec.value, 64)
_RECORD_REQUIRED: Final[dict[str, Check]] = {"t": NAMESPACE_ID, "rv": u16, "id": b16}
RECORD: Final = codec.shape({**_RECORD_REQUIRED, "pub": _PUBLIC}, _RECORD_OPTIONAL)


def _to_be_checked(found: Any) -> None:  # noqa: ANN401 - a check reads whatever was decoded
    """Admit anything: the type's own shape, or `RECORD` where the type is unknown, decides."""


RECORD_FRAME: Final = codec.shape({**_RECORD_REQUIRED, "pub": _to_be_checked}, _RECORD_OPTIONAL)

HEADER: Final = codec.shape(
    {
        "v": version,
        "chain": b32,
        "height": codec.integer(1),
        "prev": codec.cid,
        "time": count,
        "nonce": b16,
        "target": b32,
        "merkle_root": b32,
        "tx_count": u32,
        "log_size": count,
        "log_root": b32,
        "state_root": b32,
        "members": codec.cid,
        "proposer": NAME,
    }
)
BLOCK: Final = codec.tuple_of(
    codec.octets(BLOCK_BYTES_MAX),
    codec.list_of(codec.octets(TRANSACTION_BYTES_MAX), BLOCK_TRANSACTIONS_MAX, 1),
)
LEAF: Final = codec.tuple_of(codec.integer(1), u32, count, u16, b32, codec.cid)
WINDOW: Final = codec.tuple_of(count, codec.exact_bytes(128))
