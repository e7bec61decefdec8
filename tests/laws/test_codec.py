"""Laws of the codec: one value, one encoding, which another library makes too; else refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cbor2
import dag_cbor
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multiformats import CID, multihash

from tallystick import _native
from tallystick.base import codec
from tallystick.base.codec import RAW, Cid, Value, cid_of, decode, encode
from tallystick.base.errors import Invalid
from tallystick.chain import schema
from tallystick.chain.proof import PROOF
from values import LIKE_A_CID, LINKS, TREES


def _theirs(tree: Value) -> Any:
    if isinstance(tree, Cid):
        name = "raw" if tree.codec == RAW else "dag-cbor"
        return CID("base32", 1, name, multihash.wrap(tree.digest, "sha2-256"))
    if isinstance(tree, list):
        return [_theirs(each) for each in tree]
    if isinstance(tree, dict):
        return {name: _theirs(each) for name, each in tree.items()}
    return tree


@pytest.fixture(autouse=True, scope="module", params=["compiled", "plain"])
def reader(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let every law hold with the loop in C, and where it was not built."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "plain":
            patch.setattr(_native, "cbor", None)
        yield


@given(TREES)
@example({"id": LIKE_A_CID + bytes(9), "ids": [LIKE_A_CID, bytes.fromhex("1220") + bytes(32)]})
def test_the_bytes_are_those_of_the_dag_cbor_package(tree: Value) -> None:
    data = encode(tree)
    assert data == dag_cbor.encode(_theirs(tree))
    assert dag_cbor.decode(data) == _theirs(tree)


@given(TREES)
@example([LIKE_A_CID + bytes(9)])
def test_what_is_written_reads_back_the_same(tree: Value) -> None:
    found = decode(encode(tree), codec.value)
    assert found == tree
    assert encode(found) == encode(tree)


@given(TREES, st.data())
def test_bytes_have_one_reading_or_none(tree: Value, data: st.DataObject) -> None:
    """A flipped byte gives another value or a refusal, never the same value in other bytes."""
    encoded = bytearray(encode(tree))
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decode(bytes(encoded), codec.value)
    except Invalid:
        return
    assert encode(found) == bytes(encoded)
    assert found != tree


@given(st.binary(max_size=60))
def test_any_bytes_are_read_as_themselves_or_refused(data: bytes) -> None:
    try:
        found = decode(data, codec.value)
    except Invalid:
        return
    assert encode(found) == data


@pytest.mark.parametrize(
    "other", [True, False, None, 1.0, float("nan"), 2**53, -(2**53), 2**64, {1: 2}, {"A": 1}]
)
@given(st.integers(0, 4))
def test_what_is_no_value_of_ours_is_refused_wherever_it_stands(other: object, depth: int) -> None:
    tree: Any = other
    for _ in range(depth):
        tree = {"a": [tree]}
    with pytest.raises(Invalid, match=r"codec\.form"):
        decode(cbor2.dumps(tree, canonical=True), codec.value)


def test_depth_counts_lists_and_maps_and_starts_afresh_in_byte_strings() -> None:
    tree: Any = 1
    for _ in range(16):
        tree = [tree]
    assert decode(encode(tree), codec.value) == tree
    inside = encode(tree)
    assert decode(encode([inside]), codec.value) == [inside]
    linked: Any = cid_of(b"")
    for _ in range(16):
        linked = {"a": linked}
    assert decode(encode(linked), codec.value) == linked
    for beyond in ([tree], [linked], {"a": tree}):
        with pytest.raises(Invalid, match=r"codec\.form"):
            decode(encode(beyond), codec.value)


@pytest.mark.parametrize(
    "data",
    [
        "1817",
        "1900ff",
        "5801ff",
        "7801ff",
        "9fff",
        "5f4100ff",
        "a2616201616101",
        "a2616101616102",
        "a26161016162",
        "c100",
        "d82a00",
        "d82a4100",
        "d82b58250001551220" + "00" * 32,
        "d9002a58250001551220" + "00" * 32,
        "d82a582501551220" + "00" * 33,
        "d82a582401551220" + "00" * 32,
        "f7",
        "e0",
        "0000",
        "",
        "61ff",
        "63eda080",
    ],
)
def test_other_spellings_are_refused(data: str) -> None:
    with pytest.raises(Invalid, match=r"codec\.form"):
        decode(bytes.fromhex(data), codec.value)


HASH = LIKE_A_CID + bytes(25)
STRUCTURES: dict[str, tuple[codec.Check, Any]] = {
    "record": (
        schema.RECORD,
        {
            "t": "news.published",
            "rv": 1,
            "id": HASH[:16],
            "pub": {},
            "case": HASH[:16],
            "on": 20_700,
            "refs": [HASH[:16]],
            "seals": {"case": {"com": HASH, "obj": cid_of(b"", RAW), "size": 2_048}},
            "officer": HASH[:16],
            "amends": HASH[:16],
        },
    ),
    "transaction header": (
        schema.TX_HEADER,
        {
            "v": 1,
            "chain": HASH,
            "member": "bank-a",
            "key": 1,
            "seq": 1,
            "not_after": 1,
            "count": 1,
            "root": HASH,
        },
    ),
    "header": (
        schema.HEADER,
        {
            "v": 1,
            "chain": HASH,
            "height": 1,
            "prev": cid_of(b""),
            "time": 1,
            "nonce": HASH[:16],
            "target": HASH,
            "merkle_root": HASH,
            "tx_count": 1,
            "log_size": 1,
            "log_root": HASH,
            "state_root": HASH,
            "members": cid_of(b""),
            "proposer": "operator",
        },
    ),
    "genesis": (
        schema.GENESIS,
        {
            "v": 1,
            "suite": 1,
            "kind": "tally",
            "name": "county",
            "time": 1,
            "salt": HASH,
            "target": HASH,
            "limits": {"a": 1},
            "rules": {"b": 1},
            "seeded": 1,
            "members": cid_of(b""),
        },
    ),
    "leaf": (schema.LEAF, [1, 0, 1, 0, HASH, cid_of(b"")]),
    "window": (schema.WINDOW, [1, LIKE_A_CID + bytes(121)]),
    "proof": (
        PROOF,
        {
            "v": 1,
            "record": HASH,
            "index": 0,
            "path": [HASH],
            "header": HASH,
            "sig": HASH + HASH,
            "leaf": HASH,
            "position": 0,
            "log_path": [HASH],
        },
    ),
}


def _with_each_leaf_changed(tree: Any, change: Callable[[Any], list[Any]]) -> Iterator[Any]:
    """Yield the tree once for every value that may replace one of its leaves."""
    if isinstance(tree, dict):
        for name, each in tree.items():
            for other in _with_each_leaf_changed(each, change):
                yield {**tree, name: other}
    elif isinstance(tree, list):
        for at, each in enumerate(tree):
            for other in _with_each_leaf_changed(each, change):
                yield [*tree[:at], other, *tree[at + 1 :]]
    else:
        yield from change(tree)


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_byte_field_that_looks_like_a_link_stays_bytes_in_every_structure(name: str) -> None:
    check, tree = STRUCTURES[name]
    found = decode(encode(tree), check)
    assert found == tree
    assert encode(found) == encode(tree)
    assert encode(tree) == dag_cbor.encode(_theirs(tree))


@pytest.mark.parametrize("name", STRUCTURES)
def test_no_field_of_any_structure_takes_another_kind_of_value(name: str) -> None:
    check, tree = STRUCTURES[name]

    def others(value: object) -> list[Any]:
        if isinstance(value, int):
            return [True, float(value), None, 2**53, -1 - 2**53, str(value), b"1"]
        if isinstance(value, bytes):
            return [None, value.hex(), [value], cid_of(value)]
        if isinstance(value, Cid):
            return [None, value.raw, str(value), b"\x00" + value.raw]
        return [None, 1, b"a", ""]

    for changed in _with_each_leaf_changed(tree, others):
        data = encode(changed)
        with pytest.raises(Invalid, match=r"codec\.form"):
            decode(data, check)


@given(LINKS)
def test_a_cid_has_one_text(link: Cid) -> None:
    assert Cid.parse(str(link)) == link
    assert str(CID.decode(str(link)).digest.hex()) == (b"\x12\x20" + link.digest).hex()
    for other in (str(link).upper(), str(link) + "a", "z" + str(link)[1:], str(link)[:-1], ""):
        with pytest.raises(Invalid, match=r"codec\.form"):
            Cid.parse(other)
