"""Archives are read strictly, and a whole chain goes out and comes back byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chains import CHARTER, SmallChain
from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, RAW, Cid, cid_of, encode
from tallystick.base.errors import Invalid
from tallystick.chain import schema
from tallystick.chain.block import Genesis, apply_block, genesis_state, start
from tallystick.chain.car import read_car, write_car
from tallystick.chain.export import read_export, write_export

LEAF = b"raw bytes"
NODE = encode({"a": cid_of(LEAF, RAW), "gone": cid_of(b"elsewhere", RAW)})
ROOT = encode([cid_of(NODE), 1])
ARCHIVE = write_car(cid_of(ROOT), (ROOT, NODE), (LEAF,))


def section(data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([len(data)]) + data


def archive(*blocks: tuple[Cid, bytes], roots: Sequence[Cid] = (cid_of(ROOT),)) -> bytes:
    header = encode({"roots": list(roots), "version": 1})
    return b"".join([section(header), *(section(cid.raw + block) for cid, block in blocks)])


BLOCKS = ((cid_of(ROOT), ROOT), (cid_of(NODE), NODE), (cid_of(LEAF, RAW), LEAF))


def test_an_archive_reads_back_in_any_order_of_blocks() -> None:
    found = read_car(ARCHIVE)
    assert found.root == cid_of(ROOT)
    assert found.blocks == dict(BLOCKS)
    assert archive(*BLOCKS) == ARCHIVE
    assert read_car(archive(*reversed(BLOCKS))).blocks == found.blocks


def test_every_altered_byte_of_an_archive_is_refused() -> None:
    for at in range(len(ARCHIVE)):
        for bit in range(8):
            altered = bytearray(ARCHIVE)
            altered[at] ^= 1 << bit
            with pytest.raises(Invalid, match=r"codec\.form"):
                read_car(bytes(altered))


def test_every_cut_of_an_archive_is_refused_or_ends_a_block() -> None:
    whole = {len(archive(*BLOCKS[:count])) for count in (1, 2)}
    for end in range(len(ARCHIVE)):
        if end in whole:
            assert len(read_car(ARCHIVE[:end]).blocks) < len(BLOCKS)
        else:
            with pytest.raises(Invalid, match=r"codec\.form"):
                read_car(ARCHIVE[:end])


def test_archives_of_another_form_are_refused() -> None:
    root, node, leaf = BLOCKS
    loose = (cid_of(b"loose", RAW), b"loose")
    for data in (
        archive(*BLOCKS, leaf),
        archive(*BLOCKS, loose),
        archive(node, leaf),
        archive(root, leaf),
        archive(root, (cid_of(NODE, RAW), NODE), leaf),
        archive(*BLOCKS, roots=[]),
        archive(*BLOCKS, roots=[root[0], node[0]]),
        archive(leaf, roots=[leaf[0]]),
        ARCHIVE + b"\x00",
        bytes([ARCHIVE[0] | 0x80, 0]) + ARCHIVE[1:],
        b"\xff" * 9 + b"\x01" + ARCHIVE,
    ):
        with pytest.raises(Invalid, match=r"codec\.form"):
            read_car(data)
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_car(ARCHIVE, len(ARCHIVE) - 1)


def test_a_length_past_the_end_is_refused_before_anything_is_read() -> None:
    header = section(encode({"roots": [cid_of(ROOT)], "version": 1}))
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_car(header + b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f")


@pytest.fixture(scope="module")
def chain() -> SmallChain:
    found = SmallChain()
    for height in range(6):
        bundles = [("operator", [found.record("fund.allocated", {"amount": height})])]
        if height == 2:
            bundles.append(("bank-b", [found.rotation("bank-b", "note")]))
        found.cut(*bundles)
    return found


def test_a_chain_goes_out_and_comes_back_and_runs_to_the_same_tip(chain: SmallChain) -> None:
    lists = {each.cid: each.data for each in chain.lists}
    data = write_export(chain.genesis.data, lists.values(), chain.blocks)
    found = read_export(data, len(data))
    assert list(found.blocks) == chain.blocks
    assert found.lists == lists
    genesis = Genesis.read(found.genesis, found.lists[chain.lists[0].cid])
    tip, state = start(genesis), genesis_state(genesis)
    for block in found.blocks:
        effects = apply_block(block, tip, state.get, CHARTER)
        state.update({key: value for key, value in effects.changes.items() if value is not None})
        tip = effects.tip
    assert (tip.cid, tip.lanes, state) == (chain.tip.cid, chain.tip.lanes, chain.state)


def test_an_export_that_lacks_or_swaps_a_block_is_refused(chain: SmallChain) -> None:
    lists = {each.cid: each.data for each in chain.lists}
    data = write_export(chain.genesis.data, lists.values(), chain.blocks)
    car = read_car(data)
    with pytest.raises(Invalid, match="block missing"):
        read_export(write_export(chain.genesis.data, [], chain.blocks), len(data))
    for gone in car.blocks:
        kept = [block for cid, block in car.blocks.items() if cid not in {gone, car.root}]
        cbor = [block for block in kept if cid_of(block) in car.blocks]
        raw = [block for block in kept if cid_of(block) not in car.blocks]
        if gone != car.root:
            with pytest.raises(Invalid, match=r"codec\.form"):
                read_export(write_car(car.root, (car.blocks[car.root], *cbor), raw), len(data))
    other = encode({**chain.genesis.fields, "salt": bytes(32)})
    with pytest.raises(Invalid, match="prev"):
        read_export(write_export(other, lists.values(), chain.blocks), 2 * len(data))
    header, rows = codec.decode(chain.blocks[2], schema.BLOCK)
    short = [*chain.blocks[:2], encode([header, rows[:1]])]
    with pytest.raises(Invalid, match="tx_count"):
        read_export(write_export(chain.genesis.data, lists.values(), short), len(data))
    swapped = [*chain.blocks[:2], chain.blocks[3], chain.blocks[2], *chain.blocks[4:]]
    with pytest.raises(Invalid, match=r"codec\.form"):
        read_export(write_export(chain.genesis.data, lists.values(), swapped), 2 * len(data))


def test_no_node_of_the_largest_block_exceeds_a_mebibyte() -> None:
    link = cid_of(b"", RAW)
    header = cid_of(b"", DAG_CBOR)
    node = encode({"v": 1, "below": header, "header": header, "transactions": [link] * 4_096})
    assert len(node) <= 2**20
