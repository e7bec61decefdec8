"""dag-pb and the Data of UnixFS: what protobuf reads, and what has no second form."""

from __future__ import annotations

from typing import Any, Final

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.errors import Invalid
from tallystick.kernel.store.unixfs.cid import DAG_PB, RAW, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.dagpb import (
    BLOCK_BYTES_MAX,
    LINKS_MAX,
    PbLink,
    PbNode,
    decode_node,
    encode_node,
)
from tallystick.kernel.store.unixfs.node import (
    MURMUR3,
    Kind,
    UnixNode,
    decode_unix,
    encode_unix,
    read_unix,
)
from tallystick.kernel.store.unixfs.wire import write_number, write_octets, write_varint

FIELDS: Final = {
    "PBLink": (("Hash", 1, "BYTES"), ("Name", 2, "BYTES"), ("Tsize", 3, "UINT64")),
    "Data": (
        *(("Type", 1, "UINT64"), ("Data", 2, "BYTES"), ("filesize", 3, "UINT64")),
        *(("blocksizes", 4, "UINT64*"), ("hashType", 5, "UINT64"), ("fanout", 6, "UINT64")),
        *(("mode", 7, "UINT32"), ("mtime", 8, "BYTES")),
    ),
    "PBNode": (("Links", 2, "PBLink*"), ("Data", 1, "BYTES")),
}


def _messages() -> dict[str, Any]:
    """Return the messages of the two specifications, by the reference library."""
    file = descriptor_pb2.FileDescriptorProto(name="unixfs.proto", syntax="proto2")
    kind = descriptor_pb2.FieldDescriptorProto
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, told in fields:
            plain = told.rstrip("*")
            is_message = plain in FIELDS
            message.field.add(
                name=field,
                number=number,
                type=kind.TYPE_MESSAGE if is_message else kind.Type.Value(f"TYPE_{plain}"),
                type_name=plain if is_message else None,
                label=kind.LABEL_REPEATED if told.endswith("*") else kind.LABEL_OPTIONAL,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in FIELDS
    }


THEIRS: Final = _messages()
SIZES: Final = st.integers(0, 2**63 - 1)
CIDS: Final = (
    st.builds(name_block, st.binary(max_size=4), st.sampled_from([RAW, DAG_PB]))
    | st.builds(name_block, st.binary(max_size=4), st.just(DAG_PB), st.just(0))
    | st.builds(name_inline, st.binary(max_size=128), st.just(RAW))
)
LINKS: Final = st.builds(PbLink, CIDS, st.none() | st.binary(max_size=140), st.none() | SIZES)
NODES: Final = st.builds(
    PbNode, st.lists(LINKS, max_size=4).map(tuple), st.none() | st.binary(max_size=200)
)


def unix_bytes(node: UnixNode) -> bytes:
    return b"".join(encode_unix(node))


LEAF: Final = name_block(b"x", RAW)
HASH: Final = write_octets(1, LEAF.raw)
NAME: Final = write_octets(2, b"")
SIZE: Final = write_number(3, 1)
LINK: Final = write_octets(2, HASH + NAME + SIZE)


def refused(block: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        decode_node(block)
    assert caught.value.code in {"unixfs.node", "unixfs.cid"}
    assert caught.value.cure


# ---- dag-pb


@given(NODES)
def test_a_node_is_written_as_protobuf_writes_its_links_and_then_its_data(node: PbNode) -> None:
    links = THEIRS["PBNode"]()
    for link in node.links:
        values = {"Hash": link.cid.raw, "Name": link.name, "Tsize": link.tsize}
        links.Links.add(**{name: value for name, value in values.items() if value is not None})
    tail = THEIRS["PBNode"](Data=node.data) if node.data is not None else THEIRS["PBNode"]()
    assert encode_node(node) == links.SerializeToString() + tail.SerializeToString()


@given(NODES)
def test_what_is_written_is_read_by_us_and_by_protobuf(node: PbNode) -> None:
    block = encode_node(node)
    assert decode_node(block) == node
    theirs = THEIRS["PBNode"].FromString(block)
    assert [IpfsCid(link.Hash) for link in theirs.Links] == [link.cid for link in node.links]
    assert theirs.Data == (node.data or b"")


@given(st.binary(max_size=60) | NODES.map(encode_node), st.data())
def test_whatever_is_read_has_no_second_form(block: bytes, data: st.DataObject) -> None:
    if block:
        at = data.draw(st.integers(0, len(block) - 1))
        byte = data.draw(st.integers(0, 255))
        block = block[:at] + bytes((byte,)) + block[at + 1 :]
    try:
        found = decode_node(block)
    except Invalid as error:
        assert error.code.startswith("unixfs.")  # noqa: PT017 - refusing is one of two right ends
        return
    assert encode_node(found) == block


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(write_octets(1, b"d") + LINK, id="data before links"),
        pytest.param(LINK + write_octets(1, b"d") + LINK, id="links around data"),
        pytest.param(write_octets(1, b"d") * 2, id="data twice"),
        pytest.param(write_octets(3, b"d"), id="unknown field"),
        pytest.param(write_number(1, 5), id="data of another wire type"),
        pytest.param(write_number(2, 5), id="link of another wire type"),
        pytest.param(write_octets(2, NAME + SIZE), id="link without hash"),
        pytest.param(write_octets(2, NAME + HASH + SIZE), id="link out of order"),
        pytest.param(write_octets(2, HASH + HASH), id="hash twice"),
        pytest.param(write_octets(2, HASH + NAME + NAME), id="name twice"),
        pytest.param(write_octets(2, HASH + SIZE + SIZE), id="size twice"),
        pytest.param(write_octets(2, HASH + NAME + SIZE + write_number(4, 1)), id="link too long"),
        pytest.param(write_octets(2, HASH + write_number(2, 1)), id="name is a number"),
        pytest.param(write_octets(2, write_octets(1, b"nothing")), id="no cid"),
        pytest.param(write_octets(2, write_octets(1, b"")), id="empty cid"),
        pytest.param(b"\x8a\x00\x00", id="tag not minimal"),
        pytest.param(b"\x0a\x80\x00", id="length not minimal"),
        pytest.param(b"\x0a\x05abc", id="data cut"),
        pytest.param(b"\x0a", id="length cut"),
        pytest.param(b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", id="length of ten bytes"),
        pytest.param(b"\x0b\x0c", id="group"),
        pytest.param(b"\x09" + bytes(8), id="eight bytes"),
        pytest.param(b"\x0d" + bytes(4), id="four bytes"),
        pytest.param(LINK[:-1], id="link cut"),
    ],
)
def test_a_node_that_departs_from_the_form_is_refused(block: bytes) -> None:
    refused(block)


def test_a_node_with_too_many_bytes_or_links_is_refused_with_both_figures() -> None:
    inline = write_octets(2, write_octets(1, name_inline(b"", RAW).raw))
    for block, most in (
        (bytes(BLOCK_BYTES_MAX + 1), BLOCK_BYTES_MAX),
        (inline * (LINKS_MAX + 1), LINKS_MAX),
    ):
        with pytest.raises(Invalid, match=f"{most + 1}, most is {most}") as caught:
            decode_node(block)
        assert caught.value.code == "unixfs.limit"
    assert len(decode_node(inline * LINKS_MAX).links) == LINKS_MAX


# ---- the Data of UnixFS

UNIXES: Final = st.builds(
    UnixNode,
    st.sampled_from(Kind),
    st.none() | st.binary(max_size=40),
    st.none() | SIZES,
    st.lists(SIZES, max_size=4).map(tuple),
    st.none() | SIZES,
    st.none() | SIZES,
    st.none() | st.integers(0, 2**32 - 1),
    st.none() | st.sampled_from([b"\x08\x00", b"\x08\x01\x15\x01\x00\x00\x00"]),
)


@given(UNIXES)
def test_data_is_written_as_protobuf_writes_it_and_read_again(node: UnixNode) -> None:
    values = {
        "Type": int(node.kind),
        "Data": node.data,
        "filesize": node.size,
        "blocksizes": node.part_sizes,
        "hashType": node.hash_function,
        "fanout": node.fanout,
        "mode": node.mode,
        "mtime": node.modified,
    }
    theirs = THEIRS["Data"](**{name: value for name, value in values.items() if value is not None})
    assert unix_bytes(node) == theirs.SerializeToString()
    assert decode_unix(unix_bytes(node)) == node


@given(st.binary(max_size=40) | UNIXES.map(unix_bytes), st.integers(0, 39), st.integers(0, 255))
def test_whatever_data_is_read_has_no_second_form(data: bytes, at: int, byte: int) -> None:
    data = data[:at] + bytes((byte,)) + data[at + 1 :]
    try:
        found = decode_unix(data)
    except Invalid as error:
        assert error.code == "unixfs.node"  # noqa: PT017 - refusing is one of two right ends
        return
    assert unix_bytes(found) == data


def file_node(data: bytes | None, sizes: tuple[int, ...], size: int | None) -> PbNode:
    links = (PbLink(LEAF, b"", 1),) * len(sizes)
    return PbNode(links, unix_bytes(UnixNode(Kind.FILE, data, size, sizes)))


def shard_node(places: bytes | None, function: int | None, fanout: int | None) -> PbNode:
    unix = UnixNode(Kind.SHARD, places, hash_function=function, fanout=fanout)
    return PbNode((), unix_bytes(unix))


@pytest.mark.parametrize(
    "node",
    [
        pytest.param(PbNode(), id="no data"),
        pytest.param(PbNode((), b""), id="no type"),
        pytest.param(PbNode((), write_number(1, 3)), id="metadata"),
        pytest.param(PbNode((), write_number(1, 6)), id="unknown type"),
        pytest.param(PbNode((), write_number(1, 1) * 2), id="type twice"),
        pytest.param(PbNode((), write_number(3, 0) + write_number(1, 2)), id="out of order"),
        pytest.param(PbNode((), write_number(1, 2) + write_octets(4, b"\1")), id="packed"),
        pytest.param(PbNode((), write_number(1, 2) + write_number(9, 1)), id="unknown field"),
        pytest.param(PbNode((), write_number(1, 1) + write_number(7, 2**32)), id="mode"),
        pytest.param(PbNode((), write_number(1, 1) + write_octets(8, b"")), id="time"),
        pytest.param(
            PbNode((), write_number(1, 1) + write_octets(8, b"\x08\x01\x15" + bytes(4))),
            id="no nanoseconds",
        ),
        pytest.param(
            PbNode((), write_number(1, 1) + write_octets(8, b"\x08\x01\x15\x00\xca\x9a\x3b")),
            id="too many nanoseconds",
        ),
        pytest.param(file_node(b"abc", (), 4), id="size over its bytes"),
        pytest.param(file_node(b"abc", (1,), 3), id="size without its parts"),
        pytest.param(file_node(None, (2, 2), None), id="no size"),
        pytest.param(
            PbNode((PbLink(LEAF),), unix_bytes(UnixNode(Kind.FILE, None, 0))), id="no part size"
        ),
        pytest.param(
            PbNode((PbLink(LEAF, b"n"),), unix_bytes(UnixNode(Kind.FILE, None, 1, (1,)))),
            id="named part",
        ),
        pytest.param(
            PbNode((), unix_bytes(UnixNode(Kind.DIRECTORY, b"x"))), id="directory with bytes"
        ),
        pytest.param(
            PbNode((PbLink(LEAF),), unix_bytes(UnixNode(Kind.DIRECTORY, None, 1, (1,)))),
            id="directory with part sizes",
        ),
        pytest.param(
            PbNode((), unix_bytes(UnixNode(Kind.DIRECTORY, fanout=256))), id="directory's fanout"
        ),
        pytest.param(
            PbNode((PbLink(LEAF),), unix_bytes(UnixNode(Kind.SYMLINK, b"x"))), id="link's links"
        ),
        pytest.param(PbNode((), unix_bytes(UnixNode(Kind.SYMLINK))), id="link without target"),
        pytest.param(
            PbNode((), unix_bytes(UnixNode(Kind.SYMLINK, b"a\0b"))), id="zero in a target"
        ),
        pytest.param(shard_node(b"", 0x12, 256), id="other hash"),
        pytest.param(shard_node(b"", None, 256), id="no hash"),
        pytest.param(shard_node(b"", MURMUR3, None), id="no fanout"),
        pytest.param(shard_node(b"", MURMUR3, 0), id="fanout 0"),
        pytest.param(shard_node(b"", MURMUR3, 4), id="fanout 4"),
        pytest.param(shard_node(b"", MURMUR3, 255), id="fanout 255"),
        pytest.param(shard_node(b"", MURMUR3, 2_048), id="fanout 2048"),
        pytest.param(shard_node(b"", MURMUR3, 2**62), id="huge fanout"),
        pytest.param(shard_node(bytes(33), MURMUR3, 256), id="too many places"),
        pytest.param(shard_node(None, MURMUR3, 256), id="no places"),
    ],
)
def test_data_that_does_not_fit_its_kind_is_refused(node: PbNode) -> None:
    with pytest.raises(Invalid) as caught:
        read_unix(node)
    assert caught.value.code == "unixfs.node"


def test_permissions_and_times_of_other_tools_are_read_and_kept() -> None:
    before_1970 = write_varint(1 << 3) + b"\xff" * 9 + b"\x01"
    unix = UnixNode(Kind.FILE, b"abc", 3, mode=0o100644, modified=before_1970)
    assert read_unix(PbNode((), unix_bytes(unix))) == unix
