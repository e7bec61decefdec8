"""Import profiles: how bytes are cut and linked, which decides their CID.

One file has as many CIDs as there are profiles, so a profile's name is kept beside every CID.
Source: IPIP-0499, which names `unixfs-v1-2025` and `unixfs-v0-2015`; `256kib-174-raw` is what many
tools made before it with CIDv1 and raw leaves, and has no name there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tallystick.kernel.store.unixfs.fault import refuse_profile

__all__ = ["DEFAULT", "PROFILES", "RAW_2018", "V0_2015", "V1_2025", "Profile", "find_profile"]


@dataclass(frozen=True, slots=True)
class Profile:
    """How files and directories are imported.

    Attributes:
        name: as it is kept beside a CID.
        cid_version: 0 or 1, of every dag-pb block.
        chunk_bytes: bytes of a file in one leaf.
        width: links of one node of a file, at most.
        raw_leaves: whether a leaf is the bare bytes, or a dag-pb node.
        fanout: places of one shard of a large directory, a power of two.
        shard_bytes: a directory larger than this is sharded.
        counts_block: whether that size is the block's, or of names and CIDs alone.
    """

    name: str
    cid_version: int
    chunk_bytes: int
    width: int
    raw_leaves: bool
    fanout: int = 256
    shard_bytes: int = 262_144
    counts_block: bool = False


V1_2025: Final = Profile("unixfs-v1-2025", 1, 1_048_576, 1_024, raw_leaves=True, counts_block=True)
V0_2015: Final = Profile("unixfs-v0-2015", 0, 262_144, 174, raw_leaves=False)
RAW_2018: Final = Profile("256kib-174-raw", 1, 262_144, 174, raw_leaves=True)
DEFAULT: Final = V1_2025
PROFILES: Final = {each.name: each for each in (V1_2025, V0_2015, RAW_2018)}


def find_profile(name: str) -> Profile:
    """Return a profile by name; Invalid `unixfs.profile` if there is none."""
    found = PROFILES.get(name)
    if found is None:
        raise refuse_profile(", ".join(PROFILES))
    return found
