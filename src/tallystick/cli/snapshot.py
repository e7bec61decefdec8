"""What `tally chain check` says of a snapshot: proven, false, or not checkable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tallystick.base.errors import Invalid
from tallystick.chain.checkpoint import verify_checkpoint
from tallystick.chain.pin import Pin
from tallystick.chain.snapshot import verify_snapshot
from tallystick.chain.verdict import Contradicted, Missing, Status

__all__ = ["check_snapshot"]


def check_snapshot(path: Path, trust: Path) -> dict[str, Any]:
    """Return what a snapshot's file and the checkpoint beside it prove.

    Args:
        path: the snapshot; the checkpoint is `path` with `.note` behind it.
        trust: a members.json.

    Raises:
        Invalid: `cli.file`, a file cannot be read; `codec.form`, one has not the form of it.
    """
    try:
        pin, note = Pin.read(trust.read_bytes()), Path(f"{path}.note").read_bytes()
        with path.open("rb") as file:
            witnessed = verify_checkpoint(note, name=pin.name, chain=pin.chain, members=pin.members)
            found = verify_snapshot(file.read, witnessed.body.header)
    except OSError as error:
        raise Invalid(
            "cli.file", f"{error.filename} cannot be read", cure="Name an existing file."
        ) from error
    except Contradicted as error:
        return {"status": str(Status.FALSE), "reason": error.message}
    except Missing as error:
        return {"status": str(Status.NOT_CHECKABLE), "reason": error.message}
    return {
        "status": str(Status.PROVEN),
        "reason": "",
        "height": found.fields["height"],
        "pairs": found.count,
        "signers": sorted(witnessed.signers),
    }
