"""Which keys voted here: no byte of that file changes unseen, and who cannot tell does not vote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.far_engines import SEED, Far
from simulation.validators import engine_keys, later_keys
from tallystick.base.errors import Corrupt
from tallystick.kernel.ledger.engines.comet_home import STATE
from tallystick.kernel.ledger.voting import (
    USED_FILE,
    check_used,
    list_used,
    note_used,
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Far]:
    (tmp_path / "bank").mkdir()
    found = Far(tmp_path / "bank")
    yield found
    found.close()


def test_any_byte_of_the_file_of_keys_that_voted_is_missed(tmp_path: Path) -> None:
    old, later = engine_keys(SEED, "bank"), later_keys(SEED, "bank")
    for keys in (old, later):
        note_used(tmp_path, keys.public)
    path, named = tmp_path / USED_FILE, [old.public.hex(), later.public.hex()]
    whole = path.read_bytes()
    assert list_used(tmp_path) == named
    for at in range(len(whole)):
        for bit in (1, 4, 32, 128):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with pytest.raises(Corrupt, match=r"engine\.bad_used"):
                list_used(tmp_path)
            with pytest.raises(Corrupt, match=r"engine\.bad_used"):
                note_used(tmp_path, later.public)
    path.write_bytes(b"")
    with pytest.raises(Corrupt, match=r"engine\.bad_used"):
        check_used(tmp_path)
    path.write_bytes(whole + b"\n")
    assert list_used(tmp_path) == named


def test_keys_noted_by_an_earlier_program_are_read_and_get_their_checks(tmp_path: Path) -> None:
    old, later = engine_keys(SEED, "bank"), later_keys(SEED, "bank")
    path = tmp_path / USED_FILE
    path.write_text(f"{old.public.hex()}\n{later.public.hex()}")
    check_used(tmp_path)
    assert list_used(tmp_path) == [old.public.hex(), later.public.hex()]
    note_used(tmp_path, later.public)
    assert list_used(tmp_path) == [old.public.hex(), later.public.hex()]
    first = path.read_bytes()
    path.write_bytes(bytes([first[0] ^ 1]) + first[1:])
    with pytest.raises(Corrupt, match=r"engine\.bad_used"):
        check_used(tmp_path)


def test_who_cannot_read_which_keys_voted_follows_and_does_not_vote(town: Far) -> None:
    old, later = town.found_alone()
    begun = town.begin(old)
    begun.prepare()
    state, path = town.keep() / STATE, town.folder / USED_FILE
    whole = path.read_bytes()
    broken = bytes([whole[0] ^ 1]) + whole[1:]
    path.write_bytes(broken)
    for _ in range(2):
        begun.prepare()
        assert begun.trouble is not None
        assert begun.trouble.code == "engine.bad_used"
        assert "renew --use bft" in begun.trouble.cure
        assert not town.is_own(old)
    assert path.read_bytes() == broken
    assert state.read_text() == "signed"
    # Restored, it votes on, after what it signed last.
    path.write_bytes(whole)
    begun.prepare()
    assert begun.trouble is None
    assert town.is_own(old)
    assert state.read_text() == "signed"
    # Without a backup the members vote a fresh key in: that one votes, and the old one never.
    path.write_bytes(broken)
    begun.prepare()
    for height in (1, 2, 3):
        town.order(height)
    begun.prepare()
    assert begun.trouble is None
    assert town.is_own(later)
    assert list_used(town.folder) == [old.public.hex(), later.public.hex()]
    assert json.loads(state.read_text())["height"] == "0"


def test_a_key_that_signed_what_is_lost_does_not_vote_though_its_file_is_restored(
    town: Far,
) -> None:
    old, _ = town.found_alone()
    begun = town.begin(old)
    begun.prepare()
    path = town.folder / USED_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[1:])
    (town.folder / "cometbft" / "data" / STATE).unlink()
    begun.prepare()
    path.write_bytes(whole)
    begun.prepare()
    assert begun.trouble is not None
    assert begun.trouble.code == "engine.forgotten"
    assert not town.is_own(old)
