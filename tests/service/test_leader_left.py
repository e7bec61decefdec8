"""Members vote on the one that orders: it leaves, or a key of it is revoked; the county goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from counties import Town, open_town, sign_unsent
from machines import Machines, await_until, open_machines
from tallystick.base import codec
from tallystick.base.clock import ManualClock, SystemClock
from tallystick.base.codec import cid_of, encode
from tallystick.base.errors import Conflict, Invalid, Unavailable
from tallystick.chain import schema
from tallystick.chain.block import Execution, apply_block, propose_block
from tallystick.chain.transaction import Transaction
from tallystick.county.alarms import find_alarm
from tallystick.county.house import House
from tallystick.county.leading import agree, lead_all, lead_alone
from tallystick.county.serving import serve_house
from tallystick.county.upkeep import verify_county

OLD, NEXT, OTHER = "finance", "regulator", "village"


@pytest.fixture
def town(county: Path, clock: ManualClock) -> Iterator[Town]:
    """An open county."""
    with open_town(county, clock) as opened:
        yield opened


def carry(house: House, change: str) -> None:
    """Let members vote until the change is in force; who voted before does not look at that."""
    carry_to_the_last(house, change)
    vote(house, change)
    assert house.office(OTHER).show_change(change)["state"] == "in_force"


def carry_to_the_last(house: House, change: str) -> None:
    """Let all vote but the one whose vote decides."""
    office = house.office(OTHER)
    while len((shown := office.show_change(change))["yes"]) < shown["needed"] - 1:
        vote(house, change)


def vote(house: House, change: str) -> None:
    """Let one that has not voted say yes."""
    voted = house.office(OTHER).show_change(change)["yes"]
    name = next(name for name in house.offices() if name not in voted)
    house.office(name).vote_change(change, yes=True)


def vote_out(house: House) -> int:
    """Have the one that orders leave; return the height of its last block."""
    carry(house, house.office(OTHER).propose_leaving(OLD)["change"])
    return house.ordered.tip.height


def alarms(house: House) -> set[str]:
    found = (find_alarm(house, seat) for seat in house.seats())
    return {"" if each is None else each.code for each in found}


def publish(house: House) -> None:
    """Record something, and let all know who cosigned it."""
    house.office("newspaper").publish_news("news")
    house.spread()
    house.spread()


def check_alike(house: House, *but: str) -> None:
    """Members in force hold one head, which more than two thirds of them have signed."""
    seats = [seat for seat in house.seats() if seat.node.member not in but]
    tip = house.ordered.tip
    assert {seat.node.replica.tip.cid for seat in seats} == {tip.cid}
    assert {seat.witnesses.height for seat in seats} == {tip.height}


def test_a_leader_that_was_voted_out_makes_no_block_and_another_goes_on(
    county: Path, clock: ManualClock
) -> None:
    with open_town(county, clock) as town:
        house = town.house
        last = vote_out(house)
        for _ in range(2):
            with pytest.raises(Unavailable, match=rf"ledger\.left.*{OLD} orders.*county lead"):
                house.office("newspaper").publish_news("news")
        assert house.node("newspaper").outbox.pending() == [], "nothing was signed"
        assert (house.ordered.tip.height, alarms(house)) == (last, {"ledger.left"})
        with serve_house(house):
            assert alarms(house) == {"ledger.left"}
            assert town[OTHER].show_health()["alarm"] == "ledger.left"
    with open_town(county, clock) as town:
        # All that needs no block goes on.
        check_alike(town.house)
        assert town.house.ordered.tip.height == last
        assert OLD not in {row["member"] for row in town[OTHER].list_members()}
    assert all(report.is_sound for report in verify_county(county))
    assert lead_all(county, NEXT, clock=clock).base[0] == last
    with open_town(county, clock) as town:
        assert town.house.leader == NEXT
        publish(town.house)
        assert town.house.ordered.tip.height == last + 1
        check_alike(town.house)
        assert alarms(town.house) == {""}
        assert OLD not in town.house.ordered.cosignatures(last + 1)
    assert all(report.is_sound for report in verify_county(county))
    with pytest.raises(Invalid, match=r"ledger\.no_leader"):
        lead_all(county, OLD, clock=clock)


def test_the_queue_of_a_leader_that_was_voted_out_is_cut_no_more(town: Town) -> None:
    house = town.house
    change = house.office(OTHER).propose_leaving(OLD)["change"]
    last = vote_out_with_a_record_behind(house, change)
    house._witness()
    with pytest.raises(Unavailable, match=r"ledger\.left"):
        house.orderer.cut()
    assert (house.ordered.tip.height, house.orderer.waiting()) == (last, 1)


def vote_out_with_a_record_behind(house: House, change: str) -> int:
    """Let a record come in before the deciding vote, and wait for the block after it."""
    carry_to_the_last(house, change)
    house.orderer.submit(sign_unsent(house.node("newspaper")).data)
    (ticket,) = house.orderer._take()
    vote(house, change)
    house.orderer._put_back([ticket])
    return house.ordered.tip.height


def keep_invalid(house: House) -> None:
    """Let the leader's file hold a block of its own that nobody runs, as programs before did."""
    replica = house.ordered
    found = Transaction.read(sign_unsent(house.node("newspaper")).data)
    run = Execution(replica.tip, replica.read, replica.charter, replica.tip.time + 1)
    run.add(found)
    with pytest.raises(Invalid, match="proposer"):
        propose_block(run, [found], tip=replica.tip, proposer=OLD, nonce=bytes(16))
    run = Execution(replica.tip, replica.read, replica.charter, replica.tip.time + 1)
    run.add(found)
    data, effects = propose_block(run, [found], tip=replica.tip, proposer=NEXT, nonce=bytes(16))
    header, rows = codec.decode(data, schema.BLOCK)
    header = encode({**codec.decode(header, schema.HEADER), "proposer": OLD})
    object.__setattr__(effects.tip, "cid", cid_of(header))
    data = encode([header, rows])
    with pytest.raises(Invalid, match="proposer"):
        apply_block(data, replica.tip, replica.read, replica.charter)
    replica.commit(data, effects)


@pytest.mark.long
def test_a_block_that_it_made_after_it_left_stops_nobody(county: Path, clock: ManualClock) -> None:
    with open_town(county, clock) as town:
        last = vote_out(town.house)
        town.house.spread()
        town.house.spread()
        keep_invalid(town.house)
    for _ in range(2):
        with open_town(county, clock) as town:
            assert {node.replica.tip.height for node in town.house.nodes()} == {last, last + 1}
            others = (seat for seat in town.house.seats() if seat.node.member != OLD)
            told = {found.code for seat in others if (found := find_alarm(town.house, seat))}
            assert told == {"ledger.left"}
            for node in town.house.nodes():
                node.catch_up()
    assert lead_all(county, NEXT, clock=clock).base[0] == last
    for _ in range(2):
        with open_town(county, clock) as town:
            before = town.house.ordered.tip.height
            publish(town.house)
            assert town.house.ordered.tip.height > before >= last
            check_alike(town.house, OLD)
            # What stood in its block alone is sent again.
            assert town.house.node("newspaper").outbox.pending() == []
            (alarm,) = alarms(town.house) - {""}
            assert alarm == "ledger.superseded"


def test_a_copy_of_a_member_in_force_that_was_left_behind_is_told_as_before(
    county: Path, clock: ManualClock, tmp_path: Path
) -> None:
    with open_town(county, clock) as town:
        publish(town.house)
    away = Path(shutil.copytree(county, tmp_path / "away"))
    with open_town(away, clock) as town:
        town.house.office(OLD).propose_limit("block_transactions", 400)
    lead_all(county, NEXT, clock=clock)
    with open_town(county, clock) as town:
        publish(town.house)
    shutil.rmtree(county / OLD)
    shutil.copytree(away / OLD, county / OLD)
    with pytest.raises(Conflict, match=r"ledger\.superseded"), open_town(county, clock):
        pytest.fail("a county with a member's other blocks was opened")


@pytest.mark.long
def test_a_leader_whose_note_key_was_revoked_orders_on_says_so_and_renews_it(
    county: Path, clock: ManualClock
) -> None:
    with open_town(county, clock) as town:
        keys = next(row for row in town[OTHER].list_members() if row["member"] == OLD)["keys"]
        number = next(key["key"] for key in keys if key["use"] == "note")
        carry(town.house, town.house.office(OTHER).propose_revocation(OLD, number)["change"])
        publish(town.house)
    for _ in range(2):
        with open_town(county, clock) as town:
            check_alike(town.house)
            assert OLD not in town.house.ordered.cosignatures(town.house.ordered.tip.height)
            alarm = find_alarm(town.house, town.house.seat(OLD))
            assert alarm is not None
            assert alarm.code == "ledger.no_note_key"
            assert "tally change renew" in alarm.cure
            assert "tally county lead" in alarm.cure
            assert find_alarm(town.house, town.house.seat(OTHER)) is None
            publish(town.house)
            check_alike(town.house)
    with open_town(county, clock) as town:
        change = town.house.office(OLD).propose_renewal(["note"])["change"]
        carry(town.house, change)
    with open_town(county, clock) as town:
        publish(town.house)
        check_alike(town.house)
        assert OLD in town.house.ordered.cosignatures(town.house.ordered.tip.height)
        assert alarms(town.house) == {""}
    assert all(report.is_sound for report in verify_county(county))


def test_another_orders_straight_after_the_deciding_vote(county: Path, clock: ManualClock) -> None:
    with open_town(county, clock) as town:
        last = vote_out(town.house)
        behind = [node.member for node in town.house.nodes() if node.replica.tip.height < last]
        assert NEXT in behind, "its list is the one before"
    term = lead_all(county, NEXT, clock=clock)
    assert (term.leader, term.base[0]) == (NEXT, last)
    with open_town(county, clock) as town:
        publish(town.house)
        check_alike(town.house)
        assert town.house.ordered.tip.height == last + 1


def test_on_machines_of_their_own_all_are_told_and_another_goes_on(tmp_path: Path) -> None:
    rest, others = "newspaper", ("village", "credit-union", "newspaper")
    with open_machines(tmp_path) as machines:
        await_until(machines.is_level)
        office = machines.houses[OTHER].office(OTHER)
        change = office.propose_leaving(OLD)["change"]
        for name in others[1:]:
            await_until(machines.is_level)
            machines.houses[name].office(name).vote_change(change, yes=True)
        last = machines.height(OLD)
        await_until(lambda: all(machines.height(name) == last for name in others))
        await_until(lambda: _told(machines) == {"ledger.left"})
        with pytest.raises(Unavailable, match=r"ledger\.left"):
            machines.houses[rest].office(rest).publish_news("news")
        machines.end(*machines.houses)
        for name in others:
            agree(machines.county, name, OTHER, clock=SystemClock())
        machines.begin(*others[1:])
        assert lead_alone(machines.county, OTHER, clock=SystemClock()).leader == OTHER
        machines.begin(OTHER)
        await_until(lambda: machines.houses[rest].seat(rest).terms.leader == OTHER)
        # It may have learnt that from another, a moment after the new one was not there.
        await_until(lambda: not machines.is_away(rest, OTHER))
        machines.houses[rest].office(rest).publish_news("news")
        await_until(lambda: machines.height(OTHER) == last + 1 and machines.is_level())
        assert OLD not in machines.node(OTHER).replica.tip.members.by_name


def _told(machines: Machines) -> set[str]:
    """Return the alarms of all that run."""
    return {code for house in machines.houses.values() for code in alarms(house)}
