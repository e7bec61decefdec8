"""Carries what the outbox holds to the ledger until every entry is final.

Law: however often a submit is retried, and wherever the process was killed, its records stand in
the chain once: the same bytes are resent, and new bytes are signed only when the old can no longer
be ordered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.kernel.ledger.base import Ledger, Result
from tallystick.kernel.ledger.outbox import Entry, Outbox, Request

__all__ = ["WAIT_MS", "Courier"]

WAIT_MS: Final = 5_000


class Courier:
    """Sends one member's transactions.

    Args:
        outbox: where they are signed and kept.
        ledger: where they are ordered.
    """

    def __init__(self, outbox: Outbox, ledger: Ledger) -> None:
        self.outbox = outbox
        self.ledger = ledger

    def send(
        self, records: Sequence[bytes], request: Request | None = None, timeout_ms: int = WAIT_MS
    ) -> Result:
        """Put a bundle of records on the chain and return its result.

        Args:
            records: their bytes, 1..1,024.
            request: what an Idempotency-Key stands for; a repetition gets the first answer.
            timeout_ms: how long to wait for the result.

        Raises:
            Invalid: the transaction may not stand in a block.
            Conflict: another signed transaction holds its number, or the key has another body.
            Unavailable: not now, or no answer yet; the same request may be sent again.
        """
        (entry,) = self.outbox.put([records], request)
        return self.finish(entry, timeout_ms)

    def finish(self, entry: Entry, timeout_ms: int = WAIT_MS) -> Result:
        """Return the result of an entry, submitting it if it has none; raises as `send` does."""
        if entry.result is not None:
            return entry.result
        try:
            tid = self.ledger.submit(entry.data)
            if tid != entry.tid:
                raise Unavailable("link.torn", "the answer names another id", cure="Try again.")
            result = self.ledger.wait(tid, timeout_ms)
        except (Invalid, Conflict):
            self.outbox.abandon(entry)
            raise
        except NotFound as error:
            raise Unavailable(
                "ledger.forgotten", "the ledger was restarted before it answered", cure="Try again."
            ) from error
        self.outbox.settle(entry, result)
        return result

    def resend(self, timeout_ms: int = WAIT_MS) -> list[Result]:
        """Send again whatever is pending, expired entries under new numbers; return the results.

        Entries the ledger cannot answer for now stay pending; so do those whose time ran out while
        the chain stood still: sent, they would be refused for good.
        """
        found = []
        self.outbox.renew()
        for entry in self.outbox.pending():
            if self.outbox.is_over(entry):
                continue
            try:
                found.append(self.finish(entry, timeout_ms))
            except (Invalid, Conflict):
                # Abandoned by `finish`; whoever asked was told, and the chain says the rest.
                continue
            except Unavailable:
                break
        return found
