"""A member's objects spread over the others: put, read, made readable to a member, and erased.

Laws: a put counts once its record is admitted, and one that was cut off is ended (`ending`); what
is sealed is sealed before it leaves this member, under a key drawn for it alone and kept with the
member's other keys; an erasure destroys the key first, for good, and whatever else it takes is gone
on with until every member has said that it holds nothing any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from tallystick.base.codec import DAG_CBOR, Cid
from tallystick.base.errors import Error, NotFound, Unavailable
from tallystick.kernel.access.desk import Desk
from tallystick.kernel.access.keyring import DataKey
from tallystick.kernel.access.line import Line
from tallystick.kernel.access.object_keys import PURPOSE, SPREAD
from tallystick.kernel.store.spread.book import (
    ERASED,
    ERASING,
    KEPT,
    PUTTING,
    SETTLED,
    Noted,
    SpreadBook,
)
from tallystick.kernel.store.spread.fetched import Spot
from tallystick.kernel.store.spread.manifest import ID_SIZE, Manifest
from tallystick.kernel.store.spread.putting import Put, put_object
from tallystick.kernel.store.spread.reading import Liar, Reader
from tallystick.kernel.store.spread.receipt import Receipt
from tallystick.kernel.store.spread.ring import Ring, recall_manifest
from tallystick.kernel.store.spread.sealed import (
    SealedSource,
    StreamKey,
    open_sealed_stream,
    plain_bytes,
    sealed_bytes,
)
from tallystick.kernel.store.unixfs.importer import Readable
from tallystick.kernel.store.zigzag.profile import find_profile
from tallystick.services.storing.doubts import Doubts
from tallystick.services.storing.erasing import Erasing
from tallystick.services.storing.heard import Heard
from tallystick.services.storing.readers import Granted, Readers, unknown_object
from tallystick.services.storing.service import Storing
from tallystick.services.storing.standing import KeptObject, Report, Shape

__all__ = ["Opened", "Spreading", "Wanted"]

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How an object is to be put.

    Attributes:
        name: what the member calls it; nobody else is told.
        code: the profile by name; "" has it chosen by the object's size.
        public: whether it goes in clear, for all members to read.
        party: whom it is about, 16 bytes; it is erased with the party. b"" for nobody.
        size: how many bytes it has, where that is known before they are read.
    """

    name: str = ""
    code: str = ""
    public: bool = False
    party: bytes = b""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An object that this member may read.

    Attributes:
        cid: its name.
        size: its bytes, as they were put.
        read: yields them from one place to before another.
    """

    cid: Cid
    size: int
    read: Callable[[int, int], Iterator[bytes]]


class Spreading:
    """What a member does with objects that members hold for one another.

    Args:
        desk: the member's.
        storing: what the chain tells of them.
        folder: the member's.
    """

    def __init__(self, desk: Desk, storing: Storing, folder: Path) -> None:
        self.desk = desk
        self.storing = storing
        self.readers = Readers(desk, storing, lambda: self.book)
        self.heard = Heard(desk, folder / "local.db")
        self.erasing = Erasing(desk, storing, self.heard, lambda: self.book)
        self.doubts = Doubts()
        self.shapes: dict[Cid, Shape] = {}
        """What surveys know of manifests."""
        self.report: Report | None = None
        """What tending did last; None before it did anything."""
        self._path = folder / "store.db"
        self._book: SpreadBook | None = None
        self._ring: Ring | None = None
        self._line: Line | None = None
        self._lock = threading.Lock()
        self.running: set[Cid] = set()
        """Objects whose record is being made."""
        self._manifest: Manifest | None = None

    def join(self, ring: Ring) -> None:
        """Go on with the members of a ring."""
        self._ring = ring
        self.erasing.join(ring)
        ring.own.chain_ms = self.storing.chain_ms
        self.doubts.serve(ring)

    def take_line(self, line: Line) -> None:
        """Lend and borrow keys by this member's present keys from now on."""
        self._line = line
        self.storing.take_chain(line.chain)
        self.readers.take_line(line)
        self.heard.take_line(line)
        self.erasing.take_line(line)

    @property
    def ring(self) -> Ring:
        """All members that hold shards; only once this one is linked to them."""
        assert self._ring is not None
        return self._ring

    @property
    def book(self) -> SpreadBook:
        """This member's notes; opened when they are first needed."""
        with self._lock:
            if self._book is None:
                self._book = SpreadBook(self._path)
            return self._book

    def close(self) -> None:
        """Close the notes; a second call does nothing."""
        self.heard.close()
        with self._lock:
            if self._book is not None:
                self._book.close()

    @property
    def is_needed(self) -> bool:
        """Whether there is any object that this member has to do with."""
        return (
            self.desk.views.count("object") > 0
            or self.ring.own.may_hold
            or SpreadBook.is_begun(self._path)
        )

    # ---- putting

    def put(
        self, source: Readable, wanted: Wanted, progress: Callable[[int], None] = lambda _: None
    ) -> tuple[Noted, Put]:
        """Seal, code and spread an object, and have all know that it is to be kept.

        Args:
            source: its bytes, read once, to their end.
            wanted: how.
            progress: told the bytes sent so far.

        Raises:
            NotFound: `party.unknown`, the party is none of this member's.
            Invalid: `zigzag.profile`, no such code; `spread.size`, more bytes than it takes.
            Unavailable: `spread.members`, `spread.lost`; or the record waits, and is sent again.
        """
        desk, profile = self.desk, find_profile(wanted.code) if wanted.code else None
        self._check_party(wanted.party)
        identifier = desk.entropy.draw("id", ID_SIZE)
        key = b"" if wanted.public else desk.entropy.draw("key", KEY_BYTES)
        size = sealed_bytes(wanted.size) if key and wanted.size is not None else wanted.size
        if key:
            keys = StreamKey.of(key, desk.chain, desk.member, identifier)
            source = SealedSource(source, keys)
        done = put_object(self.ring, source, identifier, profile, length=size, progress=progress)
        cid, layout = done.manifest.cid, done.manifest.layout
        size, code = plain_bytes(layout.length) if key else layout.length, layout.profile.name
        noted = Noted(cid, wanted.name, code, size, bool(key), PUTTING, desk.now_ms())
        data_key = DataKey(cid, key, identifier, SPREAD, b"", wanted.party or identifier)
        self.running.add(cid)
        try:
            self._note(noted, done.manifest, data_key, wanted.party)
            self.storing.keep(cid, layout.length, sealed=noted.sealed)
            if not self.book.move(cid, KEPT, since=PUTTING):
                # Its party was erased while it was recorded: it goes as the party's others do.
                self.erasing.tell_later(cid)
                raise _unknown_party()
        finally:
            self.running.discard(cid)
        return replace(noted, state=KEPT), done

    def _check_party(self, party: bytes) -> None:
        if party and not self.desk.keys.of_party(party):
            raise _unknown_party()

    def _note(self, noted: Noted, manifest: Manifest, key: DataKey, party: bytes) -> None:
        """Keep manifest and key of what was spread, and note the object."""
        # What is public has an empty one where it is about a party: to be found, and erased, by it.
        is_found_by_key = noted.sealed or party
        with self.erasing.parties:
            try:
                # The bytes may have taken hours to come: it may have been erased meanwhile.
                self._check_party(party)
            except NotFound:
                self.ring.drop_all(self.ring.everyone(), noted.cid)
                raise
            self.desk.store.put_many([manifest.data], DAG_CBOR)
            if is_found_by_key:
                self.desk.keys.put([key])
            self.book.add(noted)

    # ---- reading

    def find_manifest(self, cid: Cid) -> Manifest:
        """Return an object's manifest, from here or from whoever has it; the last one is known.

        Damaged bytes of it here are put right.

        Raises:
            Unavailable: `spread.lost`; Invalid: `spread.manifest`.
        """
        found = self._manifest
        if found is None or found.cid != cid:
            found = self._manifest = recall_manifest(self.desk.store, self.ring, cid)
        return found

    def open(self, cid: Cid) -> Opened:
        """Return an object to be read by this member.

        Raises:
            NotFound: `spread.unknown`, the chain tells of no such object, or it was erased.
            Denied: `spread.reader`, it is sealed, and its owner has not let this member read.
            Unavailable: `spread.lost`; the owner must be asked for the key and is away.
        """
        if all(each.erased for each in self.storing.list_objects(manifest=cid.raw)):
            raise unknown_object(cid)
        manifest = self.find_manifest(cid)
        kept = self._find_kept(cid, manifest.owner)
        length = manifest.layout.length
        if not kept.sealed:
            return Opened(cid, length, partial(self._read, manifest, None))
        data_key = self.readers.find_key(manifest)
        self._leave_receipt(manifest)
        keys = StreamKey.of(data_key, self.desk.chain, manifest.owner, manifest.id)
        return Opened(cid, plain_bytes(length), partial(self._read, manifest, keys))

    def _leave_receipt(self, manifest: Manifest) -> None:
        """Note who opens what: under the party's name, where the object is about one."""
        desk = self.desk
        permit = desk.permit(PURPOSE, manifest.id)
        desk.receipts.leave(permit, manifest.id, "party", desk.now_ms())

    def _find_kept(self, cid: Cid, owner: str) -> KeptObject:
        found = self.storing.find_object(cid, owner)
        if found is None or found.erased:
            raise unknown_object(cid)
        return found

    def _read(
        self, manifest: Manifest, keys: StreamKey | None, start: int, stop: int
    ) -> Iterator[bytes]:
        length = manifest.layout.length
        with Reader(self.ring, manifest) as reader:
            try:
                if keys is None:
                    yield from reader.read(start, stop)
                    return
                check = self.readers.watch(manifest)
                for data in open_sealed_stream(reader.read, length, keys, start, stop):
                    check()
                    yield data
            finally:
                self.heard.hear(manifest, reader.liars)
                self.doubts.hear(manifest.cid, reader.wrong)

    def blame(self, manifest: Manifest, liar: Liar) -> None:
        """Doubt what a member gave wrongly, and name it unless it says that its disk is rotten."""
        spot = Spot(liar.member, liar.shard, liar.segment, liar.sub_chunk)
        self.doubts.hear(manifest.cid, [spot])
        places = [liar.segment]
        admitted = self.ring.find_admitted(liar.member, manifest.cid, liar.shard, places)
        if admitted is not None and liar.segment not in admitted:
            self.heard.hear(manifest, [liar])

    # ---- who may read

    def grant(self, cid: Cid, member: str, days: int) -> Granted:
        """Let a member read an object for some days, or end that by 0 days.

        The member asks for the key when it first reads. The end is told to it, and its node
        forgets the key; what it has read it may have kept.

        Raises:
            NotFound: `spread.unknown`, it is none of this member's own.
            Invalid: `spread.no_reader`, no such member.
        """
        return self.readers.grant(self.find_own(cid).cid, member, days, self.ring.members())

    def find_own(self, cid: Cid) -> Noted:
        """Return an object of this member's own; NotFound `spread.unknown` if it is none."""
        noted = self.book.find(cid)
        if noted is not None:
            return noted
        kept = self.storing.find_object(cid, self.desk.member)
        if kept is None or kept.erased:
            raise unknown_object(cid)
        # The chain knows it and the notes do not: they are of an older copy.
        layout = self.find_manifest(cid).layout
        size = plain_bytes(layout.length) if kept.sealed else layout.length
        noted = Noted(cid, "", layout.profile.name, size, kept.sealed, KEPT, kept.at)
        self.book.add(noted)
        return noted

    # ---- erasing

    def erase(self, cid: Cid) -> dict[str, Receipt]:
        """Destroy an object's key, have all know, and return who has said that it holds nothing.

        Members that are away drop it when they are back; tending asks them for their word.

        Raises:
            NotFound: `spread.unknown`, it is none of this member's own.
            Unavailable: the key is gone; the record could not be made now and is made later.
        """
        noted = self._find_to_erase(cid)
        if noted.state not in {ERASED, SETTLED}:
            self.book.move(cid, ERASING)
            self.erasing.destroy(cid)
        self.erasing.tell(cid)
        return self.erasing.collect_receipts(cid)

    def _find_to_erase(self, cid: Cid) -> Noted:
        """Return an own object, be it that nothing but its record is left of it."""
        try:
            return self.find_own(cid)
        except Unavailable as error:
            kept = self.storing.find_object(cid, self.desk.member)
            if kept is None or error.code != "spread.lost":
                raise
        noted = Noted(cid, "", "", kept.size, kept.sealed, KEPT, kept.at)
        self.book.add(noted)
        return noted

    def forget_erased(self, erased: Collection[KeptObject]) -> dict[KeptObject, Error]:
        """Forget the keys of what its owners erased, had or lent, and the manifests.

        Another's record of the same object says nothing: who wrote it must be who put it.

        Returns:
            Those of which that could not be told now: the manifest is damaged, and nobody gives it.
        """
        found, untold = list[Cid](), dict[KeptObject, Error]()
        for kept in erased:
            try:
                if self._is_by_owner(kept):
                    found.append(kept.manifest)
            except Error as error:
                untold[kept] = error
        self.desk.keys.forget(found)
        self.desk.store.drop(found)
        return untold

    def _is_by_owner(self, kept: KeptObject) -> bool:
        return kept.member == self.desk.member or (
            self.desk.store.has(kept.manifest)
            and self.find_manifest(kept.manifest).owner == kept.member
        )


def _unknown_party() -> NotFound:
    return NotFound(
        "party.unknown",
        "no such party is registered here, or it was erased meanwhile",
        cure="Register it: tally party add.",
    )
