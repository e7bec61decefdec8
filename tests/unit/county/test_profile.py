"""Who keeps what waits, the engine or the members: how a county's folder says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tallystick.base.clock import SystemClock
from tallystick.base.errors import Invalid
from tallystick.county.chains import found_chains
from tallystick.county.founding import found_county, read_county


def test_a_county_keeps_the_profile_it_was_founded_with(tmp_path: Path) -> None:
    found = found_county(tmp_path / "c", clock=SystemClock(), validators=4, profile="fast")
    assert (found.engine, found.profile) == ("cometbft", "fast")
    assert read_county(tmp_path / "c") == found


def test_a_folder_without_a_profile_has_the_default_and_one_of_no_such_name_has_no_reading(
    tmp_path: Path,
) -> None:
    found_county(tmp_path / "c", clock=SystemClock(), validators=4)
    path = tmp_path / "c" / "county.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told.pop("profile") == "default"
    path.write_text(json.dumps(told), encoding="utf-8")
    assert read_county(tmp_path / "c").profile == "default"
    path.write_text(json.dumps({**told, "profile": "faster"}), encoding="utf-8")
    with pytest.raises(Invalid, match=r"county\.malformed"):
        read_county(tmp_path / "c")


def test_a_folder_of_several_chains_is_no_county_and_names_them(tmp_path: Path) -> None:
    home = tmp_path / "two"
    with pytest.raises(Invalid, match=r"county\.missing"):
        read_county(home)
    found_chains(home, "dual", clock=SystemClock())
    with pytest.raises(Invalid, match=r"county\.chains") as told:
        read_county(home)
    assert all(str(home / kind) in told.value.message for kind in ("administrative", "financial"))
    assert read_county(home / "financial").name == "county-financial"


def test_one_member_that_orders_alone_has_no_profile(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"county\.validators: the profile fast"):
        found_county(tmp_path / "c", clock=SystemClock(), profile="fast")
    assert not (tmp_path / "c").exists()
