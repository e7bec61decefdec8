"""Files in a member's store: kept whole or not at all, and collected without harm to others."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dag_cbor
import pytest
from multiformats import CID

from kept import SMALL, Place, content
from tallystick.base.codec import DAG_CBOR, RAW
from tallystick.base.errors import Conflict, Corrupt, Error, Invalid, NotFound, Unavailable
from tallystick.kernel.store.blocks import (
    OURS,
    SHARED,
    Blocks,
    raw_cid,
    read_blocks,
)
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.store.keeping import (
    BATCH_BYTES,
    Note,
    add_blocks,
    collect_garbage,
    import_archive,
    pin_root,
    public_through,
    set_quota,
    unpin_root,
)
from tallystick.kernel.store.outward import write_car, write_content
from tallystick.kernel.store.unixfs.car import Archive, open_archive, write_archive
from tallystick.kernel.store.unixfs.cid import DAG_PB, IpfsCid, name_block, name_inline
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.folder import import_path
from tallystick.kernel.store.unixfs.importer import Blocks as Imported
from tallystick.kernel.store.unixfs.importer import collect, import_directory, import_file
from tallystick.kernel.store.unixfs.profile import V0_2015, V1_2025
from tallystick.kernel.store.unixfs.reader import list_directory, read_file, resolve_path
from tallystick.kernel.store.unixfs.wire import write_varint


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


def archive_of(blocks: Blocks, *roots: IpfsCid) -> Archive:
    return opened(b"".join(write_archive(blocks.dag, roots)))


def opened(data: bytes, *, is_part: bool = False) -> Archive:
    return open_archive(lambda at, size: data[at : at + size], len(data), is_part=is_part)


def test_what_is_added_is_read_back_by_the_cid_that_any_tool_gives_it(place: Place) -> None:
    root = place.add(b"hello world", Note(name="x", profile="unixfs-v1-2025", now_ms=7), V1_2025)
    assert str(root.cid) == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    assert place.read(root.cid) == b"hello world"
    assert place.blocks.roots() == [root]
    told = (root.name, root.profile, root.pinned, root.public, root.size, root.added_ms)
    assert told == ("x", "unixfs-v1-2025", True, False, 11, 7)
    assert (root.blocks, root.stored) == (1, 11)


def test_a_block_of_any_codec_stands_under_the_raw_cid_of_its_digest(place: Place) -> None:
    root = place.add(content(700))
    assert root.cid.codec == DAG_PB
    assert all(cid.codec == RAW for cid in place.objects())
    assert raw_cid(root.cid.digest) in place.objects()


def test_a_folder_is_kept_with_its_profile_and_written_out_again(
    place: Place, tmp_path: Path
) -> None:
    source = tmp_path / "in"
    (source / "deep" / "empty").mkdir(parents=True)
    (source / "deep" / "a.bin").write_bytes(content(600_000))
    (source / "b").write_bytes(b"")
    (source / "link").symlink_to("/etc/passwd")
    note = Note(name="in", profile=V0_2015.name)
    root = add_blocks(place.blocks, import_path(source, V0_2015), note)
    assert str(root.cid).startswith("Qm")
    assert place.blocks.find_profile(root.cid) == "unixfs-v0-2015"
    deep = resolve_path(place.blocks.dag, root.cid, "deep")
    assert {each.name for each in list_directory(place.blocks.dag, deep)} == {"a.bin", "empty"}
    told: list[int] = []
    assert write_content(place.blocks.dag, root.cid, tmp_path / "out", told.append) == 600_000
    assert told[-1] == 600_000
    out = tmp_path / "out"
    assert (out / "deep" / "a.bin").read_bytes() == content(600_000)
    assert (out / "b").read_bytes() == b""
    assert (out / "deep" / "empty").is_dir()
    assert str((out / "link").readlink()) == "/etc/passwd"
    with pytest.raises(Conflict, match=r"store\.exists"):
        write_content(place.blocks.dag, root.cid, out, told.append)
    write_content(place.blocks.dag, deep, tmp_path / "part-of-it", told.append)
    assert sorted(each.name for each in tmp_path.iterdir() if ".part" in each.name) == []


def test_adding_again_keeps_one_root_and_never_takes_the_public_mark_away(place: Place) -> None:
    first = place.add(content(700), Note(name="a", profile="small", public=True, now_ms=1))
    objects = place.objects()
    again = place.add(content(700), Note(name="b", profile="small", now_ms=2))
    assert (again.name, again.public, again.added_ms) == ("b", True, first.added_ms)
    assert place.objects() == objects
    assert len(place.blocks.roots()) == 1


def test_public_is_what_a_pinned_public_root_reaches_and_nothing_else(place: Place) -> None:
    shown = place.add(content(700), Note(public=True))
    hidden = place.add(content(700, 3))
    blocks = place.blocks
    for cid in _all(place, shown.cid):
        assert blocks.is_public(cid)
        assert blocks.get_public(cid)
    for cid in _all(place, hidden.cid):
        assert not blocks.is_public(cid)
        with pytest.raises(NotFound):
            blocks.get_public(cid)
    pin_root(blocks, hidden.cid, Note(public=True))
    pin_root(blocks, shown.cid, Note(), private=True)
    assert blocks.is_public(hidden.cid)
    assert not blocks.is_public(shown.cid)
    unpin_root(blocks, hidden.cid)
    assert not blocks.is_public(hidden.cid)
    pin_root(blocks, hidden.cid, Note())
    assert not blocks.is_public(hidden.cid)


def test_the_other_public_roots_that_reach_a_block_are_told(place: Place) -> None:
    made, blocks = collect(import_file(io.BytesIO(content(700)), SMALL))

    def folder(*names: str) -> Imported:
        yield from blocks.items()
        return (yield from import_directory(list(map(made.entry, names)), SMALL))

    note = Note(public=True)
    first, second = (add_blocks(place.blocks, folder(*names), note).cid for names in ("a", "ab"))
    part = pin_root(place.blocks, made.cid, note).cid
    assert public_through(place.blocks, part) == [first, second]
    assert public_through(place.blocks, _all(place, part)[1]) == [first, second, part]
    pin_root(place.blocks, first, Note(), private=True)
    assert public_through(place.blocks, part) == [second]


def _all(place: Place, cid: IpfsCid) -> list[IpfsCid]:
    return list(archive_of(place.blocks, cid))


def test_published_bytes_that_read_as_a_node_open_no_way_to_what_is_private(place: Place) -> None:
    hidden = place.add(content(700, 3))
    node = place.blocks.get(hidden.cid)
    shown = place.add(node, Note(public=True), V1_2025)
    assert shown.cid.codec == RAW
    assert shown.cid.digest == hidden.cid.digest
    public = place.blocks.public_dag
    assert public.reading().block(hidden.cid) == node
    with pytest.raises(NotFound):
        b"".join(read_file(public, hidden.cid))


def test_a_sealed_object_is_no_block_of_a_file(place: Place) -> None:
    (sealed,) = place.store.put_many([b"ciphertext"])
    (tree,) = place.store.put_many([b"\xa0"], DAG_CBOR)
    for raw in (sealed.raw, tree.raw, sealed.raw.replace(b"\x55", b"\x70", 1)):
        with pytest.raises(NotFound, match=r"store\.no_block"):
            place.blocks.get(IpfsCid(raw))
        with pytest.raises(NotFound):
            pin_root(place.blocks, IpfsCid(raw), Note(public=True))


def test_a_collection_takes_what_is_unpinned_and_nothing_that_is_shared(place: Place) -> None:
    (sealed,) = place.store.put_many([b"another room's"])
    first = place.add(content(700))
    both = place.add(content(512) + content(188, 5))
    assert collect_garbage(place.blocks).blocks == 0
    unpin_root(place.blocks, first.cid)
    kept = place.read(both.cid)
    found = collect_garbage(place.blocks)
    # Of its four blocks the first two leaves are the other's too.
    assert (found.roots, found.blocks) == (1, first.blocks - 2)
    assert place.read(both.cid) == kept
    with pytest.raises(NotFound):
        place.read(first.cid)
    assert sealed in place.objects()
    assert place.blocks.find_root(first.cid) is None
    unpin_root(place.blocks, both.cid)
    collect_garbage(place.blocks)
    assert place.objects() == {sealed}
    assert place.rows() == place.blocks.usage().used == 0


def test_what_another_room_keeps_too_is_never_dropped(place: Place) -> None:
    before, after = b"sealed before it was added", b"sealed after it was added"
    (early,) = place.store.put_many([before])
    roots = [place.add(each) for each in (before, after)]
    assert place.blocks.state(roots[1].cid.digest) == OURS
    (late,) = place.store.put_many([after])
    assert {place.blocks.state(each.cid.digest) for each in roots} == {SHARED}
    for each in roots:
        unpin_root(place.blocks, each.cid)
    assert collect_garbage(place.blocks).blocks == 0
    assert place.store.get(early) == before
    assert place.store.get(late) == after
    assert place.rows() == 0


def test_another_codec_s_object_of_the_same_bytes_is_not_taken_for_the_block(place: Place) -> None:
    root = place.add(b"\xa0")
    (tree,) = place.store.put_many([b"\xa0"], DAG_CBOR)
    assert place.blocks.state(root.cid.digest) == OURS
    unpin_root(place.blocks, root.cid)
    assert collect_garbage(place.blocks).blocks == 1
    assert place.store.get(tree) == b"\xa0"


def test_a_part_is_pinned_by_itself_and_outlives_the_whole(place: Place) -> None:
    made, blocks = collect(import_file(io.BytesIO(content(700)), SMALL))
    folder = import_directory([made.entry("a"), Entry("i", name_inline(b"in", RAW), 2)], SMALL)

    def all_blocks() -> Imported:
        yield from blocks.items()
        return (yield from folder)

    root = add_blocks(place.blocks, all_blocks(), Note(profile="small"))
    part = pin_root(place.blocks, made.cid, Note(name="part"))
    assert (part.profile, part.size, part.blocks) == ("small", 700, 4)
    unpin_root(place.blocks, root.cid)
    assert collect_garbage(place.blocks).blocks == 1
    assert place.read(made.cid) == content(700)


def test_the_public_mark_is_taken_from_what_is_not_whole_any_more(place: Place) -> None:
    root = place.add(content(700), Note(public=True))
    leaves = _all(place, root.cid)
    place.store.drop([raw_cid(leaves[2].digest)])
    assert not pin_root(place.blocks, root.cid, Note(), private=True).public
    assert not any(map(place.blocks.is_public, leaves))


def test_what_is_not_whole_is_not_pinned(place: Place) -> None:
    root = place.add(content(700))
    leaf = _all(place, root.cid)[2]
    place.store.drop([raw_cid(leaf.digest)])
    with pytest.raises(NotFound, match=r"store\.not_whole"):
        pin_root(place.blocks, root.cid, Note(public=True))
    assert not place.blocks.is_public(root.cid)
    unknown = name_block(b"never here", RAW)
    with pytest.raises(NotFound, match=r"store\.no_root"):
        pin_root(place.blocks, unknown, Note())
    with pytest.raises(NotFound, match=r"store\.no_root"):
        unpin_root(place.blocks, unknown)


def flip(place: Place, cid: IpfsCid) -> None:
    """Flip one bit of a block in the file, as a disk does."""
    with sqlite3.connect(place.path) as other:
        raw = raw_cid(cid.digest).raw
        (data,) = other.execute("SELECT data FROM object WHERE cid = ?", (raw,)).fetchone()
        bad = bytearray(data)
        bad[len(bad) // 2] ^= 4
        other.execute("DROP TRIGGER file_block_shared")
        other.execute("UPDATE object SET data = ? WHERE cid = ?", (bytes(bad), raw))
    other.close()


def test_a_flipped_bit_is_told_and_mended_by_adding_again(place: Place, tmp_path: Path) -> None:
    root = place.add(content(700))
    leaf = _all(place, root.cid)[2]
    flip(place, leaf)
    with pytest.raises(Corrupt, match=r"store\.corrupt"):
        place.read(root.cid)
    for act in (write_content, write_car):
        with pytest.raises(Corrupt):
            act(place.blocks.dag, root.cid, tmp_path / "out", lambda _done: None)
    assert [each.name for each in tmp_path.iterdir() if "out" in each.name] == []
    place.add(content(700))
    assert place.read(root.cid) == content(700)
    assert place.blocks.state(leaf.digest) == OURS


def test_over_the_quota_nothing_is_kept(place: Place) -> None:
    kept = place.add(content(700))
    objects, rows = place.objects(), place.rows()
    set_quota(place.blocks, kept.stored + 1_000)
    with pytest.raises(Unavailable, match=r"store\.quota") as caught:
        place.add(content(256) + content(4_000, 3))
    assert "tally store quota" in caught.value.cure
    assert (place.objects(), place.rows()) == (objects, rows)
    assert place.blocks.usage().used == kept.stored
    # What is here already costs nothing.
    place.add(content(700))
    set_quota(place.blocks, 10**9)
    place.add(content(256) + content(4_000, 3))


def test_what_fails_midway_takes_back_what_it_put_and_leaves_what_was_there(
    place: Place, tmp_path: Path
) -> None:
    shared = os.urandom(1_000_000)
    place.store.put_many([shared[:262_144]])
    place.add(shared, profile=V0_2015)
    objects, rows, roots = place.objects(), place.rows(), place.blocks.roots()
    source = tmp_path / "in"
    source.mkdir()
    (source / "a").write_bytes(shared)
    (source / "b").write_bytes(os.urandom(BATCH_BYTES + 3_000_000))
    os.mkfifo(source / "c")
    with pytest.raises(Invalid, match=r"unixfs\.special"):
        add_blocks(place.blocks, import_path(source, V0_2015), Note())
    assert (place.objects(), place.rows(), place.blocks.roots()) == (objects, rows, roots)


def test_an_archive_goes_out_and_comes_in_elsewhere_whole(place: Place, tmp_path: Path) -> None:
    root = place.add(content(700))
    other = place.add(content(5_000, 3))
    out = tmp_path / "x.car"
    size = write_car(place.blocks.dag, root.cid, out, lambda _done: None)
    assert out.stat().st_size == size
    (tmp_path / "second").mkdir()
    second = Place(tmp_path / "second")
    (came,) = import_archive(second.blocks, opened(out.read_bytes()), Note(name="x", public=True))
    assert (came.cid, came.size, came.profile, came.public) == (root.cid, 700, "", True)
    assert second.read(root.cid) == content(700)
    two = import_archive(second.blocks, archive_of(place.blocks, root.cid, other.cid), Note())
    assert [each.blocks for each in two] == [root.blocks, other.blocks]
    unpin_root(second.blocks, other.cid)
    collect_garbage(second.blocks)
    assert second.read(root.cid) == content(700)
    second.close()


def test_a_part_of_a_file_is_kept_as_far_as_it_is_there_and_whole_once_the_rest_comes(
    place: Place,
) -> None:
    made, blocks = collect(import_file(io.BytesIO(content(700)), SMALL))
    _, lost, _ = (cid for cid in blocks if cid.codec == RAW)
    data = b"".join(write_archive(_dag(blocks), [made.cid]))
    gap = write_varint(len(lost.raw) + 256) + lost.raw + blocks[lost]
    assert gap in data
    with pytest.raises(Invalid, match=r"car\.missing"):
        opened(data.replace(gap, b""))
    part = opened(data.replace(gap, b""), is_part=True)
    (root,) = import_archive(place.blocks, part, Note(public=True))
    assert (root.size, root.blocks, root.public) == (700, 3, True)
    assert b"".join(read_file(place.blocks.public_dag, made.cid, 512)) == content(700)[512:]
    with pytest.raises(NotFound, match=r"store\.no_block"):
        place.read(made.cid)
    with pytest.raises(NotFound, match=r"store\.not_whole"):
        pin_root(place.blocks, made.cid, Note())
    import_archive(place.blocks, opened(data), Note())
    collect_garbage(place.blocks)
    assert b"".join(read_file(place.blocks.public_dag, made.cid)) == content(700)


def test_what_a_document_links_is_kept_published_and_collected_with_it(place: Place) -> None:
    file, blocks = collect(import_file(io.BytesIO(content(700)), SMALL))
    inner = dag_cbor.encode({"file": CID.decode(str(file.cid))})
    blocks[name_block(inner, DAG_CBOR)] = inner
    outer = dag_cbor.encode([CID.decode(str(name_block(inner, DAG_CBOR)))])
    top = name_block(outer, DAG_CBOR)
    blocks[top] = outer
    data = b"".join(write_archive(_dag(blocks), [top]))
    (root,) = import_archive(place.blocks, opened(data), Note(public=True))
    assert (root.blocks, root.size) == (len(blocks), 0)
    assert all(place.blocks.is_public(cid) for cid in blocks)
    assert pin_root(place.blocks, top, Note(), private=True).blocks == len(blocks)
    assert not any(place.blocks.is_public(cid) for cid in blocks)
    assert archive_of(place.blocks, top).roots == (top,)
    collect_garbage(place.blocks)
    assert place.rows() == len(blocks)
    unpin_root(place.blocks, top)
    assert collect_garbage(place.blocks).blocks == len(blocks)


def test_an_archive_over_the_quota_leaves_nothing(place: Place) -> None:
    made, blocks = collect(import_file(io.BytesIO(content(5_000)), SMALL))
    data = b"".join(write_archive(_dag(blocks), [made.cid]))
    set_quota(place.blocks, 4_000)
    with pytest.raises(Unavailable, match=r"store\.quota"):
        import_archive(place.blocks, opened(data), Note())
    assert (place.objects(), place.rows(), place.blocks.roots()) == (set(), 0, [])


def _dag(blocks: dict[IpfsCid, bytes]) -> Dag:
    return Dag(blocks.__getitem__)


def test_a_member_without_files_is_read_as_such_and_others_read_while_one_writes(
    place: Place, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    store = SqliteStore(bare / "store.db")
    with read_blocks(store, bare / "store.db") as none:
        assert none is None
    store.close()
    root = place.add(content(700), Note(public=True))
    with read_blocks(place.store, place.path) as found:
        assert found is not None
        assert found.is_public(root.cid)
        place.add(content(900, 3))
        assert found.dag.reading().block(root.cid)
        with pytest.raises(Error):
            found.database.run("DELETE FROM file_root")


def test_a_damaged_name_of_a_root_is_told(place: Place) -> None:
    root = place.add(content(700))
    place.blocks.database.run("UPDATE file_root SET cid = x'0102'")
    with pytest.raises(Corrupt, match=r"database\.corrupt"):
        place.blocks.roots()
    assert place.blocks.find_root(root.cid) is None
