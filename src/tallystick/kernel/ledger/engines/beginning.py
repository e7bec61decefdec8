"""How a validator's engine begins: with what it keeps, from the first block, or by a snapshot.

An engine goes on with what it keeps. One that holds nothing takes a snapshot over where enough
others tell of the same one (`introducing`), and asks for all blocks from the first on where they do
not. One that stands still while enough others have let go of the block it needs next, or whose
application stands elsewhere than it can follow, begins anew. What the validator signed last is kept
through all of it. A key of which that is lost does not vote again (`engine.forgotten`): its member
follows by a key that is nobody's until another was voted in; so it does while `bft.used` is not
sound (`engine.bad_used`), since its key may be one that voted before. One that was voted in waits
in `bft.next`; once it counts the engine is ended, the key changed, and the engine started by it.
Files beside the engine's folder: `cometbft.new`, while an engine that began anew has not reached
what the application holds, so that a crash on the way begins anew again; `bft.lost`, the key of
which is lost what it signed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from tallystick.base.clock import Entropy
from tallystick.base.errors import Conflict, Corrupt, Error
from tallystick.chain.block import Genesis, Tip
from tallystick.kernel.ledger.bodies import fetch_bodies
from tallystick.kernel.ledger.engines.application import Application
from tallystick.kernel.ledger.engines.comet_home import (
    STATE,
    Seat,
    Sync,
    clear_data,
    forgotten,
    holds_data,
    write_home,
)
from tallystick.kernel.ledger.engines.introducing import (
    Introduction,
    Word,
    ask_others,
    enough,
    introduce,
    serve_words,
)
from tallystick.kernel.ledger.engines.relay import Relay
from tallystick.kernel.ledger.engines.validators import list_validators, validators
from tallystick.kernel.ledger.voting import (
    KEY_FILE,
    USED_FILE,
    EngineKeys,
    find_new_vote,
    take_vote,
)
from tallystick.kernel.link.base import Link

__all__ = ["LOST_FILE", "NEW_FILE", "Beginning"]

NEW_FILE: Final = "cometbft.new"
LOST_FILE: Final = "bft.lost"
LOOK_MS: Final = 15_000
"""How often it is looked at whether the engine moves."""
STEP_S: Final = 0.05
"""How soon it is seen that a height was decided after which another key counts."""
PATIENCE: Final = 6
"""So many looks in a row may pass without a step while a snapshot is to come in."""
MISFITS: Final = (b"is too far below block store base", b"is higher than core")
"""What the engine ends with where its application stands elsewhere than it can follow."""


class Beginning:
    """Puts one engine's folder in order before each start, and sees to it that it moves.

    Args:
        home: the engine's folder, in the member's.
        seat: where it listens.
        application: what it asks.
        link: to the other validators; None where there are none.
        entropy: draws a key that is nobody's.
    """

    def __init__(
        self,
        home: Path,
        seat: Seat,
        *,
        application: Application,
        link: Link | None,
        entropy: Entropy,
    ) -> None:
        self.trouble: Error | None = None
        """Why this member does not vote; None if it does."""
        self._home = home
        self._seat = seat
        self._application = application
        self._link = link
        self._entropy = entropy
        self._relay: Relay | None = None
        self._is_behind = False
        self._restart: Callable[[], None] = lambda: None
        self._over: threading.Thread | None = None
        self._is_due = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        application.settled = self.settled
        if link is not None:
            serve_words(link, application.offering, seat.rpc_port)

    @property
    def _new(self) -> Path:
        return self._home.with_name(NEW_FILE)

    @property
    def _lost(self) -> Path:
        return self._home.with_name(LOST_FILE)

    def prepare(self, told: bytes = b"") -> None:
        """Put the folder in order; the engine must not be running.

        Args:
            told: the end of what its last run told.

        Raises:
            NotFound: `engine.no_keys`.
            Invalid: `engine.no_validators`.
        """
        self._close_relay()
        keys = self._take_keys()
        if self._is_behind or self._new.exists() or any(words in told for words in MISFITS):
            self._is_behind = False
            clear_data(self._home)
        found = None
        if not holds_data(self._home):
            self._new.touch(mode=0o600)
            self._application.forget()
            found = introduce(self._ask(), self._wanted())
        self._check_key(keys, found)
        self._write(keys, self._sync(found))

    def _names(self) -> list[str]:
        """Return the other validators, as far as the own chain tells."""
        tip = self._application.replica.tip
        own = self._link.member if self._link is not None else ""
        found = list_validators(tip.members, tip.height + 1)
        return [name for name in found if name != own]

    def _wanted(self) -> int:
        return enough(len(self._names()) + 1)

    def _ask(self) -> dict[str, Word]:
        return {} if self._link is None else ask_others(self._link, self._names())

    def _sync(self, found: Introduction | None) -> Sync | None:
        if found is None or self._link is None:
            return None
        self._relay = Relay(self._link, found.members)
        return Sync(self._relay.servers, found.height, found.block)

    def _check_key(self, keys: EngineKeys, found: Introduction | None) -> None:
        """Remember a key as lost that may have voted, where what it signed is not here.

        In a folder from which no key voted, the first validators' votes begin at the founding:
        while the others are near, and what a later one's key signed stands there since it was
        drawn. Any other was brought back from a copy: one that was voted in takes the place of one
        that was used.
        """
        is_founding = found is None and keys.public in validators(self._genesis.members, 1)
        # Whatever its lines say: it is there since a key voted.
        is_known = (self._home.parent / USED_FILE).is_file()
        if not (is_founding or is_known or (self._home / "data" / STATE).exists()):
            self._lost.write_text(keys.public.hex())

    @property
    def _genesis(self) -> Genesis:
        return self._application.replica.genesis

    def _write(self, keys: EngineKeys, sync: Sync | None) -> None:
        tip = self._application.replica.tip
        self.trouble = forgotten() if self._is_lost(keys) else self._try_own(keys, tip, sync)
        if self.trouble is None:
            return
        nobodys = replace(keys, bft=self._entropy.draw("key", 32))
        write_home(self._home, nobodys, tip, self._seat, sync=sync, votes=False)

    def _try_own(self, keys: EngineKeys, tip: Tip, sync: Sync | None) -> Error | None:
        """Have the engine vote by the member's key; return why it may not."""
        has_state = (self._home / "data" / STATE).exists()
        try:
            write_home(self._home, keys, tip, self._seat, sync=sync)
        except Conflict as error:
            self._lost.write_text(keys.public.hex())
            return error
        except Corrupt as error:
            # The engine that follows makes a state of its own, which is not what this key signed.
            if not has_state:
                self._lost.write_text(keys.public.hex())
            return error
        return None

    def _is_lost(self, keys: EngineKeys) -> bool:
        return self._lost.is_file() and self._lost.read_text() == keys.public.hex()

    def settled(self) -> None:
        """Note that the engine has reached what the application holds, before it goes on."""
        self._new.unlink(missing_ok=True)

    def _take_keys(self) -> EngineKeys:
        """Return the member's keys; one that was voted in, from when on it counts.

        It counts two heights of the engine after the block that brought it into the list. Until
        then the old one does, and may be needed: another member may be away.
        """
        folder, tip = self._home.parent, self._application.replica.tip
        key = find_new_vote(folder, tip)
        counts = key is not None and (self._is_due or key.start <= tip.height)
        self._is_due = False
        return take_vote(folder, tip) if counts else EngineKeys.read(folder / KEY_FILE)

    def look_at_list(self) -> None:
        """Have the engine ended once the key that waits counts, if there is one in the list."""
        key = find_new_vote(self._home.parent, self._application.replica.tip)
        if key is not None and (self._over is None or not self._over.is_alive()):
            due = self._application.height + 1
            self._over = threading.Thread(
                target=self._go_over, args=(due,), name="vote", daemon=True
            )
            self._over.start()

    def _go_over(self, due: int) -> None:
        """Wait until the engine has decided a height, and end it: `prepare` changes the key."""
        while not self._ended.wait(STEP_S):
            if self._application.height >= due and not self._new.exists():
                self._is_due = True
                self._restart()
                return

    def start(self, restart: Callable[[], None]) -> None:
        """See to it that the engine moves, and fetch bodies that are missing, until `close`.

        Args:
            restart: ends the engine; it is started again after `prepare`.
        """
        self._restart = restart
        self.look_at_list()
        if self._link is not None:
            given = (self._link, restart)
            self._thread = threading.Thread(
                target=self._watch, args=given, name="beginning", daemon=True
            )
            self._thread.start()

    def _watch(self, link: Link, restart: Callable[[], None]) -> None:
        last, still = -1, 0
        while not self._ended.wait(LOOK_MS / 1_000):
            self._fill(link)
            if not self._new.exists():
                self._close_relay()
            # A list that came with a snapshot was told by no block.
            self.look_at_list()
            steps = self._application.height + self._application.restoring.steps
            still = still + 1 if steps == last else 0
            last = steps
            if still and self._must_begin_anew(still):
                last, still = -1, 0
                restart()

    def _must_begin_anew(self, still: int) -> bool:
        """Tell whether an engine that has not moved for some looks cannot by itself."""
        if self._relay is not None:
            # A snapshot is to come in, and none that came was the chain's.
            return still >= PATIENCE
        self._is_behind = is_behind(self._ask(), self._wanted(), self._application.height)
        return self._is_behind

    def _fill(self, link: Link) -> None:
        """Fetch bodies that are missing since the state was taken over."""
        for name in link.peers():
            while not self._ended.is_set() and self._application.replica.holes(1):
                # A wrong or damaged one is the next member's to better.
                with contextlib.suppress(Error):
                    if fetch_bodies(self._application.replica, link, name):
                        continue
                break

    def _close_relay(self) -> None:
        if self._relay is not None:
            self._relay.close()
            self._relay = None

    def close(self) -> None:
        """End looking and passing on; a second call does nothing."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._over is not None:
            self._over.join()
        self._close_relay()


def is_behind(words: dict[str, Word], wanted: int, height: int) -> bool:
    """Tell whether enough have let go of the block after a height, and offer a snapshot beyond.

    >>> from tallystick.kernel.ledger.engines.introducing import Word
    >>> told = {name: Word(50, 99, {60: bytes(32)}) for name in ("a", "b")}
    >>> is_behind(told, 2, 40), is_behind(told, 2, 49), is_behind(told, 3, 40)
    (True, False, False)
    """
    bases: Sequence[int] = [word.base for word in words.values()]
    found = introduce(words, wanted)
    is_gone = sum(base > height + 1 for base in bases) >= wanted
    return is_gone and found is not None and found.height > height
