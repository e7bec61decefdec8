"""Members of a county folder in one process: all of them, or one that reaches the others by a link.

All of them meet through the link's memory engine and trust each other no more than over a network:
every follower verifies every block itself. In simulation blocks are cut only when a member waits
for one; served, the orderer and the followers run in threads of their own. One alone is opened by
`county/single.py`, with its link to the other machines.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, Entropy, ShiftedClock
from tallystick.base.codec import Cid
from tallystick.base.errors import Corrupt, Error, NotFound, Unavailable
from tallystick.base.keys import SigningKey
from tallystick.charter import CHARTER
from tallystick.county.checking import Checker
from tallystick.county.far import FarLedger, check_heard
from tallystick.county.founding import CountyFile, entropy_for, read_county
from tallystick.county.gone import check_gone, part_members
from tallystick.county.local import LocalOffice
from tallystick.county.opening import Apart, LeftOut, fresh_seed, pick_open, said_of
from tallystick.county.validating import Validating, list_validators, name_validators
from tallystick.county.vouching import vouch
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.peers import serve_access
from tallystick.kernel.ledger.base import Ledger
from tallystick.kernel.ledger.bodies import fetch_block
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.fork import size_signed
from tallystick.kernel.ledger.learning import learn_term
from tallystick.kernel.ledger.news import serve_news
from tallystick.kernel.ledger.offer import serve_snapshots
from tallystick.kernel.ledger.orderer import Orderer, find_left
from tallystick.kernel.ledger.peer import Peer, serve_chain, serve_ledger
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.term import TERM_FILE, Term, Terms, serve_terms
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.engines.memory import Network
from tallystick.kernel.store.engines.sqlite import SqliteStore
from tallystick.kernel.store.exchange import fetch_object, serve_objects
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.ring import Ring
from tallystick.node import Node

__all__ = ["House", "Seat", "open_copies", "open_house"]

_LOG: Final = logging.getLogger(__name__)
_OWN: Final = (Corrupt, Unavailable)
"""What keeps one member from following and is told by its health alone."""


class Seat:
    """One member's place: its node and how it reaches the order."""

    def __init__(self, house: House, node: Node, link: Link) -> None:
        self.node = node
        self._house = house
        self.link: Link = link
        self.witnesses = Witnesses(node.replica)
        self.witnesses.recount()
        note = SigningKey.from_seed(node.secrets.note)
        self.pen = Pen(node.folder / "signed.bin", node.replica, node.member, note, node.clock)
        serve_objects(self.link, node.store)
        node.spreading.join(Ring(self.link, Holding(node.folder / "shards"), vouch(node)))
        serve_chain(self.link, Peer(node.replica, self.witnesses))
        serve_snapshots(self.link, node.replica)
        node.replica.elsewhere = partial(fetch_block, node.replica, self.link)
        serve_news(self.link, node.replica)
        self._answer_access()
        founder = house.county.orderer
        self.terms = Terms(node.folder / TERM_FILE, node.replica, node.member, founder)
        serve_terms(self.link, self.terms)
        self.checker = Checker(
            node, self.link, orders=lambda: house.leader == node.member, pen=self.pen
        )
        self.witnesses.tell(self.checker.equivocations.look)
        self.follower: Follower | None = None
        self.validating: Validating | None = None
        node.orders = self

    def adopt(self, term: Term) -> None:
        """Take a later term over; the pen lets go of what its base left behind."""
        if self.terms.adopt(term):
            self._yield()

    def learn(self) -> None:
        """Ask the others for a later term, and take it over."""
        if learn_term(self.terms, self.node.replica, self.link, self.link.peers()):
            self._yield()

    def _yield(self) -> None:
        assert self.terms.term is not None
        height, header = self.terms.term.base
        self.pen.yield_to(height, header, size_signed(self.node.replica, self.pen, height))

    def begin(self, leader: str, validators: Sequence[str]) -> None:
        """Follow the member that orders, or validate; a leader itself follows nobody."""
        node, apart = self.node, self._house.apart
        if node.member in validators:
            self.validating = Validating(
                node.folder,
                node.replica,
                self.witnesses,
                pen=self.pen,
                link=self.link,
                clock=node.clock,
                profile=self._house.county.profile,
                host=apart.host if apart is not None else "",
            )
        elif node.member != leader:
            self.follower = Follower(
                node.replica,
                self.witnesses,
                self.link,
                leader,
                self.pen,
                terms=None if validators else self.terms,
                leaps=apart is not None and apart.leaps,
                pick=partial(pick_open, validators, apart) if validators else None,
            )

    def _answer_access(self) -> None:
        node = self.node
        line = Line(
            desk=node.desk,
            link=self.link,
            seal=node.secrets.seal,
            chain=node.replica,
            catch_up=node.catch_up,
        )
        serve_access(line)
        node.spreading.take_line(line)

    def renew(self) -> None:
        """Cosign and seal by the node's renewed keys; heights before are signed by the old."""
        self.pen.take_key(SigningKey.from_seed(self.node.secrets.note))
        self._answer_access()

    @property
    def ledger(self) -> Ledger:
        """Where this member submits."""
        if self.validating is not None:
            return self.validating.ledger
        if self.follower is None:
            return self._house.orderer
        return FarLedger(self.follower) if self._house.apart else self.follower

    def check(self) -> None:
        """Refuse a write where who orders was voted out, is away, hears it not, or errs in time."""
        if (left := self.find_left()) is not None:
            raise left
        self._house.left_out.check(self._house.leader)
        if self.follower is None and self.validating is None:
            self._house.orderer.check_ahead()
        if self._house.apart is not None and self.follower is not None:
            check_heard(self.follower, self._house.apart)

    def find_left(self) -> Error | None:
        """Return why nothing is ordered where who orders was voted out, None while it is in."""
        house = self._house
        if house.validators:
            return None
        leader = house.leader if self.follower is None else self.follower.orderer
        return find_left(leader, (house.ordered if house.orders else self.node.replica).tip)

    def has_waited(self, before_ms: int) -> bool:
        """Tell whether a record that came here before a moment stands in no block of this copy."""
        own = self.node.outbox.has_waited(before_ms)
        return own or (self.validating is not None and self.validating.has_waited(before_ms))

    def settle(self) -> None:
        """Cut what waits, where no thread does."""
        if not self._house.served:
            self._house.cut()

    def follow(self) -> None:
        """Pull and verify what the order has, where no thread does."""
        if not self._house.served and self.follower is not None:
            self._house.cut()
            # What one that was voted out gives beyond its last block ends no look.
            with contextlib.suppress(*(_OWN if self.find_left() else self._house.passing)):
                self.follower.pull()

    def fetch(self, cid: Cid) -> bytes:
        """Return a public object, from another member if need be."""
        return fetch_object(self.link, self.node.store, cid, self.link.peers())

    def close(self) -> None:
        """End following and checking, and close the node's files."""
        self.checker.close()
        if self.follower is not None:
            self.follower.close()
        if self.validating is not None:
            self.validating.close()
        self.node.close()
        self.pen.close()


class House:
    """The open members of a county folder.

    Args:
        folder: the county's.
        county: what it says of itself.
        clock: tells the time to all.
        apart: the one member to open; None for all that are here.
        needed: who must open, any other counts as away if it cannot; empty for all.
    """

    def __init__(
        self,
        folder: Path,
        county: CountyFile,
        clock: Clock,
        *,
        apart: Apart | None = None,
        needed: Collection[str] = (),
    ) -> None:
        self.folder = folder
        self.county = county
        self.clock = later = ShiftedClock(clock)
        self.served = False
        self.network = Network()
        self.apart = apart
        self.left_out = LeftOut(needed)
        self.passing: tuple[type[Error], ...] = (Unavailable,) if apart else ()
        """What ends no look at a member: another machine may be away, another thread may not."""
        entropy = entropy_for(fresh_seed(folder, county, apart.member if apart else ""))
        self._seats: dict[str, Seat] = {}
        try:
            names, gone = part_members(folder, county) if apart is None else ([apart.member], [])
            for name in [*names, *gone] if needed else names:
                with self.left_out.instead(name):
                    self._seats[name] = self._open(name, later, entropy(f"{name}/node"))
            if self.left_out:
                self._pass_over()
            self.validators = self._name_validators()
            self.leader = self._find_leader()
            if gone and not needed:
                leading = None if self.validators else self._seats.get(self.leader)
                check_gone(folder / gone[0], leading, len(self._seats))
            for seat in self.seats():
                seat.begin(self.leader, self.validators)
            if county.seed:
                later.reach(self.foremost.node.replica.tip.time)
            self._orderer = self._begin_to_order(later, entropy("orderer"))
            if apart is None:
                self.spread()
        except BaseException:
            # What opened is closed: its locks would keep others out until this process ends.
            for seat in self._seats.values():
                seat.close()
            raise

    def _pass_over(self) -> None:
        """Let those who are open know who else is a member, and reach one another alone."""
        self.left_out.check_open(self._seats)
        self.passing = (Unavailable,)
        for name in self.left_out:
            self.network.leave(name)
            self.network.join(name)
        self.network.partition(self._seats)

    def _name_validators(self) -> list[str]:
        """Return who orders together, nobody where one member orders.

        Those of the founding list are asked before those who came later and may still be on their
        way. Of members that are all here, one that is not open is nobody to ask.
        """
        if not self.county.engine:
            return []
        found = name_validators(self.folder)
        if self.apart is None:
            found = [name for name in found if name in self._seats]
        first = list_validators(self.seats()[0].node.replica.genesis.members, 1)
        return sorted(found, key=lambda name: (name not in first, name))

    def _find_leader(self) -> str:
        """Return who orders, by the newest term that a member here knows of, and tell the others.

        Members of other machines are asked once the one known as leader is away; by one that led
        when it was last here, before it orders.
        """
        if self.validators:
            return self.validators[0]
        for seat in self.seats() if self.apart is not None else ():
            if seat.terms.leader == seat.node.member:
                seat.learn()
        newest = max(self.seats(), key=lambda seat: seat.terms.number)
        for seat in self.seats():
            if newest.terms.term is not None:
                seat.adopt(newest.terms.term)
        return newest.terms.leader

    def _open(self, name: str, clock: Clock, entropy: Entropy) -> Seat:
        with said_of(name):
            node = Node.open(self.folder / name, clock, entropy)
            try:
                link = self.network.join(name) if self.apart is None else self.apart.join(node)
                return Seat(self, node, link)
            except BaseException:
                node.close()
                raise

    def _begin_to_order(self, clock: Clock, entropy: Entropy) -> Orderer | None:
        """Return what orders for all, where the member that orders is open here."""
        seat = self._seats.get(self.leader)
        if seat is None or seat.validating is not None:
            return None
        with contextlib.suppress(*self.passing):
            # Who holds more may be away: the pen keeps it from ordering over what it has signed.
            self.catch_up(seat)
        found = Orderer(
            seat.node.replica,
            self.leader,
            clock,
            entropy,
            pen=seat.pen,
            witnesses=seat.witnesses,
            terms=seat.terms,
            behind=self.apart.list_behind if self.apart is not None else tuple,
        )
        serve_ledger(seat.link, found)
        return found

    @property
    def orderer(self) -> Orderer:
        """What orders for all; only where its member is open here."""
        assert self._orderer is not None
        return self._orderer

    @property
    def ordered(self) -> Replica:
        """The copy that the others follow."""
        return self.foremost.node.replica

    @property
    def foremost(self) -> Seat:
        """The place of the member that orders; where it is not open, of one whose copy is ahead."""
        found = self._seats.get(self.leader)
        return found or max(self.seats(), key=lambda seat: seat.node.replica.tip.height)

    def trouble_of(self, seat: Seat) -> Error | None:
        """Return why a member does not get on with ordering or following, None if it does."""
        if seat.follower is not None:
            return seat.follower.trouble
        if seat.validating is not None:
            return seat.validating.trouble
        orderer = self.orderer
        return orderer.trouble or orderer.find_ahead() or orderer.unsigned

    @property
    def orders(self) -> bool:
        """Whether the member that orders is open here."""
        return self._orderer is not None

    def catch_up(self, ordering: Seat) -> None:
        """Let the orderer take over what others hold beyond its file, before it orders anything.

        An orderer whose file lost its end would else put other blocks at heights it has signed.
        """
        node, link = ordering.node, ordering.link
        own = Follower(node.replica, ordering.witnesses, link, self.leader, ordering.pen)
        try:
            for left in own.catch_up():
                if left.member not in self.left_out:
                    _LOG.warning("%s was left out: %s, %s", left.member, left.code, left.detail)
        except Unavailable as error:
            if error.code != "ledger.behind":
                raise
            # What it signed is cosigned by too few to be anybody's head: whoever has it gives it.
            own.take_own()
        finally:
            own.close()

    def node(self, member: str) -> Node:
        """Return a member's node; NotFound if it is no member here."""
        return self.seat(member).node

    def seat(self, member: str) -> Seat:
        """Return a member's place; NotFound if it is no member here."""
        found = self._seats.get(member)
        if found is None:
            self.left_out.check(member)
            raise NotFound(
                "member.unknown", f"{member} is no member of this county", cure="tally county show."
            )
        return found

    def office(self, member: str) -> LocalOffice:
        """Return a member's office."""
        return LocalOffice(self.node(member))

    def offices(self) -> dict[str, LocalOffice]:
        """Return all members' offices by name."""
        return {name: self.office(name) for name in self._seats}

    def seats(self) -> list[Seat]:
        """Return all places in the county's order of members."""
        return list(self._seats.values())

    def nodes(self) -> Iterator[Node]:
        """Yield all nodes in the county's order of members."""
        return (seat.node for seat in self._seats.values())

    def link(self, member: str) -> Link:
        """Return a member's link."""
        return self.seat(member).link

    def cut(self) -> None:
        """Cut blocks until nothing waits."""
        while self._orderer is not None and self._orderer.waiting():
            if self._orderer.awaited():
                self._witness()
            self._orderer.cut()

    def spread(self) -> None:
        """Let every member verify, keep and cosign what the orderer has, and learn who cosigned."""
        self.cut()
        self._witness()

    def _witness(self) -> None:
        """Let every member cosign the orderer's head, and learn who else did."""
        for seat in self.seats():
            if seat.follower is None and seat.validating is None:
                self._cosign_own(seat)
        for _ in ("blocks", "cosignatures"):
            for seat in self.seats():
                if seat.follower is not None:
                    # A member whose own file is damaged says so in its health, and ends nobody
                    # else's day: it can be looked at and repaired while the others go on.
                    # So does one that waits for others to agree on who orders, or that has left.
                    with contextlib.suppress(*((Error,) if self._has_left(seat) else _OWN)):
                        seat.follower.pull()

    def _has_left(self, seat: Seat) -> bool:
        """Tell whether the copy that others follow has a list without this member."""
        return self.orders and seat.node.member not in self.ordered.tip.members.by_name

    def _cosign_own(self, seat: Seat) -> None:
        """Put the orderer's own name to its head: without it a block is not the orderer's."""
        height = seat.node.replica.tip.height
        if height and (line := self.orderer.sign(seat.pen, height)) is not None:
            seat.witnesses.add(seat.node.member, height, line)

    def close(self) -> None:
        """Close every member."""
        if self._orderer is not None:
            self._orderer.close()
        for seat in self._seats.values():
            seat.close()


@contextmanager
def open_house(folder: Path, clock: Clock, *, needed: Collection[str] = ()) -> Iterator[House]:
    """Open all members of a county folder, as `House` does, and close them at the end."""
    house = House(folder, read_county(folder), clock, needed=needed)
    try:
        yield house
    finally:
        house.close()


@contextmanager
def open_copies(folder: Path, members: Sequence[str]) -> Iterator[Network]:
    """Let members' chains and public objects answer questions, and nothing else: for a repair.

    Members whose own file cannot be opened do not answer.
    """
    network = Network()
    with contextlib.ExitStack() as opened:
        for name in members:
            with contextlib.suppress(Error):
                replica = Replica.open(folder / name / "ledger.db", CHARTER)
                opened.callback(replica.close)
                witnesses = Witnesses(replica)
                witnesses.recount()
                link = network.join(name)
                serve_chain(link, Peer(replica, witnesses))
                serve_snapshots(link, replica)
                store = SqliteStore(folder / name / "store.db")
                opened.callback(store.close)
                serve_objects(link, store)
        yield network
