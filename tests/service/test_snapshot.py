"""A member's state as a file, checked by whoever trusts the members and holds nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from counties import START_MS, found
from tallystick.base.clock import ManualClock
from tallystick.cli.main import run
from tallystick.county.house import open_house
from tallystick.kernel.ledger.snapshot import save_snapshot

Tally = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clock = ManualClock(START_MS)
    folder = found(tmp_path_factory.mktemp("snapshot"), clock)
    with open_house(folder, clock) as house:
        house.spread()
    return folder


@pytest.fixture
def tally(capsys: pytest.CaptureFixture[str]) -> Tally:
    def call(*words: str) -> tuple[int, Any]:
        status = run([*words, "--json"])
        told = capsys.readouterr()
        return status, json.loads(told.out) if told.out else told.err

    return call


def test_a_snapshot_is_written_beside_its_checkpoint_and_proven_by_both(
    county: Path, tmp_path: Path, tally: Tally
) -> None:
    out, trust = tmp_path / "state.cbor", str(county / "members.json")
    status, told = tally("chain", "snapshot", str(out), "--county", str(county))
    assert status == 0
    assert told["cosigned"] == 12
    assert told["bytes"] == out.stat().st_size
    status, seen = tally("chain", "check", str(out), "--trust", trust)
    assert (status, seen["status"], len(seen["signers"])) == (0, "proven", 12)
    assert (seen["height"], seen["pairs"]) == (told["height"], told["pairs"])
    data = bytearray(out.read_bytes())
    data[-1] ^= 1
    out.write_bytes(data)
    status, seen = tally("chain", "check", str(out), "--trust", trust)
    assert (status, seen["status"]) == (1, "false")
    note = Path(f"{out}.note")
    few = note.read_text().split("\n")
    note.write_text("\n".join([*few[:7], ""]))
    assert tally("chain", "check", str(out), "--trust", trust)[1]["status"] == "not checkable"
    note.unlink()
    status, line = tally("chain", "check", str(out), "--trust", trust)
    assert (status, line.split(":")[0]) == (2, "cli.file")


def test_every_member_writes_the_same_state(county: Path, tmp_path: Path, tally: Tally) -> None:
    written = set()
    for member in ("finance", "village"):
        out = tmp_path / member
        assert not tally(
            *("chain", "snapshot", str(out), "--county", str(county), "--member", member)
        )[0]
        written.add(out.read_bytes())
    assert len(written) == 1


def test_a_file_that_is_there_is_not_written_over(county: Path, tmp_path: Path) -> None:
    out = tmp_path / "taken"
    out.write_text("mine")
    assert run(["chain", "snapshot", str(out), "--county", str(county)]) == 5
    assert out.read_text() == "mine"


def test_a_chain_without_a_block_has_no_snapshot(tmp_path: Path) -> None:
    folder = found(tmp_path, ManualClock(START_MS), catalogue=False)
    with pytest.raises(Exception, match=r"ledger\.no_snapshot"):
        save_snapshot(folder / "village" / "ledger.db", tmp_path / "out")
