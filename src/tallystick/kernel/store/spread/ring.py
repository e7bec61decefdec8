"""All members that hold shards, asked by name, and this member's own holding among them.

Nothing that comes is checked here: whoever asked does that, against the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final

from tallystick.base import codec
from tallystick.base.codec import Cid, encode
from tallystick.base.errors import Error, Unavailable
from tallystick.kernel.link.base import Link, answer
from tallystick.kernel.store.spread.holding import Holding
from tallystick.kernel.store.spread.manifest import Manifest
from tallystick.kernel.store.spread.serving import SHARDS, answer_for

__all__ = ["Located", "Ring"]


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


class Ring:
    """All members that hold shards, this one among them, asked by name.

    Args:
        link: this member's end.
        own: its own holding.
    """

    def __init__(self, link: Link, own: Holding) -> None:
        self.link = link
        self.own = own
        self._handlers = answer_for(own)
        link.serve(self._handlers)

    @property
    def member(self) -> str:
        """The name of this member."""
        return self.link.member

    def members(self) -> list[str]:
        """Return the names of all members that may be asked, this one among them."""
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
        self, member: str, manifest: Manifest, place: tuple[int, int], chunks: Sequence[int]
    ) -> bytes:
        """Return sub-chunks that a member holds, unchecked; `place` is segment and shard."""
        segment, shard = place
        return self._call(member, "spread.read", encode([manifest.cid, shard, segment, [*chunks]]))

    def drop(self, member: str, cid: Cid) -> int:
        """Have a member drop what it holds of an object; return the bytes that are free again."""
        found: int = codec.decode(self._call(member, "spread.drop", encode([cid])), codec.integer())
        return found

    def find_manifest(self, cid: Cid) -> Manifest:
        """Return the manifest of an object's CID from whoever has it.

        Raises:
            Unavailable: `spread.lost`, nobody who answers has it.
        """
        for member in self.members():
            try:
                found = Manifest.read(self._call(member, "spread.manifest", encode([cid])))
            except Error:
                # Away, or holds nothing of it, or says what is no manifest: the next may.
                continue
            if found.cid == cid:
                return found
        raise Unavailable(
            "spread.lost",
            f"nobody who answers holds the manifest of {cid}",
            cure="Try again when more members are up.",
            cid=str(cid),
        )

    def locate(self, cid: Cid, wait_s: float = LOCATE_S) -> Located:
        """Ask all members which shards of an object they hold; who is away or slow says nothing."""
        members = self.members()

        def ask(member: str) -> list[int] | None:
            try:
                return list(codec.decode(self._call(member, "spread.held", encode([cid])), SHARDS))
            except Error:
                return None

        pool = ThreadPoolExecutor(len(members), "locate")
        asked = {member: pool.submit(ask, member) for member in members}
        done, _ = wait(asked.values(), timeout=wait_s)
        # Whoever is slow is left behind, not waited for.
        pool.shutdown(wait=False, cancel_futures=True)
        told = {member: each.result() for member, each in asked.items() if each in done}
        held: dict[int, list[str]] = {}
        for member, shards in told.items():
            for shard in shards or ():
                held.setdefault(shard, []).append(member)
        answered = [member for member, shards in told.items() if shards is not None]
        return Located(held, tuple(answered))
