"""Every file of every member: a changed byte is found and named, and mended where anybody can.

The kinds are the table of `county.inventory`. What stands in a member's folder after any test of
this folder must be in it (`conftest.py`), so that a new kind of file cannot be forgotten.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from counties import CATALOGUE, FITTING, START_MS, open_town, take_in
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Unavailable
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.inventory import KINDS, Mend, check_files, kind_of
from tallystick.county.pruning import prune_member
from tallystick.county.upkeep import cures_of, repair_member, verify_county, verify_member
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger.engines.manifest import Manifest
from tallystick.kernel.store.ipns.keys import draw_key
from tallystick.services.positioning.catalogue import catalogue_from_toml

MEMBER = "finance"


def sql(statement: str) -> Callable[[Path], None]:
    """Change bytes of rows, as a fault below SQLite that keeps the pages' form would."""

    def change(path: Path) -> None:
        plain = sqlite3.connect(path)
        plain.create_function("flipped", 1, _flipped)
        with plain:
            assert plain.execute(statement).rowcount > 0
        plain.close()

    return change


def _flipped(cell: bytes | str) -> bytes | str:
    data = cell.encode() if isinstance(cell, str) else cell
    changed = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]
    return changed.decode() if isinstance(cell, str) else changed


def flip(at: float) -> Callable[[Path], None]:
    """Flip one bit at a part of the file, 0 its first byte, 1 its last."""

    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[round(at * (len(data) - 1))] ^= 1
        path.write_bytes(data)

    return change


def last_byte(table: str, column: str, where: str = "1") -> Callable[[Path], None]:
    """Flip a bit near the end of a column of some rows."""
    return sql(f"UPDATE {table} SET {column} = flipped({column}) WHERE {where}")


DAMAGE: dict[str, list[Callable[[Path], None]]] = {
    "ledger.db": [
        last_byte("block", "body", "height = 2"),
        last_byte("block", "header", "height = 3"),
        last_byte("block", "tally", "height = 2"),
        last_byte("pair", "value", "length(value) > 2"),
        last_byte("pair", "name", "position = 5"),
        sql("UPDATE place_recent SET short = short + 1 WHERE position = 5"),
        last_byte("log", "nodes", "height = 2"),
        last_byte("log", "tids", "height = 2"),
        last_byte("log", "codes", "height = 2"),
        sql("UPDATE entry_recent SET position = position + 1 WHERE position = 1"),
        last_byte("roster", "data"),
        last_byte("head", "lanes"),
        last_byte("cosignature", "line", "height = 2"),
    ],
    "signed.bin": [flip(0), flip(0.9)],
    "store.db": [last_byte("object", "data", "substr(cid, 2, 1) = x'71'")],
    "local.db": [last_byte("outbox", "data"), last_byte("outbox", "tid")],
    "keys.db": [
        last_byte("data_key", "wrapped"),
        last_byte("data_key", "record"),
        last_byte("data_key", "link"),
        last_byte("master", "digest"),
    ],
    "master.key": [flip(0.5)],
    "views.db": [
        sql("UPDATE record SET height = height + 1 WHERE height = 2"),
        sql("UPDATE fold SET height = 99"),
    ],
    "member.key": [flip(0), flip(0.3), flip(0.97)],
    "member.next": [flip(0)],
    "name-*.key": [flip(0), flip(0.3), flip(1)],
    "peers.json": [flip(0)],
    "offer-*.state": [flip(0.1), flip(0.6), flip(1)],
    "sync-*.state": [flip(0.1), flip(0.6), flip(1)],
    "sync-*.manifest": [flip(0), flip(0.97)],
    "floor-*.state": [flip(0.1), flip(0.6), flip(1)],
    "bft.key": [flip(0), flip(0.3)],
}
"""By kind, bytes that a fault may change; other kinds are told of elsewhere, below."""
ELSEWHERE = {
    "shards/*": "tests/unit/kernel/store/spread/test_holding.py: a scrub names each rotten chunk",
    "term.cbor": "tests/unit/kernel/test_term.py: it does not open, or is no certificate",
    "own/*": "as a county's folder of its own, with the same table: tally verify --county",
    "link.pem": "tests/service/test_machines.py: the others know the certificate",
    "link.key": "it does not fit its certificate, and no line opens",
    "member.old": "nothing reads it but its owner",
    "master.new": "tests/unit/kernel/access: a kill between the two names",
    "bft.next": "tests/unit/kernel/ledger: it does not open",
    "bft.used": "tests/unit/kernel/ledger/engines: which keys may not begin anew",
    "bft.lost": "likewise",
}
"""Kinds that only their readers notice."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county at rest whose member has every kind of file that is checked."""
    folder, clock = tmp_path_factory.mktemp("every") / "county", ManualClock(START_MS)
    found_county(folder, clock=clock, validators=4)
    # No engine runs here: one member orders, and a validator's keys are there all the same.
    told = json.loads((folder / "county.json").read_text(encoding="utf-8"))
    (folder / "county.json").write_text(json.dumps({**told, "engine": ""}), encoding="utf-8")
    clock.advance(1_000)
    with open_town(folder, clock) as town:
        tree = catalogue_from_toml(CATALOGUE.read_text(encoding="utf-8"))
        town.house.node(MEMBER).positions.publish_catalogue(tree)
        take_in(town["credit-union"], FITTING)
        take_in(town[MEMBER], FITTING)
        town.house.spread()
        town.house.link("village").call(MEMBER, "snapshot.offer", encode([0]))
    home = folder / MEMBER
    (offer,) = home.glob("offer-*.state")
    height = int(offer.stem.partition("-")[2])
    shutil.copy(offer, home / f"sync-{height}.state")
    state = offer.read_bytes()
    manifest = Manifest(height, len(state), (bytes(32), sha256(state)))
    (home / f"sync-{height + 5}.manifest").write_bytes(manifest.data)
    Secrets.draw(SeededEntropy("next")).write(home / "member.next")
    draw_key(home, "news", SeededEntropy("name"))
    book = {MEMBER: {"address": "http://127.0.0.1:8521", "certificate": ""}}
    (home / "peers.json").write_text(json.dumps(book), encoding="utf-8")
    prune_member(folder, "village", folder.parent / "old.car", clock=clock, below=1)
    return folder


@pytest.fixture
def county(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "county"))


def test_every_kind_of_file_is_damaged_here_or_told_where_it_is() -> None:
    told = {kind.pattern for kind in KINDS if kind.mend not in {Mend.NOTHING, Mend.ENGINE}}
    journals = {
        "ledger.db*",
        "store.db-*",
        "local.db-*",
        "keys.db-*",
        "views.db-*",
        "shards",
        "own",
    }
    assert told - journals == (DAMAGE.keys() - {"ledger.db"}) | ELSEWHERE.keys()
    assert kind_of("something.new") is None


def test_a_whole_county_has_no_finding(county: Path) -> None:
    for home in (path.parent for path in county.glob("*/member.key")):
        assert verify_member(county, home.name).findings == (), home.name


def cases() -> Iterator[tuple[str, int]]:
    for pattern, changes in DAMAGE.items():
        yield from ((pattern, place) for place in range(len(changes)))


@pytest.mark.parametrize(("pattern", "place"), list(cases()))
def test_a_changed_byte_is_found_named_and_mended_where_anybody_can(
    county: Path, pattern: str, place: int
) -> None:
    member = "village" if pattern.startswith("floor") else MEMBER
    (path,) = (county / member).glob(pattern)
    kind = kind_of(path.name)
    assert kind is not None
    before = path.read_bytes()
    DAMAGE[pattern][place](path)
    named = verify_member(county, member).findings
    if kind.mend is Mend.CHAIN:
        assert named
    else:
        assert any(path.name in f"{each.field} {each.detail}" for each in named)
    done = repair_member(county, member)
    assert (done.chain.damaged is not None) == (kind.mend is Mend.CHAIN)
    assert bool(done.left) == (kind.mend in {Mend.BACKUP, Mend.REMOVE})
    if kind.mend is Mend.BACKUP:
        path.write_bytes(before)
    elif kind.mend is Mend.REMOVE:
        assert [each.field for report in done.left for each in report.findings] == [path.name]
        path.unlink()
    assert verify_member(county, member).findings == ()


def test_what_only_its_owner_has_is_said_to_need_a_backup(county: Path) -> None:
    home = county / MEMBER
    flip(0.3)(home / "member.key")
    last_byte("object", "data", "substr(cid, 2, 1) = x'55'")(home / "store.db")
    found = check_files(home)
    assert {each.field for each in found} == {"member.key", "store.db"}
    assert all("only a backup has it" in each.detail for each in found)
    # A repair neither loses nor invents anything of them.
    before = (home / "member.key").read_bytes()
    repair_member(county, MEMBER)
    assert (home / "member.key").read_bytes() == before
    assert check_files(home) == found


PAPERS = ["genesis.cbor", "members.cbor", "members.json"]


@pytest.mark.parametrize("name", PAPERS)
def test_a_file_of_the_county_is_held_against_the_chain_and_made_anew(
    county: Path, name: str
) -> None:
    whole = (county / name).read_bytes()
    flip(0.5)(county / name)
    *reports, papers = verify_county(county)
    assert all(each.is_sound for each in reports)
    assert (papers.member, [each.field for each in papers.findings]) == ("", [name])
    done = repair_member(county, MEMBER)
    assert (name in done.changed, done.left, done.chain.damaged) == (True, (), None)
    assert (county / name).read_bytes() == whole


def test_a_changed_county_json_is_named_and_needs_a_copy(county: Path) -> None:
    told = json.loads((county / "county.json").read_text(encoding="utf-8"))
    told["members"][3]["role"] = "village"
    (county / "county.json").write_text(json.dumps(told), encoding="utf-8")
    done = repair_member(county, MEMBER)
    assert [each.field for report in done.left for each in report.findings] == ["county.json"]
    assert cures_of(done.left[0])[0].startswith("Restore county.json from a copy")


def test_a_lost_ledger_is_told_as_lost_and_fetched_whole(county: Path) -> None:
    for path in (county / MEMBER).glob("ledger.db*"):
        path.unlink()
    (found,) = verify_member(county, MEMBER).findings
    assert (found.field, found.got) == ("ledger.db", "database.missing")
    done = repair_member(county, MEMBER)
    assert (done.chain.damaged, done.left) == (None, ())


@pytest.mark.parametrize(
    ("name", "part"), [("keys.db", "keys"), ("store.db", "store"), ("local.db", "outbox")]
)
def test_a_part_of_another_version_is_found_and_said_whose_it_is(
    county: Path, name: str, part: str
) -> None:
    sql(f"UPDATE part SET version = 9 WHERE name = '{part}'")(county / MEMBER / name)
    (found,) = verify_member(county, MEMBER).findings
    assert (found.field, found.detail.startswith(f"{part} was written by")) == (name, True)
    with (
        pytest.raises(Unavailable, match=rf"database\.version: {MEMBER}: {name}: "),
        open_house(county, ManualClock(START_MS)),
    ):
        pass
