"""Members under load, played by events: the time of a block, and how many records a second stand.

A member is an application and an engine, each doing one thing at a time, on processors
that are its own (two) or shared by all. Each member keeps a window of transactions on their way;
what is submitted is judged at home, told to all, and checked by each. The proposer takes what it
holds; its block goes to all, is judged, voted on twice, each vote heard by each, and kept; 100 ms
after a member has seen it decided it is ready for the next. A message waits for its sender's line,
which carries one at a time, for the way, and for the engine's own pauses between sendings.
No round fails here; on processors that others keep busy real ones do, and blocks are rarer.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tallystick.kernel.ledger.engines.cometbft import PACE

__all__ = ["BYTES_MAX", "COUNTY", "HERE", "HOUSE", "Costs", "Law", "Network", "Place"]

BYTES_MAX: Final = 4_000_000
VOTE_BYTES: Final = 250
WAIT_S: Final = 0.100
"""The engine's timeout_commit."""
HOP_S: Final = 0.010
"""The engine sleeps 10 ms between looks at a peer and sends what it holds back after 10 ms more:
half of each, on the average, before a message goes."""
SLICE: Final = 50
"""Transactions that are told and checked in one go: no member's work waits longer for another's."""
HEIGHTS: Final = 30
WARM: Final = 10


@dataclass(frozen=True, slots=True)
class Law:
    """What something costs: `fixed` seconds, and `each` for each of what it is done to."""

    fixed: float
    each: float

    def of(self, count: float) -> float:
        """Return the seconds for `count`."""
        return self.fixed + self.each * count


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor, and bytes.

    Attributes:
        submit: of a member's own transaction, its signature included.
        check_own: of CheckTx where the signature is known.
        check: of CheckTx where it is not.
        prepare: of a proposal, by transactions.
        judge: of another's proposal.
        keep: of finalizing and committing what was judged.
        spread: of the engine's part of a transaction, by its peers.
        order: of the engine's part of a block, by n (n - 1) messages.
        size: of a transaction.
    """

    submit: float
    check_own: float
    check: float
    prepare: Law
    judge: Law
    keep: Law
    spread: Law
    order: Law
    size: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where members run.

    Attributes:
        name: as it is shown.
        shared: processors that all share; 0 where each member has two of its own.
        speed: of each, 1 where nothing else runs there.
        way_s: from one member to another.
        line: bytes a second that leave a member.
    """

    name: str
    shared: int
    way_s: float
    line: float
    speed: float = 1.0


HERE: Final = Place("one machine of two processors", 2, 0.0, 1e9)
HOUSE: Final = Place("machines of two processors, 1 ms, 1 Gbit/s", 0, 0.001, 125e6)
COUNTY: Final = Place("the same, 20 ms, 100 Mbit/s", 0, 0.020, 12.5e6)


class Events:
    """What happens when; one after another, by time and then by who asked first."""

    def __init__(self) -> None:
        self.now = 0.0
        self._rows: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Have something happen so much later."""
        heapq.heappush(self._rows, (self.now + seconds, next(self._count), work))

    def step(self) -> None:
        """Let the next thing happen."""
        self.now, _, work = heapq.heappop(self._rows)
        work()


class Processors:
    """Some processors that several actors share: one task of an actor at a time, first come first.

    Args:
        events: the clock.
        count: how many.
    """

    def __init__(self, events: Events, count: int) -> None:
        self._events = events
        self._free = count
        self._waiting: deque[tuple[object, float, Callable[[], None]]] = deque()
        self._busy: set[object] = set()

    def do(self, actor: object, seconds: float, then: Callable[[], None]) -> None:
        """Have an actor spend some time, and go on from there."""
        self._waiting.append((actor, seconds, then))
        self._begin()

    def _begin(self) -> None:
        for task in list(self._waiting):
            if not self._free:
                return
            actor, seconds, then = task
            if actor not in self._busy:
                self._waiting.remove(task)
                self._busy.add(actor)
                self._free -= 1
                self._events.after(seconds, lambda a=actor, t=then: self._end(a, t))  # type: ignore[misc]

    def _end(self, actor: object, then: Callable[[], None]) -> None:
        self._busy.discard(actor)
        self._free += 1
        then()
        self._begin()


@dataclass(slots=True, eq=False)
class Node:
    """One member as the model plays it."""

    index: int
    processors: Processors
    pool: int = 0
    """Transactions checked here that no block holds."""
    window: int = 0
    """Its own that are on their way."""
    line_free: float = 0.0
    height: int = 0
    voted: set[tuple[int, str]] = field(default_factory=set)
    heard: dict[tuple[int, str], int] = field(default_factory=dict)
    kept: int = 0


class Network:
    """Members under load, from block to block.

    Args:
        count: n.
        costs: of one member.
        place: where they run.
    """

    def __init__(self, count: int, costs: Costs, place: Place) -> None:
        self._costs = costs
        self._place = place
        self._events = Events()
        shared = Processors(self._events, place.shared) if place.shared else None
        self._nodes = [Node(at, shared or Processors(self._events, 2)) for at in range(count)]
        self._spread = costs.spread.of(count - 1)
        messages = count * (count - 1)
        # Of a block's time at the engine one half is its coming, one its keeping; what grows with
        # the members lies in 2n votes.
        self._order = costs.order.fixed / 2
        self._vote = costs.order.each * messages / (2 * count)
        self._blocks: dict[int, int] = {}
        self.decided: list[tuple[float, int]] = []
        """When each block was kept by all, and how many transactions it held."""

    def run(self) -> tuple[float, float]:
        """Return the seconds of a block and the records a second, once both are steady."""
        for node in self._nodes:
            self._submit(node)
        self._begin(1)
        while len(self.decided) < HEIGHTS:
            self._events.step()
        rows = self.decided[WARM:]
        seconds = rows[-1][0] - rows[0][0]
        return seconds / (len(rows) - 1), sum(count for _, count in rows[1:]) / seconds

    def _app(self, node: Node, seconds: float, then: Callable[[], None]) -> None:
        node.processors.do((node.index, "application"), seconds / self._place.speed, then)

    def _engine(self, node: Node, seconds: float, then: Callable[[], None]) -> None:
        node.processors.do((node.index, "engine"), seconds / self._place.speed, then)

    def _send(self, node: Node, size: int, heard: Callable[[Node], None]) -> None:
        """Send to all others, one after another; what is said is heard at home at once."""
        heard(node)
        for other in self._nodes:
            if other is not node:
                begun = max(self._events.now, node.line_free)
                node.line_free = begun + size / self._place.line
                way = node.line_free - self._events.now + self._place.way_s + HOP_S
                self._events.after(way, lambda to=other: heard(to))  # type: ignore[misc]

    def _submit(self, node: Node) -> None:
        """Fill the window of a member, slice by slice."""
        while node.window + SLICE <= PACE.window:
            node.window += SLICE
            self._app(node, SLICE * self._costs.submit, lambda: self._tell(node))

    def _tell(self, node: Node) -> None:
        self._send(node, SLICE * self._costs.size, lambda to: self._hear(node, to))

    def _hear(self, sender: Node, node: Node) -> None:
        cost = self._costs.check_own if sender is node else self._costs.check

        def checked() -> None:
            node.pool += SLICE

        self._engine(node, SLICE * self._spread, lambda: self._app(node, SLICE * cost, checked))

    def _begin(self, height: int) -> None:
        node = self._nodes[height % len(self._nodes)]
        if not node.pool:
            self._events.after(0.001, lambda: self._begin(height))
            return
        count = min(node.pool, BYTES_MAX // self._costs.size, 4_096)
        self._blocks[height] = count
        size = count * self._costs.size

        def proposed() -> None:
            self._send(node, size, lambda to: self._judge(to, node, height))

        self._app(
            node,
            self._costs.prepare.of(count),
            lambda: self._engine(node, self._order, proposed),
        )

    def _judge(self, node: Node, proposer: Node, height: int) -> None:
        count = self._blocks[height]

        def judged() -> None:
            self._say(node, height, "prevote")

        if node is proposer:
            judged()
            return
        self._engine(
            node, self._order, lambda: self._app(node, self._costs.judge.of(count), judged)
        )

    def _say(self, node: Node, height: int, kind: str) -> None:
        if (height, kind) not in node.voted:
            node.voted.add((height, kind))
            self._send(node, VOTE_BYTES, lambda to: self._count(to, height, kind))

    def _count(self, node: Node, height: int, kind: str) -> None:
        self._engine(node, self._vote, lambda: self._counted(node, height, kind))

    def _counted(self, node: Node, height: int, kind: str) -> None:
        key = (height, kind)
        node.heard[key] = node.heard.get(key, 0) + 1
        if node.height >= height or 3 * node.heard[key] <= 2 * len(self._nodes):
            return
        if kind == "prevote":
            self._say(node, height, "precommit")
        elif (height, "decided") not in node.voted:
            node.voted.add((height, "decided"))
            seen = self._events.now
            cost = self._costs.keep.of(self._blocks[height])
            self._engine(
                node,
                self._order,
                lambda: self._app(node, cost, lambda: self._kept(node, height, seen)),
            )

    def _kept(self, node: Node, height: int, seen: float) -> None:
        count = self._blocks[height]
        node.height = height
        node.pool -= count
        node.kept += count
        # Of what was ordered each member had submitted an equal part.
        node.window -= count // len(self._nodes)
        self._submit(node)
        if all(each.height >= height for each in self._nodes):
            self.decided.append((self._events.now, count))
        if node is self._nodes[(height + 1) % len(self._nodes)]:
            wait = max(0.0, seen + WAIT_S - self._events.now)
            self._events.after(wait, lambda: self._begin(height + 1))
