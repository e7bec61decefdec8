"""A snapshot follows from one witnessed header, byte by byte, in the memory of one pair."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chains import SmallChain
from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import Cid, cid_of, decode, encode, value
from tallystick.base.errors import Error, Invalid
from tallystick.chain import schema
from tallystick.chain.merkle import Peaks
from tallystick.chain.snapshot import Snapshot, verify_snapshot, write_snapshot
from tallystick.chain.state import lanes_of, state_root
from tallystick.chain.verdict import Contradicted


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    for amount in (5, 6, 7):
        found.cut(("operator", [found.record("fund.allocated", {"amount": amount})]))
    return found


def writes_of(chain: SmallChain) -> bytes:
    """Return the root over what the last block changed, as the chain's own run tells it."""
    from chains import CHARTER
    from tallystick.chain.block import apply_block, genesis_state, start

    state, tip = genesis_state(chain.genesis), start(chain.genesis)
    writes = b""
    for block in chain.blocks:
        effects = apply_block(block, tip, state.get, CHARTER)
        state |= {key: found for key, found in effects.changes.items() if found is not None}
        tip, writes = effects.tip, effects.writes_root
    return writes


def written(chain: SmallChain, **changes: Any) -> bytes:
    pairs = sorted(chain.state.items())
    parts: dict[str, Any] = {
        "header": chain.headers[-1],
        "writes_root": writes_of(chain),
        "peaks": chain.tip.peaks,
        "pairs": pairs,
        **changes,
    }
    parts["count"] = len(parts["pairs"])
    return b"".join(write_snapshot(**parts))


def verified(data: bytes, cid: Cid) -> Snapshot:
    return verify_snapshot(io.BytesIO(data).read, cid)


def test_a_snapshot_is_the_bytes_that_the_format_names(chain: SmallChain) -> None:
    pairs = [[key, found] for key, found in sorted(chain.state.items())]
    tree: codec.Value = [chain.headers[-1], writes_of(chain), list(chain.tip.peaks.hashes), pairs]
    assert written(chain) == encode(tree)


def test_a_snapshot_gives_back_tip_and_state(chain: SmallChain) -> None:
    taken: dict[bytes, bytes] = {}
    found = verify_snapshot(io.BytesIO(written(chain)).read, chain.tip.cid, taken.update)
    assert taken == chain.state
    assert (found.header, found.peaks) == (chain.headers[-1], chain.tip.peaks)
    assert (found.lanes, found.members.cid) == (chain.tip.lanes, chain.tip.members.cid)
    assert found.count == len(chain.state)


def test_without_a_compiler_it_is_read_likewise(
    chain: SmallChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = verified(written(chain), chain.tip.cid)
    monkeypatch.setattr(_native, "is_lanes_built", lambda: False)
    assert verified(written(chain), chain.tip.cid) == found
    data = written(chain)
    for size in range(0, len(data), len(data) // 50):
        with pytest.raises(Error):
            verified(data[:size], chain.tip.cid)


def test_every_altered_bit_of_a_snapshot_is_told(chain: SmallChain) -> None:
    data, cid = written(chain), chain.tip.cid
    for at in range(len(data)):
        altered = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        with pytest.raises((Invalid, Contradicted)):
            verified(altered, cid)


def test_a_cut_or_longer_file_is_refused(chain: SmallChain) -> None:
    data, cid = written(chain), chain.tip.cid
    for altered in (*(data[:at] for at in range(0, len(data), 11)), data + b"\0"):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(altered, cid)


def test_a_snapshot_of_another_header_is_told_before_anything_else_is_read(
    chain: SmallChain,
) -> None:
    asked = []
    file = io.BytesIO(written(chain))

    def read(size: int) -> bytes:
        asked.append(size)
        return file.read(min(size, 512))

    with pytest.raises(Contradicted, match=r"snapshot\.header"):
        verify_snapshot(read, cid_of(chain.headers[1]))
    assert len(asked) <= 4


def without(chain: SmallChain, gone: bytes) -> list[tuple[bytes, bytes]]:
    return [(key, found) for key, found in sorted(chain.state.items()) if key != gone]


def test_another_state_log_or_order_is_not_the_headers(chain: SmallChain) -> None:
    cid, pairs = chain.tip.cid, sorted(chain.state.items())
    some = next(key for key in chain.state if key.startswith(b"id/"))
    changed = [(key, b"x" if key == some else found) for key, found in pairs]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"pairs": without(chain, some)}, "state"),
        ({"pairs": changed}, "state"),
        ({"pairs": sorted([*pairs, (b"zz", b"1")])}, "state"),
        ({"pairs": without(chain, b"members")}, "state"),
        ({"writes_root": bytes(32)}, "state"),
        ({"peaks": Peaks(chain.tip.peaks.size, (bytes(32),) * 2)}, "log"),
    ]
    for changes, part in cases:
        with pytest.raises(Contradicted, match=rf"snapshot\.{part}"):
            verified(written(chain, **changes), cid)
    for wrong in ([*pairs, pairs[-1]], pairs[::-1], [pairs[1], pairs[0], *pairs[2:]]):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(written(chain, pairs=wrong), cid)
    for peaks in (Peaks(1, (bytes(32),)), Peaks(0), Peaks(3, (bytes(32),) * 3)):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(written(chain, peaks=peaks), cid)


def test_other_spellings_of_the_same_tree_are_refused(chain: SmallChain) -> None:
    data, cid = written(chain), chain.tip.cid
    header = chain.headers[-1]
    longer = b"\x5a" + len(header).to_bytes(4, "big") + header
    spelled = data.replace(codec.item_head(2, len(header)) + header, longer, 1)
    assert spelled != data
    endless = b"\x9f" + data[1:] + b"\xff"
    tagged = data.replace(b"\x84", b"\xc6\x84", 1)
    textual = data.replace(b"\x47members", b"\x67members", 1)
    assert textual != data
    for altered in (spelled, endless, tagged, textual, b"\x85" + data[1:], b"", b"\x84"):
        with pytest.raises(Invalid, match=r"codec\.form"):
            verified(altered, cid)


def test_a_claimed_length_costs_no_memory(chain: SmallChain) -> None:
    claims = b"\x84\x5b" + b"\x00\xff" * 4
    with pytest.raises(Invalid, match=r"codec\.form"):
        verified(claims, chain.tip.cid)


class Endless:
    """A file of many pairs that nobody holds whole."""

    def __init__(self, header: bytes, count: int) -> None:
        self.parts = write_snapshot(
            header=header,
            writes_root=bytes(32),
            peaks=Peaks(1, (b"\1" * 32,)),
            count=count,
            pairs=self.pairs(count),
        )
        self.rest = b""

    @staticmethod
    def pairs(count: int) -> Iterator[tuple[bytes, bytes]]:
        yield from ((number.to_bytes(16, "big"), bytes(60)) for number in range(count))

    def read(self, size: int) -> bytes:
        while not self.rest:
            part = next(self.parts, None)
            if part is None:
                return b""
            self.rest = part
        found, self.rest = self.rest[:size], self.rest[size:]
        return found


def test_a_long_state_is_written_and_verified_in_little_memory(chain: SmallChain) -> None:
    count = 20_000
    fields = decode(chain.headers[-1], schema.HEADER)
    lanes = lanes_of(Endless.pairs(count))
    header = encode(
        {
            **fields,
            "log_size": 1,
            "log_root": b"\1" * 32,
            "state_root": state_root(bytes(32), lanes),
        }
    )
    tracemalloc.start()
    try:
        # All but the list of members holds, so every pair was read.
        with pytest.raises(Contradicted, match=r"snapshot\.members"):
            verify_snapshot(Endless(header, count).read, cid_of(header))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(Error):
        verified(data, cid_of(b""))


def reads(sizes: list[int]) -> Callable[[bytes], Callable[[int], bytes]]:
    def of(data: bytes) -> Callable[[int], bytes]:
        file = io.BytesIO(data)
        steps = iter(sizes * 100_000)
        return lambda size: file.read(min(size, next(steps)))

    return of


@pytest.mark.parametrize("sizes", [[1], [3, 1, 7], [100], [64 * 1024]])
def test_it_matters_not_in_what_pieces_a_file_arrives(chain: SmallChain, sizes: list[int]) -> None:
    data = written(chain)
    found = verify_snapshot(reads(sizes)(data), chain.tip.cid)
    assert found.count == len(chain.state)
    assert decode(data, value)[0] == found.header
