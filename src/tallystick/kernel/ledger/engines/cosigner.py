"""How a validating member's own word goes out: it cosigns what it kept, and tells everybody.

Under a Byzantine engine nobody is followed, so nobody gathers signatures for the others: each
member sends its lines to each, and asks for those that came before it had the block itself. A block
is final when the engine says so; the lines are for those outside: evidence, checkpoints, other
chains. Those who follow sign later than those who order, so under load nobody's newest height ever
bears enough names: asked for are also the last heights of the grid, which all members sign. Laws:
only what is durable here is signed, by the pen's own laws; a peer that is away delays lines, and
never the order.
"""

from __future__ import annotations

import threading
from typing import Final

from tallystick.base.errors import Conflict, Error, Unavailable
from tallystick.chain.block import Effects
from tallystick.chain.checkpoint import COSIGNATURES_MAX, write_note
from tallystick.kernel.ledger.peer import ask_note, send_cosignatures
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.replica import Replica
from tallystick.kernel.ledger.witness import (
    GRID,
    Witnesses,
    list_to_sign,
    list_unwitnessed,
    split_note,
)
from tallystick.kernel.link.base import Link

__all__ = ["Cosigner"]

RETRY_MS: Final = 500


class Cosigner:
    """Signs and sends in a thread of its own, so that the engine never waits for a peer.

    Args:
        replica: the member's chain.
        witnesses: where lines are counted.
        link: to the other members.
        pen: the member's note key.
    """

    def __init__(self, replica: Replica, witnesses: Witnesses, link: Link, pen: Pen) -> None:
        self._replica = replica
        self._witnesses = witnesses
        self._link = link
        self._pen = pen
        # What was signed before a restart may not have reached everybody.
        tip = replica.tip.height
        own = replica.cosignatures(tip).get(link.member)
        kept = {} if own is None else {tip: own}
        self._unsent: dict[str, dict[int, str]] = {name: dict(kept) for name in link.peers()}
        self._moved = threading.Condition()
        self._passed = 0
        self._ended = False
        self._thread: threading.Thread | None = None
        self.trouble: Error | None = None
        """Why the last height was not signed, or not told to everybody; None once it is."""

    def told(self, effects: Effects) -> None:
        """Note that a block is durable: what an application's `committed` is for."""
        del effects
        with self._moved:
            self._moved.notify_all()

    def work(self) -> bool:
        """Sign what was kept, send it, ask for what is missing; True if nothing is left to do."""
        self.trouble = None
        begun = max(self._pen.height, self._passed, self._replica.leapt)
        for height in list_to_sign(self._replica, begun + 1):
            try:
                line = self._pen.sign(height)
            except (Unavailable, Conflict) as error:
                if error.code == "ledger.no_note_key":
                    # Of before it joined, or after it left: not this member's to sign.
                    self._passed = height
                    continue
                # Ahead of its clock, or behind its own signature: signed when that is over.
                self.trouble = error
                break
            self._witnesses.count(height)
            for lines in self._unsent.values():
                lines[height] = line
        for name in self._link.peers():
            self._send(name, self._unsent.setdefault(name, {}))
        tip = self._replica.tip.height
        for height in self._list_missing(tip):
            for name in self._link.peers():
                self._gather(name, height)
        is_whole = self._witnesses.height >= tip and not list_unwitnessed(self._replica)
        return self.trouble is None and is_whole

    def _list_missing(self, tip: int) -> list[int]:
        """Return the heights for which others are asked: enough names are wanted under each."""
        last = tip // GRID * GRID
        wanted = {max(1, last - GRID), max(1, last), tip}
        beyond = [height for height in wanted if self._witnesses.height < height <= tip]
        return sorted({*list_unwitnessed(self._replica), *beyond})

    def _gather(self, name: str, height: int) -> None:
        """Take over the lines that a peer holds for a height: what it sent may have been early."""
        try:
            held, lines = split_note(ask_note(self._link, name, height))
            if held != height:
                return
            body, known = self._replica.body(height), self._replica.cosignatures(height)
            for line in lines:
                signers = self._witnesses.read(write_note(body, [line])).signers
                for member in signers.keys() - known.keys():
                    self._witnesses.add(member, height, line)
            # Who compares copies keeps lines too, and counts none.
            self._witnesses.count(height)
        except Error as error:
            # It is away, has not kept the block yet, or holds a line that is none.
            self.trouble = error

    def _send(self, name: str, lines: dict[int, str]) -> None:
        while len(lines) > COSIGNATURES_MAX:
            # Each later line speaks for all before it.
            del lines[next(iter(lines))]
        if not lines:
            return
        try:
            # A line for a height that the other has not kept yet is passed over there: it asks.
            send_cosignatures(self._link, name, sorted(lines.items()))
        except Error as error:
            self.trouble = error
        else:
            lines.clear()

    def start(self) -> None:
        """Sign and send until `close`."""
        assert self._thread is None
        self._thread = threading.Thread(target=self._serve, name="cosigner", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._has_ended():
            done = self._replica.tip.height
            is_whole = self.work()
            with self._moved:
                if not self._has_ended() and self._replica.tip.height == done:
                    self._moved.wait(None if is_whole else RETRY_MS / 1_000)

    def _has_ended(self) -> bool:
        return self._ended

    def close(self) -> None:
        """End the thread; a second call does nothing."""
        with self._moved:
            self._ended = True
            self._moved.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
