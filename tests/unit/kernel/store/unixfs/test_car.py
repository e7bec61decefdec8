"""Archives: out and in again, another library's among them, and every fault by its name."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Sequence

import dag_cbor
import pytest
from multiformats import CID, varint

from tallystick.base.codec import item_head
from tallystick.base.errors import Corrupt, Invalid, NotFound
from tallystick.kernel.store.unixfs import car
from tallystick.kernel.store.unixfs.car import Archive, open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import (
    DAG_CBOR,
    DAG_PB,
    RAW,
    IpfsCid,
    name_block,
    name_inline,
)
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import BLOCK_BYTES_MAX, decode_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import collect, import_directory, import_file
from tallystick.kernel.store.unixfs.profile import PROFILES, V0_2015, V1_2025, Profile
from tallystick.kernel.store.unixfs.reader import read_file, resolve_path

SIZE = 1_100_000


def content(profile: Profile = V1_2025) -> tuple[IpfsCid, dict[IpfsCid, bytes]]:
    """Return a directory of two files, the larger of several blocks."""
    large, blocks = collect(import_file(io.BytesIO(bytes(range(250)) * (SIZE // 250)), profile))
    small, more = collect(import_file(io.BytesIO(b"hello"), profile))
    blocks |= more
    entries = [large.entry("large"), small.entry("small")]
    made, more = collect(import_directory(entries, profile))
    return made.cid, blocks | more


def written(roots: Sequence[IpfsCid], blocks: dict[IpfsCid, bytes]) -> bytes:
    return b"".join(write_archive(Dag(blocks.__getitem__), roots))


def opened(data: bytes, *, is_part: bool = False) -> Archive:
    return open_archive(lambda at, size: data[at : at + size], len(data), is_part=is_part)


def refused(data: bytes, code: str, *, is_part: bool = False) -> Invalid:
    with pytest.raises(Invalid) as caught:
        opened(data, is_part=is_part)
    assert caught.value.code == code
    assert caught.value.cure
    return caught.value


def header(*roots: IpfsCid, version: int = 1) -> bytes:
    """Return a header as another library writes it."""
    found = dag_cbor.encode({"roots": [CID.decode(str(cid)) for cid in roots], "version": version})
    return varint.encode(len(found)) + found


def section(cid: IpfsCid, block: bytes) -> bytes:
    return varint.encode(len(cid.raw) + len(block)) + cid.raw + block


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_what_is_written_is_read_again(profile: Profile) -> None:
    root, blocks = content(profile)
    archive = opened(written([root], blocks))
    assert archive.roots == (root,)
    assert {cid: archive.get(cid) for cid in archive} == blocks
    assert len(archive) == len(blocks)
    dag = Dag(archive.get)
    assert b"".join(read_file(dag, resolve_path(dag, root, "small"))) == b"hello"
    assert len(b"".join(read_file(dag, resolve_path(dag, root, "large")))) == SIZE


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_an_archive_has_the_header_and_sections_that_other_libraries_write(
    profile: Profile,
) -> None:
    root, blocks = content(profile)
    data = written([root], blocks)
    assert data.startswith(header(root))
    order = list(opened(data))
    assert data == header(root) + b"".join(section(cid, blocks[cid]) for cid in order)


def test_a_node_stands_before_its_links_and_they_in_their_order() -> None:
    root, blocks = content()
    order = list(opened(written([root], blocks)))
    large, small = (link.cid for link in decode_node(blocks[root]).links)
    leaves = [link.cid for link in decode_node(blocks[large]).links]
    assert order == [root, large, *leaves, small]


def test_a_block_that_is_linked_twice_is_written_once() -> None:
    made, blocks = collect(import_file(io.BytesIO(bytes(3 * 1024 * 1024))))
    data = written([made.cid, made.cid], blocks)
    assert len(opened(data)) == 2
    assert opened(data).roots == (made.cid, made.cid)


@pytest.mark.parametrize("count", [1, 2, 23, 24, 25, 64])
def test_an_archive_may_have_several_roots(count: int) -> None:
    blocks = {name_block(bytes((number,)), RAW): bytes((number,)) for number in range(count)}
    data = written(list(blocks), blocks)
    assert data.startswith(header(*blocks))
    assert opened(data).roots == tuple(blocks)


def test_sections_may_stand_in_any_order() -> None:
    root, blocks = content(V0_2015)
    data = header(root) + b"".join(section(cid, block) for cid, block in blocks.items())
    assert set(opened(data)) == set(blocks)


def test_what_stands_in_its_own_cid_needs_no_section() -> None:
    inline = name_inline(b"tiny", RAW)
    made, blocks = collect(import_directory([Entry("tiny", inline, 4)]))
    archive = opened(written([made.cid], blocks))
    assert list(archive) == [made.cid]
    with_it = written([made.cid], blocks) + section(inline, b"tiny")
    assert len(opened(with_it)) == 2
    refused(written([made.cid], blocks) + section(inline, b"tinY"), "car.hash")
    assert opened(header(inline)).roots == (inline,)


def test_what_is_linked_by_a_node_in_its_own_cid_belongs_to_the_archive() -> None:
    leaf = name_block(b"x", RAW)
    made, blocks = collect(import_directory([Entry("a", leaf, 1)]))
    inline = name_inline(blocks[made.cid], DAG_PB)
    data = written([inline], {leaf: b"x"})
    assert data == header(inline) + section(leaf, b"x")
    archive = opened(data)
    assert resolve_path(Dag(archive.get), inline, "a") == leaf
    assert refused(header(inline), "car.missing").values["cid"] == str(leaf)


def test_the_links_of_dag_cbor_are_followed() -> None:
    leaf = name_block(b"x", RAW)
    record = dag_cbor.encode({"a": [{"link": CID.decode(str(leaf))}]})
    cid = name_block(record, DAG_CBOR)
    made, blocks = collect(import_directory([Entry("record", cid, len(record))]))
    blocks |= {cid: record, leaf: b"x"}
    data = written([made.cid], blocks)
    assert list(opened(data)) == [made.cid, cid, leaf]
    without = data.removesuffix(section(leaf, b"x"))
    assert refused(without, "car.missing").values["cid"] == str(leaf)
    part = opened(without, is_part=True)
    assert (part.has(cid), part.has(leaf), part.has(name_inline(b"", RAW))) == (True, False, True)
    refused(data + section(name_block(b"y", RAW), b"y"), "car.extra")


# ---- faults


def test_an_archive_cut_anywhere_is_refused() -> None:
    made, blocks = collect(import_file(io.BytesIO(b"abcdef" * 20), V0_2015))
    entry = made.entry("a")
    directory, more = collect(import_directory([entry], V0_2015))
    data = written([directory.cid], blocks | more)
    starts = {
        len(header(directory.cid)),
        len(header(directory.cid)) + len(section(*more.popitem())),
    }
    for end in range(len(data)):
        with pytest.raises(Invalid) as caught:
            opened(data[:end])
        wanted = "car.form" if end == 0 else "car.missing" if end in starts else "car.cut"
        assert caught.value.code == wanted, end


def test_any_byte_that_is_flipped_is_found() -> None:
    made, blocks = collect(import_file(io.BytesIO(b"abcdef" * 4), V0_2015))
    directory, more = collect(import_directory([made.entry("a")], V0_2015))
    data = written([directory.cid], blocks | more)
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(Invalid):
            opened(bytes(flipped))


def test_a_section_with_another_hash_is_named() -> None:
    root, blocks = content()
    small = name_block(b"hello", RAW)
    data = written([root], blocks).replace(b"hello", b"hullo")
    assert refused(data, "car.hash").values["cid"] == str(small)


def test_a_block_that_lacks_is_named_and_allowed_in_a_part() -> None:
    root, blocks = content()
    lacking = next(cid for cid in blocks if cid.codec == RAW)
    rest = {cid: block for cid, block in blocks.items() if cid != lacking}
    data = header(root) + b"".join(section(cid, block) for cid, block in rest.items())
    assert refused(data, "car.missing").values["cid"] == str(lacking)
    archive = opened(data, is_part=True)
    assert lacking not in archive
    with pytest.raises(Invalid) as caught:
        archive.get(lacking)
    assert caught.value.code == "car.missing"
    dag = Dag(archive.get)
    assert b"".join(read_file(dag, resolve_path(dag, root, "small"))) == b"hello"


def test_a_root_may_not_lack_even_in_a_part() -> None:
    root, blocks = content()
    rest = {cid: block for cid, block in blocks.items() if cid != root}
    data = header(root) + b"".join(section(cid, block) for cid, block in rest.items())
    for is_part in (False, True):
        assert refused(data, "car.missing", is_part=is_part).values["cid"] == str(root)
    refused(header(root), "car.missing", is_part=True)


def test_a_block_that_nothing_links_or_that_stands_twice_is_refused() -> None:
    root, blocks = content()
    data = written([root], blocks)
    extra = name_block(b"smuggled", RAW)
    for is_part in (False, True):
        error = refused(data + section(extra, b"smuggled"), "car.extra", is_part=is_part)
        assert error.values["cid"] == str(extra)
    assert "twice" in refused(data + section(root, blocks[root]), "car.extra").message


def test_an_archive_of_cids_that_are_not_read_is_refused() -> None:
    theirs = CID("base32", 1, "dag-json", ("sha2-256", bytes(32)))
    root, blocks = content()
    refused(written([root], blocks) + varint.encode(39) + bytes(theirs) + b"{}", "unixfs.codec")


def test_a_node_that_is_not_dag_pb_is_refused() -> None:
    cid = name_block(b"not a node", DAG_PB)
    refused(header(cid) + section(cid, b"not a node"), "unixfs.node")


ROOT = name_block(b"x", RAW)
GOOD = section(ROOT, b"x")


def map_of(text: bytes) -> bytes:
    return varint.encode(len(text)) + text + GOOD


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\0" + GOOD, id="no header"),
        pytest.param(header() + GOOD, id="no roots"),
        pytest.param(header(ROOT, version=2) + GOOD, id="version 2"),
        pytest.param(header(*(ROOT,) * 65) + GOOD, id="65 roots"),
        pytest.param(header(ROOT) + b"\0" + GOOD, id="empty section"),
        pytest.param(header(ROOT) + b"\x80\0" + GOOD, id="length not minimal"),
        pytest.param(header(ROOT) + b"\xff" * 12, id="length without end"),
        pytest.param(header(ROOT) + varint.encode(2**40), id="huge section"),
        pytest.param(map_of(b"\xa1\x67version\x01"), id="no roots at all"),
        pytest.param(map_of(header(ROOT)[1:] + b"\0"), id="more after the header"),
        pytest.param(map_of(b"\xbf" + header(ROOT)[2:] + b"\xff"), id="indefinite map"),
        pytest.param(map_of(header(ROOT)[1:].replace(b"\x58", b"\x59\0")), id="long length"),
        pytest.param(
            map_of(header(ROOT)[1:].replace(b"\x81\xd8", b"\x98\x01\xd8")), id="long list"
        ),
        pytest.param(map_of(b"\xa2\x65roots\x81" + b"\xff" * 40), id="roots that are no links"),
        pytest.param(b"<html>not an archive</html>" * 40, id="a page"),
        pytest.param(b"PK\x03\x04" + bytes(400), id="a zip"),
    ],
)
def test_a_file_that_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        opened(data)
    assert caught.value.code in {"car.form", "car.cut"}


def test_a_section_that_begins_with_no_cid_is_named_by_its_byte() -> None:
    begin = len(header(ROOT) + GOOD)
    found = refused(header(ROOT) + GOOD + varint.encode(40) + b"\x07" * 40, "car.form")
    assert f"the section at byte {begin} does not begin with a CID" in found.message


def test_two_archives_one_behind_another_are_told_where_to_split() -> None:
    root, blocks = content()
    data = written([root], blocks)
    found = refused(data + data, "car.form")
    assert f"at byte {len(data)} another archive begins" in found.message
    assert "Split the file at that byte" in found.cure
    assert found.values == {"at": len(data)}
    halves = (data + data)[: len(data)], (data + data)[len(data) :]
    assert [opened(each).roots for each in halves] == [(root,)] * 2


def test_a_header_or_a_section_longer_than_it_may_be_is_not_read() -> None:
    sizes: list[int] = []

    def read(at: int, size: int) -> bytes:
        sizes.append(size)
        return varint.encode(2**50)[at : at + size]

    with pytest.raises(Invalid) as caught:
        open_archive(read, 2**51)
    assert caught.value.code == "car.form"
    assert max(sizes) < 100


def test_a_block_that_is_too_large_is_refused() -> None:
    block = bytes(BLOCK_BYTES_MAX + 1)
    cid = name_block(block, RAW)
    refused(header(cid) + section(cid, block), "unixfs.limit")


def test_an_archive_of_too_many_blocks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(car, "BLOCKS_MAX", 3)
    blocks = {name_block(bytes((number,)), RAW): bytes((number,)) for number in range(4)}
    refused(written(list(blocks), blocks), "unixfs.limit")
    del blocks[next(iter(blocks))]
    assert len(opened(written(list(blocks), blocks))) == 3


def test_a_file_that_changes_under_its_archive_gives_no_wrong_byte() -> None:
    root, blocks = content()
    data = bytearray(written([root], blocks))
    archive = open_archive(lambda at, size: bytes(data[at : at + size]), len(data))
    data[-1] ^= 1
    with pytest.raises(Corrupt) as caught:
        archive.get(list(archive)[-1])
    assert caught.value.code == "unixfs.block"


def test_an_archive_ends_where_a_block_is_missing_or_damaged() -> None:
    root, blocks = content()
    leaf = next(cid for cid in blocks if cid.codec == RAW)

    def get(cid: IpfsCid) -> bytes:
        if cid == leaf:
            raise NotFound("store.absent", "not here")
        return blocks[cid]

    with pytest.raises(NotFound):
        list(write_archive(Dag(get), [root]))
    with pytest.raises(Corrupt):
        written([root], blocks | {leaf: b"other"})


def document(count: int, *more: IpfsCid) -> bytes:
    """Return a document that links so many identity CIDs of 8 bytes each, and others."""
    items = [name_inline(b"", RAW)] * count + [*more]
    parts = [b"\xd8\x2a" + dag_cbor.encode(b"\0" + cid.raw) for cid in items]
    return item_head(4, len(items)) + b"".join(parts)


def chain(count: int, length: int) -> bytes:
    """Return an archive of documents, each of which links the one before."""
    sections: list[bytes] = []
    last: tuple[IpfsCid, ...] = ()
    for _ in range(length):
        block = document(count, *last)
        last = (name_block(block, DAG_CBOR),)
        sections.append(section(last[0], block))
    return header(*last) + b"".join(sections)


@pytest.mark.long
def test_links_are_bounded_by_the_bytes_of_the_archive() -> None:
    """Those that hold their content take a few bytes each, and as long to follow as any."""
    error = refused(chain(65_535, 4), "unixfs.limit")
    assert "links of an archive" in error.message
    assert len(opened(chain(65_535, 1))) == 1
    refused(chain(65_537, 1), "unixfs.limit")


@pytest.mark.long
def test_links_are_not_kept_while_an_archive_is_opened() -> None:
    links = [name_inline(number.to_bytes(30, "big"), RAW) for number in range(10_000)]
    last: tuple[IpfsCid, ...] = ()
    sections: list[bytes] = []
    for _ in range(16):
        block = document(0, *links, *last)
        last = (name_block(block, DAG_CBOR),)
        sections.append(section(last[0], block))
    data = header(*last) + b"".join(sections)
    view = memoryview(data)
    del links, sections
    tracemalloc.start()
    archive = open_archive(lambda at, size: bytes(view[at : at + size]), len(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(archive) == 16
    assert peak < 6 * 2**20, "one node's links at a time: kept, they would take 20 MiB"


def test_a_document_in_its_own_cid_is_followed_and_may_stand_as_a_section() -> None:
    leaf = name_block(b"x", RAW)
    inner = name_inline(document(0, leaf), DAG_CBOR)
    outer = document(1, inner)
    root = name_block(outer, DAG_CBOR)
    data = written([root], {root: outer, leaf: b"x"})
    assert list(opened(data)) == [root, leaf]
    assert len(opened(data + section(inner, inner.inline or b""))) == 3
    refused(data.removesuffix(section(leaf, b"x")), "car.missing")
