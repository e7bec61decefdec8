"""A whole chain as one archive that any IPFS tool walks, and a part of one from a height on.

Per height a node `{v, below, header, transactions: [CID raw], results?}`: `below` is the node of
the height before, genesis at height 1; `results` are the transactions' codes, which the header's
log root binds, so who carries no rules can check the log all the same. The archive holds the nodes,
the headers, the transactions, genesis and every members list a header names; its root is the
highest node. No node exceeds 1 MiB.
A part begins at a greater height: its lowest node's `below` is a link to what is not in it, so only
who holds the chain up to there can go on with it.
Archives are written and read a block at a time, lowest first, in memory that does not grow with the
blocks: who reads one keeps some 300 bytes a transaction and height.
What an archive holds is *not yet verified*: its blocks are for `apply_block`, one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, RAW, Cid, Value, cid_of, encode, refuse
from tallystick.chain import schema
from tallystick.chain.car import CarIndex, ReadAt, write_head, write_section

__all__ = [
    "CODE_SIZE",
    "NODE",
    "Archive",
    "Export",
    "read_export",
    "write_export",
    "write_parts",
]

CODE_SIZE: Final = 2
NODE: Final = codec.shape(
    {
        "v": schema.version,
        "below": codec.cid,
        "header": codec.cid,
        "transactions": codec.list_of(codec.cid, schema.BLOCK_TRANSACTIONS_MAX, 1),
    },
    {"results": codec.octets(CODE_SIZE * schema.BLOCK_TRANSACTIONS_MAX, CODE_SIZE)},
)


@dataclass(frozen=True, slots=True)
class Export:
    """A chain from its genesis.

    Attributes:
        genesis: genesis's bytes.
        lists: members lists by CID, the first in force among them.
        blocks: the bytes of the blocks, from height 1.
    """

    genesis: bytes
    lists: Mapping[Cid, bytes]
    blocks: Sequence[bytes]


def write_export(genesis: bytes, lists: Iterable[bytes], blocks: Iterable[bytes]) -> bytes:
    """Return the archive of a chain.

    Args:
        genesis: genesis's bytes.
        lists: the members lists that genesis and the headers name.
        blocks: the bytes of at least one block, from height 1.
    """
    found = {cid_of(data): data for data in lists}
    kept = list(blocks)
    parts = [*write_parts(genesis, found.get, lambda: ((block, b"") for block in kept))]
    return b"".join(parts)


def write_parts(
    genesis: bytes,
    find_list: Callable[[Cid], bytes | None],
    blocks: Callable[[], Iterable[tuple[bytes, bytes]]],
    first: int = 1,
    below: tuple[int, Cid] | None = None,
) -> Iterator[bytes]:
    """Yield the bytes of an archive part by part, lowest height first.

    Args:
        genesis: genesis's bytes.
        find_list: returns a members list that genesis or a header names; None leaves it out.
        blocks: begins anew to give each block's bytes and its results, 2 bytes a transaction or
            b"", at least one, from the height above `below` on; it is asked twice, for the root
            stands at the archive's beginning.
        first: the lowest height to write; nodes below it are reckoned and left out.
        below: a height and its node's CID, where the blocks up to there are archived already and
            not given; None to begin at genesis.
    """
    height, begin = below or (0, cid_of(genesis))
    root = begin
    for block, results in blocks():
        root = _node_over(root, block, results)[0]
    assert root != begin, "a chain without blocks has nothing to export"
    yield write_head(root)
    under, listed = begin, set[Cid]()
    if first == 1:
        yield write_section(under, genesis)
        yield from _list_once(codec.decode(genesis, schema.GENESIS)["members"], find_list, listed)
    for at, (block, results) in enumerate(blocks(), start=height + 1):
        under, node, header, transactions = _node_over(under, block, results)
        if at < first:
            continue
        named = codec.decode(header, schema.HEADER)["members"]
        yield from _list_once(named, find_list, listed)
        for each in transactions:
            yield write_section(cid_of(each, RAW), each)
        yield write_section(cid_of(header), header)
        yield write_section(under, node)


def _node_over(below: Cid, block: bytes, results: bytes) -> tuple[Cid, bytes, bytes, list[bytes]]:
    """Return CID and bytes of a block's node, its header and its transactions."""
    header, transactions = codec.decode(block, schema.BLOCK)
    links: list[Value] = [cid_of(each, RAW) for each in transactions]
    fields: dict[str, Value] = {"v": 1, "below": below, "header": cid_of(header)}
    fields["transactions"] = links
    node = encode({**fields, "results": results} if results else fields)
    return cid_of(node), node, header, transactions


def _list_once(
    named: Cid, find_list: Callable[[Cid], bytes | None], listed: set[Cid]
) -> Iterator[bytes]:
    found = None if named in listed else find_list(named)
    listed.add(named)
    if found is not None:
        yield write_section(named, found)


class Archive:
    """A chain's archive being read; made, its nodes lead from the highest down without a gap.

    Attributes:
        root: the CID of the highest node, the archive's root.
        genesis: genesis's bytes; None in a part.
        lists: the members list that genesis names; empty in a part.
        first: the lowest height in it.
        last: the greatest.
        head: the CID of the header at `last`.

    Args:
        read: reads the file.
        size: of the file, bytes.

    Raises:
        Invalid: `codec.form`, for a fault of structure.
    """

    def __init__(self, read: ReadAt, size: int) -> None:
        self._car = CarIndex(read, size)
        self.root = self._car.root
        self._nodes = [self.root]
        top, fields = self._node(self._car.root)
        self.head: Cid = top["header"]
        self.last: int = fields["height"]
        self.genesis: bytes | None = None
        self.lists: dict[Cid, bytes] = {}
        bottom, fields = self._descend(top, fields)
        self.first: int = fields["height"]
        if self.first == 1:
            if fields["prev"] != bottom["below"]:
                raise refuse("prev")
            self.genesis = self._car.take(bottom["below"])
            named = codec.decode(self.genesis, schema.GENESIS)["members"]
            self.lists = {named: self._car.take(named)}
        self._listed = set(self.lists)

    def _node(self, cid: Cid) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a node and the fields of its header."""
        if cid.codec != DAG_CBOR:
            raise refuse("node")
        node: dict[str, Any] = codec.decode(self._car.block(cid), NODE)
        fields: dict[str, Any] = codec.decode(self._car.block(node["header"]), schema.HEADER)
        links = node["transactions"]
        if fields["tx_count"] != len(links):
            raise refuse("tx_count")
        if len(node.get("results", b"")) not in (0, CODE_SIZE * len(links)):
            raise refuse("results")
        if node["header"].codec != DAG_CBOR or any(link.codec != RAW for link in links):
            raise refuse("link")
        return node, fields

    def _descend(
        self, node: dict[str, Any], fields: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the lowest node and its header's fields."""
        while fields["height"] > 1 and node["below"] in self._car:
            self._nodes.append(node["below"])
            before, (node, fields) = fields, self._node(node["below"])
            if node["header"] != before["prev"] or fields["height"] != before["height"] - 1:
                raise refuse("prev")
        return node, fields

    def blocks(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield each block and the results stated of it, b"" if none, lowest first; once.

        Raises:
            Invalid: `codec.form`, one is missing or has another hash; and, after the last, the
                archive holds more than the chain.
        """
        while self._nodes:
            node: dict[str, Any] = codec.decode(self._car.take(self._nodes.pop()), NODE)
            header = self._car.take(node["header"])
            named = codec.decode(header, schema.HEADER)["members"]
            if named not in self._listed and self._names_list(named):
                self._car.take(named)
                self._listed.add(named)
            block = encode([header, [self._car.take(cid) for cid in node["transactions"]]])
            yield block, node.get("results", b"")
        if len(self._car):
            raise refuse("unreachable block")

    def _names_list(self, named: Cid) -> bool:
        """Tell whether a list must be here: in a part, the one in force before it need not."""
        return self.first == 1 or named in self._car


def read_export(data: bytes, size_max: int) -> Export:
    """Return the chain of an archive; Invalid `codec.form` for a fault of structure.

    Args:
        data: the file, of a whole chain.
        size_max: the longest file to read, bytes.
    """
    if len(data) > size_max:
        raise refuse("car size")
    archive = Archive(lambda at, size: data[at : at + size], len(data))
    if archive.genesis is None:
        raise refuse("block missing")
    lists = dict(archive.lists)
    car = CarIndex(lambda at, size: data[at : at + size], len(data))
    blocks = []
    for block, _ in archive.blocks():
        header, _ = codec.decode(block, schema.BLOCK)
        named: Cid = codec.decode(header, schema.HEADER)["members"]
        lists[named] = car.block(named)
        blocks.append(block)
    return Export(archive.genesis, lists, blocks)
