"""What is counted of our code beside the Clay code's, against its definition."""

from __future__ import annotations

from typing import Any

import pytest

from bench_modules import load_bench
from tallystick.kernel.store.zigzag.profile import PROFILES

clay: Any = load_bench("zigzag_clay")


@pytest.mark.parametrize(
    ("name", "data", "parity"), [("zz-4+2", 2.5, 4), ("zz-8+2", 5, 8), ("zz-6+3", 10 / 3, 6)]
)
def test_a_repair_reads_its_share_of_each_survivor_and_of_a_parity_all_data(
    name: str, data: float, parity: float
) -> None:
    profile = PROFILES[name]
    assert clay.count_read(profile, clay.LOST) == pytest.approx(data)
    assert clay.count_read(profile, profile.n - 1) == parity


@pytest.mark.parametrize("name", PROFILES)
def test_a_changed_data_sub_chunk_changes_one_of_each_parity_shard(name: str) -> None:
    profile = PROFILES[name]
    counts = clay.count_update(profile, clay.SMALL)
    assert set(counts) == {profile.r}
    assert len(counts) > profile.alpha
