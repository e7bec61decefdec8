"""Drafts are their officer's, lie sealed, and go when they should."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.base.clock import DAY_MS, ManualClock, SystemEntropy
from tallystick.base.errors import Conflict, Corrupt, Invalid, NotFound
from tallystick.kernel.access import drafts as room
from tallystick.kernel.access.drafts import DRAFTS_MAX, KEEP_DAYS, SIZE_MAX, Drafts
from tallystick.kernel.access.keyring import KeyRing
from tallystick.kernel.store.database import Database

ONE: Final = b"1" * 16
SECRET: Final = "planted-secret-of-a-household"


class Desk:
    """A folder's drafts, as a node opens them."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.keys = KeyRing(folder, SystemEntropy())
        self.file = Database.write(folder / "local.db", "desk", "CREATE TABLE x (a)", 1)
        self.drafts = Drafts(self.file, self.keys, clock, SystemEntropy())

    def close(self) -> None:
        self.file.close()
        self.keys.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_000 * DAY_MS)


@pytest.fixture
def desk(tmp_path: Path, clock: ManualClock) -> Iterator[Desk]:
    desk = Desk(tmp_path, clock)
    yield desk
    desk.close()


def test_a_draft_is_read_by_its_own_officer_alone(desk: Desk) -> None:
    desk.drafts.save("li", ONE, {"a": 1}, 0)
    assert desk.drafts.read("li", ONE).tree == {"a": 1}
    with pytest.raises(NotFound, match=r"draft\.unknown"):
        desk.drafts.read("wang", ONE)
    assert desk.drafts.list_all("wang") == []
    desk.drafts.drop("wang", ONE)
    # Two officers' drafts of one id are two.
    desk.drafts.save("wang", ONE, {"a": 2}, 0)
    assert desk.drafts.read("li", ONE).tree == {"a": 1}


def test_nothing_of_a_draft_lies_open_and_nothing_is_left_of_one_that_went(
    desk: Desk, tmp_path: Path
) -> None:
    desk.drafts.save("li", ONE, {"words": SECRET, "party": "ab" * 16}, 0)
    sealed = bytes(desk.file.value("SELECT sealed FROM draft"))
    files = [each for each in tmp_path.iterdir() if each.name.startswith("local.db")]
    for file in tmp_path.iterdir():
        assert SECRET.encode() not in file.read_bytes()
    assert any(sealed in file.read_bytes() for file in files)
    assert desk.drafts.forget_party(b"\xab" * 16) == 1
    assert not any(sealed in file.read_bytes() for file in files if file.exists())


def test_an_erasure_that_replaces_the_master_key_leaves_drafts_readable(
    desk: Desk, tmp_path: Path, clock: ManualClock
) -> None:
    desk.drafts.save("li", ONE, {"words": SECRET}, 0)
    desk.keys.erase(b"p" * 16)
    assert desk.drafts.read("li", ONE).tree == {"words": SECRET}
    desk.close()
    again = Desk(tmp_path, clock)
    assert again.drafts.read("li", ONE).tree == {"words": SECRET}
    again.close()


@pytest.mark.parametrize("damage", ["flipped", "moved", "no_key"])
def test_a_draft_that_was_touched_or_has_no_key_is_corrupt(
    desk: Desk, tmp_path: Path, damage: str
) -> None:
    desk.drafts.save("li", ONE, {"a": 1}, 0)
    if damage == "no_key":
        other = tmp_path / "other"
        other.mkdir()
        desk.drafts._keys = KeyRing(other, SystemEntropy())
    else:
        with sqlite3.connect(tmp_path / "local.db") as file:
            if damage == "flipped":
                sealed = bytearray(file.execute("SELECT sealed FROM draft").fetchone()[0])
                sealed[-1] ^= 1
                file.execute("UPDATE draft SET sealed = ?", (bytes(sealed),))
            else:
                file.execute("UPDATE draft SET officer = 'wang'")
    officer = "wang" if damage == "moved" else "li"
    with pytest.raises(Corrupt, match=r"draft\.corrupt"):
        desk.drafts.read(officer, ONE)
    # It is still listed, so that it can be deleted, and others are kept beside it.
    desk.drafts.save(officer, b"2" * 16, {"b": 2}, 0)
    found = {each.draft: each.tree for each in desk.drafts.list_all(officer)}
    assert found == {ONE: {}, b"2" * 16: {"b": 2}}
    # What cannot be read might name a party that is to be forgotten.
    assert desk.drafts.forget_party(b"p" * 16) == 1
    assert [each.draft for each in desk.drafts.list_all(officer)] == [b"2" * 16]


def test_what_differs_is_named_and_never_shown(desk: Desk) -> None:
    desk.drafts.save("li", ONE, {"profile": {"persons": 4, "words": SECRET}, "step": 1}, 0)
    desk.drafts.save("li", ONE, {"profile": {"persons": 5, "words": SECRET}, "step": 1}, 1)
    with pytest.raises(Conflict) as caught:
        desk.drafts.save("li", ONE, {"profile": {"persons": 6}, "step": 1}, 1)
    assert caught.value.values["changed"] == ["profile.persons", "profile.words"]
    assert SECRET not in repr(caught.value.values) + str(caught.value)
    assert SECRET not in repr(desk.drafts.read("li", ONE))
    desk.drafts.drop("li", ONE)
    with pytest.raises(Conflict, match=r"draft\.changed"):
        desk.drafts.save("li", ONE, {}, 2)


_TREES: Final = st.recursive(
    st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: (
        st.dictionaries(st.sampled_from("xyz"), inner, max_size=3) | st.lists(inner, max_size=2)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from("xyz"), _TREES), st.dictionaries(st.sampled_from("xyz"), _TREES)
)
def test_equal_trees_alone_have_no_difference(held: dict[str, Any], sent: dict[str, Any]) -> None:
    assert (list(room._differences(held, sent)) == []) == (held == sent)


def test_drafts_have_a_size_a_number_and_a_life(desk: Desk, clock: ManualClock) -> None:
    with pytest.raises(Invalid, match=r"draft\.size"):
        desk.drafts.save("li", ONE, {"a": "x" * SIZE_MAX}, 0)
    for at in range(DRAFTS_MAX):
        desk.drafts.save("li", at.to_bytes(16, "big"), {}, 0)
    with pytest.raises(Conflict, match=r"draft\.too_many"):
        desk.drafts.save("wang", ONE, {}, 0)
    # What is kept already can still be saved.
    clock.advance(KEEP_DAYS * DAY_MS)
    assert desk.drafts.save("li", bytes(16), {"a": 1}, 1).revision == 2
    clock.advance(1)
    assert [each.draft for each in desk.drafts.list_all("li")] == [bytes(16)]
