"""One member's folder is gone, torn or shut: others' files are put and read all the same."""

from __future__ import annotations

import errno
import json
import logging
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from stores import NAMES, found_small
from tallystick.base.clock import SystemClock, SystemEntropy
from tallystick.base.errors import Conflict, Corrupt, NotFound, Unavailable
from tallystick.cli.main import tally
from tallystick.county.chains import find_chains, found_chains, open_chains, serve_chains
from tallystick.county.house import open_house
from tallystick.county.serving import serve_house
from tallystick.node import Node, tell_place

DATA = random.Random(5).randbytes(60_000)
OWN, ORDERER = "village", "finance"
TALLY = [sys.executable, "-m", "tallystick.cli"]


class Ran(NamedTuple):
    """A verb that was run: its exit status, what it wrote, and what it warned of."""

    status: int
    out: str
    err: str
    warned: list[str]


Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("left-out")
    (folder / "deed").write_bytes(DATA)
    return found_small(folder)


@pytest.fixture
def county(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "county"))


@pytest.fixture
def run(county: Path, caplog: pytest.LogCaptureFixture) -> Run:
    def call(*words: str, member: str = OWN) -> Ran:
        where = ["--county", str(county), *(["--member", member] if member else [])]
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            found = CliRunner().invoke(tally, ["--lang", "en", *words, *where])
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return Ran(found.exit_code, found.stdout, found.stderr, list(caplog.messages))

    return call


def put(run: Run, county: Path, built: Path, code: str = "rs-2+2") -> tuple[str, str]:
    """Put a file; return its CID and a member that holds some of it, and neither put nor orders."""
    source = str(built.parent / "deed")
    told = run("store", "put", source, "--code", code, "--json")
    assert told.status == 0, told.err
    cid: str = json.loads(told.out)["cid"]
    shown = json.loads(run("store", "objects", cid, "--json").out)
    held = {name for each in shown["holders"] for name in each["members"]}
    return cid, min(held - {OWN, ORDERER})


@contextmanager
def spoiled(home: Path, how: str) -> Iterator[None]:
    """Let a member's folder be no use for a while."""
    kept = home.with_name(f"{home.name}.kept")
    shutil.copytree(home, kept)
    shutil.rmtree(home)
    if how == "empty":
        home.mkdir()
    elif how != "gone":
        shutil.copytree(kept, home)
    if how == "shut":
        # Whoever may write everywhere is refused a folder in place of a file, by the same error.
        (home / "lock").unlink(missing_ok=True)
        (home / "lock").mkdir()
    elif how == "torn":
        (home / "ledger.db").write_bytes(b"no database" * 1_000)
    elif how == "no ledger":
        (home / "ledger.db").unlink()
        (home / "ledger.db").mkdir()
    try:
        yield
    finally:
        shutil.rmtree(home, ignore_errors=True)
        kept.rename(home)


SPOILED = {
    "gone": "member.elsewhere",
    "empty": "member.elsewhere",
    "shut": "node.place",
    "torn": "database.corrupt",
    "no ledger": "ledger.missing",
}


@pytest.mark.parametrize("how", [pytest.param(how, marks=pytest.mark.long) for how in SPOILED])
def test_what_others_hold_is_put_read_and_repaired_without_one(
    run: Run, county: Path, built: Path, tmp_path: Path, how: str
) -> None:
    cid, lost = put(run, county, built)
    with spoiled(county / lost, how):
        fetched = run("store", "fetch", cid, str(tmp_path / "out"))
        assert fetched.status == 0, fetched.err
        assert (tmp_path / "out").read_bytes() == DATA
        (warned,) = fetched.warned
        assert warned.startswith(f"{lost} was left out: {SPOILED[how]}, ")
        shown = json.loads(run("store", "objects", cid, "--json").out)
        assert (shown["present"], shown["left"]) == (3, 1)
        assert run("store", "put", str(built.parent / "deed"), "--code", "rs-2+2").status == 0
        health = run("store", "health", "--json")
        assert (health.status, json.loads(health.out)["short"]) == (0, 1)
        assert run("store", "repair").status == 0
        assert json.loads(run("store", "health", "--json").out)["short"] == 0
        # Whoever judges copies, and all other verbs, name the member and stop as ever.
        assert run("case", "list").status != 0
        told = run("verify", member="")
        # Its copy is sound where its folder may only be read.
        assert told.status == (0 if how == "shut" else Corrupt.exit_status)
        own = run("store", "health", member=lost)
        assert SPOILED[how] in own.err
        assert own.status
        files = run("store", "ls", member=lost)
        assert (files.status, files.err.split(":")[0]) == (own.status, SPOILED[how])
    back = run("store", "health", "--json")
    assert (back.status, back.warned) == (0, [])


def test_an_erasure_waits_for_the_one_that_was_left_out(
    run: Run, county: Path, built: Path
) -> None:
    cid, lost = put(run, county, built)
    with spoiled(county / lost, "gone"):
        told = run("store", "erase", cid, "--yes", "--json")
        assert (told.status, json.loads(told.out)["waiting"]) == (0, [lost])
    assert run("store", "repair").status == 0
    shown = json.loads(run("store", "objects", cid, "--json").out)
    assert lost not in shown["receipts"] or not shown["holders"]


def test_without_the_one_that_orders_files_are_read_and_nothing_is_recorded(
    run: Run, county: Path, built: Path, tmp_path: Path
) -> None:
    cid, _ = put(run, county, built)
    height = json.loads(run("store", "objects", cid, "--json").out)["at"]
    with spoiled(county / ORDERER, "shut"):
        assert run("store", "fetch", cid, str(tmp_path / "out")).status == 0
        assert (tmp_path / "out").read_bytes() == DATA
        assert run("store", "health").status == 0
        refused = run("store", "put", str(built.parent / "deed"), "--code", "rs-2+2")
        assert refused.status == Unavailable.exit_status
        assert refused.err.startswith("node.place: the folder of finance cannot be written: ")
    shown = json.loads(run("store", "objects", cid, "--json").out)
    assert (shown["at"], shown["present"]) == (height, 4)
    assert run("store", "put", str(built.parent / "deed"), "--code", "rs-2+2").status == 0
    assert run("verify", member="").status == 0


def test_a_folder_that_another_process_writes_is_waited_for(county: Path) -> None:
    with (
        open_house(county, SystemClock()),
        pytest.raises(Conflict, match=r"node\.locked"),
        open_house(county, SystemClock(), needed=[OWN]),
    ):
        pytest.fail("two processes opened one folder")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EROFS, "node.place"),
        (errno.EACCES, "node.place"),
        (errno.ENOSPC, "database.full"),
        (errno.EDQUOT, "database.full"),
    ],
)
def test_what_the_system_says_of_a_folder_is_told(number: int, code: str) -> None:
    found = tell_place(OWN, OSError(number, os.strerror(number), "/somewhere/lock"))
    assert found.code == code
    assert OWN in found.message
    assert "somewhere" not in str(found)


@pytest.mark.long
def test_a_folder_of_another_user_is_told_and_left_out(county: Path) -> None:
    home = county / "regulator"
    home.chmod(0)
    # Whoever may read everything is refused it here as any other user is.
    able = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if not os.geteuid() else []
    told = {}
    for name in (OWN, home.name):
        words = ["store", "health", "--county", str(county), "--member", name, "--lang", "en"]
        told[name] = subprocess.run(
            [*able, *TALLY, *words], capture_output=True, text=True, check=False
        )
    home.chmod(0o700)
    assert told[OWN].returncode == 0
    assert told[OWN].stderr.startswith("regulator was left out: node.place, ")
    assert told[home.name].returncode == Unavailable.exit_status
    assert told[home.name].stderr.startswith("node.place: the folder of regulator cannot be ")


def test_where_all_members_are_away_it_is_told_why(county: Path) -> None:
    for name in NAMES:
        shutil.rmtree(county / name)
    with (
        pytest.raises(NotFound, match=r"member\.elsewhere"),
        open_house(county, SystemClock(), needed=["nobody"]),
    ):
        pytest.fail("a county of nobody was opened")


@pytest.mark.parametrize("lost", ["agriculture", ORDERER])
def test_a_served_county_goes_on_without_one(county: Path, lost: str) -> None:
    with (
        spoiled(county / lost, "torn"),
        open_house(county, SystemClock(), needed=[OWN]) as house,
        serve_house(house, watch_ms=20, tend_s=0.1),
    ):
        with pytest.raises(Corrupt, match=r"database\.corrupt: .*ledger\.db"):
            house.node(lost)
        if lost == ORDERER:
            with pytest.raises(Corrupt, match=r"database\.corrupt: finance: ledger\.db"):
                house.node("newspaper").publication.publish_news("rain", "en")
            assert house.node(OWN).views.height() == 0
        else:
            house.node("newspaper").publication.publish_news("rain", "en")
            replica = house.node(OWN).replica
            assert replica.tip.height or replica.wait_beyond(0, 20_000)
        # Nothing of it is held open, its lock neither: it is mended meanwhile.
        shutil.copy2(county / f"{lost}.kept" / "ledger.db", county / lost / "ledger.db")
        Node.open(county / lost, SystemClock(), SystemEntropy()).close()


def test_a_served_county_of_several_chains_goes_on_without_one(tmp_path: Path) -> None:
    county = tmp_path / "county"
    found_chains(county, clock=SystemClock())
    with open_chains(county, SystemClock()):
        pass
    for lost in (ORDERER, "insurer"):
        with (
            spoiled(county / lost, "gone"),
            open_chains(county, SystemClock(), needed=[OWN]) as chains,
            serve_chains(chains, every_ms=20, tend_s=0.1),
        ):
            away = {
                kind: [name for name in (lost,) if name in house.left_out]
                for kind, house in chains.houses.items()
            }
            assert away == {
                kind: [lost] if at == county else [] for kind, at in find_chains(county).items()
            }
        with (
            spoiled(county / lost, "gone"),
            pytest.raises(NotFound, match=r"member\.elsewhere"),
            open_chains(county, SystemClock()),
        ):
            pytest.fail("a county was opened without the folder of a member")
