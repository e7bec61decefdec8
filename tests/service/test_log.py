"""Anybody reads the log with tools of their own: a checkpoint, tiles, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from counties import FITTING, START_MS, Town, found, open_town, take_in
from tallystick.api.gate import LOG_BURST
from tallystick.base.clock import ManualClock
from tallystick.base.codec import decode
from tallystick.base.errors import Error, NotFound, Unavailable
from tallystick.chain import schema
from tallystick.chain.checkpoint import Checkpoint, verify_checkpoint
from tallystick.chain.member import Members
from tallystick.chain.merkle import includes, leaf_hash
from tallystick.chain.pin import Pin
from tallystick.chain.tile import ENTRIES, Tile, TileTree, tiles_of
from tallystick.cli.log import check_log
from tallystick.client.carrying import AppTransport
from tallystick.client.log import LogReader

Get = Callable[..., httpx.Response]


@pytest.fixture
def town(town: Town) -> Town:
    """The town with a case that every member has heard of."""
    take_in(town["credit-union"], FITTING)
    town.house.spread()
    return town


@pytest.fixture
def get(town: Town) -> Get:
    """Ask for something of a member's log, with nothing that tells who asks."""
    http = town["village"]._http

    def ask(path: str, member: str = "village", **headers: str) -> httpx.Response:
        return http.get(f"/{member}/log/{path}", headers={"Authorization": "", **headers})

    return ask


def read_checkpoint(town: Town, note: bytes) -> Checkpoint:
    pin = Pin.read((town.house.folder / "members.json").read_bytes())
    return verify_checkpoint(note, name=pin.name, chain=pin.chain, members=pin.members)


def test_a_stranger_recomputes_the_log_from_tiles_alone(town: Town, get: Get) -> None:
    found = read_checkpoint(town, get("checkpoint").content)
    assert found.is_authoritative()
    body = found.body
    tree = TileTree.open(body.size, body.root, lambda tile: get(tile.path()).content)
    assert tree.recompute() == len(list(tiles_of(body.size))) == 1
    entries = tree.entries(0)
    assert len(entries) == body.size == town.house.node("village").replica.tip.peaks.size
    for index, entry in enumerate(entries):
        path = tree.log.inclusion(index, body.size)
        leaf = leaf_hash(entry)
        assert includes(leaf=leaf, index=index, size=body.size, path=path, root=body.root)


def test_every_member_serves_the_same_log(town: Town, get: Get) -> None:
    size = read_checkpoint(town, get("checkpoint").content).body.size
    paths = [Tile(level, 0, size).path() for level in (0, ENTRIES)]
    for member in ("finance", "credit-union", "regulator"):
        for path in paths:
            assert get(path, member).content == get(path).content


def test_a_leaf_tells_digests_times_and_results_and_no_name(town: Town, get: Get) -> None:
    size = read_checkpoint(town, get("checkpoint").content).body.size
    data = get(Tile(ENTRIES, 0, size).path()).content
    names = {each.name.encode() for each in town.house.county.members}
    assert not [name for name in names if name in data]
    tree = TileTree.open(
        size, town.house.node("village").replica.tip.peaks.root(), lambda t: get(t.path()).content
    )
    for entry in tree.entries(0):
        height, index, time, code, tid, prev = decode(entry, schema.LEAF)
        assert (height > 0, index >= 0, time >= START_MS) == (True, True, True)
        assert (code >= 0, len(tid), len(prev.digest)) == (True, 32, 32)


def test_a_tile_is_kept_for_ever_and_a_checkpoint_is_asked_for_again(town: Town, get: Get) -> None:
    checkpoint = get("checkpoint")
    assert checkpoint.headers["cache-control"] == "no-cache"
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    size = read_checkpoint(town, checkpoint.content).body.size
    for level in (0, ENTRIES):
        tile = get(Tile(level, 0, size).path())
        assert tile.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert tile.headers["content-type"] == "application/octet-stream"


def test_entries_travel_compressed_to_whoever_takes_that(town: Town, get: Get) -> None:
    size = read_checkpoint(town, get("checkpoint").content).body.size
    path = Tile(ENTRIES, 0, size).path()
    plain = get(path, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    # The client decodes what the headers say is encoded, so equal bytes were gzip's.
    small = get(path, **{"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert small.headers["vary"] == "Accept-Encoding"
    assert small.content == plain.content


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("tile/0/000", 404, "ledger.no_tile"),
        ("tile/0/000.p/255", 404, "ledger.no_tile"),
        ("tile/1/000.p/1", 404, "ledger.no_tile"),
        ("tile/6/x999/999", 422, "codec.form"),
        ("tile/0/0", 422, "codec.form"),
        ("tile/entries/000", 404, "ledger.no_tile"),
        ("tile/entries/000.p/0", 422, "codec.form"),
        ("tile/7/000", 422, "codec.form"),
        ("tiles/0/000", 404, "api.no_route"),
    ],
)
def test_what_the_log_has_not_is_told(get: Get, path: str, status: int, code: str) -> None:
    response = get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert "immutable" not in response.headers.get("cache-control", "")


def test_a_log_nobody_has_witnessed_has_no_checkpoint(tmp_path: Path, clock: ManualClock) -> None:
    county = found(tmp_path, clock, catalogue=False)
    with open_town(county, clock) as town:
        response = town["village"]._http.get("/village/log/checkpoint")
        assert (response.status_code, response.json()["code"]) == (404, "ledger.no_note")


def test_a_log_is_asked_for_without_a_session_but_not_endlessly(get: Get) -> None:
    statuses = {get("checkpoint").status_code for _ in range(LOG_BURST)}
    assert statuses == {200}
    response = get("checkpoint")
    assert (response.status_code, response.json()["code"]) == (429, "api.rate")
    assert int(response.headers["retry-after"]) >= 1


def test_nothing_else_is_told_without_a_session(get: Get, town: Town) -> None:
    http = town["village"]._http
    for path in ("/village/log/../v1/blocks", "/village/v1/blocks", "/village/log/"):
        response = http.get(path, headers={"Authorization": ""})
        assert response.json()["code"] == "api.token"
    posted = http.post("/village/log/checkpoint", headers={"Authorization": ""}, json={})
    assert posted.json()["code"] == "api.token"


def test_a_damaged_row_is_not_served_as_a_tile(town: Town, get: Get) -> None:
    replica = town.house.node("village").replica
    size = read_checkpoint(town, get("checkpoint").content).body.size
    with replica.held():
        replica._database.run("UPDATE log SET nodes = zeroblob(length(nodes))")
    response = get(Tile(ENTRIES, 0, size).path())
    assert (response.status_code, response.json()["code"]) == (500, "ledger.corrupt")
    tile = get(Tile(0, 0, size).path())
    root = town.house.node("finance").replica.tip.peaks.root()
    with pytest.raises(Error, match=r"tile\.root"):
        TileTree.open(size, root, lambda _: tile.content)


def test_the_log_verb_proves_a_log_and_names_what_is_not(
    town: Town, get: Get, tmp_path: Path
) -> None:
    pin = Pin.read((town.house.folder / "members.json").read_bytes())
    with LogReader("http://127.0.0.1/village/log", transport=AppTransport(town.app)) as reader:
        found = check_log(reader.read, pin, entries=True)
        size = town.house.node("village").replica.tip.peaks.size
        assert (found["status"], found["size"], found["entries"]) == ("proven", size, size)
        assert len(found["signers"]) == 12

        def changed(path: str) -> bytes:
            data = reader.read(path)
            return data[:-1] + bytes([data[-1] ^ 1]) if path.startswith("tile/0") else data

        assert check_log(changed, pin, entries=False)["status"] == "false"
        newer = replace(pin, size=1, root=leaf_hash(b"another first leaf"))
        assert check_log(reader.read, newer, entries=False)["status"] == "false"
        beyond = replace(pin, size=size + 1, root=bytes(32))
        assert check_log(reader.read, beyond, entries=False)["status"] == "false"
        few = Members.of([pin.members.by_name["village"]])
        stranger = check_log(reader.read, replace(pin, members=few), entries=False)
        assert stranger["status"] == "proven"
        none = Members.of([replace(few.by_name["village"], keys=few.by_name["village"].keys[:1])])
        assert check_log(reader.read, replace(pin, members=none), entries=False) == {
            "status": "not checkable",
            "reason": "quorum",
        }
        with pytest.raises(NotFound, match=r"ledger\.no_tile"):
            reader.read("tile/0/000")


def test_an_address_where_nobody_answers_is_told() -> None:
    with (
        LogReader("http://127.0.0.1:9/village/log") as reader,
        pytest.raises(Unavailable, match=r"client\.unreachable"),
    ):
        reader.read("checkpoint")
