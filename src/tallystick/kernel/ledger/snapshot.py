"""A member's state at its tip, written as a snapshot and read again before it is called one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tallystick.base.errors import Conflict, NotFound, Unavailable
from tallystick.chain.checkpoint import COSIGNATURES_MAX, write_note
from tallystick.chain.log import Log
from tallystick.chain.snapshot import Snapshot, verify_snapshot, write_snapshot
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.pairs import scan_pairs
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.tables import read_file
from tallystick.kernel.store.database import Database

__all__ = ["Saved", "hold_state", "save_snapshot"]


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot that was written, and read again.

    Attributes:
        snapshot: what it says.
        note: the checkpoint of its height with all cosignatures kept; b"" if nobody's is.
    """

    snapshot: Snapshot
    note: bytes


def hold_state(path: Path) -> Database:
    """Return a connection to which a `ledger.db` stands still, for `save_snapshot` to read."""
    database = read_file(path)
    # One snapshot of the file, from the first reading on: later blocks are not of this height.
    database.hold()
    Rows(database).head()
    return database


def save_snapshot(path: Path, out: Path, held: Database | None = None) -> Saved:
    """Write the state of a `ledger.db` to a file; the file may be written to meanwhile.

    Args:
        path: the member's `ledger.db`.
        out: where it goes; nothing may stand there.
        held: where it stood still before, closed here; None for now.

    Raises:
        NotFound: `ledger.no_snapshot`, the chain has no block yet.
        Conflict: `ledger.snapshot_exists`, a file stands there.
        Unavailable: `ledger.snapshot_disk`, it cannot be written.
        Corrupt, Contradicted: the own file is not what was written.
    """
    database = held or hold_state(path)
    try:
        rows = Rows(database)
        height, _, writes_root = rows.head()
        if not height:
            raise NotFound(
                "ledger.no_snapshot", "the chain has no block yet", cure="Write something first."
            )
        header = rows.header(height)
        size = layout.header_fields(header)["log_size"]
        chunks = write_snapshot(
            header=header,
            writes_root=writes_root,
            peaks=Log(rows.node, lambda: size).peaks(size),
            count=database.value("SELECT count(*) FROM pair"),
            pairs=scan_pairs(database, "name"),
        )
        _write(out, chunks)
        note = _note_of(rows, height)
    finally:
        database.close()
    with out.open("rb") as file:
        return Saved(verify_snapshot(file.read, layout.header_cid(header)), note)


def _note_of(rows: Rows, height: int) -> bytes:
    lines = list(rows.cosignatures(height).values())[:COSIGNATURES_MAX]
    return write_note(rows.body(height, rows.genesis()), lines) if lines else b""


def _write(out: Path, chunks: Iterator[bytes]) -> None:
    try:
        with out.open("xb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise Conflict(
            "ledger.snapshot_exists", f"{out.name} is there already", cure="Name another file."
        ) from error
    except OSError as error:
        raise Unavailable(
            "ledger.snapshot_disk", f"{out.name}: {error.strerror}", cure="Check the disk."
        ) from error
