"""The ledger's port: who orders transactions and tells their results.

Laws every engine keeps (tests/conformance/test_ledger.py):
- a transaction is ordered once: a known id gets the old answer, however often it is submitted;
- a result is told only after the block that holds it is durable;
- what may not stand in a block is answered with an error and never put into one;
- two signed headers of one sequence number are a `Conflict`;
- a full queue is refused with `ledger.busy`, and nothing that was taken in is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from tallystick.base.errors import Unavailable

__all__ = ["WAIT_MS_MAX", "Ledger", "Result", "late"]

WAIT_MS_MAX: Final = 60_000


@dataclass(frozen=True, slots=True)
class Result:
    """Where a transaction stands in the chain, and with which result.

    Attributes:
        tid: the transaction's id, 32 bytes.
        height: of its block.
        index: its place in the block, from 0.
        code: 0 = admitted, else why it was refused.
        position: its leaf's place in the log, from 0.
    """

    tid: bytes
    height: int
    index: int
    code: int
    position: int


class Ledger(Protocol):
    """Orders transactions, wherever the order is made."""

    def submit(self, data: bytes) -> bytes:
        """Take in a transaction's bytes and return its id; its result follows by `wait`.

        Raises:
            Invalid: it may not stand in a block: `codec.form`, `tx.window`.
            Conflict: `ledger.seq_conflict`, another signed header holds its sequence number.
            Unavailable: `ledger.busy` and its kin; it was not taken in.
        """

    def wait(self, tid: bytes, timeout_ms: int) -> Result:
        """Return the result of a submitted transaction once its block is durable.

        Raises:
            Invalid: it turned out that it may not stand in a block.
            NotFound: `ledger.unknown`, nothing of this id was submitted or ordered.
            Unavailable: `ledger.late`, not within `timeout_ms`; it may still be ordered.
        """

    def find(self, tid: bytes) -> Result | None:
        """Return the result of an ordered transaction, None if it is in no block known here."""

    def close(self) -> None:
        """End; what was taken in and not ordered is answered `ledger.closed`."""


def late(tid: bytes, timeout_ms: int) -> Unavailable:
    """Return the error for an answer that did not come in time."""
    return Unavailable(
        "ledger.late",
        f"transaction {tid.hex()} has no result after {timeout_ms} ms",
        cure="Do not sign it again: it is kept, is sent again by itself, and counts once. See what"
        " stands by the verb that lists it, and who is away by tally county status. Over the"
        " API ask GET /transactions/TID, or repeat with the same Idempotency-Key.",
        tid=tid.hex(),
    )
