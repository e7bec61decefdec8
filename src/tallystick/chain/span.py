"""A block without its transactions: its header, their ids, and how each of them ended.

What a member keeps of a block whose body it gave away, and all that one needs that takes the state
at some height over from another. A header commits to the log after it, so ids and results are
shown to be the chain's; it says nothing of the records, which only the body tells.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any

from tallystick.base import codec
from tallystick.base.codec import cid_of, refuse
from tallystick.chain import schema
from tallystick.chain.block import Effects, Tip, check_header, leaf_writer, read_block
from tallystick.chain.digest import DIGEST_SIZE
from tallystick.chain.export import CODE_SIZE
from tallystick.chain.member import Members
from tallystick.chain.merkle import leaf_hashes, root_of

__all__ = ["Span", "check_body", "follow_span"]


@dataclass(frozen=True, slots=True)
class Span:
    """What stands in for a block.

    Attributes:
        header: its bytes.
        tids: its transactions' ids, 32 bytes each.
        codes: their results, 2 bytes each.
        members: the list that its header names, where the one before named another; else b"".
    """

    header: bytes
    tids: bytes
    codes: bytes
    members: bytes = b""


def follow_span(span: Span, tip: Tip) -> Effects:
    """Return what a block adds to the log after `tip`; its effects on the state are not known.

    Of the tip that comes out, height, header, time, peaks and members count; its lanes are b"".

    Raises:
        Invalid: `codec.form`, it does not follow the tip, or its header commits to another log or
            another list of members. That anybody agreed to it is not looked at here.
    """
    fields: dict[str, Any] = codec.decode(span.header, schema.HEADER)
    check_header(span.header, fields, tip)
    count = fields["tx_count"]
    if (len(span.tids), len(span.codes)) != (count * DIGEST_SIZE, count * CODE_SIZE):
        raise refuse("tx_count")
    tids = [span.tids[at : at + DIGEST_SIZE] for at in range(0, len(span.tids), DIGEST_SIZE)]
    codes = list(struct.unpack(f">{count}H", span.codes))
    write = leaf_writer(fields["height"], fields["time"], tip.cid)
    leaves = list(map(write, range(count), codes, tids))
    peaks, nodes = tip.peaks.extend(leaf_hashes(leaves))
    if (fields["log_size"], fields["log_root"]) != (peaks.size, peaks.root()):
        raise refuse("log_root")
    after = replace(
        tip,
        height=fields["height"],
        cid=cid_of(span.header),
        time=fields["time"],
        lanes=b"",
        peaks=peaks,
        members=_list_after(span, fields, tip),
    )
    return Effects(tids, codes, leaves, nodes, {}, b"", after)


def _list_after(span: Span, fields: dict[str, Any], tip: Tip) -> Members:
    if fields["members"] == tip.members.cid:
        return tip.members
    members = Members.read(span.members)
    if members.cid != fields["members"]:
        raise refuse("members")
    return members


def check_body(data: bytes, header: bytes, tids: bytes) -> None:
    """Refuse a block that is not the one of a span, whose body is not held.

    Its transactions are the header's by `merkle_root` and the log's by their ids; they are not run.

    Args:
        data: the block's bytes.
        header: the span's.
        tids: likewise.

    Raises:
        Invalid: `codec.form`.
    """
    found, fields, transactions = read_block(data)
    if found != header:
        raise refuse("header")
    if fields["merkle_root"] != root_of(each.envelope for each in transactions):
        raise refuse("merkle_root")
    if b"".join(each.tid for each in transactions) != tids:
        raise refuse("tid")
    for each in transactions:
        if each.count != len(each.records) or each.root != root_of(each.records):
            raise refuse("records")
