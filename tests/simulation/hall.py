"""Three of four members that ordered for a while and offer snapshots; the fourth has nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulation.chain import CHARTER
from simulation.engines import Council
from simulation.state_sync import StateSync
from simulation.validators import NAMES, engine_keys
from tallystick.base.clock import SeededEntropy
from tallystick.kernel.ledger import leap as leaping
from tallystick.kernel.ledger.engines import manifest, offering, restoring
from tallystick.kernel.ledger.engines.application import Application
from tallystick.kernel.ledger.engines.cosigner import Cosigner
from tallystick.kernel.ledger.engines.gate import Gate
from tallystick.kernel.ledger.engines.validators import address_of
from tallystick.kernel.ledger.peer import Peer, serve_chain
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.engines.memory import Network

__all__ = ["AWAY", "OTHERS", "SPACING", "Hall", "opened", "small", "tip_of"]

AWAY = "coop"
OTHERS = tuple(name for name in NAMES if name != AWAY)
SPACING = 8
BLOCKS = 14
"""Of ours; with the engine's empty ones between them 28."""
PART = 1_000
GROUP = 4


@contextmanager
def small() -> Iterator[None]:
    """Make many chunks of little."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (manifest, offering, restoring):
            patch.setattr(module, "GROUP", GROUP)
        for each in (manifest, offering, restoring, leaping):
            patch.setattr(each, "PART_BYTES", PART)
        yield


class Hall:
    """Three of four members that have ordered for a while, cosigning; the fourth has nothing."""

    def __init__(self, folder: Path) -> None:
        self.council = Council(folder, "state sync", spacing=SPACING)
        self.network = Network()
        self.pens: list[Pen] = []
        self.cosigners: list[Cosigner] = []
        self.seq = 0
        for name in OTHERS:
            replica = self.council.open(name).replica
            witnesses, link = Witnesses(replica), self.network.join(name)
            serve_chain(link, Peer(replica, witnesses))
            key = self.council.chain.notes[name]
            self.pens.append(Pen(folder / f"{name}.pen", replica, name, key, self.clock))
            self.cosigners.append(Cosigner(replica, witnesses, link, self.pens[-1]))

    @property
    def clock(self) -> Any:
        return self.council.chain.clock

    def order(self, blocks: int) -> None:
        """Order blocks of some records; one of them changes the list of members."""
        chain, ledger = self.council.chain, self.council.seats["bank"].ledger
        for _ in range(blocks):
            self.seq += 1
            records = [chain.news(self.seq * 100 + at) for at in range(5)]
            ledger.submit(chain.sign(self.seq, records, "bank"))
            if self.seq == 5:
                rotated = chain.rotation(77, "bureau")
                ledger.submit(chain.sign(1_000, [rotated], "bureau"))
            self._settle()
            for _ in range(2):
                for each in self.cosigners:
                    each.work()
            for name in OTHERS:
                self.application(name).offering.close()

    def _settle(self) -> None:
        council = self.council
        for _ in range(20):
            council.step()
            waiting = any(each.ledger.waiting() for each in council.seats.values())
            if not waiting and not council.engine.has_work():
                return

    def application(self, name: str) -> Application:
        return self.council.seats[name].application

    def sync(self, taker: Application, **given: Any) -> StateSync:
        givers = {f"node-{name}": self.application(name) for name in OTHERS}
        return StateSync(taker, givers, self.council.engine.hashes, **given)

    def fresh(self, folder: Path) -> Application:
        """Return the fourth member's application, its engine holding nothing."""
        chain, path = self.council.chain, folder / "ledger.db"
        replica = (
            Replica.open(path, CHARTER)
            if path.is_file()
            else Replica.create(path, chain.genesis.data, chain.list.data, CHARTER)
        )
        entropy = SeededEntropy("state sync away")
        return Application(
            replica, Gate(replica, chain.clock), entropy, is_new=True, spacing=SPACING
        )

    def join(self, application: Application) -> None:
        """Let the fourth member's engine go on from where its application stands."""
        address = address_of(engine_keys(self.council.seed, AWAY).public)
        self.council.engine.join(AWAY, address, application)

    def close(self) -> None:
        for pen in self.pens:
            pen.close()
        self.council.end()


@contextmanager
def opened(folder: Path) -> Iterator[Hall]:
    found = Hall(folder)
    found.order(BLOCKS)
    yield found
    found.close()


def tip_of(hall: Hall) -> Any:
    return hall.application("bank").replica.tip
