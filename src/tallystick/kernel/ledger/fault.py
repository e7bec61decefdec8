"""What is wrong with a block, to the transaction and the field: found by running it step by step.

`apply_block` says that a block is invalid; here it is told where, with both sides of the fact, so
that a follower that halts can publish {block, transaction index, expected, got}.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode, sha256
from tallystick.base.errors import Error, Invalid
from tallystick.chain import schema
from tallystick.chain.block import Effects, Execution, Tip, read_block
from tallystick.chain.merkle import root_of
from tallystick.chain.record import Charter
from tallystick.chain.state import Read, state_root
from tallystick.chain.transaction import Transaction

__all__ = ["FAULT", "BlockFault", "InvalidBlock", "find_fault", "show"]

FAULT: Final = codec.shape(
    {
        "height": codec.integer(),
        "index": codec.integer(-1),
        "field": codec.text(200),
        "expected": codec.text(4_096, 0),
        "got": codec.text(4_096, 0),
    }
)


@dataclass(frozen=True, slots=True)
class BlockFault:
    """Where a block departs from what it should be.

    Attributes:
        height: that the block should have.
        index: of the transaction, -1 where the fault is the header's or the block's.
        field: the header's field, or what of the transaction was refused.
        expected: what should stand there; "" where only the rule can be named.
        got: what stands there.
    """

    height: int
    index: int
    field: str
    expected: str
    got: str

    def data(self) -> bytes:
        """Return the fault's canonical bytes."""
        return encode({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def read(cls, data: bytes) -> BlockFault:
        """Return the fault of its bytes."""
        return cls(**codec.decode(data, FAULT))

    def __str__(self) -> str:
        """Say it in one line."""
        place = f" transaction {self.index}" if self.index >= 0 else ""
        facts = f": expected {self.expected}, got {self.got}" if self.expected or self.got else ""
        return f"block {self.height}{place} {self.field}{facts}"


class InvalidBlock(Invalid):
    """A block that may not follow the chain; `fault` tells where and why, `data` are its bytes."""

    def __init__(self, fault: BlockFault, data: bytes) -> None:
        super().__init__(
            "ledger.invalid_block",
            str(fault),
            cure="Compare with other members; repair if only the own file differs.",
        )
        self.fault = fault
        self.data = data


def find_fault(data: bytes, tip: Tip, read: Read, charter: Charter, error: Error) -> BlockFault:
    """Return where the block `data`, refused with `error`, departs from what may follow `tip`."""
    height = tip.height + 1
    try:
        header, fields, transactions = read_block(data)
    except Error as found:
        return _unreadable(data, height, found)
    for name, expected, got in _header_facts(header, fields, transactions, tip):
        if expected != got:
            return BlockFault(height, -1, name, show(expected), show(got))
    run = Execution(tip, read, charter, fields["time"])
    for index, each in enumerate(transactions):
        try:
            run.add(each)
        except Error as found:
            return BlockFault(height, index, found.message, "", each.tid.hex())
    for name, expected in _roots(run.finish(lambda _: cid_of(header))).items():
        if fields[name] != expected:
            return BlockFault(height, -1, name, show(expected), show(fields[name]))
    return BlockFault(height, -1, error.message, "", "")


def _header_facts(
    header: bytes, fields: dict[str, Any], transactions: list[Transaction], tip: Tip
) -> Iterator[tuple[str, object, object]]:
    """Yield (field, expected, got) for all that a header says before its block is run."""
    yield "height", tip.height + 1, fields["height"]
    yield "prev", tip.cid, fields["prev"]
    yield "chain", tip.genesis.chain, fields["chain"]
    time = fields["time"]
    yield "time", time if time > tip.time else f"> {tip.time}", time
    target = fields["target"]
    yield "target", tip.genesis.fields["target"], target
    met = sha256(header) <= target
    yield "nonce", "a hash within the target", "a hash within the target" if met else header[:0]
    member = fields["proposer"]
    yield "proposer", member if member in tip.members.by_name else "a member in force", member
    yield "tx_count", len(transactions), fields["tx_count"]
    yield "merkle_root", root_of(each.envelope for each in transactions), fields["merkle_root"]


def _unreadable(data: bytes, height: int, error: Error) -> BlockFault:
    """Return which part of a block has no reading."""
    index, part = -1, "block"
    try:
        header, rows = codec.decode(data, schema.BLOCK)
        part = "header"
        codec.decode(header, schema.HEADER)
        part = "transaction"
        for index, row in enumerate(rows):  # noqa: B007 - the last one read is the fault's place
            Transaction.read(row)
        index, part = -1, "block"
    except Invalid as found:
        error = found
    return BlockFault(height, index, part, "", error.message)


def _roots(effects: Effects) -> dict[str, Any]:
    return {
        "log_size": effects.tip.peaks.size,
        "log_root": effects.tip.peaks.root(),
        "state_root": state_root(effects.writes_root, effects.tip.lanes),
        "members": effects.tip.members.cid,
    }


def show(value: object) -> str:
    """Return a value as text: bytes in hex, links in base32, the rest as it is."""
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, int | str | Cid) else repr(value)
