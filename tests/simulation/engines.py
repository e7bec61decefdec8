"""Members of one chain whose engine is played: files, applications, ledgers, crashing at will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulation.chain import CHARTER, Chain
from simulation.validators import NAMES, engine_keys, validated
from tallystick.base.clock import SeededEntropy
from tallystick.base.errors import NotFound, Unavailable
from tallystick.chain.block import read_block
from tallystick.kernel.ledger.engines.application import Application
from tallystick.kernel.ledger.engines.comet_home import DEFAULT, FAST
from tallystick.kernel.ledger.engines.cometbft import CometLedger
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.offering import SPACING
from tallystick.kernel.ledger.engines.pool import SharedPool
from tallystick.kernel.ledger.engines.simulated import Faults, Lie, SimulatedEngine, SimulatedPool
from tallystick.kernel.ledger.engines.spreading import Intake, Spreader, serve_offers
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.link.engines import memory

FAULTS: Final = Faults(lost_ppm=150_000, deaf_ppm=100_000, crash_ppm=20_000)
LINK_FAULTS: Final = memory.Faults(
    lost_ppm=100_000, duplicated_ppm=50_000, delayed_ppm=50_000, torn_ppm=20_000
)


@dataclass
class Seated:
    """One running member."""

    replica: Replica
    application: Application
    ledger: CometLedger
    spreader: Spreader | None = None

    def close(self) -> None:
        self.ledger.close()
        if self.spreader is not None:
            self.spreader.close()
        self.application.close()
        self.replica.close()


class Council:
    """The members of one chain and the engine that is played among them."""

    def __init__(
        self,
        folder: Path,
        seed: str,
        faults: Faults | None = None,
        *,
        profile: str = DEFAULT,
        spacing: int = SPACING,
    ) -> None:
        self.folder = folder
        self.spacing = spacing
        self.seed = seed
        self.chain: Chain = validated(seed)
        self.dice = SeededEntropy(f"council {seed}")
        self.engine = SimulatedEngine(self.chain.clock, self.dice, faults)
        self.profile = profile
        self.network = memory.Network(LINK_FAULTS if faults == FAULTS else None, self.dice)
        self.seats: dict[str, Seated] = {}
        self.lies: dict[str, Lie] = {}

    def draw(self, below: int) -> int:
        return int.from_bytes(self.dice.draw("act", 8), "big") % below

    def open_all(self) -> None:
        for name in NAMES:
            self.open(name)

    def open(self, name: str, *, is_new: bool = False) -> Seated:
        """Open a member, from what its file holds; it may crash again while it catches up."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        try:
            replica = Replica.open(folder / "ledger.db", CHARTER)
        except NotFound:
            chain = self.chain
            replica = Replica.create(
                folder / "ledger.db", chain.genesis.data, chain.list.data, CHARTER
            )
        gate = Gate(replica, self.chain.clock)
        pool = SharedPool(gate, name, lambda: len(NAMES)) if self.profile == FAST else None
        ledger = CometLedger(gate, pool or SimulatedPool(self.engine, name))
        entropy = SeededEntropy(f"{self.seed} {name} {replica.tip.height}")
        application = Application(
            replica,
            gate,
            entropy,
            committed=ledger.settle,
            is_new=is_new,
            pool=pool,
            spacing=self.spacing,
        )
        spreader = None if pool is None else self._spread(name, pool, replica)
        self.seats[name] = Seated(replica, application, ledger, spreader)
        address = address_of(engine_keys(self.seed, name).public)
        self.engine.join(name, address, application).lie = self.lies.get(name)
        return self.seats[name]

    def _spread(self, name: str, pool: SharedPool, replica: Replica) -> Spreader:
        link = self.network.join(name)
        serve_offers(link, Intake(pool, replica))
        return Spreader(link, pool, replica)

    def close(self, name: str) -> None:
        """Take a member down as a kill would: nothing is written that was not committed."""
        self.engine.crash(name)
        self.network.leave(name)
        self.seats.pop(name).close()

    def reopen_crashed(self) -> None:
        """Open whoever crashed within the engine's last step."""
        for name in NAMES:
            if name in self.seats and self.engine.stations[name].application is None:
                self.close(name)
                self.open(name)

    def step(self) -> None:
        """Let some time pass and one height be decided, and let the ledgers hand over."""
        self.chain.clock.advance(1 + self.draw(200))
        for seat in list(self.seats.values()):
            self.send(seat)
            if seat.spreader is not None:
                seat.spreader.work()
        self.engine.step()

    @staticmethod
    def send(seat: Seated) -> None:
        try:
            while seat.ledger.send():
                pass
        except Unavailable as error:
            # Its own node has crashed: what waits is handed over when it is back.
            assert error.code == "engine.away"  # noqa: PT017 - any other is a fault

    def settle(self) -> None:
        """Heal everything, and let everybody finish."""
        self.engine.faults, self.engine.apart = Faults(), frozenset()
        self.network.faults = memory.Faults()
        for _ in range(60):
            for name in NAMES:
                if name not in self.seats:
                    self.open(name)
            self.reopen_crashed()
            for station in self.engine.stations.values():
                self.engine.catch_up(station)
            self.step()
            idle = not self.engine.has_work()
            if idle and not any(each.ledger.waiting() for each in self.seats.values()):
                return

    def end(self) -> None:
        for name in list(self.seats):
            self.close(name)

    def records(self, name: str = NAMES[0]) -> list[bytes]:
        """Return the ids of what stands in a member's chain, in order."""
        replica = self.seats[name].replica
        return [
            each.tid
            for height in range(1, replica.tip.height + 1)
            for each in read_block(replica.block(height))[2]
        ]


def liar(draw: Callable[[int], int], stale: Callable[[], Sequence[bytes]], forged: bytes) -> Lie:
    """Return what makes proposals that must not be decided, silence, and two faces."""

    def lie(honest: Sequence[bytes]) -> Sequence[Sequence[bytes]]:
        nonce, *rows = honest
        bad: list[Any] = [
            [nonce, nonce, *rows],
            list(rows),
            [b"long" * 8, *rows],
            [nonce, *rows, forged],
            [nonce, *rows, *stale()] if stale() else [nonce, b"no transaction"],
            [nonce, *rows, *(rows or [b""])],
            [nonce, *rows, bytes(300_000)],
        ]
        act = draw(len(bad) + 3)
        if act < len(bad):
            return [bad[act]]
        if act == len(bad):
            return []
        if act == len(bad) + 1:
            return [honest]
        # Two faces: both may stand, and at most one can have enough voices.
        return [honest, [bytes(16), *rows[1:]]]

    return lie
