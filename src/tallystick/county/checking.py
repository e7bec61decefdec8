"""How a member checks the chain: unasked by samples, on request whole, and by repairing its copy.

Laws: a check asks for nobody's trust: own blocks are read afresh and run again, others' are
compared; what differs is kept with the moment it was first seen, and a member that signed two
bodies of one height is shown to all by the file that proves it; one check of a member runs at a
time, tells how far it is, and ends when the house closes. A repair takes the place of a damaged
file while the member goes on serving; the orderer's own is repaired at rest, for it would order
heights again that it has signed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tallystick.base.errors import Conflict, Corrupt, Error, Unavailable
from tallystick.kernel.ledger.audit import Finding
from tallystick.kernel.ledger.claim import Left
from tallystick.kernel.ledger.compare import (
    Difference,
    check_own,
    compare_chains,
    sample_heights,
)
from tallystick.kernel.ledger.equivocation import (
    Equivocations,
    Kept,
    exchange_equivocations,
    serve_equivocations,
)
from tallystick.kernel.ledger.peer import ask_blocks, ask_note
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.repair import Repaired, repair_open
from tallystick.kernel.ledger.sighting import Sighting, Sightings, serve_sightings
from tallystick.kernel.link.base import Link
from tallystick.node import Node

__all__ = ["SAMPLE_MAX", "Check", "Checker", "Look"]

WATCH_BLOCKS: Final = 16
SAMPLE_MAX: Final = 1_024
"""Most blocks of a sample that is asked for; more is the whole chain."""
FINDINGS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Look:
    """What a member found when it last compared itself with another.

    Attributes:
        at_ms: when, in ms since 1970 UTC.
        height: the other's height then; None where it did not answer.
        blocks: how many blocks were compared.
        agrees: whether none differed; None where it did not answer.
        silent_ms: since when it has not answered, None where it did.
    """

    at_ms: int
    height: int | None
    blocks: int
    agrees: bool | None
    silent_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A check or a repair of a member's own copy: running, or how the last one ended.

    Attributes:
        kind: what is done.
        state: whether it runs, ended, or was cut off by an error.
        blocks: how many blocks were read so far.
        target: how many there are to read.
        started_ms: when it began, in ms since 1970 UTC.
        ended_ms: when it ended, None while it runs.
        findings: what is wrong, at most 100.
        code: the error that cut it off, "" if none did.
        fetched: of a repair, how many blocks came from others.
        kept: of a repair, how many were the member's own.
        left_out: of a repair, which members lied or were silent, and how.
    """

    kind: Literal["verify", "repair"]
    state: Literal["running", "done", "failed"]
    blocks: int
    target: int
    started_ms: int
    ended_ms: int | None = None
    findings: tuple[Finding, ...] = ()
    code: str = ""
    fetched: int = 0
    kept: int = 0
    left_out: tuple[Left, ...] = ()


class Checker:
    """One member's checks.

    Args:
        node: whose chain it is.
        link: to the others.
        orders: tells whether this member orders the chain.
        pen: the member's; None for one that does not witness.
    """

    def __init__(
        self, node: Node, link: Link, *, orders: Callable[[], bool], pen: Pen | None = None
    ) -> None:
        self._node = node
        self._pen = pen
        self._link = link
        self._orders = orders
        self.sightings = Sightings(node.folder / "local.db", node.clock)
        self.equivocations = Equivocations(node.folder / "local.db", node.clock, node.replica)
        self.looks: dict[str, Look] = {}
        """By member, the last look at it."""
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._check: Check | None = None
        serve_sightings(link, self.sightings)
        serve_equivocations(link, self.equivocations)

    def count_agreeing(self) -> int:
        """Return how many copies agreed at the last look, its own among them; 0 before one."""
        return sum(1 for look in list(self.looks.values()) if look.agrees)

    @property
    def check(self) -> Check | None:
        """The check that runs, else the last one since the house was opened."""
        return self._check

    def watch(self, blocks: int = WATCH_BLOCKS, also: Sequence[int] = ()) -> list[Sighting]:
        """Compare a sample of own blocks with all others', and where something differed before.

        Args:
            blocks: how many, drawn anew each time.
            also: further heights.

        Returns:
            What is seen for the first time.

        Raises:
            Error: the own file cannot be read at all.
        """
        node, replica = self._node, self._node.replica
        tip = replica.tip.height
        with self._looking:
            stood = {*also, *(each.height for each in self.sightings.open())}
            drawn = sample_heights(node.entropy, tip, blocks)
            heights = sorted({each for each in stood if 0 < each <= tip} | set(drawn))
            found, sound = check_own(replica, self._link, heights)
            others, silent = compare_chains(replica, self._link, sound)
            # A member that has not followed yet is late, which its own health tells; it differs
            # in nothing.
            found += [each for each in others if each.theirs]
            peers = self._link.peers()
            looked = {(name, height) for name in peers if name not in silent for height in sound}
            looked |= {(node.member, height) for height in heights}
            self._remember(found, silent, len(sound))
            seen = self.sightings.note(found, looked)
            self.hear_notes({(each.member, each.height) for each in found})
            return seen

    def hear_notes(self, differing: Collection[tuple[str, int]] = ()) -> list[Kept]:
        """Read all others' notes against the own copy, and exchange what is proven of anybody.

        Args:
            differing: (member, height) where a copy differs: that note is read too.

        Returns:
            What is known for the first time.
        """
        tip = self._node.replica.tip.height
        notes = []
        for name in self._link.peers():
            # The newest, and the one at the own tip, which the other may be beyond; 0: the newest.
            heights = {0, tip} | {height for member, height in differing if member == name}
            for height in sorted(heights):
                with contextlib.suppress(Error):
                    notes.append(ask_note(self._link, name, height))
        return self.equivocations.look(*notes) + self._exchange()

    def convict(self, one: bytes, other: bytes) -> list[Kept]:
        """Keep what two notes prove that somebody was shown, and tell all others.

        Raises:
            Invalid, Contradicted, Missing: they prove nothing.
        """
        found = self.equivocations.convict(one, other)
        self._exchange()
        return found

    def _exchange(self) -> list[Kept]:
        """Tell all others what is proven, and keep what they prove."""
        found = []
        for name in self._link.peers():
            with contextlib.suppress(Error):
                found += exchange_equivocations(self._link, name, self.equivocations)
        return found

    def _remember(self, found: Sequence[Difference], silent: Sequence[str], blocks: int) -> None:
        now = self._node.clock.now_ms()
        differing = {each.member for each in found}
        looks = {}
        for name in self._link.peers():
            height = None if name in silent else self._height_of(name)
            agrees = None if height is None else name not in differing
            before = self.looks.get(name)
            since = now if before is None or before.silent_ms is None else before.silent_ms
            looks[name] = (
                Look(now, None, 0, None, since)
                if height is None
                else Look(now, height, blocks, agrees)
            )
        own = self._node.member
        looks[own] = Look(now, self._node.replica.tip.height, blocks, own not in differing)
        self.looks = looks

    def _height_of(self, name: str) -> int | None:
        try:
            return ask_blocks(self._link, name, max(1, self._node.replica.tip.height), 1).height
        except Corrupt:
            # It reads its own file and says that the newest block is damaged: as high as ours.
            return self._node.replica.tip.height
        except Error:
            return None

    def verify(self, blocks: int, wait_ms: int) -> Check:
        """Check the own copy, and return how far it is after `wait_ms` at most.

        Args:
            blocks: a sample of so many, compared with all others'; 0 runs the whole chain again
                from genesis and compares a sample.
            wait_ms: how long to wait for its end; it goes on in any case.
        """
        tip = self._node.replica.tip.height
        target = min(blocks, tip) if blocks else tip
        work = (lambda: self._verify_sample(blocks)) if blocks else self._verify_all
        return self._begin("verify", target, work, wait_ms)

    def repair(self, wait_ms: int) -> Check:
        """Make the own copy whole again from the others, and return how far it is.

        Raises:
            Conflict: `ledger.orderer_serves`, this member orders the chain now.
        """
        if self._orders():
            raise Conflict(
                "ledger.orderer_serves",
                f"{self._node.member} orders the chain, so its copy is repaired at rest alone",
                cure="End the county's server, then tally repair --member NAME.",
            )
        return self._begin("repair", self._node.replica.tip.height, self._repair, wait_ms)

    def _begin(
        self,
        kind: Literal["verify", "repair"],
        target: int,
        work: Callable[[], None],
        wait_ms: int,
    ) -> Check:
        with self._lock:
            if self._check is None or self._check.state != "running":
                now = self._node.clock.now_ms()
                self._check = Check(kind, "running", 0, target, now)
                name = f"{self._node.member} {kind}"
                self._thread = threading.Thread(
                    target=self._run, args=(work,), name=name, daemon=True
                )
                self._thread.start()
            thread = self._thread
        assert thread is not None
        thread.join(wait_ms / 1_000)
        return self._check

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Error as error:
            self._change(state="failed", code=error.code)
        else:
            self._change(state="done")

    def _change(self, **changes: object) -> None:
        assert self._check is not None
        if "state" in changes:
            changes["ended_ms"] = self._node.clock.now_ms()
        self._check = replace(self._check, **changes)  # type: ignore[arg-type]

    def _tell(self, done: int, target: int) -> None:
        """Say how far it is; end it where the house closes."""
        if self._ended.is_set():
            raise Unavailable("ledger.check_ended", "the house closes", cure="Ask again later.")
        self._change(blocks=done, target=target)

    def _verify_all(self) -> None:
        node = self._node
        report = node.replica.audit(node.member, self._tell)
        findings = [*report.findings[:FINDINGS_MAX]]
        self._change(findings=tuple(findings), blocks=max(report.height, 0))
        self.watch(also=sorted({each.height for each in findings})[:WATCH_BLOCKS])

    def _verify_sample(self, blocks: int) -> None:
        self.watch(blocks)
        own = [each for each in self.sightings.open() if each.member == self._node.member]
        findings = [Finding(each.height, each.field, "", each.theirs, each.ours) for each in own]
        assert self._check is not None
        self._change(findings=tuple(findings), blocks=self._check.target)

    def _repair(self) -> None:
        node = self._node
        found: Repaired = repair_open(node.replica, self._link, pen=self._pen)
        node.rebuild()
        self._change(
            blocks=found.height, fetched=len(found.fetched), kept=found.kept, left_out=found.left
        )
        self.watch()

    def close(self) -> None:
        """End what runs, and close the list; a second call does nothing."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.sightings.close()
        self.equivocations.close()
