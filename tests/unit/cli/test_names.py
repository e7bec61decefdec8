"""The verbs of names on a real county folder, run as a person would run them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import found
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Conflict, Denied, Invalid, NotFound
from tallystick.base.keys import SigningKey
from tallystick.cli.main import run
from tallystick.kernel.store.ipns.moment import MOMENT_MAX
from tallystick.kernel.store.ipns.record import Pointer, Record, sign_record

Tally = Callable[..., Any]
KEY = SigningKey.from_seed(b"n" * 32)


@pytest.fixture
def county(tmp_path: Path) -> Path:
    return found(tmp_path / "county", SystemClock(), catalogue=False)


@pytest.fixture
def tally(county: Path, capsys: pytest.CaptureFixture[str]) -> Tally:
    """Return a function that runs a verb of `village`: the objects it told, or status and code."""

    def call(*words: str) -> Any:
        status = run(["store", *words, "--json", "--county", str(county), "--member", "village"])
        told = capsys.readouterr()
        if status:
            return status, told.err.split(": ")[0]
        assert told.err == ""
        return [json.loads(line) for line in told.out.splitlines()]

    return call


def foreign(sequence: int, ends_ns: int = MOMENT_MAX) -> Record:
    said = Pointer(value=b"/ipfs/bafkqaaa", sequence=sequence, ends_ns=ends_ns, ttl_ns=0)
    return sign_record(KEY, said)


def test_a_name_is_published_listed_and_withdrawn(tally: Tally, tmp_path: Path) -> None:
    source = tmp_path / "hello"
    source.write_bytes(b"hello")
    (added,) = tally("add", str(source))
    cid = added["cid"]
    assert tally("publish", cid) == (Denied.exit_status, "ipns.private")
    tally("pin", cid, "--public")
    (made,) = tally("publish", cid, "--name", "news", "--lifetime", "1", "--ttl", "9")
    assert made["points_to"] == f"/ipfs/{cid}"
    assert (made["label"], made["given"]) == ("news", 1)
    left_ms = made["until_at"] - SystemClock().now_ms()
    assert 0 < left_ms <= 3_600_000
    (again,) = tally("publish", f"/ipfs/{cid}", "--name", "news")
    assert again["name"] == made["name"]
    assert again["sequence"] > made["sequence"]
    (own,) = tally("publish", cid)
    assert own["label"] == "self"
    assert [row["label"] for row in tally("name", "list")] == ["news", "self"]
    (gone,) = tally("name", "withdraw", f"/ipns/{made['name']}")
    assert gone["given"] == 0
    assert tally("publish", cid, "--name", "a b") == (Invalid.exit_status, "ipns.label")


def test_another_s_record_is_taken_if_it_is_signed_newer_and_counts(
    tally: Tally, tmp_path: Path
) -> None:
    file, name = tmp_path / "x.ipns-record", str(foreign(1).name)
    file.write_bytes(foreign(7).raw)
    (told,) = tally("name", "import", name, str(file))
    assert (told["name"], told["sequence"], told["label"]) == (name, 7, "")
    for raw, expected in (
        (foreign(6).raw, (Conflict.exit_status, "ipns.older")),
        (foreign(8, ends_ns=1).raw, (Invalid.exit_status, "ipns.ended")),
        (foreign(8).raw[:-1], (Invalid.exit_status, "ipns.record")),
        (foreign(8).raw + bytes(20_000), (Invalid.exit_status, "ipns.record")),
    ):
        file.write_bytes(raw)
        assert tally("name", "import", name, str(file)) == expected
    file.write_bytes(foreign(8).raw)
    own = "k51qzi5uqu5dlvj2baxnqndepeb86cbk3ng7n3i46uzyxzyqj2xjonzllnv0v8"
    assert tally("name", "import", own, str(file)) == (Invalid.exit_status, "ipns.signature")
    assert tally("name", "import", "foo", str(file)) == (Invalid.exit_status, "ipns.name")
    gone = str(tmp_path / "none")
    assert tally("name", "import", name, gone) == (NotFound.exit_status, "cli.file")
    assert tally("name", "withdraw", own) == (NotFound.exit_status, "ipns.absent")
    assert [row["sequence"] for row in tally("name", "list")] == [7]
