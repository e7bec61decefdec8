"""dag-cbor documents of any shape: what they link, and what a path within one leads to.

Our own records are read by schema (`base/codec.py`); this reads those of others, of which nothing
but their links matters here. Refused is what could be read in two ways: lengths that are not told
or not in their shortest form, a key that is no text or stands twice, tags but that of links, bytes
that follow. The order of keys is taken as it stands, as most readers take it.
Limits: 2 MiB, depth 64, 2^18 items, 65,536 links: more than 2 MiB hold of links with a hash.
Source: IPLD DAG-CBOR specification; RFC 8949, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from tallystick.base.errors import Invalid
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dagpb import LINKS_MAX
from tallystick.kernel.store.unixfs.fault import no_entry, refuse_limit, refuse_node

__all__ = [
    "DEPTH_MAX",
    "ITEMS_MAX",
    "Tree",
    "find_value",
    "links_in",
    "read_document",
    "read_plain",
]

DEPTH_MAX: Final = 64
ITEMS_MAX: Final = 2**18
_LINK_TAG: Final = 42
_COUNT, _OCTETS, _TEXT, _LIST, _MAP, _TAG, _SIMPLE = 0, 2, 3, 4, 5, 6, 7
_SHORT: Final = 24
"""A head whose lower five bits are less holds its number itself."""
_SIZES: Final = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS: Final = {25: 2, 26: 4, 27: 8}
_PLAIN: Final = {20, 21, 22}
"""False, true, null."""

Tree: TypeAlias = "IpfsCid | list[Tree] | dict[str, Tree] | None"
"""A link, a list, a map; None for anything that can hold no link."""


def read_document(block: bytes) -> Tree:
    """Return a document.

    Raises:
        Invalid: `unixfs.node`, `unixfs.limit`, and for a link what `IpfsCid` refuses.
    """
    reader = _Reader(block)
    found = reader.item(0)
    if reader.at != len(block):
        raise _refuse("bytes follow it")
    return found


def read_plain(block: bytes) -> dict[str, int | bytes]:
    """Return the whole numbers from 0 on, and the runs of bytes, of a document that is one map.

    What else stands in it is read and left out. Raises as `read_document`.
    """
    reader = _Reader(block)
    found = reader.plain()
    if reader.at != len(block):
        raise _refuse("bytes follow it")
    return found


def links_in(tree: Tree) -> Iterator[IpfsCid]:
    """Yield the links of a document in the order they stand, each as often as it does."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, IpfsCid):
            yield found
        elif found is not None:
            parts = found.values() if isinstance(found, dict) else found
            waiting += reversed([*parts])


def find_value(tree: Tree, name: str) -> Tree:
    """Return what stands under a key of a map, or at a place of a list counted from 0.

    Raises:
        NotFound: `unixfs.no_entry`.
    """
    if isinstance(tree, dict) and name in tree:
        return tree[name]
    # A number has one spelling, and none is longer than the number of items.
    if isinstance(tree, list) and len(name) < len(str(ITEMS_MAX)) + 1 and name.isdecimal():
        place = int(name)
        if str(place) == name and place < len(tree):
            return tree[place]
    raise no_entry()


class _Reader:
    """Reads one document from its first byte to its last."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.at = 0
        self._items = 0
        self._links = 0

    def item(self, depth: int) -> Tree:
        """Read an item."""
        self._items += 1
        if self._items > ITEMS_MAX:
            raise refuse_limit("items of a document", self._items, ITEMS_MAX)
        if depth > DEPTH_MAX:
            raise refuse_limit("depth of a document", depth, DEPTH_MAX)
        kind, short = divmod(self._take(1)[0], 32)
        if kind == _SIMPLE:
            self._simple(short)
            return None
        number = self._number(short)
        if kind == _LIST:
            return [self.item(depth + 1) for _ in range(number)]
        if kind == _MAP:
            return self._map(number, depth + 1)
        if kind == _TAG:
            return self._link(number)
        if kind in {_OCTETS, _TEXT}:
            self._take(number)
        return None

    def plain(self) -> dict[str, int | bytes]:
        """Read a map for its numbers and bytes."""
        kind, short = divmod(self._take(1)[0], 32)
        if kind != _MAP:
            raise _refuse("it is no map")
        found: dict[str, int | bytes] = {}
        seen = set[str]()
        for _ in range(self._number(short)):
            key = self._key()
            if key in seen:
                raise _refuse("a key stands twice")
            seen.add(key)
            at = self.at
            kind, short = divmod(self._take(1)[0], 32)
            if kind == _COUNT:
                found[key] = self._number(short)
            elif kind == _OCTETS:
                found[key] = self._take(self._number(short))
            else:
                self.at = at
                self.item(1)
        return found

    def _take(self, size: int) -> bytes:
        found = self.block[self.at : self.at + size]
        if len(found) != size:
            raise _refuse("it is cut")
        self.at += size
        return found

    def _number(self, short: int) -> int:
        if short < _SHORT:
            return short
        size = _SIZES.get(short)
        if size is None:
            raise _refuse("a length that is not told")
        number = int.from_bytes(self._take(size), "big")
        if number < (_SHORT if size == 1 else 1 << 4 * size):
            raise _refuse("a number that is not in its shortest form")
        return number

    def _simple(self, short: int) -> None:
        if short in _FLOATS:
            self._take(_FLOATS[short])
        elif short not in _PLAIN:
            raise _refuse("a simple value that is none of false, true and null")

    def _map(self, count: int, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for _ in range(count):
            key = self._key()
            if key in found:
                raise _refuse("a key stands twice")
            found[key] = self.item(depth)
        return found

    def _key(self) -> str:
        kind, short = divmod(self._take(1)[0], 32)
        if kind != _TEXT:
            raise _refuse("a key that is no text")
        try:
            return self._take(self._number(short)).decode()
        except UnicodeDecodeError as error:
            raise _refuse("a key that is not UTF-8") from error

    def _link(self, tag: int) -> IpfsCid:
        kind, short = divmod(self._take(1)[0], 32)
        if tag != _LINK_TAG or kind != _OCTETS:
            raise _refuse("a tag that is no link's")
        found = self._take(self._number(short))
        if found[:1] != b"\0":
            raise _refuse("a link that does not begin with zero")
        # Counted as they come: those of a few bytes would fill the memory before the block ends.
        self._links += 1
        if self._links > LINKS_MAX:
            raise refuse_limit("links of a document", self._links, LINKS_MAX)
        return IpfsCid(found[1:])


def _refuse(reason: str) -> Invalid:
    return refuse_node(f"a document of dag-cbor: {reason}")
