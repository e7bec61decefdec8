"""Sealed fields under a commitment, and the disclosure of one of them without the others.

`com` is the tree over m([id, class, name, salt, value?]), one leaf for every field of the class in
schema order; an absent field has a leaf without value. A disclosure is
`[name, salt, value?, path]`: index and size come from the schema, so a leaf counts only as the
field it was made for.
Salts of 16 bytes hide values that could be guessed; they go with the field, never with the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Check, Value, refuse
from tallystick.base.errors import Invalid
from tallystick.chain import schema
from tallystick.chain.merkle import (
    PATH_MAX,
    includes,
    inclusion_path,
    leaf_hash,
    tree_levels,
)
from tallystick.chain.record import SealClass
from tallystick.chain.verdict import Contradicted

__all__ = [
    "DISCLOSURE",
    "SALT_ITEM_SIZE",
    "SALT_SIZE",
    "Disclosed",
    "Opening",
    "check_slots",
    "field_leaf",
    "leaf_of",
    "salt_item",
    "text_item",
    "verify_disclosure",
]

SALT_SIZE: Final = 16
FIELDS_MAX: Final = 64

_PATH: Final = codec.list_of(schema.b32, PATH_MAX)
_FILLED: Final = codec.tuple_of(codec.ident(schema.TYPE_MAX), schema.b16, codec.value, _PATH)
_ABSENT: Final = codec.tuple_of(codec.ident(schema.TYPE_MAX), schema.b16, _PATH)


def DISCLOSURE(found: object) -> None:  # noqa: N802 - a check, named as the other shapes
    """Admit a disclosure: `[name, salt, value, path]`, `[name, salt, path]` for an absent field."""
    filled = type(found) is list and len(found) == 4  # noqa: PLR2004 - the four of the form above
    (_FILLED if filled else _ABSENT)(found)


SALT_ITEM_SIZE: Final = 1 + SALT_SIZE


def salt_item(salt: bytes) -> bytes:
    """Return the bytes of a 16-byte string (a salt, an id) as an item of a list."""
    return b"\x50" + salt


@lru_cache(maxsize=1_024)
def text_item(text: str) -> bytes:
    """Return the bytes of a name as an item of a list or a key of a map."""
    return codec.encode(text)


def leaf_of(record: bytes, sealed: SealClass, name: str, part: bytes) -> bytes:
    """Return the bytes of a field's leaf; `part` is the items of its slot, one after another."""
    head = b"\x85" if len(part) > SALT_ITEM_SIZE else b"\x84"
    return b"".join((head, salt_item(record), text_item(sealed), text_item(name), part))


def field_leaf(record: bytes, sealed: SealClass, name: str, slot: list[Value]) -> bytes:
    """Return the bytes of a field's leaf; `slot` is [salt] or [salt, value], as decoded."""
    return codec.encode_decoded([record, sealed, name, *slot])


@dataclass(frozen=True, slots=True)
class Opening:
    """The fields of one class of one record, in the clear: whoever holds it can disclose any.

    Attributes:
        record: the record's id, 16 bytes.
        sealed: the class.
        slots: [salt, value], or [salt] if absent, of every field of the class in schema order.
    """

    record: bytes
    sealed: SealClass
    slots: Mapping[str, list[Any]]

    @property
    def values(self) -> dict[str, Any]:
        """The values of the fields that are filled, in schema order."""
        return {name: slot[1] for name, slot in self.slots.items() if len(slot) > 1}

    def leaves(self) -> list[bytes]:
        """Return the bytes of all leaves, in schema order."""
        return [field_leaf(self.record, self.sealed, *item) for item in self.slots.items()]

    def com(self) -> bytes:
        """Return the commitment, 32 bytes."""
        return tree_levels([leaf_hash(leaf) for leaf in self.leaves()])[-1][0]

    def leaf_hash(self, name: str) -> bytes:
        """Return the hash of one field's leaf, as `inputs_com` of a decision names it."""
        return leaf_hash(field_leaf(self.record, self.sealed, name, self.slots[name]))

    def disclose(self, name: str) -> list[Any]:
        """Return the disclosure of one field: `[name, salt, value?, path]`."""
        hashes = [leaf_hash(leaf) for leaf in self.leaves()]
        return [name, *self.slots[name], inclusion_path(hashes, list(self.slots).index(name))]


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A field shown to stand under a record's commitment.

    Attributes:
        name: the field.
        filled: whether it has a value.
        value: the value; None if absent.
        leaf: the hash of its leaf, 32 bytes.
    """

    name: str
    filled: bool
    value: Any
    leaf: bytes


def verify_disclosure(
    row: list[Any],
    *,
    record: bytes,
    sealed: SealClass,
    fields: Mapping[str, Check],
    com: bytes,
) -> Disclosed:
    """Return the field that a disclosure shows.

    Args:
        row: a decoded disclosure.
        record: the record's id.
        sealed: the class the disclosure is for.
        fields: the class's fields in schema order, from the record's type.
        com: the commitment that stands in the record's seal.

    Raises:
        Invalid: `codec.form`, the row has not the form of a disclosure.
        Contradicted: the type has no such field, the commitment is another, or the value
            breaks the field's rule.
    """
    DISCLOSURE(row)
    name, *slot, path = row
    if name not in fields:
        raise Contradicted("disclosure.name", "name", cure="Name a field of the record's type.")
    leaf = leaf_hash(field_leaf(record, sealed, name, slot))
    index = list(fields).index(name)
    if not includes(leaf=leaf, index=index, size=len(fields), path=path, root=com):
        raise Contradicted("disclosure.com", "com", cure="Ask the custodian for the field again.")
    filled = len(slot) > 1
    if filled:
        _check_value(fields[name], slot[1])
    return Disclosed(name, filled, slot[1] if filled else None, leaf)


def _check_value(check: Check, value: object) -> None:
    try:
        check(value)
    except Invalid as error:
        raise Contradicted(
            "disclosure.value", "value", cure="The writer sealed what the type does not allow."
        ) from error


def check_slots(found: object) -> None:
    """Admit {name: [salt, value?]}; names and values are checked next, by the record's type."""
    if type(found) is not dict or len(found) > FIELDS_MAX:
        raise refuse("fields")
    _SLOTS(found)


def _slot(found: object) -> None:
    if type(found) is not list or not 1 <= len(found) <= 2:  # noqa: PLR2004 - salt, value
        raise refuse("slot")
    schema.b16(found[0])


_SLOTS: Final = codec.map_of(_slot, FIELDS_MAX, 1)
