"""A member that gives wrong bytes is named with proof, at a server and at rest, over a restart."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import open_town
from machines import Machines, await_until, found_apart
from stores import DATA, Place, found_small
from tallystick.api.app import create_app
from tallystick.api.token import ensure_token
from tallystick.base.clock import SystemClock
from tallystick.base.codec import Cid
from tallystick.base.errors import NotFound
from tallystick.cli.main import run
from tallystick.client import Client, in_process
from tallystick.county.single import open_single
from tallystick.kernel.store.spread.receipt import Vouching
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.spread.serving import answer_for
from tallystick.services.storing.acts import Wanted

OTHERS = ("finance", "credit-union", "newspaper")
NEVER_S = 3_600.0


def say(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    capsys.readouterr()
    status = run([*words, "--json"])
    lines = capsys.readouterr().out.splitlines()
    return status, [json.loads(line) for line in lines]


def lie(ring: Ring) -> None:
    """Have a member change a byte of all that it gives, and say that nothing of it is rotten."""
    truly = answer_for(ring.own, Vouching(member=ring.member))["spread.read"]

    def read(caller: str, payload: bytes) -> bytes:
        found = truly(caller, payload)
        return bytes([found[0] ^ 1]) + found[1:]

    ring.link.serve({"spread.read": read})


def find_liar(machines: Machines, cid: Cid) -> tuple[str, int]:
    """Return another member than the village that holds a data shard, and which."""
    held = {name: machines.node(name).spreading.ring.own.shards_of(cid) for name in OTHERS}
    return next((name, shards[0]) for name, shards in held.items() if shards and shards[0] < 2)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    """Three members that are served, and one whose folder is at rest but for each test's need."""
    found = Machines(found_apart(tmp_path), NEVER_S)
    found.begin("village", *OTHERS)
    try:
        yield found
    finally:
        found.close()


def put(machines: Machines) -> Cid:
    """Have the village put an object of three shards at the others, and end it."""
    spread = machines.node("village").spreading
    noted, done = spread.put(io.BytesIO(DATA), Wanted(code="rs-2+1"))
    assert not done.missing
    await_until(machines.is_level)
    machines.end("village")
    return noted.cid


def apart(county: Path) -> Path:
    """Return a folder that holds the village alone, as its own machine has it."""
    home = county.parent / "alone"
    home.mkdir()
    for path in county.iterdir():
        if path.is_file():
            shutil.copy(path, home)
    shutil.copytree(county / "village", home / "village")
    return home


def test_a_fetch_at_rest_keeps_a_proof_that_a_stranger_verifies(
    machines: Machines, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cid = put(machines)
    home = apart(machines.county)
    at = ("--county", str(home), "--member", "village")
    assert say(capsys, "store", "liars", *at) == (0, [])
    name, shard = find_liar(machines, cid)
    lie(machines.node(name).spreading.ring)
    status, _ = say(capsys, "store", "fetch", str(cid), str(tmp_path / "out"), *at)
    assert status == 0
    assert (tmp_path / "out").read_bytes() == DATA

    # Another process, later: it is named, and the proof leaves as a file.
    status, (health,) = say(capsys, "store", "health", *at)
    assert status == 0
    assert [(each["member"], each["shard"]) for each in health["liars"]] == [(name, shard)]
    status, (row,) = say(capsys, "store", "liars", "--out", str(tmp_path), *at)
    assert (status, row["member"], row["cid"], row["caller"]) == (0, name, str(cid), "village")
    proof, trust = Path(row["file"]), home / "members.json"
    assert proof.stat().st_size == row["bytes"]
    status, (told,) = say(capsys, "evidence", "verify", str(proof), "--trust", str(trust))
    assert (status, told["status"], told["kind"]) == (0, "proven", "wrong answer")
    assert (told["member"], told["cid"], told["shard"]) == (name, str(cid), shard)

    # A byte changed, another county's list, a file cut off.
    data = proof.read_bytes()
    proof.write_bytes(data.replace(b"Y", b"Z", 1))
    status, _ = say(capsys, "evidence", "verify", str(proof), "--trust", str(trust))
    assert status in (1, 2)
    (tmp_path / "other").mkdir()
    other = found_small(tmp_path / "other") / "members.json"
    proof.write_bytes(data)
    status, (told,) = say(capsys, "evidence", "verify", str(proof), "--trust", str(other))
    assert (status, told["status"]) == (1, "false")
    proof.write_bytes(data[:-1])
    assert say(capsys, "evidence", "verify", str(proof), "--trust", str(trust)) == (2, [])


def office(machines: Machines, house: Any) -> Any:
    app = create_app(house, members=["village"])
    return in_process(app, ensure_token(house.folder), "village")


def test_an_erased_objects_proof_goes_with_it(machines: Machines) -> None:
    cid = put(machines)
    name, _ = find_liar(machines, cid)
    lie(machines.node(name).spreading.ring)
    with open_single(machines.county, "village", SystemClock()) as house:
        spread = house.node("village").spreading
        opened = spread.open(cid)
        assert b"".join(opened.read(0, opened.size)) == DATA
        client: Client
        with office(machines, house) as client:
            (row,) = client.list_liars()
            assert row["digest"]
            assert len(client.read_liar(row["digest"])) == row["bytes"]
            spread.erasing.destroy(cid)
            (row,) = client.list_liars()
            assert (row["member"], row["digest"]) == (name, "")
            with pytest.raises(NotFound, match=r"spread\.no_proof"):
                client.read_liar("0" * 64)


# ---- all members in one process, where nothing is signed


def test_where_nothing_is_signed_it_is_named_without_proof_over_a_restart(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    county = shutil.copytree(few, tmp_path / "county")
    with open_town(county, SystemClock()) as town:
        place = Place(town)
        cid = place.put()
        held = place.holders(cid)
        shard, name = next((s, who) for s in (0, 1) for who in held[s] if who != "village")
        lie(place.spread(name).ring)
        assert place.read("village", cid) == DATA
    at = ("--county", str(county), "--member", "village")
    _, (health,) = say(capsys, "store", "health", *at)
    assert [(each["member"], each["shard"]) for each in health["liars"]] == [(name, shard)]
    _, (row,) = say(capsys, "store", "liars", "--out", str(tmp_path), *at)
    assert (row["member"], row["digest"], row.get("file")) == (name, "", None)


# ---- a damaged manifest of the owner's


def test_a_damaged_manifest_here_is_put_right_by_the_others(few: Path, tmp_path: Path) -> None:
    county = shutil.copytree(few, tmp_path / "county")
    data = random.Random(5).randbytes(30_000)
    with open_town(county, SystemClock()) as town:
        cid = Place(town).put(data=data)
    with sqlite3.connect(county / "village" / "store.db") as file:
        query = "SELECT data FROM object WHERE cid = ?"
        (good,) = file.execute(query, (cid.raw,)).fetchone()
        damaged = good[:-1] + bytes([good[-1] ^ 1])
        file.execute("UPDATE object SET data = ? WHERE cid = ?", (damaged, cid.raw))
    file.close()
    with open_town(county, SystemClock()) as town:
        place, village = Place(town), town["village"]
        assert village.show_store()["whole"] == 1
        assert place.read("village", cid) == data
        assert place.spread("village").desk.store.get(cid) == good
        assert not village.repair_store()["failed"]
