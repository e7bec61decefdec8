"""Content is written out under any name that the disk takes, and beside whatever stands there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import IO

import pytest

from tallystick.base.errors import Conflict, Unavailable
from tallystick.kernel.store.outward import room_beside, write_car, write_content, write_filled
from tallystick.kernel.store.unixfs.cid import IpfsCid
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.entry import Entry
from tallystick.kernel.store.unixfs.importer import collect, import_directory, import_file

SONG = b"la la la"


@pytest.fixture(scope="module")
def content() -> tuple[Dag, IpfsCid, IpfsCid]:
    """Blocks, a file among them, and a folder of it."""
    file, blocks = collect(import_file(io.BytesIO(SONG)))
    folder, more = collect(import_directory([Entry("song", file.cid, file.tsize)]))
    kept = {cid.raw: block for cid, block in (blocks | more).items()}
    return Dag(lambda cid: kept[cid.raw]), file.cid, folder.cid


def unheard(_: int) -> None:
    """Listen to nothing."""


@pytest.mark.parametrize("length", [1, 250, 251, 255])
def test_a_name_as_long_as_the_disk_takes_is_written(
    content: tuple[Dag, IpfsCid, IpfsCid], tmp_path: Path, length: int
) -> None:
    dag, file, folder = content
    for number, name in enumerate(("n" * length, ("n" * (length % 3)) + "\u9547" * (length // 3))):
        assert len(name.encode()) == length
        home = tmp_path / str(number)
        home.mkdir()
        out = home / name
        assert write_content(dag, file, out, unheard) == len(SONG)
        assert out.read_bytes() == SONG
        out.unlink()
        assert write_car(dag, file, out, unheard) == out.stat().st_size
        out.unlink()
        assert write_filled(out, lambda sink: sink.write(SONG)) == len(SONG)
        assert out.read_bytes() == SONG
        out.unlink()
        assert write_content(dag, folder, out, unheard) == len(SONG)
        assert (out / "song").read_bytes() == SONG
        assert list(home.iterdir()) == [out]


def test_a_name_that_the_disk_does_not_take_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    read: list[str] = []

    def fill(_: IO[bytes]) -> int:
        read.append("filled")
        return 0

    for name in ("n" * 256, "\u9547" * 86, "nowhere/n"):
        with pytest.raises(Unavailable, match=r"store\.place"):
            write_filled(tmp_path / name, fill)
        with pytest.raises(Unavailable, match=r"store\.place"), room_beside(tmp_path / name):
            read.append("room")
    assert (read, list(tmp_path.iterdir())) == ([], [])


def test_what_is_written_has_the_rights_that_any_new_file_has(
    content: tuple[Dag, IpfsCid, IpfsCid], tmp_path: Path
) -> None:
    dag, file, folder = content
    (tmp_path / "own").touch()
    (tmp_path / "own folder").mkdir()
    write_content(dag, file, tmp_path / "file", unheard)
    write_content(dag, folder, tmp_path / "folder", unheard)
    for name, like in (("file", "own"), ("folder", "own folder"), ("folder/song", "own")):
        assert (tmp_path / name).stat().st_mode == (tmp_path / like).stat().st_mode


def test_what_came_to_the_place_meanwhile_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def fill(_: IO[bytes]) -> int:
        out.write_bytes(b"mine")
        return 0

    with pytest.raises(Conflict, match=r"store\.exists"):
        write_filled(out, fill)
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (b"mine", [out])
