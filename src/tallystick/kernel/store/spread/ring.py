"""All members that hold shards, asked by name, and this member's own holding among them.

Who is a member the list in force says, never who answers: who left it is given nothing more, and is
asked for what it holds still as long as it answers.
Nothing that comes is checked here: whoever asked does that, against the manifest.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final, TypeVar

from tallystick.base import codec
from tallystick.base.codec import DAG_CBOR, Cid, cid_of, encode
from tallystick.base.errors import Corrupt, Error, Unavailable
from tallystick.kernel.link.base import Answer, Link, answer
from tallystick.kernel.store.base import Store
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.receipt import Receipt, Vouching
from tallystick.kernel.store.spread.serving import (
    FLAWED,
    LISTED,
    LISTED_MAX,
    PLACES,
    READ_METHOD,
    SHARDS,
    answer_for,
)

__all__ = ["Listing", "Located", "Ring", "recall_manifest"]


Told = TypeVar("Told")
PAUSES_S: Final = (0.5, 2.0)
_OWNED: Final = frozenset({"spread.manifest", "spread.disk"})
"""Who answers a check so says that its disk is rotten, or takes nothing more."""
LISTING_MAX: Final = 1 << 20
"""Objects that are heard of from one member: one that tells for ever is left at that."""
LOCATE_S: Final = 2.0
"""So long is waited for members to say what they hold."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where an object's shards are said to be.

    Attributes:
        held: who holds each shard.
        answered: who was there to be asked.
    """

    held: dict[int, list[str]]
    answered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What a member says it holds.

    Attributes:
        used: bytes of shards and parts.
        quota: most of them.
        held: the shards of each object, ascending.
        flaws: the segments that it knows to be wrong, by object and shard.
    """

    used: int
    quota: int
    held: dict[Cid, list[int]]
    flaws: dict[tuple[Cid, int], tuple[int, ...]] = field(default_factory=dict)


class Ring:
    """All members that hold shards, this one among them, asked by name.

    Args:
        link: this member's end.
        own: its own holding.
        vouching: what it answers others by.
    """

    def __init__(self, link: Link, own: Holding, vouching: Vouching | None = None) -> None:
        self.link = link
        self.own = own
        self.pauses_s: tuple[float, ...] = PAUSES_S
        """After which pauses a member that gave no answer is given a shard again."""
        self._vouching = own.vouching = vouching or Vouching(member=link.member)
        self._handlers = answer_for(own, own.vouching)
        link.serve(self._handlers)

    @property
    def member(self) -> str:
        """The name of this member."""
        return self.link.member

    def members(self) -> list[str]:
        """Return the names of all members in force that may be asked, this one among them."""
        return [name for name in self.everyone() if self._vouching.is_listed(name)]

    def left(self) -> list[str]:
        """Return who is on the list no more and may still answer; shards are only read there."""
        return [name for name in self.everyone() if not self._vouching.is_listed(name)]

    def everyone(self) -> list[str]:
        """Return the names of all that may be asked, members or not."""
        return sorted({*self.link.peers(), self.member})

    def _call(self, member: str, method: str, payload: bytes) -> bytes:
        if member == self.member:
            return answer(self._handlers, method, member, payload)
        return self.link.call(member, method, payload)

    def write(self, member: str, place: tuple[bytes, int], at: int, data: bytes) -> None:
        """Give a member bytes of a shard that is being put."""
        self._call(member, "spread.piece", encode([place[0], place[1], at, data]))

    def finish(self, member: str, manifest: Manifest, shard: int) -> None:
        """Have a member keep a shard whose bytes it has been given."""
        self._call(member, "spread.finish", encode([shard, manifest.data]))

    def forget(self, member: str, identifier: bytes) -> None:
        """Have a member drop what it was given of an object that is not put after all."""
        self._call(member, "spread.forget", encode([identifier]))

    def read(
        self, member: str, cid: Cid, place: tuple[Sequence[int], int], chunks: Sequence[int]
    ) -> bytes:
        """Return sub-chunks that a member holds, unchecked; `place` is segments and shard."""
        return self.ask(member, cid, place, chunks).body

    def ask(
        self, member: str, cid: Cid, place: tuple[Sequence[int], int], chunks: Sequence[int]
    ) -> Answer:
        """Read as `read` does, and return with the bytes what both members signed of it."""
        segments, shard = place
        payload = encode([cid, shard, [*segments], [*chunks]])
        if member == self.member:
            return Answer(self._call(member, READ_METHOD, payload))
        return self.link.ask(member, READ_METHOD, payload)

    def find_admitted(
        self, member: str, cid: Cid, shard: int, places: Sequence[int]
    ) -> Collection[int] | None:
        """Return which segments of a shard a member says are wrong or were; None: no answer.

        So rot is told from a lie: who gave wrong bytes is asked to read what it holds again. Whose
        disk does not even let it look owns up to all of them; who was cut off, or has dropped the
        shard meanwhile, gives no answer; who answers and refuses to say, or says it has none and
        gives bytes of it, owns up to none.
        """
        try:
            payload = encode([cid, shard, [*places]])
            return set(codec.decode(self._call(member, "spread.check", payload), PLACES))
        except Error as error:
            if error.code in _OWNED:
                return set(places)
            # Who says that it knows no such question is there.
            is_away = error.code.startswith("link.") and error.code != "link.method"
            has_dropped = error.code == "spread.absent" and not self._gives(
                member, cid, shard, places[0]
            )
            return None if is_away or has_dropped else set()

    def _gives(self, member: str, cid: Cid, shard: int, place: int) -> bool:
        """Tell whether a member gives bytes of a shard, be it that it says to have none."""
        try:
            self.read(member, cid, ([place], shard), [0])
        except Error:
            return False
        return True

    def mend(self, member: str, cid: Cid, place: tuple[int, int], piece: bytes) -> None:
        """Have a member write a shard's piece over what is wrong of it; `place`: segment, shard."""
        segment, shard = place
        self._call(member, "spread.mend", encode([cid, shard, segment, piece]))

    def drop(self, member: str, cid: Cid) -> Receipt:
        """Have a member drop what it holds of an object; return its word, not yet believed."""
        return Receipt.read(self._call(member, "spread.drop", encode([cid])))

    def drop_all(self, members: Collection[str], cid: Cid) -> dict[str, Receipt]:
        """Have members drop an object; return the word of each that answers in time."""
        return self._ask_all(lambda member: self.drop(member, cid), LOCATE_S, members)

    def listing(self, member: str) -> Listing:
        """Return all that a member says it holds, up to `LISTING_MAX` objects.

        Raises:
            Unavailable: it cannot be reached; Invalid `codec.*`: it tells something else.
        """
        found = self._list_until(member, math.inf)
        assert found is not None
        return found

    def _list_until(self, member: str, until_s: float) -> Listing | None:
        """Return what a member says it holds; None if it has not told all by then.

        A part of it is no listing: what lacks in it would count as lost.
        """
        held: dict[Cid, list[int]] = {}
        after = b""
        while time.monotonic() < until_s:
            found = codec.decode(self._call(member, "spread.list", encode([after])), LISTED)
            used, quota, rows = found
            held |= {cid: list(shards) for cid, shards in rows if cid.digest > after}
            is_over = len(rows) < LISTED_MAX or len(held) >= LISTING_MAX
            if is_over or rows[-1][0].digest <= after:
                return Listing(used, quota, held, self._flaws(member))
            after = rows[-1][0].digest
        return None

    def _flaws(self, member: str) -> dict[tuple[Cid, int], tuple[int, ...]]:
        try:
            rows = codec.decode(self._call(member, "spread.flaws", encode([])), FLAWED)
        except Error:
            # It knows no such question, or has gone meanwhile: it is read all the same.
            return {}
        return {(cid, shard): tuple(places) for cid, shard, places in rows}

    def survey(self, wait_s: float = LOCATE_S) -> dict[str, Listing]:
        """Return what each that answers in time says it holds, by name; who left too.

        Who is slow, or tells for ever, is asked for no further page after that time.
        """
        until_s = time.monotonic() + wait_s
        return self._ask_all(lambda member: self._list_until(member, until_s), wait_s)

    def find_manifest(self, cid: Cid) -> Manifest:
        """Return the manifest of an object's CID from whoever has it.

        Raises:
            Unavailable: `spread.lost`, nobody who answers has it.
        """
        away = False
        for member in sorted(self.everyone(), key=lambda name: (name != self.member, name)):
            try:
                data = self._call(member, "spread.manifest", encode([cid]))
                if cid_of(data) == cid:
                    return Manifest.read(data)
            except Error as error:
                # Away, or holds nothing of it, or says what is no manifest: the next may.
                away = away or error.code.startswith("link.")
                continue
        raise Unavailable(
            "spread.lost",
            f"nobody who answers holds the manifest of {cid}",
            cure="Try again when more members are up."
            if away
            else "All members are up and none has it: have its owner put it again, and end this"
            " one: tally store erase CID.",
            cid=str(cid),
        )

    def locate(
        self,
        cid: Cid,
        wait_s: float = LOCATE_S,
        *,
        members: Collection[str] = (),
        pool: ThreadPoolExecutor | None = None,
    ) -> Located:
        """Ask members which shards of an object they hold; who is away or slow says nothing.

        Args:
            cid: the object.
            wait_s: how long is waited.
            members: who is asked; none for all.
            pool: by whose threads they are asked, which stays; None for threads of its own.
        """

        def ask(member: str) -> list[int]:
            return list(codec.decode(self._call(member, "spread.held", encode([cid])), SHARDS))

        told = self._ask_all(ask, wait_s, members, pool=pool)
        held: dict[int, list[str]] = {}
        for member, shards in told.items():
            for shard in shards:
                held.setdefault(shard, []).append(member)
        return Located(held, tuple(told))

    def _ask_all(
        self,
        ask: Callable[[str], Told | None],
        wait_s: float,
        members: Collection[str] = (),
        *,
        pool: ThreadPoolExecutor | None = None,
    ) -> dict[str, Told]:
        """Ask members at once, all if none are named; who gives no answer in time is left out."""

        def answered(member: str) -> Told | None:
            try:
                return ask(member)
            except Error:
                return None

        members = members or self.everyone()
        asking = pool or ThreadPoolExecutor(len(members), "locate")
        asked = {member: asking.submit(answered, member) for member in members}
        done, _ = wait(asked.values(), timeout=wait_s)
        if pool is None:
            # Whoever is slow is left behind, not waited for.
            asking.shutdown(wait=False, cancel_futures=True)
        told = {member: each.result() for member, each in asked.items() if each in done}
        return {member: found for member, found in told.items() if found is not None}


def recall_manifest(store: Store, ring: Ring, cid: Cid) -> Manifest:
    """Return an object's manifest from the own store, else from whoever has it.

    Own bytes that are damaged are put right by what another gives.

    Raises:
        Unavailable: `spread.lost`; Invalid: `spread.manifest`.
    """
    try:
        if store.has(cid):
            return Manifest.read(store.get(cid))
    except Corrupt:
        found = ring.find_manifest(cid)
        with contextlib.suppress(Error):
            # A file that cannot be mended, or takes no more, keeps nobody from reading.
            store.put_many([found.data], DAG_CBOR)
        return found
    return ring.find_manifest(cid)
