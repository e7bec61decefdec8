"""A member is repaired where everybody gave old bodies away: it keeps its own, and says what lacks.

The county stands at height 10; all have pruned to 6, and the state at their floor is that of 10.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from counties import FITTING, START_MS, found, open_town, take_in
from tallystick.base.clock import ManualClock
from tallystick.base.errors import Conflict, Corrupt, NotFound
from tallystick.charter import CHARTER
from tallystick.cli.main import run
from tallystick.county.founding import read_county
from tallystick.county.house import open_house
from tallystick.county.pruning import prune_member
from tallystick.county.upkeep import Mended, cures_of, repair_member, verify_member
from tallystick.kernel.ledger.archive import import_chain

MEMBER: Final = "village"
TIP: Final = 10
GIVEN: Final = 6


def prune_all(folder: Path, below: int, members: Sequence[str] = ()) -> None:
    """Let members give their bodies up to a height away, each to an archive of its own."""
    archives = folder.parent / f"archives-{below}"
    archives.mkdir(exist_ok=True)
    for name in members or [each.name for each in read_county(folder).members]:
        out = archives / f"{name}.car"
        prune_member(folder, name, out, clock=ManualClock(START_MS), below=below)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    clock = ManualClock(START_MS)
    folder = found(tmp_path_factory.mktemp("pruned"), clock)
    clock.advance(1_000)
    with open_town(folder, clock) as town:
        while town.house.orderer.replica.tip.height < TIP:
            take_in(town["credit-union"], FITTING)
        town.house.spread()
        town.house.spread()
        assert town.house.orderer.replica.tip.height == TIP
    prune_all(folder, GIVEN)
    return folder


@pytest.fixture
def county(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "county"))


def spoil(county: Path, *heights: int) -> None:
    """Flip a bit in bodies of the member's own blocks."""
    with contextlib.closing(sqlite3.connect(county / MEMBER / "ledger.db")) as plain, plain:
        for height in heights:
            query = "SELECT body FROM block WHERE height = ?"
            body = bytearray(plain.execute(query, (height,)).fetchone()[0])
            body[-2] ^= 1
            plain.execute("UPDATE block SET body = ? WHERE height = ?", (bytes(body), height))


def held(county: Path) -> list[int]:
    """Return the heights whose bodies the member holds."""
    query = "SELECT height FROM block WHERE length(body) > 0 ORDER BY height"
    with contextlib.closing(sqlite3.connect(county / MEMBER / "ledger.db")) as plain:
        return [height for (height,) in plain.execute(query)]


def cases(county: Path) -> int:
    """Return how many cases the member's views show."""
    with open_house(county, ManualClock(START_MS)) as house:
        house.node(MEMBER).fold()
        return len(list(house.node(MEMBER).views.rows("case")))


def named(done: Mended) -> list[tuple[int, str]]:
    return [(each.height, each.field) for report in done.left for each in report.findings]


def test_a_body_comes_from_the_others_and_all_that_was_sound_stays(county: Path) -> None:
    before, views = cases(county), (county / MEMBER / "views.db").stat().st_ino
    spoil(county, 9)
    assert not verify_member(county, MEMBER).is_sound
    done = repair_member(county, MEMBER)
    assert (done.chain.kept, done.chain.fetched) == (3, (9,))
    assert (done.changed, done.left) == ((), ())
    assert held(county) == [7, 8, 9, 10]
    assert (county / MEMBER / "views.db").stat().st_ino == views
    assert cases(county) == before > 0
    report = verify_member(county, MEMBER)
    assert (report.findings, report.first) == ((), TIP + 1)


@pytest.mark.parametrize("is_killed", [False, True])
def test_blocks_above_the_own_floor_are_run_from_the_own_state(
    county: Path,
    is_killed: bool,
) -> None:
    clock = ManualClock(START_MS + 10_000)
    with open_house(county, clock) as house:
        for text in "一二":
            house.office("newspaper").publish_news(text)
        house.spread()
    spoil(county, 12)
    others = [each.name for each in read_county(county).members if each.name != MEMBER]
    prune_all(county, 11, others)
    if is_killed:
        # An earlier repair, between two states: the own one has its other name alone.
        place = county / MEMBER / "floor-10.state"
        place.rename(place.with_name("own-floor-10.state.part"))
    done = repair_member(county, MEMBER)
    assert (done.chain.kept, done.chain.fetched, done.left) == (5, (12,), ())
    # The state at the own floor, and not the others' newer one: more was run again.
    assert verify_member(county, MEMBER).first == TIP + 1
    assert held(county) == [7, 8, 9, 10, 11, 12]
    assert [each.name for each in (county / MEMBER).glob("*floor-*")] == ["floor-10.state"]


def test_beyond_a_body_above_the_own_floor_anothers_state_leads_on(county: Path) -> None:
    with open_house(county, ManualClock(START_MS + 10_000)) as house:
        for text in "一二":
            house.office("newspaper").publish_news(text)
        house.spread()
    before = cases(county)
    spoil(county, 11)
    others = [each.name for each in read_county(county).members if each.name != MEMBER]
    prune_all(county, 11, others)
    done = repair_member(county, MEMBER)
    assert (done.chain.height, done.chain.kept, done.chain.fetched) == (12, 5, ())
    assert named(done) == [(11, "body")]
    assert held(county) == [7, 8, 9, 10, 12]
    assert cases(county) == before
    # The file that was put aside stands on the state at its own floor.
    floors = sorted(each.name for each in (county / MEMBER).glob("*floor-*"))
    assert floors == ["floor-10.state", "floor-12.state"]


def test_a_body_that_nobody_holds_is_named_and_the_end_is_no_success(county: Path) -> None:
    before = cases(county)
    others = [each.name for each in read_county(county).members if each.name != MEMBER]
    prune_all(county, 9, others)
    spoil(county, 8, 10)
    done = repair_member(county, MEMBER)
    assert (done.chain.kept, done.chain.fetched) == (2, (10,))
    assert named(done) == [(8, "body")]
    assert "chain import" in cures_of(done.left[0])[0]
    assert held(county) == [7, 9, 10]
    assert cases(county) == before
    # Each later look names it too: else what is gone would pass for what is on its way.
    assert [(each.height, each.field) for each in verify_member(county, MEMBER).findings] == [
        (8, "body")
    ]
    assert run(["verify", "--county", str(county), "--member", MEMBER]) == Corrupt.exit_status
    assert run(["repair", "--county", str(county), "--member", MEMBER]) == Corrupt.exit_status
    # The archive of one who gave it away has it.
    archive = county.parent / "archives-9" / "finance.car"
    import_chain(archive, county / MEMBER, CHARTER)
    assert held(county) == [7, 8, 9, 10]
    assert verify_member(county, MEMBER).is_sound
    assert repair_member(county, MEMBER).left == ()


@pytest.mark.parametrize("where", [0.1, 0.9])
def test_with_a_damaged_floor_anothers_state_is_taken_and_own_bodies_stay(
    county: Path, where: float
) -> None:
    (place,) = (county / MEMBER).glob("floor-*.state")
    data = bytearray(place.read_bytes())
    data[round(where * len(data))] ^= 1
    place.write_bytes(data)
    before = cases(county)
    done = repair_member(county, MEMBER)
    assert (done.chain.kept, done.chain.fetched, done.left) == (4, (), ())
    assert held(county) == [7, 8, 9, 10]
    assert cases(county) == before
    assert verify_member(county, MEMBER).is_sound


def test_a_lost_chain_comes_back_without_what_nobody_holds(county: Path) -> None:
    before = cases(county)
    for path in (county / MEMBER).glob("ledger.db*"):
        path.unlink()
    done = repair_member(county, MEMBER)
    assert (done.chain.kept, done.chain.fetched) == (0, (7, 8, 9, 10))
    assert named(done) == [(1, "body")]
    assert "blocks 1 to 6" in done.left[0].findings[0].detail
    # What the member signed last is the chain's, and its views stood no higher.
    assert cases(county) == before


@pytest.mark.parametrize("damage", ["lost", "wrong"])
def test_views_that_cannot_be_folded_are_named(county: Path, whole: Path, damage: str) -> None:
    archives = whole.parent / f"archives-{GIVEN}"
    path = county / MEMBER / "views.db"
    if damage == "lost":
        path.unlink()
    else:
        with contextlib.closing(sqlite3.connect(path)) as plain, plain:
            plain.execute("UPDATE fold SET height = 99")
    done = repair_member(county, MEMBER)
    assert (1, "views.db") in named(done)
    assert path.exists() == (damage == "wrong")
    import_chain(archives / "finance.car", county / MEMBER, CHARTER)
    assert repair_member(county, MEMBER).left == ()
    assert cases(county) > 0


def test_views_of_another_chain_do_not_stay(county: Path) -> None:
    """Higher than the chain that stands now, they are of one that the others do not hold."""
    spoil(county, 9)
    with contextlib.closing(sqlite3.connect(county / MEMBER / "views.db")) as plain, plain:
        plain.execute("UPDATE fold SET height = 99")
    done = repair_member(county, MEMBER)
    assert "views.db" in done.changed
    assert named(done) == [(1, "views.db")]


def test_open_changes_are_listed_and_voted_on_where_their_bodies_are_gone(county: Path) -> None:
    clock = ManualClock(START_MS + 2_000)
    with open_house(county, clock) as house:
        office = house.office(MEMBER)
        settled = office.propose_limit("block_transactions", 500)["change"]
        office.vote_change(settled, yes=False)
        change = office.propose_limit("block_transactions", 600)["change"]
        house.spread()
        house.spread()
        tip = house.ordered.tip.height
    prune_all(county, tip)
    with open_house(county, clock) as house:
        office = house.office(MEMBER)
        (row,) = office.list_changes()
        assert (row["change"], row["by"], row["state"], row["value"]) == (
            change,
            MEMBER,
            "open",
            600,
        )
        with pytest.raises(NotFound, match=r"^ledger\.pruned: .*tally chain import"):
            office.show_change(settled)
        assert house.office("regulator").vote_change(change, yes=True)["state"] == "open"
        own = house.office("regulator").propose_renewal(["note"])["change"]
        with pytest.raises(Conflict, match=r"^node\.keys_waiting"):
            house.office("regulator").propose_renewal(["tx"])
        assert office.show_change(own)["state"] == "open"
