"""An object put: cut into segments, encoded, its shards sent to as many members, all at once.

Laws: nothing of it counts before its manifest is whole, and a shard counts at its member only as
the manifest's. A member that cannot be reached before it took anything gives its place to the next
in the object's order; one that fails on the way takes no further part. The object stands as long as
no more fail than the code makes good, and the result says which shards are to be repaired.
What is put is what others may see: whoever has secrets encrypts before.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

from tallystick.base.errors import Denied, Error, Invalid, Unavailable
from tallystick.kernel.store.spread.manifest import ID_SIZE, Manifest, hash_pieces, length_max
from tallystick.kernel.store.spread.placement import order_members, place_shards
from tallystick.kernel.store.spread.ring import Ring
from tallystick.kernel.store.spread.serving import PIECE_BYTES_MAX
from tallystick.kernel.store.spread.source import fill
from tallystick.kernel.store.unixfs.importer import Readable
from tallystick.kernel.store.zigzag.coder import encode
from tallystick.kernel.store.zigzag.layout import LENGTH_MAX, SEGMENT_BYTES, Layout
from tallystick.kernel.store.zigzag.profile import DEFAULT_PROFILE, Profile, find_profile

__all__ = ["SMALL_BYTES", "SMALL_PROFILE", "Put", "check_length", "put_object"]

SMALL_BYTES: Final = 8 * 1024
"""Objects of fewer bytes go as copies: shards and their manifest would take more than they save.

At 4 KiB copies take 3.6 bytes a byte and 6 calls, shards 4.6 and 11; at 8 KiB 3.3 and 3.0
(`bench/bizi_small.py`)."""
AWAY: Final = "Try again when more members are up."
SMALL_PROFILE: Final = find_profile("rs-1+2")
"""Three copies: as many losses are borne as by `DEFAULT_PROFILE`."""


@dataclass(frozen=True, slots=True)
class Put:
    """An object that was put.

    Attributes:
        manifest: what it is made of.
        holders: who was given each shard, or was to be and failed.
        missing: the shards whose members failed, to be repaired.
    """

    manifest: Manifest
    holders: tuple[str, ...]
    missing: tuple[int, ...]


def put_object(
    ring: Ring,
    source: Readable,
    identifier: bytes,
    profile: Profile | None = None,
    *,
    length: int | None = None,
    segment_bytes: int = SEGMENT_BYTES,
    progress: Callable[[int], None] = lambda _: None,
) -> Put:
    """Put an object; return its manifest and who holds it.

    Args:
        ring: the members.
        source: its bytes, read once, to their end.
        identifier: 16 bytes, drawn for it.
        profile: its code; None has it chosen by the object's size.
        length: how many bytes will come, where that is known: what is too long is refused before
            any is read.
        segment_bytes: as `Layout` takes it.
        progress: told the bytes sent so far.

    Raises:
        Denied: `member.not_listed`, this member is none in force: nobody would take a shard of it.
        Invalid: `spread.size`, no manifest tells of so many bytes; as soon as that is known.
        Unavailable: `spread.members`, too few members; `spread.lost`, more failed than the code
            makes good, and what was given is dropped.
    """
    assert len(identifier) == ID_SIZE
    _check_listed(ring)
    chosen = profile or DEFAULT_PROFILE
    if length is not None:
        check_length(length, chosen, ring.member, segment_bytes)
    assert segment_bytes <= chosen.k * PIECE_BYTES_MAX, "a piece goes in one message"
    segments = _segments(source, Layout(chosen, LENGTH_MAX, segment_bytes).full_bytes)
    first = next(segments, memoryview(b""))
    if profile is None and len(first) < SMALL_BYTES:
        chosen = SMALL_PROFILE
    members = ring.members()
    holders = place_shards(identifier, members, chosen.n)
    spares = order_members(identifier, members)[chosen.n :]
    sending = _Sending(ring, identifier, holders, spares)
    try:
        every = chain((first,) if first else (), segments)
        manifest = _send_all(sending, every, (chosen, segment_bytes), progress)
    except BaseException:
        # A source that breaks off too: what was given is not left to be waited for.
        sending.forget()
        raise
    return Put(manifest, tuple(sending.holders), tuple(sorted(sending.failed)))


def _check_listed(ring: Ring) -> None:
    """Refuse what all others would refuse (`spread.left`), before its first byte is read."""
    if ring.member in ring.left():
        raise Denied(
            "member.not_listed",
            f"the list in force does not hold {ring.member}: it has not joined yet, or left",
            cure="It reads and verifies on. For it to write, another member proposes by its card"
            " that it joins: tally change join.",
            member=ring.member,
        )


def check_length(
    length: int, profile: Profile | None, owner: str, segment_bytes: int = SEGMENT_BYTES
) -> None:
    """Refuse an object that no manifest tells of: Invalid `spread.size`. As `put_object` takes it.

    Who sends it from afar asks first: to be refused in the middle of the sending costs its time.
    """
    # What is small enough for the code of small objects is not too long for this one.
    chosen = profile or DEFAULT_PROFILE
    if length > length_max(chosen, segment_bytes, owner):
        raise _too_long(length, chosen, segment_bytes, owner)


def _segments(source: Readable, size: int) -> Iterator[memoryview]:
    """Yield a source's bytes, each time in the same memory, full until the last."""
    memory = memoryview(bytearray(size))
    while count := fill(source, memory):
        yield memory[:count]


def _send_all(
    sending: _Sending,
    segments: Iterator[memoryview],
    cut: tuple[Profile, int],
    progress: Callable[[int], None],
) -> Manifest:
    profile, segment_bytes = cut
    digests: list[bytes] = []
    length, most = 0, length_max(profile, segment_bytes, sending.ring.member)
    with ThreadPoolExecutor(profile.n) as pool:
        # All of a segment has been sent before the next is read into the same memory.
        for data in segments:
            if length + len(data) > most:
                raise _too_long(length + len(data), profile, segment_bytes, sending.ring.member)
            segment = Layout(profile, length + len(data), segment_bytes).segment(len(digests))
            pieces = encode(data, profile)
            digests.append(hash_pieces(segment, pieces))
            list(pool.map(partial(sending.send, at=segment.piece_start), range(profile.n), pieces))
            sending.check(profile)
            length += len(data)
            progress(length)
        layout = Layout(profile, length, segment_bytes)
        manifest = Manifest.of(sending.identifier, sending.ring.member, layout, digests)
        list(pool.map(partial(sending.finish, manifest), range(profile.n)))
    sending.check(profile)
    return manifest


def _too_long(length: int, profile: Profile, segment_bytes: int, owner: str) -> Invalid:
    most = length_max(profile, segment_bytes, owner)
    roomy = find_profile("rs-4+2")
    return Invalid(
        "spread.size",
        f"an object of {length} bytes or more; in the code {profile.name} most is {most}",
        cure="Put it in several parts, or name a code that takes more: --code rs-4+2 takes"
        f" {length_max(roomy, segment_bytes, owner) >> 30} GiB.",
        most=most,
    )


class _Sending:
    """The shards of one object on their way, each to its member.

    Args:
        ring: the members.
        identifier: the object's.
        holders: who is to hold each shard.
        spares: who stands in for one that is away from the start, in that order.
    """

    def __init__(
        self, ring: Ring, identifier: bytes, holders: tuple[str, ...], spares: list[str]
    ) -> None:
        self.ring = ring
        self.identifier = identifier
        self.holders = list(holders)
        self.failed: dict[int, Error] = {}
        self._spares = deque(spares)
        self._asked = set(holders)
        self._begun: set[int] = set()

    def send(self, shard: int, piece: memoryview, *, at: int) -> None:
        """Send a piece of a shard, unless its member has failed before."""
        if len(piece) and shard not in self.failed:
            place, data = (self.identifier, shard), bytes(piece)
            self._try(shard, lambda member: self.ring.write(member, place, at, data))

    def finish(self, manifest: Manifest, shard: int) -> None:
        """Have the shard's member keep it."""
        if shard not in self.failed:
            self._try(shard, lambda member: self.ring.finish(member, manifest, shard))

    def forget(self) -> None:
        """Have all drop what they were given."""
        for member in self._asked:
            with contextlib.suppress(Error):
                self.ring.forget(member, self.identifier)

    def _try(self, shard: int, work: Callable[[str], None]) -> None:
        """Do what a member takes part in; who took nothing yet and is away is stood in for."""
        error = self._fail(self.holders[shard], work, self.ring.pauses_s)
        while error is not None and error.code.startswith("link.") and shard not in self._begun:
            try:
                # Threads of several shards take from it: each spare goes to one of them.
                spare = self._spares.popleft()
            except IndexError:
                break
            self._asked.add(spare)
            self.holders[shard] = spare
            # Waited for only where nobody else is left.
            error = self._fail(spare, work, () if self._spares else self.ring.pauses_s)
        if error is None:
            self._begun.add(shard)
        else:
            self.failed[shard] = error

    @staticmethod
    def _fail(
        member: str, work: Callable[[str], None], pauses_s: tuple[float, ...]
    ) -> Error | None:
        """Return why a member does not take part in some work; None where it did."""
        for pause_s in (*pauses_s, None):
            try:
                work(member)
            except Error as error:
                if error.code != "link.lost" or pause_s is None:
                    return error
            else:
                return None
            # It may only have been slow a moment ago; to give it all again later costs far more.
            time.sleep(pause_s)
        return None

    def check(self, profile: Profile) -> None:
        """Refuse to go on once more have failed than the code makes good."""
        if len(self.failed) > profile.r:
            # Who is there and refuses says more than who is away, and so does the cure.
            is_away = {at: error.code.startswith("link.") for at, error in self.failed.items()}
            shard = min(self.failed, key=lambda at: (is_away[at], at))
            error = self.failed[shard]
            raise Unavailable(
                "spread.lost",
                f"{len(self.failed)} of {profile.n} members failed, as {self.holders[shard]}:"
                f" {error.message}",
                cure=AWAY if is_away[shard] else error.cure,
            )
