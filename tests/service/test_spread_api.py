"""Files among the members over the API and on the command line: their length, rights and ends."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from counties import Town, open_town
from stores import found_small
from tallystick.api.gate import BODY_BYTES_MAX
from tallystick.base.codec import Cid
from tallystick.base.errors import Denied, Error, Invalid, NotFound
from tallystick.cli.main import tally
from tallystick.client import Client, in_process

DATA = random.Random(9).randbytes(3 * BODY_BYTES_MAX + 12_345)


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found_small(tmp_path_factory.mktemp("api"))


@pytest.fixture(scope="module")
def town(county: Path) -> Iterator[Town]:
    with open_town(county) as opened:
        yield opened


def put(client: Client, data: bytes = DATA, **wanted: Any) -> str:
    cid: str = client.put_object(io.BytesIO(data), len(data), code="rs-2+1", **wanted)["cid"]
    return cid


def read(client: Client, cid: str) -> bytes:
    sink = io.BytesIO()
    client.read_object(cid, sink)
    return sink.getvalue()


def test_a_file_of_any_length_passes_and_no_other_body_does(town: Town) -> None:
    village = town["village"]
    cid = put(village)
    assert read(village, cid) == DATA
    with pytest.raises(Invalid, match=r"api\.body_size"):
        village.request("POST", "/news", content=DATA)


def test_a_stranger_puts_and_reads_nothing(town: Town) -> None:
    cid = put(town["village"], b"abc", is_public=1)
    with in_process(town.app, "0" * 64, "village") as stranger:
        with pytest.raises(Denied, match=r"api\.token"):
            put(stranger, b"abc")
        with pytest.raises(Denied, match=r"api\.token"):
            read(stranger, cid)


def test_who_keeps_no_accounts_of_it_erases_nothing(town: Town) -> None:
    cid = put(town["village"], b"abc")
    issued = town["village"].add_user("wang", shown="Wang", role="clerk")["password"]
    with in_process(town.app, "", "village") as clerk:
        clerk.log_in("wang", issued)
        clerk.change_password(issued, "a long enough one 2026")
        officer = clerk.show_me()["officer"]
        assert read(clerk, cid) == b"abc"
        acts: tuple[Callable[[], object], ...] = (
            lambda: clerk.erase_object(cid),
            lambda: clerk.grant_object(cid, to="finance", days=1),
            clerk.repair_store,
        )
        for act in acts:
            with pytest.raises(Denied, match=r"access\.role"):
                act()
    node = town.house.node("village")
    left = node.desk.receipts.of(node.spreading.find_manifest(Cid.parse(cid)).id)
    assert [each["officer"] for each in left] == [officer], "who read it is noted"


def test_a_key_repeated_puts_nothing_twice(town: Town) -> None:
    village = town["village"]
    with village.keyed("once"):
        cid = put(village, b"abcdef")
        assert put(village, b"abcdef") == cid
    assert sum(row["cid"] == cid for row in village.list_objects()) == 1


def test_what_cannot_be_read_is_told_before_a_byte_leaves(town: Town) -> None:
    village, finance = town["village"], town["finance"]
    cid = put(village, b"abc")
    for client in (finance, town["newspaper"]):
        with pytest.raises(Denied, match=r"spread\.reader"):
            read(client, cid)
    village.grant_object(cid, to="finance", days=1)
    assert read(finance, cid) == b"abc"
    ended = village.grant_object(cid, to="finance", days=0)
    assert ended == {"cid": cid, "to": "finance", "until_at": 0, "is_told": 1}
    assert town.house.node("finance").keys.find(Cid.parse(cid)) is None
    with pytest.raises(Denied, match=r"spread\.reader"):
        read(finance, cid)
    with pytest.raises(Invalid, match=r"spread\.no_reader"):
        village.grant_object(cid, to="nobody", days=1)
    with pytest.raises(NotFound, match=r"spread\.unknown"):
        finance.grant_object(cid, to="newspaper", days=1)
    for wrong in ("rs-9+99", "zz-1+1"):
        with pytest.raises(Error, match=r"zigzag\.profile|api\.body"):
            put_as(village, wrong)


def put_as(client: Client, code: str) -> None:
    client.put_object(io.BytesIO(b"abc"), 3, code=code)


def test_the_verbs_put_list_fetch_and_erase(tmp_path: Path) -> None:
    county = found_small(tmp_path)
    source, out = tmp_path / "map", tmp_path / "back"
    source.write_bytes(DATA[:70_000])

    def run(*words: str) -> str:
        where = ["--county", str(county), "--member", "village"]
        found = CliRunner().invoke(tally, ["--lang", "en", "store", *words, *where])
        assert found.exit_code == 0, found.output
        return found.output

    told = run("put", str(source), "--code", "rs-2+2", "--name", "the map")
    cid = next(word for word in told.split() if word.startswith("bafy"))
    assert "the map" in run("objects", cid)
    run("fetch", cid, str(out))
    assert out.read_bytes() == source.read_bytes()
    assert "5000000" in run("quota", "--shards", "5000000")
    run("scrub")
    run("repair")
    run("erase", cid, "--yes")
    assert cid not in run("objects")
    assert not list(tmp_path.glob("*.part"))
    folder, again = tmp_path / "songs", tmp_path / "songs again"
    (folder / "empty").mkdir(parents=True)
    (folder / "one").write_bytes(b"la")
    told = run("put", str(folder))
    assert "rs-1+2" in told
    assert "songs.car" in told
    cid = next(word for word in told.split() if word.startswith("bafy"))
    run("fetch", cid, str(again), "--folder")
    assert sorted(path.name for path in again.iterdir()) == ["empty", "one"]
    assert (again / "one").read_bytes() == b"la"
    run("fetch", cid, str(tmp_path / "songs.car"))
    run("import", str(tmp_path / "songs.car"))
