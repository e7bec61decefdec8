"""What still fits into a block that is put together: the limits in force, or less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.chain.limits import read_limit
from tallystick.chain.state import Read

__all__ = ["HEADER_BYTES", "ITEM_BYTES", "Room"]

HEADER_BYTES: Final = 2 * 1024
"""What a block holds beside its transactions and their lengths: its header, 0.5 KB."""
ITEM_BYTES: Final = 6
"""What stands before a transaction, at most: in a block of ours 5 bytes, in an engine's 6."""


class Room:
    """How much of a block is left: of transactions, their bytes and their records.

    Args:
        read: the state before the block; limits voted into force stand there.
        transactions: at most so many, where the limit allows more.
        bytes_max: of transactions and their lengths, likewise.
        records: at most.
    """

    __slots__ = ("_bytes", "_records", "_transactions")

    def __init__(self, read: Read, *, transactions: int, bytes_max: int, records: int) -> None:
        self._transactions = min(transactions, read_limit(read, "block_transactions"))
        self._bytes = min(bytes_max, read_limit(read, "block_bytes") - HEADER_BYTES)
        self._records = records

    def holds(self, data: bytes, records: Sequence[bytes]) -> bool:
        """Tell whether a transaction's bytes and records fit into what is left."""
        return (
            self._transactions > 0
            and len(data) + ITEM_BYTES <= self._bytes
            and len(records) <= self._records
        )

    def take(self, data: bytes, records: Sequence[bytes]) -> None:
        """Take a transaction's part of what is left."""
        self._transactions -= 1
        self._bytes -= len(data) + ITEM_BYTES
        self._records -= len(records)
