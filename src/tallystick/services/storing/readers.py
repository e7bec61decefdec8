"""Who may read a member's sealed objects, and the keys that other members lent it.

Laws: who may read is the owner's own note, and the owner has the last word: a key that was lent
opens once its owner has said again that it may, at most a minute before; where the owner is away
it opens until its date. An end is told to the reader at once, else as soon as it answers, and its
node forgets the key, be it still on its way; a reading that is under way ends there too. What was
read before may have been kept: no end takes that back.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from tallystick.base.clock import DAY_MS
from tallystick.base.codec import DAG_CBOR, Cid
from tallystick.base.errors import Denied, Invalid, NotFound, Unavailable
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.object_keys import (
    SPREAD,
    borrow_object_key,
    not_a_reader,
    serve_object_keys,
    tell_ended,
)
from tallystick.kernel.store.spread.book import KEPT, PUTTING, SpreadBook
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.services.storing.service import Storing

__all__ = ["ASK_AGAIN_MS", "Granted", "Readers", "unknown_object"]

ASK_AGAIN_MS: Final = 60_000
"""A lent key opens for so long before its owner is asked again: a call for each opening else."""
_ASKED_KEPT: Final = 4_096


@dataclass(frozen=True, slots=True)
class Granted:
    """What became of a reader.

    Attributes:
        until_ms: until when it may read, ms since 1970 UTC; 0: no more.
        told: whether its node has answered that it is told of the end.
    """

    until_ms: int
    told: bool = False


class Readers:
    """What a member lends and was lent of keys to objects.

    Args:
        desk: the member's.
        storing: what the chain tells of objects.
        book: opens the member's notes.
    """

    def __init__(self, desk: Desk, storing: Storing, book: Callable[[], SpreadBook]) -> None:
        self._desk = desk
        self._storing = storing
        self._book = book
        self._line: Line | None = None
        self._asked_ms: dict[Cid, int] = {}
        """When the owner last said that a key it lent may be used."""
        self._lock = threading.Lock()
        self._coming: dict[Cid, list[set[str]]] = {}
        """Of each key that is being asked for, once for each who asks: which members ended it."""

    def take_line(self, line: Line) -> None:
        """Lend and borrow by the member's present keys from now on."""
        self._line = line
        serve_object_keys(line, self._until, self._end_lent)

    # ---- of this member's own objects

    def grant(self, cid: Cid, member: str, days: int, members: Collection[str]) -> Granted:
        """Let a member read an own object for some days, or end that by 0 days.

        Args:
            cid: the object.
            member: who is to read it, or no more.
            days: for how long.
            members: who can be let.

        Raises:
            Invalid: `spread.no_reader`, it is none of the members, nor one that may read.
        """
        is_other = member in members and member != self._desk.member
        if not is_other and (days or member not in self._book().readers(cid)):
            raise Invalid(
                "spread.no_reader",
                f"{member} is no other member that can be reached",
                cure="Name a member of the county: tally store peers.",
            )
        if days:
            until_ms = self._desk.now_ms() + days * DAY_MS
            self._book().admit(cid, member, until_ms)
            return Granted(until_ms)
        self._book().admit(cid, member, 0)
        return Granted(0, told=self._tell(cid, member))

    def _tell(self, cid: Cid, member: str) -> bool:
        told = self._line is not None and tell_ended(self._line, member, cid)
        if told:
            self._book().mark_told(cid, member)
        return told

    def tell_ends(self) -> None:
        """Tell readers that may read no more and were away; one that gives no answer once."""
        away: set[str] = set()
        for cid, member in self._book().untold():
            if member not in away and not self._tell(cid, member):
                away.add(member)

    def _until(self, cid: Cid, member: str) -> int:
        noted = self._book().find(cid)
        if noted is None or noted.state not in {PUTTING, KEPT}:
            return 0
        kept = self._storing.find_object(cid, self._desk.member)
        if kept is not None and kept.erased:
            # The notes are of a copy older than the erasure.
            return 0
        return self._book().readers(cid).get(member, 0)

    # ---- of others' objects

    def find_key(self, manifest: Manifest) -> bytes:
        """Return the key of a sealed object, own or lent.

        Raises:
            Denied: `spread.reader`, its owner has not let this member read, or no more: a key
                that it lent is forgotten.
            NotFound: `spread.unknown`, it is an own object, and its key is gone.
            Unavailable: the owner must be asked, and is away.
        """
        desk, cid = self._desk, manifest.cid
        found, now_ms = desk.keys.find(cid), desk.now_ms()
        if found is not None and not found.until:
            return found.key
        if self._line is None or manifest.owner == desk.member:
            raise unknown_object(cid)
        lent = found if found is not None and now_ms <= found.until else None
        asked_ms = self._asked_ms.get(cid)
        is_fresh = asked_ms is not None and 0 <= now_ms - asked_ms < ASK_AGAIN_MS
        if lent is not None and is_fresh:
            return lent.key
        # Whose it is must be known when it is erased, and nobody holds any of it.
        desk.store.put_many([manifest.data], DAG_CBOR)
        try:
            key = self._borrow(self._line, manifest)
        except Denied as refusal:
            if refusal.code == "spread.reader":
                desk.keys.forget([cid])
            raise
        except Unavailable:
            if lent is None:
                raise
            return lent.key
        if len(self._asked_ms) >= _ASKED_KEPT:
            self._asked_ms.clear()
        self._asked_ms[cid] = now_ms
        return key

    def _borrow(self, line: Line, manifest: Manifest) -> bytes:
        """Ask the owner for a key and keep it, unless it is ended while it is on its way."""
        cid, ended = manifest.cid, set[str]()
        with self._lock:
            self._coming.setdefault(cid, []).append(ended)
        try:
            found = borrow_object_key(line, cid, manifest.id, manifest.owner)
        except BaseException:
            with self._lock:
                self._forget_coming(cid, ended)
            raise
        with self._lock:
            self._forget_coming(cid, ended)
            if manifest.owner in ended:
                raise not_a_reader(self._desk.member, cid)
            if self._desk.keys.find(cid) != found:
                self._desk.keys.put([found])
        return found.key

    def _forget_coming(self, cid: Cid, ended: set[str]) -> None:
        left = [each for each in self._coming[cid] if each is not ended]
        if left:
            self._coming[cid] = left
        else:
            del self._coming[cid]

    def watch(self, manifest: Manifest) -> Callable[[], None]:
        """Return what tells, again and again while an object is read, whether it still may be.

        It raises as `find_key` does; the owner is asked once in a while, as for an opening.
        """
        keys, asked_ms = self._desk.keys, self._desk.now_ms()
        seen, found = keys.changes, keys.find(manifest.cid)

        def check() -> None:
            nonlocal asked_ms, seen, found
            now_ms = self._desk.now_ms()
            # A look for every piece that is read takes a third of an object's reading.
            if seen != keys.changes:
                seen, found = keys.changes, keys.find(manifest.cid)
            is_over = found is None or 0 < found.until < now_ms
            if is_over or not 0 <= now_ms - asked_ms < ASK_AGAIN_MS:
                asked_ms = now_ms
                self.find_key(manifest)

        return check

    def _end_lent(self, caller: str, cid: Cid) -> None:
        """Forget a key that its owner lent and takes back; of anybody else it changes nothing."""
        desk = self._desk
        with self._lock:
            for ended in self._coming.get(cid, ()):
                ended.add(caller)
            found = desk.keys.find(cid)
            is_lent = found is not None and found.sealed == SPREAD and found.until
            is_known = is_lent and desk.store.has(cid)
            if is_known and Manifest.read(desk.store.get(cid)).owner == caller:
                desk.keys.forget([cid])


def unknown_object(cid: Cid) -> NotFound:
    """Return the error for an object that is not kept, or none of this member's."""
    return NotFound(
        "spread.unknown",
        f"{cid} is not kept, was erased, or is another member's",
        cure="List what is kept: tally store objects.",
        cid=str(cid),
    )
