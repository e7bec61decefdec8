"""Reading: only what is needed, every block checked, and every way to cheat refused."""

from __future__ import annotations

import dataclasses
import io
import itertools
from collections.abc import Callable

import pytest

from tallystick.base.errors import Corrupt, Error, Invalid, NotFound
from tallystick.kernel.store.unixfs.cid import (
    DAG_CBOR,
    DAG_PB,
    RAW,
    IpfsCid,
    name_block,
    name_inline,
)
from tallystick.kernel.store.unixfs.dag import Dag, Limits
from tallystick.kernel.store.unixfs.dagpb import BLOCK_BYTES_MAX, PbLink, PbNode, encode_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import (
    collect,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.murmur import hash_name
from tallystick.kernel.store.unixfs.node import MURMUR3, Kind, UnixNode, encode_unix
from tallystick.kernel.store.unixfs.profile import V1_2025
from tallystick.kernel.store.unixfs.reader import (
    list_directory,
    read_file,
    read_status,
    resolve_path,
    walk,
)

SMALL = dataclasses.replace(V1_2025, chunk_bytes=4, width=3)
SHARDED = dataclasses.replace(V1_2025, shard_bytes=0)


class Kept:
    """Blocks by name, and which were asked for."""

    def __init__(self) -> None:
        self.blocks: dict[IpfsCid, bytes] = {}
        self.asked: list[IpfsCid] = []

    def get(self, cid: IpfsCid) -> bytes:
        self.asked.append(cid)
        if cid not in self.blocks:
            raise NotFound("store.absent", f"no object {cid} here")
        return self.blocks[cid]

    def dag(self, limits: Limits | None = None) -> Dag:
        return Dag(self.get, limits or Limits())

    def keep(self, block: bytes, codec: int = RAW) -> IpfsCid:
        cid = name_block(block, codec)
        self.blocks[cid] = block
        return cid

    def node(self, unix: UnixNode, *links: PbLink) -> IpfsCid:
        return self.keep(encode_node(PbNode(links, b"".join(encode_unix(unix)))), DAG_PB)

    def file(self, data: bytes) -> IpfsCid:
        made, blocks = collect(import_file(io.BytesIO(data), SMALL))
        self.blocks |= blocks
        return made.cid

    def directory(self, entries: dict[str, IpfsCid], *, is_sharded: bool = False) -> IpfsCid:
        profile = SHARDED if is_sharded else V1_2025
        found = [Entry(name, cid, 0) for name, cid in entries.items()]
        made, blocks = collect(import_directory(found, profile))
        self.blocks |= blocks
        return made.cid


@pytest.fixture
def kept() -> Kept:
    return Kept()


def refused(work: Callable[[], object], code: str, family: type[Error] = Invalid) -> Error:
    with pytest.raises(family) as caught:
        work()
    assert caught.value.code == code
    assert caught.value.cure
    return caught.value


# ---- files


def test_a_range_takes_only_the_blocks_it_needs(kept: Kept) -> None:
    data = bytes(range(27 * 4))
    root = kept.file(data)
    kept.asked.clear()
    assert b"".join(read_file(kept.dag(), root, 50, 54)) == data[50:54]
    # The root, the node of leaves 9 to 17, that of 12 to 14, and leaves 12 and 13.
    assert len(kept.asked) == 5


def test_a_range_is_read_though_the_rest_of_the_file_is_lost(kept: Kept) -> None:
    data = bytes(range(12))
    root = kept.file(data)
    del kept.blocks[name_block(data[4:8], RAW)]
    assert b"".join(read_file(kept.dag(), root, 0, 4)) == data[:4]
    assert b"".join(read_file(kept.dag(), root, 8)) == data[8:]
    with pytest.raises(NotFound) as caught:
        list(read_file(kept.dag(), root))
    assert caught.value.code == "store.absent"


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (13, 14), (13, None), (5, 4), (0, -1)])
def test_a_range_beyond_the_file_is_refused_at_once(
    kept: Kept, start: int, stop: int | None
) -> None:
    root = kept.file(bytes(12))
    error = refused(lambda: read_file(kept.dag(), root, start, stop), "unixfs.range")
    assert error.values["size"] == 12


def test_a_range_may_be_empty_or_end_beyond_the_file(kept: Kept) -> None:
    root = kept.file(b"hello world!")
    assert list(read_file(kept.dag(), root, 12)) == []
    assert list(read_file(kept.dag(), root, 3, 3)) == []
    assert b"".join(read_file(kept.dag(), root, 6, 10**9)) == b"world!"


def test_bytes_that_a_node_holds_itself_come_before_its_parts(kept: Kept) -> None:
    part = PbLink(kept.keep(b"CD"), None, None)
    root = kept.node(UnixNode(Kind.FILE, b"ab", 6, (2, 2)), part, part)
    assert b"".join(read_file(kept.dag(), root)) == b"abCDCD"
    for start, stop in itertools.combinations_with_replacement(range(7), 2):
        assert b"".join(read_file(kept.dag(), root, start, stop)) == b"abCDCD"[start:stop]


def test_the_deprecated_type_is_read_as_a_part_of_a_file(kept: Kept) -> None:
    old = kept.node(UnixNode(Kind.RAW, b"old", 3))
    root = kept.node(UnixNode(Kind.FILE, None, 3, (3,)), PbLink(old))
    assert b"".join(read_file(kept.dag(), root)) == b"old"


def test_a_part_that_stands_in_its_cid_is_not_asked_for(kept: Kept) -> None:
    root = kept.node(UnixNode(Kind.FILE, None, 3, (3,)), PbLink(name_inline(b"abc", RAW)))
    assert b"".join(read_file(kept.dag(), root)) == b"abc"
    assert kept.asked == [root]


def test_what_a_cid_names_is_told_by_its_one_block(kept: Kept) -> None:
    large = kept.file(bytes(100))
    link, blocks = collect(import_symlink(b"../a"))
    kept.blocks |= blocks
    found = {
        "file": read_status(kept.dag(), large),
        "directory": read_status(kept.dag(), kept.directory({"a": large}, is_sharded=True)),
        "symlink": read_status(kept.dag(), link.cid),
        "other": read_status(kept.dag(), kept.keep(b"\xa0", DAG_CBOR)),
    }
    assert {name: status.kind for name, status in found.items()} == {name: name for name in found}
    assert [status.size for status in found.values()] == [100, 0, 0, 0]
    assert found["symlink"].target == b"../a"
    assert found["file"].block_size == len(kept.blocks[large])
    assert len(kept.asked) == 4


# ---- cheats in files


def test_a_part_of_another_size_than_its_node_says_is_refused(kept: Kept) -> None:
    for part in (kept.keep(b"abcd"), kept.keep(b"ab"), kept.file(b"abcdefgh")):
        root = kept.node(UnixNode(Kind.FILE, None, 3, (3,)), PbLink(part))
        refused(lambda root=root: list(read_file(kept.dag(), root)), "unixfs.node")  # type: ignore[misc]


def test_a_part_that_is_no_file_is_refused(kept: Kept) -> None:
    folder = kept.directory({})
    root = kept.node(UnixNode(Kind.FILE, None, 3, (3,)), PbLink(folder))
    refused(lambda: list(read_file(kept.dag(), root)), "unixfs.node")
    cbor = kept.keep(b"\xa0", DAG_CBOR)
    root = kept.node(UnixNode(Kind.FILE, None, 1, (1,)), PbLink(cbor))
    refused(lambda: list(read_file(kept.dag(), root)), "unixfs.kind")


def test_a_file_that_stands_for_more_than_any_disk_holds_is_refused_at_its_root(
    kept: Kept,
) -> None:
    size, cid = 1024, kept.keep(bytes(1024))
    for _ in range(4):
        links = (PbLink(cid, b"", 0),) * 1_000
        size, cid = (
            size * 1_000,
            kept.node(UnixNode(Kind.FILE, None, size * 1_000, (size,) * 1_000), *links),
        )
    kept.asked.clear()
    refused(lambda: read_file(kept.dag(), cid), "unixfs.limit")
    assert kept.asked == [cid]


def test_a_file_of_more_blocks_than_allowed_is_refused_when_they_are_met(kept: Kept) -> None:
    root = kept.file(bytes(100))
    pieces = read_file(kept.dag(Limits(blocks_max=10)), root)
    refused(lambda: list(pieces), "unixfs.limit")
    assert len(kept.asked) == 10


def test_parts_said_to_be_empty_cost_nothing_however_many_they_are(kept: Kept) -> None:
    cid = kept.keep(b"")
    for _ in range(30):
        cid = kept.node(UnixNode(Kind.FILE, None, 0, (0,) * 1_000), *(PbLink(cid),) * 1_000)
    empty = (PbLink(cid),) * 1_000
    end = PbLink(kept.keep(b"b"))
    root = kept.node(UnixNode(Kind.FILE, b"a", 2, (*(0,) * 1_000, 1)), *empty, end)
    kept.asked.clear()
    assert b"".join(read_file(kept.dag(), root)) == b"ab"
    assert len(kept.asked) == 2


def test_a_chain_of_nodes_deeper_than_allowed_is_refused(kept: Kept) -> None:
    cid = kept.keep(b"x")
    for depth in range(1, 66):
        cid = kept.node(UnixNode(Kind.FILE, None, 1, (1,)), PbLink(cid))
        if depth == 63:
            assert b"".join(read_file(kept.dag(), cid)) == b"x"
    refused(lambda: list(read_file(kept.dag(), cid)), "unixfs.limit")


def test_a_block_that_is_too_large_is_refused_before_it_is_hashed(kept: Kept) -> None:
    cid = kept.keep(bytes(BLOCK_BYTES_MAX + 1))
    refused(lambda: read_file(kept.dag(), cid), "unixfs.limit")
    whole = read_file(kept.dag(), kept.keep(bytes(BLOCK_BYTES_MAX)))
    assert b"".join(whole) == bytes(BLOCK_BYTES_MAX)


def test_no_byte_of_a_block_with_another_hash_is_given(kept: Kept) -> None:
    data = bytes(range(12))
    root = kept.file(data)
    kept.blocks[name_block(data[4:8], RAW)] = b"evil"
    pieces = read_file(kept.dag(), root)
    assert next(pieces) == data[:4]
    refused(lambda: next(pieces), "unixfs.block", Corrupt)
    kept.blocks[root] += b"x"
    refused(lambda: read_file(kept.dag(), root), "unixfs.block", Corrupt)


# ---- directories


@pytest.mark.parametrize("is_sharded", [False, True])
def test_a_path_leads_through_directories_to_what_they_hold(kept: Kept, is_sharded: bool) -> None:
    leaf = kept.file(b"deep")
    inner = kept.directory({f"{number}": leaf for number in range(600)}, is_sharded=is_sharded)
    root = kept.directory({"账": inner, "a b": leaf}, is_sharded=is_sharded)
    dag = kept.dag()
    assert resolve_path(dag, root, "") == root
    assert resolve_path(dag, root, "/") == root
    assert resolve_path(dag, root, "账") == inner
    assert resolve_path(dag, root, "/账//599/") == leaf
    assert resolve_path(dag, root, "a b") == leaf
    for absent in ("账/600", "b", "账/1/..", "a"):
        with pytest.raises(Error):
            resolve_path(dag, root, absent)
    refused(lambda: resolve_path(dag, root, "账/600"), "unixfs.no_entry", NotFound)
    refused(lambda: resolve_path(dag, root, "账/\ud800"), "unixfs.no_entry", NotFound)
    refused(lambda: resolve_path(dag, root, "a b/c"), "unixfs.kind")
    refused(lambda: list_directory(dag, leaf), "unixfs.kind")
    refused(lambda: read_file(dag, root), "unixfs.kind")


@pytest.mark.parametrize("path", ["..", "a/../b", "./a", "a/.", "../../etc"])
def test_a_path_with_dots_is_refused_before_a_block_is_asked_for(kept: Kept, path: str) -> None:
    root = kept.directory({"a": kept.file(b"x")})
    refused(lambda: resolve_path(kept.dag(), root, path), "unixfs.path")
    assert kept.asked == []
    refused(lambda: resolve_path(kept.dag(), root, "a/" * 65), "unixfs.limit")


def test_a_symbolic_link_is_not_followed(kept: Kept) -> None:
    made, blocks = collect(import_symlink(b"/etc"))
    kept.blocks |= blocks
    root = kept.directory({"l": made.cid})
    assert resolve_path(kept.dag(), root, "l") == made.cid
    assert (
        "symlink"
        in refused(lambda: resolve_path(kept.dag(), root, "l/passwd"), "unixfs.kind").message
    )
    refused(lambda: read_file(kept.dag(), made.cid), "unixfs.kind")


def test_a_name_is_looked_up_in_shards_without_reading_the_others(kept: Kept) -> None:
    leaf = kept.file(b"x")
    root = kept.directory({f"{n}": leaf for n in range(5_000)}, is_sharded=True)
    kept.asked.clear()
    assert resolve_path(kept.dag(), root, "4321") == leaf
    assert len(kept.asked) <= 3


BAD_NAMES = [b"", b".", b"..", b"../../etc/passwd", b"a/b", b"a\0", b"\xff", b"n" * 256]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_leave_its_folder_is_refused(kept: Kept, name: bytes) -> None:
    leaf = kept.keep(b"x")
    links = (PbLink(leaf, b"good"), PbLink(leaf, name))
    root = kept.node(UnixNode(Kind.DIRECTORY), *links)
    for work in (
        lambda: list(list_directory(kept.dag(), root)),
        lambda: list(walk(kept.dag(), root)),
        lambda: resolve_path(kept.dag(), root, "good"),
    ):
        refused(work, "unixfs.name")


def test_a_name_that_stands_twice_in_a_directory_is_refused(kept: Kept) -> None:
    links = (PbLink(kept.keep(b"x"), b"a"), PbLink(kept.keep(b"y"), b"a"))
    root = kept.node(UnixNode(Kind.DIRECTORY), *links)
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.name")


def test_a_directory_of_another_tool_is_read_in_the_order_it_stands(kept: Kept) -> None:
    leaf = kept.keep(b"x")
    root = kept.node(UnixNode(Kind.DIRECTORY), PbLink(leaf, b"b", None), PbLink(leaf, b"a", 7))
    found = [(entry.name, entry.tsize) for entry in list_directory(kept.dag(), root)]
    assert found == [("b", 0), ("a", 7)]


def test_a_directory_that_holds_dag_cbor_tells_it_and_looks_no_further(kept: Kept) -> None:
    root = kept.directory({"record": name_block(b"\xa0", DAG_CBOR)})
    assert [(each.path, each.kind) for each in walk(kept.dag(), root)] == [("record", "other")]
    refused(lambda: resolve_path(kept.dag(), root, "record/x"), "unixfs.kind")


def test_folders_that_hold_themselves_many_times_over_end_at_the_limit(kept: Kept) -> None:
    cid = kept.keep(b"x")
    for _ in range(40):
        cid = kept.directory({f"{number}": cid for number in range(100)})
    for limits, what in (
        (Limits(entries_max=1_500), "entries: 1501"),
        (Limits(depth_max=8), "depth of folders: 9"),
        (Limits(blocks_max=20), "blocks: 21"),
    ):
        error = refused(lambda limits=limits: list(walk(kept.dag(limits), cid)), "unixfs.limit")  # type: ignore[misc]
        assert error.message.startswith(what)


# ---- shards


def shard(kept: Kept, *links: PbLink, places: int | None = None, fanout: int = 256) -> IpfsCid:
    """Keep a shard of these links, whose bits are those of the links unless told."""
    if places is None:
        places = sum({1 << int((link.name or b"0")[:2], 16) for link in links})
    data = places.to_bytes((places.bit_length() + 7) // 8, "big")
    unix = UnixNode(Kind.SHARD, data, hash_function=MURMUR3, fanout=fanout)
    return kept.node(unix, *links)


def at(name: str, depth: int = 0) -> bytes:
    """Return a name as it stands in a shard of 256 places."""
    return f"{hash_name(name.encode()) >> 56 - 8 * depth & 255:02X}{name}".encode()


def test_an_entry_that_stands_elsewhere_than_its_hash_says_is_refused(kept: Kept) -> None:
    leaf = kept.keep(b"x")
    assert [e.name for e in list_directory(kept.dag(), shard(kept, PbLink(leaf, at("a"))))] == ["a"]
    wrong = f"{int(at('a')[:2], 16) ^ 1:02X}a".encode()
    root = shard(kept, PbLink(leaf, wrong))
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")
    below = shard(kept, PbLink(leaf, at("a", 1)))
    root = shard(kept, PbLink(below, wrong[:2]))
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")


@pytest.mark.parametrize("name", [b"", b"A", b"ag", b"aga", b"0x", b" 1a", b"zza", b"-1a"])
def test_a_link_of_a_shard_without_its_place_is_refused(kept: Kept, name: bytes) -> None:
    root = shard(kept, PbLink(kept.keep(b"x"), name), places=1)
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")
    refused(lambda: resolve_path(kept.dag(), root, "a"), "unixfs.node")


@pytest.mark.parametrize("name", BAD_NAMES[1:])
def test_a_name_in_a_shard_that_could_leave_its_folder_is_refused(kept: Kept, name: bytes) -> None:
    prefix = f"{hash_name(name) >> 56:02X}".encode()
    root = shard(kept, PbLink(kept.keep(b"x"), prefix + name))
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.name")


def test_the_bits_of_a_shard_must_be_those_of_its_links(kept: Kept) -> None:
    link = PbLink(kept.keep(b"x"), at("a"))
    for places in (0, 1 << int(at("a")[:2], 16) ^ 1, 2**256 - 1):
        root = shard(kept, link, places=places)
        refused(lambda root=root: list(list_directory(kept.dag(), root)), "unixfs.node")  # type: ignore[misc]
    twice = shard(kept, link, link)
    refused(lambda: list(list_directory(kept.dag(), twice)), "unixfs.node")


def test_a_shard_of_shards_without_any_entry_is_refused_at_once(kept: Kept) -> None:
    cid = shard(kept)
    assert list(list_directory(kept.dag(), cid)) == []
    for _ in range(7):
        cid = shard(kept, *(PbLink(cid, f"{place:02X}".encode()) for place in range(256)))
    kept.asked.clear()
    refused(lambda: list(list_directory(kept.dag(), cid)), "unixfs.node")
    assert len(kept.asked) == 8


def test_one_shard_cannot_stand_at_two_places(kept: Kept) -> None:
    below = shard(kept, PbLink(kept.keep(b"x"), at("a", 1)))
    place = int(at("a")[:2], 16)
    root = shard(kept, *(PbLink(below, f"{p:02X}".encode()) for p in sorted({place, place ^ 1})))
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")


def test_shards_deeper_than_a_hash_has_bits_are_refused(kept: Kept) -> None:
    cid = shard(kept, PbLink(kept.keep(b"x"), b"00a"))
    for depth in range(8):
        cid = shard(kept, PbLink(cid, at("a", 7 - depth)[:2]))
    refused(lambda: list(list_directory(kept.dag(), cid)), "unixfs.limit")
    refused(lambda: resolve_path(kept.dag(), cid, "a"), "unixfs.limit")


def test_a_place_that_leads_to_another_fanout_or_to_no_shard_is_refused(kept: Kept) -> None:
    leaf = kept.keep(b"x")
    narrow = shard(kept, PbLink(leaf, b"0a"), places=1, fanout=16)
    for below in (leaf, narrow, kept.directory({"a": leaf}), kept.file(bytes(9))):
        root = shard(kept, PbLink(below, at("a")[:2]))
        refused(lambda root=root: list(list_directory(kept.dag(), root)), "unixfs.node")  # type: ignore[misc]
        refused(lambda root=root: resolve_path(kept.dag(), root, "a"), "unixfs.node")  # type: ignore[misc]


def test_a_place_beyond_the_fanout_is_refused(kept: Kept) -> None:
    root = shard(kept, PbLink(kept.keep(b"x"), b"9a"), places=1, fanout=8)
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")


def test_a_place_in_small_digits_is_refused(kept: Kept) -> None:
    name = next(name for name in map(str, range(99)) if at(name)[:2].isalpha())
    root = shard(kept, PbLink(kept.keep(b"x"), at(name).lower()))
    refused(lambda: list(list_directory(kept.dag(), root)), "unixfs.node")
