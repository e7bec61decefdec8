"""A chain out to an archive and in from one, and an archive run by the charter where it lies.

Laws: an archive is believed in nothing: every block is run by the charter, as one from a peer is,
and the results that it states are compared; what comes out of a member's file is checked against
its row as it is read, and ids and results against the log that the headers commit to; a file
appears under its name only when it is whole and on disk; memory does not grow with the blocks, but
by some 300 bytes a transaction and height of the archive that is read.
An archive says nothing of who witnessed it: whoever holds a pin or a checkpoint compares with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from tallystick.base.codec import Cid, refuse
from tallystick.base.errors import Conflict, Invalid, Unavailable
from tallystick.chain.block import (
    Effects,
    Genesis,
    Tip,
    apply_block,
    genesis_state,
    read_block,
    start,
)
from tallystick.chain.export import Archive, write_parts
from tallystick.chain.merkle import leaf_hash
from tallystick.chain.pin import Pin
from tallystick.chain.record import Charter
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.bodies import fill_bodies, prune_bodies
from tallystick.kernel.ledger.fault import find_fault, show
from tallystick.kernel.ledger.finding import Finding, Report
from tallystick.kernel.ledger.floor import follow_log
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.rerun import Progress, take_over
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.signatures import look_ahead
from tallystick.kernel.store.database import Database
from tallystick.kernel.store.folder import sync_path

__all__ = [
    "Exported",
    "Imported",
    "Pruned",
    "export_chain",
    "import_chain",
    "prune_chain",
    "verify_archive",
]

PART: Final = ".part"
FILLED_TOGETHER: Final = 64
"""Bodies that are kept by one fsync."""
_LEDGER: Final = "ledger.db"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        first: the lowest height in the archive.
        height: the greatest.
        root: the CID of the archive's root.
        size: bytes.
    """

    first: int
    height: int
    root: Cid
    size: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken in.

    Attributes:
        tip: where the copy stands now.
        added: how many heights came from the archive.
        filled: how many bodies, which were missing below.
    """

    tip: Tip
    added: int
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was given away.

    Attributes:
        archive: where it is now.
        bodies: of how many heights.
    """

    archive: Exported
    bodies: int


def export_chain(
    path: Path,
    out: Path,
    *,
    first: int = 1,
    last: int | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a member's chain, as it stands now, to an archive.

    Args:
        path: `ledger.db`; it may be open elsewhere.
        out: the file to write; it appears when it is whole.
        first: the lowest height to write; from 2 on it is a part.
        last: the greatest; None for the chain's.
        progress: told (steps done, steps in all); each height takes one, or three if it is written.

    Raises:
        Invalid: `archive.first`, the chain does not reach that height.
        NotFound: `ledger.pruned`, a block is not held here.
        Corrupt: a row is not what was written; nothing is left behind.
        Unavailable: `archive.write`, the file cannot be written.
    """
    database = Database.read(path)
    try:
        # One snapshot: both passes see the same blocks, whatever is written meanwhile.
        database.hold()
        rows = Rows(database)
        height, _, _ = rows.head()
        if last is not None:
            height = min(height, last)
        if not 1 <= first <= height:
            raise Invalid(
                "archive.first",
                f"a chain of height {height} has nothing to export from height {first}",
                cure="Name a height that it has.",
            )
        with _whole_file(out) as file:
            for part in _parts(rows, height, first, progress):
                file.write(part)
            size = file.tell()
    finally:
        database.close()
    with _opened(out) as archive:
        return Exported(archive.first, archive.last, archive.root, size)


def _parts(rows: Rows, height: int, first: int, progress: Progress | None) -> Iterator[bytes]:
    lists = {found.cid: found.data for found in (rows.members(at) for at in [0, *rows.handovers()])}
    # What was given away stands in earlier archives; a part goes on from the last one's root.
    pruned = min(rows.pruned(), first - 1)
    archived = Cid(rows.fact("archived").raw) if pruned and pruned == rows.pruned() else None
    begin = pruned if archived is not None else 0
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, height + 2 * (height - begin))

    def blocks() -> Iterator[tuple[bytes, bytes]]:
        for at in range(begin + 1, height + 1):
            yield layout.join_block(*rows.block(at)), rows.span(at).codes
            step()

    # What is stated of the blocks lasts longer than this file: a row that is not the chain's would
    # make the archive false to everybody who checks it by itself.
    for _ in follow_log(rows, rows.genesis(), height):
        step()

    below = None if archived is None else (begin, archived)
    return write_parts(rows.genesis().data, lists.get, blocks, first, below)


@contextlib.contextmanager
def _whole_file(out: Path) -> Iterator[IO[bytes]]:
    """Write beside `out`, then put it there; a failure leaves nothing."""
    part = out.with_name(out.name + PART)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
        # Bodies may be given away after this: the name must outlive a power cut too.
        sync_path(out.parent)
    except OSError as error:
        raise _unwritten(out, error) from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _unwritten(place: Path, error: OSError) -> Unavailable:
    return Unavailable(
        "archive.write",
        f"{place} cannot be written: {error.strerror}",
        cure="Check the folder and the disk.",
    )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Archive]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Invalid(
            "archive.read", f"{path.name} cannot be read", cure="Name an existing file."
        ) from error
    with file:
        handle = file.fileno()
        yield Archive(lambda at, size: os.pread(handle, size, at), os.fstat(handle).st_size)


def prune_chain(
    replica: Replica, out: Path, below: int, *, progress: Progress | None = None
) -> Pruned:
    """Write the bodies up to a height to an archive, read it again, and give them away.

    Args:
        replica: the chain; its member goes on with headers, log and state.
        out: the archive to write: a part, from the height above what was given away before.
        below: the greatest height whose body goes.
        progress: told (steps done, steps in all).

    Raises:
        Invalid: `archive.first`, there is nothing to give away up to that height.
        NotFound: `ledger.pruned`, a body below is yet to be fetched.
        Unavailable: `archive.write`, `ledger.snapshot_disk`: no room; nothing was given away.
    """
    first = replica.lowest()
    if not first <= below <= replica.tip.height:
        raise Invalid(
            "archive.first",
            f"bodies are held from height {first} to {replica.tip.height}: none go up to {below}",
            cure="Name a height between.",
        )
    exported = export_chain(replica.path, out, first=first, last=below, progress=progress)
    with _opened(out) as archive:
        # Every block is hashed as it is read; only then may ours go.
        for height, (block, _) in enumerate(archive.blocks(), start=archive.first):
            _check_same(replica, height, block)
        gone = prune_bodies(replica, below, archive.root)
    return Pruned(exported, gone)


def import_chain(
    source: Path,
    folder: Path,
    charter: Charter,
    *,
    pin: Pin | None = None,
    progress: Progress | None = None,
) -> Imported:
    """Take an archive into a folder, every block run by the charter first.

    Args:
        source: the archive, of a whole chain or of a part.
        folder: gets `ledger.db`; where it holds one already, only what lies beyond it is taken.
            Of a member's folder the caller holds the lock.
        charter: every record type with its rule.
        pin: what the chain must be and extend; None to take whatever chain it is.
        progress: told (height done, height of the archive).

    Raises:
        Invalid: `codec.form`, the archive has a fault of structure; `ledger.invalid_block`.
        Conflict: `archive.gap`, a part that begins above what the folder holds; `archive.forked`,
            it contradicts that; `archive.pin`, it is not the pin's chain, or the folder's is not:
            no block that contradicts the pin is taken in.
        Unavailable: `archive.write`, the folder cannot be written.
    """
    with _opened(source) as archive:
        if _holds_chain(folder):
            replica = Replica.open(folder / _LEDGER, charter)
            with contextlib.closing(replica):
                return _take_in(archive, replica, pin, progress)
        return _take_in_new(archive, folder, charter, pin, progress)


def _holds_chain(folder: Path) -> bool:
    """Tell whether a folder holds a chain; there may be none, but no file in its stead."""
    try:
        with contextlib.suppress(FileNotFoundError):
            return any(each.name == _LEDGER for each in folder.iterdir())
    except OSError as error:
        raise _unwritten(folder, error) from error
    return False


def _take_in_new(
    archive: Archive, folder: Path, charter: Charter, pin: Pin | None, progress: Progress | None
) -> Imported:
    """Make the file in a folder beside, and move it when it is whole."""
    if archive.genesis is None:
        raise _gap(archive, 0)
    aside = folder.with_name(folder.name + PART)
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
    except OSError as error:
        raise _unwritten(folder, error) from error
    try:
        (members,) = archive.lists.values()
        replica = Replica.create(aside / _LEDGER, archive.genesis, members, charter)
        with contextlib.closing(replica):
            found = _take_in(archive, replica, pin, progress)
        try:
            folder.mkdir(exist_ok=True)
            for each in aside.iterdir():
                each.replace(folder / each.name)
        except OSError as error:
            raise _unwritten(folder, error) from error
        return found
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _take_in(
    archive: Archive, replica: Replica, pin: Pin | None, progress: Progress | None
) -> Imported:
    begun = replica.tip.height
    if archive.first > begun + 1:
        raise _gap(archive, begun)
    check = _PinCheck(pin, replica.genesis)
    check.begin(replica)
    filled, missing = 0, list[bytes]()
    for height, (block, results) in enumerate(archive.blocks(), start=archive.first):
        if height <= begun:
            if replica.holds(height):
                _check_same(replica, height, block)
            else:
                missing.append(block)
            _check_results(results, replica.span(height).codes)
        else:
            _add(replica, block, results, check)
        if len(missing) == FILLED_TOGETHER or height == archive.last:
            filled += fill_bodies(replica, missing)
            missing.clear()
        if progress is not None:
            progress(height, archive.last)
    check.end(replica.tip)
    return Imported(replica.tip, replica.tip.height - begun, filled)


def _add(replica: Replica, block: bytes, results: bytes, check: _PinCheck) -> None:
    """Keep a block, known before not to contradict the pin: a chain gives none back."""
    before = replica.tip
    # A block that may not stand is refused below, where its fault is kept beside the chain.
    with contextlib.suppress(Invalid):
        if check.is_within(before, block):
            check.follow(before, apply_block(block, before, replica.read, replica.charter))
    effects = replica.accept(block)
    _check_results(results, layout.code_items(effects.codes))
    check.follow(before, effects)


def _check_results(stated: bytes, found: bytes) -> None:
    """Refuse an archive that states other results of a block than it has; b"" states none."""
    if stated not in (b"", found):
        raise refuse("results")


def _gap(archive: Archive, height: int) -> Conflict:
    return Conflict(
        "archive.gap",
        f"the archive begins at height {archive.first}, the folder's chain ends at {height}",
        cure="Take in what lies between first, or an archive of the whole chain.",
    )


def _check_same(replica: Replica, height: int, block: bytes) -> None:
    if replica.block(height) != block:
        raise Conflict(
            "archive.forked",
            f"the archive's block at height {height} is not the one the folder holds",
            cure="Compare with all members: one of the two is damaged or forged.",
            height=height,
        )


class _PinCheck:
    """Whether a chain that is being run is the pin's, has its list, and extends its log."""

    def __init__(self, pin: Pin | None, genesis: Genesis) -> None:
        self._pin = pin
        self._listed = pin is None or pin.members.cid == genesis.members.cid
        if pin is not None and (pin.chain, pin.name) != (genesis.chain, genesis.fields["name"]):
            raise _untied("it is another chain")

    def begin(self, replica: Replica) -> None:
        """Compare what a folder holds already."""
        pin, size = self._pin, replica.tip.peaks.size
        if pin is None:
            return
        for height in replica.handovers():
            self._listed |= replica.members(height + 1).cid == pin.members.cid
        if 0 < pin.size <= size and replica.log.root(pin.size) != pin.root:
            raise _untied(f"its log has another root at size {pin.size}", "the folder's chain")

    def is_within(self, before: Tip, block: bytes) -> bool:
        """Tell whether the pin's size is reached within a block."""
        if self._pin is None or self._pin.size <= before.peaks.size:
            return False
        return self._pin.size <= before.peaks.size + len(read_block(block)[2])

    def follow(self, before: Tip, effects: Effects) -> None:
        """Compare the list, and the log at the pin's size, with what a block made."""
        pin = self._pin
        if pin is None:
            return
        self._listed |= effects.tip.members.cid == pin.members.cid
        at = pin.size - before.peaks.size
        if 0 < at <= len(effects.leaves):
            hashes = [leaf_hash(leaf) for leaf in effects.leaves[:at]]
            if before.peaks.extend(hashes)[0].root() != pin.root:
                raise _untied(f"its log has another root at size {pin.size}")

    def end(self, tip: Tip) -> None:
        """Refuse a chain that ends before the pin, or never had the pin's list."""
        if self._pin is not None and tip.peaks.size < self._pin.size:
            raise _untied(f"its log ends at {tip.peaks.size}, the pin's has {self._pin.size}")
        if not self._listed:
            raise _untied("the pin's list of members was never in force on it")


def _untied(why: str, what: str = "the archive") -> Conflict:
    return Conflict(
        "archive.pin",
        f"{what} is not of the chain that the pin names: {why}",
        cure="Ask the member who gave the archive, or take the pin from one you trust.",
    )


def verify_archive(
    source: Path, charter: Charter, *, pin: Pin | None = None, progress: Progress | None = None
) -> Report:
    """Run an archive of a whole chain by the charter, in memory that grows with the state alone.

    Raises:
        Invalid: `codec.form`, it has a fault of structure; Conflict: `archive.gap`, `archive.pin`.
    """
    with _opened(source) as archive:
        if archive.genesis is None:
            raise _gap(archive, 0)
        (members,) = archive.lists.values()
        genesis = Genesis.read(archive.genesis, members)
        check, state, tip = _PinCheck(pin, genesis), genesis_state(genesis), start(genesis)

        def here() -> Tip:
            return tip

        stated = deque[bytes]()

        def blocks() -> Iterator[bytes]:
            for block, results in archive.blocks():
                stated.append(results)
                yield block

        for block, ahead, opened in look_ahead(blocks(), here):
            try:
                effects = apply_block(block, tip, state.get, charter, ahead, opened=opened)
            except Invalid as error:
                fault = find_fault(block, tip, state.get, charter, error)
                place = f"transaction {fault.index}" if fault.index >= 0 else ""
                finding = Finding(fault.height, fault.field, place, fault.expected, fault.got)
                return Report("", genesis.chain, tip.height, tip.cid, (finding,))
            results, told = layout.code_items(effects.codes), stated.popleft()
            if told not in (b"", results):
                finding = Finding(effects.tip.height, "results", "", show(results), show(told))
                return Report("", genesis.chain, tip.height, tip.cid, (finding,))
            check.follow(tip, effects)
            take_over(state, effects)
            tip = effects.tip
            if progress is not None:
                progress(tip.height, archive.last)
        check.end(tip)
        return Report("", genesis.chain, tip.height, tip.cid, ())
