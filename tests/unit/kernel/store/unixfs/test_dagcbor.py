"""Documents of dag-cbor as another library writes them: what they link, and paths within them."""

from __future__ import annotations

from typing import Any

import dag_cbor
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID

from tallystick.base.errors import Error, NotFound
from tallystick.kernel.store.unixfs import dagcbor
from tallystick.kernel.store.unixfs.cid import (
    DAG_CBOR,
    DAG_PB,
    RAW,
    IpfsCid,
    name_block,
    name_inline,
)
from tallystick.kernel.store.unixfs.dagcbor import find_value, links_in, read_document
from tallystick.kernel.store.unixfs.dagpb import LINKS_MAX
from tallystick.kernel.store.unixfs.links import direct_links, links_of

LEAF = name_block(b"x", RAW)
FOLDER = name_block(b"\x0a\x02\x08\x01", DAG_PB)
OLD = name_block(b"\x0a\x02\x08\x01", DAG_PB, version=0)
LINKS = st.sampled_from([LEAF, FOLDER, OLD]).map(lambda each: CID.decode(str(each)))
PLAIN = (
    st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
    | st.text()
    | st.binary()
)
TREES = st.recursive(
    PLAIN | LINKS,
    lambda tree: st.lists(tree, max_size=4) | st.dictionaries(st.text(), tree, max_size=4),
    max_leaves=30,
)


def link(cid: IpfsCid) -> bytes:
    head = b"\xd8\x2a\x58" + bytes((len(cid.raw) + 1,))
    return head + b"\0" + cid.raw


def linked(tree: Any) -> list[bytes]:
    """Return what another library finds, in the order it writes it."""
    if isinstance(tree, CID):
        return [bytes(tree)]
    if isinstance(tree, dict):
        return [each for part in tree.values() for each in linked(part)]
    return [each for part in tree for each in linked(part)] if isinstance(tree, list) else []


@given(TREES)
def test_the_links_of_any_document_are_found_in_their_order(tree: Any) -> None:
    block = dag_cbor.encode(tree)
    found = [each.raw for each in links_in(read_document(block))]
    assert found == linked(dag_cbor.decode(block))
    cid = name_block(block, DAG_CBOR)
    assert [each.raw for each in direct_links(cid, block)] == found
    assert links_of(cid, block) == [each for each in map(IpfsCid, found) if each.inline is None]


@given(TREES, st.data())
def test_what_is_cut_or_followed_is_no_document(tree: Any, data: st.DataObject) -> None:
    block = dag_cbor.encode(tree)
    cut = data.draw(st.integers(0, len(block) - 1))
    for bad in (block[:cut], block + b"\xf6"):
        with pytest.raises(Error) as caught:
            read_document(bad)
        assert caught.value.code == "unixfs.node"


def test_a_path_goes_through_keys_and_places() -> None:
    block = dag_cbor.encode({"a": [1, {"b": CID.decode(str(LEAF))}], "0": "text", "": [[]]})
    tree = read_document(block)
    place = find_value(find_value(tree, "a"), "1")
    assert find_value(place, "b") == LEAF
    assert find_value(tree, "0") is None
    for at, name in (
        *((tree, "b"), (tree, "A"), (find_value(tree, "a"), "2"), (find_value(tree, "a"), "01")),
        *((find_value(tree, "a"), "-1"), (find_value(tree, "a"), "\u0661"), (None, "b")),
        *((find_value(tree, "a"), "9" * 5_000), (find_value(tree, ""), "")),
    ):
        with pytest.raises(NotFound, match=r"unixfs\.no_entry"):
            find_value(at, name)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\x9f\xff",  # a list of untold length
        b"\xbf\xff",
        b"\x18\x17",  # 23 in two bytes
        b"\x19\x00\xff",
        b"\x1a\x00\x00\xff\xff",
        b"\x1b" + bytes(4) + b"\xff" * 4,
        b"\x1c",
        b"\xa1\x01\x02",  # a key that is a number
        b"\xa1\x61\xff\x02",  # a key that is not UTF-8
        b"\xa2\x61a\x01\x61a\x02",  # a key twice
        b"\xf7",  # undefined
        b"\xf8\x20",
        b"\xc1\x00",  # a time
        b"\xd8\x2a\x61a",
        b"\xd8\x2a\x41\x01",
        b"\x5b" + b"\xff" * 8,  # longer than any block
        b"\x9b" + b"\xff" * 8,
        b"\x81" * 3,
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused(bad: bytes) -> None:
    with pytest.raises(Error) as caught:
        read_document(bad)
    assert caught.value.code in {"unixfs.node", "unixfs.limit"}
    assert caught.value.cure


def test_a_link_to_what_is_never_here_is_told_by_its_kind() -> None:
    git = b"\x01\x78" + LEAF.raw[2:]
    block = b"\xd8\x2a\x58" + bytes((len(git) + 1,)) + b"\0" + git
    with pytest.raises(Error, match=r"unixfs\.codec"):
        read_document(block)


def test_depth_and_items_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    most = b"\x81" * dagcbor.DEPTH_MAX + link(LEAF)
    assert list(links_in(read_document(most))) == [LEAF]
    with pytest.raises(Error, match=r"unixfs\.limit"):
        read_document(b"\x81" + most)
    monkeypatch.setattr(dagcbor, "ITEMS_MAX", 4)
    assert read_document(b"\x83\x01\x02\x03") == [None] * 3
    with pytest.raises(Error, match=r"unixfs\.limit"):
        read_document(b"\x84\x01\x02\x03\x04")


def test_links_are_bounded_and_those_in_identity_cids_stand_for_them() -> None:
    empty = b"\xd8\x2a\x45\0" + name_inline(b"", RAW).raw
    most = b"\x9a\x00\x01\x00\x00" + empty * LINKS_MAX
    assert links_of(name_block(most, DAG_CBOR), most) == []
    with pytest.raises(Error, match=r"unixfs\.limit.*65537"):
        read_document(b"\x9a\x00\x01\x00\x01" + empty * (LINKS_MAX + 1))
    inner = name_inline(b"\x82" + empty + link(LEAF), DAG_CBOR)
    block = b"\x83" + link(inner) + empty + link(LEAF)
    assert links_of(name_block(block, DAG_CBOR), block) == [LEAF, LEAF]
