"""Several members of one chain in one process: replicas, outboxes, pens, a network with faults."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from simulation.chain import CHARTER, Chain
from tallystick.base.errors import Error, NotFound
from tallystick.kernel.ledger.courier import Courier
from tallystick.kernel.ledger.follower import Follower
from tallystick.kernel.ledger.offer import serve_snapshots
from tallystick.kernel.ledger.orderer import Orderer
from tallystick.kernel.ledger.outbox import Outbox, Writer
from tallystick.kernel.ledger.peer import Peer, serve_chain, serve_ledger
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.term import Terms, serve_terms
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.engines.memory import MemoryLink, Network

ORDERER = "operator"


@dataclass
class House:
    """One running member."""

    name: str
    folder: Path
    link: MemoryLink
    replica: Replica
    witnesses: Witnesses
    pen: Pen
    ledger: Orderer | Follower
    outbox: Outbox
    courier: Courier
    terms: Terms

    def close(self, *, leave: bool = True) -> None:
        """Close all files."""
        if leave:
            self.link.close()
        self.ledger.close()
        self.outbox.close()
        self.pen.close()
        self.replica.close()


class Town:
    """The members of one chain, in folders of their own."""

    def __init__(self, folder: Path, chain: Chain, network: Network | None = None) -> None:
        self.folder = folder
        self.chain = chain
        self.network = network or Network()
        self.houses: dict[str, House] = {}

    def open_all(self) -> None:
        """Open every member."""
        for name in self.chain.names:
            self.open(name)

    def path(self, name: str) -> Path:
        """Return a member's copy of the chain."""
        return self.folder / name / "ledger.db"

    def open(self, name: str) -> House:
        """Open a member, founding its chain the first time."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        chain, path = self.chain, self.path(name)
        try:
            replica = Replica.open(path, CHARTER)
        except NotFound:
            replica = Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)
        witnesses = Witnesses(replica)
        pen = Pen(folder / "pen", replica, name, chain.notes[name], chain.clock)
        link = self.network.join(name)
        serve_chain(link, Peer(replica, witnesses))
        serve_snapshots(link, replica)
        terms = Terms(folder / "term.cbor", replica, name, ORDERER)
        serve_terms(link, terms)
        ledger: Orderer | Follower
        if name == terms.leader:
            ledger = Orderer(
                replica,
                name,
                chain.clock,
                chain.entropy,
                pen=pen,
                witnesses=witnesses,
                terms=terms,
            )
            serve_ledger(link, ledger)
        else:
            ledger = Follower(replica, witnesses, link, ORDERER, pen, terms=terms)
        writer = Writer(name, 1, chain.keys[name])
        outbox = Outbox(folder / "local.db", writer, replica, chain.clock)
        house = House(
            name,
            folder,
            link,
            replica,
            witnesses,
            pen,
            ledger,
            outbox,
            Courier(outbox, ledger),
            terms,
        )
        self.houses[name] = house
        return house

    @property
    def orderer(self) -> Orderer:
        """The member that orders."""
        found = self.houses[ORDERER].ledger
        assert isinstance(found, Orderer)
        return found

    def follower(self, name: str) -> Follower:
        """Return how an open member follows the orderer; the orderer itself follows its peers."""
        house = self.houses[name]
        if isinstance(house.ledger, Follower):
            return house.ledger
        return Follower(house.replica, house.witnesses, house.link, ORDERER, house.pen)

    def followers(self) -> list[Follower]:
        """Return the followers of all open members, by name."""
        found = [self.houses[name].ledger for name in sorted(self.houses)]
        return [each for each in found if isinstance(each, Follower)]

    def reopen(self, name: str) -> House:
        """Stop a member and start it again."""
        self.crash(name)
        return self.open(name)

    def crash(self, name: str) -> None:
        """Stop a member without telling anyone."""
        self.houses.pop(name).close()

    def order_news(self, blocks: int) -> None:
        """Have some blocks of three transactions each ordered; every sixth record is refused."""
        seq = self.orderer.replica.tip.peaks.size
        for _ in range(blocks):
            for _ in range(3):
                seq += 1
                # Every sixth id was held before: a refused transaction stands in the chain too.
                number = seq - 1 if seq % 6 == 0 else seq
                self.orderer.submit(self.chain.sign(seq, [self.chain.news(number)]))
            self.chain.clock.advance(7)
            assert self.orderer.cut() is not None

    def pull_all(self) -> None:
        """Let every follower pull once, whatever the network does to it."""
        for follower in self.followers():
            with contextlib.suppress(Error):
                follower.pull()

    def close(self) -> None:
        """Close everything."""
        for name in sorted(self.houses):
            self.crash(name)
