"""Kept cosignatures that their member did not make for the header of their height."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.base.codec import cid_of
from tallystick.base.errors import Error
from tallystick.chain.block import Genesis
from tallystick.chain.checkpoint import Body, origin_of, read_note, write_note
from tallystick.chain.member import Members
from tallystick.kernel.ledger import layout
from tallystick.kernel.ledger.rows import Rows

__all__ = ["find_unsigned"]


def find_unsigned(
    rows: Rows, genesis: Genesis, lists: Mapping[int, bytes], above: int | None
) -> Iterator[tuple[int, object]]:
    """Yield height, -1 where that is no number, and member of each kept line that proves nothing.

    Args:
        rows: the file's, whose headers were compared with the blocks.
        genesis: the chain's.
        lists: by height, which lists of members came into force after it, as the blocks made them.
        above: lines up to this height are passed over; None for none, whatever their height says.
    """
    # A row with a height that is none fails every comparison, so it is asked for by its type.
    where = "true" if above is None else "height > ? OR typeof(height) <> 'integer'"
    query = f"SELECT height, member, line FROM cosignature WHERE {where}"  # noqa: S608 - our own words
    for height, member, line in rows.database.scan(query, () if above is None else (above,)):
        if not _is_signed(rows, genesis, lists, (height, member, line)):
            yield (height if type(height) is int else -1), member


def _is_signed(
    rows: Rows, genesis: Genesis, lists: Mapping[int, bytes], row: tuple[Any, Any, Any]
) -> bool:
    height, member, line = row
    try:
        header = rows.header(height)
        fields = layout.header_fields(header)
        origin = origin_of(genesis.fields["name"], genesis.chain)
        body = Body(origin, fields["log_size"], fields["log_root"], height, cid_of(header))
        note = write_note(body, [line.decode()])
        members: Members = rows.members(max(at for at in lists if at < height))
        read = read_note(note, name=genesis.fields["name"], chain=genesis.chain, members=members)
    except (Error, AttributeError, UnicodeDecodeError, TypeError, ValueError):
        return False
    return member.decode() in read.signers
