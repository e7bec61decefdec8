"""A path that is put and the name that is noted of it are looked at before any work begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.cli.naming import check_name, check_source


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """Return the folder of a county with one member, as they are laid out."""
    folder = tmp_path / "home" / "county"
    (folder / "village" / "shards").mkdir(parents=True)
    for name in ("county.json", "token", "village/member.key", "village/store.db"):
        (folder / name).write_bytes(b"x")
    return folder


def refused(path: Path | str) -> Error:
    with pytest.raises(Invalid, match=r"cli\.source") as caught:
        check_source(str(path))
    return caught.value


def test_an_empty_path_is_not_the_working_folder() -> None:
    assert "empty" in refused("").message
    assert check_source(".") == Path()


def test_what_is_not_there_is_told_whatever_it_is_called(tmp_path: Path) -> None:
    for name in ("none", "n" * 300, "n\udcff"):
        with pytest.raises(NotFound, match=r"cli\.file") as caught:
            check_source(str(tmp_path / name))
        assert caught.value.message.encode()


def test_a_folder_of_keys_is_refused_from_within_and_from_above(
    county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    village = county / "village"
    inside = (village, village / "shards", village / "member.key", village / "store.db")
    for path in (tmp_path, county.parent, county, county / "token", *inside):
        assert "folder of keys" in refused(path).message
    monkeypatch.chdir(village / "shards")
    refused(".")
    refused("..")
    (tmp_path / "way").symlink_to(village)
    refused(tmp_path / "way")
    refused(tmp_path / "way" / "shards")


def test_what_is_beside_a_folder_of_keys_and_what_is_public_of_a_county_may_be_put(
    county: Path, tmp_path: Path
) -> None:
    beside, public = county.parent / "songs", tmp_path / "public"
    for folder in (beside, public):
        folder.mkdir()
    for name in ("county.json", "genesis.cbor", "members.json"):
        (public / name).write_bytes(b"x")
    (beside / "nowhere").symlink_to("no-such")
    (beside / "round").symlink_to("round")
    # A link is kept as one: what it leads to is not put.
    (beside / "keys").symlink_to(county)
    for path in (beside, public, public / "county.json", beside / "nowhere", beside / "round"):
        assert check_source(str(path)) == path


def test_a_name_is_utf_8() -> None:
    for name in ("", "songs", "歌.txt", "\x1b[2J", "👨\u200d👩"):
        assert check_name(name) == name
    for name in (os.fsdecode(b"n\xff"), "\ud800"):
        with pytest.raises(Invalid, match=r"cli\.name") as caught:
            check_name(name)
        assert "--name" in caught.value.cure
        assert caught.value.message.encode()
