"""What a member keeps of wrong answers: over restarts, bounded, and never more than was proven."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tallystick.base.codec import Cid, cid_of, sha256
from tallystick.base.errors import Error, Invalid, NotFound
from tallystick.kernel.store.spread import wrongs as room
from tallystick.kernel.store.spread.wrong_answer import WrongAnswer
from tallystick.kernel.store.spread.wrongs import Wrong, Wrongs

ONE, OTHER = cid_of(b"one"), cid_of(b"other")


def prove(found: Wrong) -> Callable[[bytes], WrongAnswer]:
    """Return what finds any file but `no` to be the proof of a find."""

    def verify(data: bytes) -> WrongAnswer:
        if data == b"no":
            raise Invalid("test.no", "no", cure="No.")
        return WrongAnswer(data, found.member, "bank", found.cid, found.shard, 0, 0, 1, 2)

    return verify


def never(_: bytes) -> WrongAnswer:
    raise AssertionError("there is nothing to verify")


class Clock:
    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        self.ms += 1
        return self.ms


def opened(folder: Path) -> Wrongs:
    return Wrongs(folder / "local.db", Clock().now_ms)


def find(member: str = "coop", cid: Cid = ONE, sub_chunk: int = 0) -> Wrong:
    return Wrong(member, cid, 1, 0, sub_chunk)


def test_it_is_kept_over_a_restart_with_its_proof(tmp_path: Path) -> None:
    found = opened(tmp_path)
    found.note(find(), b"file", prove(find()))
    found.note(find("bank"), b"", never)
    before = found.known()
    assert [(each.member, each.at_ms, each.size) for each in before] == [
        ("coop", 1, 4),
        ("bank", 2, 0),
    ]
    found.close()
    again = opened(tmp_path)
    assert again.known() == before
    assert again.read(before[0].digest) == b"file"
    for digest in (b"", bytes(32)):
        with pytest.raises(NotFound, match=r"spread\.no_proof"):
            again.read(digest)


def test_what_is_found_again_is_kept_once_and_a_proof_is_added(tmp_path: Path) -> None:
    found = opened(tmp_path)
    found.note(find(), b"", never)
    found.note(find(), b"", never)
    assert len(found.known()) == 1
    found.note(find(), b"file", prove(find()))
    found.note(find(), b"another", never)
    (only,) = found.known()
    assert only.digest == sha256(b"file")
    assert opened(tmp_path).known() == [only]


@pytest.mark.parametrize(
    "proven", [find("bank"), find(cid=OTHER), replace(find(), shard=2)], ids=lambda _: ""
)
def test_a_file_that_proves_another_find_is_not_kept(tmp_path: Path, proven: Wrong) -> None:
    found = opened(tmp_path)
    found.note(find(), b"file", prove(proven))
    found.note(find(sub_chunk=1), b"no", prove(find()))
    assert [each.digest for each in found.known()] == [b"", b""]


def test_few_proofs_of_a_member_are_kept_and_the_first_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = opened(tmp_path)
    for at in range(room.OF_A_MEMBER_MAX + 2):
        found.note(find(sub_chunk=at), b"%d" % at, prove(find()))
    assert sum(bool(each.digest) for each in found.known()) == room.OF_A_MEMBER_MAX
    assert len(found.known()) == room.OF_A_MEMBER_MAX + 2
    monkeypatch.setattr(room, "PROOF_BYTES_MAX", 5)
    found.note(find("bank"), b"large", prove(find("bank")))
    found.note(find("bank", sub_chunk=1), b"x", prove(find("bank")))
    assert [bool(each.digest) for each in found.known() if each.member == "bank"] == [True, False]


def test_who_is_found_often_pushes_out_no_other(tmp_path: Path) -> None:
    found = opened(tmp_path)
    found.note(find("bank"), b"", never)
    found.note(find(), b"file", prove(find()))
    for at in range(1, room.KEPT_MAX + 20):
        found.note(find(sub_chunk=at), b"", never)
    kept = found.known()
    assert len(kept) == room.KEPT_MAX
    assert [(each.member, bool(each.digest)) for each in kept[:3]] == [
        ("bank", False),
        ("coop", True),
        ("coop", False),
    ]
    assert kept[2].sub_chunk == 22, "the longest ago went"
    assert opened(tmp_path).known() == kept


def test_an_erased_objects_proof_is_overwritten_and_its_finder_stays(tmp_path: Path) -> None:
    found = opened(tmp_path)
    secret = b"bytes of it in clear" * 40
    found.note(find(), secret, prove(find()))
    found.note(find("bank", OTHER), b"kept", prove(find("bank", OTHER)))
    found.forget([ONE])
    found.forget([cid_of(b"a third")])
    assert [(each.member, bool(each.digest)) for each in found.known()] == [
        ("coop", False),
        ("bank", True),
    ]
    found.close()
    assert not any(secret[:20] in path.read_bytes() for path in tmp_path.iterdir())
    assert [bool(each.digest) for each in opened(tmp_path).known()] == [False, True]


def test_a_damaged_row_accuses_nobody_and_stops_nothing(tmp_path: Path) -> None:
    found = opened(tmp_path)
    found.note(find(), b"file", prove(find()))
    found.note(find("bank"), b"other", prove(find("bank")))
    digests = [each.digest for each in found.known()]
    found.close()
    with sqlite3.connect(tmp_path / "local.db") as file:
        file.execute("UPDATE wrong_answer SET cid = x'00' WHERE member = 'coop'")
        file.execute("UPDATE wrong_answer SET data = x'66' WHERE member = 'bank'")
    again = opened(tmp_path)
    assert [each.member for each in again.known()] == ["bank"]
    for digest in digests[1:]:
        with pytest.raises(NotFound):
            again.read(digest)


def test_a_file_that_cannot_be_written_keeps_it_until_the_end(tmp_path: Path) -> None:
    found = opened(tmp_path)
    found.close()
    found.note(find(), b"", never)
    assert [each.member for each in found.known()] == ["coop"]
    with pytest.raises(Error):
        found.read(bytes(32))
