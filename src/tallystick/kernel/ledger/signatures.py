"""Many signatures checked at once: on two threads, or on one beside what else there is to do.

Validity is a pure function of (public key, message, signature), so what was found before a block is
run changes no answer; what was not found valid is asked again where its transaction stands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import compress
from typing import Final, NamedTuple

from tallystick import _native
from tallystick.base.errors import Error, Invalid
from tallystick.base.keys import Signed, Verify, verify, verify_many
from tallystick.chain.block import CheckAhead, Opened, Tip, read_block
from tallystick.chain.transaction import Transaction

__all__ = ["Beside", "Coming", "check_ahead", "check_both", "list_signatures", "look_ahead"]

THREADS_FROM: Final = 64
"""Fewer signatures than this are checked before a second thread has begun."""
PART_MIN: Final = 32
"""Fewer signatures than this are not worth going back for what is left."""
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


class _Work:
    """Signatures to be checked, by whoever has the time: each takes a part of those that are left.

    Parts grow smaller, so that all end together, whatever else the machine does meanwhile.
    """

    def __init__(self, rows: Sequence[Signed]) -> None:
        self.rows = rows
        self._valid = [False] * len(rows)
        self._left: deque[tuple[int, int]] = deque()
        start = 0
        while start < len(rows):
            end = start + max(PART_MIN, (len(rows) - start) // 4)
            self._left.append((start, end))
            start = end

    def run(self) -> None:
        """Check part after part until none is left to take; others may still be at theirs."""
        while True:
            try:
                start, end = self._left.popleft()
            except IndexError:
                return
            self._valid[start:end] = verify_many(self.rows[start:end])

    def end(self, other: Future[None]) -> list[bool]:
        """Do what `other`, who runs it too, has left; return of each row whether it is valid."""
        self.run()
        other.result()
        return self._valid


def check_both(rows: Sequence[Signed]) -> list[bool]:
    """Tell of each row whether it is valid, by two threads."""
    work = _Work(rows)
    with ThreadPoolExecutor(1, "signatures") as other:
        return work.end(other.submit(work.run))


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


class Beside:
    """The signatures of what waits for the next block, checked while this one is made.

    Of one orderer, by the thread that cuts.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "signatures")
        self._begun: tuple[_Work, Future[None]] | None = None

    def check(self, found: Sequence[Transaction], tip: Tip) -> Verify:
        """Return `verify` that knows of those of the next block's signatures that are valid."""
        begun, self._begun = self._begun, None
        asked, valid = set[Signed](), set[Signed]()
        if begun is not None:
            work, other = begun
            asked, valid = set(work.rows), set(compress(work.rows, work.end(other)))
        rows = [row for row in list_signatures(found, tip) if row not in asked]
        if len(rows) >= THREADS_FROM:
            valid |= _find_valid(rows, check_both)
        return _knowing(valid)

    def begin(self, waiting: Sequence[Transaction], tip: Tip) -> None:
        """Have those signatures checked that `check` will most likely be asked for next."""
        if len(waiting) >= THREADS_FROM and _native.is_signatures_built():
            work = _Work(list_signatures(waiting, tip))
            self._begun = work, self._pool.submit(work.run)

    def close(self) -> None:
        """End the thread; a second call does nothing."""
        self._pool.shutdown(cancel_futures=True)


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
