"""One validating member, whole: its application, the socket, the engine beside it, its ledger.

The order of starting is the application's socket first, then the engine, then the ledger that hands
over; ending is the other way round. Whoever opens it owns the replica and closes it last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tallystick.base.clock import Clock, Entropy
from tallystick.base.errors import Error
from tallystick.chain.block import Effects
from tallystick.kernel.ledger.engines.abci_calls import answer_for
from tallystick.kernel.ledger.engines.abci_server import AbciServer
from tallystick.kernel.ledger.engines.application import Application
from tallystick.kernel.ledger.engines.beginning import Beginning
from tallystick.kernel.ledger.engines.comet_home import (
    DEFAULT,
    FAST,
    Peer,
    Seat,
)
from tallystick.kernel.ledger.engines.comet_rpc import CometPool
from tallystick.kernel.ledger.engines.cometbft import FAST_PACE, CometLedger
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.marks import Misbehaviour
from tallystick.kernel.ledger.engines.offering import SPACING
from tallystick.kernel.ledger.engines.pool import SharedPool
from tallystick.kernel.ledger.engines.spreading import Intake, Spreader, serve_offers
from tallystick.kernel.ledger.engines.supervise import Keeper
from tallystick.kernel.ledger.engines.validators import list_validators
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.base import Link
from tallystick.kernel.link.ports import find_own_port

__all__ = ["HOME", "LOG", "Health", "Place", "Validator"]

HOME: Final = "cometbft"
LOG: Final = "cometbft.log"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a validator's engine is and listens.

    Attributes:
        folder: the member's, with `bft.key`; the engine's home and log are made there.
        binary: the engine's program.
        rpc_port: of its node, on loopback; 0 takes a free one at each start.
        p2p_port: of its node, for peers.
        app_port: of the application; 0 takes a free one at each start.
        peers: the other validators' nodes.
        host: the address its node listens on for peers.
        profile: `DEFAULT` or `FAST`: who keeps what waits, the engine or the member.
        spacing: how many heights of the engine lie between two snapshots; the same at all members.
    """

    folder: Path
    binary: Path
    rpc_port: int
    p2p_port: int
    app_port: int = 0
    peers: Sequence[Peer] = ()
    host: str = "127.0.0.1"
    profile: str = DEFAULT
    spacing: int = SPACING


@dataclass(frozen=True, slots=True)
class Health:
    """How a validator fares.

    Attributes:
        height: of its chain.
        engine_height: of its engine, empty blocks included.
        waiting: transactions of this member that are not final.
        starts: how often the engine was started.
        trouble: what is wrong now, the gravest first.
        misbehaviour: what validators were caught at.
    """

    height: int
    engine_height: int
    waiting: int
    starts: int
    trouble: tuple[Error, ...]
    misbehaviour: tuple[Misbehaviour, ...]


class Validator:
    """A member's part in a Byzantine order; made by `open`, ended by `close`.

    Attributes:
        ledger: where the member submits.
        application: its state machine; only the engine calls it.
        keeper: keeps the engine running.
    """

    def __init__(
        self,
        application: Application,
        ledger: CometLedger,
        *,
        server: AbciServer,
        beginning: Beginning,
        keeper: Keeper,
        spreader: Spreader | None = None,
    ) -> None:
        self.application = application
        self.ledger = ledger
        self.keeper = keeper
        self._server = server
        self._beginning = beginning
        self._spreader = spreader

    @classmethod
    def open(
        cls,
        replica: Replica,
        place: Place,
        clock: Clock,
        entropy: Entropy,
        *,
        committed: Callable[[Effects], None] = lambda _: None,
        link: Link | None = None,
    ) -> Validator:
        """Start a validator on a member's chain.

        Args:
            replica: the chain; nobody else may write to it.
            place: where the engine is.
            clock: tells what has ended.
            entropy: gives header nonces, and where to look for a port.
            committed: told each block once it is durable, on the engine's thread: be brief.
            link: to the other validators; None where there are none: then nothing is spread, and
                an engine that holds nothing asks for all blocks.

        Raises:
            NotFound: `engine.no_keys`.
            Unavailable: `abci.port`.
        """
        home = place.folder / HOME
        gate = Gate(replica, clock)
        rpc_port = place.rpc_port or _free_port(place, entropy)
        pool = _open_pool(gate, place) if place.profile == FAST else None
        if pool is None:
            ledger = CometLedger(gate, CometPool(rpc_port))
        else:
            ledger = CometLedger(gate, pool, FAST_PACE)

        def told(effects: Effects) -> None:
            ledger.settle(effects)
            committed(effects)
            beginning.look_at_list()

        application = Application(
            replica, gate, entropy, committed=told, pool=pool, spacing=place.spacing
        )
        server = AbciServer(answer_for(application), place.app_port)
        seat = Seat(
            place.folder.name,
            server.port,
            rpc_port,
            place.p2p_port,
            place.peers,
            place.host,
            place.profile,
        )
        beginning = Beginning(home, seat, application=application, link=link, entropy=entropy)
        try:
            beginning.prepare()
        except (Error, OSError):
            beginning.close()
            server.close()
            raise
        command = [str(place.binary), "start", "--home", str(home)]
        keeper = Keeper(command, place.folder / LOG, beginning.prepare)
        spreader = None if pool is None or link is None else _begin_spreading(link, pool, replica)
        server.start()
        keeper.start()
        beginning.start(keeper.restart)
        ledger.start()
        return cls(
            application,
            ledger,
            server=server,
            beginning=beginning,
            keeper=keeper,
            spreader=spreader,
        )

    def health(self) -> Health:
        """Return how it fares, now."""
        application = self.application
        troubles = (
            self.keeper.trouble,
            self._server.trouble,
            self._beginning.trouble,
            application.restoring.trouble,
            application.offering.trouble,
            self.ledger.trouble,
            application.refusals.trouble(application.height),
        )
        return Health(
            application.replica.tip.height,
            application.height,
            self.ledger.waiting(),
            self.keeper.starts,
            tuple(each for each in troubles if each is not None),
            tuple(application.marks.misbehaviour()),
        )

    def close(self) -> None:
        """End ledger, spreading, engine, socket and snapshots; a second call does nothing."""
        self.ledger.close()
        if self._spreader is not None:
            self._spreader.close()
        self._beginning.close()
        self.keeper.close()
        self._server.close()
        self.application.close()


def _open_pool(gate: Gate, place: Place) -> SharedPool:
    """Return a pool whose room the validators in force share."""

    def count() -> int:
        tip = gate.replica.tip
        return len(list_validators(tip.members, tip.height + 1))

    return SharedPool(gate, place.folder.name, count)


def _begin_spreading(link: Link, pool: SharedPool, replica: Replica) -> Spreader:
    """Take in what the other validators offer, and tell them what this member does."""
    serve_offers(link, Intake(pool, replica))
    spreader = Spreader(link, pool, replica)
    spreader.start()
    return spreader


def _free_port(place: Place, entropy: Entropy) -> int:
    """Return a port that nobody listens on now, nor another engine once it starts."""
    taken = {place.p2p_port, *(each.port for each in place.peers)}
    return find_own_port(int.from_bytes(entropy.draw("port", 4), "big"), taken)
