"""A house in service: the orderer cuts, the others follow, views fold, each in a thread of its own.

Laws: a fault of one member (its disk, its chain) never ends another's thread, and none whatever
ends a thread for good, as nobody would hear of it; a thread waits for news and does not poll; what
was signed before a crash and stands in no block is sent again before anything new. Registrations
leave at the first moment of a new day, never beside a case.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from tallystick.base.clock import DAY_MS
from tallystick.base.errors import Error
from tallystick.county.far import follow_far
from tallystick.county.house import House, Seat
from tallystick.kernel.ledger.courier import Courier
from tallystick.kernel.ledger.news import ask_news
from tallystick.kernel.store.ipns.publishing import renew_names
from tallystick.services.storing.tending import Tending

__all__ = ["TEND_S", "await_witnessed", "resend", "serve_house"]

_LOG = logging.getLogger(__name__)
WATCH_MS: Final = 10_000
FIRST_MS: Final = 100
"""How long the first round of comparing waits before each member's turn."""
FAR_TURNS: Final = 10
"""How many of a single member's first looks go as quickly: the others may start as it does."""
TEND_S: Final = 30
"""How often objects that members hold for one another are seen to."""
LOOK_MS: Final = 250
"""How long a thread waits for news before it looks whether it is to end."""
FOLLOW_PAUSE_MS: Final = 100
"""How long members let an officer's request finish before they verify what it made: they share its
processor, and the orderer waits for none of them."""
AGAIN_MS: Final = 30_000
"""How long a record may wait for a block before it is sent again."""
CLOCK_MS: Final = 5_000
"""How often the member that orders for other machines hears their time."""
NOTE_PAUSE_MS: Final = 20
"""How soon a member asks again for cosignatures of a block it has."""
FAULT_MS: Final = 5_000
"""How long a thread rests that a fault nobody foresaw has ended, before it is begun anew."""


def await_witnessed(house: House, seat: Seat, height: int, timeout_ms: int) -> bool:
    """Wait until a member knows `height` to be cosigned by more than two thirds.

    Returns:
        False if that takes longer than `timeout_ms`.
    """
    if not house.served:
        house.spread()
        timeout_ms = 0
    return seat.witnesses.wait(height, timeout_ms)


def resend(house: House) -> int:
    """Send again what was signed and stands in no block, where no thread does; return how many."""
    pending = [(seat, entry) for seat in house.seats() for entry in seat.node.outbox.pending()]
    for seat, entry in pending:
        with contextlib.suppress(Error):
            # One that may stand in no block any more is settled below by its own courier.
            seat.ledger.submit(entry.data)
    if pending:
        house.spread()
        for seat in {id(seat): seat for seat, _ in pending}.values():
            Courier(seat.node.outbox, seat.ledger).resend(LOOK_MS)
    return len(pending)


@contextmanager
def serve_house(
    house: House, *, watch_ms: int = WATCH_MS, tend_s: float = TEND_S
) -> Iterator[None]:
    """Run the house's threads for as long as the block lasts.

    Args:
        house: whose members they are.
        watch_ms: after how long the next member compares its chain with the others'.
        tend_s: how often objects that members hold for one another are seen to.
    """
    served = _Served(house, watch_ms, tend_s)
    served.start()
    try:
        yield
    finally:
        served.close()


class _Served:
    """The threads of one house."""

    def __init__(self, house: House, watch_ms: int, tend_s: float) -> None:
        self._house = house
        self._watch_ms = watch_ms
        self._tend_s = tend_s
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._day = self._today()
        self._tending = [Tending(seat.node.spreading, self._ended) for seat in house.seats()]

    def _today(self) -> int:
        return self._house.clock.now_ms() // DAY_MS

    def start(self) -> None:
        self._house.served = True
        if self._house.orders:
            self._house.orderer.start()
        follow = self._follow_far if self._house.apart else self._follow
        for seat in self._house.seats():
            work = self._lead if seat.follower is None else follow
            self._run(f"{seat.node.member} chain", work, seat)
            if self._house.apart and self._house.orders:
                self._run("clocks", self._hear_clocks, seat)
        self._run("jobs", self._do_jobs)
        self._run("store", partial(self._tend, Tending.round))
        self._run("scrub", partial(self._tend, Tending.scrub_round))
        self._run("names", self._renew)
        self._run("watch", self._watch)

    def _run(self, name: str, work: Callable[..., None], *given: Seat) -> None:
        thread = threading.Thread(
            target=self._keep, args=(name, work, *given), name=name, daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _keep(self, name: str, work: Callable[..., None], *given: Seat) -> None:
        """Do a thread's work, and begin it anew where a fault that is nobody's `Error` ended it."""
        while not self._ended.is_set():
            try:
                work(*given)
            except Exception:  # noqa: BLE001 - logged whole; what is not served is told by nobody
                _LOG.exception("%s: a fault ended this thread's work; it is begun anew", name)
                self._ended.wait(FAULT_MS / 1_000)

    def _follow(self, seat: Seat) -> None:
        """Verify, keep, cosign and fold whatever the orderer has."""
        assert seat.follower is not None
        ordered, own = self._house.ordered, seat.node.replica
        self._resend(seat)
        pause, sent_ms = NOTE_PAUSE_MS, self._house.clock.now_ms()
        while not self._ended.is_set():
            sent_ms = self._send_again(seat, sent_ms)
            unwitnessed = seat.witnesses.height < own.tip.height
            moved = ordered.wait_beyond(own.tip.height, pause if unwitnessed else LOOK_MS)
            if not (moved or unwitnessed):
                continue
            pause = NOTE_PAUSE_MS if moved else min(pause * 2, LOOK_MS)
            if moved:
                self._ended.wait(FOLLOW_PAUSE_MS / 1_000)
            try:
                seat.follower.pull()
                seat.node.fold()
            except Error:
                # The chain has halted or the disk is full: told by its health, tried again.
                self._ended.wait(LOOK_MS / 1_000)

    def _follow_far(self, seat: Seat) -> None:
        """The same, over the link to another machine."""
        follow_far(seat, self._ended)

    def _lead(self, seat: Seat) -> None:
        """Fold the orderer's blocks, which it cosigned as it cut them."""
        self._resend(seat)
        height, sent_ms = 0, self._house.clock.now_ms()
        while not self._ended.is_set():
            sent_ms = self._send_again(seat, sent_ms)
            trouble = self._house.trouble_of(seat)
            if self._house.apart and trouble is not None and trouble.code == "ledger.behind":
                # Whoever holds what this member signed was away when it began.
                with contextlib.suppress(Error):
                    self._house.catch_up(seat)
            if not seat.node.replica.wait_beyond(height, LOOK_MS):
                continue
            height = seat.node.replica.tip.height
            with contextlib.suppress(Error):
                seat.node.fold()

    def _hear_clocks(self, seat: Seat) -> None:
        """Ask the other machines something small: their answers tell the time there."""
        while not self._ended.wait(CLOCK_MS / 1_000):
            for name in seat.link.peers():
                with contextlib.suppress(Error):
                    ask_news(seat.link, name, 0, 0)

    def _resend(self, seat: Seat) -> None:
        with contextlib.suppress(Error):
            Courier(seat.node.outbox, seat.ledger).resend()

    def _send_again(self, seat: Seat, sent_ms: int) -> int:
        """Now and then, send again what has waited long, and return when; by the seat's thread.

        What the order let go of, since its time ran out before it could be ordered, is signed anew.
        """
        now = self._house.clock.now_ms()
        if now - sent_ms < AGAIN_MS:
            return sent_ms
        with contextlib.suppress(Error):
            # Why nothing is ordered is told by the member's health.
            if seat.node.outbox.has_waited(now - AGAIN_MS):
                Courier(seat.node.outbox, seat.ledger).resend(LOOK_MS)
        return now

    def _do_jobs(self) -> None:
        """Once a day: registrations leave, old answers are forgotten."""
        while not self._ended.wait(LOOK_MS / 1_000):
            if self._today() == self._day:
                continue
            self._day = self._today()
            for seat in self._house.seats():
                with contextlib.suppress(Error):
                    seat.node.desk.record_pending()
                    seat.node.outbox.forget()

    def _tend(self, work: Callable[[Tending], object]) -> None:
        """See to the objects that members hold for one another, one member after another."""
        while not self._ended.wait(self._tend_s):
            for each in self._tending:
                if self._ended.is_set():
                    return
                with contextlib.suppress(Error):
                    # What fails of one object is in its report; here it is the member's own files.
                    work(each)

    def _renew(self) -> None:
        """Sign the members' names again before their records end."""
        while not self._ended.wait(self._tend_s):
            for seat in self._house.seats():
                with contextlib.suppress(Error):
                    # A disk that is full now is told by the member's health; tried again.
                    node = seat.node
                    renew_names(node.folder, node.store, self._house.clock.now_ms())

    def _watch(self) -> None:
        """Let one member after another compare some of its blocks with all others', unasked.

        The first round goes quickly: until a member has looked, it cannot tell that copies agree.
        """
        turn = 0
        first = FAR_TURNS if self._house.apart else len(self._house.seats())
        while not self._ended.wait((self._watch_ms if turn >= first else FIRST_MS) / 1_000):
            seats = self._house.seats()
            with contextlib.suppress(Error):
                # A member whose own file cannot be read has its own alarm; it looks again later.
                seats[turn % len(seats)].checker.watch()
            turn += 1

    def close(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        self._house.served = False
