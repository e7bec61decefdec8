"""Write docs/spec/vectors/zigzag.json: shards of drawn bytes, by the reference in NumPy.

Run once for a new version of the bytes; tests read the file and never write it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tallystick.kernel.store.zigzag import coder, reference
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.profile import find_profile

PATH = Path(__file__).resolve().parents[2] / "docs/spec/vectors/zigzag.json"
PROFILES = ("zz-4+2", "zz-8+2", "zz-6+3", "rs-4+2", "rs-6+3", "rs-20+4")
LENGTHS = (1, 2_048, 5_000, 70_001)


def drawn(length: int) -> bytes:
    """Return the first bytes of SHA-256("zigzag" | counter), counters as u32 big-endian."""
    count = -(-length // 32)
    blocks = (hashlib.sha256(b"zigzag" + each.to_bytes(4, "big")).digest() for each in range(count))
    return b"".join(blocks)[:length]


def case(name: str, length: int) -> dict[str, Any]:
    """Return one case: what a segment's shards are, and what rebuilds each of them."""
    profile, data = find_profile(name), drawn(length)
    segment = Segment(profile, length)
    size = segment.sub_chunk_bytes
    whole = np.zeros(profile.k * profile.alpha * size, dtype=np.uint8)
    whole[:length] = np.frombuffer(data, dtype=np.uint8)
    parity = reference.encode(profile, whole.reshape(profile.k, profile.alpha, size))
    shards = [
        data[each * segment.piece_bytes : (each + 1) * segment.piece_bytes]
        for each in range(profile.k)
    ] + [each.tobytes() for each in parity]
    plans = [coder.repair_plan(profile, [shard]) for shard in range(profile.n)]
    return {
        "profile": name,
        "length": length,
        "sub_chunk_bytes": size,
        "shard_bytes": [len(each) for each in shards],
        "shard_sha256": [hashlib.sha256(each).hexdigest() for each in shards],
        "repair_reads": [{str(shard): list(xs) for shard, xs in plan.items()} for plan in plans],
    }


if __name__ == "__main__":
    cases = [case(name, length) for name in PROFILES for length in LENGTHS]
    told = ",\n".join(json.dumps(each) for each in cases)
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text('{"data": "SHA-256(\\"zigzag\\" | counter)", "cases": [\n' + told + "\n]}\n")
