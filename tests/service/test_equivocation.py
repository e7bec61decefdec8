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
from tallystick.base.errors import Error, NotFound
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


# ---- two checkpoints that an outsider was shown


def shown(town: Town, *signers: str, ahead: int = 0) -> tuple[bytes, bytes]:
    """Return two notes of the newest height that neither is this chain's, signed by some."""
    node = town.house.node(CULPRIT)
    true = node.replica.body(node.replica.tip.height)
    bodies = [
        replace(
            true, size=true.size + ahead, root=bytes([place]) * 32, header=cid_of(b"x%d" % place)
        )
        for place in (1, 2)
    ]
    return tuple(  # type: ignore[return-value]
        write_note(
            body,
            [
                cosign(body, note_key(town, name), member=name, time_s=START_MS // 1_000)
                for name in signers
            ],
        )
        for body in bodies
    )


def note_key(town: Town, name: str) -> SigningKey:
    return SigningKey.from_seed(town.house.node(name).secrets.note)


def test_two_notes_that_no_member_holds_convict_everybody_who_signed_both(
    town: Town, tmp_path: Path
) -> None:
    one, other = shown(town, CULPRIT, "village")
    rows = town["insurer"].prove_equivocation(one.decode(), other.decode())
    assert [row["member"] for row in rows] == [CULPRIT, "village"]
    for seat in town.house.seats():
        assert {row["digest"] for row in kept(town, seat.node.member)} == {
            row["digest"] for row in rows
        }
        assert town[seat.node.member].show_health()["alarm"] == "ledger.equivocation"
    # Told again, in the other order, it is the same; nothing is kept twice.
    assert town["regulator"].prove_equivocation(other.decode(), one.decode()) == [
        {**row, "known_ms": known["known_ms"]}
        for row, known in zip(rows, kept(town, "regulator"), strict=True)
    ]
    assert len(kept(town, "insurer")) == 2


def test_two_notes_that_prove_nothing_are_kept_nowhere(town: Town) -> None:
    one, other = shown(town, CULPRIT)
    _, by_another = shown(town, "village")
    node = town.house.node(CULPRIT)
    later = write_note(
        node.replica.body(1),
        [cosign(node.replica.body(1), note_key(town, CULPRIT), member=CULPRIT, time_s=1)],
    )
    bad = other.replace(b"height", b"heigh7")
    forged = other[:-12] + b"AAAAAAAAAAA\n"
    for pair, code in (
        ((one, one), "equivocation.agree"),
        ((one, later), "equivocation.agree"),
        ((one, by_another), "equivocation.key"),
        ((one, forged), "equivocation.key"),
        ((one, bad), "codec.form"),
        ((one, b"no note"), "codec.form"),
        ((one, other.replace(b"county/", b"kounty/")), "checkpoint.origin"),
    ):
        with pytest.raises(Error) as error:
            town["insurer"].prove_equivocation(*(each.decode() for each in pair))
        assert error.value.code == code
    assert kept(town, "insurer") == []


def test_an_outsiders_two_files_become_evidence_told_to_all(
    county: Path, clock: ManualClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_town(county, clock) as town:
        take_in(town["credit-union"], FITTING)
        notes = shown(town, CULPRIT)
    files = [tmp_path / "one.note", tmp_path / "other.note"]
    for file, note in zip(files, notes, strict=True):
        file.write_bytes(note)
    trust = county / "members.json"
    words = ["evidence", "equivocation", *map(str, files), "--json"]
    (tmp_path / "own").mkdir()
    alone = run([*words, "--trust", str(trust), "--out", str(tmp_path / "own")])
    outside = json.loads(capsys.readouterr().out)
    assert (alone, outside["member"]) == (0, CULPRIT)
    assert run([*words, "--county", str(county), "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert Path(found["file"]).read_bytes() == Path(outside["file"]).read_bytes()
    assert told(capsys, Path(found["file"]), trust) == (0, "proven", CULPRIT)
    with open_town(county, clock) as town:
        for seat in town.house.seats():
            assert [row["member"] for row in kept(town, seat.node.member)] == [CULPRIT]
    assert run([*words, "--out", str(tmp_path / "nowhere"), "--trust", str(trust)]) != 0
    assert run([*words[:3], str(files[0]), "--trust", str(trust)]) != 0
