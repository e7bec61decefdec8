"""What a verifier keeps of a verified chain, away from it: a checkpoint and the state there.

Laws: the checkpoint alone is trusted, as whoever kept it says it is theirs; the state beside it is
not: it counts only if its header is the checkpoint's and the state's lanes, the log's peaks and the
list of members are what that header commits to. So a later verification begins there, with the
same assurance for every block after it, and reads no block before it.
Bytes of the state: the snapshot of docs/spec/chain.md.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain.block import Genesis, Tip
from tallystick.chain.checkpoint import (
    COSIGNATURES_MAX,
    Checkpoint,
    read_stated,
    verify_checkpoint,
    write_note,
)
from tallystick.chain.snapshot import verify_snapshot, write_snapshot
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.ledger.rows import Rows

__all__ = ["Kept", "KeptState", "keep_state", "newest_note", "read_state"]

NOTES_TRIED_MAX: Final = 256


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint of authority and the state at its height, as they are kept in files.

    Attributes:
        height: of the checkpoint.
        note: its bytes.
        state: the snapshot's bytes.
    """

    height: int
    note: bytes
    state: bytes


@dataclass(frozen=True, slots=True)
class KeptState:
    """A state that a checkpoint's header commits to.

    Attributes:
        tip: where the chain stood.
        writes: the root over what its last block changed; b"" before height 1.
        pairs: all of the state.
        note: the checkpoint's bytes.
    """

    tip: Tip
    writes: bytes
    pairs: Mapping[bytes, bytes]
    note: bytes


def keep_state(header: bytes, writes: bytes, tip: Tip, pairs: Mapping[bytes, bytes]) -> bytes:
    """Return the snapshot of a state.

    Args:
        header: the bytes of the header that commits to it.
        writes: the root over what its block changed.
        tip: where the chain stands after that block.
        pairs: the state.
    """
    chunks = write_snapshot(
        header=header,
        writes_root=writes,
        peaks=tip.peaks,
        count=len(pairs),
        pairs=((key, pairs[key]) for key in sorted(pairs)),
    )
    return b"".join(chunks)


def read_state(state: bytes, note: bytes, genesis: Genesis) -> KeptState:
    """Return the state of a snapshot, if it is the one that a checkpoint's header commits to.

    Whether the note has authority is checked with the list in force at its height, by who holds it.

    Raises:
        Corrupt: `verify.state`, it is not that header's, or not this chain's.
        Invalid: `codec.form`, the note has no reading.
    """
    body, pairs = read_stated(note), dict[bytes, bytes]()
    try:
        found = verify_snapshot(io.BytesIO(state).read, body.header, pairs.update)
    except (Invalid, Contradicted) as error:
        raise _other(error.message) from error
    fields = found.fields
    told = {
        "chain": (genesis.chain, fields["chain"]),
        "height": (body.height, fields["height"]),
        "log_size": (body.size, fields["log_size"]),
        "log_root": (body.root, fields["log_root"]),
    }
    for name, (expected, got) in told.items():
        if expected != got:
            raise _other(f"its {name} is not the checkpoint's")
    tip = found.tip(genesis)
    return KeptState(tip, found.writes_root, pairs, note)


def _other(why: str) -> Corrupt:
    return Corrupt(
        "verify.state",
        f"the state kept beside the checkpoint does not belong to it: {why}",
        cure="Take both from one place, or verify the whole chain.",
    )


def newest_note(rows: Rows) -> tuple[Checkpoint, bytes] | None:
    """Return the newest checkpoint of authority that a file holds, and its bytes; None if none.

    The lists of members are the file's own: what is found counts once the chain was run up to it.
    """
    genesis = rows.genesis()
    heights = rows.database.rows(
        "SELECT DISTINCT height FROM cosignature ORDER BY height DESC LIMIT ?", (NOTES_TRIED_MAX,)
    )
    for (height,) in heights:
        lines = list(rows.cosignatures(height).values())[:COSIGNATURES_MAX]
        note = write_note(rows.body(height, genesis), lines)
        try:
            found = verify_checkpoint(
                note,
                name=genesis.fields["name"],
                chain=genesis.chain,
                members=rows.members(height - 1),
            )
        except (Missing, Contradicted):
            # Too few have signed this one, or a line is damaged: the audit names such a line.
            continue
        return found, note
    return None
