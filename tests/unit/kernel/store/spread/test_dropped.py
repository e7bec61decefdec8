"""What owners had dropped at a holder stays known there, also after a crash, and is bounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from tallystick.base.codec import DAG_CBOR, Cid, cid_of
from tallystick.base.errors import Unavailable
from tallystick.kernel.store.spread import dropped as module
from tallystick.kernel.store.spread.dropped import Dropped


def name(number: int) -> Cid:
    return cid_of(number.to_bytes(4, "big"), DAG_CBOR)


def test_it_is_known_after_a_restart_and_by_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    Dropped(folder).add(name(1), "village")
    Dropped(folder).add(name(1), "village")
    found = Dropped(folder)
    assert found.has(name(1), "village")
    assert not found.has(name(1), "finance")
    assert not found.has(name(2), "village")
    assert (folder / "dropped").read_text(encoding="utf-8").split() == [str(name(1)), "village"]


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_line_that_was_cut_off_or_has_rotted_takes_no_other_along(
    tmp_path: Path, cut: int
) -> None:
    found = Dropped(tmp_path)
    found.add(name(1), "village")
    found.add(name(2), "village")
    path = tmp_path / "dropped"
    path.write_bytes(path.read_bytes()[:-cut] + b"\xff")
    again = Dropped(tmp_path)
    again.add(name(3), "bank")
    assert again.has(name(1), "village")
    last = Dropped(tmp_path)
    assert last.has(name(1), "village")
    assert last.has(name(3), "bank")


def test_of_too_many_the_older_half_of_that_owner_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DROPPED_MAX", 10)
    found = Dropped(tmp_path)
    found.add(name(99), "bank")
    for number in range(11):
        found.add(name(number), "village")
    for each in (found, Dropped(tmp_path)):
        held = [number for number in range(11) if each.has(name(number), "village")]
        assert held == [5, 6, 7, 8, 9, 10]
        assert each.has(name(99), "bank")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "dropped").mkdir()
    with pytest.raises(Unavailable, match=r"spread\.disk"):
        Dropped(tmp_path).add(name(1), "village")
