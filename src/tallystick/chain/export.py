"""A whole chain as one archive that any IPFS tool walks.

Per height a node `{v, below, header, transactions: [CID raw]}`: `below` is the node of the height
before, genesis at height 1; the archive holds the nodes, the headers, the transactions, genesis and
every members list a header names; its root is the highest node. No node exceeds 1 MiB.
What an archive holds is *not yet verified*: its blocks are for `apply_block`, one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, Value, cid_of, encode, refuse
from tallystick.chain import schema
from tallystick.chain.car import read_car, write_car

__all__ = ["NODE", "Export", "read_export", "write_export"]

NODE: Final = codec.shape(
    {
        "v": schema.version,
        "below": codec.cid,
        "header": codec.cid,
        "transactions": codec.list_of(codec.cid, schema.BLOCK_TRANSACTIONS_MAX, 1),
    }
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
    below, parts, raw = cid_of(genesis), [genesis, *lists], []
    for block in blocks:
        header, transactions = codec.decode(block, schema.BLOCK)
        links: list[Value] = [cid_of(each, codec.RAW) for each in transactions]
        node = encode({"v": 1, "below": below, "header": cid_of(header), "transactions": links})
        below = cid_of(node)
        parts += [header, node]
        raw += transactions
    assert raw, "a chain without blocks has nothing to export"
    return write_car(below, reversed(parts), raw)


def read_export(data: bytes, size_max: int) -> Export:
    """Return the chain of an archive; Invalid `codec.form` for a fault of structure.

    Args:
        data: the file.
        size_max: the longest file to read, bytes.
    """
    car = read_car(data, size_max)
    pairs = list(_walk(car.root, car.blocks))
    genesis = pairs.pop()[1]
    lists = {fields["members"] for fields, _ in pairs}
    lists.add(codec.decode(genesis, schema.GENESIS)["members"])
    return Export(
        genesis,
        {cid: _block(car.blocks, cid) for cid in sorted(lists)},
        [block for _, block in reversed(pairs)],
    )


def _walk(root: Cid, blocks: Mapping[Cid, bytes]) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Yield (header fields, block) from the highest down, then ({}, genesis)."""
    node: dict[str, Any] = codec.decode(_block(blocks, root), NODE)
    while True:
        header = _block(blocks, node["header"])
        fields: dict[str, Any] = codec.decode(header, schema.HEADER)
        if fields["tx_count"] != len(node["transactions"]):
            raise refuse("tx_count")
        transactions = [_block(blocks, cid) for cid in node["transactions"]]
        yield fields, encode([header, transactions])
        below = _block(blocks, node["below"])
        if fields["height"] == 1:
            if fields["prev"] != node["below"]:
                raise refuse("prev")
            yield {}, below
            return
        node = codec.decode(below, NODE)
        if node["header"] != fields["prev"]:
            raise refuse("prev")


def _block(blocks: Mapping[Cid, bytes], cid: Cid) -> bytes:
    found = blocks.get(cid)
    if found is None:
        raise refuse("block missing")
    return found
