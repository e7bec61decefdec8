"""keys.db: a kill at any point leaves an erasure undone or done; what is erased is in no file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick.base.clock import SeededEntropy, SystemEntropy
from tallystick.base.codec import RAW, cid_of
from tallystick.base.errors import Corrupt, Error, Unavailable
from tallystick.kernel.access import master
from tallystick.kernel.access.keyring import DataKey, KeyRing
from tallystick.kernel.store.database import Database

ANNA, BORIS = b"A" * 16, b"B" * 16


def make(party: bytes, number: int, until: int = 0) -> DataKey:
    name = party + bytes([number])
    return DataKey(
        cid_of(name, RAW), name[:1] * 31 + name[-1:], name[-16:], "party", b"", party, until
    )


KEYS = [make(party, number) for party in (ANNA, BORIS) for number in range(3)]


def open_ring(folder: Path) -> KeyRing:
    return KeyRing(folder, SystemEntropy())


def held(folder: Path, party: bytes) -> list[bytes]:
    ring = open_ring(folder)
    try:
        return sorted(key.key for key in ring.of_party(party))
    finally:
        ring.close()


def wanted(party: bytes) -> list[bytes]:
    return sorted(key.key for key in KEYS if key.party == party)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ring = open_ring(tmp_path)
    ring.put(KEYS)
    ring.close()
    return tmp_path


def kill_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let this process die as by kill -9 before its n-th step that can be seen from outside."""
    done = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step_or_die(*given: Any, **named: Any) -> Any:
            nonlocal done
            if done == step:
                os._exit(9)
            done += 1
            return function(*given, **named)

        return step_or_die

    for owner, name in (
        (os, "fsync"),
        (os, "open"),
        (Path, "replace"),
        (Path, "unlink"),
        (Path, "open"),
        (Database, "run"),
        (Database, "run_many"),
    ):
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))
    return lambda: done


def in_a_child(work: Callable[[], None]) -> int:
    """Run in a forked process and return its exit status."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def erase_and_die(folder: Path, step: int) -> int:
    """Erase Anna in a process that dies at a step; return 9 if it died, 0 if it ended first."""

    def work() -> None:
        ring = open_ring(folder)
        with pytest.MonkeyPatch.context() as patch:
            kill_at(step, patch)
            ring.erase(ANNA)
        os._exit(0)

    return in_a_child(work)


def test_a_kill_at_any_step_leaves_an_erasure_undone_or_done(tmp_path: Path) -> None:
    outcomes = set()
    for step in range(200):
        folder = tmp_path / str(step)
        folder.mkdir()
        ring = open_ring(folder)
        ring.put(KEYS)
        ring.close()
        status = erase_and_die(folder, step)
        assert status in {0, 9}
        left = held(folder, ANNA)
        assert left in ([], wanted(ANNA)), f"half an erasure at step {step}"
        assert held(folder, BORIS) == wanted(BORIS), f"another party's keys lost at step {step}"
        assert not (folder / "master.new").exists()
        ring = open_ring(folder)
        ring.erase(ANNA)
        ring.close()
        assert not held(folder, ANNA)
        assert held(folder, BORIS) == wanted(BORIS)
        outcomes.add((status, bool(left)))
        if not status:
            break
    assert outcomes == {(9, True), (9, False), (0, False)}


def test_a_kill_at_any_step_of_the_first_opening_harms_nothing(tmp_path: Path) -> None:
    for step in range(100):
        folder = tmp_path / str(step)
        folder.mkdir()

        def work(folder: Path = folder, step: int = step) -> None:
            with pytest.MonkeyPatch.context() as patch:
                kill_at(step, patch)
                open_ring(folder).put(KEYS)
            os._exit(0)

        status = in_a_child(work)
        ring = open_ring(folder)
        ring.put(KEYS)
        ring.close()
        assert held(folder, ANNA) == wanted(ANNA)
        if not status:
            return
    pytest.fail("the opening never ended")


def test_a_commit_that_fails_leaves_the_keys_as_they_were(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = open_ring(folder)
    real = Database.run_many

    def full(self: Database, statement: str, rows: Any) -> None:
        real(self, statement, list(rows)[:1])
        raise Unavailable("database.full", "the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "run_many", full)
        with pytest.raises(Unavailable):
            ring.erase(ANNA)
    assert sorted(key.key for key in ring.of_party(ANNA)) == wanted(ANNA)
    assert len(ring.erase(ANNA)) == 3
    assert not ring.of_party(ANNA)
    ring.close()
    assert held(folder, BORIS) == wanted(BORIS)


def test_what_is_erased_is_in_no_file_and_the_old_master_key_opens_nothing(folder: Path) -> None:
    old = (folder / "master.key").read_bytes()
    ring = open_ring(folder)
    rows = ring._db.rows("SELECT link, wrapped FROM data_key")
    gone = ring.erase(ANNA)
    assert sorted(each.raw for each in gone) == sorted(k.obj.raw for k in KEYS if k.party == ANNA)
    for path in folder.iterdir():
        data = path.read_bytes()
        assert old not in data
        for key in KEYS:
            assert key.key not in data
        for link, wrapped in rows:
            assert link not in data
            assert wrapped not in data
        for cid in gone:
            assert cid.raw not in data
    ring.close()
    assert (folder / "master.key").read_bytes() != old


def test_a_reader_that_holds_the_journal_back_is_told_and_the_next_opening_ends_it(
    folder: Path,
) -> None:
    ring = open_ring(folder)
    (anna,) = [key for key in KEYS if key == KEYS[0]]
    reader = Database.read(folder / "keys.db")
    reader.hold()
    reader.rows("SELECT * FROM data_key")
    with pytest.raises(Unavailable):
        ring.erase(ANNA)
    reader.close()
    ring.close()
    assert not held(folder, ANNA)
    assert held(folder, BORIS) == wanted(BORIS)
    assert all(anna.obj.raw not in path.read_bytes() for path in folder.iterdir())


def test_several_parties_are_erased_at_once(folder: Path) -> None:
    ring = open_ring(folder)
    assert len(ring.erase(ANNA, BORIS)) == 6
    ring.close()
    assert not held(folder, BORIS)


def test_keys_lent_are_forgotten_when_their_time_is_over(folder: Path) -> None:
    ring = open_ring(folder)
    lent = make(ANNA, 7, until=1_000)
    ring.put([lent])
    assert not ring.forget_lent(1_000)
    assert ring.find(lent.obj) is not None
    assert ring.forget_lent(1_001) == [lent.obj]
    assert ring.find(lent.obj) is None
    assert len(ring.of_party(ANNA)) == 3
    ring.close()


def test_a_key_that_was_lent_is_gone_from_the_file_once_it_is_over(folder: Path) -> None:
    ring = open_ring(folder)
    lent, longer = make(ANNA, 7, until=1_000), make(ANNA, 8, until=2_000)
    ring.put([lent, longer])
    (row,) = ring._db.rows("SELECT wrapped FROM data_key WHERE obj = ?", (lent.obj.raw,))
    held = [lent.obj.raw, row[0]]
    assert all(any(each in data for data in read_files(folder)) for each in held)
    ring.forget_lent(1_001)
    assert not any(each in data for each in held for data in read_files(folder))
    assert ring.find(longer.obj) == longer
    assert ring.forget_lent(2_001) == [longer.obj]
    ring.close()


def read_files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.iterdir()]


def test_no_row_is_opened_before_a_key_that_was_lent_can_be_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = open_ring(folder)
    ring.put([make(ANNA, 7, until=1_000)])
    assert not ring.forget_lent(1)
    opened: list[object] = []
    monkeypatch.setattr(ring, "_unwrap", opened.append)
    assert not ring.forget_lent(1_000)
    assert not opened
    monkeypatch.undo()
    sooner = make(ANNA, 8, until=500)
    ring.put([sooner])
    assert ring.forget_lent(501) == [sooner.obj]
    ring.close()


def test_a_lost_master_key_is_named_and_never_drawn_anew(folder: Path) -> None:
    (folder / "master.key").unlink()
    with pytest.raises(Corrupt) as caught:
        open_ring(folder)
    assert caught.value.code == "keys.no_master"
    assert not (folder / "master.key").exists()


def test_lost_keys_are_named_and_none_begun_anew_until_their_master_key_is_put_aside(
    folder: Path,
) -> None:
    (folder / "keys.db").rename(folder / "kept")
    with pytest.raises(Corrupt, match=r"^keys\.lost: "):
        open_ring(folder)
    assert not (folder / "keys.db").exists()
    (folder / "kept").rename(folder / "keys.db")
    assert held(folder, ANNA) == wanted(ANNA)
    (folder / "keys.db").unlink()
    (folder / "master.key").unlink()
    (folder / "views.db").touch()
    with pytest.raises(Corrupt, match=r"^keys\.lost: "):
        open_ring(folder)
    (folder / "views.db").unlink()
    assert held(folder, ANNA) == []


@pytest.mark.parametrize("data", [b"", bytes(32), b"x" * 31, b"y" * 64])
def test_another_master_key_is_refused(folder: Path, data: bytes) -> None:
    (folder / "master.key").write_bytes(data)
    with pytest.raises(Corrupt):
        open_ring(folder)


def test_a_row_moved_to_another_record_does_not_open(folder: Path) -> None:
    ring = open_ring(folder)
    ring._db.run("UPDATE data_key SET record = ? WHERE obj = ?", (bytes(16), KEYS[0].obj.raw))
    with pytest.raises(Corrupt):
        ring.find(KEYS[0].obj)
    ring.close()


def test_no_key_is_in_clear_in_the_file_nor_in_a_repr_or_an_error(folder: Path) -> None:
    data = b"".join(path.read_bytes() for path in folder.iterdir())
    for key in KEYS:
        assert key.key not in data
        assert key.party not in data
        shown = repr(key) + repr([key])
        assert repr(key.key) not in shown
        assert key.key.hex() not in shown
        assert repr(key.party) not in shown
    ring = open_ring(folder)
    secret = ring._master
    ring._db.run("UPDATE data_key SET wrapped = zeroblob(90)")
    with pytest.raises(Error) as caught:
        ring.of_record(KEYS[0].record)
    told = f"{caught.value!r} {caught.value} {caught.value.values} {ring!r}"
    assert repr(secret) not in told
    assert secret.hex() not in told
    ring.close()


def test_the_files_of_the_master_key_are_its_owners_alone(folder: Path) -> None:
    ring = open_ring(folder)
    for _ in range(2):
        assert (folder / "master.key").stat().st_mode & 0o077 == 0
        ring.erase(ANNA)
    ring.close()


def test_the_first_master_key_comes_from_the_entropy_given(tmp_path: Path) -> None:
    KeyRing(tmp_path, SeededEntropy("seed")).close()
    assert (tmp_path / "master.key").read_bytes() == SeededEntropy("seed").draw("key", 32)
    assert len(master.digest_of(bytes(32))) == 32
