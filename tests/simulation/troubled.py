"""One validating member of a real net that gets into trouble, or makes it, when it is told to.

`python -m simulation.troubled FOLDER SEED NAME PORT COUNT [twin]`: a twin votes with the key of a
member that runs beside it, from another folder and by other ports. Lies are told on the
application's own interface, so that its engine sends them as it sends any proposal.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from simulation.chain import Chain
from simulation.validators import NAMES, PORTS, PORTS_EACH, Served, answer, opened, twin_keys
from tallystick.base.clock import SystemClock
from tallystick.base.codec import decode, value
from tallystick.chain.block import Effects, read_block
from tallystick.chain.checkpoint import cosign, write_note
from tallystick.kernel.ledger.engines.application import Decided, Offer
from tallystick.kernel.ledger.engines.cosigner import Cosigner
from tallystick.kernel.ledger.engines.marks import Misbehaviour
from tallystick.kernel.ledger.engines.validator import Validator
from tallystick.kernel.ledger.engines.validators import owners
from tallystick.kernel.ledger.equivocation import (
    Equivocations,
    exchange_equivocations,
    serve_equivocations,
)
from tallystick.kernel.ledger.peer import Peer, ask_note, serve_chain
from tallystick.kernel.ledger.pen import Pen
from tallystick.kernel.ledger.witness import Witnesses
from tallystick.kernel.link.base import Link

MODULE: Final = "simulation.troubled"
TWIN: Final = "twin"
TWIN_PORTS: Final = 2
BALLAST: Final = "ballast"
LIES: Final = ("forged", "stale", "headless", "doubled", "unreadable")
"""What is proposed and may not stand; `root` is told after the decision instead."""


class Troubled(Served):
    """What one member's process does when it is told to, and the trouble it can make."""

    def __init__(
        self, name: str, chain: Chain, validator: Validator, link: Link | None, folder: Path
    ) -> None:
        super().__init__(name, chain, validator)
        self._folder = folder
        self._link = link
        self._lie = ""
        self._lies = 0
        application = validator.application
        self._prepare, self._finalize = application.prepare, application.finalize
        thief = Chain("thief")
        thief.genesis = chain.genesis
        thief.clock.advance(SystemClock().now_ms() - thief.clock.now_ms())
        self._forged = thief.sign(1, [thief.news(1 << 60)])

    # ---- a full disk

    def do_fill(self) -> int:
        """Fill the disk to the last byte; return how many bytes that took."""
        size = 1 << 20
        with (self._folder / BALLAST).open("ab", buffering=0) as ballast:
            while size:
                try:
                    ballast.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2
            return ballast.tell()

    def do_free(self) -> None:
        (self._folder / BALLAST).unlink()

    # ---- lies

    def do_lie(self, lie: str) -> None:
        """From now on lie so, each time it is this member's turn; "" to be honest again."""
        application = self.validator.application
        self._lie, self._lies = lie, 0
        application.prepare = self._propose  # type: ignore[method-assign]
        application.finalize = self._decide  # type: ignore[method-assign]

    def do_lies(self) -> int:
        """Return how often it has lied."""
        return self._lies

    def _propose(self, offer: Offer, bytes_max: int) -> list[bytes]:
        honest = self._prepare(offer, bytes_max)
        if self._lie not in LIES or len(honest) == 1:
            return honest
        self._lies += 1
        nonce, *rows = honest
        made: dict[str, Callable[[], list[bytes]]] = {
            "forged": lambda: [nonce, *rows, self._forged],
            "stale": lambda: [nonce, *rows, *self._ordered()],
            "headless": lambda: rows,
            "doubled": lambda: [nonce, *rows, rows[0]],
            "unreadable": lambda: [nonce, *rows, bytes(300_000)],
        }
        return made[self._lie]()

    def _ordered(self) -> Sequence[bytes]:
        replica = self.validator.application.replica
        return [each.data for each in read_block(replica.block(replica.tip.height))[2]]

    def _decide(self, offer: Offer, misbehaviour: Sequence[Misbehaviour] = ()) -> Decided:
        found = self._finalize(offer, misbehaviour)
        if self._lie != "root" or len(offer.txs) == 1:
            return found
        self._lies += 1
        return dataclasses.replace(found, app_hash=bytes(32))

    def do_caught(self) -> list[list[Any]]:
        """Return whom the engine caught, and at what."""
        health = self.validator.health()
        names = owners(self.validator.application.replica.tip.members)
        return [[names.get(each.address), each.kind] for each in health.misbehaviour]

    # ---- a checkpoint with two faces

    def do_witness(self) -> None:
        """Cosign from now on what is kept, and look at what the others cosign."""
        assert self._link is not None
        application, clock = self.validator.application, SystemClock()
        replica, link = application.replica, self._link
        witnesses = Witnesses(replica)
        pen = Pen(self._folder / "pen", replica, self.name, self.chain.notes[self.name], clock)
        self._equivocations = Equivocations(self._folder / "equivocation.db", clock, replica)
        witnesses.tell(self._equivocations.look)
        serve_chain(link, Peer(replica, witnesses))
        serve_equivocations(link, self._equivocations)
        self._cosigner = Cosigner(replica, witnesses, link, pen)
        kept = application.committed

        def committed(effects: Effects) -> None:
            kept(effects)
            self._cosigner.told(effects)

        application.committed = committed
        self._witnesses, self._pen = witnesses, pen
        self._cosigner.start()

    def do_witnessed(self) -> int:
        return self._witnesses.height

    def do_two_faces(self, victim: str, height: int) -> None:
        """Show one member a head of `height` that this chain does not hold, signed as any."""
        assert self._link is not None
        replica = self.validator.application.replica
        false = dataclasses.replace(replica.body(height), root=bytes(32))
        key = self.chain.notes[self.name]
        line = cosign(false, key, member=self.name, time_s=SystemClock().now_ms() // 1_000)

        def note(caller: str, payload: bytes) -> bytes:
            (asked,) = decode(payload, value)
            if caller == victim and asked in {0, height}:
                return write_note(false, [line])
            told = asked or replica.tip.height
            return write_note(replica.body(told), list(replica.cosignatures(told).values()))

        self._link.serve({"ledger.note": note})

    def do_look(self, member: str, height: int) -> list[str]:
        """Compare a member's head with the own copy; return who is proven to have two."""
        assert self._link is not None
        self._equivocations.look(ask_note(self._link, member, height))
        return self.do_convicted()

    def do_exchange(self, member: str) -> list[str]:
        assert self._link is not None
        exchange_equivocations(self._link, member, self._equivocations)
        return self.do_convicted()

    def do_convicted(self) -> list[str]:
        return sorted(each.proof.member for each in self._equivocations.known())

    def close(self) -> None:
        if hasattr(self, "_cosigner"):
            self._cosigner.close()
            self._equivocations.close()
            self._pen.close()


def serve(folder: Path, seed: str, name: str, port: int, count: int, trouble: str) -> None:
    """Answer what is asked on standard input until it ends."""
    names, shift = NAMES[:count], 0
    if trouble == TWIN:
        shift = PORTS - PORTS_EACH * names.index(name)
        folder = folder / TWIN
        (folder / name).mkdir(parents=True)
        twin_keys(seed).write(folder / name / "bft.key")
    with opened(folder, seed, names, name, port, shift=shift) as (chain, validator, link):
        served = Troubled(name, chain, validator, link, folder / name)
        with contextlib.closing(served):
            answer(served)


if __name__ == "__main__":
    serve(
        Path(sys.argv[1]),
        sys.argv[2],
        sys.argv[3],
        int(sys.argv[4]),
        int(sys.argv[5]),
        "".join(sys.argv[6:]),
    )
