"""What a verifier keeps of a verified chain, away from it: a checkpoint and the state there.

Laws: the checkpoint alone is trusted, as whoever kept it says it is theirs; the state beside it is
not: it counts only if its header is the checkpoint's and the state's lanes, the log's peaks and the
list of members are what that header commits to. So a later verification begins there, with the
same assurance for every block after it, and reads no block before it.
Bytes of the state: the snapshot of docs/spec/chain.md.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.base import codec
from tallystick.base.codec import cid_of, encode
from tallystick.base.errors import Corrupt, Invalid
from tallystick.chain import schema
from tallystick.chain.block import Genesis, Tip
from tallystick.chain.checkpoint import (
    COSIGNATURES_MAX,
    NOTE_BYTES_MAX,
    Body,
    Checkpoint,
    origin_of,
    read_body,
    verify_checkpoint,
    write_note,
)
from tallystick.chain.member import Members
from tallystick.chain.membership import MEMBERS_KEY
from tallystick.chain.merkle import PATH_MAX, Peaks
from tallystick.chain.state import lanes_of, state_root
from tallystick.chain.verdict import Contradicted, Missing
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.rows import Rows

__all__ = ["Kept", "KeptState", "keep_state", "newest_note", "note_at", "read_state"]

NOTES_TRIED_MAX: Final = 256
_OCTETS: Final = codec.octets(schema.MEMBERS_BYTES_MAX)
_PAIR: Final = codec.tuple_of(_OCTETS, _OCTETS)
_SNAPSHOT: Final = codec.tuple_of(
    codec.octets(NOTE_BYTES_MAX),
    codec.octets(32),
    codec.list_of(schema.b32, PATH_MAX),
    codec.list_of(_PAIR, 2**32),
)


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
    rows: list[codec.Value] = [[key, pairs[key]] for key in sorted(pairs)]
    return encode([header, writes, list(tip.peaks.hashes), rows])


def read_state(state: bytes, note: bytes, genesis: Genesis) -> KeptState:
    """Return the state of a snapshot, if it is the one that a checkpoint's header commits to.

    Whether the note has authority is checked with the list in force at its height, by who holds it.

    Raises:
        Corrupt: `verify.state`, it is not that header's, or not this chain's.
        Invalid: `codec.form`, the note has no reading.
    """
    try:
        header, writes, peaks, rows = codec.decode(state, _SNAPSHOT)
        fields: dict[str, Any] = codec.decode(header, schema.HEADER)
        pairs = {key: value for key, value in rows}  # noqa: C416 - lists of two, not tuples
        members = Members.read(pairs.get(MEMBERS_KEY, b""))
    except Invalid as error:
        raise _other("it has no reading") from error
    if any(a[0] >= b[0] for a, b in itertools.pairwise(rows)):
        raise _other("its keys do not ascend")
    body = note_at(note)
    size = fields["log_size"]
    found = Peaks(size, tuple(peaks))
    if len(peaks) != size.bit_count():
        raise _other("its peaks are not those of the log's size")
    lanes = lanes_of(pairs.items())
    told = {
        "header": (body.header, cid_of(header)),
        "chain": (genesis.chain, fields["chain"]),
        "height": (body.height, fields["height"]),
        "log_size": (body.size, size),
        "log_root": (body.root, found.root()),
        "state_root": (fields["state_root"], state_root(writes, lanes)),
        "members": (fields["members"], members.cid),
    }
    for name, (expected, got) in told.items():
        if expected != got:
            raise _other(f"its {name} is not the checkpoint's")
    tip = Tip(genesis, body.height, body.header, fields["time"], lanes, found, members)
    return KeptState(tip, writes, pairs, note)


def _other(why: str) -> Corrupt:
    return Corrupt(
        "verify.state",
        f"the state kept beside the checkpoint does not belong to it: {why}",
        cure="Take both from one place, or verify the whole chain.",
    )


def note_at(note: bytes) -> Body:
    """Return what a note states; Invalid `codec.form` if it has no reading."""
    text, _, _ = note.decode(errors="replace").partition("\n\n")
    return read_body(text + "\n")


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
        fields = layout.header_fields(header := rows.header(height))
        origin = origin_of(genesis.fields["name"], genesis.chain)
        body = Body(origin, fields["log_size"], fields["log_root"], height, cid_of(header))
        note = write_note(body, lines)
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
