"""How members make another of them order: by their consents, in one folder or on many machines.

Laws: consents are given while a member is not served, by whoever may open its folder; the new
leader gathers them, takes over the highest head among them and orders from its next start on.
Where members order together nobody leads, and none of this is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tallystick.base.clock import Clock, SystemEntropy
from tallystick.base.errors import Conflict, Error, Invalid
from tallystick.base.keys import SigningKey
from tallystick.county.founding import CountyFile, read_county
from tallystick.county.single import open_single
from tallystick.kernel.ledger.claim import Asked, Claim
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.offer import serve_snapshots
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.term import TERM_FILE, Consent, Term, Terms, serve_terms
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.engines.memory import Network
from tallystick.node import Node

__all__ = ["agree", "lead_all", "lead_alone"]


@dataclass(frozen=True, slots=True)
class _Place:
    """A member opened for nothing but its consent: its node, what it consented to, its copy."""

    node: Node
    terms: Terms
    follower: Follower

    def consent(self, term: int, leader: str) -> Consent:
        return self.terms.agree(term, leader, SigningKey.from_seed(self.node.secrets.note))


@contextmanager
def _open(home: Path, county: CountyFile, clock: Clock, link: Link) -> Iterator[_Place]:
    member = home.name
    node = Node.open(home, clock, SystemEntropy())
    pen = Pen(
        node.folder / "signed.bin",
        node.replica,
        member,
        SigningKey.from_seed(node.secrets.note),
        clock,
    )
    try:
        witnesses = Witnesses(node.replica)
        terms = Terms(node.folder / TERM_FILE, node.replica, member, county.orderer)
        serve_chain(link, Peer(node.replica, witnesses))
        serve_snapshots(link, node.replica)
        serve_terms(link, terms)
        follower = Follower(node.replica, witnesses, link, terms.leader, pen, terms=terms)
        yield _Place(node, terms, follower)
        follower.close()
    finally:
        node.close()
        pen.close()


def _check_single(county: CountyFile) -> None:
    """Refuse where members order together: Conflict `county.together`.

    A term would be written, and no engine asks for it.
    """
    if county.engine:
        raise Conflict(
            "county.together",
            "members order this chain together, and no single one of them leads it",
            cure="It goes on while more than two thirds of those that order are up: start those"
            " that are down, which tally county status tells.",
        )


def agree(folder: Path, member: str, leader: str, *, clock: Clock, term: int = 0) -> Consent:
    """Let a member consent that another orders, in the next term it knows of or in `term`.

    Raises:
        Conflict: `node.locked`, it is served; `ledger.consented`; `county.together`.
        Invalid: `ledger.no_leader`.
    """
    county, network = read_county(folder), Network()
    _check_single(county)
    with _open(folder / member, county, clock, network.join(member)) as place:
        return place.consent(term or _next_term([place], leader), leader)


def _next_term(places: list[_Place], leader: str) -> int:
    """Return the term to consent to: one that others consented to for this leader, or the next."""
    held = [each.terms.consent for each in places]
    newest = max([each.terms.number for each in places])
    latest = max((each.term for each in held if each is not None), default=0)
    same = {each.leader for each in held if each is not None and each.term == latest}
    return latest if latest > newest and same == {leader} else max(latest, newest) + 1


def _check_change(places: list[_Place], leader: str) -> None:
    """Refuse a new term for the one that orders, unless some have consented to a later term.

    Then all wait between two terms, and one more is the way out.
    """
    newest = max((each.terms for each in places), key=lambda terms: terms.number)
    later = [each for each in places if (held := each.terms.consent) and held.term > newest.number]
    if leader == newest.leader and not later:
        raise Conflict(
            "ledger.leads",
            f"{leader} orders already, in term {newest.number}",
            cure="Nothing to do: another orders only where its machine is lost for good, or it was"
            " voted out.",
            member=leader,
        )


def _catch_up(places: list[_Place]) -> None:
    """Bring all copies to the end of that of who orders, where it is here, as an opening would.

    Its newest block may have changed the list by which the consents count.
    """
    leader = max((each.terms for each in places), key=lambda terms: terms.number).leader
    for each in places:
        if each.node.member != leader:
            with contextlib.suppress(Error):
                # Who orders is gone or its copy is damaged: what others hold is taken over later.
                each.follower.pull(leader)


def lead_all(folder: Path, leader: str, *, clock: Clock) -> Term:
    """Let all members of a county's folder that can be opened make another of them order.

    Raises:
        Unavailable: `ledger.between_terms`, too few could be opened.
        Invalid: `ledger.no_leader`.
        Conflict: `node.locked`, the county is served; `ledger.leads`, it orders already;
            `county.together`, several do.
    """
    county, network = read_county(folder), Network()
    _check_single(county)
    names = [each.name for each in county.members]
    if leader not in names:
        raise Invalid(
            "ledger.no_leader",
            f"{leader} is no member of this chain",
            cure="tally change members.",
        )
    with ExitStack() as opened:
        places = {}
        for name in names:
            with contextlib.suppress(Error):
                # Who is lost or damaged does not consent; whether enough do is counted below.
                place = _open(folder / name, county, clock, network.join(name))
                places[name] = opened.enter_context(place)
        if leader not in places:
            # Tell what is wrong with the one that is to order.
            opened.enter_context(_open(folder / leader, county, clock, network.join(leader)))
        _check_change(list(places.values()), leader)
        _catch_up(list(places.values()))
        listed = places[leader].node.replica.tip.members.by_name
        term = _next_term(list(places.values()), leader)
        for name, each in places.items():
            if name in listed or name == leader:
                each.consent(term, leader)
        found = places[leader].terms.gather(places[leader].follower.link)
        _take_over(places[leader].follower, found)
        for name, each in places.items():
            if name != leader:
                # The word of one that has left does not count, nor does its copy stop the others.
                with contextlib.suppress(*(() if name in listed else (Error,))):
                    each.terms.adopt(found)
                with contextlib.suppress(Error):
                    # A copy that was left behind says so at its next start.
                    each.follower.take_term()
        return found


def lead_alone(folder: Path, member: str, *, clock: Clock) -> Term:
    """Let a member that its own folder holds gather the others' consents over the link, and lead.

    Raises:
        Unavailable: `ledger.between_terms`, too few have consented, or cannot be reached.
        Conflict: `county.together`, several members order.
    """
    _check_single(read_county(folder))
    with open_single(folder, member, clock) as house:
        seat = house.seat(member)
        found = seat.terms.gather(seat.link)
        follower = Follower(
            seat.node.replica, seat.witnesses, seat.link, member, seat.pen, terms=seat.terms
        )
        _take_over(follower, found)
        return found


def _take_over(follower: Follower, term: Term) -> None:
    """Bring the new leader's copy to the term's base, from whoever holds it."""
    height, header = term.base
    holders = [each.member for each in term.consents if each.height >= height]
    asked = Asked(follower.link, holders)
    for name in holders:
        if follower.replica.tip.height >= height or name == follower.link.member:
            break
        # Another holder may answer; whether the base is held is checked below.
        follower.take(asked, Claim(name, height, header))
    assert follower.terms is not None
    follower.terms.check_base()
    follower.take_term()
