"""Another member orders once more than two thirds consent; nothing that was witnessed is lost."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.liars import BLOCKS, LIAR, LIES, Liar
from simulation.town import ORDERER, Town
from tallystick.base.codec import Cid, Value, cid_of, encode
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, Invalid, Unavailable
from tallystick.chain.checkpoint import Body
from tallystick.chain.digest import domain
from tallystick.kernel.ledger.fork import Fork, check_unsigned
from tallystick.kernel.ledger.learning import learn_term
from tallystick.kernel.ledger.pen import RestingPen, read_signed
from tallystick.kernel.ledger.repair import Repaired, repair_chain, repair_open
from tallystick.kernel.ledger.term import Consent, Term

NEXT = "bureau"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    found = Town(tmp_path, Chain())
    found.open_all()
    yield found
    found.close()


def order(town: Town, first: int, count: int = 1, by: str = ORDERER) -> None:
    """Cut blocks of one record each at whoever orders."""
    ledger = town.houses[by].ledger
    for number in range(first, first + count):
        ledger.submit(town.chain.sign(number, [town.chain.news(number)]))
        town.chain.clock.advance(7)
        assert ledger.cut() is not None  # type: ignore[union-attr]


def agree(town: Town, *names: str, term: int = 1, leader: str = NEXT) -> None:
    for name in names:
        town.houses[name].terms.agree(term, leader, town.chain.notes[name])


def take_over(town: Town, *names: str) -> None:
    """Let members consent to NEXT, which gathers their consents, catches up and orders."""
    agree(town, *names)
    house = town.houses[NEXT]
    term = house.terms.gather(house.link)
    assert term.leader == NEXT
    follower = town.follower(NEXT)
    follower.take_term()
    for name in names:
        if house.replica.tip.height < term.base[0] and name != NEXT:
            follower.pull(name)
    town.reopen(NEXT)


def witnessed(town: Town) -> None:
    for _ in range(2):
        town.pull_all()


def test_a_lost_orderer_is_followed_by_another_and_what_was_witnessed_stays(town: Town) -> None:
    order(town, 1, 3)
    witnessed(town)
    kept = town.houses["bank"].replica.tip
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 4, 2, by=NEXT)
    for name in ("bank", "coop"):
        assert town.follower(name).learn()
        town.follower(name).pull()
        assert town.follower(name).orderer == NEXT
    town.pull_all()
    replica = town.houses["bank"].replica
    assert replica.tip == town.houses[NEXT].replica.tip
    assert replica.header(kept.height) == town.houses[NEXT].replica.header(kept.height)
    assert replica.tip.height == kept.height + 2
    assert town.houses[NEXT].witnesses.height == kept.height + 2


def test_two_thirds_must_consent_and_nobody_orders_between(town: Town) -> None:
    order(town, 1)
    town.pull_all()
    agree(town, "bank", NEXT)
    house = town.houses[NEXT]
    with pytest.raises(Unavailable, match=r"ledger\.between_terms"):
        house.terms.gather(house.link)
    with pytest.raises(Unavailable, match=r"ledger\.between_terms"):
        town.follower("bank").pull()
    town.houses["coop"].terms.agree(1, "coop", town.chain.notes["coop"])
    with pytest.raises(Unavailable, match=r"ledger\.between_terms"):
        house.terms.gather(house.link)
    agree(town, ORDERER)
    assert house.terms.gather(house.link).number == 1
    with pytest.raises(Unavailable, match=r"ledger\.between_terms"):
        order(town, 2)
    orderer = town.orderer
    assert learn_term(town.houses[ORDERER].terms, orderer.replica, house.link, [NEXT])
    with pytest.raises(Unavailable, match=r"ledger\.deposed"):
        orderer.cut()
    assert orderer.waiting() == 1


def test_a_consent_is_kept_before_it_is_told_and_binds_after_a_restart(town: Town) -> None:
    agree(town, "bank")
    house = town.reopen("bank")
    assert house.terms.consent is not None
    key = town.chain.notes["bank"]
    assert house.terms.agree(1, NEXT, key) == house.terms.consent
    with pytest.raises(Conflict, match=r"ledger\.consented"):
        house.terms.agree(1, "coop", key)
    with pytest.raises(Invalid, match=r"ledger\.no_leader"):
        house.terms.agree(2, "nobody", key)
    assert house.terms.agree(2, "coop", key).term == 2


def test_a_certificate_without_authority_is_not_followed(town: Town) -> None:
    order(town, 1)
    town.pull_all()
    house = town.houses["bank"]
    signed = {
        name: town.houses[name].terms.agree(1, NEXT, town.chain.notes[name])
        for name in ("bank", "coop", NEXT)
    }
    forged = Consent(ORDERER, 1, NEXT, 1, house.replica.tip.cid, bytes(64))
    other = town.houses[ORDERER].terms.agree(1, "coop", town.chain.notes[ORDERER])
    bank, coop, own = signed["bank"], signed["coop"], signed[NEXT]
    for consents in (
        (bank, coop),
        (bank, bank, bank),
        (bank, coop, forged),
        (bank, coop, other),
        (bank, coop, own, forged),
    ):
        with pytest.raises(Denied, match=r"ledger\.term"):
            house.terms.adopt(Term(consents))
    assert house.terms.adopt(Term((bank, coop, own)))
    assert not house.terms.adopt(Term((bank, coop, own)))


def test_consents_count_by_the_list_that_the_heads_named_in_them_bring(town: Town) -> None:
    """The orderer alone holds the block from which its own note key is in force no more."""
    chain = town.chain
    own = chain.list.by_name[ORDERER]
    kept = [{name: at for name, at in own.keys[0].tree().items() if name != "from"}]
    pub: dict[str, Value] = {"member": ORDERER, "role": own.role, "name": ORDERER, "keys": kept}
    record: Value = {"t": "member.joined", "rv": 1, "id": bytes(16), "pub": pub}
    ledger = town.orderer
    ledger.submit(chain.sign(1, [encode(record)]))
    assert ledger.cut() is not None
    agree(town, "bank", "coop", NEXT, ORDERER)
    house = town.houses[NEXT]
    term = house.terms.gather(house.link)
    assert {each.member for each in term.consents} == {"bank", "coop", NEXT}
    assert house.replica.tip == town.houses[ORDERER].replica.tip


def test_what_any_who_consents_holds_is_in_the_base(town: Town) -> None:
    """Heights 3 and 4 were durable at the old orderer alone: its own consent brings them over."""
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 2)
    held = town.houses[ORDERER].replica.tip
    agree(town, "bank", NEXT, ORDERER)
    house = town.houses[NEXT]
    assert house.replica.tip.height == held.height - 2
    assert house.terms.gather(house.link).base == (held.height, held.cid)
    # The leader holds the base before it takes the certificate, and has put no name under it.
    assert house.replica.tip == held
    assert NEXT not in house.replica.cosignatures(held.height)
    reopened = town.reopen(NEXT)
    order(town, 5, by=NEXT)
    assert reopened.replica.tip.height == held.height + 1


def test_a_member_whose_copy_was_left_behind_says_so_and_is_mended(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 2)
    left_behind = town.houses[ORDERER].replica.tip
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 3, 3, by=NEXT)
    old = town.open(ORDERER)
    assert old.replica.tip == left_behind
    with pytest.raises(Conflict, match=r"ledger\.superseded"):
        Learner(town).learn()
    old = town.reopen(ORDERER)
    with pytest.raises(Conflict, match=r"ledger\.superseded"):
        town.follower(ORDERER).pull(NEXT)
    base = town.houses[NEXT].terms.term
    assert base is not None
    town.crash(ORDERER)
    link = town.network.join(ORDERER)
    repaired = repair_chain(
        town.path(ORDERER), CHARTER, genesis=town.chain.genesis, link=link, trusted=base.base[0]
    )
    # What the new leader alone has signed is no repair's to believe; it is followed.
    assert repaired.height == base.base[0]
    link.close()
    back = town.open(ORDERER)
    town.follower(ORDERER).pull()
    assert back.replica.tip == town.houses[NEXT].replica.tip
    assert_never_two_bodies(town)


def say(town: Town, name: str, height: int, header: Cid, *, sig: bytes = b"") -> None:
    """Let a member consent with a head of its own making."""
    said = encode([1, NEXT, height, header])
    sig = sig or town.chain.notes[name].sign(domain("lead", town.chain.genesis.chain, said))
    consent = Consent(name, 1, NEXT, height, header, sig)
    town.houses[name].link.serve({"ledger.consent": lambda *_: encode(consent.tree())})


@pytest.mark.parametrize(("ahead", "sig"), [(10**9, b""), (2, b""), (0, b""), (0, bytes(64))])
def test_one_members_consent_with_a_head_of_its_own_making_stops_no_promotion(
    town: Town, ahead: int, sig: bytes
) -> None:
    order(town, 1, 3)
    witnessed(town)
    order(town, 4)
    held = town.houses[ORDERER].replica.tip
    for name in ("bank", "coop", NEXT):
        town.houses[name].terms.agree(1, NEXT, town.chain.notes[name])
    # The leader's copy ends a block before: who lies about its height is one of two that name it.
    town.houses[ORDERER].terms.agree(1, NEXT, town.chain.notes[ORDERER])
    say(town, "coop", held.height + ahead, cid_of(b"nobody has it"), sig=sig)
    house = town.houses[NEXT]
    term = house.terms.gather(house.link)
    assert [each.member for each in term.consents] == ["bank", NEXT, ORDERER]
    assert term.base == (held.height, held.cid)
    order(town, 5, by=town.reopen(NEXT).name)


def test_where_too_few_heads_are_shown_nothing_is_adopted(town: Town) -> None:
    order(town, 1, 3)
    witnessed(town)
    town.crash(ORDERER)
    agree(town, "bank", "coop", NEXT)
    say(town, "coop", 10**9, cid_of(b"nobody has it"))
    house = town.houses[NEXT]
    with pytest.raises(Unavailable, match=r"ledger\.behind: coop consented"):
        house.terms.gather(house.link)
    assert house.terms.term is None
    assert town.reopen(NEXT).terms.term is None
    town.reopen("coop")
    assert town.houses[NEXT].terms.gather(town.houses[NEXT].link).number == 1


def test_who_has_not_consented_to_itself_gathers_nothing(town: Town) -> None:
    house = town.houses[NEXT]
    with pytest.raises(Invalid, match=r"ledger\.no_consent: bureau has not consented"):
        house.terms.gather(house.link)
    agree(town, "bank", "coop", NEXT, leader="coop")
    with pytest.raises(Invalid, match=r"ledger\.no_consent: bureau has not consented"):
        house.terms.gather(house.link)
    assert house.terms.term is None


def mend(town: Town, name: str = ORDERER) -> Repaired:
    """Repair a member's copy at rest, as the product does; its pen lets go of what is dropped."""
    with contextlib.closing(town.network.join(name)) as link:
        pen = RestingPen(town.folder / name / "pen")
        return repair_chain(
            town.path(name), CHARTER, genesis=town.chain.genesis, link=link, pen=pen
        )


def test_two_promotions_while_a_member_was_away_end_as_one_does(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 1)
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 4, 3, by=NEXT)
    for name in ("bank", "coop"):
        town.follower(name).learn()
    witnessed(town)
    agree(town, "bank", "coop", NEXT, term=2, leader="bank")
    bank = town.houses["bank"]
    assert bank.terms.gather(bank.link).base[0] == 5
    town.follower("bank").take_term()
    town.reopen("bank")
    order(town, 10, 2, by="bank")
    for name in ("coop", NEXT):
        if name == NEXT:
            left = town.houses[NEXT]
            assert learn_term(left.terms, left.replica, left.link, ["bank"])
            town.reopen(NEXT)
        else:
            town.follower(name).learn()
    witnessed(town)
    town.open(ORDERER)
    # Its tip is below the newest base: only names under other blocks tell that it was left behind.
    with pytest.raises(Conflict, match=r"ledger\.superseded.* beyond height 2 "):
        Learner(town).learn()
    town.reopen(ORDERER)
    with pytest.raises(Conflict, match=r"ledger\.superseded.* beyond height 2 "):
        town.follower(ORDERER).pull()
    town.crash(ORDERER)
    done = mend(town)
    assert (done.kept, done.fetched, done.left) == (2, (3, 4, 5, 6, 7), ())
    back = town.open(ORDERER)
    assert back.replica.tip == town.houses["bank"].replica.tip
    order(town, 12, 1, by="bank")
    town.follower(ORDERER).pull()
    names = {height: back.replica.cosignatures(height) for height in range(1, 9)}
    assert ORDERER not in names[3]
    assert ORDERER in names[8]
    assert_never_two_bodies(town)


def test_a_repair_without_a_height_drops_what_a_quorum_did_not_go_on_from(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 6)
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 3, 3, by=NEXT)
    # The new leader's name alone drops nothing; nor does that of one more.
    assert mend(town).height == 8
    town.follower("bank").learn()
    witnessed(town)
    with pytest.raises(Conflict, match=r"ledger\.forked"):
        mend(town)
    town.follower("coop").learn()
    witnessed(town)
    done = mend(town)
    assert (done.height, done.kept, done.fetched, done.left) == (5, 2, (3, 4, 5), ())
    back = town.open(ORDERER)
    order(town, 6, 5, by=NEXT)
    learn_term(back.terms, back.replica, back.link, [NEXT])
    town.reopen(ORDERER)
    follower = town.follower(ORDERER)
    follower.pull()
    signed = [h for h in range(1, 11) if ORDERER in follower.replica.cosignatures(h)]
    assert signed == [1, 2, 9, 10]
    assert_never_two_bodies(town)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_whatever_one_member_shows_well_signed_a_sound_one_drops_nothing(
    town: Town, lie: Callable[[Liar], None]
) -> None:
    town.order_news(BLOCKS)
    witnessed(town)
    lie(Liar(town))
    # The newest blocks bear the orderer's name alone, and nobody else holds them.
    town.order_news(2)
    tip = town.orderer.replica.tip
    town.crash(ORDERER)
    signed = (town.folder / ORDERER / "pen").read_bytes()
    done = mend(town)
    assert (done.height, done.kept, done.fetched) == (BLOCKS + 2, BLOCKS + 2, ())
    assert {each.member for each in done.left} <= {LIAR}
    assert (town.folder / ORDERER / "pen").read_bytes() == signed
    assert town.open(ORDERER).replica.tip == tip


def test_blocks_that_more_than_a_third_have_signed_are_left_to_people(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 2)
    replica = town.houses[ORDERER].replica
    fork = Fork(NEXT, 2, cid_of(replica.header(2)), 5)
    check_unsigned(replica, fork)
    town.follower("bank").pull()
    assert len(replica.cosignatures(4)) == 2
    with pytest.raises(Conflict, match=r"ledger\.forked.* signed the own block [34]"):
        check_unsigned(replica, fork)


def test_a_damaged_block_among_those_left_behind_makes_nobody_a_liar(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 3)
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 3, 3, by=NEXT)
    for name in ("bank", "coop"):
        town.follower(name).learn()
    witnessed(town)
    with contextlib.closing(sqlite3.connect(town.path(ORDERER))) as plain, plain:
        plain.execute("UPDATE block SET body = x'80' WHERE height = 3")
    done = mend(town)
    # The next own block names the damaged one, which nobody else holds.
    assert (done.kept, done.fetched, done.left) == (2, (3, 4, 5), ())
    found = read_signed(town.folder / ORDERER / "pen")
    assert found is not None
    assert found.floor == (5, 5)
    house = town.open(ORDERER)
    house.pen.check()
    for height in (3, 4, 5):
        with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
            house.pen.sign(height)


def test_a_member_that_goes_on_serving_is_mended_with_its_pen(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 2)
    town.crash(ORDERER)
    take_over(town, "bank", "coop", NEXT)
    order(town, 3, 3, by=NEXT)
    for name in ("bank", "coop"):
        town.follower(name).learn()
    witnessed(town)
    old = town.open(ORDERER)
    assert repair_open(old.replica, old.link, pen=old.pen).fetched == (3, 4, 5)
    assert old.replica.tip == town.houses[NEXT].replica.tip
    for height in (3, 4):
        with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
            old.pen.sign(height)
    assert old.pen.sign(5)
    assert_never_two_bodies(town)
    # Beyond the base its copy is the others': what it learns now leaves nothing of it behind.
    assert Learner(town).learn()


class Learner:
    """The old orderer as a follower of its own copy, as at its start."""

    def __init__(self, town: Town) -> None:
        from tallystick.kernel.ledger.follower import Follower

        house = town.houses[ORDERER]
        self.follower = Follower(
            house.replica, house.witnesses, house.link, ORDERER, house.pen, terms=house.terms
        )

    def learn(self) -> bool:
        return self.follower.learn()


def assert_never_two_bodies(town: Town) -> None:
    """No member signed two bodies of one height or size, in any copy, before or after."""
    seen: dict[tuple[str, str, int], Body] = {}
    for house in town.houses.values():
        for height in range(1, house.replica.tip.height + 1):
            body = house.replica.body(height)
            for member in house.replica.cosignatures(height):
                for place in (("height", body.height), ("size", body.size)):
                    assert seen.setdefault((member, *place), body) == body


def test_a_pen_signs_nothing_of_the_heights_and_sizes_it_yielded(town: Town) -> None:
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 4)
    pen = town.houses[ORDERER].pen
    assert pen.height == 6
    header = town.houses["bank"].replica.tip.cid
    pen.yield_to(2, header, 6)
    town.crash(ORDERER)
    folder = town.folder / ORDERER
    link = town.network.join(ORDERER)
    repair_chain(town.path(ORDERER), CHARTER, genesis=town.chain.genesis, link=link, trusted=2)
    link.close()
    assert (folder / "pen").is_file()
    house = town.open(ORDERER)
    assert house.replica.tip.height == 2
    for number in range(3, 8):
        data = town.chain.extend(
            house.replica, [town.chain.sign(number, [town.chain.news(number + 50)])]
        )
        assert data
        if number <= 6:
            with pytest.raises(Conflict, match=r"ledger\.signed_beyond"):
                house.pen.sign(number)
        else:
            assert house.pen.sign(number)


def test_a_file_of_terms_that_was_damaged_is_told_and_never_read_as_none(town: Town) -> None:
    agree(town, "bank")
    path = town.folder / "bank" / "term.cbor"
    data = path.read_bytes()
    town.crash("bank")
    for place in range(0, len(data), 7):
        wrong = bytearray(data)
        wrong[place] ^= 0x40
        path.write_bytes(bytes(wrong))
        with contextlib.suppress(Error):
            # A flip in a value is one in a signed consent: it counts for nobody.
            consent = town.open("bank").terms.consent
            assert consent is not None
            members, chain = town.chain.list, town.chain.genesis.chain
            assert not consent.is_signed(chain, members, 1) or bytes(wrong) == data
        town.houses.pop("bank", None)
    path.write_bytes(b"nothing")
    with pytest.raises(Corrupt, match=r"ledger\.term_corrupt"):
        town.open("bank")
    path.write_bytes(data)
