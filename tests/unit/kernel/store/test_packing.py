"""A folder goes into one archive and comes out the same; what is hostile in one is refused."""

from __future__ import annotations

import io
import os
import random
import resource
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tallystick.base.errors import Conflict, Error, Unavailable
from tallystick.kernel.store.packing import pack_folder, unpack_folder
from tallystick.kernel.store.unixfs.car import write_archive
from tallystick.kernel.store.unixfs.cid import DAG_PB, name_block
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.dagpb import PbLink, encode_link, join_node
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import (
    collect,
    import_directory,
    import_file,
    import_symlink,
)
from tallystick.kernel.store.unixfs.node import Kind, UnixNode, encode_unix


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return each file's bytes by its path, None for a folder."""
    return {
        str(each.relative_to(folder)): None if each.is_dir() else each.read_bytes()
        for each in folder.rglob("*")
    }


def test_what_nobody_could_take_out_again_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with (folder / "empty inside").open("wb") as file:
        file.truncate(5 << 30)
    with pytest.raises(Error, match=r"^unixfs\.limit: "), pack_folder(folder):
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "地图 2026"
    (found / "deep" / "deeper" / "empty").mkdir(parents=True)
    (found / ".hidden").write_bytes(b"x")
    (found / "deep" / "a\nname\\with \u00e9 and e\u0301").write_bytes(b"")
    (found / "deep" / "twice").write_bytes(b"same")
    (found / "deep" / "deeper" / "twice").write_bytes(b"same")
    (found / "large").write_bytes(random.Random(1).randbytes(3_000_000))
    return found


def packed(folder: Path, step: int = 1 << 20) -> bytes:
    with pack_folder(folder) as found:
        data = b"".join(iter(lambda: found.read(step), b""))
        assert len(data) == found.size
        return data


def unpack(data: bytes, out: Path) -> int:
    path = out.with_name("archive")
    path.write_bytes(data)
    with path.open("rb") as file:
        return unpack_folder(file, out, lambda _: None)


def test_a_folder_comes_back_name_for_name_and_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    data = packed(folder)
    assert packed(folder, 77) == data
    assert unpack(data, tmp_path / "out") == 3_000_009
    assert tree(tmp_path / "out") == tree(folder)
    empty = tmp_path / "none"
    empty.mkdir()
    assert unpack(packed(empty), tmp_path / "out2") == 0
    assert tree(tmp_path / "out2") == {}
    with pytest.raises(Conflict, match=r"store\.exists"):
        unpack(data, tmp_path / "out")


def test_what_is_no_file_or_folder_is_not_packed(folder: Path) -> None:
    for code, make in (
        ("store.link", lambda path: path.symlink_to("/etc")),
        ("unixfs.special", os.mkfifo),
        ("unixfs.name", lambda path: Path(os.fsdecode(bytes(path) + b"\xff")).touch()),
    ):
        make(folder / "deep" / "odd")
        with pytest.raises(Error) as error, pack_folder(folder):
            pass
        assert error.value.code == code
        for path in (folder / "deep").glob("odd*"):
            path.unlink()
    with pytest.raises(Error, match=r"store\.link"), pack_folder(_link(folder)):
        pass


def _link(folder: Path) -> Path:
    found = folder.with_name("link")
    found.symlink_to(folder)
    return found


def archive(links: Callable[[dict[bytes, bytes]], list[PbLink]]) -> bytes:
    """Return an archive whose root is a folder of these links, whatever their names are."""
    kept: dict[bytes, bytes] = {}
    node = join_node(map(encode_link, links(kept)), encode_unix(UnixNode(Kind.DIRECTORY)))
    root = name_block(node, DAG_PB)
    kept[root.raw] = node
    return b"".join(write_archive(Dag(lambda cid: kept[cid.raw]), [root]))


def named(*names: bytes) -> bytes:
    def links(kept: dict[bytes, bytes]) -> list[PbLink]:
        made, blocks = collect(import_file(io.BytesIO(b"evil")))
        kept.update({cid.raw: block for cid, block in blocks.items()})
        return [PbLink(made.cid, name, made.tsize) for name in names]

    return archive(links)


def linked() -> bytes:
    """Return an archive of a link out of the folder, and of a file behind it."""

    def links(kept: dict[bytes, bytes]) -> list[PbLink]:
        made, blocks = collect(import_symlink(b"/tmp"))
        inner, more = collect(import_directory([Entry("link", made.cid, made.tsize)]))
        kept.update({cid.raw: block for cid, block in (blocks | more).items()})
        return [PbLink(inner.cid, b"deep", inner.tsize)]

    return archive(links)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (named(b".."), "unixfs.name"),
        (named(b"../up"), "unixfs.name"),
        (named(b"/etc/absolute"), "unixfs.name"),
        (named(b"a\0b"), "unixfs.name"),
        (named(b""), "unixfs.name"),
        (named(b"\xff"), "unixfs.name"),
        (named(b"x" * 256), "unixfs.name"),
        (named(b"same", b"same"), "unixfs.name"),
        (linked(), "store.link"),
        (named(b"cut")[:-1], "car.cut"),
        (named(b"changed")[:-1] + b"?", "car.hash"),
        (b"no archive at all", "car.cut"),
        (b"\x05PK\x03\x04.", "car.form"),
        (b"", "car.form"),
    ],
)
def test_a_hostile_archive_leaves_nothing(data: bytes, code: str, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    with pytest.raises(Error) as error:
        unpack(data, room / "out")
    assert error.value.code == code
    assert error.value.cure
    assert [path.name for path in room.iterdir()] == ["archive"]


def test_an_archive_of_a_file_is_no_folder(tmp_path: Path) -> None:
    made, blocks = collect(import_file(io.BytesIO(b"a file")))
    data = b"".join(write_archive(Dag(blocks.__getitem__), [made.cid]))
    with pytest.raises(Error, match=r"unixfs\.kind"):
        unpack(data, tmp_path / "out")


def test_a_full_disk_is_told_and_nothing_is_left(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = tmp_path / "temporary"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Also where it fills within a block, of which a part is then written.
    for most in (0, 1, 1_500_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            with pytest.raises(Unavailable, match=r"database\.full") as caught, pack_folder(folder):
                pass
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert caught.value.cure
        assert list(room.iterdir()) == []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(Unavailable, match=r"database\.full"), pack_folder(folder):
        pass
