"""The files by which members reach each other: what is wrong is found, told and mended."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from machines import NAMES, await_until, found_apart, open_machines
from tallystick.base.clock import SystemClock
from tallystick.base.errors import Corrupt, Invalid
from tallystick.cli.main import run
from tallystick.county.addressing import set_address
from tallystick.county.single import open_single
from tallystick.county.upkeep import cures_of, repair_member, verify_member
from tallystick.kernel.link.book import read_book, read_entries

OWN = "village"
ELSE = "newspaper"


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """A county whose members are asked over TLS."""
    folder = found_apart(tmp_path)
    for name in NAMES:
        port = read_book(folder / OWN / "peers.json")[name].port
        set_address(folder, name, f"https://127.0.0.1:{port}")
    return folder


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def copy_pair(home: Path) -> None:
    for name in ("link.key", "link.pem"):
        shutil.copy(home.parent / ELSE / name, home / name)


BROKEN: dict[str, Callable[[Path], None]] = {
    "a key that is another's": lambda home: flip(home / "link.key"),
    "half a key": lambda home: halve(home / "link.key"),
    "half a certificate": lambda home: halve(home / "link.pem"),
    "no key": lambda home: (home / "link.key").unlink(),
    "no certificate": lambda home: (home / "link.pem").unlink(),
    "another's pair": copy_pair,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_pair_is_named_and_drawn_anew_by_its_cure(county: Path, how: str) -> None:
    home = county / OWN
    assert verify_member(county, OWN).is_sound
    url, before = read_book(home / "peers.json")[OWN].address, read_book(home / "peers.json")
    BROKEN[how](home)
    report = verify_member(county, OWN)
    assert [each.field for each in report.findings] == ["link.pem"]
    (cure,) = cures_of(report)
    assert cure.startswith("Remove link.pem and link.key, then tally member address village URL")
    assert "tally member address village URL --certificate link.pem" in cure
    if how != "another's pair":
        with (
            pytest.raises(Corrupt, match=r"^link\.certificate: village: link"),
            open_single(county, OWN, SystemClock()),
        ):
            pass
        # What does not load is drawn anew without being removed first.
        assert set_address(county, OWN, url) == sorted(NAMES)
        assert verify_member(county, OWN).is_sound
        assert read_book(home / "peers.json")[OWN].certificate != before[OWN].certificate
    for name in ("link.pem", "link.key"):
        (home / name).unlink(missing_ok=True)
    set_address(county, OWN, url)
    assert verify_member(county, OWN).is_sound
    with open_single(county, OWN, SystemClock()):
        pass


def test_a_pair_that_is_gone_is_missed_where_the_own_entry_shows_one(county: Path) -> None:
    for name in ("link.pem", "link.key"):
        (county / OWN / name).unlink()
    (found,) = verify_member(county, OWN).findings
    assert (found.field, found.detail, found.got) == (
        "link.pem",
        "link.pem is missing",
        "link.certificate",
    )
    plain = found_apart(county.parent / "plain")
    assert not (plain / OWN / "link.pem").exists()
    assert verify_member(plain, OWN).is_sound


def spoil(path: Path, name: str) -> None:
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree[name] = {"address": f"https://127.0.0.1:{8_500 + len(name)}", "certificate": "none"}
    path.write_text(json.dumps(tree), encoding="utf-8")


def test_a_broken_entry_is_named_and_its_cure_mends_it_though_another_is_broken(
    county: Path,
) -> None:
    path = county / OWN / "peers.json"
    for name in (ELSE, OWN):
        spoil(path, name)
    report = verify_member(county, OWN)
    assert [each.field for each in report.findings] == ["peers.json"] * 2
    assert cures_of(report) == [
        f"tally member address {ELSE} URL --certificate link.pem, that member's own.",
        f"tally member address {OWN} URL.",
    ]
    with pytest.raises(Invalid, match=r"NAME URL --certificate link\.pem, that member's own"):
        read_book(path)
    set_address(county, ELSE, "https://127.0.0.1:8509", county / ELSE / "link.pem")
    assert read_entries(path)[1].keys() == {OWN}
    set_address(county, OWN, "https://127.0.0.1:8510")
    assert verify_member(county, OWN).is_sound
    path.write_text("{", encoding="utf-8")
    (cure,) = cures_of(verify_member(county, OWN))
    assert cure.startswith("Restore peers.json from a backup; or remove it")


def test_a_repair_leaves_out_whose_entry_is_broken_and_goes_on_with_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_machines(tmp_path) as machines:
        news: Any = machines.houses[ELSE].office(ELSE)
        news.publish_news("rain")
        await_until(machines.is_level)
        machines.end(OWN)
        others = [name for name in NAMES if name != OWN]
        elsewhere = tmp_path / "elsewhere"
        shutil.copytree(machines.county, elsewhere, ignore=shutil.ignore_patterns(*others))
        with closing(sqlite3.connect(elsewhere / OWN / "ledger.db")) as plain, plain:
            plain.execute("UPDATE block SET header = zeroblob(length(header)) WHERE height = 1")
        spoil(elsewhere / OWN / "peers.json", ELSE)
        done = repair_member(elsewhere, OWN)
        assert done.chain.fetched == (1,)
        assert [(each.member, each.code) for each in done.chain.left] == [
            (ELSE, "peers.certificate")
        ]
        (left,) = done.left
        (cure,) = cures_of(left)
        assert cure.removeprefix(f"tally member address {ELSE}") in done.chain.left[0].detail
        assert [each.field for each in left.findings] == ["peers.json"]
        capsys.readouterr()
        words = ("repair", "--county", str(elsewhere), "--member", OWN)
        assert run(["--lang", "zh", *words]) == Corrupt.exit_status
        told = "".join(capsys.readouterr())
        assert "一个成员的证书缺失或读不出来" in told
        assert "is asked over TLS" not in told
