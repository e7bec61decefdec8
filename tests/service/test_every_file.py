"""Every file of every member: a changed byte is found and named, and mended where anybody can.

The kinds are the table of `county.inventory`. What stands in a member's folder after any test of
this folder must be in it (`conftest.py`), so that a new kind of file cannot be forgotten.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from counties import CATALOGUE, FITTING, START_MS, open_town, take_in
from tallystick.base.clock import ManualClock, SeededEntropy
from tallystick.base.codec import encode, sha256
from tallystick.base.errors import Corrupt, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.cli.main import run
from tallystick.county.addressing import set_address
from tallystick.county.founding import found_county
from tallystick.county.house import open_house
from tallystick.county.inventory import KINDS, Mend, check_files, kind_of
from tallystick.county.pruning import prune_member
from tallystick.county.upkeep import cures_of, repair_member, verify_county, verify_member
from tallystick.kernel.access.secrets import Secrets
from tallystick.kernel.ledger.engines.manifest import Manifest
from tallystick.kernel.ledger.voting import note_used
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


def as_text(table: str, column: str) -> Callable[[Path], None]:
    """Make text of a column's bytes, as one flipped bit does."""
    return sql(f"UPDATE {table} SET {column} = CAST({column} AS TEXT)")


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
        as_text("log", "tids"),
        sql("UPDATE entry_recent SET position = position + 1 WHERE position = 1"),
        last_byte("roster", "data"),
        last_byte("head", "lanes"),
        last_byte("cosignature", "line", "height = 2"),
    ],
    "signed.bin": [flip(0), flip(0.9)],
    "store.db": [
        last_byte("object", "data", "substr(cid, 2, 1) = x'71'"),
        as_text("object", "data"),
    ],
    "local.db": [last_byte("outbox", "data"), last_byte("outbox", "tid")],
    "keys.db": [
        last_byte("data_key", "wrapped"),
        last_byte("data_key", "record"),
        last_byte("data_key", "link"),
        last_byte("master", "digest"),
    ],
    "master.key": [flip(0.5)],
    "views.db": [
        as_text("record", "id"),
        sql("UPDATE record SET height = height + 1 WHERE height = 2"),
        sql("UPDATE fold SET height = 99"),
    ],
    "member.key": [flip(0), flip(0.3), flip(0.97)],
    "member.next*": [flip(0)],
    "name-*.key": [flip(0), flip(0.3), flip(1)],
    "peers.json": [flip(0), flip(0.7)],
    "link.pem": [flip(0), flip(0.5), flip(0.9)],
    "link.key": [flip(0), flip(0.6)],
    "offer-*.state": [flip(0.1), flip(0.6), flip(1)],
    "sync-*.state": [flip(0.1), flip(0.6), flip(1)],
    "sync-*.manifest": [flip(0), flip(0.97)],
    "floor-*.state": [flip(0.1), flip(0.6), flip(1)],
    "bft.key": [flip(0), flip(0.3)],
    "bft.used": [flip(0), flip(0.5)],
}
"""By kind, bytes that a fault may change; other kinds are told of elsewhere, below."""
ELSEWHERE = {
    "shards/*": "tests/unit/kernel/store/spread/test_holding.py: a scrub names each rotten chunk",
    "term.cbor": "tests/unit/county/test_term_file.py: each bit of it, and what mends it",
    "own/*": "as a county's folder of its own, with the same table: tally verify --county",
    "member.old": "nothing reads it but its owner",
    "master.new": "tests/unit/kernel/access: a kill between the two names",
    "bft.next*": "tests/unit/kernel/ledger: it does not open",
    "bft.lost": "tests/unit/kernel/ledger/engines: which keys may not begin anew",
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
    note_used(home, SigningKey.from_seed(bytes(32)).public)
    Secrets.draw(SeededEntropy("next")).write(home / "member.next")
    draw_key(home, "news", SeededEntropy("name"))
    set_address(folder, MEMBER, "https://127.0.0.1:8521")
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


def cases() -> Iterator[Any]:
    """Yield every change; a developer's run has the first of each kind, and all of the chain's."""
    for pattern, changes in DAMAGE.items():
        for place in range(len(changes)):
            marks = [pytest.mark.long] if place and pattern != "ledger.db" else []
            yield pytest.param(pattern, place, marks=marks)


def places() -> Iterator[Any]:
    """Yield which change of each kind is made, if it has so many."""
    for place in range(max(map(len, DAMAGE.values()))):
        yield pytest.param(place, marks=[pytest.mark.long] if place else [])


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
    assert bool(done.left) == (kind.mend in {Mend.BACKUP, Mend.REMOVE, Mend.ADDRESS})
    if kind.mend is Mend.BACKUP:
        path.write_bytes(before)
    elif kind.mend is Mend.ADDRESS:
        # As its cure says: the file, or both of the pair, removed and made anew.
        for name in {path.name, *(("link.pem", "link.key") if "link" in path.name else ())}:
            (path.parent / name).unlink()
        set_address(county, MEMBER, "https://127.0.0.1:8521")
    elif kind.mend is Mend.REMOVE:
        assert [each.field for report in done.left for each in report.findings] == [path.name]
        path.unlink()
    assert verify_member(county, member).findings == ()


@pytest.mark.parametrize(
    ("name", "table", "column"),
    [("local.db", "outbox", "data"), ("keys.db", "data_key", "wrapped")],
)
def test_bytes_that_became_text_are_bytes_again_without_a_backup(
    county: Path, name: str, table: str, column: str
) -> None:
    as_text(table, column)(county / MEMBER / name)
    report = verify_member(county, MEMBER)
    assert {each.field for each in report.findings} == {name}
    assert cures_of(report) == [f"tally repair --member {MEMBER}."]
    assert repair_member(county, MEMBER).changed == (name,)
    assert verify_member(county, MEMBER).findings == ()


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


@pytest.mark.parametrize(
    ("lost", "named", "cure"),
    [
        (["member.key"], "member.key", f"tally member renew {MEMBER}"),
        (["keys.db"], "keys.db", "Restore keys.db and master.key"),
        (["keys.db", "master.key"], "keys.db", "Restore keys.db and master.key"),
    ],
)
def test_lost_keys_are_named_with_what_brings_them_back(
    county: Path, lost: list[str], named: str, cure: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {county / MEMBER / name: (county / MEMBER / name).read_bytes() for name in lost}
    for path in before:
        path.unlink()
    report = verify_member(county, MEMBER)
    told = [(each.field, each.detail) for each in report.findings]
    assert told == [(named, "it is missing; only a backup has it")]
    assert cure in cures_of(report)[0]
    assert "文件不见了；只有备份里有" in read_zh(county, capsys)
    assert [each.findings for each in repair_member(county, MEMBER).left] == [report.findings]
    for path, data in before.items():
        path.write_bytes(data)
    assert verify_member(county, MEMBER).is_sound


def test_a_member_that_was_never_opened_has_no_data_keys_to_lose(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    found_county(folder, clock=ManualClock(START_MS))
    assert not list(folder.glob("*/keys.db"))
    assert all(each.is_sound for each in verify_county(folder))


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


SENTENCE = re.compile(r"[A-Za-z']{2,} [a-z']{2,} [a-z']{2,}")
"""Three words that follow one another."""
DATA = re.compile(r"tally(?: [a-z]+){1,3}|[\w-]+\.(?:db|json|cbor|key|pem|bin|next|state|manifest)")
"""Commands and files, which have one name in every language."""


def read_zh(county: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    words = ["--lang", "zh", "verify", "--county", str(county)]
    assert run(words) == Corrupt.exit_status
    told = "".join(capsys.readouterr())
    assert "办法：" in told
    assert "cure" not in told
    assert SENTENCE.findall(DATA.sub("", told)) == []
    return told


@pytest.mark.parametrize("place", list(places()))
def test_who_reads_chinese_reads_no_sentence_in_english(
    county: Path, place: int, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = set()
    for pattern, changes in DAMAGE.items():
        member = "village" if pattern.startswith("floor") else MEMBER
        (path,) = (county / member).glob(pattern)
        if place < len(changes):
            changes[place](path)
            damaged.add(path.name)
    for name in PAPERS if not place else ():
        flip(0.5)(county / name)
        damaged.add(name)
    told = read_zh(county, capsys)
    # Of the chain and its floor heights and fields are named, of a pair the certificate; and an
    # entry whose certificate is another's is found by the pair, which is damaged here too.
    silent = re.compile(r"ledger\.db|floor-.*|link\.key" + (r"|peers\.json" if place else ""))
    assert [name for name in damaged if name not in told and not silent.fullmatch(name)] == []


def test_what_differs_from_a_copy_beside_it_is_told_in_chinese(
    county: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads((county / "county.json").read_text(encoding="utf-8"))
    told["members"][3]["role"] = "village"
    (county / "county.json").write_text(json.dumps(told), encoding="utf-8")
    for path in (county / "village").glob("ledger.db*"):
        path.unlink()
    shutil.rmtree(county / "insurer")
    for name, part in (("keys.db", "keys"), ("store.db", "store"), ("local.db", "outbox")):
        sql(f"UPDATE part SET version = 9 WHERE name = '{part}'")(county / MEMBER / name)
    found = read_zh(county, capsys)
    assert "县\t-\t有错" in found
    assert all(each in found for each in ("的角色", "链的文件不见了", "文件夹不见了", "由版本 9"))
