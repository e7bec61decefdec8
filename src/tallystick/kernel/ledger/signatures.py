"""Many signatures checked at once: on two threads, or on one beside what else there is to do.

Validity is a pure function of (public key, message, signature), so what was found before a block is
run changes no answer; what was not found valid is asked again where its transaction stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import compress
from typing import Final, NamedTuple

from tallystick import _native
from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import Signed, Verify, verify, verify_many
from tallystick.chain.block import CheckAhead, Opened, Tip, read_block
from tallystick.chain.transaction import Transaction

__all__ = ["Coming", "check_ahead", "check_both", "list_signatures", "look_ahead"]

THREADS_FROM: Final = 64
"""Fewer signatures than this are checked before a second thread has begun."""
TOGETHER: Final = 1_000
"""So many signatures are checked beside the blocks before them, or those of so many bytes."""
BYTES_TOGETHER: Final = 1_000_000


def list_signatures(found: Sequence[Transaction], tip: Tip) -> list[Signed]:
    """Return the signatures of transactions whose keys are in force after `tip`."""
    return [
        (key.pub, each.signed, each.signature)
        for each in found
        if (key := tip.members.key(each.member, each.key, "tx", tip.height + 1)) is not None
    ]


def check_both(rows: Sequence[Signed]) -> list[bool]:
    """Tell of each row whether it is valid, half of them on a second thread."""
    half = len(rows) // 2
    with ThreadPoolExecutor(1, "signatures") as other:
        first = other.submit(verify_many, rows[:half])
        rest = verify_many(rows[half:])
        return first.result() + rest


def _find_valid(
    rows: Sequence[Signed], check: Callable[[Sequence[Signed]], list[bool]]
) -> set[Signed]:
    return set(compress(rows, check(rows)))


def _knowing(valid: set[Signed]) -> Verify:
    return lambda *row: row in valid or verify(*row)


def check_ahead(found: Sequence[Transaction], tip: Tip) -> Verify:
    """Return `verify` that knows of those of the next block's signatures that are valid."""
    if len(found) < THREADS_FROM:
        return verify
    return _knowing(_find_valid(list_signatures(found, tip), check_both))


class Coming(NamedTuple):
    """A block whose turn it is.

    Attributes:
        data: its bytes.
        ahead: what `apply_block` asks for its signatures.
        opened: what `read_block` found; None if it was not read yet, or cannot be.
    """

    data: bytes
    ahead: CheckAhead = check_ahead
    opened: Opened | None = None


def look_ahead(blocks: Iterable[bytes], tip: Callable[[], Tip]) -> Iterator[Coming]:
    """Yield blocks in their order, while the signatures of those after them are being checked.

    A signature under a key that comes into force meanwhile is checked where it stands.

    Args:
        blocks: one after another.
        tip: where the chain stands now, whose keys are taken to stay in force.
    """
    if not _native.is_signatures_built():
        # Threads that both need the interpreter at each signature would wait for each other.
        yield from map(Coming, blocks)
        return
    before: list[Coming] = []
    beside = ThreadPoolExecutor(1, "signatures")
    try:
        for stretch in _gather(blocks):
            if before:
                now, before = before, _begin(stretch, tip(), beside) if stretch else []
                yield from now
            else:
                # Nothing is run yet that they could be checked beside.
                before = [Coming(data, opened=opened) for data, opened in stretch]
    finally:
        beside.shutdown(cancel_futures=True)


def _gather(blocks: Iterable[bytes]) -> Iterator[list[tuple[bytes, Opened | None]]]:
    """Yield blocks by as many as are worth a call, and none in the end: the last are run then.

    Where their source breaks off, what stands before the fault is yielded first.
    """
    found: list[tuple[bytes, Opened | None]] = []
    count = size = 0
    failed: Error | None = None
    try:
        for data in blocks:
            opened = _open(data)
            found.append((data, opened))
            count += len(opened[2]) if opened is not None else 0
            size += len(data)
            if count >= TOGETHER or size >= BYTES_TOGETHER:
                yield found
                found, count, size = [], 0, 0
    except Error as error:
        failed = error
    if found:
        yield found
    yield []
    if failed is not None:
        raise failed


def _open(data: bytes) -> Opened | None:
    try:
        return read_block(data)
    except Invalid:
        # Told when its turn comes.
        return None


def _begin(
    stretch: Sequence[tuple[bytes, Opened | None]], tip: Tip, beside: ThreadPoolExecutor
) -> list[Coming]:
    opened = [each[2] for _, each in stretch if each is not None]
    rows = [row for found in opened for row in list_signatures(found, tip)]
    checked: Future[set[Signed]] = beside.submit(_find_valid, rows, verify_many)
    return [Coming(data, lambda *_: _knowing(checked.result()), each) for data, each in stretch]
