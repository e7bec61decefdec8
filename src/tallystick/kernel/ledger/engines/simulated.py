"""An engine that is played, not run: the calls CometBFT makes, over n applications in one process.

It keeps the grammar of ABCI 2.0: begin once; a height is proposed in rounds, each judged by whoever
hears of it, until more than two thirds of the power say yes; then every application finalizes and
commits it; one that comes back is asked for its height and replays what it missed by finalize and
commit alone. Validators' changes count two heights later; what stays in a pool is asked about again
after each block. The dice decide who hears of what and who crashes at which step, the caller who
lies; consensus itself is assumed, as agreement among honest validators, and what it demands of the
applications is checked: one app hash a height.
Source: CometBFT 0.38, spec/abci/abci++_comet_expected_behavior.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tallystick.base.clock import Clock, Entropy
from tallystick.kernel.ledger.engines.application import (
    Application,
    Decided,
    Offer,
    genesis_time_ms,
    network_name,
)
from tallystick.kernel.ledger.engines.comet_rpc import Taken, away
from tallystick.kernel.ledger.engines.validators import address_of

__all__ = ["STEPS", "Faults", "Lie", "SimulatedEngine", "SimulatedPool", "Station"]

ROUNDS_MAX: Final = 32
BYTES_MAX: Final = 4_000_000
POOL_MAX: Final = 50_000
STEPS: Final = ("decided", "finalized", "committed")
"""Where an application may crash within a height."""
_DELAY: Final = 2
_PPM: Final = 1_000_000

Lie = Callable[[Sequence[bytes]], Sequence[Sequence[bytes]]]
"""Makes of an honest proposal what is really sent: one after another to each who hears; none at all
for silence."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How often, in parts per million.

    Attributes:
        lost_ppm: a transaction does not reach another validator's pool.
        deaf_ppm: a validator does not hear of a round, or of a decision until it asks.
        crash_ppm: an application crashes, for each of `STEPS`.
    """

    lost_ppm: int = 0
    deaf_ppm: int = 0
    crash_ppm: int = 0


@dataclass(slots=True, eq=False)
class Station:
    """One validator's engine.

    Attributes:
        name: the member's.
        address: of its `bft` key.
        application: what it asks; None while that is down.
        pool: transactions that wait there, in order.
        lie: what it does with its own proposals; None if it is honest.
    """

    name: str
    address: bytes
    application: Application | None = None
    pool: dict[bytes, None] = field(default_factory=dict)
    lie: Lie | None = None

    @property
    def waits(self) -> bool:
        """Whether something could be proposed: from its own pool, or the application's."""
        held = None if self.application is None else self.application.pool
        return bool(self.pool) or (held is not None and held.waiting() > 0)


class SimulatedEngine:
    """Plays the engine for some applications; for one thread.

    Args:
        clock: gives block times.
        dice: decides what goes wrong, label `engine`.
        faults: how often.
    """

    def __init__(self, clock: Clock, dice: Entropy, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.stations: dict[str, Station] = {}
        self.blocks: list[Offer] = []
        """What was decided, by height from 1 on."""
        self.hashes: list[bytes] = []
        """The app hash after each; the first stands before any block."""
        self.rounds = 0
        self.refused = 0
        """How many judgements said no."""
        self.apart: frozenset[str] = frozenset()
        """Who is cut off from everybody else."""
        self._clock = clock
        self._dice = dice
        self._powers: list[dict[bytes, int]] = []
        """By height, as far as it is known: two beyond the last that was finalized."""
        self._time_ms = 0

    def _happens(self, ppm: int) -> bool:
        return ppm > 0 and int.from_bytes(self._dice.draw("engine", 8), "big") % _PPM < ppm

    def join(self, name: str, address: bytes, application: Application) -> Station:
        """Let a validator's application come (back): it is asked for its height, and replays."""
        station = self.stations.setdefault(name, Station(name, address))
        station.application = application
        station.pool.clear()
        if application.height == 0:
            tip = application.replica.tip
            self._begin(application.begin(network_name(tip), genesis_time_ms(tip)))
        self._check_hash(application.height, application.app_hash)
        self.catch_up(station)
        return station

    def _begin(self, begun: Decided) -> None:
        if not self.hashes:
            self.hashes.append(begun.app_hash)
            self._powers = [dict(begun.validators)] * (_DELAY + 1)
        self._check_hash(0, begun.app_hash)

    def _check_hash(self, height: int, found: bytes) -> None:
        assert self.hashes[height] == found, f"a fork at the engine's height {height}"

    def crash(self, name: str) -> None:
        """Take a validator down; its pool is memory alone."""
        station = self.stations[name]
        station.application = None
        station.pool.clear()

    def catch_up(self, station: Station) -> None:
        """Replay what a validator missed, as block sync does."""
        application = station.application
        while application is not None and application.height < len(self.blocks):
            self._apply(station, application, self.blocks[application.height])
            application = station.application

    def offer(self, name: str, data: bytes) -> bool:
        """Put a transaction into a validator's pool; the others are told at the next step.

        Raises:
            Unavailable: `engine.away`, the validator is down.
        """
        station = self.stations[name]
        if station.application is None:
            raise away(f"{name} is down")
        return self._take(station, data)

    def _gossip(self) -> None:
        """Tell every transaction that waits to those who hear; what is lost is told again."""
        for station in self.stations.values():
            if station.application is None:
                continue
            for other in self._heard_by(station):
                for data in [data for data in station.pool if data not in other.pool]:
                    if not self._happens(self.faults.lost_ppm):
                        self._take(other, data)

    @staticmethod
    def _take(station: Station, data: bytes) -> bool:
        application = station.application
        if application is None or len(station.pool) >= POOL_MAX:
            return False
        if data not in station.pool and application.check(data) is not None:
            return False
        station.pool[data] = None
        return True

    def _heard_by(self, station: Station) -> list[Station]:
        """Return who is up and on the same side as a validator."""
        return [
            each
            for each in self.stations.values()
            if each.application is not None
            and (each is station or not {each.name, station.name} & self.apart)
        ]

    def has_work(self) -> bool:
        """Tell whether a block is due: something waits, or the last block changed the app hash."""
        waits = any(each.waits for each in self.stations.values())
        known = len(self.hashes) == len(self.blocks) + 1
        return waits or not self.blocks or not known or self.hashes[-1] != self.hashes[-2]

    def step(self) -> Offer | None:
        """Decide one height in as many rounds as it takes; None if that fails or none is due."""
        if not self.stations or not self.has_work():
            return None
        self._gossip()
        self._time_ms = max(self._time_ms + 1, self._clock.now_ms())
        for turn in range(ROUNDS_MAX):
            self.rounds += 1
            offer = self._play_round(turn)
            if offer is not None:
                self._decide(offer)
                return offer
        return None

    def _play_round(self, turn: int) -> Offer | None:
        """Return what more than two thirds of the power say yes to."""
        height = len(self.blocks) + 1
        order = sorted(self._powers[height])
        address = address_of(order[(height + turn) % len(order)])
        proposer = next((s for s in self.stations.values() if s.address == address), None)
        if proposer is None or proposer.application is None:
            return None
        if proposer.application.height != height - 1:
            self.catch_up(proposer)
            return None
        base = Offer(height, self._time_ms, address, tuple(proposer.pool))
        honest = proposer.application.prepare(base, BYTES_MAX)
        sent = [honest] if proposer.lie is None else proposer.lie(honest)
        return self._count(
            proposer, [Offer(height, self._time_ms, address, tuple(s)) for s in sent]
        )

    def _count(self, proposer: Station, offers: Sequence[Offer]) -> Offer | None:
        powers = {
            address_of(public): power
            for public, power in self._powers[len(self.blocks) + 1].items()
        }
        votes: dict[Offer, int] = {}
        for place, station in enumerate(self._heard_by(proposer)):
            if not offers or self._happens(self.faults.deaf_ppm):
                continue
            offer = offers[place % len(offers)]
            if station.lie is not None:
                # Who lies says yes to everything at once.
                for each in set(offers):
                    votes[each] = votes.get(each, 0) + powers.get(station.address, 0)
            elif self._judge(station, offer):
                votes[offer] = votes.get(offer, 0) + powers.get(station.address, 0)
        enough = [offer for offer, power in votes.items() if 3 * power > 2 * sum(powers.values())]
        return enough[0] if enough else None

    def _judge(self, station: Station, offer: Offer) -> bool:
        self.catch_up(station)
        if station.application is None:
            return False
        error = station.application.judge(offer)
        self.refused += error is not None
        return error is None

    def _decide(self, offer: Offer) -> None:
        self.blocks.append(offer)
        proposer = next(s for s in self.stations.values() if s.address == offer.proposer)
        for station in self._heard_by(proposer):
            if station is proposer or not self._happens(self.faults.deaf_ppm):
                self.catch_up(station)
        self._tidy(offer)

    def _apply(self, station: Station, application: Application, offer: Offer) -> None:
        """Have one application take over a decided block, unless it crashes on the way."""
        if self._crashes(station):
            return
        found = application.finalize(offer)
        if len(self.hashes) == offer.height:
            self.hashes.append(found.app_hash)
            latest = {**self._powers[-1], **found.validators}
            self._powers.append({key: power for key, power in latest.items() if power})
        self._check_hash(offer.height, found.app_hash)
        if self._crashes(station):
            return
        application.commit()
        self._crashes(station)

    def _crashes(self, station: Station) -> bool:
        if self._happens(self.faults.crash_ppm):
            self.crash(station.name)
            return True
        return False

    def _tidy(self, offer: Offer) -> None:
        """Take out of each pool what was ordered, and ask about the rest again."""
        done = set(offer.txs)
        for station in self.stations.values():
            application = station.application
            if application is None or application.height < offer.height:
                continue
            left: Iterable[bytes] = [data for data in station.pool if data not in done]
            station.pool = {
                data: None for data in left if application.check(data, again=True) is None
            }


class SimulatedPool:
    """The pool of one station, as a `CometLedger` hands over to it."""

    def __init__(self, engine: SimulatedEngine, name: str) -> None:
        self._engine = engine
        self._name = name

    def offer(self, txs: Sequence[bytes]) -> list[Taken]:
        """Hand over transactions; as the node, it does not tell what its application thinks."""
        for data in txs:
            self._engine.offer(self._name, data)
        return [Taken.IN] * len(txs)

    def close(self) -> None:
        """Do nothing: there is no connection."""
