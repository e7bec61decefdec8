"""Checkpoints of `tally verify`: those that lead from list to list, and one against an archive."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tallystick.base.errors import Invalid, NotFound
from tallystick.cli.target import writing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tallystick.chain.checkpoint import Checkpoint
    from tallystick.kernel.ledger.finding import Report

__all__ = ["NOTE", "check_against", "keep_handovers", "no_handover"]

NOTE: Final = ".note"


def keep_handovers(folder: Path, files: Sequence[Path], below: int) -> tuple[list[str], list[int]]:
    """Write the checkpoint of each change of the list of members before a height.

    A file that is there already stays: whoever keeps the folder trusts it.

    Args:
        folder: where to.
        files: `ledger.db` of members, each verified; the first that holds enough names is taken.
        below: the height of the newest checkpoint.

    Returns:
        The files in order, and the heights of which none of the members holds enough names.
    """
    from tallystick.kernel.ledger.rows import Rows
    from tallystick.kernel.ledger.witness import list_handover_notes
    from tallystick.kernel.store.database import Database

    found = dict[int, bytes]()
    for path in files:
        with contextlib.closing(Database.read(path)) as database:
            for height, note in list_handover_notes(Rows(database), below).items():
                found[height] = found.get(height) or note
        if all(found.values()):
            break
    kept, missing = list[str](), list[int]()
    for height, note in sorted(found.items()):
        place = folder / f"{height}{NOTE}"
        if note and not place.exists():
            with writing(place) as write:
                write(note)
        if place.exists():
            kept.append(str(place))
        else:
            missing.append(height)
    return kept, missing


def no_handover(heights: Sequence[int]) -> NotFound:
    """Return the error for changes of the list that too few are known to have signed."""
    return NotFound(
        "verify.no_handover",
        "the members' files hold no signatures of two thirds of the list before it under the"
        f" change of members at height {', '.join(map(str, heights))}",
        cure="Try again when the members have followed, or have another member run it: its copy"
        " may hold them. Until then no older list of members leads to the newest checkpoint.",
        height=heights[0],
    )


def check_against(archive: Path, report: Report, note: Path) -> Checkpoint:
    """Return the checkpoint of a note that an archive, which was verified, holds.

    Raises:
        Invalid: `cli.file`, the note cannot be read; `codec.form`, it is none.
        Conflict: `verify.other_note`.
    """
    from tallystick.chain.car import CarIndex
    from tallystick.kernel.ledger.witness import find_witnessed

    assert report.header is not None
    try:
        data = note.read_bytes()
    except OSError as error:
        raise Invalid(
            "cli.file", f"{note} cannot be read", cure="Name an existing file."
        ) from error
    with archive.open("rb") as file:
        handle = file.fileno()
        size = os.fstat(handle).st_size
        car = CarIndex(lambda at, length: os.pread(handle, length, at), size)
        return find_witnessed(car, report.header, data)
