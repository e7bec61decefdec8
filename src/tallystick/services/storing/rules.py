"""Rules of objects that members hold for one another.

State: `kept/` manifest's CID, then the member -> 1 while it is to be kept, 0 once it is erased. The
member stands in the key, so that whoever names another's manifest first takes nothing from it: only
the record of the owner that the manifest itself names counts with those who hold it.
"""

from __future__ import annotations

from typing import Final

from tallystick.base.codec import Cid, encode
from tallystick.chain.record import Admission
from tallystick.records.refusal import Refusal

__all__ = ["admit_erasing", "admit_keeping", "kept_key"]

_KEPT: Final = b"kept/"
_HELD: Final = encode(1)
_GONE: Final = encode(0)


def kept_key(manifest: Cid, member: str) -> bytes:
    """Return the state key of an object that a member has spread."""
    return _KEPT + manifest.raw + member.encode()


def admit_keeping(offered: Admission) -> int:
    """Have an object of the writer's own kept, once; what was erased comes back as another one."""
    key = kept_key(offered.record["pub"]["manifest"], offered.member)
    if offered.state.get(key) is not None:
        return Refusal.ALREADY_KEPT
    offered.state.put(key, _HELD)
    return 0


def admit_erasing(offered: Admission) -> int:
    """Have an object kept no more: by the member that spread it, once."""
    key = kept_key(offered.record["pub"]["manifest"], offered.member)
    if offered.state.get(key) != _HELD:
        return Refusal.NOT_KEPT
    offered.state.put(key, _GONE)
    return 0
