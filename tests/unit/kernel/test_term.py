"""Another member orders once more than two thirds consent; nothing that was witnessed is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.chain import CHARTER, Chain
from simulation.town import ORDERER, Town
from tallystick.base.errors import Conflict, Corrupt, Denied, Error, Invalid, Unavailable
from tallystick.chain.checkpoint import Body
from tallystick.kernel.ledger.repair import repair_chain
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
    assert town.houses[ORDERER].terms.learn(house.link, [NEXT])
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


def test_what_any_who_consents_holds_is_in_the_base(town: Town) -> None:
    """Heights 3 and 4 were durable at the old orderer alone: its own consent brings them over."""
    order(town, 1, 2)
    witnessed(town)
    order(town, 3, 2)
    held = town.houses[ORDERER].replica.tip
    agree(town, "bank", NEXT, ORDERER)
    house = town.houses[NEXT]
    assert house.terms.gather(house.link).base == (held.height, held.cid)
    reopened = town.reopen(NEXT)
    with pytest.raises(Unavailable, match=r"ledger\.behind"):
        order(town, 5, by=NEXT)
    town.follower(NEXT).pull(ORDERER)
    assert reopened.ledger.cut() is not None  # type: ignore[union-attr]
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


class Learner:
    """The old orderer as a follower of its own copy, as at its start."""

    def __init__(self, town: Town) -> None:
        from tallystick.kernel.ledger.follower import Follower

        house = town.houses[ORDERER]
        self.follower = Follower(
            house.replica, house.witnesses, house.link, ORDERER, house.pen, terms=house.terms
        )

    def learn(self) -> None:
        self.follower.learn()


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
