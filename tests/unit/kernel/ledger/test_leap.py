"""A member that was away takes the state over, proven, and its blocks come and are run later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.codec import encode
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, NotFound, Unavailable
from tallystick.chain.checkpoint import cosign, write_note
from tallystick.chain.snapshot import Pair, write_snapshot
from tallystick.kernel.ledger import follower as following
from tallystick.kernel.ledger import leap as leaping
from tallystick.kernel.ledger import offer
from tallystick.kernel.ledger.archive import prune_chain
from tallystick.kernel.ledger.audit import Report, audit_chain
from tallystick.kernel.ledger.bodies import fetch_block
from tallystick.kernel.ledger.floor import state_file
from tallystick.kernel.ledger.leap import leap
from tallystick.kernel.ledger.peer import Peer, serve_chain

AWAY = "bank"
BEFORE, ABSENT = 3, 12
LISTED = BEFORE + 5
"""The height whose block changes the list, while the member is away."""


def order(town: Town, blocks: int) -> None:
    chain = town.chain
    for _ in range(blocks):
        height = town.orderer.replica.tip.height + 1
        for each in range(3):
            seq = 3 * height + each
            # The last of each block is refused from the fourth on: results differ.
            number = 3 if each == 2 and height > BEFORE else seq
            town.orderer.submit(chain.sign(seq, [chain.news(number)]))
        if height == LISTED:
            record = chain.rotation(9_000, "coop")
            town.orderer.submit(chain.sign(1, [record], member="coop"))
        chain.clock.advance(7)
        assert town.orderer.cut() is not None
        for name in town.houses:
            if name not in (AWAY, ORDERER):
                town.follower(name).pull()
    # The quorum's names under the last block reach each by the next pull.
    for name in town.houses:
        if name not in (AWAY, ORDERER):
            town.follower(name).pull()


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    """All but one member have gone on for some blocks; the list changed meanwhile."""
    monkeypatch.setattr(following, "LEAP_MIN", 4)
    found = Town(tmp_path, Chain())
    found.open_all()
    order(found, BEFORE)
    found.follower(AWAY).pull()
    order(found, ABSENT)
    assert found.orderer.replica.handovers() == [LISTED]
    yield found
    found.close()


def audit(town: Town, name: str) -> Report:
    replica = town.houses[name].replica
    replica.flush()
    head = (replica.tip.height, replica.tip.cid)
    chain = replica.genesis.chain
    return audit_chain(replica.path, CHARTER, member=name, chain=chain, head=head)


def test_a_leap_reaches_the_same_tip_and_signs_only_what_it_ran(town: Town) -> None:
    follower = town.follower(AWAY)
    replica = follower.replica
    reached = leap(replica, follower.link, "bureau")
    assert reached == replica.floor == BEFORE + ABSENT
    assert replica.tip == town.orderer.replica.tip
    assert replica.handovers() == [LISTED]
    assert len(replica.holes(100)) == ABSENT
    assert replica.block(BEFORE) == town.orderer.replica.block(BEFORE)
    assert audit(town, AWAY).is_sound
    assert replica.verify() == replica.tip
    order(town, 2)
    follower.pull()
    for height in range(BEFORE + 1, reached + 1):
        with pytest.raises(Conflict, match=r"ledger\.not_run|ledger\.signed_beyond"):
            town.houses[AWAY].pen.sign(height)
    own = [h for h in range(1, replica.tip.height + 1) if AWAY in replica.cosignatures(h)]
    assert own == [*range(1, BEFORE + 1), reached + 1, reached + 2]


def test_bodies_come_later_and_then_every_block_is_run(town: Town) -> None:
    follower = town.follower(AWAY)
    follower.leaps = True
    follower.pull()
    replica = follower.replica
    assert replica.tip == town.orderer.replica.tip
    for _ in range(3):
        follower.pull()
    assert replica.floor == 0
    assert not list(replica.path.parent.glob("*.state"))
    report = audit(town, AWAY)
    assert (report.findings, report.first) == ((), 1)
    same = [town.orderer.replica.block(height) for height in range(1, BEFORE + ABSENT + 1)]
    assert [replica.block(height) for height in range(1, BEFORE + ABSENT + 1)] == same


def test_who_may_not_leap_is_told_what_to_do_where_blocks_were_given_away(
    town: Town, tmp_path: Path
) -> None:
    follower = town.follower(AWAY)
    prune_chain(town.houses["bureau"].replica, tmp_path / "old.car", BEFORE + 6)
    with pytest.raises(NotFound, match=r"ledger\.pruned") as caught:
        follower.pull("bureau")
    assert "--by-snapshot" in caught.value.cure
    assert follower.replica.tip.height == BEFORE
    # Another holds them.
    follower.pull(ORDERER)
    assert follower.replica.tip == town.orderer.replica.tip


def test_a_leap_over_what_nobody_holds_leaves_it_missing_and_goes_on(
    town: Town, tmp_path: Path
) -> None:
    for name in town.houses:
        if name != AWAY:
            out = tmp_path / f"{name}.car"
            prune_chain(town.houses[name].replica, out, BEFORE + 6)
    follower = town.follower(AWAY)
    follower.leaps = True
    follower.pull()
    follower.pull()
    assert follower.replica.holes(100) == list(range(BEFORE + 1, BEFORE + 7))
    order(town, 1)
    follower.pull()
    assert follower.replica.tip == town.orderer.replica.tip
    assert audit(town, AWAY).is_sound


def altered(answer: Callable[[str, bytes], bytes], at: int) -> Callable[[str, bytes], bytes]:
    def lie(caller: str, payload: bytes) -> bytes:
        found = bytearray(answer(caller, payload))
        found[at % len(found)] ^= 1
        return bytes(found)

    return lie


@pytest.mark.parametrize(
    "method",
    ["snapshot.part", "snapshot.spans", "ledger.note", "snapshot.offer", "snapshot.handover"],
)
@pytest.mark.parametrize("at", range(40, 4_000, 797))
def test_whatever_byte_a_member_changes_nothing_false_is_kept(
    town: Town, method: str, at: int
) -> None:
    follower, link = town.follower(AWAY), town.houses["bureau"].link
    honest = town.network._tables["bureau"][method]
    link.serve({method: altered(honest, at)})
    begun = follower.replica.tip
    try:
        leap(follower.replica, follower.link, "bureau")
    except (Unavailable, NotFound):
        assert follower.replica.tip == begun
        assert follower.replica.floor == 0
        assert not list(follower.replica.path.parent.glob("*.part"))
    else:
        assert follower.replica.tip == town.orderer.replica.tip
    assert audit(town, AWAY).is_sound
    follower.pull()
    assert follower.replica.tip == town.orderer.replica.tip


def test_a_chain_that_one_member_made_up_is_not_taken_over(town: Town, tmp_path: Path) -> None:
    """It has headers, log and state in order, and one name under it."""
    follower = town.follower(AWAY)
    other = Town(tmp_path / "other", Chain())
    (tmp_path / "other").mkdir()
    other.open_all()
    order(other, BEFORE)
    other.orderer.submit(other.chain.sign(500, [other.chain.news(77)]))
    other.orderer.cut()
    order(other, ABSENT)
    false = other.houses["bureau"]
    body = false.replica.body(false.replica.tip.height)
    line = cosign(body, other.chain.notes["bureau"], member="bureau", time_s=1)
    link = town.houses["bureau"].link
    serve_chain(link, Peer(false.replica, false.witnesses))
    offer.serve_snapshots(link, false.replica)
    link.serve({"ledger.note": lambda *_: write_note(body, [line])})
    asked: list[bytes] = []

    def note_asked(_: str, payload: bytes) -> bytes:
        asked.append(payload)
        return b""

    link.serve({"snapshot.spans": note_asked})
    with pytest.raises(Unavailable, match=r"ledger\.bad_offer"):
        leap(follower.replica, follower.link, "bureau")
    # Names first: nothing else was asked for.
    assert asked == []
    assert follower.replica.tip.height == BEFORE
    other.close()


def test_who_streams_for_ever_is_cut_off(town: Town) -> None:
    follower, link = town.follower(AWAY), town.houses["bureau"].link
    link.serve({"snapshot.part": lambda *_: bytes(1_000_000)})
    with pytest.raises(Unavailable, match=r"ledger\.bad_offer"):
        leap(follower.replica, follower.link, "bureau")
    link.serve({"snapshot.offer": lambda *_: encode([BEFORE + ABSENT, 2**40])})
    with pytest.raises(Unavailable, match=r"ledger\.snapshot_disk"):
        leap(follower.replica, follower.link, "bureau")
    assert follower.replica.tip.height == BEFORE


def test_asking_again_makes_no_new_file_until_the_chain_has_gone_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offer, "AGE_MAX", 5)
    link, folder = town.houses[AWAY].link, town.houses["bureau"].folder
    first = [offer.ask_offer(link, "bureau", 0)[0] for _ in range(3)]
    assert first == [BEFORE + ABSENT] * 3
    order(town, 4)
    assert offer.ask_offer(link, "bureau", 0)[0] == first[0]
    for _ in range(3):
        order(town, 5)
        assert offer.ask_offer(link, "bureau", 0)[0] > first[0]
    assert len(list(folder.glob("offer-*.state"))) == 2
    with pytest.raises(NotFound, match=r"ledger\.no_offer"):
        offer.ask_part(link, "bureau", first[0], 0)
    with pytest.raises(NotFound, match=r"ledger\.no_offer"):
        offer.ask_offer(link, "bureau", 10_000)


def test_where_too_many_are_behind_for_a_quorum_their_blocks_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "LEAP_MIN", 4)
    town = Town(tmp_path, Chain())
    town.open_all()
    for seq in range(1, 11):
        town.orderer.submit(town.chain.sign(seq, [town.chain.news(seq)]))
        town.chain.clock.advance(7)
        assert town.orderer.cut() is not None
    for follower in town.followers():
        follower.leaps = True
        follower.pull()
        assert follower.replica.tip == town.orderer.replica.tip
    # The last of them finds a quorum's names.
    assert [each.replica.leapt for each in town.followers()] == [0, 0, 10]
    town.close()


def test_who_sends_a_state_by_the_byte_is_not_waited_for(town: Town) -> None:
    follower, asked = town.follower(AWAY), list[bytes]()

    def drip(_: str, payload: bytes) -> bytes:
        asked.append(payload)
        return b"x"

    town.houses["bureau"].link.serve({"snapshot.part": drip})
    with pytest.raises(Unavailable, match=r"ledger\.bad_offer"):
        leap(follower.replica, follower.link, "bureau")
    assert len(asked) == 1


def test_long_values_of_a_state_are_not_gathered_in_memory(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower, source = town.follower(AWAY), town.houses["bureau"].replica
    pairs = [(bytes([number]), bytes(500_000)) for number in range(40)]
    tip = source.tip
    data = b"".join(
        write_snapshot(
            header=source.header(tip.height),
            writes_root=bytes(32),
            peaks=tip.peaks,
            count=len(pairs),
            pairs=pairs,
        )
    )
    parts = iter([data[at : at + offer.PART_BYTES] for at in range(0, len(data), offer.PART_BYTES)])
    together = list[int]()

    def count(_: object, batches: Iterable[Sequence[Pair]]) -> None:
        together.extend(sum(len(value) for _, value in pairs) for pairs in batches)

    monkeypatch.setattr(leaping, "replace_pairs", count)
    link = town.houses["bureau"].link
    link.serve({"snapshot.offer": lambda *_: encode([tip.height, len(data)])})
    link.serve({"snapshot.part": lambda *_: next(parts)})
    with pytest.raises(Unavailable, match=r"ledger\.bad_offer"):
        leap(follower.replica, follower.link, "bureau")
    assert max(together) <= 1_000_000


def test_a_way_longer_than_the_disk_holds_is_not_followed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = town.follower(AWAY)
    monkeypatch.setattr(leaping, "SPANS_ROOM", 2**50)
    with pytest.raises(Unavailable, match=r"ledger\.snapshot_disk"):
        leap(follower.replica, follower.link, "bureau")
    assert follower.replica.tip.height == BEFORE


def test_a_second_leap_leaves_one_state_beside_the_file(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offer, "AGE_MAX", 5)
    replica, link = town.follower(AWAY).replica, town.follower(AWAY).link
    leap(replica, link, "bureau")
    order(town, 6)
    assert leap(replica, link, "bureau") == replica.floor == BEFORE + ABSENT + 6
    found = list(replica.path.parent.glob("floor-*"))
    assert found == [state_file(replica.path, replica.floor)]
    assert audit(town, AWAY).is_sound


def test_nobody_has_a_state_made_for_each_block_by_asking_for_a_younger_one(
    town: Town, tmp_path: Path
) -> None:
    link, source = town.houses[AWAY].link, town.houses["bureau"]
    first, _ = offer.ask_offer(link, "bureau", 0)
    order(town, 1)
    with pytest.raises(NotFound, match=r"ledger\.no_offer"):
        offer.ask_offer(link, "bureau", first)
    # Who cannot go on by blocks gets one, once.
    order(town, 1)
    prune_chain(source.replica, tmp_path / "old.car", first + 2)
    assert offer.ask_offer(link, "bureau", first)[0] == first + 2
    order(town, 1)
    with pytest.raises(NotFound, match=r"ledger\.no_offer"):
        offer.ask_offer(link, "bureau", first + 2)


def test_a_file_of_another_chain_is_not_offered(town: Town) -> None:
    folder = town.houses["bureau"].folder
    (folder / f"offer-{BEFORE + ABSENT}.state").write_bytes(b"another chain's")
    (folder / f"offer-{BEFORE + ABSENT - 1}.state").mkdir()
    follower = town.follower(AWAY)
    assert leap(follower.replica, follower.link, "bureau") == BEFORE + ABSENT


def test_a_member_that_hides_a_change_of_the_list_is_not_followed(town: Town) -> None:
    follower, link = town.follower(AWAY), town.houses["bureau"].link
    link.serve({"snapshot.handover": lambda *_: encode([])})
    # Those who signed the last height are a quorum of the old list too; it may not be skipped.
    with pytest.raises(Unavailable, match=r"ledger\.bad_offer.*kept back"):
        leap(follower.replica, follower.link, "bureau")
    assert follower.replica.tip.height == BEFORE


@pytest.mark.parametrize("family", [Corrupt, Denied, Unavailable])
def test_where_one_member_fails_another_gives_the_bodies(town: Town, family: type[Error]) -> None:
    follower = town.follower(AWAY)
    follower.leaps = True
    leap(follower.replica, follower.link, "coop")

    def fail(*_: object) -> bytes:
        raise family("test.fails", "it fails", cure="None.")

    town.houses["bureau"].link.serve({"ledger.blocks": fail})
    height = BEFORE + 1
    found = fetch_block(follower.replica, follower.link, height)
    assert found == town.orderer.replica.block(height)
    follower._fill("bureau")
    assert follower.replica.floor == 0


def test_who_always_names_a_later_body_is_asked_twice(town: Town) -> None:
    follower, asked = town.follower(AWAY), list[bytes]()
    leap(follower.replica, follower.link, "coop")

    def later(_: str, payload: bytes) -> bytes:
        asked.append(payload)
        lowest = BEFORE + 1 + len(asked)
        return encode({"height": 99, "lowest": lowest, "note": b"", "blocks": []})

    town.houses["bureau"].link.serve({"ledger.blocks": later})
    follower._fill("bureau")
    assert len(asked) == 2
    assert follower.replica.floor == 0


def test_the_names_that_a_leap_believes_are_kept_under_what_they_signed(town: Town) -> None:
    follower = town.follower(AWAY)
    reached = leap(follower.replica, follower.link, "bureau")
    others = sorted(set(town.houses) - {AWAY})
    assert [list(follower.replica.cosignatures(at)) for at in (LISTED, reached)] == [others] * 2
    assert audit(town, AWAY).is_sound
