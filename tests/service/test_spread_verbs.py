"""The verbs of files among the members where something is amiss: places, losses, exit statuses."""

from __future__ import annotations

import io
import json
import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from counties import open_town
from stores import NAMES, found_small
from tallystick.base.errors import Conflict, Invalid, NotFound, Unavailable
from tallystick.cli.main import tally
from tallystick.kernel.store.unixfs.car import write_archive
from tallystick.kernel.store.unixfs.dag import Dag
from tallystick.kernel.store.unixfs.importer import collect, import_file

MIB = 1024 * 1024
DATA = random.Random(4).randbytes(3 * MIB)


class Ran(NamedTuple):
    """A verb that was run: its exit status and what it wrote."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found_small(tmp_path_factory.mktemp("verbs"))


@pytest.fixture(scope="module")
def run(county: Path) -> Run:
    return running(county)


def running(county: Path) -> Run:
    def call(*words: str) -> Ran:
        where = ["--county", str(county), "--member", "village"]
        found = CliRunner().invoke(tally, ["--lang", "en", "store", *words, *where])
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return Ran(found.exit_code, found.stdout, found.stderr)

    return call


def put(run: Run, source: Path, *more: str) -> str:
    found = run("put", str(source), "--json", *more)
    assert found.status == 0, found.err
    cid: str = json.loads(found.out)["cid"]
    return cid


@pytest.fixture(scope="module")
def stored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Put a file and a folder; return their CIDs."""
    folder = tmp_path_factory.mktemp("in") / "songs"
    folder.mkdir()
    (folder / "one").write_bytes(DATA)
    return put(run, folder / "one", "--code", "rs-2+1"), put(run, folder, "--code", "rs-2+1")


def test_what_a_user_keeps_beside_a_place_stays(
    run: Run, stored: tuple[str, str], tmp_path: Path
) -> None:
    mine = {tmp_path / f"{name}.part" for name in ("file", "folder")}
    for part in mine:
        part.write_bytes(b"my own")
    outs = {tmp_path / "file", tmp_path / "folder"}
    assert run("fetch", stored[0], str(tmp_path / "file")).status == 0
    assert run("fetch", stored[1], str(tmp_path / "folder"), "--folder").status == 0
    assert {part.read_bytes() for part in mine} == {b"my own"}
    assert set(tmp_path.iterdir()) == mine | outs


def test_what_is_no_folder_is_not_fetched_as_one_and_the_cure_helps(
    run: Run, stored: tuple[str, str], tmp_path: Path
) -> None:
    # It begins as a section that is longer than the rest, and as nothing at all.
    cids = []
    for data in (b"\x7fshort", b""):
        (tmp_path / "song").write_bytes(data)
        cids.append(put(run, tmp_path / "song"))
    out = tmp_path / "again"
    for cid in (*cids, stored[0]):
        found = run("fetch", cid, str(out), "--folder")
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "spread.no_folder")
        assert found.err.strip().endswith("Cure: Fetch it without --folder.")
        assert not out.exists()
    assert run("fetch", cids[0], str(out)).status == 0
    assert out.read_bytes() == b"\x7fshort"
    # An archive, but of a file; and one of a codec that is not read.
    made, blocks = collect(import_file(io.BytesIO(b"la")))
    kept = {cid.raw: block for cid, block in blocks.items()}
    car = b"".join(write_archive(Dag(lambda cid: kept[cid.raw]), [made.cid]))
    foreign = car.replace(b"\x01\x55\x12\x20", b"\x01\x51\x12\x20")
    assert foreign != car
    for data in (car, foreign):
        (tmp_path / "one.car").write_bytes(data)
        found = run("fetch", put(run, tmp_path / "one.car"), str(tmp_path / "one"), "--folder")
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "spread.no_folder")


def test_a_name_that_nothing_can_keep_is_refused_before_anything_is_sent(
    run: Run, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"n\xff")
    odd.write_bytes(b"bad")
    (tmp_path / "ok").write_bytes(b"good")
    inside = tmp_path / os.fsdecode(b"folder \xff")
    inside.mkdir()
    for words in ((str(odd),), (str(inside),), (str(tmp_path / "ok"), "--name", "\udcff")):
        found = run("put", *words)
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "cli.name")
        assert "--name" in found.err
    cid = put(run, odd, "--name", "well named")
    assert "well named" in run("objects", cid).out


def test_no_path_at_all_and_no_folder_of_keys_is_put(
    run: Run, county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_bytes(b"x")
    before = run("objects", "--json").out
    for path in ("", str(county), str(county.parent), str(county / "village" / "member.key")):
        found = run("put", path)
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "cli.source")
    assert run("objects", "--json").out == before


@contextmanager
def full_disk() -> Iterator[None]:
    """Let this process write no file of more than a MiB: what a full disk does, for each file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_place_that_takes_no_file_is_told_and_nothing_is_left(
    run: Run, stored: tuple[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "no folder"
    file.touch()
    for cid, more in ((stored[0], ()), (stored[1], ("--folder",))):
        for out in ("nowhere/x", "nodir2/deep/", "no folder/x", "x" * 300):
            found = run("fetch", cid, str(tmp_path / out), *more)
            assert found.status == Unavailable.exit_status, (out, found)
            assert found.err.startswith("store.place: "), out
            assert list(tmp_path.iterdir()) == [file]
        with full_disk():
            found = run("fetch", cid, str(tmp_path / "out"), *more)
        assert (found.status, found.err.split(":")[0]) == (Unavailable.exit_status, "store.place")
        assert list(tmp_path.iterdir()) == [file]
        found = run("fetch", cid, str(file), *more)
        assert (found.status, found.err.split(":")[0]) == (Conflict.exit_status, "store.exists")


def test_what_is_no_file_or_folder_is_not_put_and_called_what_it_is(
    run: Run, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (str(tmp_path / "pipe"), os.devnull):
        found = run("put", path)
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "unixfs.special")
    found = run("put", str(tmp_path / "none"))
    assert (found.status, found.err.split(":")[0]) == (NotFound.exit_status, "cli.file")


def test_what_is_too_long_is_refused_before_it_is_read(run: Run, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(48 * 2**30)
    for more in ((), ("--public",)):
        found = run("put", str(large), *more)
        assert (found.status, found.err.split(":")[0]) == (Invalid.exit_status, "spread.size")
        assert "--code rs-4+2" in found.err


def test_the_api_refuses_what_is_too_long_by_its_stated_length(tmp_path: Path) -> None:
    class Counted:
        """A body of which it is counted how much was taken."""

        taken = 0

        def read(self, size: int, /) -> bytes:
            self.taken += size
            return bytes(size)

    with open_town(found_small(tmp_path)) as town:
        for is_public in (0, 1):
            source = Counted()
            with pytest.raises(Invalid, match=r"spread\.size"):
                town["village"].put_object(source, 48 * 2**30, is_public=is_public)
            assert source.taken <= 4 * MIB


def test_words_that_cannot_be_meant_are_named(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "map"
    source.write_bytes(b"abc")
    found = run("put", str(source), "--party", "zz")
    assert found.status == Invalid.exit_status
    assert found.err.startswith("id.form: ")
    assert "party" in found.err
    content = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
    shortened = content[:20]
    for words in (
        ("fetch", shortened, str(tmp_path / "out")),
        ("fetch", content, str(tmp_path / "out")),
        ("grant", shortened, "finance"),
        ("erase", shortened, "--yes"),
        ("objects", shortened),
    ):
        found = run(*words)
        assert found.status == Invalid.exit_status, words
        assert found.err.startswith("spread.cid: "), (words, found.err)
        assert "tally store get" in found.err
        assert "path.cid" not in found.err


def test_a_verb_that_finds_what_is_lost_tells_all_and_ends_as_unavailable(tmp_path: Path) -> None:
    county = found_small(tmp_path)
    run = running(county)
    source = tmp_path / "map"
    source.write_bytes(DATA[:70_000])
    kept, gone = put(run, source, "--code", "rs-2+1"), put(run, source, "--code", "rs-2+1")
    for verb in ("health", "repair"):
        found = run(verb, "--json")
        assert (found.status, found.err) == (0, "")
    health = json.loads(run("health", "--json").out)
    assert health["held_here"].keys() == {"member", "used", "quota"}
    assert health["held_here"]["member"] == "village"
    held = json.loads(run("objects", gone, "--json").out)["holders"]
    for each in held[:2]:
        (name,) = each["members"]
        shutil.rmtree(county / name / "shards" / _digest(gone))
    found = run("health", "--json")
    assert (found.status, found.err.split(":")[0]) == (6, "spread.unreadable")
    assert json.loads(found.out)["lost"] == 1
    found = run("repair", "--json")
    assert (found.status, found.err.split(":")[0]) == (6, "spread.unrepaired")
    assert "spread.lost 1" in found.err
    told = json.loads(found.out)
    assert (told["objects"], told["failed"]) == (2, {"spread.lost": 1})
    # Nobody left who even knows what it is made of: it must not be passed over.
    for name in NAMES:
        shutil.rmtree(county / name / "shards", ignore_errors=True)
    found = run("repair", "--json")
    assert found.status == Unavailable.exit_status
    assert json.loads(found.out)["failed"] == {"spread.lost": 2}
    assert kept in run("objects").out


def _digest(cid: str) -> str:
    from tallystick.base.codec import Cid

    return Cid.parse(cid).digest.hex()
