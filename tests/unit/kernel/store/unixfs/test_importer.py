"""What an import yields: order, tree, memory, names, and what a folder of the machine may hold."""

from __future__ import annotations

import dataclasses
import io
import os
import tracemalloc
from pathlib import Path

import pytest

from tallystick.base.errors import Error, Invalid, Unavailable
from tallystick.kernel.store.unixfs.cid import DAG_PB, RAW, IpfsCid, name_block
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import decode_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.folder import DEPTH_MAX, import_path
from tallystick.kernel.store.unixfs.importer import (
    collect,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.profile import (
    DEFAULT,
    PROFILES,
    V0_2015,
    V1_2025,
    Profile,
    find_profile,
)
from tallystick.kernel.store.unixfs.reader import list_directory, read_file, read_status, walk

SMALL = dataclasses.replace(V1_2025, chunk_bytes=4, width=3)
LEAF = name_block(b"x", RAW)


class Dripping:
    """A file that gives a byte at a time, as a pipe may."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, 1))


class Zeros:
    """A file of so many zeros, without holding them."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int) -> bytes:
        size = min(size, self._left)
        self._left -= size
        return bytes(size)


def depths(blocks: dict[IpfsCid, bytes], cid: IpfsCid) -> set[int]:
    """Return how deep the leaves of a tree stand."""
    if cid.codec == RAW:
        return {0}
    below = (depths(blocks, link.cid) for link in decode_node(blocks[cid]).links)
    return {depth + 1 for found in below for depth in found}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_short_reads_make_the_same_blocks_as_whole_ones(profile: Profile) -> None:
    small = dataclasses.replace(profile, chunk_bytes=4, width=3)
    for size in (0, 3, 4, 5, 12, 13):
        data = bytes(range(size))
        assert collect(import_file(Dripping(data), small)) == collect(
            import_file(io.BytesIO(data), small)
        )


@pytest.mark.parametrize("chunks", [1, 2, 3, 4, 9, 10, 27, 28, 30])
def test_all_leaves_of_a_file_stand_at_one_depth_and_no_node_is_too_wide(chunks: int) -> None:
    data = os.urandom(4 * chunks)
    made, blocks = collect(import_file(io.BytesIO(data), SMALL))
    assert len(depths(blocks, made.cid)) == 1
    nodes = [decode_node(block) for cid, block in blocks.items() if cid.codec == DAG_PB]
    assert all(0 < len(node.links) <= 3 for node in nodes)
    assert made.size == len(data)
    assert made.tsize == sum(map(len, blocks.values()))


def test_blocks_come_children_first_and_the_last_is_the_root() -> None:
    made, blocks = collect(import_file(io.BytesIO(bytes(range(100))), SMALL))
    seen: set[IpfsCid] = set()
    for cid, block in blocks.items():
        links = decode_node(block).links if cid.codec == DAG_PB else ()
        assert {link.cid for link in links} <= seen
        seen.add(cid)
    assert list(blocks)[-1] == made.cid


def test_memory_does_not_grow_with_the_file() -> None:
    peaks = []
    for size in (8, 64):
        tracemalloc.start()
        for _ in import_file(Zeros(size * 1024 * 1024)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 100_000
    assert peaks[1] < 4 * 1024 * 1024


def test_the_order_in_which_entries_are_given_does_not_matter() -> None:
    entries = [Entry(f"{number}", LEAF, 1) for number in range(300)]
    for profile in (V1_2025, dataclasses.replace(V1_2025, shard_bytes=0)):
        assert collect(import_directory(entries, profile)) == collect(
            import_directory(reversed(entries), profile)
        )


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0", "n" * 256, "贷" * 86, "\ud800"])
@pytest.mark.parametrize("shard_bytes", [0, 262_144])
def test_a_name_that_may_not_stand_in_a_directory_is_refused(name: str, shard_bytes: int) -> None:
    profile = dataclasses.replace(V1_2025, shard_bytes=shard_bytes)
    with pytest.raises(Invalid) as caught:
        collect(import_directory([Entry("good", LEAF, 1), Entry(name, LEAF, 1)], profile))
    assert caught.value.code == "unixfs.name"
    assert not name.strip("./") or name not in caught.value.message


@pytest.mark.parametrize("shard_bytes", [0, 262_144])
def test_a_name_that_stands_twice_is_refused(shard_bytes: int) -> None:
    profile = dataclasses.replace(V1_2025, shard_bytes=shard_bytes)
    with pytest.raises(Invalid, match="twice"):
        collect(import_directory([Entry("a", LEAF, 1)] * 2, profile))


def test_names_as_long_as_they_may_be_are_kept() -> None:
    names = {"n" * 255, "贷" * 85, " ", "a\\b", "...", "-", "\n"}
    made, blocks = collect(import_directory([Entry(name, LEAF, 1) for name in names]))
    assert {entry.name for entry in list_directory(Dag(blocks.__getitem__), made.cid)} == names


def test_a_profile_is_found_by_its_name_and_no_other_is() -> None:
    assert [find_profile(name) for name in PROFILES] == list(PROFILES.values())
    assert DEFAULT is find_profile("unixfs-v1-2025")
    with pytest.raises(Invalid, match="unixfs-v0-2015") as caught:
        find_profile("unixfs-v9")
    assert caught.value.code == "unixfs.profile"


# ---- a folder of the machine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files, folders, a link and hidden things."""
    home = tmp_path / "home"
    (home / "空").mkdir(parents=True)
    (home / "b" / "c").mkdir(parents=True)
    (home / "b" / "c" / "large").write_bytes(bytes(range(256)) * 5_000)
    (home / "a.txt").write_bytes(b"hello world")
    (home / "link").symlink_to("../elsewhere")
    (home / ".hidden").write_bytes(b"secret")
    (home / "b" / ".git").mkdir()
    return home


@pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))
def test_a_folder_comes_back_as_it_was_without_its_hidden_parts(
    folder: Path, profile: Profile
) -> None:
    made, blocks = collect(import_path(folder, profile))
    dag = Dag(blocks.__getitem__)
    found = {each.path: each for each in walk(dag, made.cid)}
    assert {path: each.kind for path, each in found.items()} == {
        "a.txt": "file",
        "b": "directory",
        "b/c": "directory",
        "b/c/large": "file",
        "link": "symlink",
        "空": "directory",
    }
    for path in ("a.txt", "b/c/large"):
        data = b"".join(read_file(dag, found[path].entry.cid))
        assert data == (folder / path).read_bytes()
    assert read_status(dag, found["link"].entry.cid).target == b"../elsewhere"
    assert made.tsize >= sum(map(len, blocks.values()))


def test_hidden_entries_come_when_they_are_asked_for(folder: Path) -> None:
    made, blocks = collect(import_path(folder, hidden=True))
    paths = {each.path for each in walk(Dag(blocks.__getitem__), made.cid)}
    assert {".hidden", "b/.git"} <= paths


def test_a_file_and_a_link_are_imported_by_themselves(folder: Path) -> None:
    made, _ = collect(import_path(folder / "a.txt"))
    assert made == collect(import_file(io.BytesIO(b"hello world")))[0]
    linked, _ = collect(import_path(folder / "link", V0_2015))
    assert linked == collect(import_symlink(b"../elsewhere", V0_2015))[0]


def refused(path: Path, family: type[Error]) -> Error:
    with pytest.raises(family) as caught:
        collect(import_path(path))
    assert str(path) not in str(caught.value)
    return caught.value


def test_a_pipe_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert refused(folder, Invalid).code == "unixfs.special"


def test_a_name_that_is_not_utf_8_is_refused(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")
    assert refused(folder, Invalid).code == "unixfs.name"


def test_folders_too_deep_within_one_another_are_refused(tmp_path: Path) -> None:
    (tmp_path / "/".join("d" * DEPTH_MAX)).mkdir(parents=True)
    collect(import_path(tmp_path))
    (tmp_path / "/".join("d" * (DEPTH_MAX + 1))).mkdir()
    assert refused(tmp_path, Invalid).code == "unixfs.limit"


def test_what_is_not_there_is_told_without_its_name(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert refused(absent, Unavailable).code == "unixfs.folder"
    shut = tmp_path / ("n" * 300)
    assert refused(shut, Unavailable).code == "unixfs.folder"
