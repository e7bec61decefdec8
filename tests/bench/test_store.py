"""What the bench of the store hashes, against what the product's put hashes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from bench_modules import load_bench
from circles import Circle
from tallystick.kernel.store.spread.putting import put_object
from tallystick.kernel.store.spread.sealed import SealedSource, StreamKey

store: Any = load_bench("store")


def test_a_whole_put_makes_the_hashes_that_the_manifest_of_a_real_one_states(
    tmp_path: Path,
) -> None:
    data = random.Random(1).randbytes(5_000_000)
    circle = Circle(tmp_path, 6)
    keys = StreamKey.of(bytes(32), bytes(32), "bank", bytes(16))
    source = SealedSource(store.Blocks(data), keys)
    done = put_object(circle.rings["m00"], source, circle.draw())
    assert tuple(store.put_whole(data)) == done.manifest.digests
    assert len(done.manifest.digests) == 2
