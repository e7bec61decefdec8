"""What is wrong with a block, to the transaction and the field: found by running it step by step.

`apply_block` says that a block is invalid; here it is told where, with both sides of the fact, so
that a follower that halts can publish {block, transaction index, expected, got}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, encode, sha256
from tallystick.base.errors import Error, Invalid
from tallystick.chain.block import Effects, Execution, Tip, read_block
from tallystick.chain.merkle import root_of
from tallystick.chain.record import Charter
from tallystick.chain.state import Read, state_root

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
    """A block that may not follow the chain; `fault` tells where and why."""

    def __init__(self, fault: BlockFault) -> None:
        super().__init__(
            "ledger.invalid_block",
            str(fault),
            cure="Compare with other members; repair if only the own file differs.",
        )
        self.fault = fault


def find_fault(data: bytes, tip: Tip, read: Read, charter: Charter, error: Error) -> BlockFault:
    """Return where the block `data`, refused with `error`, departs from what may follow `tip`."""
    height = tip.height + 1
    try:
        header, fields, transactions = read_block(data)
    except Error as found:
        return BlockFault(height, -1, found.message, "", "")
    for name, value in _expected_before(tip).items():
        if fields[name] != value:
            return _difference(height, name, value, fields[name])
    if fields["time"] <= tip.time:
        return _difference(height, "time", f"> {tip.time}", fields["time"])
    if sha256(header) > fields["target"]:
        return _difference(height, "target", fields["target"], sha256(header))
    if fields["proposer"] not in tip.members.by_name:
        return _difference(height, "proposer", "a member in force", fields["proposer"])
    counted = {
        "tx_count": len(transactions),
        "merkle_root": root_of(each.envelope for each in transactions),
    }
    for name, value in counted.items():
        if fields[name] != value:
            return _difference(height, name, value, fields[name])
    run = Execution(tip, read, charter, fields["time"])
    for index, each in enumerate(transactions):
        try:
            run.add(each)
        except Error as found:
            return BlockFault(height, index, found.message, "", each.tid.hex())
    for name, value in _roots(run.finish(lambda _: cid_of(header))).items():
        if fields[name] != value:
            return _difference(height, name, value, fields[name])
    return BlockFault(height, -1, error.message, "", "")


def _expected_before(tip: Tip) -> dict[str, Any]:
    return {
        "height": tip.height + 1,
        "prev": tip.cid,
        "chain": tip.genesis.chain,
        "target": tip.genesis.fields["target"],
    }


def _roots(effects: Effects) -> dict[str, Any]:
    return {
        "log_size": effects.tip.peaks.size,
        "log_root": effects.tip.peaks.root(),
        "state_root": state_root(effects.writes_root, effects.tip.lanes),
        "members": effects.tip.members.cid,
    }


def _difference(height: int, name: str, expected: object, got: object) -> BlockFault:
    return BlockFault(height, -1, name, show(expected), show(got))


def show(value: object) -> str:
    """Return a value as text: bytes in hex, links in base32, the rest as it is."""
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, int | str | Cid) else repr(value)
