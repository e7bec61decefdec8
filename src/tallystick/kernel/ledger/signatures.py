"""Many signatures checked at once: on two threads, since libsodium lets others run meanwhile.

Validity is a pure function of (public key, message, signature), so what was found before a block is
run changes no answer; what was not found valid is asked again where its transaction stands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from tallystick.base.keys import Verify, verify
from tallystick.chain.block import Tip
from tallystick.chain.transaction import Transaction

__all__ = ["Row", "check_ahead", "check_both", "list_signatures"]

THREADS_FROM: Final = 64
"""Fewer signatures than this are checked before a second thread has begun."""

Row: TypeAlias = tuple[bytes, bytes, bytes]
"""Public key, message, signature."""


def list_signatures(found: Sequence[Transaction], tip: Tip) -> list[Row]:
    """Return the signatures of transactions whose keys are in force after `tip`."""
    return [
        (key.pub, each.signed, each.signature)
        for each in found
        if (key := tip.members.key(each.member, each.key, "tx", tip.height + 1)) is not None
    ]


def check_both(rows: Sequence[Row], check: Callable[[Row], object]) -> None:
    """Call `check` of every row, half of them on a second thread."""
    half = len(rows) // 2

    def check_half(part: Sequence[Row]) -> None:
        for row in part:
            check(row)

    other = threading.Thread(target=check_half, args=(rows[:half],), name="signatures")
    other.start()
    check_half(rows[half:])
    other.join()


def check_ahead(found: Sequence[Transaction], tip: Tip) -> Verify:
    """Return `verify` that knows of those of the next block's signatures that are valid."""
    if len(found) < THREADS_FROM:
        return verify
    valid: set[Row] = set()

    def check(row: Row) -> None:
        if verify(*row):
            valid.add(row)

    check_both(list_signatures(found, tip), check)
    return lambda *row: row in valid or verify(*row)
