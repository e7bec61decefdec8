"""The store's port: objects by CID, each read checked against its name.

Laws every engine keeps (tests/conformance/test_store.py):
- `put_many` is one durable batch: after it returns, all objects are on disk, for one fsync;
- putting twice is putting once; the same bytes under two codecs are two names of one content;
- `get` hashes what it reads: the bytes returned are the bytes named, or `Corrupt` names the CID;
- what was dropped is overwritten on disk, and is not found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from tallystick.base.codec import RAW, Cid, cid_of
from tallystick.base.errors import Corrupt, Invalid, NotFound

__all__ = ["OBJECT_BYTES_MAX", "Store", "absent", "checked", "named"]

OBJECT_BYTES_MAX: Final = 16 * 1024 * 1024


class Store(Protocol):
    """Where a member keeps objects."""

    def put_many(self, objects: Sequence[bytes], codec: int = RAW) -> list[Cid]:
        """Keep all objects, or none, durably; return their CIDs in order.

        Raises:
            Invalid: `store.size` for an object over `OBJECT_BYTES_MAX` bytes.
            Unavailable: `database.full` and its kin; nothing was kept.
        """

    def get(self, cid: Cid) -> bytes:
        """Return the bytes that `cid` names; NotFound `store.absent`, Corrupt `store.corrupt`."""

    def has(self, cid: Cid) -> bool:
        """Tell whether an object is kept under `cid`, without reading it."""

    def drop(self, cids: Sequence[Cid]) -> int:
        """Forget the objects, overwriting their bytes; return how many there were."""

    def cids(self) -> Iterator[Cid]:
        """Yield the CIDs of all objects, ascending."""

    def audit(self) -> list[Cid]:
        """Read everything again from the medium and return the CIDs that do not hold."""

    def close(self) -> None:
        """End; a second call does nothing."""


def named(objects: Sequence[bytes], codec: int) -> list[Cid]:
    """Return the objects' CIDs; Invalid `store.size` if one is too large."""
    for data in objects:
        if len(data) > OBJECT_BYTES_MAX:
            raise Invalid(
                "store.size",
                f"an object of {len(data)} bytes, most is {OBJECT_BYTES_MAX}",
                cure="Split it into blocks.",
            )
    return [cid_of(data, codec) for data in objects]


def checked(cid: Cid, data: object) -> bytes:
    """Return `data` if it is what `cid` names; else Corrupt `store.corrupt` with the CID."""
    if type(data) is not bytes or cid_of(data, cid.codec) != cid:
        raise Corrupt(
            "store.corrupt",
            f"what is kept under {cid} has another hash",
            cure="At rest: tally repair --member NAME. It takes public objects from the others.",
            cid=str(cid),
        )
    return data


def absent(cid: Cid) -> NotFound:
    """Return the error for an object that is not kept here."""
    return NotFound(
        "store.absent", f"no object {cid} here", cure="Ask the member that wrote it.", cid=str(cid)
    )
