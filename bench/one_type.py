"""The charter of the benches: one record type, which is always admitted and writes two pairs.

What a bench measures then is the ledger's own, and no business rule's: the id's pair, which every
record writes, and one of the rule's.
"""

from __future__ import annotations

from typing import Final

from tallystick.base import codec
from tallystick.chain.record import Admission, Charter, Code, RecordType

__all__ = ["CHARTER"]


def _admit(offered: Admission) -> int:
    record = offered.record
    offered.state.put(b"note/" + record["id"], record["pub"]["object"].digest)
    return Code.ADMITTED


CHARTER: Final[Charter] = {
    ("note.made", 1): RecordType(
        codec.shape({"kind": codec.ident(40), "object": codec.cid}), {}, {}, frozenset(), _admit
    )
}
