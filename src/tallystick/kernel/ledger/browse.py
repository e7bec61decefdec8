"""What a block holds, told to people: who wrote what in it, and how much.

Laws: everything is read from the chain's own bytes, each checked as it is read; of a record are
told its type, its writer, its case and its place, never what it says nor whom it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tallystick.base.codec import Cid, cid_of, read_admitted
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.layout import corrupt
from tallystick.kernel.ledger.replica import Replica

__all__ = ["BlockSummary", "Line", "list_lines", "summarise_block"]


@dataclass(frozen=True, slots=True)
class BlockSummary:
    """A block in one line.

    Attributes:
        height: its height, from 1.
        time_ms: its time, in ms since 1970 UTC.
        cid: its header's CID.
        proposer: the member that ordered it.
        transactions: how many stand in it; `refused` of them changed nothing.
        records: admitted records by type, by name.
        writers: members whose records were admitted, by name.
        size_bytes: of the whole block.
    """

    height: int
    time_ms: int
    cid: Cid
    proposer: str
    transactions: int
    refused: int
    records: Mapping[str, int]
    writers: tuple[str, ...]
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Line:
    """One admitted record of a block.

    Attributes:
        t: its type.
        member: its writer.
        case: the case it belongs to, None where it belongs to none.
        index: its transaction's place in the block.
        place: its own in the transaction.
    """

    t: str
    member: str
    case: bytes | None
    index: int
    place: int


def summarise_block(replica: Replica, height: int) -> BlockSummary:
    """Return what the block at a height >= 1 holds.

    Raises:
        NotFound: `ledger.no_block`, the chain is not that high.
        Corrupt: the file's block is not what was written.
    """
    data = replica.block(height)
    header, fields, transactions = read_block(data)
    lines = list(list_lines(replica, height))
    kinds = Counter(line.t for line in lines)
    return BlockSummary(
        height=height,
        time_ms=fields["time"],
        cid=cid_of(header),
        proposer=fields["proposer"],
        transactions=len(transactions),
        refused=len(transactions) - len({line.index for line in lines}),
        records={t: kinds[t] for t in sorted(kinds)},
        writers=tuple(sorted({line.member for line in lines})),
        size_bytes=len(data),
    )


def list_lines(replica: Replica, height: int) -> Iterator[Line]:
    """Yield the admitted records of the block at a height >= 1, in order.

    Raises:
        NotFound: `ledger.no_block`, the chain is not that high.
        Corrupt: the file's block is not what was written.
    """
    _, _, transactions = read_block(replica.block(height))
    for index, found in enumerate(transactions):
        result = replica.find(found.tid)
        if result is None:
            raise corrupt(f"entry of block {height}", field="entry", height=height)
        if result.code:
            continue
        for place, data in enumerate(found.records):
            record = read_admitted(data)
            # An application opens the case that bears its own id.
            case = record["id"] if record["t"] == "case.applied" else record.get("case")
            yield Line(record["t"], found.member, case, index, place)
