"""A put that fails, is killed or finds the disk full keeps nothing by half, nor for nobody."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kept import Place
from tallystick.base.errors import Unavailable
from tallystick.kernel.store.blocks import Blocks
from tallystick.kernel.store.keeping import (
    BATCH_BYTES,
    Note,
    add_blocks,
    collect_garbage,
    unpin_root,
)
from tallystick.kernel.store.unixfs.importer import Blocks as Imported
from tallystick.kernel.store.unixfs.importer import import_file
from tallystick.kernel.store.unixfs.profile import V0_2015, V1_2025


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


class Untold(Blocks):
    """Blocks whose n-th batch is written, and that is not told."""

    def __init__(self, place: Place, at: int) -> None:
        super().__init__(place.store, place.blocks.database)
        self._left = at

    def put(self, found: Sequence[tuple[bytes, bytes]]) -> None:
        super().put(found)
        self._left -= 1
        if self._left == 0:
            raise Unavailable("database.io", "it was written, and that was not told")


@pytest.mark.parametrize("at", [1, 2])
def test_a_batch_that_was_written_and_not_told_is_taken_back(place: Place, at: int) -> None:
    data = os.urandom(BATCH_BYTES + 1_000_000)
    with pytest.raises(Unavailable, match="not told"):
        add_blocks(Untold(place, at), import_file(io.BytesIO(data), V0_2015), Note())
    assert (place.objects(), place.rows()) == (set(), 0)
    place.add(data, profile=V0_2015)


@pytest.mark.parametrize("batches", [0.5, 1.1])
def test_a_full_disk_leaves_nothing_half_kept(place: Place, batches: float) -> None:
    database = place.blocks.database
    pages = int(batches * BATCH_BYTES) // database.value("PRAGMA page_size")
    database.run(f"PRAGMA max_page_count = {pages}")
    data = os.urandom(BATCH_BYTES + 1_000_000)
    with pytest.raises(Unavailable, match=r"database\.full"):
        place.add(data, profile=V0_2015)
    assert (place.objects(), place.rows()) == (set(), 0)
    database.run(f"PRAGMA max_page_count = {2**31}")
    place.add(data, profile=V0_2015)


def test_a_put_killed_at_any_statement_and_repeated_is_counted_and_collected(place: Place) -> None:
    data, killed = os.urandom(600_000), 0
    while _is_killed(place, data, killed):
        killed += 1
        root = place.add(data, profile=V0_2015)
        assert place.blocks.usage().used == root.stored
        unpin_root(place.blocks, root.cid)
        assert collect_garbage(place.blocks).bytes == root.stored
        assert (place.objects(), place.rows()) == (set(), 0)
    assert killed > 20


def _is_killed(place: Place, data: bytes, after: int) -> bool:
    """Put in a process of its own that is killed once it has run so many statements."""
    child = os.fork()
    if not child:
        own = Place(place.path.parent)
        left = iter(range(after))
        own.blocks.database._connection.set_trace_callback(
            lambda _: None if next(left, None) is not None else os.kill(os.getpid(), signal.SIGKILL)
        )
        own.add(data, profile=V0_2015)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_what_a_kill_left_without_a_root_is_collected(place: Place, tmp_path: Path) -> None:
    del tmp_path
    found = import_file(io.BytesIO(os.urandom(BATCH_BYTES * 2)), V1_2025)

    def killed() -> Imported:
        for _, each in zip(range(10), found, strict=False):
            yield each
        os.kill(os.getpid(), signal.SIGKILL)
        return (yield from found)

    child = os.fork()
    if not child:
        add_blocks(Place(place.path.parent).blocks, killed(), Note())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert place.objects()
    assert place.blocks.roots() == []
    assert collect_garbage(place.blocks).blocks == 8
    assert (place.objects(), place.rows()) == (set(), 0)
