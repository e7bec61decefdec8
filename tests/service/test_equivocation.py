"""A member that signed twice is shown to all: in health, by the file, on the ledger's page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counties import FITTING, START_MS, Town, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.codec import cid_of, decode, value
from tallystick.base.errors import NotFound
from tallystick.base.keys import SigningKey
from tallystick.chain.checkpoint import cosign, write_note
from tallystick.chain.equivocation import verify_equivocation
from tallystick.chain.pin import Pin
from tallystick.cli.main import run

CULPRIT = "finance"


@pytest.fixture
def town(town: Town) -> Town:
    """The town with a case that every member has heard of."""
    take_in(town["credit-union"], FITTING)
    town.house.spread()
    return town


def forge(town: Town, shown_by: str = "village") -> int:
    """Let a member show a body of the newest height that the orderer signed beside its own."""
    node = town.house.node(CULPRIT)
    height = node.replica.tip.height
    body = replace(node.replica.body(height), root=bytes(32), header=cid_of(b"another block"))
    key = SigningKey.from_seed(node.secrets.note)
    note = write_note(body, [cosign(body, key, member=CULPRIT, time_s=START_MS // 1_000)])
    town.house.link(shown_by).serve({"ledger.note": lambda *_: note})
    return height


def kept(town: Town, member: str) -> list[dict[str, Any]]:
    return town[member].list_equivocations()


def test_nobody_is_accused_where_all_notes_agree(town: Town) -> None:
    for seat in town.house.seats():
        assert seat.checker.hear_notes() == []
    assert kept(town, "village") == []
    assert town["village"].show_health()["alarm"] == ""


def test_whoever_compares_proves_it_and_everybody_is_told(town: Town) -> None:
    height = forge(town)
    (new,) = town.house.seat("credit-union").checker.hear_notes()
    assert new.proof.member == CULPRIT
    for seat in town.house.seats():
        (row,) = kept(town, seat.node.member)
        assert (row["member"], row["digest"]) == (CULPRIT, new.digest.hex())
        assert [each["height"] for each in row["bodies"]] == [height, height]
        assert len({each["root"] for each in row["bodies"]}) == 2
        assert row["known_ms"] >= START_MS
        assert town[seat.node.member].show_health()["alarm"] == "ledger.equivocation"
    assert town.house.seat("credit-union").checker.hear_notes() == []


def test_the_watch_finds_it_unasked(town: Town) -> None:
    forge(town)
    town.house.seat("insurer").checker.watch()
    assert [row["member"] for row in kept(town, "insurer")] == [CULPRIT]


def test_the_file_is_handed_out_and_proves_it_to_whoever_has_the_pin_alone(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forge(town)
    town.house.seat("credit-union").checker.hear_notes()
    (row,) = kept(town, "regulator")
    data = town["regulator"].read_equivocation(row["digest"])
    trust = town.house.folder / "members.json"
    pin = Pin.read(trust.read_bytes())
    proof = verify_equivocation(data, name=pin.name, chain=pin.chain, members=lambda _: pin.members)
    assert proof.member == CULPRIT
    file = tmp_path / "fault.cbor"
    file.write_bytes(data)
    assert told(capsys, file, trust) == (0, "proven", CULPRIT)
    # Another root in the first body, so that it stays the first: its signature does not hold.
    note = decode(data, value)["notes"][0]
    root = note.split(b"\n")[2]
    file.write_bytes(data.replace(root, b"++++" + root[4:], 1))
    assert told(capsys, file, trust) == (1, "false", "")
    file.write_bytes(data[:-1])
    assert told(capsys, file, trust) == (2, "", "")


def told(capsys: pytest.CaptureFixture[str], file: Path, trust: Path) -> tuple[int, str, str]:
    status = run(["evidence", "verify", str(file), "--trust", str(trust), "--json"])
    out = capsys.readouterr().out
    tree = json.loads(out) if out else {}
    return status, tree.get("status", ""), tree.get("member", "")


def test_it_is_kept_over_a_restart(county: Path, clock: ManualClock) -> None:
    with open_town(county, clock) as town:
        take_in(town["credit-union"], FITTING)
        town.house.spread()
        forge(town)
        town.house.seat("credit-union").checker.hear_notes()
        before = kept(town, "postal-bank")
    with open_town(county, clock) as town:
        assert kept(town, "postal-bank") == before
        assert len(before) == 1


def test_a_file_nobody_has_is_not_found(town: Town) -> None:
    with pytest.raises(NotFound, match=r"ledger\.no_equivocation"):
        town["village"].read_equivocation("0" * 64)
