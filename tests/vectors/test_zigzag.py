"""The vectors of docs/spec/zigzag.md, by a coder written from that page alone, then by ours."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tallystick.kernel.store.zigzag import coder
from tallystick.kernel.store.zigzag.layout import Segment
from tallystick.kernel.store.zigzag.profile import find_profile
from vectors.make_zigzag import drawn

ROOT = Path(__file__).resolve().parents[2]
FILE = json.loads((ROOT / "docs/spec/vectors/zigzag.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/spec/zigzag.md").read_text(encoding="utf-8")
SHIFTS = {"zz-4+2": (4, 2, 1), "zz-8+2": (8, 2, 2), "zz-6+3": (6, 3, 2)}


def times_two_to(exponent: int) -> bytes:
    """Return the table of a byte times 2^exponent."""
    table = list(range(256))
    for _ in range(exponent):
        table = [each << 1 ^ (0x11D if each & 0x80 else 0) for each in table]
    return bytes(table)


def letters(name: str) -> tuple[int, int, int]:
    """Return k, r, s."""
    if name in SHIFTS:
        return SHIFTS[name]
    k, r = re.fullmatch(r"rs-(\d+)\+(\d+)", name).groups()  # type: ignore[union-attr]
    return int(k), int(r), int(k)


def shards_by_the_page(name: str, data: bytes) -> list[bytes]:
    """Encode word for word: digits as tuples, rows as bytes, one product at a time."""
    k, r, s = letters(name)
    m = -(-k // s) - 1
    alpha = r**m
    size = next(odd for odd in range(64, 2**40, 128) if k * alpha * odd >= len(data))
    padded = data.ljust(k * alpha * size, b"\0")
    row = {(j, x): padded[(j * alpha + x) * size :][:size] for j in range(k) for x in range(alpha)}
    digits = {x: tuple(x // r ** (m - 1 - p) % r for p in range(m)) for x in range(alpha)}
    number = {each: x for x, each in digits.items()}
    parity = []
    for times in range(r):
        for x in range(alpha):
            total = 0
            for j in range(k):
                moved = list(digits[x])
                if j // s:
                    moved[j // s - 1] = (moved[j // s - 1] + times) % r
                found = row[j, number[tuple(moved)]].translate(times_two_to(times * j))
                total ^= int.from_bytes(found, "big")
            parity.append(total.to_bytes(size, "big"))
    whole = alpha * size
    shards = [data[j * whole : (j + 1) * whole] for j in range(k)]
    return shards + [b"".join(parity[i * alpha : (i + 1) * alpha]) for i in range(r)]


def told(case: dict[str, Any], shards: list[bytes]) -> None:
    assert [len(each) for each in shards] == case["shard_bytes"]
    assert [hashlib.sha256(each).hexdigest() for each in shards] == case["shard_sha256"]


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda c: f"{c['profile']} {c['length']}")
def test_every_case_comes_out_by_the_page_and_by_the_program(case: dict[str, Any]) -> None:
    data, profile = drawn(case["length"]), find_profile(case["profile"])
    if case["length"] <= 5_000:
        told(case, shards_by_the_page(case["profile"], data))
    told(case, [bytes(each) for each in coder.encode(data, profile)])
    assert Segment(profile, len(data)).sub_chunk_bytes == case["sub_chunk_bytes"]
    for shard, reads in enumerate(case["repair_reads"]):
        plan = coder.repair_plan(profile, [shard])
        assert {str(each): list(xs) for each, xs in plan.items()} == reads


def test_there_are_as_many_cases_as_were_made() -> None:
    assert len(FILE["cases"]) == 24
    assert {case["profile"] for case in FILE["cases"]} >= SHIFTS.keys()


def test_the_worked_example_of_the_page_is_right() -> None:
    data = b"".join(bytes([37 * (8 * j + x) % 251 + 1]) * 64 for j in range(4) for x in range(8))
    shards = shards_by_the_page("zz-4+2", data)
    assert shards == [bytes(each) for each in coder.encode(data, find_profile("zz-4+2"))]
    for place in (4, 5):
        values = shards[place][::64]
        assert shards[place] == b"".join(bytes([each]) * 64 for each in values)
        assert f"`{values.hex(' ')}`" in PAGE
