"""One record out of a member's file, proven to anybody under the newest checkpoint of authority.

The file is only read, and everything that comes out of it is checked: rows against their sums, the
proof against the checkpoint, as the reader of the evidence will check it again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tallystick.base import codec
from tallystick.base.errors import NotFound, Unavailable
from tallystick.chain import schema
from tallystick.chain.evidence_file import Kind, admitted, build_evidence
from tallystick.chain.log import Log
from tallystick.chain.proof import prove_record
from tallystick.chain.transaction import Transaction
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.base import Result
from tallystick.kernel.ledger.kept import newest_note
from tallystick.kernel.ledger.rows import Rows
from tallystick.kernel.ledger.witness import list_handover_notes
from tallystick.kernel.store.database import Database

__all__ = ["prove_held"]

_ID_ITEM = b"bid\x50"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a record stands: its transaction, its place in the bundle, the transaction's entry."""

    transaction: Transaction
    index: int
    entry: Result


def prove_held(path: Path, identifier: bytes) -> bytes:
    """Return the evidence file, of kind `record`, of one admitted record.

    Args:
        path: a member's `ledger.db`.
        identifier: the record's id, 16 bytes.

    Raises:
        NotFound: `record.unknown`, no admitted record of the chain has that id.
        Unavailable: `evidence.not_witnessed`, no checkpoint of authority reaches it yet, or a
            change of the list before that one bears too few names here.
        Corrupt: `ledger.corrupt`, a row is not what was written.
    """
    with contextlib.closing(Database.read(path)) as database:
        database.hold()
        rows = Rows(database)
        place = _find(rows, identifier)
        newest = newest_note(rows)
        height = 0 if newest is None else newest[0].body.height
        if newest is None or height < place.entry.height:
            raise Unavailable(
                "evidence.not_witnessed",
                f"it stands at height {place.entry.height}, members have witnessed {height}",
                cure="Try again when the members have followed.",
            )
        body, note = newest[0].body, newest[1]
        # An outsider begins with the founders' list: each change of it, signed by those before.
        led = list_handover_notes(rows, height)
        if unsigned := [each for each, held in led.items() if not held]:
            raise Unavailable(
                "evidence.not_witnessed",
                f"height {unsigned[0]} changed the list of members, and this file holds too few"
                " names under it",
                cure="Name another member, or try again when the members have followed.",
            )
        below = place.entry.height - 1
        before = rows.header(below) if below else rows.genesis().data
        log = Log(rows.node, lambda: body.size)
        proof = prove_record(
            place.transaction,
            place.index,
            leaf=rows.leaf(place.entry, before),
            position=place.entry.position,
            log_path=log.inclusion(place.entry.position, body.size),
        )
        return build_evidence(
            kind=Kind.RECORD,
            chain=rows.genesis().chain,
            claims=[admitted(0)],
            records=[proof],
            headers=[before, *(rows.header(each) for each in led)],
            members=[rows.members(below).data, *(rows.members(each).data for each in led)],
            checkpoints=[*led.values(), note],
            paths=[],
        )


def _find(rows: Rows, identifier: bytes) -> _Place:
    """Return where the admitted record of an id stands; blocks are searched for its bytes."""
    heights = rows.database.rows(
        "SELECT height FROM block WHERE instr(body, ?)", (_ID_ITEM + identifier,)
    )
    for (height,) in heights:
        found: list[Any] = codec.decode(layout.join_block(*rows.block(height)), schema.BLOCK)
        for data in found[1]:
            transaction = Transaction.read(data)
            entry = rows.entry_of(transaction.tid)
            if entry is None or entry.code:
                continue
            for index, record in enumerate(transaction.records):
                if codec.read_admitted(record)["id"] == identifier:
                    return _Place(transaction, index, entry)
    raise NotFound(
        "record.unknown",
        f"no record {identifier.hex()} is admitted",
        cure="List a case's records: tally case show.",
    )
