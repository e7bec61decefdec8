"""The charter of the benches: one record type, which is always admitted.

What a bench measures then is the ledger's own, and no business rule's.
"""

from __future__ import annotations

from typing import Final

from tallystick.base import codec
from tallystick.chain.record import Admission, Charter, Code, RecordType

__all__ = ["CHARTER"]


def _admit(offered: Admission) -> int:
    del offered
    return Code.ADMITTED


CHARTER: Final[Charter] = {
    ("note.made", 1): RecordType(
        codec.shape({"kind": codec.ident(40), "object": codec.cid}), {}, {}, frozenset(), _admit
    )
}
