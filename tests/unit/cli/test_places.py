"""A place that takes no file is told by its path and the reason, before anything is opened."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from counties import FITTING, found, open_town, take_in
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Invalid, NotFound, Unavailable
from tallystick.cli.main import run
from tallystick.cli.target import writing

BANK = "credit-union"
LONG = "x" * 300


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A county with one case, witnessed by all."""
    county = found(tmp_path_factory.mktemp("places"), SystemClock())
    with open_town(county, SystemClock()) as town:
        (case,) = take_in(town[BANK], FITTING)
        town.house.spread()
    return county, case["case"]


@pytest.fixture
def places(tmp_path: Path) -> list[tuple[Path, str]]:
    """What takes no file, and why."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    return [
        (tmp_path / "nowhere" / "x", "No such file or directory"),
        (tmp_path / "file" / "x", "Not a directory"),
        (tmp_path / "folder", "Is a directory"),
        (tmp_path / LONG, "File name too long"),
    ]


def tell(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    capsys.readouterr()
    status = run(words)
    return status, capsys.readouterr().err.strip()


def left(folder: Path) -> set[str]:
    return {each.relative_to(folder).as_posix() for each in folder.rglob("*")}


def test_a_file_of_proof_that_cannot_be_written_is_told_before_anything_is_opened(
    built: tuple[Path, str],
    places: list[tuple[Path, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    county, case = built
    at, before = ("--county", str(county)), left(tmp_path)
    for place, why in places:
        for words in (
            # A member and a record that are nobody's: the place is looked at first.
            ("evidence", "export", case, "-o", str(place), "--member", "nobody", *at),
            ("evidence", "export", case, "-o", str(place), *at),
            ("verify", "--record", "00" * 16, "--out", str(place), *at),
        ):
            status, said = tell(capsys, *words)
            wanted = f"archive.write: {place} cannot be written: {why} Cure: "
            assert (status, said[: len(wanted)]) == (Unavailable.exit_status, wanted), words
            assert left(tmp_path) == before
        status, said = tell(capsys, "--lang", "zh", *words)
        assert said.startswith("archive.write: 文件写不下去。怎么办："), said
        assert f"{place} cannot be written: {why}" in said


def test_a_file_of_proof_is_written_whole_or_leaves_what_was_there(
    built: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county, case = built
    at, out = ("--county", str(county)), tmp_path / "e.car"
    status, said = tell(capsys, "evidence", "export", "00" * 16, "-o", str(out), *at)
    assert (status, said.split(":")[0]) == (NotFound.exit_status, "case.unknown")
    assert left(tmp_path) == set()
    out.write_bytes(b"mine")
    words = ("verify", "--record", "00" * 16, "--out", str(out), *at)
    assert tell(capsys, *words)[0] == NotFound.exit_status
    assert out.read_bytes() == b"mine"
    assert run(["evidence", "export", case, "-o", str(out), *at, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (out.stat().st_size, left(tmp_path)) == (told["bytes"], {"e.car"})
    assert run(["evidence", "verify", str(out), "--trust", told["trust"]]) == 0
    assert run(["evidence", "export", case, "-o", os.devnull, *at]) == 0
    assert Path(os.devnull).is_char_device()


def test_a_snapshot_is_not_written_where_its_checkpoint_cannot_stand_beside_it(
    built: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, at = tmp_path / "s", ("--county", str(built[0]))
    note = tmp_path / "s.note"
    note.mkdir()
    status, said = tell(capsys, "chain", "snapshot", str(out), *at)
    wanted = f"archive.write: {note} cannot be written: Is a directory"
    assert (status, said[: len(wanted)]) == (Unavailable.exit_status, wanted)
    assert left(tmp_path) == {"s.note"}
    note.rmdir()
    assert run(["chain", "snapshot", str(out), *at]) == 0
    assert left(tmp_path) == {"s", "s.note"}


def test_a_chain_is_not_taken_in_where_no_folder_can_stand(
    built: tuple[Path, str],
    places: list[tuple[Path, str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    car = str(tmp_path / "c.car")
    assert run(["chain", "export", car, "--county", str(built[0])]) == 0
    before = left(tmp_path)
    file = tmp_path / "file"
    for place, why in ((file, "Not a directory"), places[1], places[3]):
        status, said = tell(capsys, "chain", "import", car, "--to", str(place))
        wanted = f"archive.write: {place} cannot be written: {why}"
        assert (status, said[: len(wanted)]) == (Unavailable.exit_status, wanted)
        assert left(tmp_path) == before


def test_a_county_that_is_no_folder_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    status, said = tell(capsys, "county", "show", "--county", str(file))
    assert (status, said.split(":")[0]) == (Invalid.exit_status, "county.missing")
    (tmp_path / "odd" / "county.json").mkdir(parents=True)
    status, said = tell(capsys, "county", "show", "--county", str(tmp_path / "odd"))
    wanted = "county.malformed: county.json cannot be read: Is a directory"
    assert (status, said[: len(wanted)]) == (Invalid.exit_status, wanted)


def test_whatever_verb_is_given_a_path_that_cannot_be_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those that do not look at it themselves: the command line tells for them all."""
    file = tmp_path / "file"
    file.touch()
    below, long = str(file / "county"), str(tmp_path / LONG)
    for words, status, named, why in (
        (("county", "init", below), NotFound.exit_status, below, "Not a directory"),
        (("county", "init", long), Invalid.exit_status, long, "File name too long"),
        (
            ("case", "list", f"--county={file}", "--member", "village"),
            NotFound.exit_status,
            str(file),
            "Not a directory",
        ),
    ):
        wanted = f"cli.file: {named}: {why} Cure: Check the path."
        assert tell(capsys, *words) == (status, wanted)
        told, said = tell(capsys, "--lang", "zh", *words)
        assert (told, said.split("。")[0]) == (status, "cli.file: 给的文件读不了或写不了")


def test_a_failure_within_a_folder_that_is_there_is_not_told_as_the_user_s(
    built: tuple[Path, str], tmp_path: Path
) -> None:
    """A file of the county's own that cannot be opened is a fault to be seen, not a wrong word."""
    county = tmp_path / "county"
    county.mkdir()
    (county / "county.json").write_bytes((built[0] / "county.json").read_bytes())
    (county / "village").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        run(["case", "list", "--county", str(county), "--member", "village"])


def test_what_fails_between_leaves_no_file_and_no_part(tmp_path: Path) -> None:
    def fail_between() -> None:
        with writing(tmp_path / "x"):
            assert left(tmp_path) == {"x.part"}
            raise NotFound("case.unknown", "no such case")

    with pytest.raises(NotFound):
        fail_between()
    assert left(tmp_path) == set()
    (tmp_path / "to").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "to")
    with writing(tmp_path / "link") as write:
        write(b"through")
    assert (tmp_path / "to").read_bytes() == b"through"
    assert (tmp_path / "link").is_symlink()


def test_what_a_user_keeps_under_the_name_of_a_part_stays(tmp_path: Path) -> None:
    mine = tmp_path / "x.part"
    mine.write_bytes(b"my own")
    with (
        pytest.raises(
            Unavailable, match=r"^archive\.write: .*x\.part cannot be written: File exists"
        ),
        writing(tmp_path / "x"),
    ):
        pytest.fail("a part that stands already was written over")
    assert mine.read_bytes() == b"my own"
    assert left(tmp_path) == {"x.part"}
