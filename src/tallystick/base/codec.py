"""Canonical bytes: DAG-CBOR by schema, and the CIDs that name them.

A schema is a *check*: a function that refuses what may not stand at its place. Decoding reads with
`cbor2` (which, unlike faster readers, never mistakes a byte string for a link), encodes again and
compares, and runs the check: bytes have one reading and values one form. Where our own loop in C is
built, it reads what is plainly canonical, and leaves all else to that (tests/laws/test_cbor.py).
Limits: integers |x| < 2^53, depth 16, no null, no bool, no float, links only where `cid` stands.
Source: IPLD DAG-CBOR specification; RFC 8949 section 4.2; multiformats CIDv1.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import cbor2

from tallystick import _native
from tallystick.base.errors import Invalid

__all__ = [
    "DAG_CBOR",
    "DEPTH_MAX",
    "INTEGER_MAX",
    "RAW",
    "Check",
    "Cid",
    "Value",
    "arrange",
    "choice",
    "cid",
    "cid_of",
    "decode",
    "encode",
    "encode_decoded",
    "exact_bytes",
    "ident",
    "integer",
    "item_head",
    "link_item",
    "list_of",
    "map_of",
    "octets",
    "read_admitted",
    "read_encoded",
    "refuse",
    "sha256",
    "shape",
    "text",
    "tuple_of",
    "value",
]

INTEGER_MAX: Final = 2**53 - 1
DEPTH_MAX: Final = 16
RAW: Final = 0x55
DAG_CBOR: Final = 0x71
CID_SIZE: Final = 36
_KEY_MAX: Final = 2**16
LINK_TAG: Final = 42
_PREFIXES: Final = (bytes([1, RAW, 0x12, 0x20]), bytes([1, DAG_CBOR, 0x12, 0x20]))
_IDENT: Final = re.compile(r"[a-z0-9._-]+")

Check: TypeAlias = Callable[[Any], None]
"""Raises `Invalid` with code `codec.form` if the decoded value may not stand here."""


def refuse(reason: str) -> Invalid:
    """Return the error for bytes that have no reading; `reason` names the rule, never the value."""
    return Invalid("codec.form", reason, cure="Write the structure as docs/spec/codec.md says.")


@dataclass(frozen=True, slots=True, order=True)
class Cid:
    """A CIDv1 of 36 bytes: dag-cbor or raw, sha2-256."""

    raw: bytes

    def __post_init__(self) -> None:
        """Refuse anything but the two forms in use."""
        if len(self.raw) != CID_SIZE or self.raw[:4] not in _PREFIXES:
            raise refuse("cid")

    @property
    def digest(self) -> bytes:
        """The 32 bytes of SHA-256."""
        return self.raw[4:]

    @property
    def codec(self) -> int:
        """`RAW` or `DAG_CBOR`."""
        return self.raw[1]

    def __str__(self) -> str:
        """Return the base32 text, as IPFS tools print it."""
        return "b" + base64.b32encode(self.raw).decode().lower().rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Cid:
        """Return the CID of its base32 text; Invalid if it is not its one spelling."""
        try:
            raw = base64.b32decode(text[1:].upper() + "=" * (-(len(text) - 1) % 8))
        except ValueError as error:
            raise refuse("cid text") from error
        found = cls(raw)
        if str(found) != text:
            raise refuse("cid text")
        return found


Value: TypeAlias = "int | str | bytes | Cid | Sequence[Value] | Mapping[str, Value]"


def sha256(data: bytes) -> bytes:
    """Return SHA-256 of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


def cid_of(data: bytes, codec: int = DAG_CBOR) -> Cid:
    """Return the CID that names `data` under `codec`."""
    return Cid(bytes([1, codec, 0x12, 0x20]) + sha256(data))


def _write_cid(encoder: cbor2.CBOREncoder, found: object) -> None:
    if type(found) is not Cid:
        raise refuse("value")
    encoder.write(_LINK_START + found.raw)


_LINK_START: Final = b"\xd8\x2a\x58\x25\x00"
"""Tag 42, a byte string of 37, the zero that stands for its multibase."""
_LINKS: Final = tuple(b"\x00" + prefix for prefix in _PREFIXES)
_new_cid: Final = object.__new__
_set_raw: Final = vars(Cid)["raw"].__set__


def _read_tag(tag: cbor2.CBORTag, immutable: bool) -> Cid:  # noqa: FBT001 - the library's call
    """Return the link of a tag, checked as the class checks it but several times faster."""
    del immutable
    content = tag.value
    if tag.tag != LINK_TAG or type(content) is not bytes:
        raise refuse("tag")
    if len(content) != CID_SIZE + 1 or content[:5] not in _LINKS:
        raise refuse("cid")
    found = _new_cid(Cid)
    _set_raw(found, content[1:])
    return found


def encode(tree: Value) -> bytes:
    """Return the canonical bytes of a tree of our values.

    >>> encode({"b": 1, "aa": 2, "a": 3}).hex()
    'a361610361620162616102'
    """
    return cbor2.dumps(tree, canonical=True, default=_write_cid)


def arrange(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map with its keys in canonical order: by length, then by bytes; values as given.

    >>> list(arrange({"bb": 1, "a": 2, "aa": 3}))
    ['a', 'aa', 'bb']
    """
    if len(found) <= 1:
        return dict(found)
    return {key: found[key] for key in sorted(sorted(found), key=len)}


def item_head(kind: int, number: int) -> bytes:
    """Return the head of an item in its one form: RFC 8949 section 3.

    Args:
        kind: the major type, 0..7.
        number: its argument, 0 <= number < 2^64: a value, a length or a count.

    >>> [item_head(0, 23).hex(), item_head(2, 32).hex(), item_head(4, 256).hex()]
    ['17', '5820', '990100']
    """
    start = kind << 5
    if number < 24:  # noqa: PLR2004 - smaller numbers stand in the head itself
        return bytes((start | number,))
    if number < 1 << 8:
        return bytes((start | 24, number))
    if number < 1 << 16:
        return bytes((start | 25,)) + number.to_bytes(2, "big")
    if number < 1 << 32:
        return bytes((start | 26,)) + number.to_bytes(4, "big")
    return bytes((start | 27,)) + number.to_bytes(8, "big")


def link_item(found: Cid) -> bytes:
    """Return the item of a link, 41 bytes."""
    return _LINK_START + found.raw


def encode_decoded(tree: Value) -> bytes:
    """Return the canonical bytes of a tree whose maps are in canonical order, as decoding gives it.

    Half the time of `encode`; the caller answers for the order.
    """
    return cbor2.dumps(tree, default=_write_cid)


def read_admitted(data: bytes) -> Any:  # noqa: ANN401 - whatever was checked
    """Return the tree of bytes that were decoded by schema before they were kept."""
    tree = _read_plain(data)
    return cbor2.loads(data, tag_hook=_read_tag) if tree is None else tree


def read_encoded(data: bytes, depth_max: int) -> Any:  # noqa: ANN401 - what was encoded
    """Return the tree of bytes that `encode` made, as decoding gives it; Invalid if too deep."""
    try:
        return cbor2.loads(data, tag_hook=_read_tag, max_depth=depth_max)
    except cbor2.CBORError as error:
        raise refuse("depth") from error


def _load(data: bytes, depth_max: int) -> object:
    """Read and compare with what is written again: each value has one form."""
    try:
        tree = cbor2.loads(data, tag_hook=_read_tag, max_depth=depth_max, allow_indefinite=False)
        again = cbor2.dumps(tree, default=_write_cid)
    except Invalid:
        raise
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        cause = error.__cause__
        raise cause if isinstance(cause, Invalid) else refuse("not CBOR of this form") from error
    if again != data:
        raise refuse("not canonical")
    return tree


def _depth(tree: object) -> int:
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    return 0 if parts is None else 1 + max(map(_depth, parts), default=0)


def _read_plain(data: bytes) -> object:
    """Return the tree of plainly canonical bytes; None if they may not be, or nothing was built."""
    if _native.is_cbor_built():
        return _native.cbor.read_tree(data, DEPTH_MAX, Cid, _LINKS)
    return None


def _read(data: bytes) -> object:
    """Read within the depth limit; the library counts a tag as a level, we do not."""
    tree = _read_plain(data)
    if tree is not None:
        return tree
    try:
        return _load(data, DEPTH_MAX)
    except Invalid:
        tree = _load(data, DEPTH_MAX + 1)
        if _depth(tree) > DEPTH_MAX:
            raise refuse("depth") from None
        return tree


def decode(data: bytes, check: Check) -> Any:  # noqa: ANN401 - the check, not the type, says what it is
    """Return the tree of canonical `data` that `check` admits; else Invalid `codec.form`.

    The check demands canonical key order, so encoding again in the order read is canonical too.
    """
    tree = _read(data)
    check(tree)
    return tree


def integer(low: int = 0, high: int = INTEGER_MAX) -> Check:
    """Admit an integer in low..high; bool is none."""

    def check(found: object) -> None:
        if type(found) is not int or not low <= found <= high:
            raise refuse("int")

    return check


def choice(*allowed: int | str) -> Check:
    """Admit one of a few literals."""

    def check(found: object) -> None:
        if type(found) not in (int, str) or found not in allowed:
            raise refuse("value")

    return check


def exact_bytes(size: int) -> Check:
    """Admit a byte string of exactly `size` bytes."""

    def check(found: object) -> None:
        if type(found) is not bytes or len(found) != size:
            raise refuse("bytes")

    return check


def octets(most: int, least: int = 0) -> Check:
    """Admit a byte string of least..most bytes."""

    def check(found: object) -> None:
        if type(found) is not bytes or not least <= len(found) <= most:
            raise refuse("bytes")

    return check


def ident(most: int) -> Check:
    """Admit an identifier `[a-z0-9._-]` of 1..most bytes."""

    def check(found: object) -> None:
        if type(found) is not str or len(found) > most or not _IDENT.fullmatch(found):
            raise refuse("ident")

    return check


def text(most: int, least: int = 1) -> Check:
    """Admit UTF-8 text of least..most bytes."""

    def check(found: object) -> None:
        if type(found) is not str or not least <= len(found.encode()) <= most:
            raise refuse("text")

    return check


def cid(found: object) -> None:
    """Admit a link."""
    if type(found) is not Cid:
        raise refuse("link")


def list_of(item: Check, most: int, least: int = 0) -> Check:
    """Admit a list of least..most items."""

    def check(found: object) -> None:
        if type(found) is not list or not least <= len(found) <= most:
            raise refuse("list")
        for element in found:
            item(element)

    return check


def tuple_of(*items: Check) -> Check:
    """Admit a list of exactly these items in this order."""

    def check(found: object) -> None:
        if type(found) is not list or len(found) != len(items):
            raise refuse("list")
        for element, item in zip(found, items, strict=True):
            item(element)

    return check


def _key_order(key: str) -> tuple[int, str]:
    return len(key), key


def _canonical(keys: Sequence[str]) -> bool:
    return all(_key_order(a) < _key_order(b) for a, b in itertools.pairwise(keys))


def shape(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Admit a map of exactly the `required` keys, and any of the `optional` ones."""
    known = {**required, **(optional or {})}
    plans: dict[tuple[str, ...], tuple[Check, ...]] = {}

    def plan(keys: tuple[str, ...]) -> tuple[Check, ...]:
        if any(type(key) is not str for key in keys):
            raise refuse("keys")
        if not (set(required) <= set(keys) <= set(known)):
            raise refuse("keys")
        if not _canonical(keys):
            raise refuse("key order")
        return plans.setdefault(keys, tuple(known[key] for key in keys))

    def check(found: object) -> None:
        if type(found) is not dict:
            raise refuse("map")
        keys = tuple(found)
        checks = plans.get(keys) or plan(keys)
        for element, item in zip(found.values(), checks):  # noqa: B905 - one for each key
            item(element)

    return check


def map_of(item: Check, most: int, least: int = 0, *, key_max: int = 40) -> Check:
    """Admit a map of identifiers to items, least..most of them, keys in canonical order."""

    def check(found: object) -> None:
        if type(found) is not dict or not least <= len(found) <= most:
            raise refuse("map")
        _check_keys(found, key_max)
        for element in found.values():
            item(element)

    return check


_KNOWN_MAX: Final = 4_096
_known: Final[set[str]] = set()
"""Keys found to be identifiers: the same few hundred come again in every record."""


def _admit_key(key: object) -> None:
    if type(key) is not str or not _IDENT.fullmatch(key):
        raise refuse("ident")
    if len(_known) < _KNOWN_MAX:
        _known.add(key)


def _check_keys(found: dict[str, Any], key_max: int) -> None:
    """Refuse keys that are no identifiers, too long, or not ascending by length, then bytes."""
    size, last = 0, ""
    for key in found:
        if key not in _known:
            _admit_key(key)
        length = len(key)
        if length < size or (length == size and key <= last):
            raise refuse("key order")
        size, last = length, key
    if size > key_max:
        raise refuse("ident")


_LEAVES: Final = frozenset({str, bytes, Cid})


def value(found: Any) -> None:  # noqa: ANN401 - whatever was decoded
    """Admit any tree of our values: integers, text, bytes, links, lists, maps of identifiers."""
    kind = type(found)
    if kind is dict:
        _check_keys(found, _KEY_MAX)
        _check_values(found.values())
    elif kind is list:
        _check_values(found)
    elif kind is int:
        if not -INTEGER_MAX <= found <= INTEGER_MAX:
            raise refuse("int")
    elif kind not in _LEAVES:
        raise refuse("simple or float")


def _check_values(found: Iterable[Any]) -> None:
    """Check what a map or list holds; a leaf costs no call of its own."""
    for each in found:
        kind = type(each)
        if kind in _LEAVES or (kind is int and -INTEGER_MAX <= each <= INTEGER_MAX):
            continue
        value(each)
