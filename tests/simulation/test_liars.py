"""One member lies or is silent: a repair and a catch-up leave it out by name, and end as without.

Four members, of whom at most one lies, as the chain's rules assume: `bureau` is asked first by all.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.chain import CHARTER, Chain
from simulation.liars import (
    BLOCKS,
    LIAR,
    LIES,
    METHODS,
    UNHEARD,
    VICTIM,
    Liar,
    cosignatures_for_ever,
    forged_beyond,
    forged_cosignatures,
)
from simulation.town import ORDERER, Town
from tallystick.base.errors import Conflict, Error, Unavailable
from tallystick.kernel.ledger.audit import audit_chain
from tallystick.kernel.ledger.repair import Repaired, repair_chain
from tallystick.kernel.ledger.replica import Replica

CALLS_MAX = 24
"""What one member is asked at most for a chain of this length, whatever it answers."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A town with a chain that all have cosigned, and beside it a copy of the bank's, older."""
    folder = tmp_path_factory.mktemp("liars")
    town = Town(folder, Chain("liars"))
    town.open_all()
    town.order_news(BLOCKS - 6)
    for _ in range(2):
        town.pull_all()
    town.houses[VICTIM].replica._database.backup(folder / "older.db")
    town.order_news(6)
    for _ in range(2):
        town.pull_all()
    town.close()
    return folder


@pytest.fixture
def town(built: Path, tmp_path: Path) -> Iterator[Town]:
    shutil.copytree(built, tmp_path / "town")
    found = Town(tmp_path / "town", Chain("liars"))
    found.chain.clock.advance(10_000)
    found.open_all()
    yield found
    found.close()


# ---- repairing


def _lines(replica: Replica) -> dict[tuple[int, str], str]:
    return {
        (height, member): line
        for height in range(1, replica.tip.height + 1)
        for member, line in replica.cosignatures(height).items()
    }


def _all_lines(town: Town) -> set[tuple[int, str]]:
    return {key for house in town.houses.values() for key in _lines(house.replica)}


def _repair(town: Town, damage: str, lie: Callable[[Liar], None] | None) -> Repaired:
    """Damage the bank's file, let one member lie, repair; check that all is as without the lie."""
    sound, wanted = town.orderer.replica, _all_lines(town)
    head = (BLOCKS, sound.header(BLOCKS))
    town.crash(VICTIM)
    path = town.path(VICTIM)
    if damage == "removed":
        path.unlink()
    elif damage == "older":
        shutil.copy(town.folder / "older.db", path)
    liar = None if lie is None else Liar(town)
    if lie is not None and liar is not None:
        lie(liar)
    link = town.network.join(VICTIM)
    repaired = repair_chain(path, CHARTER, genesis=town.chain.genesis, link=link)
    chain = town.chain.genesis.chain
    assert audit_chain(path, CHARTER, member=VICTIM, chain=chain).is_sound
    found = Replica.open(path, CHARTER)
    assert (found.tip.height, found.header(BLOCKS)) == head
    assert set(_lines(found)) >= wanted
    found.close()
    assert liar is None or liar.asked <= CALLS_MAX
    return repaired


@pytest.mark.parametrize("damage", ["removed", "older"])
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_a_repair_leaves_a_liar_behind_and_ends_as_without_it(
    town: Town, lie: Callable[[Liar], None], damage: str
) -> None:
    repaired = _repair(town, damage, lie)
    told = {each.member for each in repaired.left}
    assert told <= {LIAR}
    assert told or lie in UNHEARD
    assert all(each.detail and each.code for each in repaired.left)


@pytest.mark.parametrize("damage", ["removed", "older"])
def test_a_repair_takes_over_every_name_that_is_left_anywhere(town: Town, damage: str) -> None:
    assert _repair(town, damage, None).left == ()


def test_an_orderers_names_of_others_survive_the_loss_of_its_file(town: Town) -> None:
    lines = _lines(town.orderer.replica)
    assert {member for _, member in lines} == set(town.chain.names)
    wanted = {key: line for key, line in lines.items() if key[1] != ORDERER}
    others = _all_lines_but(town, ORDERER)
    town.crash(ORDERER)
    town.path(ORDERER).unlink()
    link = town.network.join(ORDERER)
    repair_chain(town.path(ORDERER), CHARTER, genesis=town.chain.genesis, link=link)
    link.close()
    found = town.open(ORDERER).replica
    kept = _lines(found)
    assert kept.keys() == others
    assert {key: kept[key] for key in wanted} == wanted
    assert town.orderer.waiting() == 0


def _all_lines_but(town: Town, name: str) -> set[tuple[int, str]]:
    return {
        key for each, house in town.houses.items() if each != name for key in _lines(house.replica)
    }


def test_names_in_rows_that_hold_are_kept_where_others_of_their_height_do_not(town: Town) -> None:
    wanted = _lines(town.houses[VICTIM].replica)
    town.crash(VICTIM)
    with sqlite3.connect(town.path(VICTIM)) as plain:
        plain.execute("UPDATE cosignature SET line = x'ff' WHERE height = 3 AND member = 'coop'")
        plain.execute("UPDATE cosignature SET member = x'ff' WHERE height = 4 AND member = 'coop'")
        plain.execute("UPDATE cosignature SET height = 'x' WHERE height = 5 AND member = 'coop'")
        plain.execute("UPDATE block SET body = x'80' WHERE height = 7")
    plain.close()
    link = town.network.join(VICTIM)
    # Nobody else answers: only the own file tells.
    town.network.partition([VICTIM])
    with pytest.raises(Unavailable, match=r"ledger\.no_source"):
        repair_chain(town.path(VICTIM), CHARTER, genesis=town.chain.genesis, link=link)
    with sqlite3.connect(town.path(VICTIM)) as plain:
        plain.execute("UPDATE block SET body = ? WHERE height = 7", (_body(town, 7),))
    plain.close()
    done = repair_chain(town.path(VICTIM), CHARTER, genesis=town.chain.genesis, link=link)
    assert {each.member for each in done.left} == {"bureau", "coop", ORDERER}
    link.close()
    kept = _lines(town.open(VICTIM).replica)
    lost = {(3, "coop"), (4, "coop"), (5, "coop")}
    assert kept == {key: line for key, line in wanted.items() if key not in lost}


def _body(town: Town, height: int) -> bytes:
    return town.orderer.replica._rows.block(height)[1]


@given(
    st.lists(st.integers(0, 2**32), min_size=1, max_size=6), st.sampled_from(["removed", "older"])
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_one_member_answers_a_repair_ends_as_without_it(
    built: Path, tmp_path_factory: pytest.TempPathFactory, draws: list[int], damage: str
) -> None:
    folder = tmp_path_factory.mktemp("drawn") / "town"
    shutil.copytree(built, folder)
    town = Town(folder, Chain("liars"))
    town.chain.clock.advance(10_000)
    town.open_all()
    try:
        _repair(town, damage, lambda liar: _garble(liar, draws))
    finally:
        town.close()


def _garble(liar: Liar, draws: list[int]) -> None:
    """Answer each call with what an honest member says, wounded at places that were drawn."""
    for number, method in enumerate(METHODS):

        def told(caller: str, payload: bytes, method: str = method, turn: int = number) -> bytes:
            draw = draws[(liar.asked + turn) % len(draws)]
            return _wound(liar.honest[method](caller, payload), draw)

        liar.say(method, told)


def _wound(data: bytes, draw: int) -> bytes:
    if not data or draw % 5 == 0:
        return data
    at = (draw >> 8) % len(data)
    return {
        1: data[:at],
        2: data[:at] + bytes([data[at] ^ (1 << draw % 7)]) + data[at + 1 :],
        3: data[at:] + data[:at],
        4: data[:at] + b"\x1b\x00\x1f\xff\xff\xff\xff\xff\xff" + data[at + 9 :],
    }[draw % 5]


# ---- catching up


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("name", [VICTIM, ORDERER])
def test_a_member_that_was_away_catches_up_whatever_one_of_the_others_says(
    town: Town, lie: Callable[[Liar], None], name: str
) -> None:
    """A follower, and an orderer whose file is an older copy: neither believes the liar."""
    head = town.houses["coop"].replica.header(BLOCKS)
    for each in {VICTIM, ORDERER}:
        town.crash(each)
    for suffix in ("-wal", "-shm"):
        town.path(name).with_name(f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copy(town.folder / "older.db", town.path(name))
    house, liar = town.open(name), Liar(town)
    lie(liar)
    follower = town.follower(name)
    left = follower.catch_up()
    if (name, lie) == (ORDERER, forged_beyond):
        # Who orders goes on from whatever runs and one member has signed: it may have forgotten it.
        assert house.replica.tip.height == BLOCKS + 1
    else:
        assert house.replica.tip.height == BLOCKS
    assert house.replica.header(BLOCKS) == head
    assert {each.member for each in left} <= {LIAR, *({VICTIM, ORDERER} - {name})}
    assert LIAR in {each.member for each in left} or lie in UNHEARD | LINES
    assert liar.asked <= CALLS_MAX
    assert follower.fault is None


LINES = {cosignatures_for_ever, forged_cosignatures}
"""No catch-up asks for the cosignatures of all heights."""


def test_an_orderer_that_forgot_its_last_blocks_takes_them_from_whoever_has_them(
    town: Town,
) -> None:
    """Each follower keeps its own name alone under the newest block: together they are enough."""
    orderer = town.houses[ORDERER]
    town.order_news(1)
    tip, followers = orderer.replica.tip, ("bank", "bureau", "coop")
    for name in followers:
        follower = town.follower(name)
        follower._keep_note = lambda note: None  # type: ignore[method-assign]
        with contextlib.suppress(Error):
            follower.pull()
        assert town.houses[name].replica.cosignatures(tip.height).keys() == {name}
    town.crash(ORDERER)
    for suffix in ("-wal", "-shm"):
        town.path(ORDERER).with_name(f"ledger.db{suffix}").unlink(missing_ok=True)
    shutil.copy(town.folder / "older.db", town.path(ORDERER))
    (town.folder / ORDERER / "pen").unlink()
    house = town.open(ORDERER)
    assert town.follower(ORDERER).catch_up() == ()
    assert house.replica.tip == tip


def test_what_more_than_a_third_signed_otherwise_stops_whoever_catches_up(town: Town) -> None:
    liar, coop = Liar(town), Liar(town, "coop")
    body = replace(liar.body(BLOCKS), root=bytes(32))
    liar.notes(liar.sign(body))
    bank = town.follower(VICTIM)
    assert [each.member for each in bank.catch_up()] == [LIAR]
    coop.notes(coop.sign(body))
    with pytest.raises(Conflict, match=r"ledger\.forked"):
        bank.catch_up()
